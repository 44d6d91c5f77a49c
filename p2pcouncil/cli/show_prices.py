"""Labour values and the tree of hours behind one, as text that can be read aloud, and as JSON of a documented shape."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from importlib.metadata import version

from p2pcouncil.cli.as_json import Json
from p2pcouncil.cli.show import plural, table, wrap
from p2pcouncil.cli.text_file import shown_name
from p2pcouncil.domain.plain_text import clean_line
from p2pcouncil.domain.planning.hour_tree import HourNode
from p2pcouncil.domain.planning.labour_values import LabourValues
from p2pcouncil.domain.planning.quantities import Micro, show_quantity, show_scaled
from p2pcouncil.domain.planning.table import Table
from p2pcouncil.peer.views.plans import PlanView
from p2pcouncil.plan_files.hour_lines import (
    NAME_CELLS,
    UNIT_CELLS,
    hour_lines,
    rounded,
    shown_hours,
    shown_product,
    shown_share,
    shown_unit,
)
from p2pcouncil.plan_files.table_file import TableFile

REPORT_VERSION = 1
"""Counts up when a field of the JSON report changes its meaning or goes away; new ones may come at any time."""
PRODUCT_CELLS = 32


@dataclass(frozen=True, slots=True)
class Source:
    """The file that a price comes from: its name or ``-``, its size, and the SHA-256 of its bytes in hex."""

    name: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Prices:
    """Labour values and what they were made from.

    Attributes:
        source: the file.
        command: what repeats the calculation.
        file: its techniques.
        table: the same, combined.
        weights: of kinds of work that don't count 1.
        values: the labour values.
    """

    source: Source
    command: str
    file: TableFile
    table: Table
    weights: Mapping[str, Micro]
    values: LabourValues

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know besides the numbers."""
        notes = [f"Hours are exact, rounded half to even to {plural(self.values.digits, 'decimal')}."]
        several = [column.techniques for column in self.table.columns if column.techniques > 1]
        if several:
            notes.append(
                f"There are several ways of making {plural(len(several), 'product')}; what one takes is the average of "
                "all, weighted by the output made in each."
            )
        if pollutants := sorted(
            {item.name for technique in self.file.techniques for item in technique.pollutants}
        ):
            names = ", ".join(clean_line(name, NAME_CELLS) for name in pollutants[:5])
            notes.append(
                f"Pollutants are recorded and carry no value: {names}{' …' if len(pollutants) > 5 else ''}."
            )
        if self.weights:
            notes.append(_weights_note(self.weights))
        return tuple(notes)


def show_prices(prices: Prices) -> list[str]:
    """The values for a person: a line for each product, how they are to be read, and the file's hash."""
    found = prices.table
    lines = wrap(
        f"Labour values of {shown_name(prices.source.name)}: {plural(len(found.products), 'product')}, hours for one "
        "unit of each"
    )
    hours = [show_scaled(value, prices.values.digits) for value in prices.values.values]
    width = max(map(len, hours))
    lines += [
        "",
        *table(
            (
                (
                    clean_line(product, PRODUCT_CELLS),
                    f"{value:>{width}} h",
                    f"for 1 {clean_line(column.unit, UNIT_CELLS)}",
                )
                for product, column, value in zip(found.products, found.columns, hours, strict=True)
            ),
            "  ",
        ),
    ]
    lines += ["", *(line for note in prices.notes for line in wrap(note))]
    lines += wrap(
        f"File: {shown_name(prices.source.name)}, {prices.file.layout}, {plural(prices.source.size_bytes, 'byte')}"
    )
    # Each in one line, so that they can be copied.
    return [*lines, f"Solve it again: {clean_line(prices.command, 300)}", f"SHA-256: {prices.source.sha256}"]


