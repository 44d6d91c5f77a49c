"""What honest members do: propose, edit, comment, second, open, vote, vouch, leave; in some societies they plan.

Nothing in here checks anything.
"""

import random
from collections.abc import Callable, Sequence

from crdt.ids import ChangeHash, CouncilId, MemberId
from p2pcouncil.domain.effects import OpenPlan
from p2pcouncil.domain.outcomes import ProposalState, ProposalStatus
from p2pcouncil.domain.planning.said import Made, Named, PublishTechnique, UnitPlan, Wanted
from p2pcouncil.domain.planning.terms import MICRO, PlanGood, PlanUnit
from p2pcouncil.domain.tally.method import Approval, Method, Ranked, YesNo
from p2pcouncil.peer import commands as c
from tests.sim.node import Node

METHODS: tuple[tuple[Method, tuple[str, ...]], ...] = (
    (YesNo(quorum_permille=0), ()),
    (Approval(quorum_permille=0), ("bread", "tea")),
    (Ranked(quorum_permille=0), ("bread", "tea", "rest")),
)
MAX_PROPOSALS = 8
TRIES = 4
PLAN_SECONDS = 10
"""How long the vote on a planning period and each of its rounds take."""
PLAN_ROUNDS = 12
GOODS = (PlanGood("bread", "kg", "product"), PlanGood("work", "h", "labour"))

Act = tuple[str, c.Command]
"""A line for the story, and the command."""


class Workload:
    """Draws what a member might want to do, from what that member's peer shows."""

    def __init__(self, rng: random.Random, council: CouncilId, *, plans: bool = False) -> None:
        self._rng = rng
        self._council = council
        self._made = 0
        self._acts: tuple[Callable[[Node], Act | None], ...] = (
            *(self._propose, self._comment, self._vouch, self._leave, self._edit),
            *(self._second, self._open) * 3,
            *(self._vote,) * 6,
        )
        if plans:
            self._acts += (self._technique, *(self._plan,) * 6)

    def draw(self, node: Node) -> Act | None:
        """Something that this member might do now; None when nothing comes to their mind."""
        place = node.peer.world.places.get(self._council)
        if place is None:
            return None
        if not place.state.proposals():
            return self._propose(node)
        for act in self._rng.sample(self._acts, TRIES):
            if (drawn := act(node)) is not None:
                return drawn
        return None

    def _some(self, node: Node) -> ProposalState:
        return self._rng.choice(node.place(self._council).state.proposals())

    def _one_of(self, node: Node, wanted: Callable[[ProposalState], bool]) -> ProposalState | None:
        fit = [found for found in node.place(self._council).state.proposals() if wanted(found)]
        return self._rng.choice(fit) if fit else None

    def _propose(self, node: Node) -> Act | None:
        if len(node.place(self._council).state.proposals()) >= MAX_PROPOSALS:
            return None
        self._made += 1
        method, options = self._rng.choice(METHODS)
        title = f"Idea {self._made}"
        command = c.MakeProposal(self._council, title, "About it.", "One\nTwo\n", method, options)
        return f"proposes “{title}”", command

    def _edit(self, node: Node) -> Act:
        found = self._some(node)
        document = node.place(self._council).text(found.text_id)
        lines = document.text().split("\n")
        self._made += 1
        lines.insert(self._rng.randrange(len(lines) + 1), f"{node.name} {self._made}")
        if len(lines) > 2 and self._rng.random() < 0.3:
            del lines[self._rng.randrange(len(lines))]
        return f"edits “{found.title}”", c.EditText(found.hash, "\n".join(lines), document.heads())

    def _comment(self, node: Node) -> Act:
        found = self._some(node)
        self._made += 1
        return f"comments on “{found.title}”", c.AddComment(found.hash, f"{node.name} thinks {self._made}")

    def _second(self, node: Node) -> Act | None:
        found = self._one_of(
            node, lambda p: p.status is not ProposalStatus.OPEN and p.proposer != node.member
        )
        return (f"seconds “{found.title}”", c.SecondProposal(found.hash)) if found else None

    def _open(self, node: Node) -> Act | None:
        found = self._one_of(
            node, lambda p: p.status is not ProposalStatus.OPEN and p.proposer == node.member
        )
        if found is None:
            return None
        return f"opens the vote on “{found.title}”", c.OpenVote(found.hash)

    def _vote(self, node: Node) -> Act | None:
        found = self._one_of(node, lambda p: p.status is ProposalStatus.OPEN and p.issue is not None)
        if found is None or found.issue is None:
            return None
        choice = self._rng.randrange(max(len(found.options), 2))
        return f"votes {choice} on “{found.title}”", c.CastBallot(found.issue, ((choice,),))

    def _technique(self, node: Node) -> Act:
        self._made += 1
        work = (Named("work", "h", self._rng.randrange(1, 9) * MICRO),)
        technique = PublishTechnique(0, f"way {self._made}", "bread", "kg", 10 * MICRO, (), work)
        return f"publishes way {self._made} to bake", c.PublishTechniques(self._council, (technique,))

    def plan_to_propose(self, members: Sequence[MemberId]) -> c.MakeProposal:
        """A planning period, for which some of the members speak."""
        units = (
            PlanUnit("bakers", "workers", self._rng.choice(members)),
            PlanUnit("houses", "consumers", self._rng.choice(members)),
            PlanUnit("east", "consumers", self._rng.choice(members), 2),
        )
        effect = OpenPlan(GOODS, units, PLAN_SECONDS, PLAN_ROUNDS, 500)
        method = YesNo(quorum_permille=0)
        return c.MakeProposal(self._council, "Spring", "We plan.", "Spring\n", method, effect=effect)

    def _plan(self, node: Node) -> Act | None:
        """Say something for a unit in the round that runs."""
        state = node.place(self._council).state
        for plan, period in sorted(state.register.chain.plans.items()):
            mine = [at for at, unit in enumerate(period.terms.units) if unit.speaker == node.member]
            if period.best or not mine:
                continue
            unit = self._rng.choice(mine)
            techniques = state.techniques()
            amount = self._rng.randrange(1, 100) * MICRO
            part = UnitPlan(unit, wanted=(Wanted(0, amount),), offered=(Wanted(1, amount),))
            if unit == 0 and not techniques:
                return None
            if unit == 0:
                part = UnitPlan(unit, made=(Made(self._rng.choice(techniques).hash, amount),))
            return f"plans for {period.terms.units[unit].name}", c.ProposeInRound(ChangeHash(plan), (part,))
        return None

    def _vouch(self, node: Node) -> Act | None:
        waiting = node.peer.requests(self._council)
        if not waiting:
            return None
        join = self._rng.choice(waiting)[0]
        return f"vouches for {join.name}", c.VouchFor(self._council, join.member)

    def _leave(self, node: Node) -> Act | None:
        return ("leaves", c.LeaveCouncil(self._council)) if self._rng.random() < 0.1 else None
