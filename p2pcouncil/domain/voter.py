"""Voters: what one member said on one vote, or in one planning round, under which numbers.

The highest number counts, and of two entries of one number the one with the lowest hash.
"""

from bisect import bisect_left

from crdt.ids import ChangeHash

NOTHING: frozenset[int] = frozenset()


class Voter:
    """The ballots of one member on one issue, by number and then by hash."""

    __slots__ = ("contested", "counted", "has_lost", "held")

    def __init__(self) -> None:
        self.held: list[tuple[int, ChangeHash]] = []
        self.contested = NOTHING
        self.counted: ChangeHash | None = None
        self.has_lost = False

    def of_number(self, number: int) -> list[ChangeHash]:
        """The ballots of one number, by ascending hash."""
        first, last = bisect_left(self.held, (number,)), bisect_left(self.held, (number + 1,))
        return [entry for _, entry in self.held[first:last]]

    def best(self) -> ChangeHash | None:
        """The ballot that counts: of those with the highest number the one with the lowest hash."""
        if not self.held:
            return None
        return self.held[bisect_left(self.held, (self.held[-1][0],))][1]

    def numbered(self) -> dict[int, ChangeHash]:
        """The ballots by number, of two under one number the one with the lowest hash."""
        by_number: dict[int, ChangeHash] = {}
        for number, name in self.held:
            by_number.setdefault(number, name)
        return by_number
