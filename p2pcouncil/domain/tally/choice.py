"""What a ballot says: tiers of option indexes, best tier first.

One shape serves every method, so that ballots of all issues decode, compare and hash alike:

============  =============================================================================
yes/no        ``YES``, ``NO`` or ``ABSTAIN``: one tier of one index
approval      one tier with the approved options; the empty choice approves of none
equal shares  the same
ranked        tiers from best to worst, equal ranks share a tier; unlisted options rank last, equal
STV           tiers of one option each, from best to worst; the vote moves to no unlisted option
score         tier k holds the options with ``highest - k`` points; unlisted options have 0. Tiers may
              be empty here, and only here, but the last one is not
============  =============================================================================

The empty choice ``()`` is a blank ballot, except under yes/no, where abstaining has an option of its own.
"""

from collections.abc import Mapping
from typing import Annotated, assert_never

from msgspec import Meta

from crdt.errors import RemoteError
from p2pcouncil.domain.tally.method import (
    OPTIONS_MAX,
    Approval,
    EqualShares,
    Method,
    Ranked,
    Score,
    Stv,
    YesNo,
    options_of,
)

_Index = Annotated[int, Meta(ge=0, lt=OPTIONS_MAX)]
_Tier = Annotated[tuple[_Index, ...], Meta(max_length=OPTIONS_MAX)]
Choice = Annotated[tuple[_Tier, ...], Meta(max_length=OPTIONS_MAX)]
"""Tiers of option indexes, best first. msgspec checks the bounds on decoding, `validate_choice` the rest."""

YES: Choice = ((0,),)
NO: Choice = ((1,),)
ABSTAIN: Choice = ((2,),)
BLANK: Choice = ()
"""Approves of nothing, ranks nothing; counts towards the quorum."""


def choice_of_points(points: Mapping[int, int], highest: int) -> Choice:
    """The score ballot that gives these points.

    Args:
        points: per option, 0 to `highest`; options that are not in it get 0.
        highest: most points that the vote allows.
    """
    lowest = min((given for given in points.values() if given), default=highest + 1)
    return tuple(
        tuple(sorted(option for option, given in points.items() if given == tier))
        for tier in range(highest, lowest - 1, -1)
    )


def points_of(choice: Choice, highest: int) -> dict[int, int]:
    """The points that a score ballot gives, of the options that it names.

    Args:
        choice: a valid choice of the method.
        highest: most points that the vote allows.
    """
    return {option: highest - place for place, tier in enumerate(choice) for option in tier}


def validate_choice(method: Method, options: tuple[str, ...], choice: Choice) -> None:
    """Refuse a choice that the method can't count.

    Each thing that a voter may want to say has one form: options inside a tier ascend, and no tier is empty
    that needn't be.

    Args:
        method: a validated method.
        options: the issue's own options; empty under yes/no.
        choice: what a ballot says.

    Raises:
        RemoteError: with a sentence that says what is wrong.
    """
    size = len(options_of(method, options))
    listed = [option for tier in choice for option in tier]
    if listed and not 0 <= min(listed) <= max(listed) < size:
        raise RemoteError(f"The ballot names an option that doesn't exist; there are {size}.")
    if len(set(listed)) != len(listed):
        raise RemoteError("The ballot names an option twice.")
    match method:
        case YesNo():
            if len(choice) != 1 or len(listed) != 1:
                raise RemoteError("A yes/no ballot says exactly one of yes, no and abstain.")
        case Approval() | EqualShares():
            if len(choice) > 1:
                raise RemoteError("An approval ballot has one list of options and no ranks.")
        case Ranked():
            pass
        case Stv():
            if len(listed) > len(choice):
                raise RemoteError("Each rank of a transferable vote holds one option: it can't be shared.")
        case Score(highest=highest):
            if len(choice) > highest:
                raise RemoteError(f"A score ballot has a list for each of {highest} to 1 points and no more.")
            if choice and not choice[-1]:
                raise RemoteError("The ballot has an empty list at its end.")
        case _:
            assert_never(method)
    for tier in choice:
        if len(tier) == 1:
            continue
        if not tier and not isinstance(method, Score):
            raise RemoteError("The ballot has an empty rank.")
        if tuple(sorted(tier)) != tier:
            raise RemoteError("Options of equal rank must be listed in ascending order.")
