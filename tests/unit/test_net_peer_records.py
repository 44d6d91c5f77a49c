"""Signed peer records go with each message, but are made and checked only now and then."""

from hashlib import sha256

import pytest
from libp2p.abc import IHost
from libp2p.peer.peerstore import env_to_send_in_RPC
from libp2p.pubsub.pb.rpc_pb2 import RPC
from multiaddr import Multiaddr

from net.libp2p import peer_records
from net.libp2p.host import make_host


def host(name: bytes) -> IHost:
    return make_host(sha256(name).digest())


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The records that the library was asked to check."""
    checked: list[bytes] = []
    check = peer_records.maybe_consume_signed_record

    def noted(message: RPC, host: IHost, peer_id: object) -> bool:
        checked.append(message.senderRecord)
        return check(message, host, peer_id)  # type: ignore[arg-type]

    monkeypatch.setattr(peer_records, "maybe_consume_signed_record", noted)
    return checked


def test_a_record_is_made_again_when_it_may_be_out_of_date(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 1_000.0
    monkeypatch.setattr(peer_records.time, "monotonic", lambda: now_s)
    one, other = host(b"one"), host(b"other")
    record, is_new = peer_records.record_to_send(one)
    assert (record != b"", is_new) == (True, True)
    assert peer_records.record_to_send(one) == (record, False)
    assert peer_records.record_to_send(other)[1], "each host has its own"
    now_s += peer_records.FRESH_S
    assert peer_records.record_to_send(one)[1]


def test_what_is_sent_is_never_older_than_what_the_library_sends_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sender, reader = host(b"a sender that moves"), host(b"its reader")
    peer_records.record_to_send(sender)
    monkeypatch.setattr(sender, "get_addrs", lambda: [Multiaddr("/ip4/192.0.2.1/tcp/4001")])
    identified, _ = env_to_send_in_RPC(sender)  # What the library does when it tells who we are.
    assert peer_records.is_sound(RPC(senderRecord=identified), reader, sender.get_id())
    hello = RPC(senderRecord=peer_records.record_to_send(sender)[0])
    assert peer_records.is_sound(hello, reader, sender.get_id())


def test_what_was_sound_is_not_checked_again_and_what_is_new_is(checks: list[bytes]) -> None:
    sender, reader = host(b"sender"), host(b"reader")
    message = RPC(senderRecord=peer_records.record_to_send(sender)[0])
    assert all(peer_records.is_sound(message, reader, sender.get_id()) for _ in range(3))
    assert checks == [message.senderRecord]
    assert peer_records.is_sound(message, host(b"another reader"), sender.get_id())
    assert len(checks) == 2, "what one host of a process knows is nothing to another"
    assert peer_records.is_sound(RPC(), reader, sender.get_id()), "the library asks for none"


def test_a_record_of_another_or_none_that_verifies_is_refused_each_time(checks: list[bytes]) -> None:
    sender, liar, reader = host(b"sender"), host(b"liar"), host(b"reader")
    sound = peer_records.record_to_send(sender)[0]
    assert peer_records.is_sound(RPC(senderRecord=sound), reader, sender.get_id())
    broken = sound[:-1] + bytes([sound[-1] ^ 1])
    for _ in range(2):
        assert not peer_records.is_sound(RPC(senderRecord=sound), reader, liar.get_id())
        assert not peer_records.is_sound(RPC(senderRecord=broken), reader, sender.get_id())
    assert len(checks) == 5


def test_of_many_peers_the_latest_are_remembered(
    checks: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peer_records, "MAX_REMEMBERED", 2)
    reader, senders = host(b"reader of many"), [host(b"%d" % number) for number in range(3)]
    for sender in (*senders, senders[2], senders[0]):
        message = RPC(senderRecord=peer_records.record_to_send(sender)[0])
        assert peer_records.is_sound(message, reader, sender.get_id())
    assert len(checks) == 4
