"""A proposal: what it is, its text and who wrote what, the discussion, the vote as it runs, and how it is counted."""

from collections.abc import Iterator
from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import ContentSwitcher, OptionList, Static

from crdt.errors import LocalError
from crdt.ids import ChangeHash
from p2pcouncil.peer.commands import (
    GiveFeedback,
    OpenVote,
    ReportProgress,
    SecondProposal,
    WithdrawProposal,
)
from p2pcouncil.peer.views.proposals import CommentView, ProposalView
from tui.content import muted
from tui.drawing import proposal as draw
from tui.drawing.life import life_section
from tui.drawing.tally import count_section, vote_panel
from tui.messages import Finished
from tui.screens.base import CouncilScreen
from tui.screens.dialogs import AskDialog, ChoiceDialog, ConfirmDialog
from tui.screens.found import WINDOWS
from tui.screens.propose import ProposeScreen
from tui.screens.review import ReviewScreen
from tui.screens.vote import VoteScreen
from tui.screens.write import CommentScreen, EditScreen
from tui.widgets.keyed_list import KeyedList, Row
from tui.widgets.pane import Pane
from tui.widgets.sections import SectionLine

SECTIONS = ("overview", "text", "discussion", "edits", "life", "count")
SIDE_FROM_CELLS = 110
_NO_COMMENTS = "nobody"
_OFFERED = (
    *("vote", "second", "open", "edit", "comment", "withdraw"),
    *("report", "done", "feedback", "review", "reopen"),
)
"""Actions that are named in `ProposalView.actions`."""


