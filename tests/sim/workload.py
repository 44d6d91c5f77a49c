"""What honest members do: propose, edit, comment, second, open, vote, vouch, leave. Nothing in here checks anything."""

import random
from collections.abc import Callable

from crdt.ids import CouncilId
from p2pcouncil.domain.outcomes import ProposalState, ProposalStatus
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

Act = tuple[str, c.Command]
"""A line for the story, and the command."""


class Workload:
    """Draws what a member might want to do, from what that member's peer shows."""

    def __init__(self, rng: random.Random, council: CouncilId) -> None:
        self._rng = rng
        self._council = council
        self._made = 0
        self._acts: tuple[Callable[[Node], Act | None], ...] = (
            *(self._propose, self._comment, self._vouch, self._leave, self._edit),
            *(self._second, self._open) * 3,
            *(self._vote,) * 6,
        )

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
        return (f"opens the vote on “{found.title}”", c.OpenVote(found.hash)) if found else None

    def _vote(self, node: Node) -> Act | None:
        found = self._one_of(node, lambda p: p.status is ProposalStatus.OPEN and p.issue is not None)
        if found is None or found.issue is None:
            return None
        choice = self._rng.randrange(max(len(found.options), 2))
        return f"votes {choice} on “{found.title}”", c.CastBallot(found.issue, ((choice,),))

    def _vouch(self, node: Node) -> Act | None:
        waiting = node.peer.requests(self._council)
        if not waiting:
            return None
        join = self._rng.choice(waiting)[0]
        return f"vouches for {join.name}", c.VouchFor(self._council, join.member)

    def _leave(self, node: Node) -> Act | None:
        return ("leaves", c.LeaveCouncil(self._council)) if self._rng.random() < 0.1 else None
