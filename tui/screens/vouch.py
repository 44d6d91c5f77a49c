"""Vouching: who asks to join, and four words to compare by voice before anybody is let in."""

from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from crdt.errors import LocalError
from crdt.ids import CouncilId
from p2pcouncil.peer.commands import ObjectTo, VouchFor
from p2pcouncil.peer.views.people import JoinRequestView
from tui.content import HEADING, MUTED, STRONG, WARN, join, line, lines, muted
from tui.drawing.council import objections
from tui.messages import Finished
from tui.screens.base import CouncilScreen
from tui.screens.dialogs import AskDialog


def fingerprint_block(fingerprint: str) -> Content:
    """The four words below each other, numbered and spaced, as they are read aloud."""
    rows: list[Content | str] = []
    for number, word in enumerate(fingerprint.split("-"), start=1):
        rows.extend([join([Content.styled(f"   {number}   ", MUTED), line(word.upper(), HEADING)]), ""])
    return lines(rows[:-1])


def objection_dialog(name: str) -> AskDialog:
    """Asks for the reason of an objection.

    Args:
        name: the newcomer's.
    """
    explained = (
        f"No page lets {name} in before a vote says so; anybody can propose that vote. Everybody sees that you object, "
        "and why, if you say so."
    )
    return AskDialog("Object to this newcomer?", explained, "Object")


class VouchScreen(CouncilScreen):
    """One join request at a time."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "vouch", "The words match: I vouch"),
        Binding("o", "object", "Object"),
        Binding("right", "other(1)", "Next request", key_display="→"),
        Binding("left", "other(-1)", "Previous", show=False),
        Binding("escape", "back", "They differ, or not now", key_display="Esc"),
    ]

    def __init__(self, council: CouncilId, join_id: bytes = b"", place: str = "councils") -> None:
        """Show requests of a council.

        Args:
            council: whose.
            join_id: the request to begin with; the first if empty.
            place: the main place that we come from.
        """
        super().__init__()
        self.place = place
        self._council = council
        self._join_id = join_id

    def compose_body(self) -> ComposeResult:
        """Lay one text."""
        with VerticalScroll(classes="sheet"):
            yield Static(id="request", markup=False)
            yield Static(id="fingerprint", markup=False)
            yield Static(id="advice", markup=False)

    def _requests(self) -> tuple[JoinRequestView, ...]:
        return self.session.council(self._council).requests

    def _request(self) -> JoinRequestView | None:
        requests = self._requests()
        return next((r for r in requests if r.join_id == self._join_id), requests[0] if requests else None)

    def refresh_view(self) -> None:
        """Read the request again."""
        request = self._request()
        council = self.session.council(self._council)
        fingerprint = self.query_one("#fingerprint", Static)
        fingerprint.display = request is not None
        if request is None:
            self.query_one("#request", Static).update("Nobody asks to join at the moment. Press Esc.")
            self.query_one("#advice", Static).update("")
            return
        rows = [
            join([line(request.person.name, HEADING), " asks to join ", line(council.name, STRONG), "."]),
            muted(f"{request.how} · {request.vouches} of {request.needed} vouches"),
        ]
        if request.warning:
            rows.append(join([Content.styled("! Take care: ", f"bold {WARN}"), line(request.warning)]))
        rows.extend(objections(request.objectors))
        self.query_one("#request", Static).update(lines(rows))
        fingerprint.update(fingerprint_block(request.person.fingerprint))
        self.query_one("#advice", Static).update(lines(self._advice(request)))

    def _advice(self, request: JoinRequestView) -> list[Content | str]:
        if request.mine:
            return [Content.styled("✓ You have vouched for them.", STRONG)]
        return [
            join(
                [
                    "Call or meet ",
                    line(request.person.name, STRONG),
                    ", and compare these four words by voice.",
                ]
            ),
            "Whoever has other words is somebody else, whatever their name says: then press Esc.",
            muted("With your vouch, under your name, they are put on the roll and may vote."),
        ]

    def action_other(self, by: int) -> None:
        """Show the next or the previous request."""
        requests = self._requests()
        present = self._request()
        if present is not None:
            self._join_id = requests[(requests.index(present) + by) % len(requests)].join_id
            self.redraw()

    def action_vouch(self) -> None:
        """Vouch for whom the screen shows."""
        request = self._request()
        if request is None:
            self.app.complain(LocalError("Nobody asks to join at the moment.", "Press Esc."))
            return
        self.submit("vouch", VouchFor(self._council, request.join_id))

    @work
    async def action_object(self) -> None:
        """Object to whom the screen shows."""
        request = self._request()
        if request is None:
            return
        reason = await self.app.push_screen_wait(objection_dialog(request.person.name))
        if reason is not None:
            self.submit("object", ObjectTo(self._council, request.person.member, reason))

    @on(Finished)
    def _vouched(self, message: Finished) -> None:
        self.leave()
        self.app.say(message.done.message)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what the request allows."""
        request = self._request()
        if action == "vouch":
            return request is not None and not request.mine
        if action == "object":
            return request is not None and request.vouches > 0 and not request.person.is_me
        if action == "other":
            return len(self._requests()) > 1
        return True
