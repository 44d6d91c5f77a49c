"""What others send: liars are dropped with a reason, garbage is survived, and honest peers are never blamed."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crdt.envelope import encode_groups
from crdt.ids import CouncilId, DeviceId
from crdt.store.rows import export_groups
from net.memory_links import Conditions
from p2pcouncil.domain.records import read_genesis
from p2pcouncil.peer import commands as c
from p2pcouncil.peer.events import (
    AnswerHeard,
    Ask,
    BatchAccepted,
    Drop,
    Effect,
    GossipHeard,
    PeerConnected,
    PeerGone,
    QuestionHeard,
    Reply,
    Tick,
)
from p2pcouncil.peer.showing.network import NetworkRole, show_network
from p2pcouncil.peer.wire import GossipKind, Kind, topic_of
from tests.sim.node import Node
from tests.sim.simulation import Simulation, proposal_of
from tests.support.world import Person, genesis_of

LIAR = DeviceId(b"L" * 32)
FRIEND = DeviceId(b"F" * 32)
KINDS = (Kind.SYNC, Kind.GENESIS, Kind.LOBBY, Kind.TIPS, Kind.UNKNOWN_COUNCIL)
ONLINE = NetworkRole(here=True, elsewhere=False)


def alone() -> tuple[Node, CouncilId]:
    """Ada, who holds a council with one proposal and hears whatever the test makes up."""
    simulation = Simulation(1)
    council, (ada,) = simulation.society("Ada")
    ada.go_offline()
    proposal_of(ada, council, "Oven")
    return ada, council


def tell(node: Node, *events: object) -> list[Effect]:
    return [e for event in events for e in node.peer.handle(event, node.simulation.now_ms)]  # type: ignore[arg-type]


def asks_of(effects: list[Effect]) -> dict[Kind, Ask]:
    return {Kind(e.data[0]): e for e in effects if isinstance(e, Ask)}


def drops(effects: list[Effect]) -> list[DeviceId]:
    return [e.device for e in effects if isinstance(e, Drop)]


@pytest.mark.parametrize("kind", [Kind.SYNC, Kind.TIPS, Kind.KNOWS, Kind.GENESIS, Kind.LOBBY])
@pytest.mark.parametrize(
    "body", [b"", b"\xc1", b"\x91\x01", b"\0" * 500], ids=["empty", "no kind", "short", "zeros"]
)
def test_a_liars_answer_drops_it_and_is_shown(kind: Kind, body: bytes) -> None:
    simulation = Simulation(1)
    council, (node, member) = simulation.society("Ada", "Lia")
    node.go_offline()
    proposal_of(node, council, "Oven")
    liar_device = member.peer.world.me.device
    elsewhere = Simulation(2)
    other, (bob,) = elsewhere.society("Bob")
    node.submit(c.JoinByInvitation(bob.submit(c.MakeInvitation(other)).lines[0]))
    asks = asks_of(tell(node, PeerConnected(liar_device), Tick()))
    effects = tell(node, AnswerHeard(asks[kind].ask, bytes([kind]) + body))
    assert drops(effects) == [liar_device]
    (liar,) = show_network(node.peer, ONLINE).peers
    assert liar.problem


def test_another_councils_founding_is_no_answer() -> None:
    node, _ = alone()
    bob = Simulation(2)
    other, (sponsor,) = bob.society("Bob")
    node.submit(c.JoinByInvitation(sponsor.submit(c.MakeInvitation(other)).lines[0]))
    ask = asks_of(tell(node, PeerConnected(LIAR), Tick()))[Kind.GENESIS]
    forged = genesis_of([Person("Eve")], name="Morning Bread")
    effects = tell(node, AnswerHeard(ask.ask, bytes([Kind.GENESIS]) + forged))
    assert drops(effects) == [LIAR]
    assert read_genesis(forged)[0] not in node.peer.world.places


def test_an_answer_of_another_kind_drops_a_pull_but_silence_does_not() -> None:
    node, _ = alone()
    ask = asks_of(tell(node, PeerConnected(LIAR)))[Kind.SYNC]
    assert drops(tell(node, AnswerHeard(ask.ask, bytes([Kind.KNOWS])))) == [LIAR]
    node, _ = alone()
    ask = asks_of(tell(node, PeerConnected(FRIEND)))[Kind.SYNC]
    assert not drops(tell(node, AnswerHeard(ask.ask, None, "time-out")))


@pytest.mark.parametrize("kind", KINDS)
def test_garbled_questions_drop_whoever_asks_them(kind: Kind) -> None:
    node, council = alone()
    body = council + b"\xc1" if kind is Kind.SYNC else b"\xc1"
    effects = tell(node, PeerConnected(LIAR), QuestionHeard(LIAR, 1, bytes([kind]) + body))
    assert drops(effects) == [LIAR]
    assert not [e for e in effects if isinstance(e, Reply)]


def test_an_unknown_council_is_said_to_be_unknown() -> None:
    node, _ = alone()
    question = bytes([Kind.SYNC]) + b"\7" * 32
    (reply,) = tell(node, QuestionHeard(FRIEND, 1, question))
    assert isinstance(reply, Reply)
    assert reply.data == bytes([Kind.UNKNOWN_COUNCIL])


def test_nobody_is_blamed_for_gossip_that_they_only_passed_on() -> None:
    node, council = alone()
    tell(node, PeerConnected(FRIEND))
    for data in (b"", b"\1", b"\1\xc1garbage", b"\7what", bytes([GossipKind.ENVELOPES]) + b"\0" * 10_000):
        assert not drops(tell(node, GossipHeard(FRIEND, topic_of(council), data)))
    assert not drops(tell(node, GossipHeard(FRIEND, "/some/other/topic", b"x")))


def test_forged_envelopes_are_refused_and_leave_no_trace() -> None:
    simulation = Simulation(1)
    council, (ada, ben) = simulation.society("Ada", "Ben")
    proposal_of(ben, council, "Oven")
    simulation.converge(council)
    before = ada.place(council).state_hash()
    (chunk,) = export_groups(ben.conn, council)
    data = encode_groups(chunk)
    mutated = bytearray(data)
    rng = random.Random(1)
    for _ in range(200):
        at = rng.randrange(len(mutated))
        mutated[at] ^= 1 << rng.randrange(8)
        ada.handle(GossipHeard(ben.signer.device, topic_of(council), b"\1" + bytes(mutated)))
        mutated[at] = data[at]
    assert ada.place(council).state_hash() == before
    assert not ada.dropped


@settings(max_examples=300, deadline=None)
@given(
    st.integers(0, 255),
    st.binary(max_size=300),
    st.sampled_from(["question", "answer", "gossip"]),
    st.booleans(),
)
def test_garbage_never_raises(kind: int, body: bytes, how: str, with_council: bool) -> None:
    node, council = NODE
    data = bytes([kind]) + (council if with_council else b"") + body
    asks = asks_of(tell(node, PeerConnected(LIAR), Tick()))
    match how:
        case "question":
            node.handle(QuestionHeard(LIAR, 1, data))
        case "answer":
            for ask in asks.values():
                node.handle(AnswerHeard(ask.ask, data))
                node.handle(AnswerHeard(ask.ask, data))
        case _:
            node.handle(GossipHeard(LIAR, topic_of(council), data))
    node.handle(BatchAccepted(kind, 0, 0, ()))
    node.handle(PeerGone(LIAR, ""))


NODE = alone()


def test_an_answer_that_nobody_waits_for_is_passed_over() -> None:
    node, _ = alone()
    assert tell(node, AnswerHeard(123_456, b"\1whatever")) == []
    ask = asks_of(tell(node, PeerConnected(LIAR)))[Kind.SYNC]
    tell(node, PeerGone(LIAR, ""))
    assert tell(node, AnswerHeard(ask.ask, b"\1whatever")) == []


def test_a_lost_gossip_message_is_made_good_by_a_pull() -> None:
    simulation = Simulation(1)
    council, (ada, ben) = simulation.society("Ada", "Ben")
    simulation.network.leave_topic(ben.key, topic_of(council))
    proposal_of(ada, council, "Oven")
    simulation.run(300)
    assert not simulation.equal(council)
    simulation.converge(council, limit_ms=20_000)


def test_what_came_by_a_pull_is_passed_on_to_those_behind() -> None:
    simulation = Simulation(1)
    council, nodes = simulation.society("Ada", "Ben", "Cem")
    for node in nodes:
        simulation.network.leave_topic(node.key, topic_of(council))
    simulation.network.disconnect(nodes[0].key, nodes[2].key, "")
    for address in list(nodes[2].peer.world.addresses):
        nodes[1].submit(c.Dial(address))
    simulation.run(1_000)
    proposal_of(nodes[0], council, "Oven")
    simulation.converge(council, limit_ms=40_000)


def test_a_clock_that_is_put_back_by_a_day_keeps_nobody_waiting() -> None:
    simulation = Simulation(3)
    council, (ada, ben) = simulation.society("Ada", "Ben")
    simulation.run(5_000)
    ben.skew_ms = -86_400_000
    ada.skew_ms = 86_400_000
    simulation.run(1_000)
    ada.skew_ms = 0
    proposal_of(ben, council, "Late news")
    simulation.network.links.conditions = Conditions(loss_permille=300)
    proposal_of(ada, council, "More of it")
    simulation.run(10_000)
    simulation.network.links.conditions = Conditions()
    simulation.converge(council, [ada, ben], 40_000)
    assert simulation.run_until(lambda: not ben.peer.holdings.only_here(), 20_000)
    assert simulation.run_until(lambda: not ada.peer.holdings.only_here(), 20_000)
