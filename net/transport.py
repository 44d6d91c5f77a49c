"""The port: all that the rest of the program may know of a network.

Two adapters stand behind it, libp2p and an in-memory one, and pass one contract suite (tests/contract). A
peer is named by its 32-byte Ed25519 public key, which the adapter has authenticated; no libp2p type crosses
this line. Gossip is best effort: correctness comes from requests.
"""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from typing import NewType, Protocol

PeerKey = NewType("PeerKey", bytes)
"""An authenticated Ed25519 public key, 32 bytes: the device key of the peer."""

MAX_GOSSIP_BYTES = 64 * 1024
MAX_REQUEST_BYTES = 64 * 1024
MAX_RESPONSE_BYTES = 2 * 1024 * 1024


class TransportError(Exception):
    """The network could not do what was asked; the message is a sentence for the user."""


class DialFailed(TransportError):
    """Nobody with the expected key answered at an address; trying again later may help."""


@dataclass(frozen=True, slots=True)
class KnownAddress:
    """A remembered address, as the runtime may store it between runs.

    Attributes:
        address: multiaddr text ending in ``/p2p/<peer id>``.
        last_success_ms: Unix time of the last connection made through it; 0 for never.
        failures: attempts that failed since then.
    """

    address: str
    last_success_ms: int = 0
    failures: int = 0


@dataclass(frozen=True, slots=True)
class PeerUp:
    """A connection to this peer is open and authenticated."""

    peer: PeerKey


@dataclass(frozen=True, slots=True)
class PeerDown:
    """The last connection to this peer is gone."""

    peer: PeerKey
    reason: str


@dataclass(frozen=True, slots=True)
class GossipReceived:
    """Bytes published on a topic that we joined.

    Attributes:
        sender: who handed them to us; need not be the author.
        topic: where they were published.
        data: what was published.
        origin: who published them, by a signature that the adapter has checked.
    """

    sender: PeerKey
    topic: str
    data: bytes
    origin: PeerKey


@dataclass(frozen=True, slots=True)
class GossipShed:
    """Messages that a peer handed over and that were let fall, because they were more than is taken; a sum.

    Attributes:
        sender: who handed them to us.
        own: of them, those that it published itself.
        strangers: those of publishers that nobody called known (`Transport.know`).
        others: those of the rest.
    """

    sender: PeerKey
    own: int
    strangers: int
    others: int


@dataclass(frozen=True, slots=True)
class RequestReceived:
    """A peer asks something; answer with `Transport.respond(request_id, …)` within the time-out."""

    sender: PeerKey
    request_id: int
    data: bytes


@dataclass(frozen=True, slots=True)
class AddressesChanged:
    """Our own dialable addresses, as multiaddr text with the peer id at the end."""

    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PeerFound:
    """Discovery on the local network found an address worth dialling."""

    address: str


@dataclass(frozen=True, slots=True)
class PeerRefused:
    """A peer was dropped because it broke the protocol; `reason` is a sentence for the Network screen."""

    peer: PeerKey
    reason: str


TransportEvent = (
    PeerUp
    | PeerDown
    | GossipReceived
    | GossipShed
    | RequestReceived
    | AddressesChanged
    | PeerFound
    | PeerRefused
)


class Transport(Protocol):
    """What a runtime may ask of a network. Every method is asyncio-side and bounded in time."""

    @property
    def key(self) -> PeerKey:
        """Our own public key."""
        ...

    async def start(self) -> None:
        """Listen and begin to work.

        Raises:
            TransportError: the port is taken, or the network thread could not start.
        """
        ...

    async def stop(self) -> None:
        """Close every socket and thread. Safe to call twice."""
        ...

    def addresses(self) -> Sequence[str]:
        """Our own dialable addresses, multiaddr text ending in ``/p2p/<peer id>``."""
        ...

    def events(self) -> AsyncIterator[TransportEvent]:
        """What happens, in order, for one consumer; the queue is bounded and sheds gossip first when full."""
        ...

    async def join_topic(self, topic: str) -> None:
        """Subscribe; joining twice is the same as once."""
        ...

    async def leave_topic(self, topic: str) -> None:
        """Unsubscribe; leaving a topic that was not joined does nothing."""
        ...

    async def publish(self, topic: str, data: bytes) -> None:
        """Gossip at most `MAX_GOSSIP_BYTES` on a joined topic, best effort.

        Raises:
            TransportError: oversized, or the topic was not joined.
        """
        ...

    async def request(self, peer: PeerKey, data: bytes, timeout_ms: int) -> bytes:
        """Ask one connected peer and await its answer.

        A request that breaks off on the way is tried again within the time-out, so a peer may receive it
        twice: requests must be idempotent.

        Raises:
            TransportError: not connected, refused, oversized or timed out.
        """
        ...

    async def respond(self, request_id: int, data: bytes) -> None:
        """Answer a `RequestReceived`. An answer that comes too late is dropped in silence."""
        ...

    async def dial(self, address: str) -> PeerKey:
        """Connect to a multiaddr with a peer id; returns at once if that peer is connected already.

        A peer that was dialled once is remembered (see `remember`).

        Raises:
            DialFailed: nobody with that key answers there.
            TransportError: not a usable address, or our own.
        """
        ...

    async def remember(self, address: str) -> None:
        """Keep an address and stay connected to some of the peers so known, redialling with growing pauses.

        Raises:
            TransportError: not a usable address.
        """
        ...

    async def known_addresses(self) -> Sequence[KnownAddress]:
        """What is remembered, for the runtime to store and to hand over at the next start."""
        ...

    async def drop(self, peer: PeerKey, reason: str) -> None:
        """Close all connections to this peer and refuse it for a while."""
        ...

    async def know(self, peers: Collection[PeerKey], shunned: Collection[PeerKey] = ()) -> None:
        """Say whose gossip is passed on at a rate of its own, all others share a small one; and whose not at all.

        Until this is called, everybody is known.
        """
        ...

    def connected(self) -> Sequence[PeerKey]:
        """The peers connected now."""
        ...
