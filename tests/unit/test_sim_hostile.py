"""Each hostile peer of the simulator alone among honest ones: it gets deep, and they come to one state all the same."""

import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

import p2pcouncil.peer.spreading as spreading
import tests.sim.node as node_module
from crdt.envelope import EnvelopeGroup, signed_message
from crdt.errors import LocalError, RemoteError
from crdt.ids import ChangeHash, CouncilId, DeviceId, TextId
from crdt.keys import lane_id
from crdt.store.accept import AcceptReport
from crdt.text import TextDocument
from p2pcouncil.domain.tally.choice import NO, YES
from p2pcouncil.peer import commands as c
from tests.sim.hostile.kinds import HOSTILE_KINDS
from tests.sim.hostile.mutator import Mutator
from tests.sim.node import Node
from tests.sim.simulation import Simulation, proposal_of
from tests.support.decoding import remembered_decoding

SEEDS = range(10)
MORE_SEEDS = {"sybil": (39,)}
"""In which what a kind rarely gets to happens."""
ACTS = 60
PAUSES_MS = (0, 50, 300, 1_000, 3_000)


def words_of(reason: str) -> str:
    """A reason without its numbers."""
    return re.sub(r"[0-9,]+ ", "", reason)[:90]


class Watch:
    """Counts what production code does with what it is sent."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()

    def took(self, report: AcceptReport) -> None:
        self.seen["accepted"] += report.accepted
        self.seen["unknown members"] += len(report.unknown_members)
        self.seen["orphans"] += report.orphans
        self.seen["dropped above a fork"] += report.dropped
        for refusal in report.refused:
            self.seen[f"refused: {words_of(refusal.reason)}"] += 1


@pytest.fixture(scope="module", autouse=True)
def decoding() -> Iterator[None]:
    with remembered_decoding():
        yield


@contextmanager
def watching() -> Iterator[Watch]:
    watch = Watch()
    accept, decode = node_module.accept, spreading.decode_groups

    def counting_accept(*args: object, **options: object) -> AcceptReport:
        report = accept(*args, **options)  # type: ignore[arg-type]
        watch.took(report)
        return report

    def counting_decode(data: bytes, max_bytes: int) -> list[EnvelopeGroup]:
        try:
            return decode(data, max_bytes)
        except RemoteError as error:
            watch.seen[f"unreadable: {words_of(str(error))}"] += 1
            raise

    node_module.accept, spreading.decode_groups = counting_accept, counting_decode  # type: ignore[assignment]
    try:
        yield watch
    finally:
        node_module.accept, spreading.decode_groups = accept, decode


class Siege:
    """Three honest members who go about their business, and one hostile peer."""

    def __init__(self, kind: str, seed: int) -> None:
        self.rng = random.Random(f"{kind} {seed}")
        self.simulation = Simulation(seed)
        self.council, nodes = self.simulation.society("Ada", "Ben", "Cem", "Mal")
        self.honest, mal = nodes[:3], nodes[3]
        oven = proposal_of(self.honest[0], self.council, "Oven", "Two ovens.\n")
        self.simulation.converge(self.council)
        self.honest[1].submit(c.SecondProposal(oven))
        self.simulation.converge(self.council)
        self.honest[0].submit(c.OpenVote(oven))
        proposal_of(self.honest[1], self.council, "Tea", "Tea at ten.\n")
        self.simulation.converge(self.council)
        self.oven = oven
        maker = HOSTILE_KINDS[kind]
        turned = mal if maker.needs_member or seed % 2 else None
        del self.simulation.nodes["Mal"]
        if turned is None:
            mal.go_offline()
        self.hostile = maker(
            self.simulation, self.council, random.Random(seed), turned, "Mal" if turned else "Zed"
        )
        if turned is None:
            self.hostile.go_online()
        self.told: list[str] = []

    def play(self, acts: int = ACTS) -> None:
        for _ in range(acts):
            self.told.append(self.hostile.act())
            if self.rng.random() < 0.3:
                self._work(self.rng.choice(self.honest))
            self.simulation.run(self.rng.choice(PAUSES_MS))

    def come_to_rest(self) -> None:
        self.hostile.rest()
        self.simulation.converge(self.council, self.honest)
        is_same = self.simulation.run_until(lambda: len({self._holds(node) for node in self.honest}) == 1)
        assert is_same, "equal states, and yet not the same entries and evidence are held"

    def _holds(self, node: Node) -> tuple[bytes, int]:
        return node.place(self.council).index.fingerprint()

    def _work(self, node: Node) -> None:
        place = node.place(self.council)
        name = self.rng.choice(
            [p.hash for p in place.state.proposals() if p.proposer != self.hostile.node.member]
        )
        try:
            match self.rng.randrange(4):
                case 0:
                    node.submit(c.AddComment(name, f"Honest words {self.rng.randrange(1_000)}"))
                case 1:
                    text = place.text(place.state.proposal(name).text_id).text()
                    node.submit(c.EditText(name, text[:2_000] + f"{node.name}.\n"))
                case 2:
                    issue = place.issue(self.oven)
                    if issue is not None:
                        node.submit(c.CastBallot(issue.hash, self.rng.choice((YES, NO))))
                case _:
                    node.submit(c.SecondProposal(name))
        except LocalError:
            return


def texts(node: Node, council: CouncilId) -> dict[TextId, tuple[str, Sequence[bytes]]]:
    """How each text reads of which anything counts."""
    place = node.place(council)
    documents = [place.text(text_id) for text_id in sorted(place._texts)]
    return {
        document.text_id: (document.text(), document.heads())
        for document in documents
        if document.heads() != TextDocument(document.text_id).heads()
    }


def run_siege(kind: str, seed: int, acts: int = ACTS) -> tuple[Siege, Watch]:
    with watching() as watch:
        siege = Siege(kind, seed)
        siege.play(acts)
        siege.come_to_rest()
    for node in siege.honest:
        watch.seen.update(f"blamed: {words_of(reason)}" for _, reason in node.dropped)
        place = node.place(siege.council)
        watch.seen["forks"] += len(node.peer.world.forks)
        watch.seen.update(f"fold: {rejected.rule.name}" for rejected in place.state.rejected)
        for text_id in sorted(place._texts):
            watch.seen.update(f"guard: {words_of(why)}" for why in place.text(text_id).refused.values())
    return siege, watch


def check(siege: Siege) -> None:
    """What must hold whatever the hostile peer did."""
    honest = {node.signer.device for node in siege.honest}
    for node in siege.honest:
        blamed = {device for device, _ in node.dropped}
        assert not blamed & honest, f"{node.name} dropped an honest peer: {node.dropped}"
        place = node.place(siege.council)
        for member in siege.honest:
            duty = place.state.duty(member.member)
            assert duty.device == member.signer.device, "somebody honest was talked out of their vote"
            assert not duty.number
        if isinstance(siege.hostile, Mutator):
            for text_id in place._texts:
                document = place.text(text_id)
                assert not any(document.holds(bad) for bad in siege.hostile.bad_edits), "a bad edit counts"
        for lane in node.peer.world.forks:
            held = place.index.lane(lane)
            assert held is None or held.header.device in siege.hostile.devices, "somebody honest is convicted"
        for header in place.index.headers():
            if header.device in honest:
                held = place.index.lane(lane_id(header))
                assert held is not None
                signed = node_of(siege, header.device).signer.signed
                for seq in range(1, held.count + 1):
                    message = signed_message(held.lane, ChangeHash(held.hash_at(seq)))
                    assert message in signed, "somebody honest is said to have written what they did not"
    first, *others = [texts(node, siege.council) for node in siege.honest]
    assert all(other == first for other in others), "the same changes read differently"


def node_of(siege: Siege, device: DeviceId) -> Node:
    return next(node for node in siege.honest if node.signer.device == device)


REACHED: dict[str, tuple[str, ...]] = {
    "equivocator": ("accepted", "forks", "dropped above a fork", "unknown members"),
    "flooder": ("accepted", "unknown members", "unreadable: A frame of envelopes could not be read"),
    "forger": (
        *("refused: envelopes were not signed by the device that they name", "fold: RECORD"),
        *("unreadable: A device claims to write for a member who never certified it", "unknown members"),
        *("blamed: envelopes were not signed by the device that they name",),
    ),
    "liar": (
        *(
            "blamed: A peer divides its ranges without end",
            "blamed: A peer does not serve what it claims to hold",
        ),
        *(
            "blamed: A peer withdrew what it was not asked for",
            "blamed: A peer asked for envelopes from behind",
        ),
        *("blamed: A peer sent envelopes that it was not asked for", "blamed: A peer answered"),
    ),
    "mutator": (
        *("fold: MALFORMED", "fold: BROKEN_PARTS", "fold: UNKNOWN_KIND", "unreadable: A frame of envelopes"),
        *("guard: the change writes outside the text", "guard: the change deletes a character that its past"),
        *("guard: the change names a character that its past does not hold", "guard: it builds on changes"),
        *(
            "guard: the change holds an operation",
            "guard: the change does nothing",
            "guard: the change inserts",
        ),
        *(
            "guard: the change does not number its operations",
            "guard: bytes follow the columns of the change",
        ),
        *("refused: envelopes were not signed", "blamed: A peer's message could not be read"),
    ),
    "orphaner": ("orphans", "accepted"),
    "oversizer": (
        *(
            "blamed: A peer's message could not be read: Expected `array` of length",
            "blamed: An answer of bytes",
        ),
        *("unreadable: A frame of envelopes could not be read", "fold: BROKEN_PARTS", "fold: MALFORMED"),
    ),
    "replayer": (
        *("refused: envelopes were not signed by the device that they name", "unknown members"),
        *(
            "unreadable: A text change belongs to another place",
            "unreadable: the bytes are not an Automerge change",
        ),
        *("unreadable: An envelope does not name the one before it", "blamed: A peer sent envelopes"),
    ),
    "sybil": ("accepted", "forks", "fold: NOT_ADMITTED", "fold: NOT_ON_DUTY", "fold: TOO_MANY_VOUCHES"),
    "withholder": ("accepted",),
}


@pytest.mark.parametrize("kind", sorted(HOSTILE_KINDS))
def test_whatever_one_hostile_peer_does_the_honest_come_to_one_state(kind: str) -> None:
    seen: Counter[str] = Counter()
    done: Counter[str] = Counter()
    for seed in (*SEEDS, *MORE_SEEDS.get(kind, ())):
        siege, watch = run_siege(kind, seed)
        check(siege)
        seen += watch.seen
        done += siege.hostile.counts
    for wanted in REACHED[kind]:
        assert any(what.startswith(wanted) for what in seen), f"never reached: {wanted}; only {sorted(seen)}"
    assert done["acts"] > len(SEEDS) * ACTS // 2, "it hardly did anything"
    assert done["answered"] > 100, "hardly anybody asked it"


def test_what_a_withholder_leaves_out_comes_from_others() -> None:
    """It answers often, with less than the truth, and is never dropped for it."""
    lied = silent = 0
    for seed in SEEDS:
        siege, _ = run_siege("withholder", seed)
        assert not any(node.dropped for node in siege.honest)
        lied += siege.hostile.counts["lied"]
        silent += siege.hostile.counts["was silent"]
    assert lied > 200
    assert silent > 50


@pytest.mark.parametrize("kind", sorted(HOSTILE_KINDS))
def test_one_seed_is_one_run(kind: str) -> None:
    one, other = (run_siege(kind, 3, acts=25)[0] for _ in range(2))
    assert one.told == other.told
    assert one.hostile.counts == other.hostile.counts
    assert [node.place(one.council).state_hash() for node in one.honest] == [
        node.place(other.council).state_hash() for node in other.honest
    ]


def test_at_rest_it_writes_nothing_new_and_goes_on_lying() -> None:
    for kind in sorted(HOSTILE_KINDS):
        siege = Siege(kind, 1)
        siege.play(10)
        siege.come_to_rest()
        siege.simulation.run(60_000)  # What it wrote before may still be on its way.
        held = [node.place(siege.council).state_hash() for node in siege.honest]
        answered = siege.hostile.counts["answered"]
        assert siege.hostile.act() == ""
        siege.simulation.run(60_000)
        assert [node.place(siege.council).state_hash() for node in siege.honest] == held
        assert siege.hostile.counts["answered"] >= answered


def test_a_member_that_goes_offline_is_gone() -> None:
    siege = Siege("liar", 1)
    siege.play(30)
    names = set(siege.hostile.keys)
    assert names <= siege.simulation.online.keys()
    siege.hostile.go_offline()
    assert not names & siege.simulation.online.keys()
    assert siege.hostile.act() == ""


def test_only_a_member_can_be_what_takes_a_member() -> None:
    simulation = Simulation(1)
    council, _ = simulation.society("Ada")
    for kind, maker in HOSTILE_KINDS.items():
        if maker.needs_member:
            with pytest.raises(ValueError, match=kind):
                maker(simulation, council, random.Random(1), None, "Zed")
