"""What units propose in a round, and what it adds up to.

A unit that says nothing in a round keeps what it said last; one that stands above others and says nothing proposes the
sum of what those do, and its own word counts for the round in which it was said, for it was about their sum. So the
figures go up from level to level, and each leads to whoever entered it. Only units that stand under no other count for
the board.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from crdt.ids import ChangeHash, MemberId
from p2pcouncil.domain.effects import OpenPlan
from p2pcouncil.domain.entries import AnyEntry
from p2pcouncil.domain.planning.said import ProposePlan, PublishTechnique, UnitPlan
from p2pcouncil.domain.planning.terms import MAX_AMOUNT


class Said(Protocol):
    """An entry as far as adding up goes."""

    @property
    def member(self) -> MemberId:
        """Its author."""
        ...

    @property
    def body(self) -> AnyEntry | None:
        """What it says; None if it can't be read."""
        ...


Entries = Mapping[ChangeHash, Said]
"""Entries by hash: those that a peer holds, or that somebody who verifies found."""


@dataclass(frozen=True, slots=True)
class UnitStanding:
    """What one unit proposes in a round.

    Attributes:
        made: per technique, how much of its product, in millionths.
        wanted, offered: per good, by its place in the plan's list, in millionths.
        entry: the proposal that says so; None for a sum, or while it never said anything.
        round: in which it said so; 0 for a sum or nothing.
        is_sum: whether it is the sum of what the units under it propose.
        part: what the entry says, with notes and limits; None if there is none.
    """

    made: Mapping[ChangeHash, int] = field(default_factory=dict)
    wanted: Mapping[int, int] = field(default_factory=dict)
    offered: Mapping[int, int] = field(default_factory=dict)
    entry: ChangeHash | None = None
    round: int = 0
    is_sum: bool = False
    part: UnitPlan | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """What a round comes to, per good, in millionths; no more than `MAX_AMOUNT`.

    Attributes:
        supply: stocks, what is made, and what is offered.
        demand: what is wanted, and what making uses up: inputs and hours.
        given_off: per pollutant and its unit.
    """

    supply: tuple[int, ...]
    demand: tuple[int, ...]
    given_off: Mapping[tuple[str, str], int]


def standing_units(
    terms: OpenPlan, rounds: Sequence[Iterable[ChangeHash]], entries: Entries
) -> tuple[UnitStanding, ...]:
    """What each unit proposes in the last of some rounds.

    Args:
        terms: of the planning period.
        rounds: per round from the first on, the proposals that count in it; sound ones (`judging.is_sound`).
        entries: has them.

    Returns:
        One for each unit, in the order of the plan's list.
    """
    said: dict[int, tuple[UnitPlan, ChangeHash, int]] = {}
    for number, names in enumerate(rounds, start=1):
        for name in sorted(names):
            body = entries[name].body
            assert isinstance(body, ProposePlan), "only proposals in rounds count in a round"
            for part in body.units:
                said[part.unit] = (part, name, number)
    under: dict[int, list[int]] = {}
    for place, unit in enumerate(terms.units):
        if unit.within:
            under.setdefault(unit.within - 1, []).append(place)
    standing: dict[int, UnitStanding] = {}
    for place in reversed(range(len(terms.units))):
        own = _own(*said[place]) if place in said else UnitStanding()
        if place in under and own.round < len(rounds):
            own = _sum(standing[below] for below in under[place])
        standing[place] = own
    return tuple(standing[place] for place in range(len(terms.units)))


def totals_of(
    terms: OpenPlan, units: Sequence[UnitStanding], techniques: Mapping[ChangeHash, PublishTechnique]
) -> Totals:
    """What the units that stand under no other add up to.

    Args:
        terms: of the planning period.
        units: from `standing_units`.
        techniques: those that they make things by.
    """
    place = {good.name: at for at, good in enumerate(terms.goods)}
    supply = [good.stock for good in terms.goods]
    demand = [0] * len(terms.goods)
    given_off: dict[tuple[str, str], int] = {}
    for unit, standing in zip(terms.units, units, strict=True):
        if unit.within:
            continue
        for good, amount in standing.wanted.items():
            demand[good] += amount
        for good, amount in standing.offered.items():
            supply[good] += amount
        for name, amount in standing.made.items():
            technique = techniques[name]
            supply[place[technique.product]] += amount
            for item in (*technique.inputs, *technique.labour):
                demand[place[item.name]] += needed(amount, item.amount, technique.output)
            for item in technique.given_off:
                key = (item.name, item.unit)
                given_off[key] = given_off.get(key, 0) + needed(amount, item.amount, technique.output)
    return Totals(
        tuple(min(amount, MAX_AMOUNT) for amount in supply),
        tuple(min(amount, MAX_AMOUNT) for amount in demand),
        {key: min(given_off[key], MAX_AMOUNT) for key in sorted(given_off)},
    )


def needed(amount: int, per_output: int, output: int) -> int:
    """How much of an input an amount of a product needs, rounded up: a plan must not run short by rounding."""
    return -(-amount * per_output // output)


def technique_of(name: ChangeHash, entries: Entries) -> PublishTechnique:
    """A technique that a sound proposal refers to."""
    body = entries[name].body
    assert isinstance(body, PublishTechnique), "a proposal is sound only with its techniques"
    return body


def speakers(terms: OpenPlan) -> tuple[MemberId, ...]:
    """Who speaks for some unit, ascending."""
    return tuple(sorted({MemberId(unit.speaker) for unit in terms.units}))


def _own(part: UnitPlan, entry: ChangeHash, number: int) -> UnitStanding:
    return UnitStanding(
        {ChangeHash(made.technique): made.amount for made in part.made},
        {item.good: item.amount for item in part.wanted},
        {item.good: item.amount for item in part.offered},
        entry,
        number,
        part=part,
    )


def _sum(parts: Iterable[UnitStanding]) -> UnitStanding:
    made: dict[ChangeHash, int] = {}
    wanted: dict[int, int] = {}
    offered: dict[int, int] = {}
    for part in parts:
        for name, amount in part.made.items():
            made[name] = made.get(name, 0) + amount
        for good, amount in part.wanted.items():
            wanted[good] = wanted.get(good, 0) + amount
        for good, amount in part.offered.items():
            offered[good] = offered.get(good, 0) + amount
    return UnitStanding(made, wanted, offered, is_sum=True)
