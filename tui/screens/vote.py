"""Voting: the rule, the ballot, and a line that says what is about to be signed."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Button, Static

from crdt.errors import LocalError
from crdt.ids import ChangeHash
from p2pcouncil.peer.commands import CastBallot
from p2pcouncil.peer.views.issues import IssueView
from tui.content import HEADING, MUTED, STRONG, block, join, line, lines
from tui.drawing.tally import confirm_line
from tui.messages import Finished
from tui.screens.base import CouncilScreen
from tui.widgets.ballot import Ballot
from tui.widgets.ballots import ballot_for
from tui.widgets.pane import Pane


class VoteScreen(CouncilScreen):
    """A ballot. What is chosen here stays as it is while the tally moves."""

    AUTO_FOCUS = "#ballot"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+s", "cast", "Cast this vote", priority=True)]

    def __init__(self, proposal: ChangeHash, place: str = "inbox") -> None:
        """Prepare a ballot.

        Args:
            proposal: a proposal whose vote is open, or its issue.
            place: the main place that we come from.
        """
        super().__init__()
        self.place = place
        self._proposal_id = proposal
        self._issue: IssueView | None = None

    def compose_body(self) -> ComposeResult:
        """Lay summary, rule, ballot and the confirm line."""
        with VerticalScroll(classes="page", can_focus=False):
            try:
                view = self.session.proposal(self._proposal_id)
            except LocalError as error:
                yield Static(lines([line(str(error), STRONG), line(error.hint)]), markup=False)
                return
            yield Static(line(view.title, HEADING), id="heading", markup=False)
            if view.issue is None:
                yield Static("The vote on this is not open yet. Press Esc.", markup=False)
                return
            self._issue = view.issue
            yield Pane(id="about")
            yield ballot_for(view.issue.method, view.issue.options, view.issue.my_choice)
            yield Static(id="confirm", markup=False)
            yield Button(self._verb(view.issue), id="cast", compact=True)

    def on_mount(self) -> None:
        """Tell what it is about and how it is decided."""
        if self._issue is None:
            return
        summary = self.session.proposal(self._proposal_id).summary
        about = [
            block(summary),
            join([Content.styled("Rule: ", MUTED), line(self._issue.rule)]),
            join([Content.styled("On a tie: ", MUTED), line(self._issue.tie_rule)]),
        ]
        self.query_one("#about", Pane).show(lines(about))
        self._confirm()

    def _verb(self, issue: IssueView) -> str:
        return "Cast this vote" if issue.my_choice is None else "Replace my vote"

    @on(Ballot.Changed)
    def _confirm(self) -> None:
        if self._issue is not None:
            choice = self.query_one(Ballot).choice
            self.query_one("#confirm", Static).update(confirm_line(self._issue, choice))
            self.query_one("#cast", Button).disabled = choice is None

    @on(Button.Pressed, "#cast")
    def action_cast(self) -> None:
        """Sign and send the ballot."""
        if self._issue is None:
            return
        choice = self.query_one(Ballot).choice
        if choice is None:
            self.app.complain(
                LocalError("You have chosen nothing yet.", "Move with ↑ and ↓, choose with Enter.")
            )
            return
        self.submit("vote", CastBallot(self._issue.id, choice))

    @on(Finished)
    def _cast(self, message: Finished) -> None:
        self.leave()
        self.app.say(message.done.message)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Casting needs an open vote."""
        return action != "cast" or self._issue is not None
