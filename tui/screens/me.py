"""Me: my name and four words, my laptops, what comes first in my inbox."""

from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content

from p2pcouncil.peer.commands import DisownDevice, SetPriorities, TakeOverDuty
from p2pcouncil.peer.views.people import IdentityView
from tui.content import HEADING, STRONG, heading, join, line, lines, muted
from tui.messages import Finished
from tui.screens.base import CouncilScreen
from tui.screens.dialogs import SECRET, AskDialog, ChoiceDialog
from tui.screens.vouch import fingerprint_block
from tui.widgets.prose import Prose


class MeScreen(CouncilScreen):
    """Who I am on this laptop."""

    place = "me"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "priorities", "What comes first"),
        Binding("t", "take_over", "Vote from this laptop"),
        Binding("x", "disown", "A laptop is lost"),
        Binding("g", "toggle_theme", "Light or dark"),
    ]

    def compose_body(self) -> ComposeResult:
        """Lay one text."""
        with VerticalScroll(classes="sheet"):
            yield Prose(id="me")

    def refresh_view(self) -> None:
        """Read who I am again."""
        identity = self.session.identity()
        if identity is not None:
            self.query_one("#me", Prose).show(lines(self._rows(identity)))

    def _rows(self, identity: IdentityView) -> list[Content | str]:
        stored = (
            "Your member key is on this laptop, locked by your passphrase."
            if identity.member_key_stored
            else "Your member key is not on this laptop; only your recovery phrase brings it back."
        )
        tags = ", ".join(self.session.priorities())
        rows: list[Content | str] = [
            line(identity.person.name, HEADING),
            "",
            "Your four words. Others compare them by voice when they vouch for you:",
            "",
            fingerprint_block(identity.person.fingerprint),
            "",
            line(stored),
            "",
            heading("Your devices"),
        ]
        for device, standing in identity.devices:
            here = "  ← this laptop" if device == identity.device else ""
            rows.append(join([muted(device.hex()[:8]), "  ", line(standing), Content.styled(here, STRONG)]))
        rows.extend(["", heading("What comes first in your inbox")])
        rows.append(
            line(tags) if tags else "Nothing special: what ends soonest comes first. Press p to name tags."
        )
        return rows

    @work
    async def action_priorities(self) -> None:
        """Name the tags that come first."""
        explained = "Tags with commas between, the most important first. Nobody else sees this."
        value = ", ".join(self.session.priorities())
        typed = await self.app.push_screen_wait(
            AskDialog("What comes first?", explained, "Keep", value=value)
        )
        if typed is not None:
            tags = tuple(tag.strip().lower() for tag in typed.split(",") if tag.strip())
            self.submit("priorities", SetPriorities(tags))

    @work
    async def action_take_over(self) -> None:
        """Let this laptop vote from now on."""
        explained = (
            "From now on this laptop votes, vouches and seconds for you, and your others don't. Let it catch up first: "
            f"what they wrote and it does not hold yet will not count any more. {SECRET}"
        )
        dialog = AskDialog("Vote from this laptop?", explained, "Do it", password=True)
        secret = await self.app.push_screen_wait(dialog)
        if secret:
            self.submit("duty", TakeOverDuty(secret))

    @work
    async def action_disown(self) -> None:
        """Say that a laptop is lost."""
        identity = self.session.identity()
        if identity is None:
            return
        others = [(device, standing) for device, standing in identity.devices if device != identity.device]
        if not others:
            self.app.say(
                "You have no other laptop that could be lost.", "This one is disowned from another one."
            )
            return
        labels = [f"{device.hex()[:8]}  {standing}" for device, standing in others]
        which = ChoiceDialog("Which one is lost?", "Nothing that it signs from now on counts.", labels)
        chosen = await self.app.push_screen_wait(which)
        if chosen is None:
            return
        dialog = AskDialog("Disown it?", SECRET, "Disown it", password=True)
        secret = await self.app.push_screen_wait(dialog)
        if secret:
            self.submit("disown", DisownDevice(others[chosen][0], secret))

    def action_toggle_theme(self) -> None:
        """Change between light and dark."""
        self.app.toggle_theme()

    @on(Finished)
    def _done(self, message: Finished) -> None:
        self.redraw()
        self.app.say(message.done.message)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A main place has nothing to go back to."""
        return action != "back"
