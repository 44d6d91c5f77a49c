"""What comes from the network before it is anybody's frame: addresses, announcements, requests, gossip streams."""

import contextlib
from collections.abc import Iterator
from hashlib import sha256
from random import Random
from types import SimpleNamespace
from typing import Any, cast

import trio
from libp2p.abc import IHost, INetStream
from libp2p.custom_types import StreamHandlerFn
from libp2p.network.stream.exceptions import StreamEOF
from libp2p.peer.id import ID
from libp2p.utils.varint import encode_varint_prefixed
from zeroconf import ServiceInfo

from net import discovery
from net.address_book import (
    MAX_ADDRESSES_PER_PEER,
    MAX_PEERS,
    AddressBook,
)
from net.discovery import SERVICE_TYPE, LocalDiscovery
from net.libp2p.requests import ANSWER_MARK, HEADER, Requests
from net.peer_id import decode_peer_id, encode_peer_id, format_peer_id, parse_peer_id, split_address
from net.transport import MAX_REQUEST_BYTES, PeerKey, TransportError
from tests.fuzz.choices import Choices, edit_bytes
from tests.fuzz.target import Target

KEYS = tuple(PeerKey(sha256(bytes([n])).digest()) for n in range(3))
PLACES = (
    "/ip4/10.0.0.1/tcp/4001",
    "/ip6/::1/tcp/1",
    "/dns/example.org/tcp/2",
    "/p2p-circuit",
    "/ip4/1.2.3.4/udp/9/quic",
)
STEPS_MAX = 24


def address_of(choices: Choices) -> str:
    """An address: any text, or a real one as it is or with letters changed."""
    decision = choices.number(8)
    if decision == 7:
        return choices.take(choices.number(64)).decode("utf-8", "replace")
    address = f"{choices.pick(PLACES)}/p2p/{format_peer_id(choices.pick(KEYS))}"
    if decision >= 4:
        return edit_bytes(choices, address.encode()).decode("utf-8", "replace")
    return address


def check_address(address: str) -> None:
    """A text that names a peer names one key, and there is one spelling of it."""
    with contextlib.suppress(TransportError):
        key = parse_peer_id(address)
        assert parse_peer_id(format_peer_id(key)) == key
    try:
        place, key = split_address(address)
    except TransportError:
        return
    assert len(key) == 32
    assert place
    assert split_address(f"{place}/p2p/{format_peer_id(key)}") == (place, key)
    assert decode_peer_id(encode_peer_id(key)) == key


def run_addresses(data: bytes) -> None:
    choices = Choices(data)
    check_address(choices.take(choices.number(80)).decode("utf-8", "replace"))
    with contextlib.suppress(TransportError):
        assert encode_peer_id(decode_peer_id(choices.take(38)))
    book, now_ms = AddressBook(Random(1)), 0
    for _ in range(choices.number(STEPS_MAX)):
        address = address_of(choices)
        check_address(address)
        try:
            step(choices, book, address, now_ms)
        except TransportError:
            continue
        now_ms += choices.pick((0, 500, 5_000, 40 * 24 * 3_600_000))
    check_book(book, now_ms)


def step(choices: Choices, book: AddressBook, address: str, now_ms: int) -> None:
    peer = book.remember(address)
    place, _ = split_address(address[:300])
    assert peer in book
    assert place in book.places(peer)
    match choices.number(5):
        case 0:
            book.note_success(peer, place, now_ms)
            assert place in book.places(peer)
        case 1:
            book.note_failure(peer, book.places(peer), now_ms)
        case 2:
            book.note_down(peer, now_ms)
        case 3:
            book.due(now_ms, [choices.pick(KEYS)])


def check_book(book: AddressBook, now_ms: int) -> None:
    """Bounded, and the same after it was stored and read again."""
    known = book.known()
    twin = AddressBook(Random(1))
    twin.restore(known)
    assert twin.known() == known
    peers = {split_address(record.address)[1] for record in known}
    assert len(peers) <= MAX_PEERS
    assert len(known) <= MAX_ADDRESSES_PER_PEER * MAX_PEERS
    assert set(book.due(now_ms, ())) <= peers
    assert (book.next_dial_ms(()) is None) == (not peers)


def address_seeds() -> Iterator[bytes]:
    yield bytes([60]) + format_peer_id(KEYS[0]).encode() + bytes(20)
    for number in range(60):
        yield (
            bytes([0])
            + bytes(38)
            + bytes([9])
            + bytes([number % 8, number % 5, number % 3, number % 5, number % 4]) * 9
        )
    yield bytes([0]) + encode_peer_id(KEYS[0]) + bytes([1, 0])


# What is announced on the local network.


class _Announced(ServiceInfo):
    """An announcement as it came in; nothing is looked up."""

    text_record = b""

    def __init__(self, service_type: str, name: str) -> None:
        super().__init__(service_type, name, properties=self.text_record)

    async def async_request(self, *_: object) -> bool:
        return True


