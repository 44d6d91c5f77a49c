"""What a vote is decided by: the three methods, their limits, and the sentences that announce their rules.

A method is fixed when an issue opens and travels inside the opening, so these are plain data. Shares are
whole permille (thousandths), because every peer must reach the same result and a float would not let it.

Validation here decides what every peer accepts, so it looks at code points only: Unicode's case and width
tables differ between Python versions, and two peers would split over a character that only one of them knows.
"""

from typing import assert_never

import msgspec

from crdt.errors import RemoteError

PERMILLE = 1000
"""The whole, in thousandths."""
OPTIONS_MIN = 2
OPTIONS_MAX = 64
OPTION_CHARS_MAX = 200
YES_NO_OPTIONS = ("yes", "no", "abstain")
"""What a yes/no vote always offers; an issue under this method lists no options of its own."""


class YesNo(msgspec.Struct, frozen=True, tag="yes-no", forbid_unknown_fields=True):
    """Yes, no or abstain.

    Attributes:
        quorum_permille: share of the roll that must cast a ballot, abstentions included; 0 to 1000.
        threshold_permille: share of yes among yes and no that must be *exceeded*; 0 to 999. 500 is "more than
            half"; 666 lets exactly two thirds pass; 999 is unanimity for up to 1000 ballots.
    """

    quorum_permille: int
    threshold_permille: int = 500


class Approval(msgspec.Struct, frozen=True, tag="approval", forbid_unknown_fields=True):
    """Each ballot approves any number of options; the most approved win.

    Attributes:
        quorum_permille: share of the roll that must cast a ballot, empty ballots included; 0 to 1000.
        winners: seats to fill, 1 to the number of options.
    """

    quorum_permille: int
    winners: int = 1


class Ranked(msgspec.Struct, frozen=True, tag="ranked", forbid_unknown_fields=True):
    """Each ballot ranks options, ties allowed; the Schulze method finds the one winner.

    Attributes:
        quorum_permille: share of the roll that must cast a ballot, empty ballots included; 0 to 1000.
    """

    quorum_permille: int


Method = YesNo | Approval | Ranked


def validate_method(method: Method, options: tuple[str, ...]) -> None:
    """Refuse a method that could never be counted, or options that a voter couldn't tell apart.

    Args:
        method: the method of an issue.
        options: the issue's own options; empty under yes/no, 2 to 64 distinct texts otherwise.

    Raises:
        RemoteError: with a sentence that says what is wrong.
    """
    if not 0 <= method.quorum_permille <= PERMILLE:
        raise RemoteError(f"The quorum is {method.quorum_permille} permille; it must be 0 to {PERMILLE}.")
    match method:
        case YesNo():
            if not 0 <= method.threshold_permille < PERMILLE:
                raise RemoteError(
                    f"The threshold is {method.threshold_permille} permille; it must be 0 to {PERMILLE - 1}, "
                    "because yes has to exceed it."
                )
            if options:
                raise RemoteError("A yes/no vote has the options yes, no and abstain, and no others.")
        case Approval():
            _validate_options(options)
            if not 1 <= method.winners <= len(options):
                raise RemoteError(f"{method.winners} winners can't be elected out of {len(options)} options.")
        case Ranked():
            _validate_options(options)
        case _:
            assert_never(method)


def _validate_options(options: tuple[str, ...]) -> None:
    if not OPTIONS_MIN <= len(options) <= OPTIONS_MAX:
        raise RemoteError(f"There are {len(options)} options; there must be {OPTIONS_MIN} to {OPTIONS_MAX}.")
    seen: dict[bytes, int] = {}
    for number, option in enumerate(options, start=1):
        if len(option) > OPTION_CHARS_MAX:
            raise RemoteError(f"Option {number} is longer than {OPTION_CHARS_MAX} characters.")
        if any(character < " " or "\x7f" <= character < "\xa0" for character in option):
            raise RemoteError(f"Option {number} contains a control character.")
        if any("\ud800" <= character < "\ue000" for character in option):
            raise RemoteError(f"Option {number} contains half a character (a surrogate).")
        # The methods of bytes fold ASCII alone, which is the same in every Python version.
        key = b" ".join(option.encode().lower().split())
        if not key:
            raise RemoteError(f"Option {number} is empty.")
        if key in seen:
            raise RemoteError(f"Options {seen[key]} and {number} are the same.")
        seen[key] = number


def options_of(method: Method, options: tuple[str, ...]) -> tuple[str, ...]:
    """The options in the order that ballots and counts index them: the issue's own, or yes, no, abstain."""
    return YES_NO_OPTIONS if isinstance(method, YesNo) else options


def percent(permille: int) -> str:
    """Permille as people read it: ``500`` is ``50 %``, ``666`` is ``66.6 %``."""
    whole, tenths = divmod(permille, 10)
    return f"{whole}.{tenths} %" if tenths else f"{whole} %"


def rule(method: Method) -> str:
    """The sentence that tells voters, before they vote, what decides.

    Args:
        method: a validated method.

    Returns:
        Plain text of one or two sentences.
    """
    match method:
        case YesNo():
            share = "half" if method.threshold_permille == 500 else percent(method.threshold_permille)
            decides = (
                f"It passes when more than {share} of the yes and no ballots say yes; abstaining is neither."
            )
        case Approval(winners=1):
            decides = "Approve as many options as you like; the option that most ballots approve wins."
        case Approval():
            decides = f"Approve as many options as you like; the {method.winners} most approved options win."
        case Ranked():
            decides = (
                "Rank the options, equal ranks allowed, unlisted options last; the winner is the option "
                "that no other beats by a stronger path of pairwise majorities (Schulze method)."
            )
        case _:
            assert_never(method)
    if method.quorum_permille == 0:
        return decides
    quorum = percent(method.quorum_permille)
    return f"{decides} At least {quorum} of the roll must cast a ballot, empty ones included."


def tie_rule(method: Method) -> str:
    """The sentence that tells voters, before they vote, what a tie means.

    No tie is ever broken by lot, by the order of options or by who voted first: the society decides again.
    That is slower and can't be gamed, and on a motion it leaves things as they are.

    Args:
        method: a validated method.

    Returns:
        Plain text of one or two sentences.
    """
    match method:
        case YesNo():
            return "Exactly the threshold is not enough: on a tie nothing changes."
        case Approval(winners=1):
            return "If several options share the first place nobody wins, and a run-off between them is due."
        case Approval():
            return (
                "If options tie for the last seats, those clearly ahead are elected, "
                "and a run-off between the tied ones fills the rest."
            )
        case Ranked():
            return (
                "If several options are unbeaten (no other has a stronger path to them than they have back) "
                "nobody wins, and a run-off between them is due."
            )
        case _:
            assert_never(method)
