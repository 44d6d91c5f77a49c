"""Counting: ballots in, a `Tally` out, from scratch or ballot by ballot.

Both ways are one: `tally` feeds a `Counter`. Counts are sums, so the order of ballots can't matter.
"""

from collections import Counter as Multiset
from collections.abc import Mapping
from typing import assert_never

from crdt.errors import LocalError
from crdt.ids import MemberId
from p2pcouncil.domain.tally.approval import decide_approval
from p2pcouncil.domain.tally.choice import Choice, validate_choice
from p2pcouncil.domain.tally.method import Approval, Method, Ranked, YesNo, options_of, validate_method
from p2pcouncil.domain.tally.outcome import Outcome, Tally, ballots_needed
from p2pcouncil.domain.tally.schulze import Pairwise, decide_ranked, schulze_ranking, strongest_paths
from p2pcouncil.domain.tally.yes_no import decide_yes_no


class Counter:
    """A running count of one vote: a ballot more, or a changed one, costs what it says and no more."""

    __slots__ = ("_counts", "_method", "_names", "_options", "_pairwise", "_roll_size", "_turnout")

    def __init__(self, method: Method, options: tuple[str, ...], roll_size: int) -> None:
        """Start from no ballots.

        Args:
            method: the issue's method.
            options: the issue's own options; empty under yes/no.
            roll_size: members who may vote.

        Raises:
            RemoteError: method and options don't fit; see `validate_method`.
        """
        validate_method(method, options)
        self._method = method
        self._options = options
        self._names = options_of(method, options)
        self._roll_size = roll_size
        self._turnout = 0
        self._counts = [0] * len(self._names)
        self._pairwise = Pairwise(len(self._names), roll_size)

    def add(self, choice: Choice, times: int = 1) -> None:
        """Count ballots that say the same.

        Args:
            choice: what they say.
            times: how many ballots.

        Raises:
            RemoteError: the choice doesn't fit the method; nothing was counted.
            LocalError: more ballots than members on the roll; nothing was counted.
        """
        validate_choice(self._method, self._options, choice)
        if not 0 <= self._turnout + times <= self._roll_size:
            raise LocalError(
                f"{self._turnout + times} ballots can't come from a roll of {self._roll_size} members.",
                "Count one ballot per member, and remove only what was added.",
            )
        self._turnout += times
        for option in choice[0] if choice else ():
            self._counts[option] += times
        if isinstance(self._method, Ranked):
            self._pairwise.add(choice, times)

    def remove(self, choice: Choice) -> None:
        """Take back one ballot that was added before, because its member has cast a later one."""
        self.add(choice, -1)

    def result(self) -> Tally:
        """The tally of the ballots so far."""
        needed = ballots_needed(self._method.quorum_permille, self._roll_size)
        quorum_reached = self._turnout >= needed
        winners: tuple[int, ...] = ()
        tied: tuple[int, ...] = ()
        pairwise: tuple[tuple[int, ...], ...] = ()
        paths: tuple[tuple[int, ...], ...] = ()
        ranking: tuple[tuple[int, ...], ...] = ()
        match self._method:
            case YesNo(threshold_permille=threshold):
                outcome = decide_yes_no(self._counts[0], self._counts[1], threshold)
            case Approval(winners=seats):
                outcome, winners, tied = decide_approval(self._counts, seats)
            case Ranked():
                pairwise = self._pairwise.matrix()
                paths = strongest_paths(pairwise)
                ranking = schulze_ranking(paths)
                outcome, winners, tied = decide_ranked(pairwise, ranking)
            case _:
                assert_never(self._method)
        if not quorum_reached:
            outcome, winners, tied = Outcome.NO_QUORUM, (), ()
        return Tally(
            method=self._method,
            options=self._names,
            roll_size=self._roll_size,
            turnout=self._turnout,
            quorum_reached=quorum_reached,
            counts=tuple(self._counts),
            outcome=outcome,
            winners=winners,
            tied=tied,
            pairwise=pairwise,
            paths=paths,
            ranking=ranking,
        )


def tally(
    method: Method, options: tuple[str, ...], roll_size: int, ballots: Mapping[MemberId, Choice]
) -> Tally:
    """Count a vote from scratch.

    Args:
        method: the issue's method.
        options: the issue's own options; empty under yes/no.
        roll_size: members who could vote.
        ballots: what each member's last ballot says; only members of the roll.

    Returns:
        The tally, the same for every order of ballots.

    Raises:
        RemoteError: method, options and ballots don't fit each other.
        LocalError: more ballots than members on the roll.
    """
    counter = Counter(method, options, roll_size)
    for choice, times in Multiset(ballots.values()).items():
        counter.add(choice, times)
    return counter.result()
