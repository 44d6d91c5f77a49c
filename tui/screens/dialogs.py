"""Short questions on top of a screen: yes or no, one of several, or a line of text. Escape always means no."""

from collections.abc import Sequence
from typing import ClassVar, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static

from tui.content import HEADING, MUTED, block, heading, join, line
from tui.widgets.field import one_line
from tui.widgets.keyed_list import ChoiceList, Row

AnswerT = TypeVar("AnswerT")
SECRET = "Your passphrase, or all words of your recovery phrase, because this is said under your member key."


class Dialog(ModalScreen[AnswerT]):
    """A box with a question; dismissed with its answer."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Cancel")]

    def __init__(self, title: str, explained: str) -> None:
        """Ask.

        Args:
            title: the question, in our words.
            explained: what follows from it; may quote others.
        """
        super().__init__()
        self._title = title
        self._explained = explained

    def compose(self) -> ComposeResult:
        """Lay the box."""
        with Vertical(classes="dialog"):
            yield Static(heading(self._title), markup=False)
            yield Static(block(self._explained), classes="explained", markup=False)
            yield from self.compose_answer()

    def compose_answer(self) -> ComposeResult:
        """Lay what takes the answer."""
        yield from ()

    def action_cancel(self) -> None:
        """Answer with nothing."""
        self.dismiss(None)


class ChoiceDialog(Dialog[int | None]):
    """One of several; answers with its index."""

    def __init__(self, title: str, explained: str, labels: Sequence[str], default: int = 0) -> None:
        """Ask for one of several.

        Args:
            title: the question.
            explained: what follows from it.
            labels: the answers, in our words.
            default: index of the answer under the cursor.
        """
        super().__init__(title, explained)
        self._labels = tuple(labels)
        self._default = default

    def compose_answer(self) -> ComposeResult:
        """Lay the answers."""
        yield ChoiceList(id="answers")
        yield Static(
            Content.styled("↑↓ move   Enter choose   Esc do nothing", MUTED), classes="keys", markup=False
        )

    def on_mount(self) -> None:
        """Offer the answers."""
        answers = self.query_one("#answers", ChoiceList)
        answers.show([Row(str(index), line(label)) for index, label in enumerate(self._labels)])
        answers.highlighted = self._default
        answers.focus()

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option_index)


def _lettered(letter: str, text: str) -> Content:
    return join([Content.styled(letter, HEADING), "  ", line(text)])


class ConfirmDialog(Dialog[bool | None]):
    """Yes or no; the cursor begins on yes, and y and n answer at once."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes"),
        Binding("n", "answer(False)", "No"),
    ]

    def __init__(self, title: str, explained: str, yes: str, no: str = "Do nothing") -> None:
        """Ask for a yes.

        Args:
            title: the question.
            explained: what follows from it.
            yes: what yes does.
            no: what no does.
        """
        super().__init__(title, explained)
        self._yes = yes
        self._no = no

    def compose_answer(self) -> ComposeResult:
        """Lay both answers."""
        yield ChoiceList(id="answers")
        yield Static(
            Content.styled("y, n, or ↑↓ and Enter   Esc goes back", MUTED), classes="keys", markup=False
        )

    def on_mount(self) -> None:
        """Offer both."""
        answers = self.query_one("#answers", ChoiceList)
        answers.show([Row("yes", _lettered("y", self._yes)), Row("no", _lettered("n", self._no))])
        answers.focus()

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option_index == 0)

    def action_answer(self, answer: bool) -> None:
        """Answer by letter."""
        self.dismiss(answer)


class AskDialog(Dialog[str | None]):
    """A line of text, which may be empty."""

    def __init__(
        self, title: str, explained: str, verb: str, *, value: str = "", password: bool = False
    ) -> None:
        """Ask for a line.

        Args:
            title: the question.
            explained: what it is for.
            verb: what Enter does.
            value: what stands there already.
            password: whether to hide it.
        """
        super().__init__(title, explained)
        self._verb = verb
        self._value = value
        self._password = password

    def compose_answer(self) -> ComposeResult:
        """Lay the input."""
        yield one_line(id="answer", value=self._value, password=self._password)
        yield Static(
            Content.styled(f"Enter {self._verb[0].lower()}{self._verb[1:]}   Esc do nothing", MUTED),
            classes="keys",
            markup=False,
        )

    @on(Input.Submitted)
    def _answered(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip())
