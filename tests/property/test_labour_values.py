"""Prices are the same whatever computes them, and any table is priced exactly or refused."""

import os
import subprocess
import sys
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from p2pcouncil.domain.planning.faults import Fault, TableError
from p2pcouncil.domain.planning.gross_output import gross_output
from p2pcouncil.domain.planning.labour_values import labour_values
from p2pcouncil.domain.planning.quantities import QUANTITY_MAX, Micro, read_quantity, show_quantity
from p2pcouncil.domain.planning.table import make_table
from p2pcouncil.domain.planning.technique import Hours, Item, Technique
from tests.support.economies import exact_values, rounded

QUANTITIES = st.one_of(
    st.integers(0, 20).map(lambda units: units * 10**6),
    st.integers(0, 3_000_000),
    st.integers(0, QUANTITY_MAX),
    st.sampled_from([0, 1, 500_000, 10**6, QUANTITY_MAX]),
)
NAMES = ("a", "b", "c", "d", "e", "f")


@st.composite
def techniques(draw: st.DrawFn) -> list[Technique]:
    """Techniques that are right by themselves, of up to six products; of some there are several."""
    names = NAMES[: draw(st.integers(1, 6))]
    made = []
    for name in (*names, *draw(st.lists(st.sampled_from(names), max_size=2))):
        used = draw(st.lists(st.sampled_from(names), max_size=4, unique=True))
        made.append(
            Technique(
                name,
                "u",
                Micro(max(1, draw(QUANTITIES))),
                tuple(Item(item, "u", Micro(draw(QUANTITIES))) for item in used),
                (Hours("work", Micro(draw(QUANTITIES))),),
            )
        )
    return made


@settings(max_examples=400, deadline=None)
@given(techniques(), st.integers(0, 18))
def test_any_table_is_priced_exactly_or_refused_with_names(entered: list[Technique], digits: int) -> None:
    faults: tuple[Fault, ...] = ()
    try:
        table = make_table(entered)
        found = labour_values(table, digits).values
    except TableError as error:
        faults = error.faults
    if faults:
        assert all(fault.message and fault.hint for fault in faults)
        assert all(set(fault.products) <= set(NAMES) for fault in faults)
        return
    added = []
    for product in table.products:
        ways = [technique for technique in entered if technique.product == product]
        items = [item for way in ways for item in way.inputs]
        names = sorted({item.name for item in items})
        sums = [(name, sum(item.quantity for item in items if item.name == name)) for name in names]
        added.append(
            Technique(
                product,
                "u",
                Micro(sum(way.output for way in ways)),
                tuple(Item(name, "u", Micro(quantity)) for name, quantity in sums),
                (Hours("work", Micro(sum(work.hours for way in ways for work in way.hours))),),
            )
        )
    expected = exact_values(added)
    assert all(value > 0 for value in expected)
    assert list(found) == [rounded(value, digits) for value in expected]
    # What the hours of a plan's outputs come to is what its final demand is worth: two ways to one sum.
    demand = [Micro(10**6 * (at + 1)) for at in range(len(table.products))]
    outputs = gross_output(table, demand)
    hours = sum(
        Fraction(output * column.hours[0], column.output)
        for output, column in zip(outputs, table.columns, strict=True)
        if column.hours
    )
    worth = sum(value * quantity for value, quantity in zip(expected, demand, strict=True))
    slack = sum(Fraction(column.hours[0], column.output) for column in table.columns if column.hours)
    assert abs(hours - worth) <= slack / 2


@given(st.integers(0, QUANTITY_MAX))
def test_a_quantity_is_written_and_read_again(micro: int) -> None:
    assert read_quantity(show_quantity(Micro(micro))) == micro


PRICES = """
from p2pcouncil.domain.planning.labour_values import labour_values
from p2pcouncil.domain.planning.table import make_table
from tests.support.economies import KINDS, economy
for kind in KINDS:
    for size in (5, 60):
        print(kind, size, labour_values(make_table(economy(kind, size, 1)), 9).values)
print(labour_values(make_table(economy("dense", 250, 1))).values)
"""


@pytest.mark.parametrize(("threads", "seed"), [("2", "1"), ("4", "7")])
def test_threads_and_hash_seeds_change_no_digit(threads: str, seed: str) -> None:
    def run(threads: str, seed: str) -> str:
        counts = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), threads)
        return subprocess.run(
            [sys.executable, "-c", PRICES],
            env={**os.environ, **counts, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            timeout=100,
            check=True,
        ).stdout

    assert run(threads, seed) == run("1", "0")
