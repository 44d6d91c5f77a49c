"""The recovery phrase: shown once, then checked, because a phrase that was not written down helps nobody."""

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from crdt.errors import LocalError
from tui.content import HEADING, MUTED, join, lines
from tui.screens.base import CouncilScreen
from tui.widgets.field import Field, one_line

COLUMNS = 4
COLUMN_CELLS = 16
CHECKED = 3
_UNFINISHED = (
    "Your recovery phrase is shown only now, and you have not shown yet that it is on paper. "
    "Without it nobody can bring you back if this laptop breaks."
)


def phrase_grid(words: Sequence[str]) -> Content:
    """The words in numbered columns, read downwards; 64 cells wide.

    Args:
        words: usually 24.
    """
    height = -(-len(words) // COLUMNS)
    rows = []
    for row in range(height):
        cells = []
        for place in range(row, len(words), height):
            number = Content.styled(f"{place + 1:>4}  ", MUTED)
            cells.append(join([number, Content.styled(words[place].ljust(COLUMN_CELLS - 6), "bold")]))
        rows.append(join(cells))
    return lines(rows)


def places_to_check(words: Sequence[str]) -> tuple[int, ...]:
    """Which words are asked for: spread over the phrase, and different for different phrases.

    Args:
        words: the phrase.

    Returns:
        Ascending indexes, one of each third.
    """
    third = len(words) // CHECKED
    shift = sum(map(len, words))
    return tuple(part * third + (shift + 3 * part) % third for part in range(CHECKED))


class PhraseScreen(CouncilScreen):
    """Shows the phrase, once."""

    TITLE = "Step 2 of 3: your recovery phrase"
    unfinished = _UNFINISHED
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+s,enter", "go_on", "I wrote all of them down")]

    def __init__(self, words: Sequence[str]) -> None:
        """Take the words; nothing else keeps them.

        Args:
            words: in order.
        """
        super().__init__()
        self._words = tuple(words)

    def compose_body(self) -> ComposeResult:
        """Lay sentences and words."""
        with VerticalScroll(classes="sheet"):
            yield Static(
                "Write these words down on paper, with their numbers. They are shown only now. "
                "Whoever has them can speak as you; without them and without this laptop, you are lost "
                "to your councils. Keep the paper safe, and take no photo of it.",
                classes="prose",
                markup=False,
            )
            yield Static(phrase_grid(self._words), id="phrase", markup=False)

    def action_go_on(self) -> None:
        """Ask for some of the words."""
        self.app.visit(PhraseCheckScreen(self._words))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is no way back: the key is made."""
        return action != "back"


class PhraseCheckScreen(CouncilScreen):
    """Asks for three of the words; Escape shows all of them again."""

    TITLE = "Step 2 of 3: is it on paper?"
    unfinished = _UNFINISHED
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Show the words again", key_display="Esc"),
        Binding("ctrl+s", "go_on", "Check"),
    ]

    def __init__(self, words: Sequence[str]) -> None:
        """Take the words to compare with.

        Args:
            words: in order.
        """
        super().__init__()
        self._words = tuple(words)
        self._places = places_to_check(words)

    def compose_body(self) -> ComposeResult:
        """Lay three questions."""
        with VerticalScroll(classes="sheet", can_focus=False):
            yield Static(
                Content.styled("Please copy these three words from your paper.", HEADING),
                classes="prose",
                markup=False,
            )
            for place in self._places:
                yield Field(f"Word {place + 1}", one_line(id=f"word-{place}"))

    @on(Input.Submitted)
    def _next_field(self, event: Input.Submitted) -> None:
        if event.input.id == f"word-{self._places[-1]}":
            self.action_go_on()
        else:
            self.focus_next()

    def action_go_on(self) -> None:
        """Compare, and go on to the last step."""
        for place in self._places:
            field = self.query_one(f"#word-{place}", Input)
            if field.value.strip().lower() != self._words[place]:
                field.focus()
                hint = "Look at your paper; Esc shows the words again."
                self.app.complain(LocalError(f"Word {place + 1} is another one.", hint))
                return
        self.app.go("start")
