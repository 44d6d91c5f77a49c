"""Reading: what a running peer shows of councils, proposals, plans and registers, out of what is in memory."""

from abc import ABC, abstractmethod

from crdt.errors import LocalError
from crdt.ids import ChangeHash, CouncilId
from p2pcouncil.domain.planning.round_figures import RoundTask, table_of
from p2pcouncil.domain.planning.table import Table
from p2pcouncil.peer.core import Peer
from p2pcouncil.peer.place import Place
from p2pcouncil.peer.showing.councils import councils_in_tree_order, show_councils
from p2pcouncil.peer.showing.inbox import priorities, show_inbox
from p2pcouncil.peer.showing.plans import plan_of, show_plan, show_plans
from p2pcouncil.peer.showing.proposals import show_proposal, show_proposals
from p2pcouncil.peer.showing.register import show_register
from p2pcouncil.peer.showing.techniques import show_techniques
from p2pcouncil.peer.views.councils import CouncilView
from p2pcouncil.peer.views.inbox import InboxItem
from p2pcouncil.peer.views.plans import PlanView, TechniqueView
from p2pcouncil.peer.views.proposals import ProposalView
from p2pcouncil.peer.views.register import RegisterView


class Reading(ABC):
    """The part of a session that only looks; see the port, `p2pcouncil.peer.session.Session`."""

    @property
    @abstractmethod
    def peer(self) -> Peer:
        """The core."""

    def inbox(self) -> tuple[InboxItem, ...]:
        """What waits for me."""
        return show_inbox(self.peer)

    def councils(self) -> tuple[CouncilView, ...]:
        """The councils held, in tree order."""
        return show_councils(self.peer)

    def council(self, council: CouncilId) -> CouncilView:
        """One council; see the port."""
        for view in show_councils(self.peer):
            if view.id == council:
                return view
        raise LocalError("This laptop doesn't hold that council.", "See `p2pcouncil councils`.")

    def proposals(self, council: CouncilId | None = None) -> tuple[ProposalView, ...]:
        """Proposals of one council or all, newest claim first."""
        shown = [
            proposal
            for place, _ in councils_in_tree_order(self.peer)
            if council in (None, place.council)
            for proposal in show_proposals(self.peer, place)
        ]
        return tuple(sorted(shown, key=lambda p: (-p.claimed_at_ms, p.id)))

    def proposal(self, proposal: ChangeHash) -> ProposalView:
        """One proposal; see the port."""
        place = self.peer.world.place_of_entry(proposal)
        issue = place.issue(proposal) if place else None
        found = place.proposal(issue.proposal if issue else proposal) if place else None
        if place is None or found is None:
            raise LocalError("This laptop doesn't hold that proposal.", "See `p2pcouncil inbox`.")
        return show_proposal(self.peer, place, found)

    def register(self, council: CouncilId) -> RegisterView:
        """A council's register; see the port."""
        return show_register(self.peer, self._place(council))

    def plans(self, council: CouncilId | None = None) -> tuple[PlanView, ...]:
        """Planning periods of one council or all, in tree order, the last one first."""
        return tuple(
            plan
            for place, _ in councils_in_tree_order(self.peer)
            if council in (None, place.council)
            for plan in show_plans(self.peer, place)
        )

    def plan(self, plan: ChangeHash) -> PlanView:
        """One planning period; see the port."""
        place = self._place_of_plan(plan)
        return show_plan(self.peer, place, plan_of(place, plan))

    def plan_table(self, plan: ChangeHash) -> Table | None:
        """What goods take by the round that is shown of a planning period; see the port."""
        task = self._plan_task(plan)
        return None if task is None else table_of(task)

    def techniques(self, council: CouncilId) -> tuple[TechniqueView, ...]:
        """How things can be made, as members of a council published it; see the port."""
        return show_techniques(self.peer, self._place(council))

    def _plan_task(self, plan: ChangeHash) -> RoundTask | None:
        """What the figures follow from that are shown of a planning period; None while something of it is missing."""
        place = self._place_of_plan(plan)
        return place.state.plan_task(plan_of(place, plan))

    def _place_of_plan(self, plan: ChangeHash) -> Place:
        place = self.peer.world.place_of_entry(plan)
        if place is None:
            raise LocalError("This laptop doesn't hold that planning period.", "See `p2pcouncil plan`.")
        return place

    def _place(self, council: CouncilId) -> Place:
        place = self.peer.world.places.get(council)
        if place is None:
            raise LocalError("This laptop doesn't hold that council.", "See `p2pcouncil councils`.")
        return place

    def priorities(self) -> tuple[str, ...]:
        """The tags that come first in my inbox."""
        return priorities(self.peer)
