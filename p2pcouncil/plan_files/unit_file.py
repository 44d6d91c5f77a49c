"""What a council proposes, as a table that people can fill in: one line for each good.

============  ========================================================================
``kind``      ``makes``, ``wants``, ``offers`` or ``limits``
``good``      what is made, wanted or offered; for ``limits`` what is given off
``amount``    how much
``unit``      in which unit; may be left empty for goods of the plan
``how``       of what is made, the technique; of what is wanted ``must``, ``nice`` or nothing
============  ========================================================================

Columns may stand in any order; ``how`` may be left out. A table of many councils has a column ``council`` besides, and
may have ``speaker`` and ``standing``, as it was exported.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from p2pcouncil.domain.planning.quantities import Micro, show_quantity
from p2pcouncil.plan_files.table_file import quantity_at
from p2pcouncil.text_files.errors import TextFileError
from p2pcouncil.text_files.lines import Bounds, delimiter_of, is_remark, lines_of, quoted, split_cells

COLUMNS = ("kind", "good", "amount", "unit", "how")
KINDS = ("makes", "wants", "offers", "limits")
BEFORE = ("council", "speaker", "standing")
"""The columns that a table of many councils has before those."""
BOUNDS = Bounds(1 << 20, 2_000, 1_000, "Propose fewer goods.", "Shorten the names.")
MANY_BOUNDS = Bounds(1 << 23, 100_000, 1_000, "Propose for fewer councils at once.", "Shorten the names.")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of what a council proposes; `line` is where it stands in the file, 0 if it stands in none."""

    kind: str
    good: str
    amount: int
    unit: str = ""
    how: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class CouncilLine:
    """A line in a table of many councils; `standing` is how it came about, as it was exported, or empty."""

    council: str
    line: Line
    standing: str = ""


def read_unit(data: bytes) -> tuple[Line, ...]:
    """Read what a council proposes.

    Raises:
        TextFileError: what is wrong, and where.
    """
    names, rows = _read_rows(data, BOUNDS, COLUMNS[:4], COLUMNS)
    return tuple(_line(names, row, number) for number, row in rows)


def read_units(data: bytes) -> tuple[CouncilLine, ...]:
    """Read what many councils propose.

    Raises:
        TextFileError: what is wrong, and where.
    """
    names, rows = _read_rows(data, MANY_BOUNDS, (BEFORE[0], *COLUMNS[:4]), (*BEFORE, *COLUMNS))
    found = []
    for number, row in rows:
        if not row[BEFORE[0]]:
            raise TextFileError(
                "The council is missing.", "Name whose proposal it is.", number, names.index(BEFORE[0]) + 1
            )
        line = _line(names, row, number)
        found.append(CouncilLine(row[BEFORE[0]], line, row.get(BEFORE[2], "")))
    return tuple(found)


def is_of_many(data: bytes) -> bool:
    """Whether a file is a table of many councils, by the names of its columns.

    Raises:
        TextFileError: it is no text, or too large.
    """
    lines = lines_of(data, MANY_BOUNDS)
    head = next((line for line in lines if not is_remark(line)), "")
    return BEFORE[0] in (cell.strip(' "').casefold() for cell in head.split(delimiter_of(head)))


def _read_rows(
    data: bytes, bounds: Bounds, needed: Sequence[str], known: Sequence[str]
) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    """The names of the columns, and each row by them, with the line that it stands in."""
    lines = lines_of(data, bounds)
    columns = ", ".join((*needed, COLUMNS[-1]))
    head = next((at for at, line in enumerate(lines) if not is_remark(line)), None)
    if head is None:
        raise TextFileError("The file is empty.", f"Begin with the columns {columns}.")
    delimiter = delimiter_of(lines[head])
    names = [cell.strip().casefold() for cell in split_cells(lines[head], delimiter, head + 1)]
    if not set(needed) <= set(names) or len(set(names)) != len(names) or not set(names) <= set(known):
        raise TextFileError(
            "The columns are not those of a proposal.", f"Begin with the columns {columns}.", head + 1
        )
    rows = []
    for number, line in enumerate(lines[head + 1 :], start=head + 2):
        if is_remark(line):
            continue
        cells = split_cells(line, delimiter, number)
        if len(cells) != len(names):
            raise TextFileError(
                f"There are {len(cells)} cells, and the first line has {len(names)}.",
                "Write a cell for each, empty ones too; a point before decimals.",
                number,
            )
        rows.append((number, dict(zip(names, (cell.strip() for cell in cells), strict=True))))
    return names, rows


def _line(names: list[str], row: dict[str, str], number: int) -> Line:
    if row["kind"] not in KINDS:
        raise TextFileError(
            f"The kind is {quoted(row['kind'])}.",
            f"Write one of {', '.join(KINDS)}.",
            number,
            names.index("kind") + 1,
        )
    if not row["good"]:
        raise TextFileError("The good is missing.", "Name what it is.", number, names.index("good") + 1)
    amount = quantity_at(row["amount"], "The amount", number, names.index("amount") + 1)
    return Line(row["kind"], row["good"], amount, row["unit"], row.get("how", ""), number)


def write_units(rows: Iterable[tuple[Sequence[str], Line]], before: Sequence[str] = ()) -> str:
    """Write what councils propose.

    Args:
        rows: cells that stand before a line, and the line.
        before: the names of those cells; without any, `read_unit` reads it back.
    """
    written = io.StringIO()
    table = csv.writer(written, lineterminator="\n")
    table.writerow([*before, *COLUMNS])
    for cells, line in rows:
        table.writerow([*cells, line.kind, line.good, show_quantity(Micro(line.amount)), line.unit, line.how])
    return written.getvalue()
