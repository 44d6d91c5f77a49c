"""A row of a council's proposal: what, how much (to be typed), how; and beside it the last word and the suggestion."""

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Static

from p2pcouncil.domain.plain_text import clean_line
from p2pcouncil.domain.planning.quantities import Micro, QuantityError, read_quantity
from p2pcouncil.peer.plan_figures import amount
from tui.content import ACCENT, BAD, STRONG, join, line, muted
from tui.unit_rows import PRIORITY_LABELS, WANTED, RowSpec, Said
from tui.widgets.field import one_line
from tui.widgets.picker import Picker

_HOW = {"offers": "offered", "limits": "at most"}
_AMOUNT_CHARS = 24
NOTE_CHARS_MAX = 2_000
_NAME_CELLS = 17


class FigureRow(Vertical):
    """One good of a table; an empty amount leaves it out."""

    def __init__(self, spec: RowSpec, last: Said | None, suggested: Said | None) -> None:
        """Show a row that holds the last word, if there is one.

        Args:
            spec: what it is about.
            last: what was said last.
            suggested: what could be said now.
        """
        super().__init__(classes="figure-row")
        self.spec = spec
        self.field = Input(
            amount(last.amount) if last is not None else "",
            classes="amount",
            compact=True,
            max_length=_AMOUNT_CHARS,
        )
        priority = last.priority if last is not None else WANTED
        self._picker = Picker(PRIORITY_LABELS, index=priority, is_counted=False)
        self._last = last
        self._suggested = suggested

    def compose(self) -> ComposeResult:
        """Lay the cells, and below them the place for an error."""
        with Horizontal():
            yield Static(self._what(), classes="name", markup=False)
            yield self.field
            if self.spec.kind == "wants":
                yield self._picker
            else:
                yield Static(muted(_HOW.get(self.spec.kind, self.spec.how)), classes="how", markup=False)
            yield Static(classes="last", markup=False)
            yield Static(classes="suggested", markup=False)
        yield Static(classes="error", markup=False)

    def on_mount(self) -> None:
        """Show what it can be compared with."""
        self.compare(self._last, self._suggested)

    def _what(self) -> Content:
        return join([line(self.spec.name, STRONG, _NAME_CELLS - 8), " ", muted(self.spec.unit_of)])

    def compare(self, last: Said | None, suggested: Said | None) -> None:
        """Show the last word and the suggestion; what was typed stays."""
        self._last, self._suggested = last, suggested
        if not self.query(".last"):
            return  # What is not laid out yet shows it once it is.
        self.query_one(".last", Static).update(muted(amount(last.amount) if last is not None else "–"))
        is_other = suggested is not None and suggested != last
        told = amount(suggested.amount) if suggested is not None else "–"
        self.query_one(".suggested", Static).update(line(told, ACCENT if is_other else ""))

    def take_suggestion(self) -> bool:
        """Put the suggestion into the field; whether there is one."""
        if self._suggested is None:
            return False
        self.field.value = amount(self._suggested.amount)
        self._picker.index = self._suggested.priority
        return True

    @property
    def priority(self) -> int:
        """The place of the priority that is picked."""
        return self._picker.index

    def fill(self, typed: str, priority: int) -> None:
        """Put back what was typed before."""
        self.field.value = typed
        self._picker.index = priority

    def read(self) -> Micro | None:
        """The amount; None for an empty field. An error shows below the field.

        Raises:
            QuantityError: what was typed is no amount.
        """
        self.query_one(".error").display = False
        typed = self.field.value.strip()
        if not typed:
            return None
        try:
            return read_quantity(typed)
        except QuantityError as error:
            told = f"✗ “{typed}” is no amount: {error}. {error.hint}"
            shown = self.query_one(".error", Static)
            shown.update(line(told, BAD))
            shown.display = True
            raise


def note_field(unit: int, note: str) -> Input:
    """Where a council says why."""
    placeholder = "Why, or what changed since the last round"
    return one_line(id=f"note-{unit}", value=clean_line(note, NOTE_CHARS_MAX), placeholder=placeholder)
