"""The single lines around every screen: where I am, what happened, how the peer stands, which keys do what."""

from collections.abc import Sequence

from textual import getters
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import Screen
from textual.style import Style
from textual.widgets import Static

from tui.content import BAD, GOOD, HEADING, MUTED, STRONG, join, line, lines, muted
from tui.shell import Notice, Shell
from tui.widgets.prose import Prose

PLACES = (
    ("inbox", "Inbox"),
    ("proposals", "Proposals"),
    ("councils", "Councils"),
    ("network", "Network"),
    ("me", "Me"),
    ("register", "Register"),
    ("oversight", "Oversight"),
    ("plan", "Plan"),
)
_GAP_CELLS = 2
_TWO_DIGITS = 10
_NARROW_CELLS = 78
_KEY_NAMES = {
    "escape": "Esc",
    "enter": "Enter",
    "space": "Space",
    "f1": "F1",
    "question_mark": "?",
    "left": "←",
    "right": "→",
    "plus": "+",
    "minus": "-",
}


class NavBar(Static):
    """The main places with their number keys, and which of them this is."""

    def show(self, here: str, waiting: int) -> None:
        """Draw the line.

        Args:
            here: the place that this screen belongs to.
            waiting: how many things in the inbox ask for me.
        """
        parts: list[Content] = []
        for number, (place, label) in enumerate(PLACES, start=1):
            text = f"{number} {label}"
            if place == "inbox" and waiting:
                # The places fill 80 cells; brackets are what a second digit can do without.
                text = f"{text} ({waiting})" if waiting < _TWO_DIGITS else f"{text} {waiting}"
            if place == here:
                parts.append(Content.styled(f"▸{text}", f"{HEADING} on $select"))
            else:
                parts.append(Content.styled(f" {text}", MUTED))
        self.update(join(parts))


class NoticePanel(Prose):
    """What just happened, or what could not be done and what to do instead."""

    def tell(self, notice: Notice | None) -> None:
        """Draw the notice, or nothing."""
        self.set_class(notice is not None, "-shown")
        if notice is None:
            return
        self.set_class(notice.is_error, "-error")
        mark = (
            Content.styled("✗ Not done: ", f"bold {BAD}") if notice.is_error else Content.styled("✓ ", GOOD)
        )
        rows = [join([mark, line(notice.text, STRONG if notice.is_error else "")])]
        if notice.hint:
            rows.append(join(["  ", line(f"What to do: {notice.hint}")]))
        self.show(lines(rows))


class StatusBar(Static):
    """How the peer stands, in one sentence that claims no more than is known."""

    def show(self, text: str) -> None:
        """Draw the sentence."""
        self.update(muted(text))


class KeyBar(Static):
    """Every key that does something here, in as many rows as it takes."""

    app = getters.app(Shell)
    _hints: Sequence[Content] = ()

    def on_mount(self) -> None:
        """Follow the focus: other widgets have other keys."""
        self.screen.bindings_updated_signal.subscribe(self, self._draw)

    def _draw(self, screen: Screen[object]) -> None:
        own: list[Content] = []
        common: list[Content] = []
        seen: set[str] = set()
        for node, binding, enabled, _ in screen.active_bindings.values():
            if not binding.show or not enabled or binding.action in seen:
                continue
            seen.add(binding.action)
            key = binding.key_display or _KEY_NAMES.get(binding.key) or self.app.get_key_display(binding)
            press = Style.from_meta({"@click": f"app.simulate_key('{binding.key}')"})
            hint = join([Content.styled(key, HEADING), f" {binding.description}"]).stylize(press)
            (common if node is self.app or binding.key == "escape" else own).append(hint)
        self._hints = [*own, *common]
        self._pack()

    def on_resize(self) -> None:
        """Pack the hints into rows anew."""
        self._pack()

    def _pack(self) -> None:
        """Fill rows with whole hints: a key and its words stay together."""
        cells = (self.size.width or self.app.size.width - 2) or _NARROW_CELLS
        rows: list[list[Content]] = [[]]
        used = 0
        for hint in self._hints:
            if rows[-1] and used + _GAP_CELLS + hint.cell_length > cells:
                rows.append([])
                used = 0
            used += hint.cell_length + (_GAP_CELLS if rows[-1] else 0)
            rows[-1].append(hint)
        self.update(lines(join(row, " " * _GAP_CELLS) for row in rows))


class Foot(Vertical):
    """Notice, status and keys, below every screen."""

    def compose(self) -> ComposeResult:
        """Lay the three lines."""
        yield NoticePanel()
        yield StatusBar(markup=False)
        yield KeyBar(markup=False)