def json_of_prices(prices: Prices) -> Json:
    """The same for a script; `docs/planning.md` says what the fields mean."""
    return {
        **json_of_source(prices.source),
        "layout": prices.file.layout,
        "command": prices.command,
        "digits": prices.values.digits,
        "weights": _json_of_weights(prices.weights),
        "techniques": len(prices.file.techniques),
        "prices": [
            {"product": product, "unit": column.unit, "hours": show_scaled(value, prices.values.digits)}
            for product, column, value in zip(
                prices.table.products, prices.table.columns, prices.values.values, strict=True
            )
        ],
        "notes": list(prices.notes),
        "found": {"refinements": prices.values.refinements, "exact": prices.values.exact},
    }


def show_tree(tree: HourNode, digits: int, threshold: Fraction, weights: Mapping[str, Micro]) -> list[str]:
    """The tree for a person; each line names the product that it belongs to, so that it can be read aloud."""
    direct = sum((hours for _, hours in tree.direct), Fraction())
    lines = wrap(
        f"1 {shown_unit(tree)} of {shown_product(tree)} takes {shown_hours(tree.hours, digits)}: "
        f"{shown_hours(direct, digits)} of direct work, and {shown_hours(tree.hours - direct, digits)} in what is used."
    )
    lines += ["", f"{shown_product(tree)}: {shown_hours(tree.hours, digits)}, 100 %"]
    for level, text in hour_lines(tree, digits):
        lines += wrap(text, "  " * level)
    lines.append("")
    if threshold:
        lines += wrap(
            f"What is below {shown_share(threshold, Fraction(1))} of all hours is not shown by itself."
        )
    lines += wrap("Each number is rounded by itself, half to even; unrounded, the parts add up exactly.")
    if weights:
        lines += wrap(_weights_note(weights))
    return lines


def json_of_tree(tree: HourNode, origin: Json, digits: int, weights: Mapping[str, Micro]) -> Json:
    """The same for a script; `docs/planning.md` says what the fields mean.

    Args:
        tree: of one unit.
        origin: what says where the table comes from: `json_of_source`, or `json_of_plan`.
        digits: decimals of an hour.
        weights: of kinds of work that don't count 1.
    """
    return {
        **origin,
        "digits": digits,
        "weights": _json_of_weights(weights),
        "tree": _json_of_node(tree, digits),
    }


def _json_of_node(node: HourNode, digits: int) -> Json:
    return {
        "product": node.product,
        "unit": node.unit,
        "amount": str(node.amount),
        **_json_of_hours(node.hours, digits),
        "direct": [{"kind": kind, **_json_of_hours(hours, digits)} for kind, hours in node.direct],
        "inputs": [_json_of_node(item, digits) for item in node.inputs],
        "rest": {"inputs": node.rest_inputs, **_json_of_hours(node.rest, digits)},
        "is_open": node.is_open,
    }


def _json_of_hours(hours: Fraction, digits: int) -> Json:
    return {"hours": show_scaled(rounded(hours, digits), digits), "fraction": str(hours)}


def json_of_source(source: Source) -> Json:
    """Which file a report on prices was made from, and by what."""
    return {**_json_of_report(), "file": source.name, "bytes": source.size_bytes, "sha256": source.sha256}


def json_of_plan(view: PlanView) -> Json:
    """The same of a report that was made from a plan."""
    return {
        **_json_of_report(),
        "plan": view.id.hex(),
        "title": view.title,
        "stage": view.stage,
        "round": view.round,
        "adopted_page": view.adopted_page,
        "is_provisional": view.is_provisional,
    }


def _json_of_report() -> Json:
    return {"report": REPORT_VERSION, "program": f"p2pcouncil {version('p2pcouncil')}"}


def _json_of_weights(weights: Mapping[str, Micro]) -> Json:
    return {kind: show_quantity(weights[kind]) for kind in sorted(weights)}


def _weights_note(weights: Mapping[str, Micro]) -> str:
    each = ", ".join(
        f"{clean_line(kind, NAME_CELLS)} {show_quantity(weights[kind])}" for kind in sorted(weights)
    )
    return f"An hour of these kinds of work counts more or less than one: {each}. All others count 1."
