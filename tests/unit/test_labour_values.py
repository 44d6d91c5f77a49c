"""Labour values, outputs, trees of hours: published examples, every digit of made-up economies, and who is at fault."""

import json
import random
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from flint import fmpz_mat

from p2pcouncil.domain.planning.faults import FaultKind, TableError
from p2pcouncil.domain.planning.gross_output import gross_output
from p2pcouncil.domain.planning.hour_tree import NODES_MAX, HourNode, hour_tree
from p2pcouncil.domain.planning.labour_values import labour_values, quick_values
from p2pcouncil.domain.planning.productivity import connected_groups
from p2pcouncil.domain.planning.quantities import ONE, Micro, read_quantity
from p2pcouncil.domain.planning.system import value_system
from p2pcouncil.domain.planning.table import Table, make_table
from p2pcouncil.domain.planning.technique import Hours, Item, Technique
from tests.support.economies import KINDS, digits_of, economy, exact_values, is_tie, rounded

VECTORS = json.loads(
    (Path(__file__).parents[1] / "vectors" / "input_output.json").read_text(encoding="utf-8")
)


def made(product: str, output: int | str, hours: int | str, **inputs: int | str) -> Technique:
    """All in the unit "u"; inputs by name."""
    return Technique(
        product,
        "u",
        read_quantity(str(output)),
        tuple(Item(name, "u", read_quantity(str(quantity))) for name, quantity in inputs.items()),
        (Hours("work", read_quantity(str(hours))),),
    )


def flows(name: str) -> Table:
    """A table of the vectors; its products are a, b, c …"""
    vector = VECTORS[name]
    names = "abcdefghij"[: len(vector["totals"])]
    columns = zip(*vector["flows"], strict=True)
    return make_table(
        [
            made(product, total, hours, **dict(zip(names, column, strict=True)))
            for product, total, hours, column in zip(
                names, vector["totals"], vector["hours"], columns, strict=True
            )
        ]
    )


def test_values_of_a_published_table() -> None:
    """Miller and Blair's table: the values are exactly 134/303 and 115/303."""
    values = [Fraction(text) for text in VECTORS["miller_blair"]["values"]]
    for digits in (0, 1, 6, 18):
        found = labour_values(flows("miller_blair"), digits)
        assert list(found.values) == [round(value * 10**digits) for value in values]
        assert found.digits == digits


def test_outputs_of_a_published_example() -> None:
    """Miller and Blair, chapter 2: a new final demand needs outputs of 1247.5 and 1841.6."""
    vector = VECTORS["miller_blair"]
    outputs = gross_output(flows("miller_blair"), [Micro(part * ONE) for part in vector["demand"]])
    assert outputs == (round(Fraction(9_450_000, 7575) * ONE), round(Fraction(13_950_000, 7575) * ONE))
    assert [str(round(part / ONE, 1)) for part in outputs] == vector["outputs"]


def test_values_agree_with_pymrio() -> None:
    """The hours per unit times its Leontief inverse, to the digits that it gives."""
    vector = VECTORS["pymrio"]
    found = labour_values(flows("pymrio"), 18).values
    both = zip(vector["hours"], vector["totals"], strict=True)
    per_unit = [Fraction(hours) / Fraction(total) for hours, total in both]
    for at, value in enumerate(found):
        theirs = sum(
            share * Fraction(row[at]) for share, row in zip(per_unit, vector["inverse"], strict=True)
        )
        assert abs(Fraction(value, 10**18) - theirs) < Fraction(1, 10**13)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [2, 7, 40])
def test_every_digit_is_that_of_the_fractions(kind: str, size: int) -> None:
    for seed in range(3):
        techniques = economy(kind, size, seed)
        expected = exact_values(techniques)
        for digits in (digits_of(kind), 0, 12):
            found = labour_values(make_table(techniques), digits)
            assert list(found.values) == [rounded(value, digits) for value in expected], (seed, digits)


def test_a_tie_that_floating_point_cannot_settle_is_solved_exactly_for_what_it_rests_on() -> None:
    techniques = economy("hidden ties", 40, 1)
    table = make_table(techniques)
    assert not quick_values(table).is_settled
    found = labour_values(table)
    assert found.exact == 20
    expected = exact_values(techniques)
    assert sum(is_tie(value, 6) for value in expected) == 20
    assert any(value.denominator % 7 == 0 for value in expected)


def test_outputs_satisfy_their_equation() -> None:
    for kind in KINDS:
        techniques = economy(kind, 12, 5)
        table = make_table(techniques)
        demand = [Micro(number * 1_000_003 % 5_000_000) for number in range(12)]
        outputs = gross_output(table, demand)
        if kind in ("near", "verge"):
            continue  # A millionth more or less of an output moves the demand by more than one.
        for at, product in enumerate(table.products):
            used = sum(
                Fraction(outputs[user] * quantity, column.output)
                for user, column in enumerate(table.columns)
                for item, quantity in zip(column.inputs, column.quantities, strict=True)
                if item == at
            )
            shares = (
                Fraction(i.quantity, t.output) for t in techniques for i in t.inputs if i.name == product
            )
            size = 1 + sum(shares)
            assert abs(outputs[at] - used - demand[at]) <= size


