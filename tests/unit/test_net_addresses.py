"""Peer ids, the address book and rates: pure rules of the network layer."""

import subprocess
import sys
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from net.address_book import (
    FEW_PEERS,
    FORGET_AFTER_FAILURES,
    FORGET_PROVEN_AFTER_MS,
    LONGEST_PAUSE_MS,
    MAX_ADDRESSES_PER_PEER,
    MAX_PEERS,
    AddressBook,
)
from net.libp2p.rates import PeerRates, TokenBucket
from net.peer_id import decode_peer_id, encode_peer_id, format_peer_id, parse_peer_id, split_address
from net.transport import KnownAddress, PeerKey, TransportError

keys = st.binary(min_size=32, max_size=32).map(PeerKey)
ONE, TWO = PeerKey(b"\x01" * 32), PeerKey(b"\x02" * 32)
PLACE = "/ip4/127.0.0.1/tcp/4001"


def at(key: PeerKey, place: str = PLACE) -> str:
    return f"{place}/p2p/{format_peer_id(key)}"


@given(keys)
def test_peer_ids_round_trip(key: PeerKey) -> None:
    assert decode_peer_id(encode_peer_id(key)) == key
    assert parse_peer_id(format_peer_id(key)) == key
    assert split_address(at(key)) == (PLACE, key)
    assert format_peer_id(key).startswith("12D3KooW")


@given(st.text(max_size=80))
def test_no_text_breaks_the_parser(text: str) -> None:
    for candidate in (text, f"/p2p/{text}", f"{PLACE}/p2p/{text}"):
        try:
            place, key = split_address(candidate)
        except TransportError:
            continue
        assert place
        assert len(key) == 32


def test_keys_of_other_kinds_are_refused() -> None:
    with pytest.raises(TransportError):
        encode_peer_id(PeerKey(b"short"))
    with pytest.raises(TransportError):
        decode_peer_id(bytes.fromhex("1220") + bytes(32))


def test_the_port_alone_loads_no_libp2p() -> None:
    code = "import sys, net.transport, net.memory; sys.exit('libp2p' in sys.modules or 'trio' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_pauses_grow_to_a_cap_and_start_anew() -> None:
    book = AddressBook(Random(1))
    book.remember(at(ONE))
    book.note_success(ONE, PLACE, 1)
    assert book.due(1, {ONE}) == []
    book.note_down(ONE, 1_000)
    now_ms, pauses = 1_000, []
    for _ in range(12):
        due_ms = book.next_dial_ms(())
        assert due_ms is not None
        assert book.due(due_ms - 1, ()) == []
        assert book.due(due_ms, ()) == [ONE]
        pauses.append(due_ms - now_ms)
        now_ms = due_ms
        book.note_failure(ONE, [PLACE], now_ms)
    assert pauses[0] < 2_000
    assert LONGEST_PAUSE_MS / 2 <= pauses[-1] <= LONGEST_PAUSE_MS * 1.5
    book.note_up(ONE)
    book.note_down(ONE, now_ms)
    assert book.next_dial_ms(()) == pytest.approx(now_ms + 1_000, abs=501)


def crowd() -> list[PeerKey]:
    """As many peers as are never forgotten."""
    return [PeerKey((1_000 + number).to_bytes(32, "big")) for number in range(FEW_PEERS)]


def test_what_never_worked_is_forgotten_and_what_worked_is_kept_for_a_month() -> None:
    book = AddressBook(Random(1))
    for peer in crowd():
        book.remember(at(peer))
    book.remember(at(ONE))
    book.note_success(TWO, PLACE, 5)
    for _ in range(FORGET_AFTER_FAILURES):
        book.note_failure(ONE, [PLACE], 10)
        book.note_failure(TWO, [PLACE], 10)
    assert ONE not in book
    assert TWO in book
    book.note_failure(TWO, [PLACE], FORGET_PROVEN_AFTER_MS + 5)
    assert TWO not in book


def test_whoever_knows_few_peers_forgets_none_of_them() -> None:
    book = AddressBook(Random(1))
    book.remember(at(ONE))
    book.note_success(TWO, PLACE, 5)
    for _ in range(3 * FORGET_AFTER_FAILURES):
        book.note_failure(ONE, [PLACE], 10)
        book.note_failure(TWO, [PLACE], FORGET_PROVEN_AFTER_MS + 5)
    assert ONE in book, "a sponsor may sleep for a week"
    assert TWO in book
    assert book.next_dial_ms(()) is not None
    for peer in crowd():
        book.remember(at(peer))
    book.note_failure(ONE, [PLACE], 10)
    assert ONE not in book


def test_the_book_is_bounded_and_keeps_what_worked() -> None:
    book = AddressBook(Random(1))
    book.note_success(ONE, PLACE, 5)
    for port in range(3 * MAX_ADDRESSES_PER_PEER):
        book.remember(at(ONE, f"/ip4/127.0.0.1/tcp/{port + 1}"))
    assert len(book.places(ONE)) == MAX_ADDRESSES_PER_PEER
    assert book.places(ONE)[0] == PLACE
    for number in range(MAX_PEERS + 10):
        book.remember(at(PeerKey(number.to_bytes(32, "big"))))
    assert ONE in book
    assert len({split_address(record.address)[1] for record in book.known()}) == MAX_PEERS


def test_the_book_survives_storage() -> None:
    book = AddressBook(Random(1))
    book.note_success(ONE, PLACE, 5)
    book.remember(at(TWO))
    book.note_failure(TWO, [PLACE], 7)
    again = AddressBook(Random(2))
    again.restore(book.known())
    assert again.known() == book.known()
    assert KnownAddress(at(ONE), 5, 0) in book.known()


def test_a_bucket_gives_its_burst_and_then_its_rate() -> None:
    bucket = TokenBucket(per_second=10, burst=5)
    assert sum(bucket.is_allowed(1, 100.0) for _ in range(20)) == 5
    assert sum(bucket.is_allowed(1, 101.0) for _ in range(20)) == 5
    assert sum(bucket.is_allowed(1, 101.2) for _ in range(20)) == 2


def test_a_bucket_on_credit_says_how_long_to_pause() -> None:
    bucket = TokenBucket(per_second=10, burst=5)
    assert bucket.charge(5, 100.0) == 0
    assert bucket.charge(20, 100.0) == 2
    assert bucket.charge(0, 101.0) == 1
    assert bucket.charge(5, 102.5) == 0


def test_one_peer_does_not_use_up_another_peers_rate() -> None:
    rates = PeerRates(lambda: TokenBucket(1, 2), lambda: TokenBucket(100, 100))
    assert [rates.is_allowed(b"a", 10, 0.0) for _ in range(3)] == [True, True, False]
    assert rates.is_allowed(b"b", 10, 0.0)
    assert not rates.is_allowed(b"c", 200, 0.0)
    rates.forget(b"a")
    assert rates.is_allowed(b"a", 10, 0.0)
