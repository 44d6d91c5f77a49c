"""The matrix layout: a column for what each product takes, a row for what is taken. For input-output tables.

The first cell says what the numbers are:

==================  ==============================================================================
``coefficients``    what one unit of the column's product takes
``flows``           what the column's whole output takes; then totals are needed
==================  ==============================================================================

====================  ============================================================================
row named a product   what is taken of it; each product has one, in any order
row ``labour``        hours; ``labour: baking`` for a kind of work
row ``total``         the output of each column, final demand included
column ``total``      the output of each row; there may be one of the two, or both that agree
row ``unit``          the unit of each product; ``unit`` if there is none
====================  ============================================================================

An empty cell is 0.
"""

import csv
import io
from collections.abc import Sequence

from crdt.errors import LocalError
from p2pcouncil.domain.planning.quantities import ONE, Micro, show_quantity
from p2pcouncil.domain.planning.table import PRODUCTS_MAX, Table
from p2pcouncil.domain.planning.technique import Hours, Item, Technique
from p2pcouncil.plan_files.listing import WORK
from p2pcouncil.plan_files.table_file import TableFile, quantity_at
from p2pcouncil.text_files.errors import TextFileError
from p2pcouncil.text_files.lines import delimiter_of, is_remark, quoted, split_cells

COEFFICIENTS, FLOWS = "coefficients", "flows"
TOTAL, UNIT, LABOUR = "total", "unit", "labour"
_WORDS = (TOTAL, UNIT, LABOUR)


def read_matrix(lines: Sequence[str], start: int) -> TableFile:
    """Read a matrix.

    Args:
        lines: of the file.
        start: the line that names the columns, from 1.

    Raises:
        TextFileError: what is wrong, and where.
    """
    delimiter = delimiter_of(lines[start - 1])
    head = split_cells(lines[start - 1], delimiter, start)
    while len(head) > 1 and not head[-1]:
        head.pop()
    layout = head[0].casefold()
    products, total_column = _read_head(head, start, layout)
    reading = _Reading(layout, products, total_column)
    for number, line in enumerate(lines[start:], start=start + 1):
        if not is_remark(line):
            reading.add_row(_cells(line, delimiter, number, len(head)), number)
    return reading.finished(start)


def write_flows(table: Table) -> str:
    """Write a table as flows that `read_matrix` reads as the same table.

    Raises:
        LocalError: a product has a name that means something in this layout.
    """
    for product in table.products:
        if _is_word(product):
            raise LocalError(
                f"The product {quoted(product)} has a name that means something else in a matrix.",
                "Write the table as a list, or give the product another name.",
            )
    written = io.StringIO()
    rows = csv.writer(written, lineterminator="\n")
    rows.writerow([FLOWS, *table.products])
    taken: list[dict[int, int]] = [{} for _ in table.products]
    for at, column in enumerate(table.columns):
        for used, quantity in zip(column.inputs, column.quantities, strict=True):
            taken[used][at] = quantity
    for product, row in zip(table.products, taken, strict=True):
        rows.writerow([product, *(show_quantity(Micro(row.get(at, 0))) for at in range(len(taken)))])
    for at, kind in enumerate(table.kinds):
        rows.writerow([f"{LABOUR}: {kind}", *(show_quantity(column.hours[at]) for column in table.columns)])
    rows.writerow([TOTAL, *(show_quantity(column.output) for column in table.columns)])
    rows.writerow([UNIT, *(column.unit for column in table.columns)])
    return written.getvalue()


