"""The list layout: a line for each input, kind of work and pollutant. For tables that people write by hand.

==============  ==================================================================================
``product``     what is made; empty: as in the line above
``technique``   a name for one of several ways of making it, like a workplace; may be left out
``unit``        the product's unit; needed once for each technique
``output``      how much is made with all that is listed; needed once for each technique
``kind``        ``input``, ``labour`` or ``pollutant``
``item``        which product is used, which kind of work, which pollutant
``quantity``    how much of it
``item unit``   in which unit; for labour ``h`` or nothing
``capacity``    the most of the product that can be made in a period; may be left out
``note``        where the figures come from; may be left out
==============  ==================================================================================

Columns may stand in any order. Capacity and note belong to a technique, and stand in any one of its lines; prices don't
depend on them.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field

from p2pcouncil.domain.planning.quantities import Micro, show_quantity
from p2pcouncil.domain.planning.table import TECHNIQUES_MAX
from p2pcouncil.domain.planning.technique import Hours, Item, Technique
from p2pcouncil.plan_files.table_file import Place, TableFile, quantity_at
from p2pcouncil.text_files.errors import TextFileError
from p2pcouncil.text_files.lines import delimiter_of, is_remark, quoted, split_cells

PRODUCT, TECHNIQUE, UNIT, OUTPUT = "product", "technique", "unit", "output"
KIND, ITEM, QUANTITY, ITEM_UNIT = "kind", "item", "quantity", "item unit"
CAPACITY, NOTE = "capacity", "note"
COLUMNS = (PRODUCT, TECHNIQUE, UNIT, OUTPUT, KIND, ITEM, QUANTITY, ITEM_UNIT)
MORE_COLUMNS = (CAPACITY, NOTE)
OPTIONAL = (TECHNIQUE, *MORE_COLUMNS)
_WHICH_COLUMNS = (
    f"Have the columns {', '.join(COLUMNS)}, each once; "
    "technique may be left out, and capacity and note may be added."
)
INPUT, LABOUR, POLLUTANT, BY_PRODUCT = "input", "labour", "pollutant", "by-product"
HOUR = "h"
NONE = Micro(0)
WORK = "work"
"""The kind of work of a line of labour that names none."""


@dataclass(slots=True)
class _Draft:
    """A technique while it is read."""

    product: str
    name: str
    unit: str
    output: Micro
    capacity: Micro = NONE
    note: str = ""
    inputs: list[Item] = field(default_factory=list)
    hours: list[Hours] = field(default_factory=list)
    pollutants: list[Item] = field(default_factory=list)
    by_products: list[Item] = field(default_factory=list)

    def finished(self) -> Technique:
        return Technique(
            self.product,
            self.unit,
            self.output,
            tuple(self.inputs),
            tuple(self.hours),
            tuple(self.pollutants),
            tuple(self.by_products),
        )


class _Row:
    """The cells of a line, by the names of their columns."""

    def __init__(self, cells: Sequence[str], columns: dict[str, int], line: int) -> None:
        self._cells = cells
        self._columns = columns
        self.line = line

    def __getitem__(self, name: str) -> str:
        return self._cells[self._columns[name]] if name in self._columns else ""

    def column(self, name: str) -> int:
        return self._columns[name] + 1

    def quantity(self, name: str, what: str) -> Micro:
        return quantity_at(self[name], what, self.line, self.column(name))

    def wrong(self, name: str, message: str, hint: str) -> TextFileError:
        return TextFileError(message, hint, self.line, self.column(name))


def read_list(lines: Sequence[str], start: int) -> TableFile:
    """Read a list.

    Args:
        lines: of the file.
        start: the line that names the columns, from 1.

    Raises:
        TextFileError: what is wrong, and where.
    """
    delimiter = delimiter_of(lines[start - 1])
    columns = _read_head(split_cells(lines[start - 1], delimiter, start), start)
    drafts: dict[tuple[str, str], tuple[int, _Draft]] = {}
    heads: list[Place] = []
    items: dict[tuple[int, str], Place] = {}
    key = ("", "")
    for number, line in enumerate(lines[start:], start=start + 1):
        if is_remark(line):
            continue
        row = _Row(_cells(line, delimiter, number, columns), columns, number)
        key = _key(row, key)
        if key not in drafts:
            if len(drafts) == TECHNIQUES_MAX:
                raise TextFileError(
                    f"Here the file comes to more than {TECHNIQUES_MAX:,} techniques.",
                    "Add up the workplaces of each region first.",
                    number,
                )
            drafts[key] = (len(drafts), _first(row, key))
            heads.append((number, row.column(PRODUCT)))
        at, draft = drafts[key]
        _check_again(row, draft)
        _take_terms(row, draft)
        items.setdefault((at, _add(row, draft)), (number, row.column(QUANTITY)))
    return TableFile(
        "list",
        tuple(draft.finished() for _, draft in drafts.values()),
        tuple(draft.name for _, draft in drafts.values()),
        tuple(heads),
        items,
        capacities=tuple(draft.capacity for _, draft in drafts.values()),
        notes=tuple(draft.note for _, draft in drafts.values()),
    )


def write_list(
    techniques: Sequence[Technique],
    names: Sequence[str] = (),
    capacities: Sequence[Micro] = (),
    notes: Sequence[str] = (),
) -> str:
    """Write techniques as a list that `read_list` reads as the same.

    Args:
        techniques: without by-products, each with an input, a kind of work or a pollutant.
        names: of the techniques; needed where a product has several.
        capacities: the most that can be made by each in a period; 0 for what has no limit.
        notes: where the figures of each come from; line breaks become spaces.
    """
    none = [""] * len(techniques)
    written = io.StringIO()
    rows = csv.writer(written, lineterminator="\n")
    has_terms = any(capacities) or any(notes)
    rows.writerow((*COLUMNS, *MORE_COLUMNS) if has_terms else COLUMNS)
    most = [show_quantity(capacity) if capacity else "" for capacity in capacities]
    for technique, name, *terms in zip(techniques, names or none, most or none, notes or none, strict=True):
        said = [" ".join(term.split()) for term in terms] if has_terms else []
        begin = [technique.product, name, technique.unit, show_quantity(technique.output)]
        for kind, item, quantity, unit in (
            *((INPUT, item.name, item.quantity, item.unit) for item in technique.inputs),
            *((LABOUR, work.kind, work.hours, HOUR) for work in technique.hours),
            *((POLLUTANT, item.name, item.quantity, item.unit) for item in technique.pollutants),
        ):
            rows.writerow([*begin, kind, item, show_quantity(quantity), unit, *said])
            said = [""] * len(said)
    return written.getvalue()


def _read_head(cells: Sequence[str], line: int) -> dict[str, int]:
    columns: dict[str, int] = {}
    for column, cell in enumerate(cells):
        name = " ".join(cell.casefold().replace("_", " ").split())
        if not name and not any(cells[column:]):
            break
        if name not in (*COLUMNS, *MORE_COLUMNS) or name in columns:
            raise TextFileError(
                f"The column {quoted(cell)} is {'there twice' if name in columns else 'not known'}.",
                _WHICH_COLUMNS,
                line,
                column + 1,
            )
        columns[name] = column
    for name in COLUMNS:
        if name not in columns and name not in OPTIONAL:
            raise TextFileError(f"The column {name} is missing.", _WHICH_COLUMNS, line)
    return columns


def _cells(line: str, delimiter: str, number: int, columns: dict[str, int]) -> list[str]:
    cells = split_cells(line, delimiter, number)
    width = max(columns.values()) + 1
    if len(cells) < width or any(cells[width:]):
        raise TextFileError(
            f"There are {len(cells)} cells, and the first line has {width}.",
            "Write a cell for each, empty ones too; a point before decimals; names with a comma in quotation marks.",
            number,
        )
    return cells


def _key(row: _Row, before: tuple[str, str]) -> tuple[str, str]:
    product = row[PRODUCT]
    if product:
        return product, row[TECHNIQUE]
    if not before[0]:
        raise row.wrong(PRODUCT, "The product is missing.", "Name what is made.")
    return before[0], row[TECHNIQUE] or before[1]


def _first(row: _Row, key: tuple[str, str]) -> _Draft:
    product, name = key
    if not row[UNIT]:
        raise row.wrong(
            UNIT,
            f"The unit of {quoted(product)} is missing.",
            "Say once for each technique in what the product is counted: kg, loaf, kWh.",
        )
    return _Draft(product, name, row[UNIT], row.quantity(OUTPUT, "The output"))


def _check_again(row: _Row, draft: _Draft) -> None:
    """Unit and output may be repeated, but not changed."""
    if row[UNIT] not in ("", draft.unit):
        raise row.wrong(
            UNIT,
            f"The unit of {quoted(draft.product)} is {quoted(row[UNIT])} here, and {quoted(draft.unit)} above.",
            "Use one unit for a product, and convert its quantities.",
        )
    if row[OUTPUT] and row.quantity(OUTPUT, "The output") != draft.output:
        raise row.wrong(
            OUTPUT,
            f"The output of {quoted(draft.product)} is {quoted(row[OUTPUT])} here, and {show_quantity(draft.output)} "
            "above.",
            "If it is another way of making it, name each way in the column technique.",
        )


def _take_terms(row: _Row, draft: _Draft) -> None:
    """Capacity and note stand in any line of their technique, and say the same where they are repeated."""
    if row[CAPACITY]:
        capacity = row.quantity(CAPACITY, "The capacity")
        if draft.capacity not in (0, capacity):
            raise row.wrong(
                CAPACITY,
                f"The capacity of {quoted(draft.product)} is {quoted(row[CAPACITY])} here, and "
                f"{show_quantity(draft.capacity)} above.",
                "Give it once for each technique.",
            )
        draft.capacity = capacity
    if row[NOTE]:
        if draft.note not in ("", row[NOTE]):
            raise row.wrong(
                NOTE, f"{quoted(draft.product)} has another note above.", "Give one note for each technique."
            )
        draft.note = row[NOTE]


def _add(row: _Row, draft: _Draft) -> str:
    """Add a line to its technique; returns the item's name."""
    kind = row[KIND].casefold()
    quantity = row.quantity(QUANTITY, "The quantity")
    if kind == LABOUR:
        if row[ITEM_UNIT] not in (HOUR, ""):
            raise row.wrong(
                ITEM_UNIT,
                f"Labour is counted in hours, and this is in {quoted(row[ITEM_UNIT])}.",
                f"Convert it, and write {HOUR}.",
            )
        work = row[ITEM] or WORK
        draft.hours.append(Hours(work, quantity))
        return work
    lists = {INPUT: draft.inputs, POLLUTANT: draft.pollutants, BY_PRODUCT: draft.by_products}
    if kind not in lists:
        raise row.wrong(
            KIND,
            f"The kind is {quoted(row[KIND])}.",
            f"Write {INPUT}, {LABOUR} or {POLLUTANT}.",
        )
    for name, what in ((ITEM, "name"), (ITEM_UNIT, "unit")):
        if not row[name]:
            raise row.wrong(name, f"The {what} of the {kind} is missing.", f"Give its {what}.")
    lists[kind].append(Item(row[ITEM], row[ITEM_UNIT], quantity))
    return row[ITEM]
