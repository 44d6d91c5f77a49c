"""Labour values: how many hours a product takes, directly and through all that is used up for it.

For each product j with output x_j, inputs z_ij and direct hours l_j

    v_j · x_j = l_j + Σ_i v_i · z_ij

which for an output of 1 is v = l + v A. Hours of different kinds of work count alike, unless the council voted on a
table of weights. Values are published as whole numbers of 10^-digits hours, each the exact value rounded half to even.

Source: DESIGN section 8; `docs/planning.md` says it in full.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from p2pcouncil.domain.planning.exact_values import solve_exactly
from p2pcouncil.domain.planning.faults import Fault, FaultKind, TableError
from p2pcouncil.domain.planning.productivity import unproductive_groups
from p2pcouncil.domain.planning.quantities import ONE, Micro
from p2pcouncil.domain.planning.system import System, value_system, weighted_hours
from p2pcouncil.domain.planning.table import Table, name_some
from p2pcouncil.domain.planning.verified import Rounding, Verified, solve_verified

DIGITS = 6
DIGITS_MAX = 18
NO_WEIGHTS: Mapping[str, Micro] = {}


@dataclass(frozen=True, slots=True)
class LabourValues:
    """The values of a table.

    Attributes:
        digits: decimals that are published.
        values: for each product of the table, hours per unit times 10^digits. Equal on every machine.
        refinements: how often floating point was corrected; may differ between machines, so nothing may rest on it.
        exact: how many values were solved for in fractions; may differ, too.
    """

    digits: int
    values: tuple[int, ...]
    refinements: int
    exact: int


def labour_values(
    table: Table, digits: int = DIGITS, weights: Mapping[str, Micro] = NO_WEIGHTS
) -> LabourValues:
    """Calculate labour values.

    Args:
        table: what products take.
        digits: decimals to publish, from 0 up; people are offered `DIGITS_MAX`.
        weights: how much an hour of a kind of work counts, in millionths, above 0; 1 for kinds that are not named.

    Returns:
        The values, each exactly rounded.

    Raises:
        TableError: the table is not productive; the fault names the products.
    """
    return settle(quick_values(table, digits, weights))


@dataclass(frozen=True, slots=True)
class Quick:
    """What floating point led to, and what is needed for the rest.

    Attributes:
        table: what products take.
        digits: decimals that are published.
        system: the balance of hours.
        right: direct hours.
        rounding: to the digits.
        found: values, and where there are none.
    """

    table: Table
    digits: int
    system: System
    right: tuple[int, ...]
    rounding: Rounding
    found: Verified

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to be solved exactly, which can take long."""
        return not self.found.open


def quick_values(table: Table, digits: int = DIGITS, weights: Mapping[str, Micro] = NO_WEIGHTS) -> Quick:
    """Calculate labour values as far as floating point leads; `settle` does the rest, and may take long."""
    system = value_system(table)
    right = tuple(weighted_hours(table, [weights.get(kind, ONE) for kind in table.kinds]))
    rounding = Rounding((10**digits,) * system.size, ONE)
    return Quick(table, digits, system, right, rounding, solve_verified(system, right, rounding))


def settle(quick: Quick) -> LabourValues:
    """Solve exactly for what is left.

    Raises:
        TableError: the table is not productive.
    """
    faults = faults_of_groups(quick)
    if faults:
        raise TableError(faults)
    return settle_productive(quick)


def settle_productive(quick: Quick) -> LabourValues:
    """The same for a table of which `faults_of_groups` found none, so that it is not asked twice."""
    found = quick.found
    rows = found.open
    exact = solve_exactly(quick.system, quick.right, quick.rounding, rows) if rows else {}
    values = tuple(exact[row] if value is None else value for row, value in enumerate(found.values))
    return LabourValues(quick.digits, values, found.refinements, len(exact))


def faults_of_groups(quick: Quick) -> list[Fault]:
    """What floating point could not certify: a fault for each group of products that needs more than it makes."""
    return [] if quick.found.is_productive else _faults_of_groups(quick.table, quick.system)


def check_productive(table: Table, system: System) -> None:
    """Refuse a table that needs more than it makes.

    Raises:
        TableError: a fault for each group of products that does.
    """
    faults = _faults_of_groups(table, system)
    if faults:
        raise TableError(faults)


def _faults_of_groups(table: Table, system: System) -> list[Fault]:
    return [_fault([table.products[at] for at in group]) for group in unproductive_groups(system)]


def _fault(products: Sequence[str]) -> Fault:
    who = name_some(products)
    if len(products) == 1:
        message = f"{who} uses up as much of itself as is made, or more."
    else:
        message = f"{who} together use up as much of each other as they make, or more."
    return Fault(
        FaultKind.NOT_PRODUCTIVE,
        message,
        "Check the units and quantities of what they use of each other, and the outputs.",
        tuple(products),
    )
