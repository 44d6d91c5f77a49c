"""How a vote will be decided, from the words of the command line: method, shares in percent, windows in days."""

import re
from typing import Literal

from p2pcouncil.cli.errors import UsageError
from p2pcouncil.domain.records import YEAR_SECONDS
from p2pcouncil.domain.tally.method import (
    PERMILLE,
    Approval,
    EqualShares,
    Method,
    Ranked,
    Score,
    Stv,
    YesNo,
)

MethodName = Literal["yes-no", "approval", "ranked", "score", "stv", "equal-shares"]

_UNITS_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_BELONGS_TO: dict[str, tuple[MethodName, ...]] = {
    "threshold": ("yes-no",),
    "winners": ("approval", "score"),
    "highest": ("score",),
    "seats": ("stv",),
    "budget": ("equal-shares",),
    "cost": ("equal-shares",),
}


def make_method(
    name: MethodName,
    quorum: str,
    *,
    threshold: str | None = None,
    winners: int | None = None,
    highest: int | None = None,
    seats: int | None = None,
    budget: int | None = None,
    costs: tuple[int, ...] = (),
) -> Method:
    """Build a method, refusing settings that it does not know and asking for those that it needs.

    Args:
        name: which method.
        quorum: share of the roll that must vote, in percent.
        threshold: share of yes that must be exceeded, in percent; yes-no only.
        winners: how many win; approval and score only.
        highest: most points for an option; score only.
        seats: seats to fill; stv only.
        budget: what there is to spend, in whole units of money; equal-shares only.
        costs: what each option costs, in the same units; equal-shares only.

    Raises:
        UsageError: a setting of another method, one that is missing, or a share that is no share.
    """
    given = {
        "threshold": threshold,
        "winners": winners,
        "highest": highest,
        "seats": seats,
        "budget": budget,
        "cost": costs or None,
    }
    for setting, value in given.items():
        if value is not None and name not in _BELONGS_TO[setting]:
            raise UsageError(
                f"The setting --{setting} belongs to {' and '.join(_BELONGS_TO[setting])}, and this vote is {name}.",
                f"Leave --{setting} out.",
            )
    quorum_permille = parse_percent(quorum, "quorum")
    match name:
        case "yes-no":
            return YesNo(quorum_permille, parse_percent(threshold or "50", "threshold"))
        case "approval":
            return Approval(quorum_permille, 1 if winners is None else winners)
        case "ranked":
            return Ranked(quorum_permille)
        case "score":
            return Score(
                quorum_permille, 5 if highest is None else highest, 1 if winners is None else winners
            )
        case "stv":
            if seats is None:
                raise UsageError(
                    "A transferable vote fills seats.", "Say how many with --seats, like --seats 3."
                )
            return Stv(quorum_permille, seats)
        case "equal-shares":
            if budget is None or not costs:
                raise UsageError(
                    "Equal shares need a budget and what each option costs.",
                    "Give --budget 5000, and --cost once for each --option, in the same order.",
                )
            return EqualShares(quorum_permille, budget, costs)


def parse_percent(text: str, what: str) -> int:
    """Read a share: ``50``, ``50%`` or ``66.6``, in permille.

    Raises:
        UsageError: no number, or finer than a tenth of a percent.
    """
    match = re.fullmatch(r"(\d{1,3})(?:[.,](\d))?\s*%?", text.strip())
    permille = int(match[1]) * 10 + int(match[2] or 0) if match else -1
    if not 0 <= permille <= PERMILLE:
        raise UsageError(
            f"The {what} “{text[:20]}” is no share.", "Give percent, like 50 or 66.6, from 0 to 100."
        )
    return permille


def parse_window(text: str) -> int:
    """Read how long a vote is open, in seconds: ``45s``, ``90m``, ``36h``, ``3d``, ``2w``; a bare number means days.

    Raises:
        UsageError: not such a length, or longer than a year.
    """
    match = re.fullmatch(r"(\d{1,6})\s*([smhdw]?)", text.strip().casefold())
    seconds = int(match[1]) * _UNITS_SECONDS[match[2] or "d"] if match else 0
    if not 1 <= seconds <= YEAR_SECONDS:
        raise UsageError(
            f"“{text[:20]}” is no length of time for a vote.",
            "Give seconds, minutes, hours, days or weeks: 90m, 36h, 3d, 2w.",
        )
    return seconds
