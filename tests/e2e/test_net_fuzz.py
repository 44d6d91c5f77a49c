"""A stranger sends thousands of random and mutated frames; the node stays up and goes on serving its friend."""

import asyncio
import contextlib
import hashlib
import os
import random
import struct
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator

import pytest
import trio
from libp2p.abc import IHost
from libp2p.custom_types import TProtocol
from libp2p.peer.id import ID
from libp2p.pubsub.pb import rpc_pb2
from libp2p.pubsub.validators import PUBSUB_SIGNING_PREFIX
from libp2p.utils import encode_varint_prefixed
from multiaddr import Multiaddr

from net.libp2p import hardening
from net.libp2p.host import make_host
from net.libp2p.requests import PROTOCOL
from net.libp2p.transport import Libp2pTransport
from net.peer_id import encode_peer_id, split_address
from net.transport import (
    GossipReceived,
    PeerKey,
    PeerRefused,
    RequestReceived,
    TransportError,
    TransportEvent,
)

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio, pytest.mark.timeout(110)]

TOPIC = "/p2pcouncil/1/fuzz"
MESHSUB = "/meshsub/1.1.0"
SEED = int(os.environ.get("FUZZ_SEED", "1"))
FRAMES_PER_STRANGER = 60
SENT: Counter[str] = Counter()

Attack = Callable[[IHost, ID, random.Random], Awaitable[None]]


