"""Whether an economy can go on: it is productive if it can make a little more of everything than it uses up.

Where products need each other in a circle they stand or fall together. So an economy is productive if each of its
circles is, taken by itself (a triangular matrix of blocks has an inverse from 0 up if its blocks on the diagonal have),
and those that are not are the ones to name.

For a circle that floating point can't certify there are two exact answers: a vector x ≥ 0, not 0, with K x ≤ 0 shows
that it needs all that it makes, or more; else K y = 1 is solved in fractions, and the circle is productive if y > 0
(Berman and Plemmons, theorem 6.2.3).
"""

import numpy as np

from p2pcouncil.domain.planning.exact_values import solve_fractions
from p2pcouncil.domain.planning.system import System
from p2pcouncil.domain.planning.verified import Rounding, solve_verified

_STEPS_MAX = 500
_LOOK_EVERY = 25
_BITS = 50


def unproductive_groups(system: System) -> list[list[int]]:
    """Find the groups of products that need all that they make, or more, for themselves.

    Args:
        system: K.

    Returns:
        Each a product that uses itself up, or else a strongly connected group, its indexes ascending; groups by their
        first ones. Empty if it is productive.
    """
    found = []
    for group in connected_groups(system):
        alone = [[at] for at in group if system.diagonal[at] <= 0]
        if alone:
            found += alone
        elif not _is_productive(system.narrowed(group)):
            found.append(group)
    return sorted(found)


def connected_groups(system: System) -> list[list[int]]:
    """The strongly connected components of who takes from whom.

    Source: Robert Tarjan, "Depth-first search and linear graph algorithms", SIAM Journal on Computing 1 (1972),
    146-160, without recursion, for a chain of products may be as long as the table.
    """
    starts, columns = system.starts.tolist(), system.columns.tolist()
    number = [0] * system.size  # 0: not yet reached
    low = [0] * system.size
    is_waiting = [False] * system.size
    waiting: list[int] = []
    groups: list[list[int]] = []
    reached = 0
    for root in range(system.size):
        if number[root]:
            continue
        path = [(root, starts[root])]
        while path:
            row, at = path.pop()
            if at == starts[row] and not number[row]:
                reached += 1
                number[row] = low[row] = reached
                is_waiting[row] = True
                waiting.append(row)
            descended = False
            while at < starts[row + 1]:
                column = columns[at]
                if not number[column]:
                    # It is looked at once more on the way back, to take over how low the other one got.
                    path += [(row, at), (column, starts[column])]
                    descended = True
                    break
                if is_waiting[column]:
                    low[row] = min(low[row], low[column])
                at += 1
            if not descended and low[row] == number[row]:
                group: list[int] = []
                while not group or group[-1] != row:
                    is_waiting[waiting[-1]] = False
                    group.append(waiting.pop())
                groups.append(sorted(group))
    return groups


def _is_productive(group: System) -> bool:
    """Whether a strongly connected group is productive, in which nobody uses itself up."""
    if group.size == 1:
        return True
    ones = [1] * group.size
    if solve_verified(group, ones, Rounding((1,) * group.size, 1)).is_productive:
        return True
    if _needs_all_it_makes(group):
        return False
    try:
        return all(top > 0 for top, _ in solve_fractions(group, ones))
    except ZeroDivisionError:
        return False


def _needs_all_it_makes(group: System) -> bool:
    """Look for x > 0 with K x ≤ 0: proposed by power iteration in floating point, checked in whole numbers.

    Not finding one says nothing.
    """
    diagonal = np.array(group.diagonal, dtype=np.float64)
    values = group.values / diagonal[group.rows]
    x = np.ones(group.size)
    with np.errstate(all="ignore"):
        for step in range(1, _STEPS_MAX + 1):
            # Half of what was, so that circles of even length don't swing for ever.
            x = x + np.add.reduceat(values * x[group.columns], group.starts[:-1])
            x /= x.max()
            if not np.isfinite(x).all() or not x.min() > 0:
                return False
            if step % _LOOK_EVERY == 0:
                whole = [int(part) for part in (x / x.min() * 2.0**_BITS).tolist()]
                if max(group.times(whole)) <= 0:
                    return True
    return False
