"""The last step of the first run: found a community, or come with an invitation."""

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import OptionList, Static

from tui.content import HEADING, MUTED, join, line, lines
from tui.drawing.inbox import spaced_words
from tui.screens.base import CouncilScreen
from tui.screens.found import FoundScreen
from tui.screens.join import JoinScreen
from tui.widgets.keyed_list import ChoiceList, Row

_CHOICES = (
    ("found", "Found a community", "nobody has started one yet; I invite the others"),
    ("join", "I have an invitation", "somebody sent me a line of text"),
    ("later", "Look around first", "I can do both later"),
)


class StartScreen(CouncilScreen):
    """Where to belong."""

    TITLE = "Step 3 of 3: your community"

    def compose_body(self) -> ComposeResult:
        """Lay who I am and the choices."""
        with VerticalScroll(classes="sheet", can_focus=False):
            yield Static(id="who-am-i", classes="prose", markup=False)
            yield ChoiceList(id="where", classes="choices")

    def on_mount(self) -> None:
        """Offer the choices."""
        where = self.query_one("#where", ChoiceList)
        where.show(
            [Row(key, join([line(title, "bold"), "   ", line(text, MUTED)])) for key, title, text in _CHOICES]
        )
        where.focus()

    def refresh_view(self) -> None:
        """Say who I am."""
        identity = self.session.identity()
        if identity is None:
            return
        person = identity.person
        self.query_one("#who-am-i", Static).update(
            lines(
                [
                    join(["You are ", line(person.name, "bold"), "."]),
                    "",
                    "Your four words stand for your key. Whoever vouches for you asks you to read them aloud:",
                    "",
                    join(["    ", spaced_words(person.fingerprint)]),
                    "",
                    line("Where do you belong?", HEADING),
                ]
            )
        )

    @on(OptionList.OptionSelected, "#where")
    def _chosen(self) -> None:
        match self.query_one("#where", ChoiceList).highlighted_key:
            case "found":
                self.app.visit(FoundScreen())
            case "join":
                self.app.visit(JoinScreen())
            case _:
                self.app.go("inbox")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is nothing to go back to."""
        return action != "back"