def seed(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def mutate(data: bytes, rng: random.Random) -> bytes:
    """Flip, cut, repeat or insert somewhere."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(changed) + 1)
        match rng.randrange(4):
            case 0 if changed:
                changed[at % len(changed)] ^= 1 << rng.randrange(8)
            case 1:
                del changed[at : at + rng.randint(1, 12)]
            case 2:
                changed[at:at] = changed[at : at + 16]
            case _:
                changed[at:at] = rng.randbytes(rng.randint(1, 12))
    return bytes(changed)


def valid_rpc(host: IHost, rng: random.Random) -> bytes:
    """One message of each part of the gossip protocol, signed as it should be."""
    message = rpc_pb2.Message(
        data=rng.randbytes(50), topicIDs=[TOPIC], from_id=host.get_id().to_bytes(), seqno=rng.randbytes(8)
    )
    signed = PUBSUB_SIGNING_PREFIX.encode() + message.SerializeToString()
    message.signature = host.get_private_key().sign(signed)
    message.key = host.get_public_key().serialize()
    control = rpc_pb2.ControlMessage(
        ihave=[rpc_pb2.ControlIHave(topicID=TOPIC, messageIDs=[rng.randbytes(20)])],
        iwant=[rpc_pb2.ControlIWant(messageIDs=[rng.randbytes(20)])],
        graft=[rpc_pb2.ControlGraft(topicID=rng.choice([TOPIC, ""]))],
        prune=[rpc_pb2.ControlPrune(topicID=TOPIC, backoff=rng.choice([0, 1, 2**40]))],
    )
    subscriptions = [rpc_pb2.RPC.SubOpts(subscribe=True, topicid=TOPIC)]
    parts = rng.randrange(1, 16)
    return rpc_pb2.RPC(
        publish=[message] if parts & 1 else [],
        subscriptions=subscriptions if parts & 2 else [],
        control=control if parts & 4 else None,
        senderRecord=rng.randbytes(40) if parts & 8 else None,
    ).SerializeToString()


def odd_rpc(host: IHost, rng: random.Random) -> bytes:
    """Well-formed for the parser, and nothing that a peer would send: this gets deepest."""
    own_id = host.get_id().to_bytes()

    def odd(*usual: bytes) -> bytes:
        return rng.choice([*usual, b"", rng.randbytes(3), rng.randbytes(70), b"\xff" * 36])

    def topic() -> str:
        return rng.choice([TOPIC, TOPIC, "", "x" * 5000, "/other"])

    messages = [
        rpc_pb2.Message(
            data=odd(b"d"),
            topicIDs=[topic() for _ in range(rng.choice([0, 1, 2, 300]))],
            from_id=odd(own_id, b"\x12\x20" + rng.randbytes(32), own_id[:6] + rng.randbytes(32)),
            seqno=odd(rng.randbytes(8)),
            signature=odd(rng.randbytes(64)),
            key=odd(host.get_public_key().serialize(), b"\x08\x09\x12\x03abc"),
        )
        for _ in range(rng.choice([0, 1, 3]))
    ]
    ids = [odd(rng.randbytes(46)) for _ in range(rng.choice([0, 1, 500]))]
    peers = [rpc_pb2.PeerInfo(peerID=odd(own_id), signedPeerRecord=odd()) for _ in range(rng.randrange(3))]
    control = rpc_pb2.ControlMessage(
        ihave=[rpc_pb2.ControlIHave(topicID=topic(), messageIDs=ids)] * rng.choice([0, 1, 30]),
        iwant=[rpc_pb2.ControlIWant(messageIDs=ids)] * rng.choice([0, 1, 30]),
        graft=[rpc_pb2.ControlGraft(topicID=topic())] * rng.choice([0, 1, 30]),
        prune=[rpc_pb2.ControlPrune(topicID=topic(), peers=peers, backoff=rng.choice([0, 2**63]))],
        idontwant=[rpc_pb2.ControlIDontWant(messageIDs=ids)] * rng.choice([0, 1, 30]),
    )
    subscriptions = [rpc_pb2.RPC.SubOpts(subscribe=rng.random() < 0.5, topicid=topic())]
    return rpc_pb2.RPC(
        publish=messages,
        subscriptions=subscriptions * rng.choice([0, 1, 2000]),
        control=rng.choice([None, control]),
        senderRecord=rng.choice([None, None, None, odd()]),
    ).SerializeToString()


def gossip_frames(host: IHost, rng: random.Random) -> Iterator[bytes]:
    """Random bytes, mutants of valid messages, lengths that lie, and odd but well-formed messages."""
    yield rng.choice([b"\xff" * 12, b"\x80\xf7\x36" + b"x" * 1000, b"\x00"])
    for _ in range(FRAMES_PER_STRANGER):
        match rng.randrange(5):
            case 0:
                yield encode_varint_prefixed(rng.randbytes(rng.randint(0, 80)))
            case 1:
                yield rng.randbytes(rng.randint(1, 80))
            case 2:
                yield encode_varint_prefixed(valid_rpc(host, rng))
            case _:
                yield encode_varint_prefixed(mutate(valid_rpc(host, rng), rng))


async def send_on(
    host: IHost, victim: ID, protocol: str, frames: Iterator[bytes], rng: random.Random
) -> None:
    """Send frames, a new stream now and then and whenever one breaks, until the victim hangs up."""
    stream = None
    for frame in frames:
        SENT[protocol] += 1
        try:
            if rng.random() < 0.2 and stream is not None:
                with trio.fail_after(1):
                    await stream.reset()
                stream = None
            if stream is None:
                with trio.fail_after(2):
                    stream = await host.new_stream(victim, [TProtocol(protocol)])
            with trio.fail_after(1):
                await stream.write(frame)
        except Exception:
            # Whatever the victim did about the last frame; the next one comes on a stream of its own.
            stream = None
            if not host.get_network().get_connections(victim):
                return


async def attack_gossip(host: IHost, victim: ID, rng: random.Random) -> None:
    await send_on(host, victim, MESHSUB, gossip_frames(host, rng), rng)


async def attack_well_formed_gossip(host: IHost, victim: ID, rng: random.Random) -> None:
    """No malformed frame at all, so that more than the first one is looked at."""
    frames = (
        encode_varint_prefixed(rng.choice([valid_rpc, odd_rpc])(host, rng))
        for _ in range(FRAMES_PER_STRANGER)
    )
    await send_on(host, victim, MESHSUB, frames, rng)


async def attack_requests(host: IHost, victim: ID, rng: random.Random) -> None:
    def frames() -> Iterator[bytes]:
        for _ in range(FRAMES_PER_STRANGER):
            request = struct.pack(">I", rng.choice([0, 1, 500, 2**32 - 1])) + rng.randbytes(20)
            yield rng.choice(
                [
                    encode_varint_prefixed(request),
                    encode_varint_prefixed(request[: rng.randint(0, 4)]),
                    mutate(encode_varint_prefixed(request), rng),
                    b"\xff" * 9 + b"\x01",
                    rng.randbytes(30),
                ]
            )

    async def one(frame: bytes) -> None:
        await send_on(host, victim, str(PROTOCOL), iter([frame]), rng)

    async with trio.open_nursery() as nursery:
        for frame in frames():
            nursery.start_soon(one, frame)


async def attack_services(host: IHost, victim: ID, rng: random.Random) -> None:
    """Identify, identify push, ping, and protocols that do not exist."""
    for protocol in ("/ipfs/id/push/1.0.0", "/ipfs/id/1.0.0", "/ipfs/ping/1.0.0", "/x/1"):
        frames = (mutate(encode_varint_prefixed(rng.randbytes(60)), rng) for _ in range(15))
        await send_on(host, victim, protocol, frames, rng)


async def attack_negotiation(host: IHost, victim: ID, rng: random.Random) -> None:
    """Garbage where a stream agrees on its protocol."""
    for connection in host.get_network().get_connections(victim):
        for _ in range(FRAMES_PER_STRANGER):
            with contextlib.suppress(Exception), trio.move_on_after(1):
                stream = await connection.new_stream()
                await stream.write(rng.choice([b"\x13/multistream/9.9.9\n", rng.randbytes(40), b"\xff" * 10]))


async def attack_muxer(host: IHost, victim: ID, rng: random.Random) -> None:
    """Random and lying yamux frames inside the encrypted connection."""
    for connection in host.get_network().get_connections(victim):
        secured = connection.muxed_conn.secured_conn  # type: ignore[attr-defined]
        for _ in range(FRAMES_PER_STRANGER):
            body = rng.randbytes(rng.choice([0, 1, 100]))
            frame = struct.pack(
                "!BBHII",
                rng.choice([0, 0, 0, 7]),
                rng.randrange(5),
                rng.choice([0, 1, 2, 4, 8, 0xFFFF]),
                rng.choice([0, 1, 2, 3, 2**32 - 1]),
                rng.choice([len(body), 0, 2**31]),
            )
            with contextlib.suppress(Exception), trio.move_on_after(1):
                await secured.write(frame + body)


async def attack_tcp(place: str, rng: random.Random) -> None:
    """Garbage before any handshake, and connections that say nothing."""
    port = int(place.split("/")[4])
    for _ in range(30):
        with contextlib.suppress(OSError, trio.BrokenResourceError):
            stream = await trio.open_tcp_stream("127.0.0.1", port)
            if rng.random() < 0.8:
                await stream.send_all(rng.randbytes(rng.randint(1, 600)))
            if rng.random() < 0.8:
                await stream.aclose()


async def attack(address: str, kind: Attack, number: int) -> None:
    """Connect under a new name and attack in one way."""
    place, key = split_address(address)
    victim = ID(encode_peer_id(key))
    rng = random.Random(f"{SEED} {kind} {number}")
    host = make_host(seed(f"stranger {kind.__name__} {number}"))

    async def ignore(peer_id: ID, reason: str) -> None:
        """The victim's conduct is not ours to judge."""

    hardening.harden_network(hardening.swarm_of(host), ignore)
    async with host.run([Multiaddr("/ip4/127.0.0.1/tcp/0")]):
        with trio.move_on_after(10):
            await hardening.swarm_of(host).dial_addr(Multiaddr(place), victim)
            await kind(host, victim, rng)
            await trio.sleep(0.1)
        with trio.move_on_after(2):
            await host.close()


async def attack_in_every_way(address: str) -> None:
    hardening.apply_process_wide()
    strangers: dict[Attack, int] = {
        attack_gossip: 30,
        attack_well_formed_gossip: 15,
        attack_requests: 6,
        attack_services: 6,
        attack_negotiation: 6,
        attack_muxer: 20,
    }
    await attack_tcp(split_address(address)[0], random.Random(SEED))
    limit = trio.CapacityLimiter(4)

    async def limited(kind: Attack, number: int) -> None:
        async with limit:
            with contextlib.suppress(Exception):
                await attack(address, kind, number)

    async with trio.open_nursery() as nursery:
        for kind, count in strangers.items():
            for number in range(count):
                nursery.start_soon(limited, kind, number)


class Served:
    """A transport whose events are read and whose requests are echoed."""

    def __init__(self, name: str) -> None:
        self.transport = Libp2pTransport(seed(name), "127.0.0.1")
        self.log: list[TransportEvent] = []
        self.failure: TransportError | None = None

    async def start(self) -> None:
        await self.transport.start()
        self.reader = asyncio.create_task(self._read())
        await self.transport.join_topic(TOPIC)

    async def _read(self) -> None:
        try:
            async for event in self.transport.events():
                self.log.append(event)
                if isinstance(event, RequestReceived):
                    await self.transport.respond(event.request_id, event.data)
        except TransportError as error:
            self.failure = error

    def has_heard(self, data: bytes, sender: PeerKey) -> bool:
        return any(
            isinstance(event, GossipReceived) and event.data == data and event.sender == sender
            for event in self.log
        )

    async def stop(self) -> None:
        await self.transport.stop()
        await self.reader


async def assert_served(victim: Served, friend: Served, word: bytes) -> None:
    """The friend is heard, hears, and is answered."""
    deadline = time.monotonic() + 25
    while not (
        victim.has_heard(word, friend.transport.key) and friend.has_heard(word[::-1], victim.transport.key)
    ):
        assert victim.failure is None, victim.failure
        assert time.monotonic() < deadline, "gossip between friends stopped"
        with contextlib.suppress(TransportError):
            await friend.transport.publish(TOPIC, word)
            await victim.transport.publish(TOPIC, word[::-1])
        await asyncio.sleep(0.2)
    for asker, asked in ((friend, victim), (victim, friend)):
        assert await asker.transport.request(asked.transport.key, word, 20_000) == word


async def flood(address: str) -> int:
    """Send without regard to flow control on a stream that nobody reads; return how much went out."""
    hardening.apply_process_wide()
    place, key = split_address(address)
    victim = ID(encode_peer_id(key))
    host = make_host(seed("flooder"))
    sent = 0
    async with host.run([Multiaddr("/ip4/127.0.0.1/tcp/0")]):
        network = hardening.swarm_of(host)
        await network.dial_addr(Multiaddr(place), victim)
        stream = await host.new_stream(victim, [PROTOCOL])
        await stream.write(encode_varint_prefixed(struct.pack(">I", 60_000) + b"?"))
        muxed = stream.muxed_conn
        number = stream.muxed_stream.stream_id  # type: ignore[attr-defined]
        frame = struct.pack("!BBHII", 0, 0, 0, number, 60_000) + bytes(60_000)
        with contextlib.suppress(Exception), trio.move_on_after(30):
            while network.get_connections(victim) and sent < 4 * hardening.MAX_UNREAD_BYTES_PER_CONNECTION:
                await muxed.secured_conn.write(frame)  # type: ignore[attr-defined]
                sent += len(frame)
        with trio.move_on_after(2):
            await host.close()
    return sent


async def test_a_flood_that_nobody_reads_is_cut_off() -> None:
    transport = Libp2pTransport(seed("victim"), "127.0.0.1")
    await transport.start()
    try:
        sent = await asyncio.to_thread(trio.run, flood, transport.addresses()[0])
        assert sent < 2 * hardening.MAX_UNREAD_BYTES_PER_CONNECTION
        assert sent > hardening.MAX_UNREAD_BYTES_PER_CONNECTION // 2
        for _ in range(100):
            if not transport.connected():
                break
            await asyncio.sleep(0.1)
        assert not transport.connected()
    finally:
        await transport.stop()


async def test_many_visits_leave_room_for_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("net.libp2p.host.MAX_CONNECTIONS", 6)
    host, guest = Libp2pTransport(seed("host"), "127.0.0.1"), Libp2pTransport(seed("guest"), "127.0.0.1")
    await host.start()
    address = host.addresses()[0]
    try:
        for _ in range(9):
            await guest.start()
            await guest.dial(address)
            await guest.stop()
    finally:
        await guest.stop()
        await host.stop()


async def test_a_stranger_cannot_stop_a_node() -> None:
    victim, friend = Served("victim"), Served("friend")
    await victim.start()
    await friend.start()
    try:
        await friend.transport.dial(victim.transport.addresses()[0])
        await assert_served(victim, friend, b"before")
        address = victim.transport.addresses()[0]
        assault = asyncio.create_task(asyncio.to_thread(trio.run, attack_in_every_way, address))
        await asyncio.sleep(1)
        await assert_served(victim, friend, b"during")
        await assault
        await assert_served(victim, friend, b"after")
        assert SENT.total() > 1500, SENT
        refused = {event.peer for event in victim.log if isinstance(event, PeerRefused)}
        assert refused, "those who broke the protocol are named"
        assert friend.transport.key not in refused
    finally:
        await victim.stop()
        await friend.stop()
