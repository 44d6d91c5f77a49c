"""The inbox: what needs me first, then what ended and what waits."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import OptionList, Static

from crdt.errors import LocalError
from crdt.ids import ChangeHash
from p2pcouncil.peer.views.inbox import InboxItem
from tui.content import heading
from tui.drawing.inbox import empty_inbox, item_row, pending_panel
from tui.screens.base import CouncilScreen
from tui.screens.plan import PlanScreen
from tui.screens.proposal import ProposalScreen
from tui.screens.propose import ProposeScreen
from tui.screens.register import RegisterScreen
from tui.screens.review import ReviewScreen
from tui.screens.vote import VoteScreen
from tui.screens.vouch import VouchScreen
from tui.widgets.keyed_list import KeyedList, Row


class InboxScreen(CouncilScreen):
    """What waits for me."""

    place = "inbox"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "vote", "Vote"),
        Binding("n", "propose", "New proposal"),
    ]

    def compose_body(self) -> ComposeResult:
        """Lay the pending panel, the list and the empty state."""
        with Vertical(classes="page"):
            yield Static(id="pending", markup=False)
            yield KeyedList(id="items")
            yield Static(id="empty", markup=False)

    def refresh_view(self) -> None:
        """Read the inbox again."""
        status = self.session.status()
        items = self.session.inbox()
        pending = self.query_one("#pending", Static)
        pending.display = bool(status.pending) and status.identity is not None
        if status.pending and status.identity is not None:
            pending.update(pending_panel(status.pending, status.identity.person))
        self.query_one("#items", KeyedList).show(self._rows(items))
        self.query_one("#items").display = bool(items)
        empty = self.query_one("#empty", Static)
        empty.display = not items
        empty.update(empty_inbox(bool(status.councils), bool(status.pending)))

    def _rows(self, items: tuple[InboxItem, ...]) -> list[Row]:
        now_ms = self.app.now_ms()
        rows = []
        for needs_me, title in ((True, "Needs you"), (False, "Good to know")):
            chosen = [item for item in items if item.needs_me is needs_me]
            if chosen:
                rows.append(Row(title, heading(f"{title} ({len(chosen)})"), is_heading=True))
            rows.extend(Row(_key(item), item_row(item, now_ms)) for item in chosen)
        return rows

    def _chosen_item(self) -> InboxItem | None:
        key = self.query_one("#items", KeyedList).highlighted_key
        return next((item for item in self.session.inbox() if _key(item) == key), None)

    @on(OptionList.OptionSelected, "#items")
    def _opened(self) -> None:
        item = self._chosen_item()
        if item is None:
            return
        if item.kind == "vouch":
            self.app.visit(VouchScreen(item.council, item.ref, place=self.place))
            return
        if item.kind == "go on":
            self.app.visit(RegisterScreen(item.council))
            return
        if item.kind == "plan":
            self.app.visit(PlanScreen(ChangeHash(item.ref), place=self.place))
            return
        try:
            proposal = self.session.proposal(ChangeHash(item.ref))
        except LocalError as error:
            self.app.complain(error)
            return
        if item.kind == "review":
            self.app.visit(ReviewScreen(proposal.id, place=self.place))
            return
        self.app.visit(ProposalScreen(proposal.id, place=self.place))

    @on(OptionList.OptionHighlighted, "#items")
    def _moved(self) -> None:
        self.refresh_bindings()

    def action_vote(self) -> None:
        """Vote on what the cursor is on."""
        item = self._chosen_item()
        if item is not None:
            self.app.visit(VoteScreen(ChangeHash(item.ref), place=self.place))

    def action_propose(self) -> None:
        """Write a new proposal."""
        self.app.visit(ProposeScreen(place=self.place))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what makes sense for the row under the cursor."""
        match action:
            case "back":
                return False
            case "vote":
                item = self._chosen_item()
                return item is not None and item.kind in ("vote", "voted")
            case "propose":
                return any(council.is_member for council in self.session.councils())
            case _:
                return True


def _key(item: InboxItem) -> str:
    return f"{item.kind}/{item.ref.hex()}"
