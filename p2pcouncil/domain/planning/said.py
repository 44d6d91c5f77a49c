"""What members say about plans: techniques, what units propose in rounds, and what became of a plan.

These are entries like those in `domain.entries`, which puts them all together.
"""

from typing import Annotated

import msgspec

from p2pcouncil.domain.entry import MAX_NOTE_CHARS, Entry
from p2pcouncil.domain.planning.terms import (
    MAX_GOODS,
    MAX_ROUNDS,
    MAX_UNITS,
    Amount,
    Label,
    PositiveAmount,
    UnitOfMeasure,
)
from p2pcouncil.domain.records import Hash

MAX_INPUTS = 128
MAX_TECHNIQUES = 256


class Named(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """So much of a thing: an input, hours of a kind of work, or something that is given off.

    Attributes:
        name: of the good, the kind of labour, or the pollutant.
        unit: in which it is counted.
        amount: in millionths of that unit.
    """

    name: Label
    unit: UnitOfMeasure
    amount: Amount


NamedAmounts = Annotated[tuple[Named, ...], msgspec.Meta(max_length=MAX_INPUTS)]


class PublishTechnique(Entry, frozen=True, array_like=True, tag="technique.1", forbid_unknown_fields=True):
    """A workers' council says how it can make something. A later one of the same name replaces it; both stay.

    Attributes:
        name: of this way of making it.
        product, unit: what is made, and in which unit it is counted.
        output: how much of it the rest of the figures is about, in millionths.
        inputs: what is used up, each named once.
        labour: direct hours, by kind of work, each named once.
        given_off: pollutants and the like. They have no value, and a plan may limit them.
        capacity: the most that can be made in a period, in millionths; 0 for no limit that is known.
        note: where the figures come from.
    """

    name: Label
    product: Label
    unit: UnitOfMeasure
    output: PositiveAmount
    inputs: NamedAmounts
    labour: NamedAmounts
    given_off: NamedAmounts = ()
    capacity: Amount = 0
    note: Annotated[str, msgspec.Meta(max_length=MAX_NOTE_CHARS)] = ""


class Made(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A workers' council means to make so much, in millionths, by a technique that was published."""

    technique: Hash
    amount: Amount


class Wanted(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A consumers' council wants, or offers, so much of a good.

    Attributes:
        good: its place in the plan's list, from 0.
        amount: in millionths of its unit.
        priority: 1 for what can't be missed, 2, or 3 for what would be nice; no rule reads it.
    """

    good: Annotated[int, msgspec.Meta(ge=0, lt=MAX_GOODS)]
    amount: Amount
    priority: Annotated[int, msgspec.Meta(ge=1, le=3)] = 2


class Limit(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A consumers' council wants no more than so much of something given off, in millionths of its unit."""

    name: Label
    unit: UnitOfMeasure
    most: Amount


class UnitPlan(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What one unit of a plan proposes.

    Attributes:
        unit: its place in the plan's list, from 0.
        made: of workers: what they would make, each technique once.
        wanted: of consumers: what they would use, each good once.
        offered: hours of work, or stocks of their own, that they would give, each good once.
        limits: on what all production gives off.
        note: why; or what changed since the last round.
    """

    unit: Annotated[int, msgspec.Meta(ge=0, lt=MAX_UNITS)]
    made: Annotated[tuple[Made, ...], msgspec.Meta(max_length=MAX_TECHNIQUES)] = ()
    wanted: Annotated[tuple[Wanted, ...], msgspec.Meta(max_length=MAX_GOODS)] = ()
    offered: Annotated[tuple[Wanted, ...], msgspec.Meta(max_length=MAX_GOODS)] = ()
    limits: Annotated[tuple[Limit, ...], msgspec.Meta(max_length=MAX_INPUTS)] = ()
    note: Annotated[str, msgspec.Meta(max_length=MAX_NOTE_CHARS)] = ""


class ProposePlan(Entry, frozen=True, array_like=True, tag="plan.1", forbid_unknown_fields=True):
    """What the units that a member speaks for propose in one round. The highest number counts, as with ballots.

    Attributes:
        plan: the vote that began the planning period.
        round: which round, from 1.
        number: 1, 2, 3 …; a revision within the round carries a higher one.
        units: one part for each, by ascending place.
    """

    plan: Hash
    round: Annotated[int, msgspec.Meta(ge=1, le=MAX_ROUNDS)]
    number: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
    units: Annotated[tuple[UnitPlan, ...], msgspec.Meta(min_length=1, max_length=MAX_UNITS)]


class ReportResult(Entry, frozen=True, array_like=True, tag="result.1", forbid_unknown_fields=True):
    """A unit says what became of its part of the plan of record.

    Attributes:
        plan: the vote that began the planning period.
        unit: its place in the plan's list, from 0.
        good: its place in the plan's list, from 0.
        amount: made, or used up, since the last report, in millionths.
        text: what else there is to say.
    """

    plan: Hash
    unit: Annotated[int, msgspec.Meta(ge=0, lt=MAX_UNITS)]
    good: Annotated[int, msgspec.Meta(ge=0, lt=MAX_GOODS)]
    amount: Amount
    text: Annotated[str, msgspec.Meta(max_length=MAX_NOTE_CHARS)] = ""