def test_nothing_is_needed_where_nothing_is_wanted() -> None:
    assert gross_output(flows("miller_blair"), [Micro(0), Micro(0)]) == (0, 0)


def test_hours_count_alike_unless_weights_were_voted() -> None:
    bread = Technique(
        "bread", "loaf", Micro(10 * ONE), (), (Hours("baking", Micro(2 * ONE)), Hours("selling", ONE))
    )
    table = make_table([bread])
    assert labour_values(table).values == (300_000,)
    assert labour_values(table, 6, {"baking": read_quantity("1.5")}).values == (400_000,)
    assert labour_values(table, 6, {"baking": read_quantity("1.5"), "selling": Micro(1)}).values == (300_000,)


def test_the_average_of_workplaces_is_weighted_by_output() -> None:
    table = make_table([made("bread", 100, 10), made("bread", 50, 20)])
    assert labour_values(table).values == (200_000,)


UNPRODUCTIVE: dict[str, tuple[list[Technique], list[tuple[str, ...]]]] = {
    "of itself": ([made("corn", 1, 1, corn=1), made("bread", 1, 1, corn="0.1")], [("corn",)]),
    "two of each other": (
        [made("coal", 1, 1, iron="0.5"), made("iron", 1, 1, coal=2), made("bread", 1, 1, coal="0.1", bread="0.5")],
        [("coal", "iron")],
    ),
    "just so much": ([made("coal", 3, 1, iron=1), made("iron", 1, 1, coal=3)], [("coal", "iron")]),
    "two groups": (
        [
            *(made("a", 1, 1, b=1, c="0.1"), made("b", 1, 1, a="1.5")),
            *(made("c", 1, 1, d="0.9"), made("d", 1, 1, c="0.9")),
            *(made("e", 1, 1, f=2, a=7), made("f", 1, 1, e=2)),
        ],
        [("a", "b"), ("e", "f")],
    ),
    "one of a circle uses itself up": ([made("a", 1, 1, a=2, b="0.1"), made("b", 1, 1, a="0.1")], [("a",)]),
    "a circle of three, by a hair": (
        [made("a", 1, 1, b=1), made("b", 1, 1, c=1), made("c", 1, 1, a="1.000001")],
        [("a", "b", "c")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", UNPRODUCTIVE)
def test_who_needs_more_than_is_made_is_named(what: str) -> None:
    techniques, groups = UNPRODUCTIVE[what]
    table = make_table(techniques)
    for refused in (lambda: labour_values(table), lambda: gross_output(table, [ONE] * len(table.products))):
        with pytest.raises(TableError) as caught:
            refused()
        assert [fault.products for fault in caught.value.faults] == groups
        assert all(fault.kind is FaultKind.NOT_PRODUCTIVE for fault in caught.value.faults)
        for fault, names in zip(caught.value.faults, groups, strict=True):
            assert all(f"“{name}”" in fault.message for name in names)


def test_by_a_hair_less_is_productive() -> None:
    """The verdict does not rest on floating point: here one part in 10^18 decides."""
    most = 10**12
    circle = [made("a", most, 1, b=most), made("b", most, 1, c=most)]
    almost = Technique("c", "u", Micro(most * ONE), (Item("a", "u", Micro(most * ONE - 1)),), circle[0].hours)
    found = labour_values(make_table([*circle, almost]), 0)
    assert all(value > 0 for value in found.values)
    full = Technique("c", "u", Micro(most * ONE), (Item("a", "u", Micro(most * ONE)),), circle[0].hours)
    with pytest.raises(TableError):
        labour_values(make_table([*circle, full]))


@pytest.mark.parametrize("size", [2, 3, 5, 9, 20, 60])
def test_just_over_the_verge_all_are_named(size: int) -> None:
    """Everybody needs one part in 10^18 more than is made, which floating point can't see."""
    for seed in range(6):
        over = []
        for technique in economy("verge", size, seed):
            assert sum(item.quantity for item in technique.inputs) == technique.output - 1
            first, *others = technique.inputs
            over.append(
                replace(technique, inputs=(replace(first, quantity=Micro(first.quantity + 2)), *others))
            )
        table = make_table(over)
        with pytest.raises(TableError) as caught:
            labour_values(table)
        assert {name for fault in caught.value.faults for name in fault.products} <= set(table.products)
        assert quick_values(table).found.is_productive is False


def test_a_verdict_agrees_with_the_leading_minors() -> None:
    """Hawkins and Simon: productive if and only if all leading principal minors are positive."""
    verdicts = set()
    for seed in range(120):
        rng = random.Random(seed)
        size = rng.randrange(2, 7)
        top = 2 * 10**6 // size + rng.randrange(-20, 20)
        used = [[rng.randrange(top) for _ in range(size)] for _ in range(size)]
        rows = [[(10**6 if i == j else 0) - used[i][j] for j in range(size)] for i in range(size)]
        minors = [fmpz_mat([row[:k] for row in rows[:k]]).det() for k in range(1, size + 1)]
        names = "abcdefg"[:size]
        techniques = [
            Technique(
                name,
                "u",
                ONE,
                tuple(Item(item, "u", Micro(row[at])) for item, row in zip(names, used, strict=True)),
                (Hours("work", ONE),),
            )
            for at, name in enumerate(names)
        ]
        try:
            labour_values(make_table(techniques))
            verdict = True
        except TableError:
            verdict = False
        assert verdict == all(minor > 0 for minor in minors), seed
        verdicts.add(verdict)
    assert verdicts == {True, False}


def test_connected_groups_of_a_long_chain_and_of_circles() -> None:
    chain = [made("p0000", 1, 1), *(made(f"p{n:04}", 1, 1, **{f"p{n - 1:04}": 1}) for n in range(1, 1_500))]
    assert connected_groups(value_system(make_table(chain))) == [[n] for n in range(1_500)]
    circles = [
        *(made("a", 9, 1, b=1), made("b", 9, 1, c=1, d=1), made("c", 9, 1, a=1)),
        *(made("d", 9, 1, e=1), made("e", 9, 1, d=1), made("f", 9, 1, a=1, e=1)),
    ]
    assert sorted(connected_groups(value_system(make_table(circles)))) == [[0, 1, 2], [3, 4], [5]]


def test_magnitudes_do_not_overflow() -> None:
    """All at the bounds: 10^12 hours for a millionth, and inputs of 10^18 millionths."""
    most = 10**12
    dear = made("dear", "0.000001", most)
    dearer = made("dearer", "0.000001", most, dear=most)
    found = labour_values(make_table([dear, dearer]), 18).values
    assert found == (10**36, (10**36 * 10**18) + 10**36)


# Trees of hours.


def check_sums(node: HourNode) -> int:
    """Each node is the sum of its parts, exactly; returns how many nodes there are."""
    direct = sum((hours for _, hours in node.direct), Fraction())
    if node.is_open:
        assert node.hours == direct + sum((item.hours for item in node.inputs), Fraction()) + node.rest
    else:
        assert (node.direct, node.inputs, node.rest) == ((), (), node.hours)
    return 1 + sum(check_sums(item) for item in node.inputs)


def test_a_tree_adds_up_and_its_rest_is_what_is_not_shown() -> None:
    for kind in ("dense", "sparse", "units", "recipes", "idle"):
        techniques = economy(kind, 15, 3)
        table = make_table(techniques)
        exact = exact_values(techniques)
        for product in (0, 14):
            tree = hour_tree(table, product)
            assert check_sums(tree) <= NODES_MAX
            assert abs(tree.hours - exact[product]) < Fraction(1, 10**17)
            check_against(tree, table, exact, tree.hours / 100)


def check_against(node: HourNode, table: Table, exact: list[Fraction], least: Fraction) -> None:
    column = table.columns[table.index(node.product)]
    assert abs(node.hours - node.amount * exact[table.index(node.product)]) <= node.amount / 10**17
    if node.is_open:
        shown = {item.product for item in node.inputs}
        for used, quantity in zip(column.inputs, column.quantities, strict=True):
            hours = node.amount * quantity / column.output * exact[used]
            if abs(hours - least) > Fraction(1, 10**12):
                assert (table.products[used] in shown) == (hours >= least)
        assert node.rest_inputs == len(column.inputs) - len(shown)
    for item in node.inputs:
        check_against(item, table, exact, least)


def test_a_circle_ends_at_the_threshold_and_at_the_depth() -> None:
    table = make_table([made("power", 1, 1, steel="0.5"), made("steel", 1, 1, power="0.5")])
    tree = hour_tree(table, 0)
    names = []
    node = tree
    while node.inputs:
        (node,) = node.inputs
        names.append(node.product)
    assert names == ["steel", "power", "steel", "power", "steel", "power"]
    assert node.hours >= tree.hours / 100 > node.hours / 2
    shallow = hour_tree(table, 0, threshold=Fraction(0), depth=2)
    assert check_sums(shallow) == 3
    assert not shallow.inputs[0].inputs[0].is_open
    assert check_sums(hour_tree(table, 0, threshold=Fraction(0))) == 13


def test_a_tree_is_bounded() -> None:
    table = make_table(economy("dense", 30, 1))
    tree = hour_tree(table, 0, threshold=Fraction(0))
    assert 100 < check_sums(tree) <= NODES_MAX


def test_a_tree_is_weighted_like_its_values() -> None:
    bread = Technique(
        "bread", "loaf", Micro(10 * ONE), (), (Hours("baking", Micro(2 * ONE)), Hours("selling", ONE))
    )
    tree = hour_tree(make_table([bread]), 0, weights={"baking": read_quantity("1.5")})
    assert tree.hours == Fraction(4, 10)
    assert tree.direct == (("baking", Fraction(3, 10)), ("selling", Fraction(1, 10)))
    assert tree.rest == 0
