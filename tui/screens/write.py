"""Writing with others: an edit of a proposal's text, a comment. What was typed survives leaving the form."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static, TextArea

from crdt.errors import LocalError
from crdt.ids import ChangeHash
from p2pcouncil.domain.plain_text import clean_block
from p2pcouncil.peer.commands import AddComment, EditText
from p2pcouncil.peer.views.proposals import CommentView
from tui.content import BLOCK_CHARS_MAX, BLOCK_LINES_MAX, HEADING, MUTED, block, line, lines, muted
from tui.drawing.proposal import person
from tui.messages import Finished
from tui.screens.base import CouncilScreen
from tui.widgets.field import Field, many_lines

TITLE_CHARS_MAX = 120
SUMMARY_CHARS_MAX = 600
COMMENT_CHARS_MAX = 4_000
_METHODS = ("yes or no", "approval: any number of options", "ranking: options in order")
_THRESHOLDS = (
    (500, "more than half"),
    (666, "two thirds or more"),
    (750, "more than three quarters"),
    (999, "everybody"),
)


class EditScreen(CouncilScreen):
    """A proposal's text in an editor; saving merges with what others wrote meanwhile."""

    AUTO_FOCUS = "#text"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+s", "save", "Save")]

    def __init__(self, proposal: ChangeHash, place: str = "proposals") -> None:
        """Prepare the editor.

        Args:
            proposal: its id.
            place: the main place that we come from.
        """
        super().__init__()
        self.place = place
        self._proposal_id = proposal
        self._base: tuple[ChangeHash, ...] = ()

    def compose_body(self) -> ComposeResult:
        """Lay title, hint and text."""
        view = self.session.proposal(self._proposal_id)
        self._base = tuple(ChangeHash(head) for head in view.version.heads)
        text = clean_block(view.text, BLOCK_CHARS_MAX, BLOCK_LINES_MAX)
        with Vertical(classes="page"):
            yield Static(line(view.title, HEADING), markup=False)
            yield Static(id="hint", markup=False)
            yield many_lines(id="text", text=self.app.drafts.get(self._draft, {}).get("text", text))

    @property
    def _draft(self) -> str:
        return f"edit/{self._proposal_id.hex()}/{b''.join(self._base).hex()}"

    def refresh_view(self) -> None:
        """Say whether others wrote meanwhile."""
        version = self.session.proposal(self._proposal_id).version
        if tuple(version.heads) == self._base:
            hint = muted("Markdown. Whoever seconded the present version has to second the new one again.")
        else:
            hint = line(
                "Somebody edited the text meanwhile. When you save, both edits are merged.", "bold $accent"
            )
        self.query_one("#hint", Static).update(hint)

    def action_save(self) -> None:
        """Save what was typed."""
        self.submit("edit", EditText(self._proposal_id, self.query_one("#text", TextArea).text, self._base))

    @on(Finished)
    def _saved(self, message: Finished) -> None:
        self.app.drafts.pop(self._draft, None)
        self.leave()
        self.app.say(message.done.message)

    def action_back(self) -> None:
        """Leave, and keep what was typed."""
        self.app.drafts[self._draft] = {"text": self.query_one("#text", TextArea).text}
        super().action_back()


class CommentScreen(CouncilScreen):
    """A comment on a proposal, or an answer to one."""

    AUTO_FOCUS = "#text"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+s", "send", "Send")]

    def __init__(
        self, proposal: ChangeHash, reply_to: CommentView | None = None, place: str = "proposals"
    ) -> None:
        """Prepare the form.

        Args:
            proposal: what it is about.
            reply_to: the comment that it answers.
            place: the main place that we come from.
        """
        super().__init__()
        self.place = place
        self._proposal_id = proposal
        self._reply_to = reply_to

    def compose_body(self) -> ComposeResult:
        """Lay what is answered, and the input."""
        with Vertical(classes="page"):
            yield Static(line(self.session.proposal(self._proposal_id).title, HEADING), markup=False)
            if self._reply_to is not None:
                quoted = [
                    muted(f"You answer {person(self._reply_to.author)}:"),
                    block(self._reply_to.text, MUTED),
                ]
                yield Static(lines(quoted), classes="quoted", markup=False)
            label = "Your answer" if self._reply_to else "Your comment"
            saved = self.app.drafts.get(self._draft, {}).get("text", "")
            yield Field(label, many_lines(id="text", text=saved), limit=COMMENT_CHARS_MAX, classes="fill")

    @property
    def _draft(self) -> str:
        return f"comment/{self._proposal_id.hex()}/{self._reply_to.id.hex() if self._reply_to else ''}"

    def action_send(self) -> None:
        """Check and send."""
        text = self.query_one("#text", TextArea).text.strip()
        if not text:
            self.app.complain(
                LocalError("There is nothing to send yet.", "Write something first, or press Esc.")
            )
            return
        self.submit(
            "comment", AddComment(self._proposal_id, text, self._reply_to.id if self._reply_to else None)
        )

    @on(Finished)
    def _sent(self, message: Finished) -> None:
        self.app.drafts.pop(self._draft, None)
        self.leave()
        self.app.say(message.done.message)

    def action_back(self) -> None:
        """Leave, and keep what was typed."""
        self.app.drafts[self._draft] = {"text": self.query_one("#text", TextArea).text}
        super().action_back()
