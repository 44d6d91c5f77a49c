"""Numbers, times and choices in plain words.

Times come from somebody's clock and decide nothing, so they are told roughly and with whose clock it is.
"""

from typing import assert_never

from p2pcouncil.domain.moments import day
from p2pcouncil.domain.tally.choice import Choice, points_of
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
from p2pcouncil.peer.plan_figures import percent
from p2pcouncil.peer.views.plans import PlanGoodView, PlanView

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
SOON_MS = MINUTE_MS
_PLURALS = {"entry": "entries", "person": "people", "reply": "replies"}


def count(number: int, noun: str) -> str:
    """A number and its noun: ``1 entry``, ``2 entries``, ``no entries``."""
    if number == 1:
        return f"1 {noun}"
    plural = _PLURALS.get(noun, f"{noun}s")
    return f"{number or 'no'} {plural}"


def duration(span_ms: int) -> str:
    """A span in its largest fitting unit, rounded down: ``3 min``, ``2 h``, ``4 days``."""
    if span_ms >= 2 * DAY_MS:
        return f"{span_ms // DAY_MS} days"
    if span_ms >= HOUR_MS:
        return f"{span_ms // HOUR_MS} h"
    return f"{max(span_ms // MINUTE_MS, 1)} min"


def span(span_ms: int) -> str:
    """A span exactly, in the largest unit that it is a whole number of: ``36 h``, ``90 min``, ``6 s``."""
    for unit_ms, unit in ((DAY_MS, "day"), (HOUR_MS, "h"), (MINUTE_MS, "min")):
        if span_ms % unit_ms == 0:
            number = span_ms // unit_ms
            return count(number, unit) if unit == "day" else f"{number} {unit}"
    return f"{span_ms // 1_000} s"


def ago(then_ms: int, now_ms: int) -> str:
    """When something was: ``just now``, ``5 min ago``; ``never`` if it was not."""
    if then_ms <= 0:
        return "never"
    if now_ms - then_ms < SOON_MS:
        return "just now"
    return f"{duration(now_ms - then_ms)} ago"


def deadline(deadline_ms: int, now_ms: int, whose: str = "") -> str:
    """When a vote is meant to end: ``ends in 2 h (by Ada's clock)``.

    Args:
        deadline_ms: milliseconds since 1970, 0 if there is none.
        now_ms: our own clock.
        whose: the opener's name, cleaned; left out if empty.

    Returns:
        One phrase, lower case, empty if there is no deadline.
    """
    if deadline_ms <= 0:
        return ""
    clock = f" (by {possessive(whose)} clock)" if whose else ""
    if deadline_ms <= now_ms:
        return f"was to end {ago(deadline_ms, now_ms)}{clock}"
    return f"ends in {duration(deadline_ms - now_ms)}{clock}"


def due(due_ms: int, now_ms: int) -> str:
    """When something promised is due: ``due in 3 days, 2026-03-31``; ``overdue for 2 h, …``; empty for 0."""
    if due_ms <= 0:
        return ""
    if due_ms <= now_ms:
        return f"overdue for {duration(now_ms - due_ms)}, {day(due_ms)}"
    return f"due in {duration(due_ms - now_ms)}, {day(due_ms)}"


def possessive(name: str) -> str:
    """``Ada`` owns ``Ada's``; ``you`` own ``your``."""
    return "your" if name == "you" else f"{name}'s"


def choice_words(method: Method, options: tuple[str, ...], choice: Choice) -> str:
    """What a ballot says, as its voter would say it.

    Args:
        method: a validated method.
        options: the issue's own options, cleaned.
        choice: a valid choice of that method.

    Returns:
        One line: ``yes``; ``approve Rye and Spelt``; ``1. Rye; 2. Oat = Spelt; last: Wheat``; ``Rye 5, Oat 2``.
    """
    names = options_of(method, options)
    match method:
        case YesNo():
            return names[choice[0][0]] if choice else "nothing (a blank ballot)"
        case Approval() | EqualShares():
            if not choice:
                return "approve of none"
            return f"approve {_and([names[option] for option in choice[0]])}"
        case Score(highest=highest):
            if not choice:
                return "no points (a blank ballot)"
            given = [f"{names[option]} {points}" for option, points in points_of(choice, highest).items()]
            return ", ".join([*given, "the rest 0"] if len(given) < len(names) else given)
        case Ranked() | Stv():
            if not choice:
                return "no preference (a blank ballot)"
            ranks = [
                f"{rank}. {' = '.join(names[option] for option in tier)}"
                for rank, tier in enumerate(choice, start=1)
            ]
            listed = {option for tier in choice for option in tier}
            rest = [name for option, name in enumerate(names) if option not in listed]
            last = (
                f"not ranked: {', '.join(rest)}" if isinstance(method, Stv) else f"last: {' = '.join(rest)}"
            )
            return "; ".join([*ranks, last] if rest else ranks)
        case _:
            assert_never(method)


def gap(good: PlanGoodView) -> str:
    """How far supply and demand of a good are apart: ``short by 33.4 %``, ``over by 12 %``, ``even``."""
    if not good.supply and not good.demand:
        return "nothing planned yet"
    return apart(good.gap)


def apart(basis_points: int) -> str:
    """A gap in hundredths of a percent, below 0 where it is short: ``short by 33.4 %``, ``over by 12 %``, ``even``."""
    if not basis_points:
        return "even"
    return f"{'short' if basis_points < 0 else 'over'} by {percent(abs(basis_points))}"


def round_of(view: PlanView, number: int) -> str:
    """Which round a price of a good's list is of: ``round 2``, or ``now`` for the one after all closed ones."""
    closed = [found.number for found in view.rounds if found.worst is not None]
    return f"round {closed[number - 1]}" if number <= len(closed) else "now"


def _and(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
