"""The libp2p adapter of the port, as the asyncio side sees it."""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Sequence

from nacl.signing import SigningKey

from net.bridge import Bridge
from net.discovery import LocalDiscovery
from net.event_queue import EventQueue
from net.libp2p.commands import (
    Answer,
    Ask,
    Command,
    Dial,
    Drop,
    Join,
    Know,
    Leave,
    ListKnown,
    Publish,
    Remember,
    Reply,
)
from net.libp2p.node import Node
from net.limits import validate_gossip, validate_request, validate_response, validate_topic
from net.transport import (
    AddressesChanged,
    KnownAddress,
    PeerDown,
    PeerFound,
    PeerKey,
    PeerUp,
    TransportError,
    TransportEvent,
)

START_TIMEOUT_S = 30.0


class Libp2pTransport:
    """`net.transport.Transport` over py-libp2p: TCP, Noise, yamux, gossipsub and a request protocol."""

    def __init__(
        self,
        seed: bytes,
        listen_host: str = "0.0.0.0",
        port: int = 0,
        known: Iterable[KnownAddress] = (),
        mdns: bool = False,
    ) -> None:
        """Prepare; nothing runs before `start`.

        Args:
            seed: 32-byte secret of the device key, which is the libp2p identity too.
            listen_host: literal IP address to listen on; ``0.0.0.0`` for every interface.
            port: TCP port; 0 for any free one.
            known: what `known_addresses` returned in an earlier run.
            mdns: whether to find and be found on the local network.
        """
        self._seed = seed
        self._listen_host = listen_host
        self._port = port
        self._known = tuple(known)
        self._mdns = mdns
        self._key = PeerKey(bytes(SigningKey(seed).verify_key))
        self._queue = EventQueue()
        self._bridge: Bridge[Command, Reply] | None = None
        self._discovery: LocalDiscovery | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._addresses: tuple[str, ...] = ()
        self._connected: tuple[PeerKey, ...] = ()

    @property
    def key(self) -> PeerKey:
        """Our own public key."""
        return self._key

    async def start(self) -> None:
        """Listen and begin to work.

        Raises:
            TransportError: started already, the port is taken, or the network thread could not start.
        """
        if self._bridge is not None:
            raise TransportError("The network runs already.")
        if self._queue.is_closed:
            self._queue = EventQueue()
        queue = self._queue
        node = Node(self._seed, self._listen_host, self._port, self._known, self._on_event)
        self._bridge = Bridge(node, queue.close)
        self._loop = asyncio.get_running_loop()
        try:
            await self._bridge.start(START_TIMEOUT_S)
        except BaseException:
            await self.stop()
            raise
        if self._mdns:
            self._discovery = LocalDiscovery(
                self._key, lambda address: queue.put(PeerFound(address)), self._listen_host
            )
            self._discovery.start(self._addresses)

    async def stop(self) -> None:
        """Close every socket and thread. Safe to call twice.

        Raises:
            TransportError: the network thread does not end.
        """
        bridge, self._bridge = self._bridge, None
        if bridge is None:
            return
        discovery, self._discovery = self._discovery, None
        try:
            if discovery is not None:
                await discovery.stop()
            await bridge.stop()
        finally:
            self._queue.close()
            self._addresses, self._connected = (), ()

    def addresses(self) -> Sequence[str]:
        """Our own dialable addresses, multiaddr text ending in ``/p2p/<peer id>``."""
        return self._addresses

    def connected(self) -> Sequence[PeerKey]:
        """The peers connected now."""
        return self._connected

    def events(self) -> AsyncIterator[TransportEvent]:
        """What happens, in order; ends with `stop`.

        Raises:
            TransportError: the network broke down.
        """
        return self._queue.events()

    async def join_topic(self, topic: str) -> None:
        """Subscribe; joining twice is the same as once.

        Raises:
            TransportError: the name is too long.
        """
        validate_topic(topic)
        await self._call(Join(topic))

    async def leave_topic(self, topic: str) -> None:
        """Unsubscribe; leaving a topic that was not joined does nothing."""
        await self._call(Leave(topic))

    async def publish(self, topic: str, data: bytes) -> None:
        """Gossip at most `MAX_GOSSIP_BYTES` on a joined topic, best effort.

        Raises:
            TransportError: oversized, or the topic was not joined.
        """
        validate_gossip(data)
        await self._call(Publish(topic, data))

    async def request(self, peer: PeerKey, data: bytes, timeout_ms: int) -> bytes:
        """Ask one connected peer and await its answer.

        Raises:
            TransportError: not connected, refused, oversized or timed out.
        """
        validate_request(data, timeout_ms)
        reply = await self._call(Ask(peer, data, timeout_ms))
        assert isinstance(reply, bytes)
        return reply

    async def respond(self, request_id: int, data: bytes) -> None:
        """Answer a `RequestReceived`. An answer that comes too late is dropped in silence.

        Raises:
            TransportError: the answer is oversized.
        """
        validate_response(data)
        await self._call(Answer(request_id, data))

    async def dial(self, address: str) -> PeerKey:
        """Connect to a multiaddr with a peer id; returns at once if that peer is connected already.

        Raises:
            DialFailed: nobody with that key answers there.
            TransportError: not a usable address, or our own.
        """
        reply = await self._call(Dial(address))
        assert isinstance(reply, bytes)
        return PeerKey(reply)

    async def remember(self, address: str) -> None:
        """Keep an address and stay connected to some of the peers so known.

        Raises:
            TransportError: not a usable address.
        """
        await self._call(Remember(address))

    async def known_addresses(self) -> Sequence[KnownAddress]:
        """What is remembered, for the runtime to store and to hand over at the next start."""
        reply = await self._call(ListKnown())
        assert isinstance(reply, tuple)
        return reply

    async def drop(self, peer: PeerKey, reason: str) -> None:
        """Close all connections to this peer and refuse it for a while."""
        await self._call(Drop(peer, reason))

    async def know(self, peers: Collection[PeerKey], shunned: Collection[PeerKey] = ()) -> None:
        """Say whose gossip is passed on at a rate of its own, all others share a small one; and whose not at all."""
        await self._call(Know(frozenset(peers), frozenset(shunned)))

    async def _call(self, command: Command) -> Reply:
        if self._bridge is None:
            raise TransportError("The network is not running.")
        return await self._bridge.call(command)

    def _on_event(self, event: TransportEvent) -> None:
        """Keep the snapshots current, then queue; runs in the trio thread, where assignments are atomic."""
        match event:
            case PeerUp(peer):
                self._connected = (*self._connected, peer)
            case PeerDown(peer):
                self._connected = tuple(other for other in self._connected if other != peer)
            case AddressesChanged(addresses):
                self._addresses = addresses
                if self._discovery is not None and self._loop is not None:
                    self._loop.call_soon_threadsafe(self._discovery.announce, addresses)
            case _:
                pass
        self._queue.put(event)
