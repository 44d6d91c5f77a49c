"""Whether a good's rounds come to rest: a good whose supply and demand do not approach each other is told and damped.

A step that is too large for a good makes its excess change sides from round to round without shrinking. And where
supply or demand answers a price the wrong way, each step makes it worse, and the next step larger. Both are seen from
the last eight rounds, and answered by halving the good's steps.

What merely stays as it is, a good that nobody makes say, is neither: there the price has to go on rising.
"""

from collections.abc import Sequence
from enum import Enum

WINDOW = 4
"""Rounds that are compared with as many before them."""
TURNS = 2
"""How often excess changes sides, over the last four rounds, to count as swinging."""


class Trend(Enum):
    """What the last eight rounds of a good say; the value is what members read."""

    CALM = "calm"
    SWINGING = "swinging"
    RUNNING_AWAY = "running away"


def trend_of(excesses: Sequence[int], tolerance: int) -> Trend:
    """Judge a good by its last rounds.

    In eight rounds, take the greatest imbalance of the last four and of the first four. If the last is within the
    tolerance, or the good has not been through eight rounds since it was damped, it is calm. It swings if the last is
    no smaller than the first and excess changed sides at least twice in the last four rounds. It runs away if the last
    is greater than the first without that.

    Args:
        excesses: per round, oldest first, its imbalance in billionths; below 0 where more is asked for than offered.
        tolerance: billionths.
    """
    if len(excesses) < 2 * WINDOW:
        return Trend.CALM
    seen = excesses[-2 * WINDOW :]
    first, last = (max(map(abs, part)) for part in (seen[:WINDOW], seen[WINDOW:]))
    if last <= tolerance or last < first:
        return Trend.CALM
    turns = sum(a < 0 < b or b < 0 < a for a, b in zip(seen[WINDOW - 1 :], seen[WINDOW:], strict=False))
    if turns >= TURNS:
        return Trend.SWINGING
    return Trend.RUNNING_AWAY if last > first else Trend.CALM
