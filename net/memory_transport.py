"""The in-memory adapter of the port: a `MemoryNetwork` that lives in the time of an asyncio loop."""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Sequence

from net.event_queue import EventQueue
from net.limits import validate_gossip, validate_request, validate_response, validate_topic
from net.memory import MemoryNetwork
from net.memory_peers import Answered, Connected, Failed
from net.transport import AddressesChanged, KnownAddress, PeerKey, TransportError, TransportEvent


class MemoryHub:
    """Drives one `MemoryNetwork` for the transports of one asyncio loop."""

    def __init__(self, network: MemoryNetwork) -> None:
        self.network = network
        self.transports: dict[PeerKey, MemoryTransport] = {}
        self._epoch_s: float | None = None
        self._timer: asyncio.TimerHandle | None = None

    def pump(self) -> None:
        """Bring the network to the present, hand out what arrived, and come back when more is due."""
        loop = asyncio.get_running_loop()
        if self._epoch_s is None:
            self._epoch_s = loop.time()
        now_ms = int((loop.time() - self._epoch_s) * 1000)
        for delivery in self.network.advance(now_ms):
            transport = self.transports.get(delivery.to)
            if transport is not None:
                transport.receive(delivery.event)
        if self._timer is not None:
            self._timer.cancel()
        due_ms = self.network.next_due_ms()
        if due_ms is None or not self.transports:
            self._timer = None
        else:
            self._timer = loop.call_later(max(0, due_ms - now_ms) / 1000 + 0.001, self.pump)


class MemoryTransport:
    """`net.transport.Transport` over a `MemoryNetwork`."""

    def __init__(
        self, hub: MemoryHub, key: PeerKey, port: int = 0, known: Iterable[KnownAddress] = ()
    ) -> None:
        """Prepare; the peer is not on the network before `start`.

        Args:
            hub: shared by the transports of one network.
            key: our public key; nothing is signed here, so there is no secret.
            port: where to listen; 0 for a free one.
            known: what `known_addresses` returned in an earlier run.
        """
        self._hub = hub
        self._key = key
        self._port = port
        self._known = tuple(known)
        self._queue = EventQueue()
        self._address = ""
        self._waiting: dict[int, asyncio.Future[Answered | Connected]] = {}

    @property
    def key(self) -> PeerKey:
        """Our own public key."""
        return self._key

    async def start(self) -> None:
        """Appear on the network.

        Raises:
            TransportError: started already, or the port is taken.
        """
        self._hub.pump()
        address = self._hub.network.attach(self._key, self._port, self._known)
        if self._queue.is_closed:
            self._queue = EventQueue()
        self._hub.transports[self._key] = self
        self._address = address
        self._queue.put(AddressesChanged((address,)))
        self._hub.pump()

    async def stop(self) -> None:
        """Leave the network. Safe to call twice."""
        if not self._address:
            return
        self._hub.pump()
        self._hub.network.detach(self._key)
        del self._hub.transports[self._key]
        self._address = ""
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(TransportError("The network stopped before this was done."))
        self._waiting.clear()
        self._queue.close()
        self._hub.pump()

    def addresses(self) -> Sequence[str]:
        """Our own address, while we are on the network."""
        return (self._address,) if self._address else ()

    def connected(self) -> Sequence[PeerKey]:
        """The peers connected now."""
        return self._hub.network.connected(self._key) if self._address else ()

    def events(self) -> AsyncIterator[TransportEvent]:
        """What happens, in order; ends with `stop`."""
        return self._queue.events()

    async def join_topic(self, topic: str) -> None:
        """Subscribe; joining twice is the same as once.

        Raises:
            TransportError: the name is too long.
        """
        validate_topic(topic)
        self._present().join_topic(self._key, topic)

    async def leave_topic(self, topic: str) -> None:
        """Unsubscribe; leaving a topic that was not joined does nothing."""
        self._present().leave_topic(self._key, topic)

    async def publish(self, topic: str, data: bytes) -> None:
        """Gossip at most `MAX_GOSSIP_BYTES` on a joined topic, best effort.

        Raises:
            TransportError: oversized, or the topic was not joined.
        """
        validate_gossip(data)
        self._present().publish(self._key, topic, data)
        self._hub.pump()

    async def request(self, peer: PeerKey, data: bytes, timeout_ms: int) -> bytes:
        """Ask one connected peer and await its answer.

        Raises:
            TransportError: not connected, oversized or timed out.
        """
        validate_request(data, timeout_ms)
        reply = await self._outcome(self._present().request(self._key, peer, data, timeout_ms))
        assert isinstance(reply, Answered)
        return reply.data

    async def respond(self, request_id: int, data: bytes) -> None:
        """Answer a `RequestReceived`. An answer that comes too late is dropped in silence.

        Raises:
            TransportError: the answer is oversized.
        """
        validate_response(data)
        self._present().respond(self._key, request_id, data)
        self._hub.pump()

    async def dial(self, address: str) -> PeerKey:
        """Connect to an address; returns at once if that peer is connected already.

        Raises:
            DialFailed: nobody with that key answers there.
            TransportError: not a usable address, or our own.
        """
        reply = await self._outcome(self._present().dial(self._key, address))
        assert isinstance(reply, Connected)
        return reply.peer

    async def remember(self, address: str) -> None:
        """Keep an address and stay connected to its peer.

        Raises:
            TransportError: not a usable address.
        """
        self._present().remember(self._key, address)
        self._hub.pump()

    async def known_addresses(self) -> Sequence[KnownAddress]:
        """What is remembered, for the runtime to store and to hand over at the next start."""
        return self._present().known(self._key)

    async def know(self, peers: Collection[PeerKey], shunned: Collection[PeerKey] = ()) -> None:
        """Say whose gossip is passed on at a rate of its own, all others share a small one; and whose not at all."""
        self._present().know(self._key, peers, shunned)

    async def drop(self, peer: PeerKey, reason: str) -> None:
        """Close the connection to this peer and refuse it for a while."""
        self._present().drop(self._key, peer, reason)
        self._hub.pump()

    def receive(self, event: TransportEvent | Answered | Connected | Failed) -> None:
        """Take in what the hub delivers."""
        match event:
            case Answered(ticket) | Connected(ticket):
                future = self._waiting.get(ticket)
                if future is not None and not future.done():
                    future.set_result(event)
            case Failed(ticket, error):
                future = self._waiting.get(ticket)
                if future is not None and not future.done():
                    future.set_exception(error)
            case _:
                self._queue.put(event)

    def _present(self) -> MemoryNetwork:
        """Return the network, brought to the present.

        Raises:
            TransportError: we are not on it.
        """
        if not self._address:
            raise TransportError("The network is not running.")
        self._hub.pump()
        return self._hub.network

    async def _outcome(self, ticket: int) -> Answered | Connected:
        future: asyncio.Future[Answered | Connected] = asyncio.get_running_loop().create_future()
        self._waiting[ticket] = future
        self._hub.pump()
        try:
            return await future
        finally:
            self._waiting.pop(ticket, None)
