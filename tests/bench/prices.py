"""Labour values against one float solve of the same equations, with one thread for both; exact solving; memory.

Times are of the processor, not of the clock, as both sides take milliseconds and the machine has other things to do.
"""

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import random  # noqa: E402
import time  # noqa: E402
from array import array  # noqa: E402
from collections.abc import Callable  # noqa: E402

import numpy as np  # noqa: E402

from p2pcouncil.domain.planning.exact_values import solve_exactly  # noqa: E402
from p2pcouncil.domain.planning.faults import TableError  # noqa: E402
from p2pcouncil.domain.planning.labour_values import labour_values, quick_values  # noqa: E402
from p2pcouncil.domain.planning.quantities import ONE, Micro  # noqa: E402
from p2pcouncil.domain.planning.system import System, value_system  # noqa: E402
from p2pcouncil.domain.planning.table import Column, Table  # noqa: E402

ROUNDS = 9
"""The least disturbed of them counts."""
SPARSE_INPUTS = 8


def table_of(size: int, inputs: int, share: float = 0.9) -> Table:
    """An economy in which a product uses some others; inputs come to a share of the output at most.

    Made at once, for making tables of techniques is not what is measured.
    """
    rng = random.Random(size)
    columns = []
    for _ in range(size):
        used = array("q", sorted(rng.sample(range(size), inputs)))
        most = int(2 * share * ONE / inputs)
        quantities = array("q", (rng.randrange(1, most) for _ in used))
        columns.append(Column("u", ONE, used, quantities, (Micro(rng.randrange(1, 2 * ONE)),), 1))
    return Table(tuple(f"product {at:04}" for at in range(size)), ("work",), tuple(columns))


def dense(system: System) -> np.ndarray:
    """K in floating point."""
    matrix = np.diag(np.array(system.diagonal, dtype=np.float64))
    matrix[system.rows, system.columns] = -system.values
    return matrix


def least_ms(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """The least time that some work took of several, in milliseconds of the processor."""
    times = []
    for _ in range(rounds):
        begun = time.process_time()
        work()
        times.append(time.process_time() - begun)
    return min(times) * 1_000


def measure() -> dict[str, object]:
    """Run."""
    figures: dict[str, object] = {}
    for size, inputs, kind, target in (
        (100, 100, "", 30),
        (400, 400, "", 10),
        (1_000, SPARSE_INPUTS, " sparse", 10),
    ):
        table = table_of(size, inputs)
        system = value_system(table)
        matrix, right = (
            dense(system),
            np.array([column.hours[0] for column in table.columns], dtype=np.float64),
        )
        ours = theirs = float("inf")
        for _ in range(ROUNDS):
            theirs = min(theirs, least_ms(lambda m=matrix, r=right: np.linalg.solve(m, r), 1))
            ours = min(ours, least_ms(lambda t=table: labour_values(t), 1))
        figures[f"{size:,}{kind} products, prices ÷ one float solve (target ≤ {target})"] = round(
            ours / theirs, 1
        )
        figures[f"{size:,}{kind} products, prices, ms"] = round(ours, 1)
        figures[f"{size:,}{kind} products, one float solve, ms"] = round(theirs, 2)
        quick = quick_values(table)
        every = range(size)
        exact = least_ms(lambda q=quick, e=every: solve_exactly(q.system, q.right, q.rounding, e), 1)
        figures[f"{size:,}{kind} products, solved in fractions, ms"] = round(exact)
    large = table_of(2_000, 2_000)
    figures["2,000 products, each using all, prices, s"] = round(
        least_ms(lambda: labour_values(large), 1) / 1_000, 1
    )
    too_hungry = table_of(400, 400, share=1.2)
    figures["400 products that need more than they make, refused, ms"] = round(
        least_ms(lambda: refuse(too_hungry), 1)
    )
    return figures


def refuse(table: Table) -> None:
    """Price a table that is not productive."""
    try:
        labour_values(table)
    except TableError:
        return
    raise AssertionError("it is productive")