def run_discovery(data: bytes) -> None:
    choices = Choices(data)
    found: list[str] = []
    own, other = KEYS[:2]
    name = f"{format_peer_id(other)}.{SERVICE_TYPE}"
    if choices.number(4) == 3:
        name = edit_bytes(choices, name.encode()).decode("utf-8", "replace") or "?"
    records = []
    for number in range(choices.number(12)):
        value = address_of(choices).encode("utf-8", "replace")
        entry = (f"a{number}=".encode() + value)[:255] if choices.number(8) != 7 else choices.take(9)
        records.append(bytes([len(entry)]) + entry)
    _Announced.text_record = b"".join(records) + (choices.rest() if choices.number(8) == 7 else b"")
    listening = LocalDiscovery(own, found.append)
    look_up = listening._look_up(cast(Any, None), name)
    original, discovery.AsyncServiceInfo = discovery.AsyncServiceInfo, cast(Any, _Announced)
    try:
        look_up.send(None)
    except StopIteration:
        pass
    finally:
        discovery.AsyncServiceInfo = cast(Any, original)
    assert len(found) == len(set(found))
    assert all(f"{format_peer_id(split_address(text)[1])}.{SERVICE_TYPE}" == name for text in found)


def discovery_seeds() -> Iterator[bytes]:
    for number in range(24):
        yield bytes([0, 3]) + bytes([number % 8, number % 5, 1, number, number % 5, 2, 0]) * 4
    yield bytes([0, 2, 0, 0, 1, 0, 0, 1, 1, 0, 7]) + b"\3a=x\xff\xff"


# Streams: a request, and gossip.


class FakeStream:
    """A stream from somebody who sends some bytes and hangs up."""

    def __init__(self, data: bytes) -> None:
        self.muxed_conn = SimpleNamespace(peer_id=ID(encode_peer_id(KEYS[1])))
        self.metric_send_channel = None
        self.written = b""
        self.was_reset = False
        self._data = data

    async def read(self, n: int | None = None) -> bytes:
        taken, self._data = self._data[:n], self._data[n or len(self._data) :]
        if not taken:
            raise StreamEOF
        return taken

    async def write(self, data: bytes) -> None:
        self.written += data

    async def reset(self) -> None:
        self.was_reset = True

    async def close(self) -> None:
        """Closing is as good."""


class FakeHost:
    """Keeps the handler that a service registers."""

    handler: StreamHandlerFn | None = None

    def set_stream_handler(self, _: str, handler: StreamHandlerFn) -> None:
        self.handler = handler


async def serve_request(frame: bytes) -> tuple[list[bytes], FakeStream]:
    """Let the request protocol serve one stream; whatever is asked is answered with itself."""
    asked: list[bytes] = []
    host = FakeHost()

    def on_request(_: ID, number: int, data: bytes) -> None:
        asked.append(data)
        requests.answer(number, data)

    async with trio.open_nursery() as nursery:
        requests = Requests(cast(IHost, host), nursery, Random(1), lambda _: True, on_request)
        stream = FakeStream(frame)
        assert host.handler is not None
        await host.handler(cast(INetStream, stream))
    return asked, stream


def run_requests(data: bytes) -> None:
    choices = Choices(data)
    timeout_ms = choices.pick((1_000, 0, (1 << 32) - 1))
    body = choices.take(choices.number(32))
    request = HEADER.pack(timeout_ms) + body
    decision = choices.number(5)
    if decision == 0:
        frame = encode_varint_prefixed(request)
    elif decision == 1:
        frame = encode_varint_prefixed(request[: choices.number(6)])
    elif decision == 2:
        frame = edit_bytes(choices, encode_varint_prefixed(request))
    elif decision == 3:
        frame = b"\xff\xff\xff\xff\x07" + request
    else:
        frame = choices.rest()
    asked, stream = trio.run(serve_request, frame)
    assert len(asked) <= 1
    assert all(len(data) <= MAX_REQUEST_BYTES for data in asked)
    if decision == 0 and timeout_ms:
        assert asked == [body]
        assert stream.written == encode_varint_prefixed(ANSWER_MARK + body)
    if not asked:
        assert stream.was_reset
        assert not stream.written


def request_seeds() -> Iterator[bytes]:
    for decision in range(5):
        for timeout in range(3):
            yield bytes([timeout, 4]) + b"body" + bytes([decision, decision, 1, 2])


TARGETS = (
    Target("addresses", run_addresses, ("net.peer_id", "net.address_book"), address_seeds, 512),
    Target("discovery", run_discovery, ("net.discovery",), discovery_seeds, 384),
    Target("requests", run_requests, ("net.libp2p.requests",), request_seeds, 128),
)
