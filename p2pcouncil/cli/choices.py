"""What a voter types, as a ballot: words for yes/no, options for approval, tiers for a ranking, points for a score.

Under a ranking, each word is a rank and ``=`` puts options on the same one: ``2 1=3`` ranks option 2 first, then 1
and 3 alike. ``>`` may be used instead of the space, but then in quotes, for a shell reads it as a redirection.
Under a score, ``=`` gives points: ``1=5 2=3``.
"""

import re
from typing import assert_never

from crdt.errors import LocalError, RemoteError
from p2pcouncil.cli.errors import NotHereError, UsageError
from p2pcouncil.cli.refs import Candidate, resolve
from p2pcouncil.domain.tally.choice import ABSTAIN, BLANK, NO, YES, Choice, choice_of_points, validate_choice
from p2pcouncil.domain.tally.method import (
    Approval,
    EqualShares,
    Method,
    Ranked,
    Score,
    Stv,
    YesNo,
)

BLANK_WORDS = ("none", "blank")
_YES_NO = {"yes": YES, "y": YES, "no": NO, "n": NO, "abstain": ABSTAIN}


def parse_choice(method: Method, options: tuple[str, ...], words: tuple[str, ...]) -> Choice:
    """Read what a voter typed.

    Args:
        method: the vote's method.
        options: the vote's options as shown; empty under yes/no.
        words: the words of the command line; options by number (1, 2, …) or by a part of their name.

    Returns:
        A valid choice.

    Raises:
        UsageError: the words are no choice under this method; the hint says which are.
    """
    words = tuple(word.strip() for word in words if word.strip())
    hint = how_to_vote(method, options)
    if not words:
        raise UsageError("The vote needs a choice.", hint)
    if not isinstance(method, YesNo) and len(words) == 1 and words[0].casefold() in BLANK_WORDS:
        return BLANK
    match method:
        case YesNo():
            if len(words) != 1 or words[0].casefold() not in _YES_NO:
                raise UsageError(f"“{' '.join(words)[:40]}” is not yes, no or abstain.", hint)
            return _YES_NO[words[0].casefold()]
        case Approval() | EqualShares():
            indexes = sorted(_index(options, part, hint) for word in words for part in _listed(word))
            choice: Choice = (tuple(indexes),)
        case Ranked():
            ranks = [rank for word in words for rank in word.split(">") if rank.strip()]
            tiers = [tuple(sorted(_index(options, part, hint) for part in rank.split("="))) for rank in ranks]
            choice = tuple(tiers)
        case Stv():
            ranks = [rank for word in words for rank in word.split(">") if rank.strip()]
            for rank in ranks:
                if re.fullmatch(r"\s*\d+(\s*=\s*\d+)+\s*", rank):
                    raise UsageError(f"“{rank[:40]}” shares a rank, and a transferable vote can't.", hint)
            choice = tuple((_index(options, rank, hint),) for rank in ranks)
        case Score(highest=highest):
            choice = _points(options, [part for word in words for part in _listed(word)], highest, hint)
        case _:
            assert_never(method)
    try:
        validate_choice(method, options, choice)
    except RemoteError as error:
        raise UsageError(f"That is no ballot: {error}.", hint) from error
    return choice


def how_to_vote(method: Method, options: tuple[str, ...]) -> str:
    """Say in one sentence what can be typed, with the options by number."""
    numbered = [f"{number} {option}" for number, option in enumerate(options, start=1)]
    listed = ", ".join(numbered)
    match method:
        case YesNo():
            return "Say yes, no or abstain."
        case Approval():
            return f"Name the options that you approve of, or none: {listed}."
        case Ranked():
            return f"Rank options, best first, '=' for equals, like `2 1=3` or '2>1=3' in quotes: {listed}."
        case Stv():
            return (
                f"Rank options one by one, best first, like `2 1`; leave out whom you don't want: {listed}."
            )
        case Score(highest=highest):
            return f"Give points from 0 to {highest}, like `1={highest} 2=1`; left out is 0: {listed}."
        case EqualShares(costs=costs):
            priced = [f"{each} ({cost:,})" for each, cost in zip(numbered, costs, strict=True)]
            return f"Name the projects that you approve of, or none: {', '.join(priced)}."
        case _:
            assert_never(method)


def _listed(word: str) -> list[str]:
    """Numbers, with points or without, may be joined by commas; in a name, a comma is a part of it."""
    parts = [part for part in word.split(",") if part.strip()]
    return parts if all(re.fullmatch(r"\s*\d+\s*(=\s*\d+\s*)?", part) for part in parts) else [word]


def _points(options: tuple[str, ...], parts: list[str], highest: int, hint: str) -> Choice:
    given: dict[int, int] = {}
    for part in parts:
        name, _, points = part.rpartition("=")
        if not name.strip() or not points.strip().isdecimal() or len(points.strip()) > 2:
            raise UsageError(f"“{part[:40]}” doesn't say how many points.", hint)
        option = _index(options, name, hint)
        if option in given:
            raise UsageError(f"“{options[option]}” is given points twice.", hint)
        given[option] = int(points)
        if given[option] > highest:
            raise UsageError(f"{given[option]} points are more than {highest}.", hint)
    return choice_of_points(given, highest)


def _index(options: tuple[str, ...], part: str, hint: str) -> int:
    part = part.strip()
    if part.isdecimal():
        number = int(part)
        if not 1 <= number <= len(options):
            raise UsageError(f"There is no option {number}.", hint)
        return number - 1
    if part.casefold() in BLANK_WORDS:
        raise UsageError(f"“{part}” stands alone: it means a blank ballot.", hint)
    named = [Candidate(i, bytes([i]), (option,)) for i, option in enumerate(options)]
    try:
        return resolve(part, named, "option", "show")
    except NotHereError as error:
        raise UsageError(f"There is no option “{part[:40]}”.", hint) from error
    except LocalError as error:
        raise UsageError(str(error), hint) from error
