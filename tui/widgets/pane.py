"""A part of a screen that scrolls up and down with the keyboard, and leaves left and right to the screen."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content

from tui.widgets.prose import Prose


class Pane(VerticalScroll, can_focus=True, inherit_bindings=False):
    """Scrollable text."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_up", "Up", show=False),
        Binding("down,j", "scroll_down", "Down", show=False),
        Binding("pageup", "page_up", "Page up", show=False),
        Binding("pagedown,space", "page_down", "Page down", show=False),
        Binding("home", "scroll_home", "Top", show=False),
        Binding("end", "scroll_end", "End", show=False),
    ]

    def compose(self) -> ComposeResult:
        """Lay one text."""
        yield Prose()

    def show(self, content: Content) -> None:
        """Draw the text; the scroll position stays."""
        self.query_one(Prose).show(content)
