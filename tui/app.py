"""The terminal interface of p2pcouncil: a session in, screens out.

The program holds the session and the way between screens; what a screen shows and does is its own. One worker waits
for changes and lets the screen on top read its views again.
"""

import time
from collections.abc import Callable, Iterable
from typing import ClassVar

from textual import on, work
from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.command import Provider
from textual.screen import Screen

from p2pcouncil.peer.session import Session
from tui.messages import Changed
from tui.palette import Commands
from tui.screens.base import CouncilScreen
from tui.screens.councils import CouncilsScreen
from tui.screens.dialogs import ConfirmDialog
from tui.screens.help import HelpScreen
from tui.screens.inbox import InboxScreen
from tui.screens.me import MeScreen
from tui.screens.network import NetworkScreen
from tui.screens.oversight import OversightScreen
from tui.screens.plan import PlanScreen
from tui.screens.proposals import ProposalsScreen
from tui.screens.register import RegisterScreen
from tui.screens.start import StartScreen
from tui.screens.welcome import WelcomeScreen
from tui.shell import Notice, Shell
from tui.theme import DARK, DARK_NAME, LIGHT, LIGHT_NAME

CLOCK_SECONDS = 30
_PLACES: dict[str, type[CouncilScreen]] = {
    "inbox": InboxScreen,
    "proposals": ProposalsScreen,
    "councils": CouncilsScreen,
    "network": NetworkScreen,
    "me": MeScreen,
    "register": RegisterScreen,
    "oversight": OversightScreen,
    "plan": PlanScreen,
}


def wall_clock_ms() -> int:
    """Milliseconds since 1970 by this laptop's clock; for words like 'ends in 2 h' only."""
    return time.time_ns() // 1_000_000


class QuitDialog(ConfirmDialog):
    """Asks whether to stay; quitting once more while it stands is an answer too."""


class CouncilApp(Shell):
    """The program."""

    TITLE = "p2pcouncil"
    CSS_PATH = "styles.tcss"
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {Commands}
    COMMAND_PALETTE_DISPLAY = "^p"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "go('inbox')", "Inbox", show=False),
        Binding("2", "go('proposals')", "Proposals", show=False),
        Binding("3", "go('councils')", "Councils", show=False),
        Binding("4", "go('network')", "Network", show=False),
        Binding("5", "go('me')", "Me", show=False),
        Binding("6", "go('register')", "Register", show=False),
        Binding("7", "go('oversight')", "Oversight", show=False),
        Binding("8", "go('plan')", "Plan", show=False),
        Binding("f1,question_mark", "help", "Help", key_display="F1"),
        Binding("ctrl+p", "command_palette", "Commands", priority=True),
        Binding("ctrl+t", "theme", "Light or dark", show=False),
        Binding("ctrl+q", "quit", "Quit", priority=True),
    ]
    _old_notice: Notice | None = None

    def __init__(self, session: Session, now_ms: Callable[[], int] = wall_clock_ms) -> None:
        """Prepare the program.

        Args:
            session: the running peer.
            now_ms: our clock; tests pass one that stands still.
        """
        super().__init__()
        self.session = session
        self.now_ms = now_ms
        self.drafts = {}
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = DARK_NAME
        # Nothing glides: what moves by itself distracts, and screen readers read it twice.
        self.animation_level = "none"

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our own colour names, for themes that don't know them."""
        return {name: DARK.variables[name] for name in ("quiet", "frame", "select")}

    def on_mount(self) -> None:
        """Begin where this peer stands: first run, no community yet, or the inbox."""
        for place, screen in _PLACES.items():
            self.install_screen(screen(), place)
        status = self.session.status()
        if status.identity is None:
            self.push_screen(WelcomeScreen())
        elif not status.councils and not status.pending:
            self.push_screen(StartScreen())
        else:
            self.push_screen("inbox")
        self._watch_session()
        self.set_interval(CLOCK_SECONDS, self._tick)

    @work
    async def _watch_session(self) -> None:
        """Tell the screens whenever something may look different."""
        async for _ in self.session.changes():
            self.post_message(Changed())

    def _tick(self) -> None:
        """Tell the time anew, and take away good news that has stood for a while."""
        if self.notice is self._old_notice and self.notice is not None and not self.notice.is_error:
            self.hush()
        self._old_notice = self.notice
        self.post_message(Changed())

    @on(Changed)
    def _read_again(self) -> None:
        # While the program ends its screens fall apart piece by piece, and entries still come in.
        if self.is_running and isinstance(self.screen, CouncilScreen):
            self.screen.redraw()

    def show_notice(self) -> None:
        """Let the present screen show the notice."""
        if self._screen_stack and isinstance(self.screen, CouncilScreen):
            self.screen.show_notice()

    def go(self, place: str) -> None:
        """Go to a main place, whatever is open on top."""
        self.notice = None
        while len(self.screen_stack) > 2:
            self.pop_screen()
        self.switch_screen(StartScreen() if place == "start" else place)

    def action_go(self, place: str) -> None:
        """Go to a main place by its number."""
        if (
            self.session.identity() is not None
            and isinstance(self.screen, CouncilScreen)
            and self.screen.place
        ):
            self.go(place)

    def action_help(self) -> None:
        """Open the help."""
        if not isinstance(self.screen, HelpScreen) and isinstance(self.screen, CouncilScreen):
            self.visit(HelpScreen())

    def action_theme(self) -> None:
        """Change between light and dark."""
        self.toggle_theme()

    def toggle_theme(self) -> None:
        """Change between light and dark."""
        self.theme = LIGHT_NAME if self.theme == DARK_NAME else DARK_NAME

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """None: the palette offers our own commands only."""
        yield from ()

    async def action_quit(self) -> None:
        """Quit, or ask first when something is unfinished or entries of ours are only here."""
        only_here = self.session.network().only_here if self.session.identity() else 0
        unfinished = self.screen.unfinished if isinstance(self.screen, CouncilScreen) else ""
        if isinstance(self.screen, QuitDialog):
            self.exit()
        elif unfinished:
            self._ask_to_quit(QuitDialog("Quit now?", unfinished, "Go on here", "Quit all the same"))
        elif only_here:
            self._ask_to_quit(_only_here_dialog(only_here))
        else:
            self.exit()

    @work
    async def _ask_to_quit(self, dialog: QuitDialog) -> None:
        if await self.push_screen_wait(dialog) is False:
            self.exit()


def _only_here_dialog(only_here: int) -> QuitDialog:
    if only_here == 1:
        title, them = "1 of your entries is only here", "it"
    else:
        title, them = f"{only_here} of your entries are only here", "them"
    explained = (
        f"No other peer is known to hold {them} yet. Until you are back nobody else can see {them}, "
        f"and if this laptop breaks you have to write {them} again."
    )
    return QuitDialog(title, explained, "Stay online a little", "Quit all the same")
