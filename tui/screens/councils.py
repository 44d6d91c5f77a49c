"""The tree of councils, and one of them in full: roll, fingerprints, requests, charter."""

from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import OptionList, Static

from p2pcouncil.peer.commands import JoinCouncil, LeaveCouncil, ObjectTo
from p2pcouncil.peer.views.councils import CouncilView
from p2pcouncil.peer.views.people import PersonView
from tui.content import STRONG, line, lines
from tui.drawing.council import council_page, tree_row
from tui.messages import Finished
from tui.screens.base import CouncilScreen
from tui.screens.dialogs import AskDialog, ChoiceDialog
from tui.screens.found import FoundScreen
from tui.screens.invite import InviteScreen
from tui.screens.join import JoinScreen
from tui.screens.propose import ProposeScreen
from tui.screens.vouch import VouchScreen, objection_dialog
from tui.widgets.keyed_list import KeyedList, Row
from tui.widgets.pane import Pane

_STRANGER = "not a member"


def newcomers_of(council: CouncilView) -> list[PersonView]:
    """Who may still be objected to: vouched for, and on no page yet."""
    vouched = [request.person for request in council.requests if request.vouches]
    coming = [member.person for member in council.members if member.is_coming]
    known = {person.member for person in coming}
    return [p for p in (*coming, *(v for v in vouched if v.member not in known)) if not p.is_me]


class CouncilTree(KeyedList):
    """The councils in tree order; the page beside follows the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select", "Read on the right", show=False)]


class CouncilsScreen(CouncilScreen):
    """All councils held here."""

    place = "councils"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "vouch", "Vouch"),
        Binding("o", "object", "Object to a newcomer"),
        Binding("i", "invite", "Invite"),
        Binding("n", "propose", "New proposal"),
        Binding("b", "below", "New council below"),
        Binding("a", "ask", "Ask to join"),
        Binding("j", "join", "Join by invitation"),
        Binding("f", "found", "Found a society"),
        Binding("l", "leave_council", "Leave"),
    ]

    def compose_body(self) -> ComposeResult:
        """Lay tree, page and the empty state."""
        with Horizontal(classes="page"):
            yield CouncilTree(id="tree")
            yield Pane(id="council")
            yield Static(id="empty", markup=False)

    def refresh_view(self) -> None:
        """Read the councils again."""
        councils = self.session.councils()
        self.query_one("#tree", CouncilTree).show([Row(c.id.hex(), tree_row(c)) for c in councils])
        for selector in ("#tree", "#council"):
            self.query_one(selector).display = bool(councils)
        empty = self.query_one("#empty", Static)
        empty.display = not councils
        empty.update(
            lines(
                [
                    line("You belong to no council yet.", STRONG),
                    "",
                    "Press f to found a community, or j if somebody sent you an invitation.",
                ]
            )
        )
        self._show_page()

    def _chosen(self) -> CouncilView | None:
        key = self.query_one("#tree", CouncilTree).highlighted_key
        return next((council for council in self.session.councils() if council.id.hex() == key), None)

    @on(OptionList.OptionHighlighted, "#tree")
    def _show_page(self) -> None:
        council = self._chosen()
        if council is not None:
            self.query_one("#council", Pane).show(council_page(council))
        self.refresh_bindings()

    @on(OptionList.OptionSelected, "#tree")
    def _read(self) -> None:
        self.query_one("#council", Pane).focus()

    def action_vouch(self) -> None:
        """Compare words with whoever asks to join."""
        council = self._chosen()
        if council is not None:
            self.app.visit(VouchScreen(council.id, place=self.place))

    @work
    async def action_object(self) -> None:
        """Object to somebody who is on their way to the roll."""
        council = self._chosen()
        if council is None:
            return
        newcomers = newcomers_of(council)
        chosen: int | None = 0
        if len(newcomers) > 1:
            labels = [f"{who.name}  {who.fingerprint}" for who in newcomers]
            dialog = ChoiceDialog("Object to whom?", "They are not on the roll yet.", labels)
            chosen = await self.app.push_screen_wait(dialog)
        if chosen is None:
            return
        reason = await self.app.push_screen_wait(objection_dialog(newcomers[chosen].name))
        if reason is not None:
            self.submit("object", ObjectTo(council.id, newcomers[chosen].member, reason))

    def action_invite(self) -> None:
        """Invite a neighbour."""
        council = self._chosen()
        if council is not None:
            self.app.visit(InviteScreen(council.id, place=self.place))

    def action_propose(self) -> None:
        """Propose something here."""
        council = self._chosen()
        if council is not None:
            self.app.visit(ProposeScreen(council.id, place=self.place))

    def action_below(self) -> None:
        """Found a council below this one."""
        self.app.visit(FoundScreen(self._chosen(), place=self.place))

    def action_found(self) -> None:
        """Found a society."""
        self.app.visit(FoundScreen(place=self.place))

    def action_join(self) -> None:
        """Come with an invitation."""
        self.app.visit(JoinScreen(place=self.place))

    def action_ask(self) -> None:
        """Ask to belong to a council announced here."""
        council = self._chosen()
        if council is not None:
            self.submit("ask", JoinCouncil(council.id))

    @work
    async def action_leave_council(self) -> None:
        """Leave a council, after a question."""
        council = self._chosen()
        if council is None:
            return
        explained = (
            f"You leave {council.name}: your name stays in what you did, your vote no longer counts in later votes. "
            "To come back, somebody has to vouch for you again. You may say why."
        )
        reason = await self.app.push_screen_wait(AskDialog("Leave this council?", explained, "Leave"))
        if reason is not None:
            self.submit("leave", LeaveCouncil(council.id, reason))

    @on(Finished)
    def _done(self, message: Finished) -> None:
        self.redraw()
        self.app.say(message.done.message)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what my standing allows."""
        if action == "back":
            return False
        if action == "found":
            return not self.session.councils()
        if action in ("join",):
            return True
        council = self._chosen() if self.is_mounted and self.query("#tree") else None
        if council is None:
            return action not in ("vouch", "object", "invite", "propose", "below", "ask", "leave_council")
        standing = council.my_standing
        match action:
            case "vouch":
                return bool(council.requests)
            case "object":
                return council.is_member and bool(newcomers_of(council))
            case "invite" | "propose" | "below" | "leave_council":
                return council.is_member
            case "ask":
                return standing == _STRANGER
            case _:
                return True
