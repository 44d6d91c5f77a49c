"""Random societies over a bad network: when it is quiet again, everybody holds the same, and shows the same."""

import random
from collections.abc import Callable

import pytest

from crdt.errors import LocalError
from crdt.ids import ChangeHash, CouncilId
from crdt.store.rows import export_groups
from net.memory_links import Conditions
from p2pcouncil.domain.outcomes import ProposalStatus
from p2pcouncil.domain.tally.method import Approval, Method, Ranked, YesNo
from p2pcouncil.peer import commands as c
from p2pcouncil.peer.showing.issues import show_tally
from p2pcouncil.peer.showing.people import People
from p2pcouncil.peer.showing.proposals import show_proposal
from tests.sim.node import Node
from tests.sim.simulation import Simulation

NAMES = ("Ada", "Ben", "Cem", "Dan", "Eve", "Fay")
BAD = Conditions(loss_permille=60, duplication_permille=80, max_latency_ms=400, notice_ms=3_000)
METHODS: tuple[tuple[Method, tuple[str, ...]], ...] = (
    (YesNo(quorum_permille=0), ()),
    (Approval(quorum_permille=0), ("bread", "tea")),
    (Ranked(quorum_permille=0), ("bread", "tea", "rest")),
)
SEEDS = range(15)
ROUNDS = 100
SILENCE_MS = 120_000


class Crowd:
    """Acts at random in one society; what a rule refuses is refused before anything is written."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.simulation = Simulation(seed)
        count = self.rng.randrange(4, 7)
        inside = self.rng.randrange(2, count)
        self.council, self.nodes = self.simulation.society(*NAMES[:inside])
        self.outside = [self.simulation.node(name) for name in NAMES[inside:count]]
        self.simulation.network.links.conditions = BAD
        self.written = 0
        self.copies = 0
        self.acts: tuple[Callable[[Node], c.Command | None], ...] = (
            *(self._propose, self._comment, self._vouch, self._leave),
            *(self._edit, self._second, self._open) * 2,
            *(self._vote,) * 6,
        )

    def play(self, rounds: int = ROUNDS) -> None:
        for _ in range(rounds):
            luck = self.rng.random()
            if luck < 0.06:
                self._partition()
            elif luck < 0.12:
                self.simulation.network.heal()
            elif luck < 0.16 and self.outside:
                self._invite()
            else:
                self._act(self.rng.choice(self.nodes))
            self.simulation.run(self.rng.choice((0, 0, 20, 300, 2_000)))

    def come_to_rest(self) -> None:
        self.simulation.network.heal()
        self.simulation.network.links.conditions = Conditions()
        self.simulation.converge(self.council, self.nodes, SILENCE_MS)

    def _act(self, node: Node) -> None:
        place = node.peer.world.places.get(self.council)
        act = self.rng.choice(self.acts) if place and place.state.proposals() else self._propose
        try:
            command = act(node)
            if command is not None:
                node.submit(command)
                self.written += 1
        except LocalError:
            return

    def copy_a_laptop(self) -> None:
        """Somebody's laptop is copied, both write, and what the copy wrote reaches somebody on a stick."""
        node = self.rng.choice([n for n in self.nodes if self.council in n.peer.world.places])
        twin = node.clone()
        for _ in range(self.rng.randrange(1, 4)):
            self._act(twin)
            self._act(node)
        groups = [group for chunk in export_groups(twin.conn, self.council) for group in chunk]
        self.rng.choice(self.nodes).take_in(groups)
        self.copies += 1

    def _invite(self) -> None:
        line = self.nodes[0].submit(c.MakeInvitation(self.council)).lines[0]
        newcomer = self.outside.pop()
        newcomer.submit(c.JoinByInvitation(line))
        self.nodes.append(newcomer)

    def _partition(self) -> None:
        keys = [node.key for node in self.simulation.nodes.values()]
        self.rng.shuffle(keys)
        cut = self.rng.randrange(1, len(keys))
        self.simulation.network.partition(keys[:cut], keys[cut:])

    def _some(self, node: Node) -> ChangeHash:
        return self.rng.choice(node.place(self.council).state.proposals()).hash

    def _propose(self, node: Node) -> c.Command:
        method, options = self.rng.choice(METHODS)
        return c.MakeProposal(
            self.council, f"Idea {self.written}", "About it.", "One\nTwo\n", method, options
        )

    def _edit(self, node: Node) -> c.Command:
        name = self._some(node)
        place = node.place(self.council)
        document = place.text(place.state.proposal(name).text_id)
        lines = document.text().split("\n")
        lines.insert(self.rng.randrange(len(lines) + 1), f"{node.name} {self.written}")
        if len(lines) > 2 and self.rng.random() < 0.3:
            del lines[self.rng.randrange(len(lines))]
        return c.EditText(name, "\n".join(lines), document.heads())

    def _comment(self, node: Node) -> c.Command:
        return c.AddComment(self._some(node), f"{node.name} thinks {self.written}")

    def _second(self, node: Node) -> c.Command:
        return c.SecondProposal(self._some(node))

    def _open(self, node: Node) -> c.Command | None:
        own = [p.hash for p in node.place(self.council).state.proposals() if p.proposer == node.member]
        return c.OpenVote(self.rng.choice(own)) if own else None

    def _vote(self, node: Node) -> c.Command | None:
        found = node.place(self.council).state.proposal(self._some(node))
        if found.status is not ProposalStatus.OPEN or found.issue is None:
            return None
        options = max(len(found.options), 2)
        return c.CastBallot(found.issue, ((self.rng.randrange(options),),))

    def _vouch(self, node: Node) -> c.Command | None:
        waiting = node.peer.requests(self.council)
        return c.VouchFor(self.council, self.rng.choice(waiting)[0].member) if waiting else None

    def _leave(self, node: Node) -> c.Command | None:
        return c.LeaveCouncil(self.council) if self.rng.random() < 0.1 else None


