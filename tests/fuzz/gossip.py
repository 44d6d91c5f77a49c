"""A gossip stream as a stranger sends it, into our own part of gossip: errors stay inside, friends are heard."""

import itertools
from collections.abc import Awaitable, Callable, Iterator
from functools import cache
from hashlib import sha256
from typing import Any, cast

import trio
from libp2p.abc import INetStream
from libp2p.crypto.ed25519 import create_new_key_pair
from libp2p.peer.id import ID
from libp2p.pubsub.pb import rpc_pb2
from libp2p.pubsub.validators import PUBSUB_SIGNING_PREFIX
from libp2p.utils import encode_varint_prefixed

from net.gossip_gate import GossipGate
from net.libp2p import hardening
from net.libp2p.gossip import CouncilPubsub, new_router
from net.libp2p.host import make_host
from net.peer_id import decode_peer_id, encode_peer_id
from net.transport import MAX_GOSSIP_BYTES, GossipReceived, GossipShed
from tests.fuzz.choices import Choices, edit_bytes
from tests.fuzz.network import KEYS, FakeStream
from tests.fuzz.target import Target

TOPIC = "/p2pcouncil/1/" + "ab" * 32
SENDER = create_new_key_pair(sha256(b"sender").digest())
SENDER_ID = ID.from_pubkey(SENDER.public_key)
FRIEND = decode_peer_id(SENDER_ID.to_bytes())
FLOOD = 120
"""Above what all strangers together may have passed on at once."""
ODD_BYTES = (b"", b"\xff" * 36, b"\x12\x20" + bytes(32), encode_peer_id(KEYS[0]), b"x" * 70_000)
NUMBERS = itertools.count(1)


class FakeManager:
    """Runs what a gossip service would leave to the background, when the stream has ended."""

    is_running = True

    def __init__(self) -> None:
        self.tasks: list[tuple[Callable[..., Awaitable[None]], tuple[object, ...]]] = []

    def run_task(self, task: Callable[..., Awaitable[None]], *args: object, **_: object) -> None:
        self.tasks.append((task, args))

    async def finish(self) -> None:
        while self.tasks:
            task, args = self.tasks.pop(0)
            await task(*args)


class Listener:
    """Our gossip service with one topic joined and nobody else connected."""

    def __init__(self) -> None:
        self.heard: list[GossipReceived] = []
        self.offences: list[str] = []
        self.manager = FakeManager()
        self.router = new_router()
        self.pubsub = CouncilPubsub(
            make_host(bytes(32)), self.router, GossipGate(), self._on_gossip, self._on_offence
        )
        self.pubsub.subscribed_topics_receive[TOPIC] = cast(Any, None)
        self.pubsub._manager = cast(Any, self.manager)
        self.router._manager = cast(Any, self.manager)
        self.handle = hardening._guarded_stream_handler(self.pubsub.stream_handler, self._on_offence)

    def _on_gossip(self, told: GossipReceived | GossipShed) -> None:
        if isinstance(told, GossipReceived):
            self.heard.append(told)

    async def _on_offence(self, _: ID, reason: str) -> None:
        self.offences.append(reason)

    async def hear(self, stream: FakeStream) -> None:
        await self.handle(cast(INetStream, stream))
        await self.manager.finish()


@cache
def listener() -> Listener:
    """One for all inputs: making one starts a thread. What it has seen is told apart by numbers never used again."""
    return Listener()


def message_of(data: bytes, number: int) -> rpc_pb2.Message:
    """A message as an honest peer publishes it."""
    message = rpc_pb2.Message(
        data=data, topicIDs=[TOPIC], from_id=SENDER_ID.to_bytes(), seqno=number.to_bytes(8, "big")
    )
    message.signature = SENDER.private_key.sign(PUBSUB_SIGNING_PREFIX.encode() + message.SerializeToString())
    message.key = SENDER.public_key.serialize()
    return message


