"""A planning period: its rounds, what each good comes to, what each council proposes, and what I could say next."""

from collections.abc import Mapping
from dataclasses import dataclass

from crdt.ids import ChangeHash, CouncilId
from p2pcouncil.domain.effects import OpenPlan
from p2pcouncil.domain.planning.quantities import Micro
from p2pcouncil.domain.planning.said import UnitPlan
from p2pcouncil.peer.views.people import PersonView

SUM = "the sum of what it is made of"
"""The standing of a unit whose figures nobody said: they follow from those of the units within it."""


@dataclass(frozen=True, slots=True)
class PlanGoodView:
    """One good of a plan, in the round that is shown.

    Attributes:
        place: in the plan's list, from 0.
        kind: 'product', 'labour' or 'resource'.
        supply, demand: in millionths of its unit; 0 while they are not known.
        gap: how far they are apart, in hundredths of a percent of their mean; below 0 where it is short.
        is_within: whether that keeps no round from being a plan.
        price_milli: its indicative price in this round, in thousandths.
        value_micro: its labour value, in millionths of an hour per unit; None where it has none that is known.
        prices_milli: its price in each round that was closed, and then the present one.
        gaps: as `gap`, of each round that was closed.
        values_micro: as `value_micro`, of each round that was closed.
        trend: 'calm', 'swinging' or 'running away'.
        made, used: reported so far of a plan of record, in millionths.
    """

    place: int
    name: str
    unit: str
    kind: str
    supply: int
    demand: int
    gap: int
    is_within: bool
    price_milli: int
    value_micro: int | None
    prices_milli: tuple[int, ...]
    gaps: tuple[int, ...]
    values_micro: tuple[int | None, ...]
    trend: str
    made: int = 0
    used: int = 0


@dataclass(frozen=True, slots=True)
class FigureView:
    """One line of what a unit proposes.

    Attributes:
        kind: 'makes', 'wants', 'offers' or 'limits'.
        name: of the good or pollutant.
        how: the technique, or how urgent it is.
        amount_micro: in millionths of the unit.
    """

    kind: str
    name: str
    unit: str
    amount_micro: int
    how: str = ""


@dataclass(frozen=True, slots=True)
class PlanUnitView:
    """A council as the plan sees it.

    Attributes:
        place: in the plan's list, from 0.
        depth: how many units it stands within.
        speaker: who says what it proposes.
        figures: what it proposes in the round that is shown.
        standing: how it comes to that: said in this round, kept from an earlier one, a sum, or nothing yet.
        has_spoken: whether something was said for it in the round that is shown.
        note: as its speaker put it.
        part: what it proposes as an entry would say it; None for a sum or nothing.
        suggestion: what it could propose at the present prices; None if nothing can be suggested.
        suggested: the same as lines; `why` says how it was found.
    """

    place: int
    name: str
    kind: str
    depth: int
    speaker: PersonView
    figures: tuple[FigureView, ...]
    standing: str
    has_spoken: bool
    note: str
    part: UnitPlan | None
    suggestion: UnitPlan | None = None
    suggested: tuple[FigureView, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class PlanRoundView:
    """One round.

    Attributes:
        outcome: 'runs', 'again', 'balanced', 'best' or 'lapsed'.
        worst: the greatest gap, in hundredths of a percent; None while nothing is closed.
        worst_good: which good that is.
        proposals: how many were counted.
        page: number of the page that closed it; 0 while it runs.
    """

    number: int
    outcome: str
    worst: int | None
    worst_good: str
    proposals: int
    page: int


@dataclass(frozen=True, slots=True)
class TechniqueView:
    """A way of making something, as somebody published it."""

    hash: ChangeHash
    name: str
    product: str
    unit: str
    output_micro: int
    inputs: tuple[FigureView, ...]
    labour: tuple[FigureView, ...]
    given_off: tuple[FigureView, ...]
    capacity_micro: int
    note: str
    by: PersonView


@dataclass(frozen=True, slots=True)
class PlanReportView:
    """What somebody reported of a plan of record."""

    person: PersonView
    unit_name: str
    good: str
    unit: str
    amount_micro: int
    text: str


@dataclass(frozen=True, slots=True)
class PlanView:
    """A planning period.

    Attributes:
        id: the vote that began it.
        stage: 'rounds', 'ended' (a vote may adopt it) or 'adopted'.
        line: how it stands, in a sentence or two.
        round, rounds_most: which round is shown, of how many there can be.
        closes_ms: page time at which the round ends; None if none runs, or a page has still to tell.
        tolerance: in hundredths of a percent.
        is_provisional: whether the figures may still move: the round runs, or proposals are missing here.
        silent: units of others or mine that said nothing in the round that runs, by name.
        mine: places of the units that I speak for.
        can_propose: empty if I can propose in the round that runs; else why not.
        best: the round that was taken; 0 while rounds go on.
        digest: what a vote adopts it by; empty while rounds go on.
        faults: why some goods have no labour value, a sentence each.
        given_off: per pollutant what all production gives off, and the lowest limit that somebody set (None for none).
        terms: goods, councils and how rounds go, as the vote decided it; a later period may begin from the same.
        weights: how much an hour of a kind of work counts in values, in millionths, where that is not one.
        adoption: the proposal that would make what the rounds came to the plan of record, and `adoption_title` its
            title; None while nobody made one, or all were withdrawn or voted down.
        is_being_worked_out: whether supply, demand and values are just being worked out: they change in a moment.
    """

    id: ChangeHash
    council: CouncilId
    council_name: str
    title: str
    stage: str
    line: str
    round: int
    rounds_most: int
    closes_ms: int | None
    tolerance: int
    is_provisional: bool
    goods: tuple[PlanGoodView, ...]
    units: tuple[PlanUnitView, ...]
    rounds: tuple[PlanRoundView, ...]
    silent: tuple[str, ...]
    mine: tuple[int, ...]
    can_propose: str
    best: int
    adopted_page: int
    digest: bytes
    faults: tuple[str, ...]
    given_off: tuple[tuple[FigureView, int | None], ...]
    reports: tuple[PlanReportView, ...]
    terms: OpenPlan
    weights: Mapping[str, Micro]
    adoption: ChangeHash | None = None
    adoption_title: str = ""
    is_being_worked_out: bool = False
