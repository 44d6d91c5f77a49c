"""When planning rounds end, and with which round's plan: a function of the rounds, so that all peers end together."""

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
    gaps = [[_gap(line, period) for line in lines] for lines in rounds]
    best = (
        min(range(len(rounds)), key=lambda at: (max(gaps[at], default=0), sum(gaps[at]), at), default=-1) + 1
    )
    if rounds and max(gaps[-1], default=0) <= terms.tolerance:
        ending, plan = Ending.CONVERGED, len(rounds)
    elif len(rounds) >= terms.round_cap:
        ending, plan = Ending.AT_THE_CAP, best
    else:
        ending, plan = Ending.GOES_ON, 0
    at = (plan or len(rounds)) - 1
    shown = zip(rounds[at], gaps[at], strict=True) if rounds else ()
    beyond = sorted((-gap, line.good) for line, gap in shown if gap > terms.tolerance)
    restless = tuple(
        Restless(line.good, line.trend, number)
        for number, lines in enumerate(rounds, start=1)
        for line in lines
        if line.trend is not Trend.CALM
    )
    return Verdict(ending, best, plan, tuple(good for _, good in beyond), restless)


def _gap(line: GoodRound, period: Period) -> int:
    """How far a good keeps a round from being a plan, in billionths."""
    return 0 if line.good in period.spare and line.excess >= 0 else line.imbalance