class _Reading:
    """A matrix while it is read, row by row."""

    def __init__(self, layout: str, products: Sequence[str], total_column: int | None) -> None:
        self._layout = layout
        self._products = products
        self._total_column = total_column
        self._known = frozenset(products)
        self._lines: dict[str, int] = {}
        self._units: Sequence[str] = ()
        self._totals: Sequence[Micro] = ()
        self._row_totals: dict[str, Micro] = {}
        self._inputs: list[list[tuple[str, Micro]]] = [[] for _ in products]
        self._hours: list[list[Hours]] = [[] for _ in products]

    def add_row(self, cells: Sequence[str], line: int) -> None:
        name = cells[0]
        word, _, kind = (part.strip() for part in name.partition(":"))
        is_labour = word.casefold() == LABOUR
        row = name if name in self._known else f"{LABOUR}: {kind or WORK}" if is_labour else name.casefold()
        if row not in self._known and not is_labour and row not in (TOTAL, UNIT):
            raise TextFileError(
                f"The row {quoted(name)} is no product of the first line.",
                f"Give it a column, or delete the row; other rows are {TOTAL}, {UNIT}, {LABOUR} and {LABOUR}: KIND.",
                line,
                1,
            )
        if row in self._lines:
            raise TextFileError(
                f"The row {quoted(name)} stands in line {self._lines[row]} already.",
                "Keep one of them.",
                line,
                1,
            )
        self._lines[row] = line
        if row == UNIT:
            self._units = [cells[at + 1] for at in range(len(self._products))]
            return
        values = [
            quantity_at(cells[at + 1] or "0", "The quantity", line, at + 2)
            for at in range(len(self._products))
        ]
        if row == TOTAL:
            self._totals = values
        elif is_labour:
            for at, hours in enumerate(values):
                self._hours[at].append(Hours(kind or WORK, hours))
        else:
            for at, value in enumerate(values):
                if value:
                    self._inputs[at].append((row, value))
            if self._total_column is not None:
                text = cells[self._total_column]
                self._row_totals[row] = quantity_at(text, "The total", line, self._total_column + 1)

    def finished(self, start: int) -> TableFile:
        for product in self._products:
            if product not in self._lines:
                raise TextFileError(
                    f"The row of {quoted(product)} is missing.",
                    "Have a row for each product of the first line, also for one that nobody uses.",
                    start,
                    self._products.index(product) + 2,
                )
        if not any(row.startswith(LABOUR) and row not in self._known for row in self._lines):
            raise TextFileError(
                f"The row {LABOUR} is missing.", f"Add a row {LABOUR} with the hours of each column."
            )
        outputs = self._outputs(start)
        units = [self._units[at] or UNIT if self._units else UNIT for at in range(len(self._products))]
        unit_of = dict(zip(self._products, units, strict=True))
        return TableFile(
            self._layout,
            tuple(
                Technique(
                    product,
                    units[at],
                    outputs[at],
                    tuple(Item(name, unit_of[name], value) for name, value in self._inputs[at]),
                    tuple(self._hours[at]),
                )
                for at, product in enumerate(self._products)
            ),
            ("",) * len(self._products),
            tuple((start, at + 2) for at in range(len(self._products))),
            rows=self._lines,
        )

    def _outputs(self, start: int) -> list[Micro]:
        if self._layout == COEFFICIENTS:
            if self._totals or self._row_totals:
                raise TextFileError(
                    "Coefficients are for an output of 1, and there are totals.",
                    f"Write {FLOWS} into the first cell, or delete the totals.",
                    self._lines.get(TOTAL, start),
                )
            return [ONE] * len(self._products)
        if not self._totals and not self._row_totals:
            raise TextFileError(
                "The totals are missing.",
                f"Add a row {TOTAL} with the output of each column, or a column {TOTAL} with that of each row.",
                start,
            )
        for at, product in enumerate(self._products):
            if self._totals and self._row_totals and self._totals[at] != self._row_totals[product]:
                raise TextFileError(
                    f"The total of {quoted(product)} is {show_quantity(self._totals[at])} in its column, and "
                    f"{show_quantity(self._row_totals[product])} in its row.",
                    "Both are its whole output: correct one, or delete the row or the column of totals.",
                    self._lines[TOTAL],
                    at + 2,
                )
        return list(self._totals) or [self._row_totals[product] for product in self._products]


def _read_head(head: Sequence[str], line: int, layout: str) -> tuple[list[str], int | None]:
    products = list(head[1:])
    total_column = None
    if products and products[-1].casefold() == TOTAL:
        products.pop()
        total_column = len(products) + 1
    if not products:
        raise TextFileError("The first line names no product.", f"Write {layout},Flour,Bread", line)
    if len(products) > PRODUCTS_MAX:
        raise TextFileError(
            f"There are {len(products):,} products; at most {PRODUCTS_MAX:,} can be counted.",
            "Put products together that are made alike.",
            line,
            PRODUCTS_MAX + 2,
        )
    seen: set[str] = set()
    for column, product in enumerate(products, start=2):
        if not product or product in seen or _is_word(product):
            why = (
                "there twice"
                if product in seen
                else "a word with a meaning of its own"
                if product
                else "empty"
            )
            raise TextFileError(
                f"The product {quoted(product)} is {why}.",
                "Give each product a name of its own.",
                line,
                column,
            )
        seen.add(product)
    return products, total_column


def _is_word(product: str) -> bool:
    return product.partition(":")[0].strip().casefold() in _WORDS


def _cells(line: str, delimiter: str, number: int, width: int) -> list[str]:
    cells = split_cells(line, delimiter, number)
    # Rows below the sectors have no total; some programs leave such cells out at the end.
    if len(cells) > width and any(cells[width:]):
        raise TextFileError(
            f"There are {len(cells)} cells, and the first line has {width}.",
            "Write one for each product; a point before decimals; names with a comma in quotation marks.",
            number,
        )
    return cells[:width] + [""] * (width - len(cells))
