"""What every screen may ask of the program around it: the session, the clock, the way to other places, a notice.

Screens know this and not `tui.app`, which knows them all.
"""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

from textual.app import App
from textual.screen import Screen

from crdt.errors import LocalError
from p2pcouncil.peer.session import Session


@dataclass(frozen=True, slots=True)
class Notice:
    """What the line above the status bar says.

    Attributes:
        text: one sentence.
        hint: what to do next, or empty.
        is_error: whether something could not be done.
    """

    text: str
    hint: str = ""
    is_error: bool = False


class Shell(App[None]):
    """The program as its screens see it."""

    session: Session
    now_ms: Callable[[], int]
    notice: Notice | None = None
    drafts: dict[str, dict[str, str]]
    """What was typed into forms that were left; kept until the program ends."""

    def say(self, text: str, hint: str = "") -> None:
        """Tell what happened, in the notice of the screen that comes up or stays."""
        self.notice = Notice(text, hint)
        self.show_notice()

    def complain(self, error: LocalError) -> None:
        """Tell what can't be done and what to do instead."""
        self.notice = Notice(str(error), error.hint, is_error=True)
        self.show_notice()

    def hush(self) -> None:
        """Take the notice away: the user moved on."""
        self.notice = None
        self.show_notice()

    def visit(self, screen: Screen[None]) -> None:
        """Open a screen on top of this one; Escape leads back."""
        self.notice = None
        self.push_screen(screen)

    @abstractmethod
    def show_notice(self) -> None:
        """Let the present screen show `notice`."""

    @abstractmethod
    def go(self, place: str) -> None:
        """Go to a main place: 'start', or one of `tui.widgets.lines.PLACES`."""

    @abstractmethod
    def toggle_theme(self) -> None:
        """Change between light and dark."""
