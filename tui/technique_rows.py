"""A technique as it is typed into a table: the rows it begins with, and what they say; plain data, no widgets."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from p2pcouncil.domain.planning.quantities import Micro
from p2pcouncil.domain.planning.said import PublishTechnique
from p2pcouncil.domain.planning.technique import Hours, Item, Technique
from p2pcouncil.peer.plan_figures import amount
from p2pcouncil.peer.views.plans import FigureView, TechniqueView
from p2pcouncil.plan_files.listing import HOUR
from p2pcouncil.plan_files.table_file import TableFile, quantity_at
from p2pcouncil.plan_files.technique_entries import entries_of
from p2pcouncil.text_files.errors import TextFileError

MAKES = "makes"
KINDS = ("uses", "needs", "gives off")
"""As a technique that was published is told: an input, hours of work, and what else comes out."""
KIND_LABELS = ("uses", "needs work", "gives off")
ITEM, AMOUNT, UNIT = 1, 2, 3
"""The cells of a row, as an error counts them."""
_EMPTY_ROWS = 3


@dataclass(frozen=True, slots=True)
class TypedRow:
    """A row as it stands in the fields; `kind` is 'makes' for the product, else one of `KINDS`."""

    kind: str
    item: str = ""
    amount: str = ""
    unit: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether the row says nothing."""
        return not (self.item or self.amount)


def first_rows(found: TechniqueView | None) -> tuple[TypedRow, ...]:
    """Where a table begins: with a technique that was published, or with room for one."""
    if found is None:
        return (
            TypedRow(MAKES),
            TypedRow("uses"),
            TypedRow("needs", unit=HOUR),
            *[TypedRow("uses")] * _EMPTY_ROWS,
        )
    figures = (*found.inputs, *found.labour, *found.given_off)
    makes = TypedRow(MAKES, found.product, amount(found.output_micro), found.unit)
    return (makes, *(_row(figure) for figure in figures))


def _row(figure: FigureView) -> TypedRow:
    return TypedRow(figure.kind, figure.name, amount(figure.amount_micro), figure.unit)


def entry_of(name: str, rows: Sequence[TypedRow], capacity: Micro, note: str) -> PublishTechnique:
    """What publishes the technique that the rows describe.

    Args:
        name: of this way of making it; the product's, if empty.
        rows: the product first.
        capacity: the most that can be made in a period, in millionths; 0 for no limit.
        note: where the figures come from.

    Raises:
        TextFileError: what is wrong; its line is the row, from 1, and its column the cell.
    """
    makes, others = rows[0], [(at, row) for at, row in enumerate(rows[1:], start=2) if not row.is_empty]
    read = {at: (row, _amount(row, at)) for at, row in [(1, makes), *others]}

    def items(kind: str) -> Iterator[Item]:
        for at, row in others:
            if row.kind == kind:
                yield Item(row.item, row.unit, read[at][1])

    technique = Technique(
        makes.item,
        makes.unit,
        read[1][1],
        tuple(items("uses")),
        tuple(Hours(item.name, item.quantity) for item in items("needs")),
        tuple(items("gives off")),
    )
    places = {(0, row.item): (at, AMOUNT) for at, row in reversed(others)}
    table = TableFile(
        "list", (technique,), (name,), ((1, ITEM),), places, capacities=(capacity,), notes=(note,)
    )
    return entries_of(table, {}, "")[0]


def _amount(row: TypedRow, at: int) -> Micro:
    """The amount of a row whose other cells are filled in."""
    what = {MAKES: "is made", "uses": "is used", "needs": "kind of work is done", "gives off": "is given off"}
    if not row.item:
        raise TextFileError(f"It does not say what {what[row.kind]}.", "Write its name.", at, ITEM)
    found = quantity_at(row.amount, f"The amount of {row.item}", at, AMOUNT)
    if row.kind == "needs" and row.unit not in ("", HOUR):
        raise TextFileError("Work is counted in hours.", f"Convert it, and write {HOUR}.", at, UNIT)
    if row.kind != "needs" and not row.unit:
        raise TextFileError("The unit is missing.", "Write in what it is counted: kg, loaf, kWh.", at, UNIT)
    return found
