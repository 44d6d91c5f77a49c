"""The first two screens of a new peer: who are you, new or known? And by what name."""

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Input, OptionList, Static

from crdt.errors import LocalError
from p2pcouncil.domain.plain_text import validate_line
from p2pcouncil.peer.commands import Done
from tui.content import HEADING, MUTED, join, line, lines
from tui.messages import Finished
from tui.screens.base import CouncilScreen
from tui.screens.phrase import PhraseScreen
from tui.widgets.field import Field, one_line
from tui.widgets.keyed_list import ChoiceList, Row

NAME_CHARS_MAX = 40
PHRASE_WORDS = 24
_WELCOME = lines(
    [
        line("Decide and plan together, without a server.", HEADING),
        "",
        "You and the others of your council each run this program. Your laptops hold everything that is said "
        "and decided, pass it on to each other, and count every vote for themselves. Nothing is stored "
        "anywhere else, and nobody has to be asked for permission.",
        "",
        line("Who are you?", HEADING),
    ]
)


class WelcomeScreen(CouncilScreen):
    """Two ways in: somebody new, or somebody with a recovery phrase."""

    TITLE = "Welcome"

    def compose_body(self) -> ComposeResult:
        """Lay a few sentences and two choices."""
        with VerticalScroll(classes="sheet", can_focus=False):
            yield Static(_WELCOME, classes="prose", markup=False)
            yield ChoiceList(id="who", classes="choices")

    def on_mount(self) -> None:
        """Offer the choices."""
        who = self.query_one("#who", ChoiceList)
        who.show(
            [
                _choice("new", "I am new", "make a key of my own on this laptop"),
                _choice("known", "I have a recovery phrase", "bring myself back on this laptop"),
            ]
        )
        who.focus()

    @on(OptionList.OptionSelected, "#who")
    def _chosen(self) -> None:
        known = self.query_one("#who", ChoiceList).highlighted_key == "known"
        self.app.visit(RecoverScreen() if known else NameScreen())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is nothing to go back to."""
        return action != "back"


def _choice(key: str, title: str, explained: str) -> Row:
    return Row(key, join([line(title, "bold"), "   ", line(explained, MUTED)]))


class NameScreen(CouncilScreen):
    """The name that others see, and a passphrase for the member key."""

    TITLE = "Step 1 of 3: your name"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+s", "go_on", "Go on")]
    AUTO_FOCUS = "#name"

    def compose_body(self) -> ComposeResult:
        """Lay the form."""
        with VerticalScroll(classes="sheet", can_focus=False):
            yield from self._fields()

    def _fields(self) -> ComposeResult:
        yield Field(
            "Your name",
            one_line(id="name"),
            help_text="As the others know you; everybody sees it.",
            limit=NAME_CHARS_MAX,
        )
        yield Field("Passphrase (may stay empty)", one_line(id="passphrase", password=True))
        yield Field("The same passphrase again", one_line(id="again", password=True))
        yield Static(
            "Your member key says that it is you; it is needed when you change laptops or lose one. "
            "With a passphrase it is kept on this laptop, locked: use four or five random words. "
            "Left empty, it is not kept here at all, and only your recovery phrase, which comes "
            "next, brings you back. Nobody else can: there is no server that knows you.",
            classes="prose",
            markup=False,
        )

    @on(Input.Submitted)
    def _next_field(self, event: Input.Submitted) -> None:
        if event.input.id == "again":
            self.action_go_on()
        else:
            self.focus_next()

    def action_go_on(self) -> None:
        """Check the form and make the keys."""
        try:
            name, passphrase = self._checked()
        except LocalError as error:
            self.app.complain(error)
            return
        self.attempt("identity", self._create(name, passphrase))

    def _checked(self) -> tuple[str, str]:
        name = validate_line(self.query_one("#name", Input).value, "Your name", NAME_CHARS_MAX)
        passphrase = self.query_one("#passphrase", Input).value
        if passphrase != self.query_one("#again", Input).value:
            raise LocalError("The two passphrases differ.", "Type the same one twice, or leave both empty.")
        return name, passphrase

    async def _create(self, name: str, passphrase: str) -> Done:
        words = await self.session.create_identity(name, passphrase)
        return Done("Your keys are made.", lines=words)

    @on(Finished)
    def _finished_here(self, message: Finished) -> None:
        self.go_next(message.done)

    def go_next(self, done: Done) -> None:
        """Show the new recovery phrase."""
        self.app.switch_screen(PhraseScreen(done.lines))


class RecoverScreen(NameScreen):
    """Back from the recovery phrase: words, name and passphrase."""

    TITLE = "Bring yourself back"
    AUTO_FOCUS = "#words"

    def _fields(self) -> ComposeResult:
        yield Field(
            "Your recovery phrase",
            one_line(id="words"),
            help_text=f"All {PHRASE_WORDS} words in their order, with spaces between.",
        )
        yield Field("Your name", one_line(id="name"), limit=NAME_CHARS_MAX)
        yield Field("Passphrase (may stay empty)", one_line(id="passphrase", password=True))
        yield Field("The same passphrase again", one_line(id="again", password=True))
        yield Static(
            "This laptop gets a device key of its own. The passphrase locks your member key on this "
            "laptop; left empty, the key is not kept here.",
            classes="prose",
            markup=False,
        )

    def action_go_on(self) -> None:
        """Check the form and bring the member back."""
        words = self.query_one("#words", Input).value.lower().split()
        try:
            name, passphrase = self._checked()
            _check_count(words)
        except LocalError as error:
            self.app.complain(error)
            return
        self.attempt("recover", self.session.recover_identity(words, name, passphrase))

    def go_next(self, done: Done) -> None:
        """There is no new phrase to show: go on to the last step."""
        self.app.go("start")
        self.app.say(done.message)


def _check_count(words: Sequence[str]) -> None:
    if len(words) != PHRASE_WORDS:
        raise LocalError(
            f"There are {len(words)} words; a recovery phrase has {PHRASE_WORDS}.",
            "Look for a word that is missing, doubled or run together.",
        )
