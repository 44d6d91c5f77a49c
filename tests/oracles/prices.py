"""Our labour values against pymrio's Leontief inverse, on its own table and on random ones."""

import random
import sys
from fractions import Fraction

import numpy as np
import pymrio

from p2pcouncil.domain.planning.gross_output import gross_output
from p2pcouncil.domain.planning.labour_values import labour_values
from p2pcouncil.domain.planning.quantities import ONE, Micro
from p2pcouncil.domain.planning.table import Table, make_table
from p2pcouncil.domain.planning.technique import Hours, Item, Technique

DIGITS = 15
CLOSE = 1e-9
"""Relative: theirs are floating-point numbers."""
SHOWN = 3

Matrix = np.ndarray


def compare_prices(runs: int, seed: int) -> tuple[int, int]:
    """Compare values and outputs of pymrio's test table, of Miller and Blair's, and of random ones.

    Returns:
        Tables compared, disagreements.
    """
    whole = pymrio.load_test()
    whole.calc_all()
    tables = [
        (np.array([[150.0, 500], [200, 100]]), np.array([350.0, 1700]), np.array([300.0, 500])),
        (
            whole.Z.to_numpy(),
            whole.Y.to_numpy().sum(axis=1),
            whole.factor_inputs.F.to_numpy().sum(axis=0),
        ),
    ]
    tables += [random_table(random.Random(f"{seed} {number}")) for number in range(runs)]
    disagreements = 0
    for number, (flows, demand, hours) in enumerate(tables):
        # Both sides get what the millionths can hold.
        flows, demand, hours = (np.round(part, 6) for part in (flows, demand, hours))
        totals = np.round(pymrio.calc_x(flows, demand.reshape(-1, 1)).ravel(), 6)
        inverse = pymrio.calc_L(pymrio.calc_A(flows, totals))
        table = table_of(flows, totals, hours)
        values = np.array([float(Fraction(v, 10**DIGITS)) for v in labour_values(table, DIGITS).values])
        outputs = np.array([float(Fraction(x, ONE)) for x in gross_output(table, [micro(f) for f in demand])])
        worst = max(
            np.abs(values / ((hours / totals) @ inverse) - 1).max(),
            np.abs(outputs - inverse @ demand).max() / totals.max(),
        )
        if not worst < CLOSE:
            disagreements += 1
            if disagreements <= SHOWN:
                print(f"prices {number}: {len(totals)} products differ by {worst}", file=sys.stderr)
    return len(tables), disagreements


def random_table(rng: random.Random) -> tuple[Matrix, Matrix, Matrix]:
    """Flows, final demand and hours of up to 30 products."""
    size = rng.randrange(2, 31)
    flows = [[rng.choice((0, rng.random() * 100)) for _ in range(size)] for _ in range(size)]
    demand = [rng.random() * 500 + 1 for _ in range(size)]
    return np.array(flows), np.array(demand), np.array([rng.random() * 1_000 + 1 for _ in range(size)])


def table_of(flows: Matrix, totals: Matrix, hours: Matrix) -> Table:
    """The same as our table."""
    names = [f"p{at:03}" for at in range(len(totals))]
    return make_table(
        [
            Technique(
                name,
                "u",
                micro(totals[at]),
                tuple(Item(item, "u", micro(flows[row, at])) for row, item in enumerate(names)),
                (Hours("work", micro(hours[at])),),
            )
            for at, name in enumerate(names)
        ]
    )


def micro(number: float) -> Micro:
    """A number in millionths."""
    return Micro(round(Fraction(float(number)) * ONE))
