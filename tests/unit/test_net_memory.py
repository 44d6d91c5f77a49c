"""The network in memory: the seed decides everything; faults are faults, and heal."""

import itertools
from collections.abc import Collection

import pytest

from net.address_book import FORGET_AFTER_FAILURES, AddressBook
from net.memory import MemoryNetwork
from net.memory_links import Conditions
from net.memory_peers import Answered, Connected, Delivery, Failed
from net.peer_id import format_peer_id
from net.transport import GossipReceived, PeerDown, PeerKey, PeerUp, RequestReceived

TOPIC = "t"
KEYS = [PeerKey(bytes([number]) * 32) for number in range(1, 7)]


def run(network: MemoryNetwork, for_ms: int) -> list[tuple[int, Delivery]]:
    """Go from event to event and answer every request, until the time is over."""
    end_ms = network.now_ms + for_ms
    history: list[tuple[int, Delivery]] = []
    while True:
        due_ms = network.next_due_ms()
        if due_ms is None or due_ms > end_ms:
            break
        for delivery in network.advance(due_ms):
            history.append((network.now_ms, delivery))
            if isinstance(delivery.event, RequestReceived):
                network.respond(delivery.to, delivery.event.request_id, delivery.event.data * 2)
    history += [(end_ms, delivery) for delivery in network.advance(end_ms)]
    return history


def village(seed: int, conditions: Conditions = Conditions()) -> MemoryNetwork:  # noqa: B008
    """Six peers in a ring, all subscribed."""
    network = MemoryNetwork(seed, conditions)
    for key in KEYS:
        network.attach(key)
        network.join_topic(key, TOPIC)
    for one, other in itertools.pairwise([*KEYS, KEYS[0]]):
        network.dial(one, network.address(other))
    run(network, 1_000)
    return network


def life(seed: int, conditions: Conditions) -> list[tuple[int, Delivery]]:
    network = village(seed, conditions)
    for number in range(40):
        network.publish(KEYS[number % 6], TOPIC, b"%d" % number)
        network.request(KEYS[number % 6], KEYS[(number + 1) % 6], b"q%d" % number, 2_000)
    network.cut(KEYS[0], KEYS[1])
    first = run(network, 20_000)
    network.heal()
    return first + run(network, 10_000)


def heard(history: list[tuple[int, Delivery]], data: bytes) -> list[PeerKey]:
    return [
        delivery.to
        for _, delivery in history
        if isinstance(delivery.event, GossipReceived) and delivery.event.data == data
    ]


def test_one_seed_is_one_history() -> None:
    weather = Conditions(2, 80, loss_permille=100, duplication_permille=100)
    assert repr(life(3, weather)) == repr(life(3, weather))
    assert repr(life(3, weather)) != repr(life(4, weather))


def test_gossip_goes_round_the_ring_once() -> None:
    network = village(1)
    network.publish(KEYS[0], TOPIC, b"news")
    assert sorted(heard(run(network, 5_000), b"news")) == sorted(KEYS[1:])


def test_loss_duplication_and_overtaking_happen_when_asked_for() -> None:
    network = village(1)
    network.links.conditions = Conditions(1, 500, loss_permille=300, duplication_permille=300)
    for number in range(60):
        network.publish(KEYS[0], TOPIC, b"%d" % number)
    history = run(network, 20_000)
    arrivals = [
        int(delivery.event.data)
        for _, delivery in history
        if delivery.to == KEYS[1] and isinstance(delivery.event, GossipReceived)
    ]
    assert len(set(arrivals)) < 60, "some are lost"
    assert len(set(arrivals)) < len(arrivals), "some come twice"
    assert arrivals != sorted(arrivals), "some overtake others"


