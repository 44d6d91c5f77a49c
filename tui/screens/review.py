"""Reviewing a closed vote: everything to look at on one page, and a verdict for whoever was drawn."""

from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from crdt.errors import LocalError
from crdt.ids import ChangeHash
from p2pcouncil.peer.commands import ReviewVote
from p2pcouncil.peer.views.proposals import ProposalView
from tui.content import HEADING, STRONG, WARN, join, line, lines, muted
from tui.drawing.review import is_mine, review_page
from tui.messages import Finished
from tui.screens.base import CouncilScreen
from tui.screens.dialogs import AskDialog
from tui.widgets.pane import Pane


class ReviewScreen(CouncilScreen):
    """One closed vote, to be looked at."""

    AUTO_FOCUS = "#review"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("h", "sign(True)", "It holds: sign"),
        Binding("d", "sign(False)", "Dispute it"),
    ]

    def __init__(self, proposal: ChangeHash, place: str = "oversight") -> None:
        """Show a closed vote.

        Args:
            proposal: its proposal, or its issue.
            place: the main place that we come from.
        """
        super().__init__()
        self.place = place
        self._proposal_id = proposal
        self._view: ProposalView | None = None

    def compose_body(self) -> ComposeResult:
        """Lay the title and the page."""
        with Vertical(classes="page"):
            yield Static(id="heading", markup=False)
            yield Pane(id="review")

    def refresh_view(self) -> None:
        """Read the vote again."""
        try:
            view = self.session.proposal(self._proposal_id)
        except LocalError as error:
            self.app.complain(error)
            return
        self._view = view
        if view.issue is None or view.issue.status != "closed":
            self.query_one("#review", Pane).show(line("This vote is not closed yet. Press Esc.", STRONG))
            return
        self.query_one("#heading", Static).update(lines([line(view.title, HEADING), self._asked(view)]))
        self.query_one("#review", Pane).show(review_page(view, view.issue, self.app.now_ms()))

    def _asked(self, view: ProposalView) -> Content:
        if view.issue is not None and is_mine(view.issue):
            asked = "You were drawn to look at it: does the count hold? "
            return join([Content.styled(asked, f"bold {WARN}"), muted(view.council_name)])
        return muted(f"{view.council_name} · to read; those who were drawn sign")

    @work
    async def action_sign(self, holds: bool) -> None:
        """Sign a verdict, with a note."""
        view = self._view
        if view is None or view.issue is None:
            return
        if holds:
            explained = (
                "You sign that roll, window, seals and count hold. Say what you looked at, if you like."
            )
            dialog = AskDialog("Does it hold?", explained, "Sign that it holds")
        else:
            explained = "Everybody sees a dispute on the vote, with your name. Say what does not hold."
            dialog = AskDialog("What does not hold?", explained, "Sign that it is disputed")
        note = await self.app.push_screen_wait(dialog)
        if note is not None:
            self.submit("review", ReviewVote(view.issue.id, holds, note))

    @on(Finished)
    def _signed(self, message: Finished) -> None:
        self.leave()
        self.app.say(message.done.message)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only those who were drawn sign, once."""
        return action != "sign" or (self._view is not None and "review" in self._view.actions)
