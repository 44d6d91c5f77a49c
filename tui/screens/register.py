"""The register: pages that tellers sign, one council at a time, and whether I am one of them."""

from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from crdt.errors import LocalError
from crdt.ids import CouncilId
from p2pcouncil.peer.commands import GoOn, PledgeDuty
from p2pcouncil.peer.views.councils import CouncilView
from p2pcouncil.peer.views.register import RegisterView
from tui.content import STRONG, line, lines
from tui.drawing.register import register_head, register_now, register_pages
from tui.messages import Finished
from tui.screens.base import CouncilScreen
from tui.screens.dialogs import SECRET, AskDialog, ConfirmDialog
from tui.screens.proposal import SIDE_FROM_CELLS
from tui.widgets.pane import Pane


class RegisterScreen(CouncilScreen):
    """One council's register; a place of its own, or visited from the inbox."""

    place = "register"
    AUTO_FOCUS = "#now"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right", "council(1)", "Next council", key_display="←→"),
        Binding("left", "council(-1)", "Previous council", show=False),
        Binding("o", "pledge(True)", "Go on duty"),
        Binding("x", "pledge(False)", "Go off duty"),
        Binding("g", "go_on", "Go on elsewhere"),
    ]
    _view: RegisterView | None = None

    def __init__(self, council: CouncilId | None = None) -> None:
        """Show a council's register.

        Args:
            council: which; the first that we belong to, if left out.
        """
        super().__init__()
        self._council = council
        self._is_visited = council is not None

    def compose_body(self) -> ComposeResult:
        """Lay the council's line, what is now, the pages, and the empty state."""
        with Vertical(classes="page"):
            yield Static(id="heading", markup=False)
            with Horizontal():
                yield Pane(id="now")
                yield Pane(id="pages")
            yield Static(id="empty", markup=False)

    def on_resize(self, event: events.Resize) -> None:
        """Put the pages beside what is now where there is room."""
        self.redraw()

    def _held(self) -> list[CouncilView]:
        """The councils of which more than the announcement is held."""
        return [council for council in self.session.councils() if council.state_hash]

    def _present(self, councils: list[CouncilView]) -> int:
        ids = [council.id for council in councils]
        if self._council in ids:
            return ids.index(self._council)
        return next((place for place, council in enumerate(councils) if council.is_member), 0)

    def refresh_view(self) -> None:
        """Read the register again."""
        councils = self._held()
        self._view = None
        for selector in ("#heading", "#now", "#pages"):
            self.query_one(selector).display = bool(councils)
        empty = self.query_one("#empty", Static)
        empty.display = not councils
        what = "A register begins with a council: press 3."
        empty.update(lines([line("There is no register here yet.", STRONG), "", what]))
        if councils:
            self._show(councils)

    def _show(self, councils: list[CouncilView]) -> None:
        place = self._present(councils)
        try:
            view = self.session.register(councils[place].id)
        except LocalError as error:
            self.app.complain(error)
            return
        self._view = view
        beside = self.size.width >= SIDE_FROM_CELLS
        self.query_one("#heading", Static).update(register_head(view, place + 1, len(councils)))
        now, pages = register_now(view), register_pages(view)
        self.query_one("#now", Pane).show(now if beside else lines([now, "", pages]))
        self.query_one("#pages", Pane).show(pages)
        self.query_one("#pages").display = beside

    def action_council(self, by: int) -> None:
        """Show the next or the previous council's register."""
        councils = self._held()
        self._council = councils[(self._present(councils) + by) % len(councils)].id
        self.query_one("#now", Pane).scroll_home(animate=False)
        self.query_one("#pages", Pane).scroll_home(animate=False)
        self.redraw()

    @work
    async def action_pledge(self, is_on: bool) -> None:
        """Go on duty as a teller, or off it."""
        view = self._view
        if view is None:
            return
        if not is_on:
            explained = (
                "The tellers' next page takes you off. Fewer tellers then keep the register, and votes wait for those "
                "who stay. You vote as before."
            )
            dialog = ConfirmDialog("Go off duty as a teller?", explained, "Go off duty")
            if not await self.app.push_screen_wait(dialog):
                return
        self.submit("pledge", PledgeDuty(view.council, is_on))

    @work
    async def action_go_on(self) -> None:
        """Go on in a successor of this council."""
        view = self._view
        if view is None:
            return
        first = (
            "You write its founding: it lists everybody on the roll, and those who still speak tell there."
        )
        others = "You sign what others wrote."
        explained = (
            "Only when tellers are gone for good, so that no page can be written any more. You tell here no more from "
            f"then on, unless a page comes after all. {others if view.successors else first} {SECRET}"
        )
        dialog = AskDialog("Go on in a successor council?", explained, "Sign it", password=True)
        secret = await self.app.push_screen_wait(dialog)
        if secret:
            self.submit("go on", GoOn(view.council, secret))

    @on(Finished)
    def _done(self, message: Finished) -> None:
        self.redraw()
        self.app.say(message.done.message)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what makes sense for the council shown."""
        match action:
            case "back":
                return self._is_visited
            case "council":
                return len(self._held()) > 1
            case "go_on":
                return self._view is not None and self._view.can_go_on
            case "pledge":
                can = self._view.can_pledge if self._view is not None else ""
                return can == ("on" if parameters == (True,) else "off")
            case _:
                return True
