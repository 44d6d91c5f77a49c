"""Gossip: libp2p's gossipsub with the parameters measured to deliver, and our own limits on what peers send.

The library's Pubsub is subclassed where a message comes in: errors stay inside, each forwarding peer has a
rate by messages and by bytes, each publisher one of its own (`net.gossip_gate`), and a message goes straight to
us with the names of its publisher and of the peer that handed it over.

The library checks a publisher's signature before it passes a message on. So what is wrongly signed was made by
whoever hands it over, and nobody else.
"""

import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import cast
from weakref import WeakKeyDictionary

import trio
from libp2p.abc import IHost, INetStream
from libp2p.custom_types import TProtocol
from libp2p.peer.id import ID
from libp2p.pubsub.gossipsub import GossipSub
from libp2p.pubsub.pb import rpc_pb2
from libp2p.pubsub.pubsub import Pubsub
from libp2p.pubsub.validators import signature_validator

from net.gossip_gate import GossipGate
from net.libp2p.rates import PeerRates, TokenBucket
from net.peer_id import decode_peer_id
from net.transport import MAX_GOSSIP_BYTES, GossipReceived, GossipShed

MESSAGES_PER_SECOND = 400.0
MESSAGES_BURST = 4000.0
BYTES_PER_SECOND = 2.0 * 1024 * 1024
BYTES_BURST = 16.0 * 1024 * 1024
READ_COST_BYTES = 512
SEEN_SECONDS = 300
UNSIGNED_PER_SECOND = 0.2
UNSIGNED_BURST = 20.0
"""Messages that are wrongly signed, of one peer, before it is dropped; an honest one passes on none."""

_log = logging.getLogger("p2pcouncil.net")
_forwarder: ContextVar[ID] = ContextVar("forwarder")

OnGossip = Callable[[GossipReceived | GossipShed], None]
OnOffence = Callable[[ID, str], Awaitable[None]]


def new_router() -> GossipSub:
    """Return a gossipsub router with the measured parameters (DESIGN section 11)."""
    return GossipSub(
        protocols=[TProtocol("/meshsub/1.1.0"), TProtocol("/meshsub/1.0.0")],
        degree=8,
        degree_low=6,
        degree_high=64,
        heartbeat_initial_delay=0.1,
        heartbeat_interval=1,
        gossip_history=120,
        gossip_window=30,
        do_px=False,
        spam_protection_enabled=False,
        adaptive_gossip_enabled=False,
        eclipse_protection_enabled=False,
    )


class _MeteredStream:
    """A stream that is read no faster than its peer's rate; the rest waits with the sender.

    Messages have a rate of their own; this one is for everything else, like floods of subscriptions.
    """

    def __init__(self, stream: INetStream, bucket: TokenBucket) -> None:
        self._stream = stream
        self._bucket = bucket

    async def read(self, n: int | None = None) -> bytes:
        """Read, then pause if the peer sent too much; each read has a price, so that small frames do too."""
        data = await self._stream.read(n)
        pause_s = self._bucket.charge(READ_COST_BYTES + len(data), trio.current_time())
        if pause_s > 0:
            await trio.sleep(pause_s)
        return data

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)