def shown(node: Node, council: CouncilId) -> list[tuple[object, ...]]:
    """What people see of the proposals and votes, but for who looks and what their network is doing."""
    place = node.place(council)
    people = People(node.peer.world, place)
    rows: list[tuple[object, ...]] = []
    for found in place.state.proposals():
        view = show_proposal(node.peer, place, found)
        seconds = [person.name for person in view.seconds]
        comments = [(comment.author.name, comment.text, comment.depth) for comment in view.comments]
        runs = [(run.text, run.author.name if run.author else "") for run in view.runs]
        row: tuple[object, ...] = (
            view.title,
            view.text,
            runs,
            view.edits and len(view.edits),
            seconds,
            comments,
        )
        issue = place.issue(found.hash)
        if issue is not None:
            roll = [people.person(member).name for member in issue.roll]
            row += (show_tally(issue.tally, issue.options), issue.text, roll)
        rows.append(row)
    return rows


@pytest.mark.parametrize("seed", SEEDS)
def test_copied_laptops_end_in_one_state_everywhere(seed: int) -> None:
    crowd = Crowd(seed)
    for _ in range(3):
        crowd.play(ROUNDS // 4)
        crowd.copy_a_laptop()
    assert crowd.copies == 3
    crowd.come_to_rest()
    expected = shown(crowd.nodes[0], crowd.council)
    for node in crowd.nodes[1:]:
        assert shown(node, crowd.council) == expected


@pytest.mark.parametrize("seed", SEEDS)
def test_when_it_is_quiet_all_hold_and_show_the_same(seed: int) -> None:
    crowd = Crowd(seed)
    crowd.play()
    crowd.come_to_rest()
    first, *others = crowd.nodes
    expected = shown(first, crowd.council)
    for node in others:
        assert shown(node, crowd.council) == expected
    assert not any(node.dropped for node in crowd.nodes), "an honest peer was dropped"
    known = crowd.simulation.run_until(
        lambda: not any(n.peer.holdings.only_here() for n in crowd.nodes), 30_000
    )
    assert known, "somebody does not hear that others hold what they wrote"


def test_votes_are_reached_and_counted_somewhere() -> None:
    """The random societies above are worth nothing if they hardly speak, and never get as far as a count."""
    turnout = written = 0
    for seed in SEEDS:
        crowd = Crowd(seed)
        crowd.play()
        issues = crowd.nodes[0].place(crowd.council).state.issues()
        turnout += sum(issue.tally.turnout for issue in issues)
        written += crowd.written
    assert turnout > 10
    assert written > 200
