"""Publishers are limited before anything of theirs is passed on, and nobody can use up another's rate."""

from net.gossip_gate import (
    KNOWN_BURST,
    KNOWN_BYTES_BURST,
    KNOWN_PER_SECOND,
    MAX_PUBLISHERS,
    MAX_SENDERS,
    STRANGERS_BURST,
    STRANGERS_PER_SECOND,
    TELL_EVERY_S,
    GossipGate,
)
from net.transport import GossipShed, PeerKey

MEMBER, OTHER, STRANGER, RELAY = (PeerKey(bytes([n]) * 32) for n in range(4))


def passed(gate: GossipGate, sender: PeerKey, origin: PeerKey, count: int, now_s: float) -> int:
    return sum(gate.is_open(sender, origin, 100, now_s) for _ in range(count))


def gate_of(*known: PeerKey) -> GossipGate:
    gate = GossipGate()
    gate.know(known)
    return gate


def test_each_known_publisher_has_a_rate_of_its_own() -> None:
    gate = gate_of(MEMBER, OTHER)
    assert passed(gate, MEMBER, MEMBER, 5_000, 0.0) == KNOWN_BURST
    assert passed(gate, MEMBER, MEMBER, 5_000, 1.0) == KNOWN_PER_SECOND
    assert passed(gate, OTHER, OTHER, 10, 1.0) == 10


def test_a_publisher_has_a_rate_by_bytes_too() -> None:
    gate = gate_of(MEMBER)
    sizes = [64 * 1024] * 150
    assert sum(gate.is_open(MEMBER, MEMBER, size, 0.0) for size in sizes) == KNOWN_BYTES_BURST // sizes[0]


def test_all_strangers_together_share_a_small_one() -> None:
    gate = gate_of(MEMBER)
    strangers = [PeerKey(n.to_bytes(32, "big")) for n in range(1, 5_000)]
    assert sum(gate.is_open(stranger, stranger, 100, 0.0) for stranger in strangers) == STRANGERS_BURST
    assert sum(gate.is_open(RELAY, stranger, 100, 1.0) for stranger in strangers) == STRANGERS_PER_SECOND
    assert passed(gate, MEMBER, MEMBER, 10, 1.0) == 10


def test_who_repeats_what_a_member_once_said_does_not_silence_the_member() -> None:
    gate = gate_of(MEMBER)
    assert passed(gate, RELAY, MEMBER, 5_000, 0.0) == KNOWN_BURST
    assert passed(gate, MEMBER, MEMBER, 10, 0.0) == 10


def test_who_is_shunned_is_let_fall_whoever_hands_it_over() -> None:
    gate = GossipGate()
    gate.know([MEMBER, OTHER], shunned=[MEMBER])
    assert passed(gate, MEMBER, MEMBER, 10, 0.0) == passed(gate, RELAY, MEMBER, 10, 0.0) == 0
    assert passed(gate, RELAY, OTHER, 10, 0.0) == 10
    assert gate.shed(RELAY, MEMBER, 0.0) is None
    assert gate.shed(RELAY, MEMBER, TELL_EVERY_S) == GossipShed(RELAY, 0, 0, 2), (
        "no stranger's: RELAY is honest"
    )


def test_until_it_is_said_who_is_known_everybody_is() -> None:
    assert passed(GossipGate(), STRANGER, STRANGER, 5_000, 0.0) == KNOWN_BURST


def test_what_is_shed_is_told_of_its_sender_in_sums() -> None:
    gate = gate_of(MEMBER)
    for origin in (RELAY, STRANGER, STRANGER, MEMBER):
        assert gate.shed(RELAY, origin, 0.0) is None
    assert gate.shed(RELAY, MEMBER, TELL_EVERY_S) == GossipShed(RELAY, 1, 2, 2)
    assert gate.shed(RELAY, MEMBER, TELL_EVERY_S) is None


def test_publishers_and_senders_without_end_take_up_no_memory_without_end() -> None:
    gate = GossipGate()
    for number in range(2 * MAX_PUBLISHERS):
        key = PeerKey(number.to_bytes(32, "big"))
        gate.is_open(key, key, 100, 0.0)
        gate.shed(key, key, 0.0)
    assert len(gate._publishers) <= MAX_PUBLISHERS
    assert len(gate._shed) <= MAX_SENDERS
