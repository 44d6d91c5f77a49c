"""An invitation as a code that a telephone's camera reads."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import ScrollableContainer
from textual.content import Content
from textual.widgets import Static

from tui.content import WARN, line
from tui.screens.base import CouncilScreen

_AROUND_ROWS = 5


class QrScreen(CouncilScreen):
    """Light blocks on black in both themes: the code's dark parts are the gaps, as cameras expect."""

    def __init__(self, code: Sequence[str], place: str = "councils") -> None:
        """Show a code.

        Args:
            code: its rows, drawn in half blocks, with the quiet zone around it.
            place: the main place that we come from.
        """
        super().__init__()
        self.place = place
        self._code = tuple(code)

    def compose_body(self) -> ComposeResult:
        """Lay a warning if the window is too small, and the code."""
        with ScrollableContainer(id="code-frame"):
            yield Static(id="too-small", markup=False)
            yield Static(Content("\n".join(self._code)), id="code", markup=False)

    def refresh_view(self) -> None:
        """Say how large the window has to be, if it is too small."""
        rows = len(self._code) + _AROUND_ROWS
        columns = max(map(len, self._code), default=0) + 2
        too_small = self.query_one("#too-small", Static)
        too_small.display = self.size.height < rows or self.size.width < columns
        text = f"To scan it, make the window {columns} × {rows} or use a smaller font; or go back and send the line."
        too_small.update(line(text, WARN))

    def on_resize(self) -> None:
        """The window may be large enough now."""
        self.redraw()
