"""Adding up a planning round again: from the proposals that pages name, what the page had to say.

Pages name proposals of this round and of those before it, and tellers add up what they hold of them. A feed that was
forked in between takes a proposal, or a technique that others rest on, away from whoever knows of the fork; so of such
proposals either may be right, that they were added and that they were not.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from itertools import combinations
from typing import NamedTuple

from crdt.ids import ChangeHash, MemberId
from p2pcouncil.domain.effects import OpenPlan
from p2pcouncil.domain.planning.judging import is_sound
from p2pcouncil.domain.planning.round_result import RoundSum, sum_round
from p2pcouncil.domain.planning.said import ProposePlan
from p2pcouncil.domain.planning.so_far import prices_now
from p2pcouncil.domain.register.chain import Chain, OpenVote
from p2pcouncil.domain.register.closing import Sheet
from p2pcouncil.domain.register.pages import Result
from p2pcouncil.domain.register.plan_rounds import held_rounds, outcome_of
from p2pcouncil.verification.held import Held
from p2pcouncil.verification.readings import plan_terms

LOOSE_MAX = 4
"""Of so many members at most it is tried whether tellers still held what they proposed: that is 16 sums."""


class Hold(Enum):
    """How far a bundle holds what a page names."""

    FIRM = auto()
    """It was folded, and its techniques were."""
    LOOSE = auto()
    """It, or a technique that it rests on, stands at or above a fork."""
    GONE = auto()
    """It, or a technique that it rests on, is not in the bundle."""
    VOID = auto()
    """It can't be added up by what it says, so nobody adds it."""


class Named(NamedTuple):
    """A proposal that the page of a round names.

    Attributes:
        round: number of the round.
        member: whose.
        name: of the proposal.
        hold: how far it is held.
        techniques: those that are not in the bundle.
    """

    round: int
    member: MemberId
    name: ChangeHash
    hold: Hold
    techniques: tuple[ChangeHash, ...] = ()


@dataclass(frozen=True, slots=True)
class Added:
    """What a round comes to.

    Attributes:
        total: the sum.
        result: what the page had to say by it.
        without: members whose proposals were left out for it to come to that, for tellers may have lost them.
    """

    total: RoundSum
    result: Result
    without: tuple[MemberId, ...]


def look_up(held: Held, round_: OpenVote, sheet: Sheet) -> tuple[Named, ...]:
    """The proposals that a round's sheet names, by ascending member, with how far each is held.

    Args:
        held: the council.
        round_: which round.
        sheet: names one per member of its roll.
    """
    terms = plan_terms(held.state.register.minutes, round_)
    return tuple(
        _look_up(held, terms, round_, member, name)
        for member, name in zip(round_.roll, sheet, strict=False)
        if name is not None
    )


def _look_up(held: Held, terms: OpenPlan, round_: OpenVote, member: MemberId, name: ChangeHash) -> Named:
    said, number = held.signed.get(name), round_.round
    if said is None:
        return Named(number, member, name, Hold.GONE)
    body = said.body
    if said.member != member or not isinstance(body, ProposePlan):
        return Named(number, member, name, Hold.VOID)
    if (body.plan, body.round) != (round_.proposal, number):
        return Named(number, member, name, Hold.VOID)
    folded = held.state.facts.held
    if name in folded and is_sound(member, body, terms, folded):
        return Named(number, member, name, Hold.FIRM)
    if is_sound(member, body, terms, held.signed):
        return Named(number, member, name, Hold.LOOSE)
    made = [ChangeHash(item.technique) for part in body.units for item in part.made]
    lacking = tuple(technique for technique in dict.fromkeys(made) if technique not in held.signed)
    return Named(number, member, name, Hold.GONE if lacking else Hold.VOID, lacking)


def add_up(
    held: Held, before: Chain, round_: OpenVote, named: Mapping[int, Sequence[Named]], said: Result
) -> Added:
    """Add a round up again.

    Args:
        held: the council.
        before: the chain before the page that closed it.
        round_: which round.
        named: by number of the round, what pages named: in this one and in those before it. Lapsed ones have none.
        said: what the page says.

    Returns:
        What comes to what the page says; if nothing does, what everything that is held comes to.
    """
    terms = before.plans[round_.proposal].terms
    prices = prices_now(terms, list(held_rounds(before, round_.proposal).values()))
    first: Added | None = None
    for without in _left_out(named):
        rounds = [
            [
                item.name
                for item in named.get(number, ())
                if item.hold is Hold.FIRM or (item.hold is Hold.LOOSE and item.member not in without)
            ]
            for number in range(1, round_.round + 1)
        ]
        total = sum_round(terms, rounds, prices, held.signed)
        outcome, taken = outcome_of(before, round_, total.goods)
        added = Added(total, Result(outcome.value, taken, len(rounds[-1]), total.goods), without)
        if added.result == said:
            return added
        first = first or added
    assert first is not None, "nothing left out is one way"
    return first


def _left_out(named: Mapping[int, Sequence[Named]]) -> Iterator[tuple[MemberId, ...]]:
    """Whose proposals tellers may have lost: first nobody's, then everybody's that are loose, then some of them."""
    items = (item for of_round in named.values() for item in of_round)
    loose = sorted({item.member for item in items if item.hold is Hold.LOOSE})
    yield ()
    if loose:
        yield tuple(loose)
    if len(loose) <= LOOSE_MAX:
        for size in range(1, len(loose)):
            yield from combinations(loose, size)
