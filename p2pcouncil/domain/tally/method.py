"""What a vote is decided by: the methods, their limits, and the sentences that announce their rules.

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
POINTS_MAX = 10
"""Points that a score vote may let a ballot give to an option."""
MONEY_MAX = 1_000_000_000_000
"""Whole units of money: the largest budget, and the dearest project."""
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


class Score(msgspec.Struct, frozen=True, tag="score", forbid_unknown_fields=True):
    """Each ballot gives each option points; the options with the largest sums win.

    Attributes:
        quorum_permille: share of the roll that must cast a ballot, empty ballots included; 0 to 1000.
        highest: most points that a ballot may give to an option, 1 to 10; the least is 0.
        winners: seats to fill, 1 to the number of options.
    """

    quorum_permille: int
    highest: int = 5
    winners: int = 1


class Stv(msgspec.Struct, frozen=True, tag="stv", forbid_unknown_fields=True):
    """Each ballot ranks options one by one; the single transferable vote fills seats in proportion.

    Attributes:
        quorum_permille: share of the roll that must cast a ballot, empty ballots included; 0 to 1000.
        seats: seats to fill, 1 to the number of options.
    """

    quorum_permille: int
    seats: int


class EqualShares(msgspec.Struct, frozen=True, tag="equal-shares", forbid_unknown_fields=True):
    """Each ballot approves projects and has an equal share of a budget to spend on them.

    Attributes:
        quorum_permille: share of the roll that must cast a ballot, empty ballots included; 0 to 1000.
        budget: what there is to spend, in whole units of money, 1 to 10¹².
        costs: what each option costs, in the same units, 1 to 10¹²; in the order of the options.
    """

    quorum_permille: int
    budget: int
    costs: tuple[int, ...]


Method = YesNo | Approval | Ranked | Score | Stv | EqualShares


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
        case Approval(winners=winners):
            _validate_options(options)
            _validate_winners(winners, options)
        case Ranked():
            _validate_options(options)
        case Score(highest=highest, winners=winners):
            _validate_options(options)
            _validate_winners(winners, options)
            if not 1 <= highest <= POINTS_MAX:
                raise RemoteError(f"The most points are {highest}; they must be 1 to {POINTS_MAX}.")
        case Stv(seats=seats):
            _validate_options(options)
            _validate_winners(seats, options)
        case EqualShares(budget=budget, costs=costs):
            _validate_options(options)
            if not 1 <= budget <= MONEY_MAX:
                raise RemoteError(f"The budget is {budget}; it must be 1 to {MONEY_MAX}.")
            if len(costs) != len(options):
                raise RemoteError(f"There are {len(options)} options and {len(costs)} costs.")
            for number, cost in enumerate(costs, start=1):
                if not 1 <= cost <= MONEY_MAX:
                    raise RemoteError(f"Option {number} costs {cost}; it must be 1 to {MONEY_MAX}.")
        case _:
            assert_never(method)


def _validate_winners(winners: int, options: tuple[str, ...]) -> None:
    if not 1 <= winners <= len(options):
        raise RemoteError(f"{winners} winners can't be elected out of {len(options)} options.")


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
        case Score(highest=highest, winners=winners):
            who = (
                "option with the most points wins" if winners == 1 else f"{winners} with the most points win"
            )
            decides = f"Give each option 0 to {highest} points, left out is 0; the {who}."
        case Stv(seats=seats):
            places = "1 seat" if seats == 1 else f"{seats} seats"
            decides = (
                f"Rank as many as you like, one by one, to fill {places}. Whoever has enough votes is elected, "
                "and what is too much moves on in part; whoever has fewest is out, and their votes move on whole "
                "(single transferable vote, as in Scottish law, SSI 2007/42)."
            )
        case EqualShares(budget=budget):
            decides = (
                f"Approve as many projects as you like. Each ballot has an equal share of {budget:,}; whatever "
                "asks the smallest part of its price of any supporter is bought first, until nobody can pay for "
                "more (method of equal shares). What is left is not spent."
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
        case Score(winners=1):
            return "If several options share the most points nobody wins, and a run-off between them is due."
        case Score():
            return (
                "If options tie for the last seats, those clearly ahead are elected, "
                "and a run-off between the tied ones fills the rest."
            )
        case Stv():
            return (
                "If several have the fewest votes, or the same surplus, the latest earlier stage at which they "
                "differed decides. Where the law would draw lots, each way is counted: whoever is elected in all "
                "is elected, and a run-off between those elected in some fills the rest."
            )
        case EqualShares():
            return (
                "If several ask the same smallest part, each order of buying is followed: what is bought in all "
                "is funded, and a run-off between what is bought in some decides the rest."
            )
        case _:
            assert_never(method)
