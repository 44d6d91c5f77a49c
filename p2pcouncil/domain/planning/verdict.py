"""When planning rounds end, and with which round's plan: a function of the rounds, so that all peers end together."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from p2pcouncil.domain.planning.board import GoodRound, Period
from p2pcouncil.domain.planning.steadiness import Trend


class Ending(Enum):
    """Whether rounds go on; the value is what members read."""

    GOES_ON = "goes on"
    CONVERGED = "converged"
    AT_THE_CAP = "at the cap of rounds"


@dataclass(frozen=True, slots=True)
class Restless:
    """A good that did not come to rest by itself; the steps of one that swings were halved.

    Attributes:
        trend: swinging or running away.
        round: after which round, from 1.
    """

    good: str
    trend: Trend
    round: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rounds of a period come to.

    Attributes:
        ending: CONVERGED as soon as every good of the last round is within the tolerance.
        best: the round, from 1, whose greatest imbalance is smallest; among such the one whose imbalances have the
            smallest sum; among such the earliest. 0 before any round.
        plan: the round that the plan is taken from, from 1: the last if CONVERGED, the best at the cap, else 0.
        beyond: goods that are not within the tolerance in the plan's round, or in the last while rounds go on, the
            worst first, by name among equals.
        restless: in the order of rounds, by name within a round; some goods more than once.
    """

    ending: Ending
    best: int
    plan: int
    beyond: tuple[str, ...]
    restless: tuple[Restless, ...]


def judge(period: Period) -> Verdict:
    """Whether rounds end, and how."""
    rounds, terms = period.rounds, period.terms
    best = min(range(len(rounds)), key=lambda at: (*_badness(rounds[at]), at), default=-1) + 1
    last = rounds[-1] if rounds else ()
    if rounds and _worst(last) <= terms.tolerance:
        ending, plan = Ending.CONVERGED, len(rounds)
    elif len(rounds) >= terms.round_cap:
        ending, plan = Ending.AT_THE_CAP, best
    else:
        ending, plan = Ending.GOES_ON, 0
    shown = rounds[plan - 1] if plan else last
    beyond = sorted((-line.imbalance, line.good) for line in shown if line.imbalance > terms.tolerance)
    restless = tuple(
        Restless(line.good, line.trend, number)
        for number, lines in enumerate(rounds, start=1)
        for line in lines
        if line.trend is not Trend.CALM
    )
    return Verdict(ending, best, plan, tuple(good for _, good in beyond), restless)


def _worst(lines: Sequence[GoodRound]) -> int:
    return max((line.imbalance for line in lines), default=0)


def _badness(lines: Sequence[GoodRound]) -> tuple[int, int]:
    return _worst(lines), sum(line.imbalance for line in lines)
