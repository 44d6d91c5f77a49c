"""Invite a neighbour: one line to send, and the same as a code to scan."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Input, Static

from crdt.ids import CouncilId
from p2pcouncil.peer.commands import MakeInvitation
from tui.content import GOOD, block, heading, line, lines, muted
from tui.messages import Finished
from tui.screens.base import CouncilScreen
from tui.screens.qr import QrScreen
from tui.widgets.field import Field, one_line


class InviteScreen(CouncilScreen):
    """Makes an invitation for one person and shows it."""

    AUTO_FOCUS = "#note"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "make", "Make the invitation"),
        Binding("c", "copy", "Copy the line"),
        Binding("q", "qr", "Show as a code to scan"),
    ]

    def __init__(self, council: CouncilId, place: str = "councils") -> None:
        """Prepare the form.

        Args:
            council: where to invite to.
            place: the main place that we come from.
        """
        super().__init__()
        self.place = place
        self._council = council
        self._line = ""
        self._code: tuple[str, ...] = ()

    def compose_body(self) -> ComposeResult:
        """Lay the form and the result."""
        name = self.session.council(self._council).name
        with VerticalScroll(classes="sheet form"):
            yield Static(heading("Invite a neighbour"), classes="prose", markup=False)
            yield Field(
                f"Who is it for? (invitation to {name})",
                one_line(id="note", placeholder="Greta from number 12"),
                help_text="The others of the council can read this note. Enter makes the invitation.",
            )
            yield Static(id="invitation", markup=False)

    @on(Input.Submitted)
    def action_make(self) -> None:
        """Make the one-time key and the line."""
        self.submit("invite", MakeInvitation(self._council, self.query_one("#note", Input).value.strip()))

    @on(Finished)
    def _made(self, message: Finished) -> None:
        self._line, *code = message.done.lines
        self._code = tuple("\n".join(code).splitlines())
        self.query_one(Field).display = False
        self.query_one("#invitation", Static).update(
            lines(
                [
                    line(f"✓ {message.done.message}", GOOD),
                    "",
                    "Send them this line, over any channel. It is good once, for one person:",
                    "",
                    block(self._line, "bold"),
                    "",
                    "1. c copies it where your terminal allows that"
                    + ("; q shows it as a code." if code else "."),
                    "2. They start p2pcouncil, choose “I have an invitation” and paste it.",
                    "3. Their request comes to your inbox. Compare four words by voice, and vouch.",
                    "",
                    muted("Leave p2pcouncil running, so that their peer finds yours."),
                ]
            )
        )
        self.query_one(VerticalScroll).focus()
        self.refresh_bindings()

    def action_copy(self) -> None:
        """Ask the terminal to copy the line."""
        self.app.copy_to_clipboard(self._line)
        self.app.say(
            "Copied, if your terminal allows programs to copy.", "Else select the line with the mouse."
        )

    def action_qr(self) -> None:
        """Show the code on a screen of its own."""
        self.app.visit(QrScreen(self._code, place=self.place))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """First make it, then pass it on."""
        if action == "copy":
            return bool(self._line)
        if action == "qr":
            return bool(self._code)
        if action == "make":
            return not self._line
        return True
