"""Quantities and tables of techniques: one spelling, averages by output, and every fault named with its place."""

import random
from dataclasses import replace

import pytest

from p2pcouncil.domain.planning.combining import combine
from p2pcouncil.domain.planning.faults import FaultKind, TableError
from p2pcouncil.domain.planning.quantities import (
    ONE,
    QUANTITY_MAX,
    Micro,
    QuantityError,
    read_quantity,
    show_quantity,
    show_scaled,
)
from p2pcouncil.domain.planning.table import KINDS_MAX, PRODUCTS_MAX, make_table
from p2pcouncil.domain.planning.technique import Hours, Item, Technique


def some(text: str) -> Micro:
    return read_quantity(text)


FLOUR = Technique("flour", "kg", some("1000"), (), (Hours("milling", some("9")),))
BREAD = Technique(
    "bread",
    "loaf",
    some("100"),
    (Item("flour", "kg", some("60")),),
    (Hours("baking", some("12")),),
    (Item("CO2", "kg", some("5")),),
)


def kinds_of(*techniques: Technique) -> list[tuple[FaultKind, tuple[str, ...], str, int]]:
    with pytest.raises(TableError) as caught:
        make_table(techniques)
    for fault in caught.value.faults:
        assert fault.message.endswith(".")
        assert fault.hint.endswith((".", "0.75"))
    return [(fault.kind, fault.products, fault.item, fault.technique) for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("text", "micro", "shown"),
    [
        ("60", 60_000_000, "60"),
        ("0.75", 750_000, "0.75"),
        ("007.500000", 7_500_000, "7.5"),
        ("0", 0, "0"),
        ("0.000001", 1, "0.000001"),
        ("1.50000000000000000000", 1_500_000, "1.5"),
        ("1000000000000", QUANTITY_MAX, "1000000000000"),
    ],
)
def test_a_quantity_is_read_exactly_and_has_one_spelling(text: str, micro: int, shown: str) -> None:
    assert read_quantity(text) == micro
    assert show_quantity(Micro(micro)) == shown


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("-5", "negative"),
        ("0,75", "comma"),
        ("1,000", "comma"),
        ("1e3", "exponent"),
        ("1.2E-3", "exponent"),
        ("NaN", "no number"),
        ("inf", "no number"),
        ("+5", "no number"),
        ("1_000", "no number"),
        ("٣", "no number"),
        ("1²", "no number"),
        ("0x10", "no number"),
        (".5", "no number"),
        ("5.", "no number"),
        (" 5", "no number"),
        ("5\n", "no number"),
        ("--5", "no number"),
        ("0.0000001", "7 decimals"),
        ("1000000000000.000001", "more than 1,000,000,000,000"),
        ("1" + "0" * 18, "more than 1,000,000,000,000"),
        ("9" * 5_000, "5,000 characters"),
    ],
)
def test_what_is_no_quantity_is_refused_with_a_way_out(text: str, says: str) -> None:
    with pytest.raises(QuantityError, match=says) as caught:
        read_quantity(text)
    assert caught.value.hint


def test_scaled_numbers_are_shown_with_all_their_decimals() -> None:
    assert show_scaled(500_000, 6) == "0.500000"
    assert show_scaled(-1, 2) == "-0.01"
    assert show_scaled(42, 0) == "42"


def test_a_table_does_not_depend_on_the_order_of_what_was_entered() -> None:
    other = replace(BREAD, output=some("50"), hours=(Hours("baking", some("3")), Hours("selling", some("1"))))
    entered = [BREAD, FLOUR, other]
    table = make_table(entered)
    for seed in range(6):
        shuffled = random.Random(seed).sample(entered, len(entered))
        assert make_table(shuffled) == table
    assert table.products == ("bread", "flour")
    assert table.kinds == ("baking", "milling", "selling")
    bread = table.columns[table.index("bread")]
    assert (bread.output, list(bread.inputs), list(bread.quantities)) == (150 * ONE, [1], [120 * ONE])
    assert (bread.hours, bread.techniques) == ((15 * ONE, 0, 1 * ONE), 2)
    assert table.index("rye") == -1


def test_several_techniques_are_added_up() -> None:
    """What one unit takes is then the average, weighted by output."""
    small = Technique("bread", "loaf", some("50"), (), (Hours("baking", some("10")),))
    both = combine([BREAD, small])
    assert both.output == 150 * ONE
    assert both.hours == (Hours("baking", some("22")),)
    assert both.inputs == BREAD.inputs
    assert both.pollutants == BREAD.pollutants


def test_pollutants_take_part_in_nothing() -> None:
    assert make_table([FLOUR, replace(BREAD, pollutants=())]) == make_table([FLOUR, BREAD])


