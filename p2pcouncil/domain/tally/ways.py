"""Counting without lots: where a published rule would draw one, every way that it could fall is followed.

An option that wins in every way wins; one that wins in some ways is tied. Ways that have come to stand alike are
one from then on. If there are too many the following stops, and whoever is still in the running in any of them is
tied: that may be more options than need be, but never one too few.
"""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Protocol, Self, TypeVar

from p2pcouncil.domain.tally.outcome import Outcome
from p2pcouncil.domain.tally.rounds import Lot, Round, Step, Way

MAX_WAYS_WORK = 256_000
"""Positions that are looked at beyond the second lot, times different ballots: about a second."""


class Position(Protocol):
    """How far a count has come on one way; it never changes."""

    @property
    def won(self) -> frozenset[int]:
        """Options that have won."""

    @property
    def hopeful(self) -> frozenset[int]:
        """Options that may still win; at the end, those that are tied for what is left."""

    @property
    def steps(self) -> tuple[Step, ...]:
        """How it came here."""

    @property
    def is_end(self) -> bool:
        """Whether the count is over."""

    def advance(self) -> tuple[tuple[int, Self], ...]:
        """Take the next step.

        Returns:
            Where it leads; several positions where a lot would decide, each with the option that it falls on.
        """

    def key(self) -> Hashable:
        """Equal for positions that nothing to come can tell apart."""


_P = TypeVar("_P", bound=Position)


@dataclass(frozen=True, slots=True)
class Result:
    """What a count comes to; see `Tally` for the fields."""

    outcome: Outcome
    winners: tuple[int, ...] = ()
    tied: tuple[int, ...] = ()
    rounds: tuple[Round, ...] = ()


def follow(start: Position, different: int) -> Result:
    """Follow a count from its start over every way.

    Args:
        start: the first position of a count in which some ballot says something.
        different: different ballots that say something, at least 1.

    Returns:
        ELECTED with the winners, TIED with those elected for certain and those that tie, or NOBODY.
    """
    position, fork = _to_the_next_lot(start)
    rounds: tuple[Round, ...] = position.steps
    ends = [position]
    if fork:
        ways, ends = [], []
        room = MAX_WAYS_WORK // (different * len(fork))
        for option, child in fork:
            last, further = _to_the_next_lot(child)
            reached = _ends_of([there for _, there in further] or [last], room)
            ends += reached
            steps = last.steps[len(position.steps) :]
            ways.append(Way(option, *_in_all_and_in_some(reached), steps))
        rounds = (*rounds, Lot(tuple(ways)))
    winners, tied = _in_all_and_in_some(ends)
    if tied:
        return Result(Outcome.TIED, winners, tied, rounds)
    return Result(Outcome.ELECTED if winners else Outcome.NOBODY, winners, (), rounds)


def _to_the_next_lot(position: _P) -> tuple[_P, tuple[tuple[int, _P], ...]]:
    while not position.is_end:
        following = position.advance()
        if len(following) > 1:
            return position, following
        ((_, position),) = following
    return position, ()


def _ends_of(live: list[_P], room: int) -> list[_P]:
    """Where some positions lead: ends, and positions on the way if more than `room` had to be looked at.

    All ways go one step at a time, so that it doesn't depend on the order of options where they stop.
    """
    ends: list[_P] = []
    while live:
        ends += [position for position in live if position.is_end]
        different = {position.key(): position for position in live if not position.is_end}
        live = []
        for position in different.values():
            live += [there for _, there in position.advance()]
            if len(live) > room:
                return [*ends, *different.values()]
        room -= len(live)
    return ends


def _in_all_and_in_some(positions: Iterable[Position]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    positions = list(positions)
    in_all = frozenset.intersection(*(position.won for position in positions))
    in_some = frozenset.union(*(position.won | position.hopeful for position in positions))
    return tuple(sorted(in_all)), tuple(sorted(in_some - in_all))