def test_requests_are_answered_or_fail_and_never_hang() -> None:
    network = village(1)
    network.links.conditions = Conditions(1, 100, loss_permille=300, duplication_permille=200)
    tickets = {network.request(KEYS[0], KEYS[1], b"%d" % n, 1_000): b"%d" % n for n in range(100)}
    outcomes = [
        delivery.event
        for _, delivery in run(network, 5_000)
        if delivery.to == KEYS[0] and isinstance(delivery.event, Answered | Failed)
    ]
    assert sorted(outcome.ticket for outcome in outcomes) == sorted(tickets), "each ends exactly once"
    answered = [outcome for outcome in outcomes if isinstance(outcome, Answered)]
    assert 10 < len(answered) < 100
    assert all(outcome.data == tickets[outcome.ticket] * 2 for outcome in answered)


def test_a_one_way_cut_goes_unnoticed_for_a_while_and_heals() -> None:
    network = village(1)
    network.cut(KEYS[0], KEYS[1])
    network.cut(KEYS[0], KEYS[5])
    network.publish(KEYS[0], TOPIC, b"unheard")
    network.publish(KEYS[1], TOPIC, b"heard")
    early = run(network, 10_000)
    assert heard(early, b"unheard") == []
    assert KEYS[0] in heard(early, b"heard")
    assert not [d for _, d in early if isinstance(d.event, PeerDown)]
    late = run(network, 10_000)
    assert {d.to for _, d in late if isinstance(d.event, PeerDown)} == {KEYS[0], KEYS[1], KEYS[5]}
    network.heal()
    healed = run(network, 300_000)
    assert {d.to for _, d in healed if isinstance(d.event, PeerUp)} == {KEYS[0], KEYS[1], KEYS[5]}
    network.publish(KEYS[0], TOPIC, b"again")
    assert len(heard(run(network, 5_000), b"again")) == 5


def test_a_partition_splits_and_heals() -> None:
    network = village(1)
    network.partition(KEYS[:3], KEYS[3:])
    network.publish(KEYS[0], TOPIC, b"ours")
    assert sorted(heard(run(network, 30_000), b"ours")) == sorted(KEYS[1:3])
    network.heal()
    run(network, 300_000)
    network.publish(KEYS[0], TOPIC, b"for all")
    assert sorted(heard(run(network, 5_000), b"for all")) == sorted(KEYS[1:])


def test_a_peer_that_leaves_and_returns_elsewhere() -> None:
    network = village(1)
    network.detach(KEYS[1])
    assert {d.to for _, d in run(network, 100) if isinstance(d.event, PeerDown)} >= {KEYS[0], KEYS[2]}
    network.attach(KEYS[1])
    ticket = network.dial(KEYS[1], network.address(KEYS[0]))
    events = [delivery.event for _, delivery in run(network, 1_000)]
    assert Connected(ticket, KEYS[0]) in events


def test_a_quiet_network_has_nothing_to_do() -> None:
    network = village(1)
    assert network.next_due_ms() is None, "weeks of virtual time cost nothing"


@pytest.mark.parametrize("seed", range(3))
def test_everything_that_was_asked_for_is_cleaned_up(seed: int) -> None:
    network = village(seed, Conditions(1, 50, loss_permille=200, duplication_permille=200))
    for number in range(50):
        network.request(KEYS[0], KEYS[1], b"%d" % number, 500)
    run(network, 5_000)
    assert not network._exchanges
    assert not network._tickets


def test_dead_addresses_do_not_multiply_redials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each address heard of brings the next redial forward; what was planned before must not go on beside it."""
    asked = 0
    due = AddressBook.due

    def counted(book: AddressBook, now_ms: int, connected: Collection[PeerKey]) -> list[PeerKey]:
        nonlocal asked
        asked += 1
        return due(book, now_ms, connected)

    monkeypatch.setattr(AddressBook, "due", counted)
    network = MemoryNetwork(1)
    network.attach(KEYS[0])
    for number in range(60):
        nobody = PeerKey(bytes([1, number]) * 16)
        network.remember(KEYS[0], f"/memory/9/p2p/{format_peer_id(nobody)}")
        run(network, 50)
    run(network, 600_000)
    attempts = 60 * FORGET_AFTER_FAILURES
    assert asked <= 2 * attempts, "it wakes up more often than there is somebody to dial"
