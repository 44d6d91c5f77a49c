"""What the asyncio side may ask of the trio side: plain values, which a separate process could serve too."""

from dataclasses import dataclass

from net.transport import KnownAddress, PeerKey


@dataclass(frozen=True, slots=True)
class Join:
    """Subscribe to a topic."""

    topic: str


@dataclass(frozen=True, slots=True)
class Leave:
    """Unsubscribe from a topic."""

    topic: str


@dataclass(frozen=True, slots=True)
class Publish:
    """Gossip bytes on a joined topic."""

    topic: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Ask:
    """Send a request to a connected peer; the reply is its answer."""

    peer: bytes
    data: bytes
    timeout_ms: int


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer a request of a peer."""

    request_id: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Dial:
    """Connect to an address; the reply is the peer's key."""

    address: str


@dataclass(frozen=True, slots=True)
class Drop:
    """Disconnect a peer and refuse it for a while."""

    peer: bytes
    reason: str


@dataclass(frozen=True, slots=True)
class Know:
    """Pass on the gossip of some publishers at a rate of their own, and none of others."""

    peers: frozenset[PeerKey]
    shunned: frozenset[PeerKey]


@dataclass(frozen=True, slots=True)
class Remember:
    """Keep an address and stay connected to its peer where possible."""

    address: str


@dataclass(frozen=True, slots=True)
class ListKnown:
    """The reply is every remembered address."""


Command = Join | Leave | Publish | Ask | Answer | Dial | Drop | Know | Remember | ListKnown
Reply = None | bytes | tuple[KnownAddress, ...]
