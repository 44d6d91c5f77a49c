"""Which outputs a final demand needs: what is wanted, what is used up to make it, what is used up for that, and so on.

For each product i with final demand f_i: x_i = f_i + Σ_j a_ij x_j, where a_ij is what j takes of i per unit. Outputs
are published in millionths, each exactly rounded, half to even.

Source: Wassily Leontief; Miller and Blair, "Input-Output Analysis", 2nd edition, Cambridge 2009, chapter 2.
"""

from collections.abc import Sequence

from p2pcouncil.domain.planning.exact_values import solve_exactly
from p2pcouncil.domain.planning.labour_values import check_productive
from p2pcouncil.domain.planning.quantities import Micro
from p2pcouncil.domain.planning.system import use_system
from p2pcouncil.domain.planning.table import Table
from p2pcouncil.domain.planning.verified import Rounding, solve_verified


def gross_output(table: Table, demand: Sequence[Micro]) -> tuple[Micro, ...]:
    """Calculate the outputs that a final demand needs.

    Args:
        table: what products take.
        demand: for each product of the table, in millionths of its unit, from 0 up.

    Returns:
        For each product, in millionths of its unit.

    Raises:
        TableError: the table is not productive; the fault names the products.
    """
    system = use_system(table)
    rounding = Rounding(tuple(column.output for column in table.columns), 1)
    found = solve_verified(system, demand, rounding)
    if not found.is_productive:
        check_productive(table, system)
    exact = solve_exactly(system, demand, rounding, found.open) if found.open else {}
    return tuple(Micro(exact[row] if value is None else value) for row, value in enumerate(found.values))