class CommentList(KeyedList):
    """The discussion; the cursor says which comment is answered."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("r,enter", "select", "Reply")]


class ProposalScreen(CouncilScreen):
    """One proposal."""

    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "vote", "Vote"),
        Binding("s", "second", "Second"),
        Binding("o", "open", "Open the vote"),
        Binding("e", "edit", "Edit"),
        Binding("c", "comment", "Comment"),
        Binding("l", "life", "Its life"),
        Binding("w", "authors", "Who wrote what"),
        Binding("x", "withdraw", "Withdraw"),
        Binding("p", "report", "Report"),
        Binding("d", "done", "It is done"),
        Binding("f", "feedback", "How it goes"),
        Binding("g", "review", "Review"),
        Binding("t", "reopen", "Take up again"),
        Binding("right", "section(1)", "Section", key_display="←→"),
        Binding("left", "section(-1)", "Previous section", show=False),
    ]

    def __init__(self, proposal: ChangeHash, place: str = "proposals") -> None:
        """Show a proposal.

        Args:
            proposal: its id, or its issue's.
            place: the main place that we come from.
        """
        super().__init__()
        self.place = place
        self._proposal_id = proposal
        self._section = 0
        self._with_authors = False
        self._view: ProposalView | None = None

    def compose_body(self) -> ComposeResult:
        """Lay title, sections and the vote beside them."""
        with Vertical(classes="page"):
            yield Static(id="heading", markup=False)
            yield SectionLine(markup=False)
            with Horizontal():
                with ContentSwitcher(initial=SECTIONS[0], id="sections"):
                    for name in SECTIONS:
                        yield CommentList(id=name) if name == "discussion" else Pane(id=name)
                yield Pane(id="side")

    def on_mount(self) -> None:
        """Begin with the overview."""
        self.query_one(f"#{SECTIONS[0]}").focus()

    def on_resize(self, event: events.Resize) -> None:
        """Put the vote beside the text where there is room."""
        self.redraw()

    def refresh_view(self) -> None:
        """Read the proposal again and draw all sections."""
        try:
            view = self.session.proposal(self._proposal_id)
        except LocalError as error:
            self.app.complain(error)
            return
        self._view = view
        now_ms = self.app.now_ms()
        beside = view.issue is not None and self.size.width >= SIDE_FROM_CELLS
        self.query_one("#heading", Static).update(draw.title_block(view))
        self.query_one(SectionLine).show(self._labels(view), self._section)
        self.query_one("#overview", Pane).show(draw.overview(view, now_ms, with_vote=not beside))
        text = draw.who_wrote_what(view) if self._with_authors else draw.plain_text(view)
        self.query_one("#text", Pane).show(text)
        self.query_one("#discussion", CommentList).show(list(self._comments(view)))
        self.query_one("#edits", Pane).show(draw.edits(view))
        life = life_section(view.issue, now_ms) if view.issue else muted("No vote on it is asked for yet.")
        self.query_one("#life", Pane).show(life)
        count = (
            count_section(view.issue)
            if view.issue
            else muted("There is nothing to count before the vote opens.")
        )
        self.query_one("#count", Pane).show(count)
        side = self.query_one("#side", Pane)
        side.display = beside
        if beside and view.issue is not None:
            side.show(vote_panel(view.issue, now_ms))

    def _labels(self, view: ProposalView) -> tuple[str, ...]:
        voted = f"Count ({len(view.issue.ballots)})" if view.issue else "Count"
        talk, edits = f"Discussion ({len(view.comments)})", f"Edits ({len(view.edits)})"
        return ("Overview", "Text", talk, edits, "Life", voted)

    def _comments(self, view: ProposalView) -> Iterator[Row]:
        now_ms = self.app.now_ms()
        for comment in view.comments:
            yield Row(comment.id.hex(), draw.comment(comment, now_ms))
        if not view.comments:
            yield Row(_NO_COMMENTS, Content("Nobody has said anything yet. Press c to begin."))

    def action_section(self, by: int) -> None:
        """Show the next or the previous section."""
        self._show_section((self._section + by) % len(SECTIONS))

    def action_life(self) -> None:
        """Show how far the vote is, who seals it, and what became of it."""
        self._show_section(SECTIONS.index("life"))

    def _show_section(self, section: int) -> None:
        self._section = section
        name = SECTIONS[self._section]
        self.query_one("#sections", ContentSwitcher).current = name
        self.query_one(f"#{name}", Widget).focus()
        self.redraw()

    def action_authors(self) -> None:
        """Show the text by author, or plain."""
        self._with_authors = not self._with_authors
        self.redraw()

    def action_vote(self) -> None:
        """Vote, or vote again."""
        self.app.visit(VoteScreen(self._proposal_id, place=self.place))

    def action_edit(self) -> None:
        """Edit the text."""
        self.app.visit(EditScreen(self._proposal_id, place=self.place))

    def action_comment(self) -> None:
        """Say something about it."""
        self.app.visit(CommentScreen(self._proposal_id, place=self.place))

    @on(OptionList.OptionSelected, "#discussion")
    def _reply(self) -> None:
        comment = self._chosen_comment()
        self.app.visit(CommentScreen(self._proposal_id, comment, place=self.place))

    def _chosen_comment(self) -> CommentView | None:
        key = self.query_one("#discussion", CommentList).highlighted_key
        comments = self._view.comments if self._view else ()
        return next((comment for comment in comments if comment.id.hex() == key), None)

    @work
    async def action_second(self) -> None:
        """Second the version that was read."""
        view = self._view
        if view is None:
            return
        question = f"You say that this version of “{view.title}” should come to a vote. It is no vote for it."
        if await self.app.push_screen_wait(ConfirmDialog("Second this proposal?", question, "Second it")):
            self.submit("second", SecondProposal(view.id, view.version))

    @work
    async def action_open(self) -> None:
        """Open the vote: ask for how long."""
        view = self._view
        if view is None:
            return
        labels = ["as long as the council's charter says", *(label for _, label in WINDOWS)]
        explained = (
            "The text, the options and the roll are fixed from now on. How long shall the vote be open?"
        )
        chosen = await self.app.push_screen_wait(ChoiceDialog("Open the vote?", explained, labels))
        if chosen is not None:
            seconds = WINDOWS[chosen - 1][0] if chosen else None
            self.submit("open", OpenVote(view.id, seconds))

    @work
    async def action_withdraw(self) -> None:
        """Take one's own proposal back."""
        view = self._view
        if view is None:
            return
        explained = "It stays readable, marked as withdrawn. Say why in a sentence, if you like."
        reason = await self.app.push_screen_wait(
            AskDialog("Withdraw your proposal?", explained, "Withdraw it")
        )
        if reason is not None:
            self.submit("withdraw", WithdrawProposal(view.id, reason))

    @work
    async def action_report(self) -> None:
        """Report what became of the decision."""
        explained = "Say what was done, and where it can be seen. It stands on the vote."
        await self._report("What became of it?", explained, "Report")

    @work
    async def action_done(self) -> None:
        """Say that the decision is carried out."""
        explained = "You say, under your name, that it is carried out. Say where it can be seen."
        await self._report("Is it done?", explained, "Say so", is_done=True)

    async def _report(self, title: str, explained: str, verb: str, *, is_done: bool = False) -> None:
        view = self._view
        if view is None or view.issue is None:
            return
        text = await self.app.push_screen_wait(AskDialog(title, explained, verb))
        if text is not None:
            self.submit("report", ReportProgress(view.issue.id, text, is_done))

    @work
    async def action_feedback(self) -> None:
        """Say how the decision works out."""
        view = self._view
        if view is None or view.issue is None:
            return
        title, labels = "How does it work out?", ("It works out", "It does not work out")
        chosen = await self.app.push_screen_wait(
            ChoiceDialog(title, "Everybody sees what you say, with your name, below the vote.", labels)
        )
        if chosen is None:
            return
        dialog = AskDialog(f"{labels[chosen]}: why?", "A sentence, or nothing.", "Send")
        text = await self.app.push_screen_wait(dialog)
        if text is not None:
            self.submit("feedback", GiveFeedback(view.issue.id, is_content=chosen == 0, text=text))

    def action_review(self) -> None:
        """Look at all of it, and sign whether it holds."""
        self.app.visit(ReviewScreen(self._proposal_id, place=self.place))

    def action_reopen(self) -> None:
        """Propose it again, with a link to this vote."""
        self.app.visit(ProposeScreen(place=self.place, takes_up=self._view))

    @on(Finished)
    def _done(self, message: Finished) -> None:
        self.redraw()
        self.app.say(message.done.message)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what I may do now."""
        if action in _OFFERED:
            return self._view is not None and action in self._view.actions
        if action == "life":
            has_vote = self._view is not None and self._view.issue is not None
            return has_vote and SECTIONS[self._section] != "life"
        if action == "authors":
            return SECTIONS[self._section] == "text"
        return True
