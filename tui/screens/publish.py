"""Publish how something is made: typed into a table, from a file, or a technique that was published, changed."""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Input, Static

from crdt.errors import LocalError
from p2pcouncil.domain.planning.quantities import Micro
from p2pcouncil.domain.planning.said import PublishTechnique
from p2pcouncil.peer.commands import PublishTechniques
from p2pcouncil.peer.plan_figures import amount
from p2pcouncil.peer.views.councils import CouncilView
from p2pcouncil.peer.views.plans import TechniqueView
from p2pcouncil.plan_files.reading import BOUNDS, read_table_file
from p2pcouncil.plan_files.table_file import quantity_at
from p2pcouncil.plan_files.technique_entries import NAME_CHARS, entries_of
from p2pcouncil.plan_files.words import capacities_of_words
from p2pcouncil.text_files.errors import TextFileError
from tui import words
from tui.content import BAD, line, muted
from tui.messages import Finished
from tui.screens.base import CouncilScreen
from tui.screens.dialogs import ConfirmDialog
from tui.technique_rows import TypedRow, entry_of, first_rows
from tui.widgets.field import Field, one_line
from tui.widgets.figure_row import NOTE_CHARS_MAX
from tui.widgets.picker import Picker
from tui.widgets.technique_table import TechniqueTable

BY_HAND, FROM_FILE = "by hand", "from a file"
_DRAFT = "techniques"
_TOLD_MAX = 8
_HAND_FIELDS = ("name", "most", "note")
_FILE_FIELDS = ("path", "capacities", "note")


