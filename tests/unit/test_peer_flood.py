"""A peer that floods others over the network, in virtual time: it is dropped by those whom it floods, and shown."""

from collections.abc import Callable

import pytest

from crdt.ids import CouncilId, DeviceId
from net.transport import PeerKey
from p2pcouncil.peer import commands as c
from p2pcouncil.peer.showing.network import NetworkRole, show_network
from p2pcouncil.peer.views.network import PeerView
from p2pcouncil.peer.wire import GossipKind, Kind, topic_of
from tests.sim.node import Node
from tests.sim.simulation import Simulation, proposal_of

FLOODER = PeerKey(b"F" * 32)
PER_SECOND = 1_000
FLOOD_MS = 20_000
HERE = NetworkRole(here=True, elsewhere=False)
ELSEWHERE = NetworkRole(here=False, elsewhere=True)

Flood = Callable[[Simulation, CouncilId, Node], None]


def ask(kind: Kind, body: bytes = b"") -> Flood:
    def act(simulation: Simulation, council: CouncilId, victim: Node) -> None:
        asked = bytes([kind]) + (body or council)
        simulation.network.request(FLOODER, victim.key, asked, 20_000)

    return act


def gossip(data: bytes) -> Flood:
    def act(simulation: Simulation, council: CouncilId, _: Node) -> None:
        simulation.network.publish(FLOODER, topic_of(council), data)

    return act


SYNC = bytes.fromhex("939193c400c400c4009090")
FLOODS = {
    "questions": lambda simulation, council, victim: simulation.network.request(
        FLOODER, victim.key, bytes([Kind.SYNC]) + council + SYNC, 20_000
    ),
    "news by question": ask(Kind.NEWS),
    "addresses": ask(Kind.KNOWS, b"\0"),
    "news": gossip(bytes([GossipKind.NEWS])),
    "garbage": gossip(bytes([GossipKind.ENVELOPES]) + b"garbage" * 10),
    "nonsense": gossip(b"\xff" * 200),
}


def three_and_a_flooder() -> tuple[Simulation, CouncilId, list[Node]]:
    """Three who are connected to each other, and a flooder that is connected to the first of them alone."""
    simulation = Simulation(1)
    council, nodes = simulation.society("Ada", "Ben", "Cem")
    network = simulation.network
    network.attach(FLOODER)
    network.join_topic(FLOODER, topic_of(council))
    network.dial(FLOODER, network.address(nodes[0].key))
    simulation.run(1_000)
    assert FLOODER in network.connected(nodes[0].key)
    return simulation, council, nodes


def under(simulation: Simulation, council: CouncilId, victim: Node, flood: Flood, for_ms: int) -> None:
    """Flood for a while, at a steady pace, whenever connected."""
    for _ in range(for_ms * PER_SECOND // 10_000):
        for _ in range(10):
            if FLOODER in simulation.network.connected(victim.key):
                flood(simulation, council, victim)
        simulation.run(10)


def shown(node: Node, role: NetworkRole = HERE) -> PeerView | None:
    found = [peer for peer in show_network(node.peer, role).peers if peer.device == FLOODER]
    return found[0] if found else None


@pytest.mark.parametrize("kind", FLOODS)
def test_a_flooder_is_dropped_with_a_reason_and_nobody_else_is(kind: str) -> None:
    simulation, council, nodes = three_and_a_flooder()
    under(simulation, council, nodes[0], FLOODS[kind], FLOOD_MS)
    dropped = [(node.name, device) for node in nodes for device, _ in node.dropped]
    assert dropped
    assert set(dropped) == {("Ada", DeviceId(FLOODER))}
    view = shown(nodes[0])
    assert view is not None
    assert view.problem.startswith("It ")
    assert view.refused_until_ms > simulation.now_ms
    assert not view.connected
    told = shown(nodes[0], ELSEWHERE)
    assert told is not None, "the other processes of the home know it from the shelf"
    assert told.problem == view.problem


@pytest.mark.parametrize("kind", FLOODS)
def test_what_honest_peers_write_meanwhile_arrives_as_ever(kind: str) -> None:
    simulation, council, nodes = three_and_a_flooder()
    under(simulation, council, nodes[0], FLOODS[kind], 1_000)
    for number in range(5):
        proposal_of(nodes[number % 3], council, f"Oven {number}")
        under(simulation, council, nodes[0], FLOODS[kind], 500)
    simulation.converge(council, nodes, limit_ms=5_000)


def test_who_asks_a_little_too_often_is_shown_as_throttled_until_it_has_calmed_down() -> None:
    simulation, _, (ada, *_) = three_and_a_flooder()
    for _ in range(120):
        simulation.network.request(FLOODER, ada.key, bytes([Kind.KNOWS]), 20_000)
        simulation.run(10)
    view = shown(ada)
    assert view is not None
    assert (view.throttled, view.connected, view.problem) == ("asks too often", True, "")
    assert 0 < view.throttled_since_ms <= simulation.now_ms
    simulation.run(12_000)
    view = shown(ada)
    assert view is not None
    assert view.throttled == ""


def test_a_script_that_writes_as_fast_as_it_can_is_never_throttled() -> None:
    simulation = Simulation(1)
    council, nodes = simulation.society("Ada", "Ben", "Cem")
    for number in range(400):
        proposal_of(nodes[0], council, f"Oven {number}")
        simulation.run(2)
        conducts = [
            conduct for node in nodes for conduct in node.peer.world.courtesy.conducts(simulation.now_ms)
        ]
        assert conducts == []
    simulation.converge(council, nodes)


def test_a_member_of_many_councils_is_never_throttled_into_failure() -> None:
    simulation = Simulation(1)
    _, (ada, ben) = simulation.society("Ada", "Ben", name="First")
    councils = []
    for number in range(30):
        done = ada.submit(c.FoundCouncil(f"Council {number}", "society", "society", ""))
        councils.append(CouncilId(done.id))
        genesis = ada.place(councils[-1]).genesis_bytes
        ben._keep("council", councils[-1], genesis)
        proposal_of(ada, councils[-1], "Oven")
    for council in councils:
        simulation.converge(council, [ada, ben])
    simulation.run(20_000)
    assert ada.dropped == ben.dropped == []
