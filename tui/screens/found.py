"""Found a society, or a council below one that we belong to: a name, a kind, a purpose, and how its charter begins."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Input, TextArea

from crdt.errors import LocalError
from p2pcouncil.domain.plain_text import validate_line
from p2pcouncil.domain.records import LEVELS, Charter
from p2pcouncil.peer.commands import FoundCouncil
from p2pcouncil.peer.views.councils import CouncilView
from tui.messages import Finished
from tui.screens.base import CouncilScreen
from tui.widgets.field import Field, many_lines, one_line
from tui.widgets.picker import Picker

NAME_CHARS_MAX = 64
PURPOSE_CHARS_MAX = 1_000
WINDOWS = (
    (3_600, "1 hour"),
    (24 * 3_600, "1 day"),
    (3 * 24 * 3_600, "3 days"),
    (7 * 24 * 3_600, "1 week"),
    (14 * 24 * 3_600, "2 weeks"),
)
PROBATIONS = (
    (0, "not at all"),
    (24 * 3_600, "1 day"),
    (7 * 24 * 3_600, "1 week"),
    (14 * 24 * 3_600, "2 weeks"),
    (30 * 24 * 3_600, "30 days"),
)
_KINDS = ("workers", "consumers")
_DEFAULT_WINDOW = 2
_DEFAULT_PROBATION = 3


class FoundScreen(CouncilScreen):
    """The form of a new council."""

    TITLE = "Step 3 of 3: found a community"
    AUTO_FOCUS = "#name"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+s", "found", "Found it")]

    def __init__(self, parent: CouncilView | None = None, place: str = "") -> None:
        """Prepare the form.

        Args:
            parent: the council that the new one stands below; None for a society.
            place: the main place that we come from.
        """
        super().__init__()
        self.place = place
        self._parent_council = parent

    def compose_body(self) -> ComposeResult:
        """Lay the form."""
        below = self._parent_council
        with VerticalScroll(classes="sheet form", can_focus=False):
            yield Field(
                "Its name", one_line(id="name", placeholder="Lindenhof quarter"), limit=NAME_CHARS_MAX
            )
            if below is not None:
                yield Field(
                    f"Kind, below {below.name}",
                    Picker(["workers' council", "consumers' council"], id="kind"),
                )
                yield Field("Level", Picker(LEVELS["workers"], index=1, id="level"))
            yield Field("What it is for", many_lines(id="purpose", classes="three"), limit=PURPOSE_CHARS_MAX)
            yield Field(
                "Seconds that a proposal needs before a vote may open",
                Picker([str(number) for number in range(6)], index=1, id="seconds"),
            )
            yield Field(
                "How long a vote is open, unless its opener says otherwise",
                Picker([label for _, label in WINDOWS], index=_DEFAULT_WINDOW, id="window"),
            )
            yield Field(
                "How long newcomers wait, once they vote, before they vouch and help to close votes",
                Picker([label for _, label in PROBATIONS], index=_DEFAULT_PROBATION, id="probation"),
            )

    @on(Picker.Changed, "#kind")
    def _kind_changed(self, event: Picker.Changed) -> None:
        self.query_one("#level", Picker).offer(LEVELS[_KINDS[event.picker.index]])

    @on(Input.Submitted)
    def _next_field(self) -> None:
        self.focus_next()

    def action_found(self) -> None:
        """Check the form and found the council."""
        try:
            command = self._command()
        except LocalError as error:
            self.app.complain(error)
            return
        self.submit("found", command)

    def _command(self) -> FoundCouncil:
        name = validate_line(self.query_one("#name", Input).value, "The name", NAME_CHARS_MAX)
        purpose = self.query_one("#purpose", TextArea).text.strip()
        if not purpose:
            self.query_one("#purpose").focus()
            raise LocalError(
                "The purpose is empty.", "Say in a sentence what these people want to do together."
            )
        if len(purpose) > PURPOSE_CHARS_MAX:
            raise LocalError(
                f"The purpose has {len(purpose)} characters; the limit is {PURPOSE_CHARS_MAX}.",
                "Shorten it; details can become the first proposal.",
            )
        charter = Charter(
            seconds_needed=self.query_one("#seconds", Picker).index,
            window_seconds=WINDOWS[self.query_one("#window", Picker).index][0],
            probation_seconds=PROBATIONS[self.query_one("#probation", Picker).index][0],
        )
        if self._parent_council is None:
            return FoundCouncil(name, "society", "society", purpose, None, charter)
        kind = _KINDS[self.query_one("#kind", Picker).index]
        level = LEVELS[kind][self.query_one("#level", Picker).index]
        return FoundCouncil(name, kind, level, purpose, self._parent_council.id, charter)

    @on(Finished)
    def _founded(self, message: Finished) -> None:
        self.app.go("councils" if self.place else "inbox")
        self.app.say(message.done.message, "Invite the others: go to 3 Councils and press i.")
