"""A price explains itself: the tree of hours behind one product, direct and through what is used.

Each product in the tree has an amount, the hours that it comes to, its direct hours by kind of work, the inputs worth
showing, and *the rest*: what all that isn't shown comes to. At every product

    hours = direct hours + hours of the inputs shown + the rest

holds exactly, in fractions. Values go in with `SPARE_DIGITS` more decimals than are published, the rounding of the last
of them is part of the rest. On a screen every number is rounded by itself, half to even, so shown ones may differ from
their sum in the last place.

Products that need each other, power for steel and steel for power, come again and again in the tree, each time for
fewer hours, until they fall below the threshold.
"""

import heapq
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from p2pcouncil.domain.planning.plan_values import DIGITS, NO_WEIGHTS
from p2pcouncil.domain.planning.quantities import ONE, Micro
from p2pcouncil.domain.planning.table import Table

SPARE_DIGITS = 12
DEPTH_MAX = 12
NODES_MAX = 200
THRESHOLD = Fraction(1, 100)


@dataclass(frozen=True, slots=True)
class HourNode:
    """Some of a product, and the hours in it.

    Attributes:
        product: its name.
        unit: its unit.
        amount: how much of it the product at the root takes on this way.
        hours: what that amount comes to, weighted.
        direct: hours by kind of work, weighted; only if the node is open.
        inputs: what is used, by hours, most first; only those of at least the threshold.
        rest: hours that are not broken down here.
        rest_inputs: how many inputs the rest stands for.
        is_open: whether it is broken down; if not, its hours are the rest.
    """

    product: str
    unit: str
    amount: Fraction
    hours: Fraction
    direct: tuple[tuple[str, Fraction], ...]
    inputs: tuple["HourNode", ...]
    rest: Fraction
    rest_inputs: int
    is_open: bool


@dataclass(slots=True)
class _Growing:
    """A node while the tree grows."""

    product: int
    amount: Fraction
    hours: Fraction
    depth: int
    inputs: list["_Growing"] = field(default_factory=list)
    is_open: bool = False


def hour_tree(
    table: Table,
    product: int,
    digits: int = DIGITS,
    weights: Mapping[str, Micro] = NO_WEIGHTS,
    threshold: Fraction = THRESHOLD,
    depth: int = DEPTH_MAX,
) -> HourNode:
    """Break the value of one unit of a product down.

    The largest nodes are opened first, until all that are left are below the threshold, or `NODES_MAX` are shown.

    Args:
        table: what products take.
        product: index of the product.
        digits: decimals that are published.
        weights: how much an hour of a kind of work counts, in millionths; 1 for kinds that are not named.
        threshold: share of the product's hours below which an input is part of the rest; from 0 to 1.
        depth: how many steps from the product are shown, at most `DEPTH_MAX`.

    Returns:
        The root.

    Raises:
        TableError: the table is not productive.
    """
    # Whoever only reads a tree should not wait for linear algebra to be loaded.
    from p2pcouncil.domain.planning.labour_values import labour_values

    scale = 10 ** (digits + SPARE_DIGITS)
    fine = labour_values(table, digits + SPARE_DIGITS, weights).values
    root = _Growing(product, Fraction(1), Fraction(fine[product], scale), 0)
    least = root.hours * threshold
    # The number of the node decides between equal hours.
    waiting = [(-root.hours, 0, root)]
    nodes = 1
    while waiting:
        _, _, node = heapq.heappop(waiting)
        if node.depth >= min(depth, DEPTH_MAX):
            continue
        column = table.columns[node.product]
        taken = []
        for used, quantity in zip(column.inputs, column.quantities, strict=True):
            amount = node.amount * quantity / column.output
            hours = amount * fine[used] / scale
            if hours >= least:
                taken.append(_Growing(used, amount, hours, node.depth + 1))
        if nodes + len(taken) > NODES_MAX:
            break
        node.is_open = True
        node.inputs = sorted(taken, key=lambda item: (-item.hours, item.product))
        for item in node.inputs:
            heapq.heappush(waiting, (-item.hours, nodes, item))
            nodes += 1
    return _finished(table, root, weights)


def _finished(table: Table, node: _Growing, weights: Mapping[str, Micro]) -> HourNode:
    column = table.columns[node.product]
    name = table.products[node.product]
    if not node.is_open:
        return HourNode(name, column.unit, node.amount, node.hours, (), (), node.hours, 0, False)
    direct = tuple(
        (kind, node.amount * hours * weights.get(kind, ONE) / (column.output * ONE))
        for kind, hours in zip(table.kinds, column.hours, strict=True)
        if hours
    )
    inputs = tuple(_finished(table, item, weights) for item in node.inputs)
    rest = node.hours - sum(hours for _, hours in direct) - sum(item.hours for item in inputs)
    unshown = len(column.inputs) - len(inputs)
    return HourNode(name, column.unit, node.amount, node.hours, direct, inputs, rest, unshown, True)
