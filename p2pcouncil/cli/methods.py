"""How a vote will be decided, from the words of the command line: method, shares in percent, windows in days."""

import re
from typing import Literal

from p2pcouncil.cli.errors import UsageError
from p2pcouncil.domain.tally.method import PERMILLE, Approval, Method, Ranked, YesNo

MethodName = Literal["yes-no", "approval", "ranked"]

_UNITS_MINUTES = {"m": 1, "h": 60, "d": 1_440, "w": 10_080}


def make_method(name: MethodName, quorum: str, threshold: str | None, winners: int | None) -> Method:
    """Build a method, refusing settings that it does not know.

    Args:
        name: which method.
        quorum: share of the roll that must vote, in percent.
        threshold: share of yes that must be exceeded, in percent; yes-no only.
        winners: seats; approval only.

    Raises:
        UsageError: a setting of another method, or a share that is no share.
    """
    if threshold is not None and name != "yes-no":
        raise UsageError(
            f"A threshold belongs to a yes-no vote, and this one is {name}.", "Leave --threshold out."
        )
    if winners is not None and name != "approval":
        raise UsageError(
            f"Several winners belong to an approval vote, and this is {name}.", "Leave --winners out."
        )
    quorum_permille = parse_percent(quorum, "quorum")
    match name:
        case "yes-no":
            return YesNo(quorum_permille, parse_percent(threshold or "50", "threshold"))
        case "approval":
            return Approval(quorum_permille, 1 if winners is None else winners)
        case "ranked":
            return Ranked(quorum_permille)


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
    """Read how long a vote is open, in minutes: ``90m``, ``36h``, ``3d``, ``2w``; a bare number means days.

    Raises:
        UsageError: not such a length, or longer than a year.
    """
    match = re.fullmatch(r"(\d{1,6})\s*([mhdw]?)", text.strip().casefold())
    minutes = int(match[1]) * _UNITS_MINUTES[match[2] or "d"] if match else 0
    if not 1 <= minutes <= 525_600:
        raise UsageError(
            f"“{text[:20]}” is no length of time for a vote.",
            "Give minutes, hours, days or weeks: 90m, 36h, 3d, 2w.",
        )
    return minutes
