"""What a council proposes, as a table that people can fill in: one line for each good.

============  ========================================================================
``kind``      ``makes``, ``wants``, ``offers`` or ``limits``
``good``      what is made, wanted or offered; for ``limits`` what is given off
``amount``    how much
``unit``      in which unit; may be left empty for goods of the plan
``how``       of what is made, the technique; of what is wanted ``must``, ``nice`` or nothing
============  ========================================================================

Columns may stand in any order; ``how`` may be left out.
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
BOUNDS = Bounds(1 << 20, 2_000, 1_000, "Propose fewer goods.", "Shorten the names.")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of what a council proposes; `line` is where it stands in the file, 0 if it stands in none."""

    kind: str
    good: str
    amount: int
    unit: str = ""
    how: str = ""
    line: int = 0


def read_unit(data: bytes) -> tuple[Line, ...]:
    """Read what a council proposes.

    Raises:
        TextFileError: what is wrong, and where.
    """
    lines = lines_of(data, BOUNDS)
    head = next((at for at, line in enumerate(lines) if not is_remark(line)), None)
    if head is None:
        raise TextFileError("The file is empty.", f"Begin with the columns {', '.join(COLUMNS)}.")
    delimiter = delimiter_of(lines[head])
    names = [cell.strip().casefold() for cell in split_cells(lines[head], delimiter, head + 1)]
    if not set(COLUMNS[:4]) <= set(names) or len(set(names)) != len(names) or not set(names) <= set(COLUMNS):
        raise TextFileError(
            "The columns are not those of a proposal.",
            f"Begin with the columns {', '.join(COLUMNS)}.",
            head + 1,
        )
    found = []
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
        row = dict(zip(names, (cell.strip() for cell in cells), strict=True))
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
        found.append(Line(row["kind"], row["good"], amount, row["unit"], row.get("how", ""), number))
    return tuple(found)


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
