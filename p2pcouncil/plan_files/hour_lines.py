"""A tree of hours in lines: each names the product that it belongs to, so that it can be read aloud."""

from collections.abc import Iterator
from fractions import Fraction

from p2pcouncil.domain.plain_text import clean_line
from p2pcouncil.domain.planning.hour_tree import HourNode
from p2pcouncil.domain.planning.quantities import (
    DECIMALS_MAX,
    Micro,
    round_half_even,
    show_quantity,
    show_scaled,
)

NAME_CELLS = 24
UNIT_CELLS = 12


def hour_lines(tree: HourNode, digits: int) -> Iterator[tuple[int, str]]:
    """What a product is made of, below the line that names it.

    Args:
        tree: from `hour_tree`.
        digits: decimals of hours.

    Yields:
        How far a line is indented, from 1, and its text.
    """
    yield from _of_node(tree, 1, digits, tree.hours)


def _of_node(node: HourNode, level: int, digits: int, all_hours: Fraction) -> Iterator[tuple[int, str]]:
    def part(what: str, hours: Fraction) -> str:
        told = f"{shown_hours(hours, digits)}, {shown_share(hours, all_hours)}"
        return f"for {shown_product(node)}: {what}, {told}"

    for kind, hours in node.direct:
        yield level, part(f"work, {clean_line(kind, NAME_CELLS)}", hours)
    for item in node.inputs:
        yield level, part(f"{shown_amount(item)} of {shown_product(item)}", item.hours)
        yield from _of_node(item, level + 1, digits, all_hours)
    if node.is_open and node.rest_inputs:
        inputs = "1 input" if node.rest_inputs == 1 else f"{node.rest_inputs:,} inputs"
        yield level, part(f"the rest, {inputs}", node.rest)
    elif not node.is_open:
        yield level, part("not broken down further", node.hours)


def shown_product(node: HourNode) -> str:
    """The name of a node's product."""
    return clean_line(node.product, NAME_CELLS)


def shown_unit(node: HourNode) -> str:
    """The unit of a node's product."""
    return clean_line(node.unit, UNIT_CELLS)


def shown_amount(node: HourNode) -> str:
    """How much of its product a node stands for, with the unit."""
    return f"{show_quantity(Micro(rounded(node.amount, DECIMALS_MAX)))} {shown_unit(node)}"


def shown_hours(hours: Fraction, digits: int) -> str:
    """Hours, rounded half to even."""
    return f"{show_scaled(rounded(hours, digits), digits)} h"


def shown_share(part: Fraction, whole: Fraction) -> str:
    """A share in percent."""
    return f"{show_scaled(rounded(part / whole * 100, 1), 1).removesuffix('.0')} %"


def rounded(number: Fraction, digits: int) -> int:
    """A number in parts of ten to the `digits`, rounded half to even."""
    return round_half_even(number.numerator * 10**digits, number.denominator)