class CouncilPubsub(Pubsub):
    """Pubsub that contains errors, limits rates, and knows who handed a message over."""

    def __init__(
        self, host: IHost, router: GossipSub, gate: GossipGate, on_gossip: OnGossip, on_offence: OnOffence
    ) -> None:
        """Prepare; nothing is sent yet.

        Args:
            host: the libp2p host.
            router: from `new_router`.
            gate: which publishers' messages are let through.
            on_gossip: called with each valid message of others, and with how many were shed.
            on_offence: awaited with a peer and a sentence when it handed over what no honest peer would.
        """
        super().__init__(host, router, strict_signing=True, seen_ttl=SEEN_SECONDS)
        # The library counts from the start in seconds, so a restarted peer repeats numbers and is ignored.
        self.counter = time.time_ns()
        self._gate = gate
        self._on_gossip = on_gossip
        self._on_offence = on_offence
        self._readers: Counter[bytes] = Counter()
        self._buckets: dict[bytes, TokenBucket] = {}
        self._unsigned: dict[bytes, TokenBucket] = {}
        self._writers: WeakKeyDictionary[INetStream, trio.Lock] = WeakKeyDictionary()
        self._rates = PeerRates(
            lambda: TokenBucket(MESSAGES_PER_SECOND, MESSAGES_BURST),
            lambda: TokenBucket(BYTES_PER_SECOND, BYTES_BURST),
        )

    async def push_msg(self, msg_forwarder: ID, msg: rpc_pb2.Message) -> None:
        """Take one message in: limited, contained, and with its forwarder at hand."""
        if msg_forwarder == self.my_id:
            await super().push_msg(msg_forwarder, msg)
            return
        if len(msg.data) > MAX_GOSSIP_BYTES:
            await self._on_offence(msg_forwarder, "It gossips messages above the size limit.")
            return
        token = _forwarder.set(msg_forwarder)
        try:
            if self._is_let_through(msg_forwarder, msg):
                await super().push_msg(msg_forwarder, msg)
                await self._judge(msg_forwarder, msg)
        except Exception as error:
            # An honest peer checks before it forwards, so what breaks here is the forwarder's doing; left
            # alone, the error would end the node.
            _log.warning("dropping %s: malformed gossip: %r", msg_forwarder, error)
            await self._on_offence(msg_forwarder, "It sent a gossip message that no honest peer sends.")
        finally:
            _forwarder.reset(token)

    def _is_let_through(self, msg_forwarder: ID, msg: rpc_pb2.Message) -> bool:
        """Whether a message is worth its signature check; cheap, for most of a flood ends here.

        Raises:
            TransportError: its publisher or its forwarder is none that can be.
        """
        now_s = trio.current_time()
        is_within = self._rates.is_allowed(msg_forwarder.to_bytes(), msg.ByteSize(), now_s)
        if is_within and self._is_msg_seen(msg):
            return False
        sender, origin = decode_peer_id(msg_forwarder.to_bytes()), decode_peer_id(msg.from_id)
        if is_within and self._gate.is_open(sender, origin, msg.ByteSize(), now_s):
            return True
        shed = self._gate.shed(sender, origin, now_s)
        if shed is not None:
            self._on_gossip(shed)
        return False

    async def _judge(self, msg_forwarder: ID, msg: rpc_pb2.Message) -> None:
        """Count a message that did not pass, when it was not signed by whom it names."""
        if self._is_msg_seen(msg) or signature_validator(msg):
            return
        peer = msg_forwarder.to_bytes()
        if peer in self._unsigned and not self._unsigned[peer].is_allowed(1, trio.current_time()):
            await self._on_offence(msg_forwarder, "It gossips what nobody signed.")

    async def stream_handler(self, stream: INetStream) -> None:
        """Read what a peer sends, at its rate, for as long as it has a stream open."""
        peer = stream.muxed_conn.peer_id.to_bytes()
        if peer not in self._buckets:
            self._buckets[peer] = TokenBucket(BYTES_PER_SECOND, BYTES_BURST)
            self._unsigned[peer] = TokenBucket(UNSIGNED_PER_SECOND, UNSIGNED_BURST)
        self._readers[peer] += 1
        try:
            await super().stream_handler(cast(INetStream, _MeteredStream(stream, self._buckets[peer])))
        finally:
            self._readers[peer] -= 1
            if self._readers[peer] <= 0:
                del self._readers[peer], self._buckets[peer], self._unsigned[peer]
                self._rates.forget(peer)

    def notify_subscriptions(self, publish_message: rpc_pb2.Message) -> None:
        """Hand a validated message to us, on each joined topic that it names."""
        forwarder = _forwarder.get(self.my_id)
        if forwarder == self.my_id:
            return
        sender, origin = decode_peer_id(forwarder.to_bytes()), decode_peer_id(publish_message.from_id)
        for topic in dict.fromkeys(publish_message.topicIDs):
            if topic in self.topic_ids:
                self._on_gossip(GossipReceived(sender, topic, bytes(publish_message.data), origin))

    async def write_msg(self, stream: INetStream, rpc_msg: rpc_pb2.RPC) -> bool:
        """Write one message to a peer, after any other: the library lets large ones run into each other."""
        async with self._writers.setdefault(stream, trio.Lock()):
            return await super().write_msg(stream, rpc_msg)

    async def _handle_new_peer(self, peer_id: ID) -> None:
        """Open a peer's stream, and tell it of topics joined or left while that was under way.

        The library says hello with the topics of one moment and counts the peer among its own only later, so what
        happens between the two would never be announced: no gossip would flow until the next connection.
        """
        before = set(self.topic_ids)
        await super()._handle_new_peer(peer_id)
        stream = self.peers.get(peer_id)
        changed = before.symmetric_difference(self.topic_ids)
        if stream is None or not changed:
            return
        news = [
            rpc_pb2.RPC.SubOpts(subscribe=topic in self.topic_ids, topicid=topic) for topic in sorted(changed)
        ]
        await self.write_msg(stream, rpc_pb2.RPC(subscriptions=news))

    def stop_sweeper(self) -> None:
        """End the thread that the library leaves behind for each pubsub."""
        self.seen_messages.stop()
