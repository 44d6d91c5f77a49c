"""Which ballot belongs to which method."""

from typing import assert_never

from p2pcouncil.domain.tally.choice import Choice
from p2pcouncil.domain.tally.method import (
    Approval,
    EqualShares,
    Method,
    Ranked,
    Score,
    Stv,
    YesNo,
    options_of,
)
from tui.widgets.ballot import Ballot, ManyBallot, OneBallot, ProjectsBallot, ScoreBallot
from tui.widgets.ranking import OrderBallot, RankedBallot


def ballot_for(method: Method, options: tuple[str, ...], choice: Choice | None) -> Ballot:
    """The ballot of a method.

    Args:
        method: a validated method.
        options: the issue's own options, cleaned.
        choice: what the voter chose before, or None.
    """
    names = options_of(method, options)
    match method:
        case YesNo():
            return OneBallot(names, choice)
        case Approval():
            return ManyBallot(names, choice)
        case Ranked():
            return RankedBallot(names, choice)
        case Score(highest=highest):
            return ScoreBallot(names, choice, highest)
        case Stv():
            return OrderBallot(names, choice)
        case EqualShares(costs=costs):
            return ProjectsBallot(names, choice, costs)
        case _:
            assert_never(method)
