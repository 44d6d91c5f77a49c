"""The network: peers, what they hold, how to reach each other, and files carried by hand where there is none."""

from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from p2pcouncil.peer.commands import Dial
from tui.content import heading
from tui.drawing.network import empty_network, network_head, peer_row
from tui.messages import Finished
from tui.screens.base import CouncilScreen
from tui.screens.dialogs import AskDialog
from tui.widgets.keyed_list import KeyedList, Row
from tui.widgets.prose import Prose

BUNDLE_NAME = "council.p2pc"


def _file(typed: str) -> Path:
    return Path(typed).expanduser()


class PeerList(KeyedList, inherit_bindings=False):
    """The peers; there is nothing to open."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "cursor_up", "Up", show=False),
        Binding("down,j", "cursor_down", "Down", show=False),
        Binding("pageup", "page_up", "Page up", show=False),
        Binding("pagedown", "page_down", "Page down", show=False),
    ]


class NetworkScreen(CouncilScreen):
    """How this peer stands."""

    place = "network"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d", "dial", "Connect to an address"),
        Binding("x", "export_bundle", "Write a file to carry"),
        Binding("m", "import_bundle", "Take in a file"),
    ]

    def compose_body(self) -> ComposeResult:
        """Lay what is known, and the peers."""
        with Vertical(classes="page"):
            yield Prose(id="head")
            yield Static(id="peers-title", markup=False)
            yield PeerList(id="peers")
            yield Static(id="empty", markup=False)

    def refresh_view(self) -> None:
        """Read the network again."""
        network = self.session.network()
        now_ms = self.app.now_ms()
        connected = sum(peer.connected for peer in network.peers)
        self.query_one("#head", Prose).show(network_head(network))
        title = heading(f"Peers ({connected} of {len(network.peers)} connected)")
        self.query_one("#peers-title", Static).update(title)
        self.query_one("#peers", PeerList).show(
            [Row(peer.device.hex(), peer_row(peer, now_ms)) for peer in network.peers]
        )
        for selector in ("#peers", "#peers-title"):
            self.query_one(selector).display = bool(network.peers)
        empty = self.query_one("#empty", Static)
        empty.display = not network.peers
        empty.update(empty_network())

    @work
    async def action_dial(self) -> None:
        """Connect to an address that somebody told."""
        explained = "An address looks like /ip4/192.168.1.20/tcp/4001/p2p/12D3Koo…; the other finds it under 4 Network."
        address = await self.app.push_screen_wait(AskDialog("Connect to a peer", explained, "Connect"))
        if address:
            self.submit("dial", Dial(address))

    @work
    async def action_export_bundle(self) -> None:
        """Write everything held into a file."""
        explained = (
            "Everything held here goes into one file, for a stick. Whoever takes it in checks each signature."
        )
        dialog = AskDialog("Write a file to carry", explained, "Write it", value=BUNDLE_NAME)
        path = await self.app.push_screen_wait(dialog)
        if path:
            self.attempt("export", self.session.export_bundle(_file(path)))

    @work
    async def action_import_bundle(self) -> None:
        """Take in a file."""
        explained = "Where is the file? What does not verify is refused and named; the rest is taken in."
        path = await self.app.push_screen_wait(
            AskDialog("Take in a file", explained, "Take it in", value=BUNDLE_NAME)
        )
        if path:
            self.attempt("import", self.session.import_bundle(_file(path)))

    @on(Finished)
    def _done(self, message: Finished) -> None:
        self.redraw()
        self.app.say(message.done.message, " ".join(message.done.lines))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A main place has nothing to go back to."""
        return action != "back"