BAD: dict[str, tuple[list[Technique], tuple[FaultKind, tuple[str, ...], str, int]]] = {
    "nothing": ([], (FaultKind.EMPTY, (), "", -1)),
    "negative input": (
        [FLOUR, replace(BREAD, inputs=(Item("flour", "kg", Micro(-1)),))],
        (FaultKind.NEGATIVE, ("bread",), "flour", 1),
    ),
    "negative hours": (
        [replace(FLOUR, hours=(Hours("milling", Micro(-1)),))],
        (FaultKind.NEGATIVE, ("flour",), "milling", 0),
    ),
    "negative output": ([replace(FLOUR, output=Micro(-5))], (FaultKind.NEGATIVE, ("flour",), "flour", 0)),
    "too much": (
        [replace(FLOUR, output=Micro(QUANTITY_MAX + 1))],
        (FaultKind.MAGNITUDE, ("flour",), "flour", 0),
    ),
    "no output": ([replace(FLOUR, output=Micro(0))], (FaultKind.NO_OUTPUT, ("flour",), "", 0)),
    "missing": ([BREAD], (FaultKind.MISSING, ("bread",), "flour", 0)),
    "unit of an input": (
        [FLOUR, replace(BREAD, inputs=(Item("flour", "t", some("0.06")),))],
        (FaultKind.UNIT, ("bread",), "flour", 1),
    ),
    "unit of a product": (
        [FLOUR, BREAD, replace(BREAD, unit="kg")],
        (FaultKind.UNIT, ("bread",), "", 2),
    ),
    "unit of a pollutant": (
        [BREAD, replace(FLOUR, pollutants=(Item("CO2", "t", some("1")),))],
        (FaultKind.UNIT, ("flour",), "CO2", 1),
    ),
    "input twice": (
        [FLOUR, replace(BREAD, inputs=BREAD.inputs * 2)],
        (FaultKind.TWICE, ("bread",), "flour", 1),
    ),
    "work twice": ([replace(FLOUR, hours=FLOUR.hours * 2)], (FaultKind.TWICE, ("flour",), "milling", 0)),
    "joint production": (
        [replace(FLOUR, by_products=(Item("bran", "kg", some("200")),))],
        (FaultKind.JOINT, ("flour",), "bran", 0),
    ),
    "no labour": ([replace(FLOUR, hours=())], (FaultKind.NO_LABOUR, ("flour",), "", -1)),
    "no name": ([replace(FLOUR, product="")], (FaultKind.NAME, ("",), "", 0)),
    "spaces": ([replace(FLOUR, product="flour\u3000")], (FaultKind.NAME, ("flour\u3000",), "flour\u3000", 0)),
    "control": ([replace(FLOUR, unit="k\ng")], (FaultKind.NAME, ("flour",), "flour", 0)),
    "long": ([replace(FLOUR, product="f" * 201)], (FaultKind.NAME, ("f" * 201,), "f" * 201, 0)),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_table_is_refused_with_the_place(what: str) -> None:
    techniques, fault = BAD[what]
    assert fault in kinds_of(*techniques)


def test_quantities_are_bounded_when_they_are_added_up_too() -> None:
    half = replace(FLOUR, output=Micro(QUANTITY_MAX // 2 + 1))
    assert kinds_of(half, half) == [(FaultKind.MAGNITUDE, ("flour",), "flour", -1)]


def test_products_without_an_hour_in_them_are_named_and_no_others() -> None:
    idle = [
        Technique("dew", "kg", ONE, (Item("mist", "kg", ONE),)),
        Technique("mist", "kg", ONE, ()),
        Technique("jam", "kg", ONE, (Item("dew", "kg", ONE), Item("flour", "kg", ONE))),
    ]
    assert kinds_of(FLOUR, *idle) == [(FaultKind.NO_LABOUR, ("dew", "mist"), "", -1)]


def test_tables_are_bounded() -> None:
    many = [replace(FLOUR, product=f"flour {number}") for number in range(5_000)]
    assert kinds_of(*many) == [(FaultKind.TOO_MANY, ("flour 2000",), "", PRODUCTS_MAX)], (
        "where there is one too many"
    )
    assert len(make_table(many[:PRODUCTS_MAX]).products) == PRODUCTS_MAX
    assert kinds_of(*many[:1] * 20_001) == [(FaultKind.TOO_MANY, (), "", -1)]
    kinds = tuple(Hours(f"work {number}", ONE) for number in range(KINDS_MAX + 1))
    assert kinds_of(replace(FLOUR, hours=kinds)) == [(FaultKind.TOO_MANY, (), "", -1)]
    assert kinds_of(replace(FLOUR, hours=kinds * 33))[0][0] is FaultKind.TOO_MANY


def test_faults_are_told_together_up_to_a_bound() -> None:
    bad = [replace(FLOUR, product=f"flour {number}", output=Micro(0)) for number in range(50)]
    assert len(kinds_of(*bad)) == 20
