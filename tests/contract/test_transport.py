"""What every adapter of the transport port promises; run over real libp2p on loopback and over the memory network."""

import asyncio
import contextlib
import hashlib
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest
import pytest_asyncio

from net.libp2p.transport import Libp2pTransport
from net.memory import MemoryNetwork
from net.memory_transport import MemoryHub, MemoryTransport
from net.peer_id import format_peer_id
from net.transport import (
    MAX_GOSSIP_BYTES,
    MAX_REQUEST_BYTES,
    MAX_RESPONSE_BYTES,
    DialFailed,
    GossipReceived,
    KnownAddress,
    PeerDown,
    PeerKey,
    PeerUp,
    RequestReceived,
    Transport,
    TransportError,
    TransportEvent,
)

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(90)]

DEADLINE_S = 25.0
TOPIC = "/p2pcouncil/1/test"
Handler = Callable[[RequestReceived], Coroutine[Any, Any, bytes | None]]


async def echo(request: RequestReceived) -> bytes | None:
    """Answer ``<n>`` with n bytes; anything else with itself; ``silence`` never."""
    if request.data == b"silence":
        return None
    return b"x" * int(request.data) if request.data.isdigit() else request.data


async def eventually(condition: Callable[[], bool], what: str) -> None:
    """Wait for something that the network brings about in its own time."""
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, f"not within {DEADLINE_S} s: {what}"
        await asyncio.sleep(0.02)


