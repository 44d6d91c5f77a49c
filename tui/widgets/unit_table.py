"""The table of what one council proposes: its rows, a note, and what they began with."""

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from p2pcouncil.peer.plan_figures import amount
from p2pcouncil.peer.views.plans import PlanUnitView
from tui.content import HEADING, MUTED, join, line, lines, muted
from tui.unit_rows import RowSpec, Said, said_in
from tui.widgets.field import Field
from tui.widgets.figure_row import NOTE_CHARS_MAX, FigureRow, note_field

_COLUMNS = (("", 19), ("amount", 14), ("how", 16), ("last word", 11), ("suggested", 9))


class UnitTable(Vertical):
    """The table of one council."""

    def __init__(self, unit: PlanUnitView, rows: tuple[RowSpec, ...]) -> None:
        """Show a council's rows.

        Args:
            unit: the council.
            rows: with which to begin.
        """
        super().__init__(classes="unit-table")
        self.unit = unit
        self._specs = rows

    def compose(self) -> ComposeResult:
        """Lay the heading, the rows and the note."""
        yield Static(classes="unit-head", markup=False)
        columns = Static(_columns(), classes="columns", markup=False)
        columns.display = bool(self._specs)
        yield columns
        last = said_in(self.unit, self.unit.part, self.unit.figures)
        could = said_in(self.unit, self.unit.suggestion, self.unit.suggested)
        with Vertical(classes="rows"):
            for spec in self._specs:
                yield FigureRow(spec, last.get(spec), could.get(spec))
        yield Field("Note", note_field(self.unit.place, self.unit.note), limit=NOTE_CHARS_MAX)

    def on_mount(self) -> None:
        """Say how it stands, and remember what it begins with."""
        self.compare(self.unit)
        self.begun = self.typed()

    def compare(self, unit: PlanUnitView) -> None:
        """Take a newer view: what was said last, and what is suggested now."""
        self.unit = unit
        head = [join([line(unit.name, HEADING), "  ", muted(f"{unit.kind} · {unit.standing}")])]
        if unit.suggestion is not None:
            head.append(muted(f"The suggestion: {unit.why}."))
        self.query_one(".unit-head", Static).update(lines(head))
        last = said_in(unit, unit.part, unit.figures)
        could = said_in(unit, unit.suggestion, unit.suggested)
        for row in self.query(FigureRow):
            row.compare(last.get(row.spec), could.get(row.spec))

    def typed(self) -> dict[str, str]:
        """What stands in the fields, by row."""
        found = {}
        for row in self.query(FigureRow):
            found[row.spec.key] = row.field.value.strip()
            found[f"{row.spec.key}/priority"] = str(row.priority)
        found[f"{self.unit.place}/note"] = self.query_one(f"#note-{self.unit.place}", Input).value
        return found

    async def take(self, said: dict[RowSpec, Said]) -> None:
        """Put amounts into their rows, rows that are missing besides; the amounts of others go."""
        rows = {row.spec: row for row in self.query(FigureRow)}
        for spec, row in rows.items():
            if spec not in said:
                row.fill("", row.priority)
        for spec, found in said.items():
            row = rows.get(spec) or await self.add(spec)
            row.fill(amount(found.amount), found.priority)

    async def add(self, spec: RowSpec) -> FigureRow:
        """One row more."""
        self.query_one(".columns").display = True
        row = FigureRow(spec, None, None)
        await self.query_one(".rows").mount(row)
        return row

    @property
    def is_proposed(self) -> bool:
        """Whether this council's part is sent: it was changed, or has amounts that were not said in this round."""
        typed = self.typed()
        if typed != self.begun:
            return True
        has_amounts = any(row.field.value.strip() for row in self.query(FigureRow))
        return has_amounts and not self.unit.has_spoken


def _columns() -> Content:
    return Content.styled("".join(name.ljust(cells) for name, cells in _COLUMNS), MUTED)
