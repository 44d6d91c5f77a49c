"""Oversight: the closed votes of all councils, and what those drawn to look at them found."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import OptionList, Static

from crdt.ids import ChangeHash
from p2pcouncil.peer.views.proposals import ProposalView
from tui.content import STRONG, heading, line, lines
from tui.drawing.review import is_mine, oversight_row
from tui.screens.base import CouncilScreen
from tui.screens.proposal import ProposalScreen
from tui.screens.review import ReviewScreen
from tui.widgets.keyed_list import KeyedList, Row

_GROUPS = (
    "You were drawn",
    "Disputed",
    "Reviews wanted",
    "Reviewed",
)


class OversightScreen(CouncilScreen):
    """Which closed votes were looked at, and which were not."""

    place = "oversight"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("p", "proposal", "The proposal")]

    def compose_body(self) -> ComposeResult:
        """Lay the list and the empty state."""
        with Vertical(classes="page"):
            yield KeyedList(id="votes")
            yield Static(id="empty", markup=False)

    def refresh_view(self) -> None:
        """Read the closed votes again."""
        groups: dict[str, list[ProposalView]] = {group: [] for group in _GROUPS}
        for proposal in self.session.proposals():
            if proposal.issue is not None and proposal.issue.status == "closed":
                groups[_group(proposal)].append(proposal)
        rows: list[Row] = []
        for group, proposals in groups.items():
            if proposals:
                rows.append(Row(group, heading(f"{group} ({len(proposals)})"), is_heading=True))
            rows.extend(Row(proposal.id.hex(), oversight_row(proposal)) for proposal in proposals)
        self.query_one("#votes", KeyedList).show(rows)
        self.query_one("#votes").display = bool(rows)
        empty = self.query_one("#empty", Static)
        empty.display = not rows
        told = "When a page closes a vote, members drawn by lot look whether its count holds."
        empty.update(lines([line("No vote is closed yet.", STRONG), "", told]))

    def _chosen(self) -> ChangeHash | None:
        key = self.query_one("#votes", KeyedList).highlighted_key if self.is_mounted else None
        return ChangeHash(bytes.fromhex(key)) if key is not None else None

    @on(OptionList.OptionSelected, "#votes")
    def _opened(self) -> None:
        chosen = self._chosen()
        if chosen is not None:
            self.app.visit(ReviewScreen(chosen, place=self.place))

    def action_proposal(self) -> None:
        """Open the proposal itself."""
        chosen = self._chosen()
        if chosen is not None:
            self.app.visit(ProposalScreen(chosen, place=self.place))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A main place has nothing to go back to, and an empty list nothing to open."""
        if action == "proposal":
            return self._chosen() is not None
        return action != "back"


def _group(proposal: ProposalView) -> str:
    issue = proposal.issue
    assert issue is not None, "only closed votes are grouped"
    if is_mine(issue):
        return _GROUPS[0]
    if any(not review.holds for review in issue.life.reviews):
        return _GROUPS[1]
    return _GROUPS[2] if len(issue.life.reviews) < len(issue.life.overseers) else _GROUPS[3]