class Peer:
    """A started transport, the log of its events, and an answer to every request."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.log: list[TransportEvent] = []
        self.answer: Handler = echo
        self._reader: asyncio.Task[None] | None = None
        self._answers: set[asyncio.Task[None]] = set()

    @property
    def key(self) -> PeerKey:
        return self.transport.key

    @property
    def address(self) -> str:
        return self.transport.addresses()[0]

    async def start(self) -> "Peer":
        await self.transport.start()
        self._reader = asyncio.create_task(self._read())
        return self

    async def stop(self) -> None:
        await self.transport.stop()
        if self._reader is not None:
            await asyncio.wait_for(self._reader, 5)
        for task in self._answers:
            task.cancel()

    def gossip(self) -> list[bytes]:
        return [event.data for event in self.log if isinstance(event, GossipReceived)]

    def visits(self, peer: "Peer") -> list[str]:
        """The comings and goings of a peer, in order."""
        return [
            type(event).__name__
            for event in self.log
            if isinstance(event, PeerUp | PeerDown) and event.peer == peer.key
        ]

    async def _read(self) -> None:
        async for event in self.transport.events():
            self.log.append(event)
            if isinstance(event, RequestReceived):
                task = asyncio.create_task(self._respond(event))
                self._answers.add(task)
                task.add_done_callback(self._answers.discard)

    async def _respond(self, request: RequestReceived) -> None:
        data = await self.answer(request)
        if data is not None:
            await self.transport.respond(request.request_id, data)


class Libp2pNet:
    """Makes transports that meet over loopback."""

    def make(self, number: int, port: int = 0, known: tuple[KnownAddress, ...] = ()) -> Transport:
        seed = hashlib.sha256(b"contract %d" % number).digest()
        return Libp2pTransport(seed, "127.0.0.1", port, known)

    def free_port(self) -> int:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return int(probe.getsockname()[1])

    def place(self, port: int) -> str:
        return f"/ip4/127.0.0.1/tcp/{port}"


class MemoryNet:
    """Makes transports that meet in memory."""

    def __init__(self) -> None:
        self._hub = MemoryHub(MemoryNetwork(seed=7))
        self._port = 20_000

    def make(self, number: int, port: int = 0, known: tuple[KnownAddress, ...] = ()) -> Transport:
        key = PeerKey(hashlib.sha256(b"contract %d" % number).digest())
        return MemoryTransport(self._hub, key, port, known)

    def free_port(self) -> int:
        self._port += 1
        return self._port

    def place(self, port: int) -> str:
        return f"/memory/{port}"


class Party:
    """Peers of one network, all stopped at the end."""

    def __init__(self, net: Libp2pNet | MemoryNet) -> None:
        self.net = net
        self._peers: list[Peer] = []

    async def peer(self, number: int, port: int = 0, known: tuple[KnownAddress, ...] = ()) -> Peer:
        peer = Peer(self.net.make(number, port, known))
        self._peers.append(peer)
        return await peer.start()

    async def pair(self) -> tuple[Peer, Peer]:
        """Two peers, the second connected to the first."""
        one, two = await self.peer(1), await self.peer(2)
        assert await two.transport.dial(one.address) == one.key
        await eventually(lambda: two.key in one.transport.connected(), "the first sees the second")
        return one, two

    async def stop(self) -> None:
        await asyncio.gather(*(peer.stop() for peer in self._peers))


@pytest_asyncio.fixture(params=["libp2p", "memory"])
async def party(request: pytest.FixtureRequest) -> AsyncIterator[Party]:
    party = Party(Libp2pNet() if request.param == "libp2p" else MemoryNet())
    yield party
    await party.stop()
    assert not [thread for thread in threading.enumerate() if thread.name == "p2pcouncil-net"]


async def publish_until(sender: Peer, data: bytes, *receivers: Peer) -> None:
    """Publish again and again: gossip is best effort, and subscriptions take a while to get around."""
    deadline = time.monotonic() + DEADLINE_S
    while not all(data in receiver.gossip() for receiver in receivers):
        assert time.monotonic() < deadline, "gossip did not arrive"
        await sender.transport.publish(TOPIC, data)
        await asyncio.sleep(0.2)


async def test_starts_and_stops_twice(party: Party) -> None:
    peer = await party.peer(1)
    with pytest.raises(TransportError, match="runs already"):
        await peer.transport.start()
    assert peer.transport.addresses()
    for _ in range(2):
        await peer.stop()
        await peer.transport.stop()
        assert not peer.transport.addresses()
        assert not peer.transport.connected()
        await peer.start()


async def test_nothing_works_before_start(party: Party) -> None:
    transport = party.net.make(1)
    await transport.stop()
    for call in (
        transport.join_topic(TOPIC),
        transport.request(PeerKey(bytes(32)), b"", 100),
        transport.dial(f"{party.net.place(4000)}/p2p/{format_peer_id(PeerKey(bytes(32)))}"),
    ):
        with pytest.raises(TransportError, match="not running"):
            await call


async def test_addresses_name_the_peer(party: Party) -> None:
    peer = await party.peer(1)
    assert all(text.endswith(f"/p2p/{format_peer_id(peer.key)}") for text in peer.transport.addresses())


async def test_a_taken_port_is_refused_with_a_sentence(party: Party) -> None:
    port = party.net.free_port()
    await party.peer(1, port)
    with pytest.raises(TransportError, match=rf"Port {port} .*can't be used"):
        await party.net.make(2, port).start()


async def test_gossip_reaches_subscribers_and_nobody_else(party: Party) -> None:
    one, two = await party.pair()
    other = await party.peer(3)
    await other.transport.dial(one.address)
    for peer in (one, two):
        await peer.transport.join_topic(TOPIC)
        await peer.transport.join_topic(TOPIC)
    await publish_until(one, b"hello", two)
    await publish_until(two, b"and back", one)
    assert all(event.topic == TOPIC for event in two.log if isinstance(event, GossipReceived))
    assert b"hello" not in one.gossip(), "nobody hears himself"
    assert not other.gossip()


async def test_gossip_travels_over_a_middle_peer(party: Party) -> None:
    one, middle = await party.pair()
    far = await party.peer(3)
    await far.transport.dial(middle.address)
    for peer in (one, middle, far):
        await peer.transport.join_topic(TOPIC)
    await publish_until(one, b"far away", far)
    senders = {event.sender for event in far.log if isinstance(event, GossipReceived)}
    assert senders == {middle.key}, "the sender is who handed it over"


async def test_after_leaving_a_topic_nothing_more_arrives(party: Party) -> None:
    one, two = await party.pair()
    for peer in (one, two):
        await peer.transport.join_topic(TOPIC)
    await publish_until(one, b"first", two)
    await two.transport.leave_topic(TOPIC)
    await two.transport.leave_topic("never joined")
    await asyncio.sleep(0.3)
    await one.transport.publish(TOPIC, b"second")
    await asyncio.sleep(0.5)
    assert b"second" not in two.gossip()
    with pytest.raises(TransportError, match="Join"):
        await two.transport.publish(TOPIC, b"third")


async def test_oversized_is_refused_before_it_is_sent(party: Party) -> None:
    one, two = await party.pair()
    await one.transport.join_topic(TOPIC)
    with pytest.raises(TransportError, match="at most"):
        await one.transport.publish(TOPIC, bytes(MAX_GOSSIP_BYTES + 1))
    with pytest.raises(TransportError, match="at most"):
        await one.transport.request(two.key, bytes(MAX_REQUEST_BYTES + 1), 1000)
    with pytest.raises(TransportError, match="at most"):
        await one.transport.respond(1, bytes(MAX_RESPONSE_BYTES + 1))
    with pytest.raises(TransportError, match="characters"):
        await one.transport.join_topic("x" * 1000)


async def test_gossip_of_the_largest_size_arrives(party: Party) -> None:
    one, two = await party.pair()
    for peer in (one, two):
        await peer.transport.join_topic(TOPIC)
    await publish_until(one, bytes(MAX_GOSSIP_BYTES), two)


async def test_requests_are_answered_up_to_the_largest_size(party: Party) -> None:
    one, two = await party.pair()
    assert await two.transport.request(one.key, b"who are you?", 10_000) == b"who are you?"
    assert await one.transport.request(two.key, b"", 10_000) == b""
    for size in (1_500_000, MAX_RESPONSE_BYTES):
        assert await one.transport.request(two.key, b"%d" % size, 20_000) == b"x" * size
    largest = bytes(MAX_REQUEST_BYTES)
    assert await one.transport.request(two.key, largest, 20_000) == largest
    assert {event.sender for event in one.log if isinstance(event, RequestReceived)} == {two.key}


async def test_many_requests_at_once(party: Party) -> None:
    one, two = await party.pair()
    questions = [b"question %d" % number for number in range(100)]
    asked = [(one, two, text) for text in questions] + [(two, one, text) for text in questions]
    answers = await asyncio.gather(*(a.transport.request(b.key, text, 30_000) for a, b, text in asked))
    assert answers == questions + questions


async def test_a_peer_that_never_answers_times_out(party: Party) -> None:
    one, two = await party.pair()
    began = time.monotonic()
    with pytest.raises(TransportError, match=r"did not answer within 0\.6"):
        await one.transport.request(two.key, b"silence", 600)
    assert 0.5 < time.monotonic() - began < 10
    assert await one.transport.request(two.key, b"still there?", 10_000) == b"still there?"


async def test_a_late_answer_is_dropped_in_silence(party: Party) -> None:
    one, two = await party.pair()
    with pytest.raises(TransportError, match="did not answer"):
        await one.transport.request(two.key, b"silence", 300)
    await eventually(lambda: any(isinstance(e, RequestReceived) for e in two.log), "the request arrives")
    request = next(event for event in two.log if isinstance(event, RequestReceived))
    await two.transport.respond(request.request_id, b"too late")
    await two.transport.respond(999_999, b"never asked")
    assert await one.transport.request(two.key, b"next", 10_000) == b"next"


async def test_a_caller_may_give_up(party: Party) -> None:
    one, two = await party.pair()
    for _ in range(20):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(one.transport.request(two.key, b"silence", 1_000), 0.02)
    assert await one.transport.request(two.key, b"patient", 15_000) == b"patient"


async def test_requests_to_strangers_fail_at_once(party: Party) -> None:
    one = await party.peer(1)
    began = time.monotonic()
    with pytest.raises(TransportError, match="not connected"):
        await one.transport.request(PeerKey(hashlib.sha256(b"stranger").digest()), b"?", 20_000)
    assert time.monotonic() - began < 5


async def test_a_request_fails_when_its_peer_goes(party: Party) -> None:
    one, two = await party.pair()
    pending = asyncio.create_task(one.transport.request(two.key, b"silence", 20_000))
    await eventually(lambda: any(isinstance(e, RequestReceived) for e in two.log), "the request arrives")
    await two.stop()
    with pytest.raises(TransportError):
        await pending


async def test_dialling_what_is_no_address_or_nobodys(party: Party) -> None:
    one, two = await party.pair()
    name = format_peer_id(one.key)
    place = two.address.rpartition("/p2p/")[0]
    for text in ("", "nonsense", place, f"/p2p/{name}", f"{place}/p2p/xyz", f"/unix/tmp/p2p/{name}"):
        with pytest.raises(TransportError):
            await two.transport.dial(text)
    with pytest.raises(TransportError, match="our own"):
        await two.transport.dial(two.address)
    stranger = format_peer_id(PeerKey(b"\x07" * 32))
    with pytest.raises(DialFailed):
        await two.transport.dial(f"{party.net.place(party.net.free_port())}/p2p/{stranger}")
    with pytest.raises(DialFailed):
        await two.transport.dial(f"{one.address.rpartition('/p2p/')[0]}/p2p/{stranger}")


async def test_dialling_a_connected_peer_returns_at_once(party: Party) -> None:
    one, two = await party.pair()
    assert await two.transport.dial(one.address) == one.key
    assert await one.transport.dial(two.address) == two.key
    assert list(one.transport.connected()) == [two.key]


async def test_comings_and_goings_are_told_to_both(party: Party) -> None:
    one, two = await party.pair()
    await eventually(lambda: one.visits(two) == ["PeerUp"], "the second came")
    await eventually(lambda: two.visits(one) == ["PeerUp"], "the first came")
    await two.stop()
    await eventually(lambda: one.visits(two) == ["PeerUp", "PeerDown"], "the second went")
    assert not one.transport.connected()


async def test_a_dropped_peer_stays_out(party: Party) -> None:
    one, two = await party.pair()
    await one.transport.drop(two.key, "It lied.")
    await eventually(lambda: not two.transport.connected(), "the second is out")
    await eventually(lambda: PeerDown(two.key, "It lied.") in one.log, "the reason is told")
    with contextlib.suppress(DialFailed):
        await two.transport.dial(one.address)
    await asyncio.sleep(0.5)
    assert not one.transport.connected()
    assert one.visits(two) == ["PeerUp", "PeerDown"]


async def test_a_peer_that_restarts_on_its_port_is_found_again(party: Party) -> None:
    one = await party.peer(1)
    port = party.net.free_port()
    two = await party.peer(2, port)
    await one.transport.dial(two.address)
    await two.stop()
    await eventually(lambda: not one.transport.connected(), "the second went")
    again = await party.peer(2, port)
    await eventually(lambda: again.key in one.transport.connected(), "the first redialled by itself")
    for peer in (one, again):
        await peer.transport.join_topic(TOPIC)
    await publish_until(again, b"back", one)
    assert await one.transport.request(again.key, b"back?", 10_000) == b"back?"


async def test_a_peer_that_restarts_elsewhere_can_be_dialled_there(party: Party) -> None:
    one, two = await party.pair()
    for peer in (one, two):
        await peer.transport.join_topic(TOPIC)
    await publish_until(two, b"before", one)
    await one.stop()
    await eventually(lambda: not two.transport.connected(), "the first went")
    again = await party.peer(1, party.net.free_port())
    await again.transport.join_topic(TOPIC)
    assert await two.transport.dial(again.address) == one.key
    await publish_until(again, b"after", two)
    await publish_until(two, b"to you too", again)


async def test_remembered_addresses_outlive_a_restart(party: Party) -> None:
    one, two = await party.pair()
    known = tuple(await two.transport.known_addresses())
    assert [record.address for record in known] == [one.address]
    assert all(record.failures == 0 for record in known)
    await two.stop()
    again = await party.peer(2, known=known)
    await eventually(lambda: one.key in again.transport.connected(), "it dialled what it remembered")


async def test_a_remembered_peer_is_dialled_when_it_appears(party: Party) -> None:
    one = await party.peer(1)
    port = party.net.free_port()
    two = Peer(party.net.make(2, port))
    await one.transport.remember(f"{party.net.place(port)}/p2p/{format_peer_id(two.key)}")
    with pytest.raises(TransportError):
        await one.transport.remember("nonsense")
    await asyncio.sleep(1.2)
    await party.peer(2, port)
    await eventually(lambda: two.key in one.transport.connected(), "it was found when it appeared")
