"""The Schulze method: who is unbeaten when majorities run in circles.

Option a beats option b when the strongest path of pairwise majorities from a to b is stronger than any path
back. A path is as strong as its weakest link, a link as strong as the ballots behind it ("winning votes").

Source: Markus Schulze, "A new monotonic, clone-independent, reversal symmetric, and Condorcet-consistent
single-winner election method", Social Choice and Welfare 36 (2011), 267-303, with links measured by winning
votes.
"""

from collections.abc import Sequence

from p2pcouncil.domain.tally.choice import Choice
from p2pcouncil.domain.tally.outcome import Outcome

Matrix = tuple[tuple[int, ...], ...]
"""Square: row option, column option."""


class Pairwise:
    """How many ballots rank each option above each other option, kept up to date ballot by ballot.

    A row of the matrix is one big integer with a lane per column, so that a ballot over k options costs 2 k
    sums of integers rather than k² steps. A lane is wide enough for the whole roll and never goes below zero,
    because only ballots that were added are removed.
    """

    __slots__ = ("_all", "_lane_bytes", "_rows", "_units")

    def __init__(self, size: int, ballots_max: int) -> None:
        """Start from no ballots.

        Args:
            size: options.
            ballots_max: ballots that there can be at any time.
        """
        self._lane_bytes = (ballots_max.bit_length() + 7) // 8 or 1
        self._rows = [0] * size
        self._units = [1 << 8 * self._lane_bytes * option for option in range(size)]
        self._all = sum(self._units)

    def add(self, choice: Choice, times: int = 1) -> None:
        """Count ballots that say the same.

        Args:
            choice: a valid ranked choice.
            times: how many such ballots; negative removes ballots added before.
        """
        rows, units = self._rows, self._units
        below = self._all
        for tier in choice:
            for option in tier:
                below -= units[option]
            step = below if times == 1 else below * times
            for option in tier:
                rows[option] += step

    def matrix(self) -> Matrix:
        """The counts: ``matrix[a][b]`` ballots rank a above b."""
        width = self._lane_bytes
        lanes_bytes = width * len(self._rows)
        table = []
        for row in self._rows:
            lanes = row.to_bytes(lanes_bytes, "little")
            table.append(
                tuple(int.from_bytes(lanes[at : at + width], "little") for at in range(0, lanes_bytes, width))
            )
        return tuple(table)


def strongest_paths(pairwise: Matrix) -> Matrix:
    """The strength of the strongest path between each two options.

    Links are laid from the strongest to the weakest. The link that first makes b reachable from a is the
    weakest on the strongest path from a to b. That visits each pair once, where the textbook's triple loop
    takes k³ steps.

    Args:
        pairwise: ballots that rank the row's option above the column's.

    Returns:
        A matrix of the same size, in ballots; 0 where there is no path.
    """
    size = len(pairwise)
    links = sorted(
        ((pairwise[a][b], a, b) for a in range(size) for b in range(size) if pairwise[a][b] > pairwise[b][a]),
        reverse=True,
    )
    strength = [[0] * size for _ in range(size)]
    reach = [1 << option for option in range(size)]
    missing = size * (size - 1)
    for votes, a, b in links:
        if not missing:
            break
        if reach[a] >> b & 1:
            continue
        for source in range(size):
            if not reach[source] >> a & 1:
                continue
            fresh = reach[b] & ~reach[source]
            reach[source] |= fresh
            while fresh:
                target = fresh.bit_length() - 1
                fresh ^= 1 << target
                strength[source][target] = votes
                missing -= 1
    return tuple(tuple(row) for row in strength)


def schulze_ranking(paths: Matrix) -> Matrix:
    """Options in tiers from best to worst.

    The Schulze relation is a partial order: two options can be level and yet stand differently to a third. So
    each tier holds the options that none of those left beats; the first tier is the method's winners.

    Args:
        paths: from `strongest_paths`.

    Returns:
        Tiers of option indexes, each ascending.
    """
    size = len(paths)
    beaten_by = [sum(1 << b for b in range(size) if paths[b][a] > paths[a][b]) for a in range(size)]
    left = (1 << size) - 1
    tiers = []
    while left:
        tier = tuple(a for a in range(size) if left >> a & 1 and not beaten_by[a] & left)
        assert tier, "the relation is transitive (Schulze 2011, section 4.1), so somebody is unbeaten"
        tiers.append(tier)
        left -= sum(1 << option for option in tier)
    return tuple(tiers)


def decide_ranked(
    pairwise: Matrix, ranking: Sequence[tuple[int, ...]]
) -> tuple[Outcome, tuple[int, ...], tuple[int, ...]]:
    """Judge a ranked vote whose quorum was reached.

    Args:
        pairwise: ballots that rank the row's option above the column's.
        ranking: from `schulze_ranking`.

    Returns:
        The outcome (ELECTED, TIED or NOBODY), the winner if there is just one, and the options that tie.
    """
    if not any(map(any, pairwise)):
        return Outcome.NOBODY, (), ()
    first = ranking[0]
    return (Outcome.ELECTED, first, ()) if len(first) == 1 else (Outcome.TIED, (), first)
