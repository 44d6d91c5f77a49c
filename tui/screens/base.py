"""What all screens have in common: the lines around them, asking the session for something, and reading views again.

A screen asks in a worker, which posts `Finished` or `Refused`; handlers own the state. While one request is under
way no second one starts, so that a key pressed twice doesn't write twice.
"""

from collections.abc import Coroutine
from typing import Any, ClassVar

from textual import getters, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from crdt.errors import LocalError
from p2pcouncil.peer.commands import Command, Done
from p2pcouncil.peer.session import Session
from tui.content import join, line
from tui.messages import Finished, Refused
from tui.shell import Shell
from tui.widgets.lines import Foot, NavBar, NoticePanel, StatusBar


class CouncilScreen(Screen[None]):
    """A screen that fills the terminal."""

    app = getters.app(Shell)
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012 - Textual declares no ClassVar
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "back", "Back", key_display="Esc")]
    place = ""
    """The main place that this screen belongs to; empty during the first run."""
    busy = False
    unfinished = ""
    """A sentence that says what would be lost by quitting here."""

    @property
    def session(self) -> Session:
        """The running peer."""
        return self.app.session

    def compose(self) -> ComposeResult:
        """Lay the lines around the body."""
        yield NavBar(markup=False)
        yield from self.compose_body()
        yield Foot()

    def compose_body(self) -> ComposeResult:
        """Lay what is this screen's own."""
        yield from ()

    def refresh_view(self) -> None:
        """Read this screen's views again and draw them."""

    def redraw(self) -> None:
        """Draw everything anew from the session, if the screen stands yet."""
        if not self.is_mounted or not self.query(Foot):
            return
        if self.place:
            waiting = sum(item.needs_me for item in self.session.inbox())
            self.query_one(NavBar).show(self.place, waiting)
        else:
            title = line(f"p2pcouncil · {self.title or ''}", "bold $primary")
            self.query_one(NavBar).update(join([" ", title]))
        self.query_one(StatusBar).show(self.session.status().line)
        self.refresh_view()
        self.refresh_bindings()
        self.show_notice()

    def show_notice(self) -> None:
        """Show the program's notice here."""
        for panel in self.query(NoticePanel):
            panel.tell(self.app.notice)

    def on_mount(self) -> None:
        """Draw for the first time."""
        self.redraw()
        self.call_after_refresh(self._begin_at_top)

    def _begin_at_top(self) -> None:
        """The first focus scrolls before the first layout is right, and would hide the first label."""
        for sheet in self.query(".sheet"):
            sheet.scroll_home(animate=False)

    def on_screen_resume(self) -> None:
        """Draw what changed while another screen was on top."""
        self.redraw()

    def submit(self, what: str, command: Command) -> None:
        """Ask the peer to do something; `Finished` or `Refused` with the same name follows.

        Args:
            what: a name for the request.
            command: what to do.
        """
        self.attempt(what, self.session.submit(command))

    def attempt(self, what: str, work: Coroutine[Any, Any, Done]) -> None:
        """Carry out a request in a worker.

        Args:
            what: a name for the request.
            work: an awaitable of the session, not started yet.
        """
        if self.busy:
            work.close()
            return
        self.busy = True
        self.app.hush()
        self.app.run_worker(self._carry_out(what, work), name=what)

    async def _carry_out(self, what: str, work: Coroutine[Any, Any, Done]) -> None:
        try:
            done = await work
        except LocalError as error:
            self.post_message(Refused(what, error))
        else:
            self.post_message(Finished(what, done))

    @on(Finished)
    def _finished(self) -> None:
        self.busy = False

    @on(Refused)
    def _refused(self, message: Refused) -> None:
        self.busy = False
        self.app.complain(message.error)

    def leave(self) -> None:
        """Go back to the screen below."""
        self.app.pop_screen()

    def action_back(self) -> None:
        """Go back, unless something is being written just now."""
        if self.busy:
            self.app.say("One moment: your request is still being written.")
            return
        self.app.notice = None
        self.leave()
