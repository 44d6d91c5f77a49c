"""Counting: ballots in, a `Tally` out, from scratch or ballot by ballot.

Both ways are one: `tally` feeds a `Counter`. Counts are sums, so the order of ballots can't matter. Methods that
count in rounds need the ballots themselves: they are kept as how many say the same, and counted when the result is
read.
"""

from collections import Counter as Multiset
from collections.abc import Mapping
from typing import assert_never

from crdt.errors import LocalError
from crdt.ids import MemberId
from p2pcouncil.domain.tally.approval import decide_approval
from p2pcouncil.domain.tally.choice import Choice, validate_choice
from p2pcouncil.domain.tally.equal_shares import decide_equal_shares
from p2pcouncil.domain.tally.method import (
    Approval,
    EqualShares,
    Method,
    Ranked,
    Score,
    Stv,
    YesNo,
    options_of,
    validate_method,
)
from p2pcouncil.domain.tally.outcome import Outcome, Tally, ballots_needed
from p2pcouncil.domain.tally.schulze import Pairwise, decide_ranked, schulze_ranking, strongest_paths
from p2pcouncil.domain.tally.score import add_points
from p2pcouncil.domain.tally.stv import decide_stv
from p2pcouncil.domain.tally.ways import Result
from p2pcouncil.domain.tally.yes_no import decide_yes_no


class Counter:
    """A running count of one vote: a ballot more, or a changed one, costs what it says and no more."""

    __slots__ = (
        "_ballots",
        "_counts",
        "_method",
        "_names",
        "_options",
        "_pairwise",
        "_result",
        "_roll_size",
        "_turnout",
    )

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
        self._ballots: Multiset[Choice] = Multiset()
        self._result: Tally | None = None

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
        self._result = None
        if isinstance(self._method, Score):
            add_points(self._counts, choice, self._method.highest, times)
            return
        for option in choice[0] if choice else ():
            self._counts[option] += times
        if isinstance(self._method, Ranked):
            self._pairwise.add(choice, times)
        elif isinstance(self._method, Stv | EqualShares):
            self._keep(choice, times)

    def remove(self, choice: Choice) -> None:
        """Take back one ballot that was added before, because its member has cast a later one."""
        self.add(choice, -1)

    def result(self) -> Tally:
        """The tally of the ballots so far; counted once, however often it is read."""
        if self._result is None:
            self._result = self._count()
        return self._result

    def _keep(self, choice: Choice, times: int) -> None:
        if self._ballots[choice] + times:
            self._ballots[choice] += times
        else:
            del self._ballots[choice]

    def _count(self) -> Tally:
        needed = ballots_needed(self._method.quorum_permille, self._roll_size)
        result = Result(Outcome.NOBODY)
        pairwise: tuple[tuple[int, ...], ...] = ()
        paths: tuple[tuple[int, ...], ...] = ()
        ranking: tuple[tuple[int, ...], ...] = ()
        match self._method:
            case YesNo(threshold_permille=threshold):
                result = Result(decide_yes_no(self._counts[0], self._counts[1], threshold))
            case Approval(winners=seats) | Score(winners=seats):
                result = Result(*decide_approval(self._counts, seats))
            case Ranked():
                pairwise = self._pairwise.matrix()
                paths = strongest_paths(pairwise)
                ranking = schulze_ranking(paths)
                result = Result(*decide_ranked(pairwise, ranking))
            case Stv(seats=seats):
                if any(self._counts):
                    result = decide_stv(self._ballots, len(self._names), seats)
            case EqualShares(budget=budget, costs=costs):
                if any(self._counts):
                    result = decide_equal_shares(self._ballots, budget, costs)
            case _:
                assert_never(self._method)
        if self._turnout < needed:
            result = Result(Outcome.NO_QUORUM, rounds=result.rounds)
        return Tally(
            method=self._method,
            options=self._names,
            roll_size=self._roll_size,
            turnout=self._turnout,
            quorum_reached=self._turnout >= needed,
            counts=tuple(self._counts),
            outcome=result.outcome,
            winners=result.winners,
            tied=result.tied,
            pairwise=pairwise,
            paths=paths,
            ranking=ranking,
            rounds=result.rounds,
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