class PublishScreen(CouncilScreen):
    """The form of a technique, or of a file of them."""

    AUTO_FOCUS = "#source"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "publish", "Publish it", priority=True),
        Binding("ctrl+o", "add", "Add a row", priority=True),
    ]

    def __init__(self, councils: tuple[CouncilView, ...], place: str = "plan") -> None:
        """Prepare the form.

        Args:
            councils: those that I belong to; the first one is offered first.
            place: the main place that we come from.
        """
        super().__init__()
        self.place = place
        self._councils = councils
        self._known: tuple[TechniqueView, ...] = ()
        self._source = BY_HAND
        self._kept: dict[str, dict[str, str]] = {}
        self._begun: dict[str, str] = {}

    def compose_body(self) -> ComposeResult:
        """Lay the fields of both ways; those of the other one are hidden."""
        self._read_known()
        with VerticalScroll(classes="sheet form", can_focus=False):
            names = [council.name for council in self._councils]
            yield Field("Council", Picker(names, id="council"), id="for-council")
            yield Field("How something is made", Picker(self._labels(), id="source"))
            yield Field("Where the file is", one_line(id="path", placeholder="~/bakery.csv"), id="for-path")
            told = "Separated by commas; a column capacity in the table says it, too."
            capacities = one_line(id="capacities", placeholder="bread=600, flour=900")
            yield Field(
                "The most that can be made in a period", capacities, help_text=told, id="for-capacities"
            )
            with Vertical(id="for-table"):
                yield TechniqueTable()
            told = "Like a workplace. A later one of the same product and name takes the place of an earlier one."
            yield Field(
                "Name of this way", one_line(id="name"), limit=NAME_CHARS, help_text=told, id="for-name"
            )
            most = one_line(id="most", placeholder="no limit that is known")
            yield Field("The most that can be made in a period", most, id="for-most")
            yield Static(id="wrong", classes="error", markup=False)
            note = one_line(id="note", placeholder="Measured in May")
            yield Field("Where the figures come from", note, limit=NOTE_CHARS_MAX)
            yield Static(id="columns-of-a-file", classes="help", markup=False)

    def on_mount(self) -> None:
        """Begin with what was typed before."""
        self._kept = _unpacked(self.app.drafts.get(_DRAFT, {}))
        keys = [self._key(at) for at in range(len(self._labels()))]
        self._source = next((source for source in self._kept if source in keys), BY_HAND)
        self.query_one("#source", Picker).index = keys.index(self._source)
        self._fill(self._source)

    @property
    def _council(self) -> CouncilView:
        return self._councils[self.query_one("#council", Picker).index]

    def _read_known(self) -> None:
        """Techniques to begin with, mine first."""
        at = self.query_one("#council", Picker).index if self.is_mounted else 0
        found = self.session.techniques(self._councils[at].id)
        self._known = tuple(sorted(found, key=lambda technique: not technique.by.is_me))

    def _labels(self) -> list[str]:
        return [BY_HAND, FROM_FILE, *(f"like “{found.name}”, {found.product}" for found in self._known)]

    def _key(self, index: int) -> str:
        return (BY_HAND, FROM_FILE, *(found.hash.hex() for found in self._known))[index]

    @on(Picker.Changed, "#council")
    def _other_council(self) -> None:
        self._read_known()
        self.query_one("#source", Picker).offer(self._labels())
        self._change_source()

    @on(Picker.Changed, "#source")
    def _change_source(self) -> None:
        source = self._key(self.query_one("#source", Picker).index)
        if source != self._source:
            self._keep()
            self._source = source
            self._fill(source)

    @work(exclusive=True)
    async def _fill(self, source: str) -> None:
        """Show what was typed for a source, or what it begins with."""
        known = next((found for found in self._known if found.hash.hex() == source), None)
        first = _first(known)
        typed = self._kept.get(source, first)
        await self.query_one(TechniqueTable).show(_rows_of(typed))
        for name in {*_HAND_FIELDS, *_FILE_FIELDS}:
            self.query_one(f"#{name}", Input).value = typed.get(name, "")
        self._begun = first
        self.refresh_view()

    def refresh_view(self) -> None:
        """Ask what the chosen source leaves open."""
        is_file = self._source == FROM_FILE
        self.query_one("#for-council").display = len(self._councils) > 1
        for name in ("table", "name", "most"):
            self.query_one(f"#for-{name}").display = not is_file
        for name in ("path", "capacities"):
            self.query_one(f"#for-{name}").display = is_file
        told = "One line for each input, hour of work and pollutant; docs/planning.md describes it."
        self.query_one("#columns-of-a-file", Static).update(muted(told if is_file else ""))
        self.query_one("#wrong").display = False

    def _typed(self) -> dict[str, str]:
        typed = {name: self.query_one(f"#{name}", Input).value for name in {*_HAND_FIELDS, *_FILE_FIELDS}}
        return typed | _cells_of(self.query_one(TechniqueTable).typed)

    def _keep(self) -> None:
        typed = self._typed()
        if typed != self._begun:
            self._kept[self._source] = typed

    @on(Input.Submitted)
    def _next_field(self) -> None:
        self.focus_next()

    @work
    async def action_add(self) -> None:
        """One row more."""
        (await self.query_one(TechniqueTable).add()).query_one(Picker).focus()

    @work
    async def action_publish(self) -> None:
        """Check what was typed, and sign it; a file after a question."""
        self.app.hush()
        try:
            entries = await self._from_file() if self._source == FROM_FILE else (self._by_hand(),)
        except LocalError as error:
            self.app.complain(error)
            return
        if self._source == FROM_FILE:
            title = f"Publish {words.count(len(entries), 'technique')}?"
            if not await self.app.push_screen_wait(
                ConfirmDialog(title, _told(entries), "Publish", "Go on here")
            ):
                return
        self.submit("publish", PublishTechniques(self._council.id, entries))

    def _by_hand(self) -> PublishTechnique:
        table = self.query_one(TechniqueTable)
        table.tell(None)
        self.query_one("#wrong").display = False
        name, most, note = (self.query_one(f"#{field}", Input).value.strip() for field in _HAND_FIELDS)
        try:
            capacity = Micro(0) if not most else quantity_at(most, "The most that can be made", 0, 0)
        except TextFileError as error:
            wrong = self.query_one("#wrong", Static)
            wrong.update(line(f"✗ {error.message} {error.hint}", BAD))
            wrong.display = True
            self.query_one("#most").focus()
            raise
        try:
            return entry_of(name, table.typed, capacity, note)
        except TextFileError as error:
            table.tell(error)
            raise LocalError(error.message, error.hint) from error

    async def _from_file(self) -> tuple[PublishTechnique, ...]:
        field = self.query_one("#path", Input)
        field.focus()
        if not field.value.strip():
            raise LocalError("Where is the file?", "Write its path, like ~/bakery.csv.")
        path = Path(field.value.strip())
        data = await self.session.read_file(path, BOUNDS.file_bytes)
        said = self.query_one("#capacities", Input).value.split(",")
        try:
            found = read_table_file(data)
        except TextFileError as error:
            raise LocalError(f"{path.name}: {error}", error.hint) from error
        try:
            most = capacities_of_words([word for word in said if word.strip()], found)
        except TextFileError:
            self.query_one("#capacities").focus()
            raise
        try:
            return entries_of(found, most, self.query_one("#note", Input).value)
        except TextFileError as error:
            raise LocalError(f"{path.name}: {error}", error.hint) from error

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A file has its rows."""
        return action != "add" or self._source != FROM_FILE

    @on(Finished)
    def _published(self, message: Finished) -> None:
        self._kept.pop(self._source, None)
        self.app.drafts[_DRAFT] = _packed(self._kept)
        self.leave()
        self.app.say(message.done.message, "The section Techniques of a plan has it.")

    def action_back(self) -> None:
        """Leave, and keep what was typed."""
        if not self.busy:
            self._keep()
            self.app.drafts[_DRAFT] = _packed(self._kept)
        super().action_back()
        if self._kept and not self.busy:
            self.app.say("Your draft is kept while p2pcouncil runs.", "Press t to go on with it.")


def _told(entries: tuple[PublishTechnique, ...]) -> str:
    """What is about to be published, a line each."""
    lines = [
        f"{entry.product} by “{entry.name}”"
        + (f", at most {amount(entry.capacity)} {entry.unit} in a period" if entry.capacity else "")
        for entry in entries[:_TOLD_MAX]
    ]
    if len(entries) > _TOLD_MAX:
        lines.append(f"and {len(entries) - _TOLD_MAX} more")
    return "\n".join(lines)


def _first(known: TechniqueView | None) -> dict[str, str]:
    """What stands in the fields before anything is typed."""
    fields = dict.fromkeys((*_HAND_FIELDS, *_FILE_FIELDS), "")
    if known is not None:
        most = amount(known.capacity_micro) if known.capacity_micro else ""
        fields |= {"name": known.name, "most": most, "note": " ".join(known.note.split())}
    return fields | _cells_of(first_rows(known))


def _cells_of(rows: tuple[TypedRow, ...]) -> dict[str, str]:
    """Rows as a draft keeps them."""
    return {
        f"row {at:04} {cell}": getattr(row, cell)
        for at, row in enumerate(rows)
        for cell in TypedRow.__slots__
    }


def _rows_of(typed: Mapping[str, str]) -> tuple[TypedRow, ...]:
    places = sorted({key.split()[1] for key in typed if key.startswith("row ")})
    return tuple(TypedRow(*(typed[f"row {at} {cell}"] for cell in TypedRow.__slots__)) for at in places)


def _packed(kept: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Drafts of several sources as one, as the program keeps them."""
    return {f"{source}\n{key}": value for source, typed in kept.items() for key, value in typed.items()}


def _unpacked(draft: Mapping[str, str]) -> dict[str, dict[str, str]]:
    kept: dict[str, dict[str, str]] = {}
    for key, value in draft.items():
        source, _, name = key.partition("\n")
        kept.setdefault(source, {})[name] = value
    return kept
