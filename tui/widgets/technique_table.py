"""The table of one technique: what it makes, and below it what that uses, needs and gives off."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Static

from p2pcouncil.plan_files.technique_entries import NAME_CHARS, UNIT_CHARS
from p2pcouncil.text_files.errors import TextFileError
from tui.content import BAD, MUTED, line, muted
from tui.technique_rows import AMOUNT, ITEM, KIND_LABELS, KINDS, MAKES, UNIT, TypedRow
from tui.widgets.picker import Picker

_COLUMNS = (("", 18), ("what", 25), ("amount", 15), ("unit", 8))
_AMOUNT_CHARS = 24


class TechniqueRow(Vertical):
    """A row with its cells, and below them the place for an error."""

    def __init__(self, typed: TypedRow) -> None:
        """Show a row.

        Args:
            typed: what stands in its fields.
        """
        super().__init__(classes="figure-row technique-row")
        self._kind = typed.kind
        at = KINDS.index(typed.kind) if typed.kind in KINDS else 0
        self._picker = Picker(KIND_LABELS, index=at, is_counted=False)
        self.cells = {
            ITEM: Input(typed.item, classes="item", compact=True, max_length=NAME_CHARS),
            AMOUNT: Input(typed.amount, classes="amount", compact=True, max_length=_AMOUNT_CHARS),
            UNIT: Input(typed.unit, classes="unit", compact=True, max_length=UNIT_CHARS),
        }

    def compose(self) -> ComposeResult:
        """Lay the cells."""
        with Horizontal():
            yield Static(muted(MAKES), classes="how", markup=False) if self._kind == MAKES else self._picker
            yield from self.cells.values()
        yield Static(classes="error", markup=False)

    @property
    def typed(self) -> TypedRow:
        """What stands in the fields."""
        kind = MAKES if self._kind == MAKES else KINDS[self._picker.index]
        return TypedRow(kind, *(field.value.strip() for field in self.cells.values()))

    def tell(self, error: TextFileError | None) -> None:
        """Show what is wrong with the row, and go to its cell; or that nothing is."""
        shown = self.query_one(".error", Static)
        shown.display = error is not None
        if error is not None:
            shown.update(line(f"✗ {error.message} {error.hint}", BAD))
            self.cells.get(error.column, self.cells[ITEM]).focus()


class TechniqueTable(Vertical):
    """The rows; the first one is the product."""

    def compose(self) -> ComposeResult:
        """Lay the names of the columns, and room for rows."""
        yield Static(_columns(), classes="columns", markup=False)
        yield Vertical(classes="rows")

    async def show(self, rows: Sequence[TypedRow]) -> None:
        """Begin anew with other rows."""
        space = self.query_one(".rows")
        await space.remove_children()
        await space.mount_all(TechniqueRow(row) for row in rows)

    async def add(self) -> TechniqueRow:
        """One row more."""
        row = TechniqueRow(TypedRow(KINDS[0]))
        await self.query_one(".rows").mount(row)
        return row

    @property
    def typed(self) -> tuple[TypedRow, ...]:
        """What stands in all rows."""
        return tuple(row.typed for row in self.query(TechniqueRow))

    def tell(self, error: TextFileError | None) -> None:
        """Show an error below the row that it is about."""
        for at, row in enumerate(self.query(TechniqueRow), start=1):
            row.tell(error if error is not None and error.line == at else None)


def _columns() -> Content:
    return Content.styled("".join(name.ljust(cells) for name, cells in _COLUMNS), MUTED)
