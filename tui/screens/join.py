"""Come with an invitation: paste a line, and learn who has to vouch."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static, TextArea

from crdt.errors import LocalError
from p2pcouncil.peer.commands import JoinByInvitation
from tui.messages import Finished
from tui.screens.base import CouncilScreen
from tui.widgets.field import Field, many_lines


class JoinScreen(CouncilScreen):
    """Takes the line of an invitation."""

    TITLE = "Step 3 of 3: your invitation"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+s", "join", "Ask to join")]
    AUTO_FOCUS = "#invitation"

    def __init__(self, place: str = "") -> None:
        """Prepare the form.

        Args:
            place: the main place that we come from.
        """
        super().__init__()
        self.place = place

    def compose_body(self) -> ComposeResult:
        """Lay one large input."""
        with VerticalScroll(classes="sheet form", can_focus=False):
            yield Field(
                "Paste the invitation here",
                many_lines(id="invitation", classes="six"),
                help_text="One long line of letters; breaks and spaces in it do no harm.",
            )
            yield Static(
                "An invitation is good once, for one person. It says which council, and where its "
                "members can be found. Your request goes to the peer of whoever invited you, and a "
                "member vouches for you after you have compared four words by voice.",
                classes="prose",
                markup=False,
            )

    def action_join(self) -> None:
        """Send the request."""
        invitation = self.query_one("#invitation", TextArea).text.strip()
        if not invitation:
            self.app.complain(
                LocalError("There is no invitation yet.", "Ask a member for one, and paste it here.")
            )
            return
        self.submit("join", JoinByInvitation(invitation))

    @on(Finished)
    def _asked(self, message: Finished) -> None:
        self.app.go("inbox")
        self.app.say(message.done.message)
