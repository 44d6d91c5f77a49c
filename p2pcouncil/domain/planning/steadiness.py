"""Whether a good's rounds come to rest: one whose supply and demand do not approach each other is told, or damped.

A step that is too large for a good makes its excess change sides from round to round without shrinking. It *swings*,
and its steps are halved until it comes to rest. Where excess grows on one side although the price moves against it, the
good *runs away*: supply or demand answers its price the wrong way, or other prices move it more than its own. That is
told and not damped, for smaller steps would leave it to the others all the more; and of all rounds the best is kept.

What merely stays as it is, a good that nobody makes say, is neither: its price has to go on rising.
"""

from collections.abc import Sequence
from enum import Enum

WINDOW = 4
"""Rounds that are compared with as many before them."""
TURNS = 3
"""How often excess changes sides, in the four changes of the last five rounds, to count as swinging."""
GROWTH = 2
"""How many times greater an imbalance has to get, on one side, to count as running away."""


class Trend(Enum):
    """What the last eight rounds of a good say; the value is what members read."""

    CALM = "calm"
    SWINGING = "swinging"
    RUNNING_AWAY = "running away"


def trend_of(excesses: Sequence[int], tolerance: int) -> Trend:
    """Judge a good by its last rounds.

    Of eight rounds, add up the imbalances of the first four and those of the last four. The good swings if the last
    four come to no less than the first, one of them is beyond the tolerance, and excess changed sides at least three
    times from the fourth round to the eighth. It runs away if excess never changed sides there, and the last four come
    to at least twice the first, where the first count as no less than four times the tolerance. Else it is calm, as it
    is when it hasn't been through eight rounds.

    Args:
        excesses: per round, oldest first, its imbalance in billionths; below 0 where more is asked for than offered.
        tolerance: billionths.
    """
    if len(excesses) < 2 * WINDOW:
        return Trend.CALM
    seen = excesses[-2 * WINDOW :]
    first, last = (tuple(map(abs, part)) for part in (seen[:WINDOW], seen[WINDOW:]))
    turns = sum(a < 0 < b or b < 0 < a for a, b in zip(seen[WINDOW - 1 :], seen[WINDOW:], strict=False))
    if turns >= TURNS and sum(last) >= sum(first) and max(last) > tolerance:
        return Trend.SWINGING
    if not turns and sum(last) >= GROWTH * max(sum(first), WINDOW * tolerance):
        return Trend.RUNNING_AWAY
    return Trend.CALM
