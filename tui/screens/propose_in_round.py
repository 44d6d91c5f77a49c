"""What the councils that I speak for propose in a round, as a table: the last word, a suggestion, and mine."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from crdt.errors import LocalError
from p2pcouncil.domain.plain_text import clean_line
from p2pcouncil.domain.planning.quantities import QuantityError, read_quantity
from p2pcouncil.domain.planning.said import Made, UnitPlan
from p2pcouncil.peer.commands import ProposeInRound
from p2pcouncil.peer.plan_exports import file_name
from p2pcouncil.peer.plan_lines import beyond_capacity, part_of
from p2pcouncil.peer.plan_many import check_kinds, parts_of
from p2pcouncil.peer.views.plans import PlanUnitView, PlanView, TechniqueView
from p2pcouncil.plan_files.unit_file import MANY_BOUNDS, is_of_many, read_unit, read_units
from p2pcouncil.text_files.errors import TextFileError
from tui import words
from tui.content import ACCENT, HEADING, WARN, join, line, lines, muted
from tui.messages import Finished
from tui.screens.base import CouncilScreen
from tui.screens.dialogs import AskDialog, ChoiceDialog
from tui.unit_rows import RowSpec, first_rows, possible_rows, said_in_part
from tui.widgets.figure_row import FigureRow
from tui.widgets.picker import Picker
from tui.widgets.unit_table import UnitTable


class ProposeInRoundScreen(CouncilScreen):
    """A table for each council that I speak for."""

    AUTO_FOCUS = "FigureRow Input"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "propose", "Propose it", priority=True),
        Binding("ctrl+y", "take", "Take the suggestion", priority=True),
        Binding("ctrl+o", "add", "Add a good", priority=True),
        Binding("ctrl+l", "load", "From a file", priority=True),
        Binding("down", "row(1)", "Row", key_display="↑↓", priority=True),
        Binding("up", "row(-1)", "Previous row", show=False, priority=True),
    ]

    def __init__(self, view: PlanView, place: str = "plan") -> None:
        """Prepare the tables.

        Args:
            view: a period whose round runs.
            place: the main place that we come from.
        """
        super().__init__()
        self.place = place
        self._view = view
        self._techniques: tuple[TechniqueView, ...] = ()

    @property
    def _draft(self) -> str:
        return f"round/{self._view.id.hex()}"

    def compose_body(self) -> ComposeResult:
        """Lay what it is about, the tables, and what is about to be signed."""
        self._techniques = self.session.techniques(self._view.council)
        with Vertical(classes="page"):
            yield Static(id="heading", markup=False)
            with VerticalScroll(id="tables", can_focus=False):
                for at in self._view.mine:
                    unit = self._view.units[at]
                    yield UnitTable(unit, first_rows(self._view, unit, self._techniques))
            yield Static(id="confirm", markup=False)

    def on_mount(self) -> None:
        """Bring back what was typed before."""
        self._bring_back(self.app.drafts.get(self._draft, {}))

    @work
    async def _bring_back(self, draft: dict[str, str]) -> None:
        for table in self.query(UnitTable):
            rows = {row.spec.key: row for row in table.query(FigureRow)}
            for spec in possible_rows(self._view, table.unit, self._techniques):
                if spec.key not in draft:
                    continue
                row = rows.get(spec.key) or await table.add(spec)
                row.fill(draft[spec.key], int(draft[f"{spec.key}/priority"]))
            note = draft.get(f"{table.unit.place}/note")
            if note is not None:
                self.query_one(f"#note-{table.unit.place}", Input).value = note
        self._confirm()

    def refresh_view(self) -> None:
        """Read how the round stands; what was typed stays."""
        try:
            self._view = self.session.plan(self._view.id)
        except LocalError as error:
            self.app.complain(error)
            return
        ends = words.deadline(self._view.closes_ms or 0, self.app.now_ms())
        when = f" The round {ends} by page time." if ends else ""
        told = self._view.can_propose or f"An empty amount leaves a good out.{when}"
        self.query_one("#heading", Static).update(
            lines(
                [
                    line(
                        f"{clean_line(self._view.title, 36)}, round {self._view.round}: what your councils propose",
                        HEADING,
                    ),
                    line(told, WARN if self._view.can_propose else ""),
                ]
            )
        )
        for table in self.query(UnitTable):
            table.compare(self._view.units[table.unit.place])
        self._confirm()

    @on(Input.Changed)
    @on(Picker.Changed)
    def _confirm(self) -> None:
        tables = [table for table in self.query(UnitTable) if hasattr(table, "begun")]
        sent = [table.unit.name for table in tables if table.is_proposed]
        kept = [table.unit.name for table in tables if not table.is_proposed]
        parts: list[Content | str] = []
        if sent:
            parts.append(Content.styled("You propose for ", f"bold {ACCENT}"))
            parts.append(line(", ".join(sent)))
        if kept:
            parts.append(muted(f"{'; ' if sent else ''}as it stands: {', '.join(kept)}"))
        for told in self._beyond(tables):
            parts.append(Content.styled(f"{chr(10) if parts else ''}! ", f"bold {WARN}"))
            parts.append(line(f"Mind: {told}.", WARN))
        self.query_one("#confirm", Static).update(join(parts))

    def _beyond(self, tables: list[UnitTable]) -> Iterator[str]:
        """What is typed beyond a technique's capacity, as far as it can be read."""
        for table in tables:
            made = []
            for row in table.query(FigureRow):
                with suppress(QuantityError):
                    if row.spec.kind == "makes" and row.field.value.strip():
                        found = read_quantity(row.field.value.strip())
                        made.append(Made(bytes.fromhex(row.spec.id), found))
            yield from beyond_capacity(UnitPlan(table.unit.place, tuple(made)), self._techniques)

    @on(Input.Submitted)
    def _next(self) -> None:
        self.focus_next()

    def action_row(self, by: int) -> None:
        """Move to the amount above or below."""
        chain = self.focus_chain
        at = chain.index(self.focused) if self.focused in chain else 0
        around = chain[at + 1 :] + chain[:at] if by > 0 else chain[:at][::-1] + chain[:at:-1]
        field = next((node for node in around if node.has_class("amount")), None)
        if field is not None:
            field.focus()

    def _table(self) -> UnitTable | None:
        """The council under the cursor, else the first."""
        around = self.focused.ancestors_with_self if self.focused is not None else ()
        under = next((node for node in around if isinstance(node, UnitTable)), None)
        return under or next(iter(self.query(UnitTable)), None)

    def action_take(self) -> None:
        """Put what is suggested into the fields of the council under the cursor."""
        table = self._table()
        if table is None:
            return
        taken = [row.take_suggestion() for row in table.query(FigureRow)]
        if not any(taken):
            self.app.complain(
                LocalError(
                    f"There is nothing to suggest for {table.unit.name}.",
                    "Propose yourself first; suggestions begin with the round after that.",
                )
            )
            return
        self.app.say(
            f"The suggestion for {table.unit.name} is filled in. Nothing is said yet.",
            "Change what you like, then press Ctrl+S.",
        )

    @work
    async def action_add(self) -> None:
        """One good more for the council under the cursor."""
        table = self._table()
        if table is None:
            return
        there = {row.spec.key for row in table.query(FigureRow)}
        free = [s for s in possible_rows(self._view, table.unit, self._techniques) if s.key not in there]
        if not free:
            self.app.complain(_nothing_to_add(table.unit))
            return
        title = f"Add what to {table.unit.name}?"
        dialog = ChoiceDialog(title, "Then type how much.", [_label(spec) for spec in free])
        chosen = await self.app.push_screen_wait(dialog)
        if chosen is not None:
            (await table.add(free[chosen])).field.focus()

    @work
    async def action_load(self) -> None:
        """Fill the tables in from a file: of one council for the one under the cursor, or of many."""
        table = self._table()
        if table is None:
            return
        told = (
            f"Where is the table? What it says takes the place of what stands in the fields of {table.unit.name}, "
            "or of all councils that it names. Nothing is said yet."
        )
        typed = f"~/{file_name([self._view.title])}"
        while path := await self.app.push_screen_wait(
            AskDialog("Fill in from a file", told, "Read it", value=typed)
        ):
            typed = path
            try:
                parts = await self._parts_of_file(Path(path), table.unit)
            except LocalError as error:
                told = f"{error} {error.hint}"
                continue
            tables = {found.unit.place: found for found in self.query(UnitTable)}
            for part in parts:
                found = tables[part.unit]
                await found.take(said_in_part(self._view, found.unit, part, self._techniques))
            names = ", ".join(tables[part.unit].unit.name for part in parts)
            self.app.say(f"Filled in for {names}. Nothing is said yet.", "Look it over, then press Ctrl+S.")
            return

    async def _parts_of_file(self, path: Path, unit: PlanUnitView) -> tuple[UnitPlan, ...]:
        data = await self.session.read_file(path, MANY_BOUNDS.file_bytes)
        try:
            if is_of_many(data):
                return parts_of(read_units(data), "", self._view, self._techniques)
            lines_of_one = read_unit(data)
            check_kinds(unit, lines_of_one)
            return (part_of(lines_of_one, unit.place, "", self._view, self._techniques),)
        except TextFileError as error:
            raise LocalError(f"{path.name}: {error}", error.hint) from error

    def action_propose(self) -> None:
        """Check the tables and sign them."""
        tables = [table for table in self.query(UnitTable) if table.is_proposed]
        if not tables:
            self.app.complain(
                LocalError("There is nothing new to propose.", "Type an amount, or press Esc to go back.")
            )
            return
        try:
            parts = tuple(self._part(table) for table in tables)
        except QuantityError as error:
            self.app.complain(LocalError(f"An amount can't be read: {error}.", error.hint))
            return
        except LocalError as error:
            self.app.complain(error)
            return
        self.submit("propose", ProposeInRound(self._view.id, parts))

    def _part(self, table: UnitTable) -> UnitPlan:
        found = []
        for row in table.query(FigureRow):
            try:
                amount = row.read()
            except QuantityError:
                row.field.focus()
                raise
            if amount is not None:
                found.append(row.spec.line(amount, row.priority))
        note = self.query_one(f"#note-{table.unit.place}", Input).value
        return part_of(found, table.unit.place, note, self._view, self._techniques)

    @on(Finished)
    def _proposed(self, message: Finished) -> None:
        self.app.drafts.pop(self._draft, None)
        self.leave()
        self.app.say(message.done.message, "You may change it until the round is over.")

    def action_back(self) -> None:
        """Leave, and keep what was typed."""
        changed = {
            key: value
            for table in self.query(UnitTable)
            if table.typed() != table.begun
            for key, value in table.typed().items()
        }
        if changed:
            self.app.drafts[self._draft] = changed
        super().action_back()
        if changed:
            self.app.say("Your draft is kept while p2pcouncil runs.", "Press e to go on with it.")


def _label(spec: RowSpec) -> str:
    how = f", by “{spec.how}”" if spec.how else ""
    return f"{spec.kind} {spec.name} ({spec.unit_of}){how}"


def _nothing_to_add(unit: PlanUnitView) -> LocalError:
    if unit.kind == "workers":
        return LocalError(
            "Every technique that was published is in the table.",
            "Publish another one: press t on the screen of the plan.",
        )
    return LocalError("Every good of the plan is in the table.", "A new planning period may have others.")
