"""The slow way: K y = b solved in fractions, by FLINT, for what floating point could not settle.

It is needed for ties, and for tables that are all but singular. Only rows that an open one depends on are solved for.
"""

from collections.abc import Iterable, Sequence

from flint import fmpz_mat

from p2pcouncil.domain.planning.system import System
from p2pcouncil.domain.planning.verified import Rounding


def solve_exactly(
    system: System, right: Sequence[int], rounding: Rounding, rows: Sequence[int]
) -> dict[int, int]:
    """Solve for some rows, and round.

    Args:
        system: K; productive.
        right: b.
        rounding: what of the solution is wanted.
        rows: for which, at least one, ascending.

    Returns:
        The values of those rows.
    """
    needed = system.needed_by(rows)
    fractions = solve_fractions(system.narrowed(needed), [right[row] for row in needed])
    place = {row: at for at, row in enumerate(needed)}
    return {row: rounding.of(row, *fractions[place[row]]) for row in rows}


def solve_fractions(system: System, right: Sequence[int]) -> list[tuple[int, int]]:
    """Solve in fractions.

    Args:
        system: K; it has an inverse.
        right: b.

    Returns:
        Top and bottom of each part of the solution, in lowest terms, the bottom above 0.

    Raises:
        ZeroDivisionError: K has no inverse.
    """
    solved = _matrix(system).solve(fmpz_mat(system.size, 1, list(right)))
    return [(int(part.p), int(part.q)) for part in solved.entries()]


def _matrix(system: System) -> fmpz_mat:
    entries = [0] * system.size**2
    places: Iterable[int] = (system.rows * system.size + system.columns).tolist()
    for place, value in zip(places, system.values.tolist(), strict=True):
        entries[place] = -value
    for at, value in enumerate(system.diagonal):
        entries[at * (system.size + 1)] = value
    return fmpz_mat(system.size, system.size, entries)
