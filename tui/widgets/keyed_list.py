"""A list that is drawn anew without losing the place: rows have keys, and the cursor follows its row."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from tui.content import hang

_AROUND_CELLS = 4
"""What padding and the scroll bar take of a row."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a list.

    Attributes:
        key: names the row across refreshes; unique in the list.
        content: what it says.
        is_heading: whether the cursor passes over it.
    """

    key: str
    content: Content
    is_heading: bool = False


class KeyedList(OptionList, inherit_bindings=False):
    """An option list that takes rows with keys, as often as views change; left and right stay the screen's."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Open"),
        Binding("up,k", "cursor_up", "Up", show=False),
        Binding("down,j", "cursor_down", "Down", show=False),
        Binding("home", "first", "First", show=False),
        Binding("end", "last", "Last", show=False),
        Binding("pageup", "page_up", "Page up", show=False),
        Binding("pagedown", "page_down", "Page down", show=False),
    ]

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        """Start empty.

        Args:
            id: the widget's id.
            classes: its CSS classes.
        """
        super().__init__(id=id, classes=classes, markup=False)
        self._rows: tuple[Row, ...] = ()

    @property
    def highlighted_key(self) -> str | None:
        """The key of the row under the cursor."""
        return None if self.highlighted is None else self._rows[self.highlighted].key

    def show(self, rows: Sequence[Row]) -> None:
        """Draw the rows; the cursor and the scroll position stay with what they were on.

        Args:
            rows: all rows, in order.
        """
        if tuple(rows) == self._rows:
            return
        before = [row.key for row in self._rows]
        key, place, offset = self.highlighted_key, self.highlighted, self.scroll_offset
        self._rows = tuple(rows)
        if before == [row.key for row in rows]:
            for index, row in enumerate(rows):
                self.replace_option_prompt_at_index(index, self._wrapped(row))
            return
        self.clear_options()
        self.add_options([Option(self._wrapped(row), disabled=row.is_heading) for row in rows])
        self.highlighted = self._place_of(key, place)
        self.scroll_to(offset.x, offset.y, animate=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is nothing to open in an empty list."""
        return bool(self._rows)

    def on_resize(self) -> None:
        """Wrap the rows anew."""
        for index, row in enumerate(self._rows):
            self.replace_option_prompt_at_index(index, self._wrapped(row))

    def _wrapped(self, row: Row) -> Content:
        return hang(row.content, self.size.width - _AROUND_CELLS)

    def choose(self, key: str) -> None:
        """Put the cursor on the row with this key, if it is there."""
        for index, row in enumerate(self._rows):
            if row.key == key:
                self.highlighted = index

    def _place_of(self, key: str | None, place: int | None) -> int | None:
        """Where the cursor goes: on its row, else nearby, else on the first row that takes it."""
        free = [index for index, row in enumerate(self._rows) if not row.is_heading]
        if not free:
            return None
        for index in free:
            if self._rows[index].key == key:
                return index
        return min(free, key=lambda index: abs(index - (place or 0)))


class ChoiceList(KeyedList):
    """A list of ways to go on."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select", "Choose")]