def rpc_of(choices: Choices) -> bytes:
    """Anything that a stranger may send as one message of the gossip protocol."""
    decision = choices.number(4)
    if decision == 3:
        return choices.take(choices.number(64))
    rpc = rpc_pb2.RPC()
    for _ in range(choices.number(4)):
        message = message_of(choices.take(2), choices.number(256))
        match choices.number(8):
            case 4:
                message.from_id = choices.pick(ODD_BYTES)
            case 5:
                message.signature = choices.pick(ODD_BYTES)
            case 6:
                message.key = choices.pick(ODD_BYTES)
            case 7:
                message.data = choices.pick(ODD_BYTES)
        rpc.publish.append(message)
    for _ in range(choices.number(3)):
        topic = choices.pick((TOPIC, "", "x" * 300))
        rpc.subscriptions.append(rpc_pb2.RPC.SubOpts(subscribe=choices.flag(), topicid=topic))
    if choices.flag():
        odd, topic = choices.pick(ODD_BYTES), choices.pick((TOPIC, "", "other"))
        rpc.control.ihave.append(rpc_pb2.ControlIHave(topicID=topic, messageIDs=[odd] * choices.number(3)))
        rpc.control.iwant.append(rpc_pb2.ControlIWant(messageIDs=[odd] * choices.number(3)))
        rpc.control.graft.extend([rpc_pb2.ControlGraft(topicID=topic)] * choices.number(3))
        peers = [rpc_pb2.PeerInfo(peerID=odd, signedPeerRecord=odd)] * choices.number(2)
        backoff = choices.pick((0, 1, 1 << 63))
        rpc.control.prune.append(rpc_pb2.ControlPrune(topicID=topic, peers=peers, backoff=backoff))
    if choices.number(8) == 7:
        rpc.senderRecord = choices.pick(ODD_BYTES)
    raw = rpc.SerializeToString()
    return edit_bytes(choices, raw) if decision == 2 else raw


def run_gossip(data: bytes) -> None:
    choices = Choices(data)
    frames = [encode_varint_prefixed(rpc_of(choices)) for _ in range(1 + choices.number(3))]
    gate = GossipGate()
    if choices.flag():
        gate.know([FRIEND])
    if choices.number(64) == 63:
        unsigned = rpc_pb2.Message(data=b"x", topicIDs=[TOPIC], from_id=encode_peer_id(KEYS[0]))
        frames += [encode_varint_prefixed(rpc_pb2.RPC(publish=[unsigned]).SerializeToString())] * FLOOD
    trio.run(hear_both, gate, b"".join(frames) + (choices.rest() if choices.flag() else b""))


async def hear_both(gate: GossipGate, stream: bytes) -> None:
    """Hear a stranger, then a friend."""
    ours = listener()
    ours.heard.clear()
    ours.pubsub.seen_messages.cache.clear()
    # What the heartbeat does, which does not run here: else memory would grow with every input.
    ours.router.mcache.shift()
    ours.router._periodic_security_cleanup()
    ours.pubsub._gate = gate
    await ours.hear(FakeStream(stream))
    assert all(len(told.data) <= MAX_GOSSIP_BYTES and told.topic == TOPIC for told in ours.heard)
    assert all(told.sender == KEYS[1] for told in ours.heard)
    ours.heard.clear()
    friendly = message_of(b"friend", 1_000 + next(NUMBERS))
    await ours.hear(FakeStream(encode_varint_prefixed(rpc_pb2.RPC(publish=[friendly]).SerializeToString())))
    assert [told.data for told in ours.heard] == [b"friend"], "a friend is not heard any more"
    assert [told.origin for told in ours.heard] == [FRIEND]


def gossip_seeds() -> Iterator[bytes]:
    yield bytes([0, 0, 0, 0, 0, 1, 63])
    for number in range(32):
        yield bytes([number % 3, number % 4, 3, 1, 2, 7, number % 8, number % 5]) + bytes(
            [number, 1, number % 3] * 6
        )


TARGETS = (Target("gossip", run_gossip, ("net.libp2p.gossip", "net.gossip_gate"), gossip_seeds, 256),)
