"""All proposals that this peer holds, newest first, of one council or of all."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import OptionList, Static

from crdt.ids import ChangeHash
from tui.content import STRONG, line, lines, muted
from tui.drawing.proposal import proposal_row
from tui.screens.base import CouncilScreen
from tui.screens.proposal import ProposalScreen
from tui.screens.propose import ProposeScreen
from tui.widgets.keyed_list import KeyedList, Row


class ProposalsScreen(CouncilScreen):
    """A list to choose from."""

    place = "proposals"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "propose", "New proposal"),
        Binding("f", "filter", "Next council"),
    ]
    _filter = 0
    """0 for all councils, else the number of one."""

    def compose_body(self) -> ComposeResult:
        """Lay the list and the empty state."""
        with Vertical(classes="page"):
            yield Static(id="filter", markup=False)
            yield KeyedList(id="proposals")
            yield Static(id="empty", markup=False)

    def refresh_view(self) -> None:
        """Read the proposals again."""
        councils = self.session.councils()
        if self._filter > len(councils):
            self._filter = 0
        council = councils[self._filter - 1] if self._filter else None
        proposals = self.session.proposals(council.id if council else None)
        name = council.name if council else "all councils"
        self.query_one("#filter", Static).update(muted(f"Proposals of {name}, newest first"))
        rows = [Row(proposal.id.hex(), proposal_row(proposal)) for proposal in proposals]
        self.query_one("#proposals", KeyedList).show(rows)
        self.query_one("#proposals").display = bool(rows)
        empty = self.query_one("#empty", Static)
        empty.display = not rows
        what = "Press n to write the first one." if councils else "First found or join a council: press 3."
        empty.update(lines([line("There are no proposals yet.", STRONG), "", what]))

    @on(OptionList.OptionSelected, "#proposals")
    def _opened(self) -> None:
        key = self.query_one("#proposals", KeyedList).highlighted_key
        if key is not None:
            self.app.visit(ProposalScreen(ChangeHash(bytes.fromhex(key)), place=self.place))

    def action_propose(self) -> None:
        """Write a new proposal."""
        councils = self.session.councils()
        council = councils[self._filter - 1].id if self._filter else None
        self.app.visit(ProposeScreen(council, place=self.place))

    def action_filter(self) -> None:
        """Show the next council's proposals, then all again."""
        self._filter = (self._filter + 1) % (len(self.session.councils()) + 1)
        self.refresh_view()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what makes sense."""
        match action:
            case "back":
                return False
            case "propose":
                return any(council.is_member for council in self.session.councils())
            case "filter":
                return len(self.session.councils()) > 1
            case _:
                return True
