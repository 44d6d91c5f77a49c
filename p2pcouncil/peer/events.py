"""What happens to a peer, and what it wants done: the two closed unions between the core and the world.

The core never touches a socket, a disk or a clock: `Peer.handle(event, now_ms)` returns effects, and a runtime
carries them out. Each is a plain value, so that a simulator can record, delay, lose or replay it.
"""

from dataclasses import dataclass

import msgspec

from crdt.envelope import Envelope, EnvelopeGroup
from crdt.ids import ChangeHash, CouncilId, DeviceId, LaneId, TextId
from crdt.index import Want
from crdt.keys import LaneHeader
from p2pcouncil.domain.entries import AnyEntry


class Row(msgspec.Struct, frozen=True):
    """An envelope that stands in the store: the only way in which anything reaches the state."""

    header: LaneHeader
    envelope: Envelope
    first_seen_ms: int


@dataclass(frozen=True, slots=True)
class RowsRead:
    """New rows of the store, whoever wrote them.

    Attributes:
        rows: in the order of their commits.
        forks: lanes in which a fork was found, with the lowest fork; they come first.
        more: whether further rows are waiting.
    """

    rows: tuple[Row, ...]
    forks: tuple[tuple[LaneId, int], ...] = ()
    more: bool = False


@dataclass(frozen=True, slots=True)
class ShelfRead:
    """What the shelf of the store holds now: councils, lobby, pending joins, holdings, settings."""

    items: tuple[tuple[str, bytes, bytes], ...]


@dataclass(frozen=True, slots=True)
class BatchAccepted:
    """The store took what it could of an `Accept`.

    Attributes:
        batch: of which `Accept`.
        accepted: envelopes that are new in the store.
        waiting: envelopes, or members, that wait for something else to come.
        refused: what broke a rule.
        lost: this laptop could not look at them, or not keep them: they are to be fetched again.
    """

    batch: int
    accepted: int
    waiting: int
    refused: tuple[str, ...]
    lost: bool = False


@dataclass(frozen=True, slots=True)
class PeerConnected:
    """An authenticated connection is open."""

    device: DeviceId


@dataclass(frozen=True, slots=True)
class PeerGone:
    """The last connection to this device is gone."""

    device: DeviceId
    reason: str


@dataclass(frozen=True, slots=True)
class GossipHeard:
    """Bytes on a council's topic, handed over by a device that need not be their author.

    Attributes:
        device: who handed them over.
        topic: whose gossip it is.
        data: what was gossiped.
        origin: who published them, as the network has verified; None when the network can't tell.
    """

    device: DeviceId
    topic: str
    data: bytes
    origin: DeviceId | None = None


@dataclass(frozen=True, slots=True)
class GossipShed:
    """Gossip that a device handed over and the network let fall, because it was more than the network takes.

    Attributes:
        device: who handed it over.
        own: messages that it published itself.
        strangers: messages published by devices of nobody that we know.
        others: the rest.
    """

    device: DeviceId
    own: int
    strangers: int
    others: int


@dataclass(frozen=True, slots=True)
class QuestionHeard:
    """A device asks; answer with `Reply` or `ReplyWithEnvelopes`."""

    device: DeviceId
    question: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Served:
    """A device was sent the answer to a question: so many bytes, which only the store could tell."""

    device: DeviceId
    size_bytes: int


@dataclass(frozen=True, slots=True)
class FiguresCame:
    """Figures of a planning round are there that somebody asked for; see `World.figuring`."""


@dataclass(frozen=True, slots=True)
class AnswerHeard:
    """The answer to an `Ask`, or None with the reason why there is none."""

    ask: int
    data: bytes | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class AddressesKnown:
    """Where others can dial us, as far as this laptop can tell."""

    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tick:
    """Time went by; at least once a second while the network runs."""


Event = (
    RowsRead
    | ShelfRead
    | BatchAccepted
    | PeerConnected
    | PeerGone
    | GossipHeard
    | GossipShed
    | QuestionHeard
    | Served
    | FiguresCame
    | AnswerHeard
    | AddressesKnown
    | Tick
)


@dataclass(frozen=True, slots=True)
class Append:
    """Write entries into our own feed of a council, signed, in one transaction; `once` makes it unique."""

    council: CouncilId
    entries: tuple[AnyEntry, ...]
    once: str | None = None


@dataclass(frozen=True, slots=True)
class AppendEdit:
    """Write an edit into our own lane of a text document: from the text at `base` (or now) to `text`."""

    council: CouncilId
    text_id: TextId
    base: tuple[ChangeHash, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Keep:
    """Put a value on the store's shelf; empty means take it off."""

    kind: str
    key: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class Accept:
    """Check what a device sent and keep what holds; ends in `BatchAccepted`."""

    batch: int
    device: DeviceId | None
    groups: tuple[EnvelopeGroup, ...]


@dataclass(frozen=True, slots=True)
class Listen:
    """Join a topic."""

    topic: str


@dataclass(frozen=True, slots=True)
class Publish:
    """Gossip on a topic, best effort."""

    topic: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask a connected device; ends in `AnswerHeard`."""

    ask: int
    device: DeviceId
    data: bytes
    timeout_ms: int


@dataclass(frozen=True, slots=True)
class Reply:
    """Answer a question."""

    question: int
    data: bytes


@dataclass(frozen=True, slots=True)
class ReplyWithEnvelopes:
    """Answer a question with a head of bytes and the envelopes it promises, read from the store; then `Served`."""

    question: int
    head: bytes
    wanted: tuple[Want, ...]
    max_bytes: int
    device: DeviceId


@dataclass(frozen=True, slots=True)
class Connect:
    """Dial an address, remember it, and redial it."""

    address: str


@dataclass(frozen=True, slots=True)
class Drop:
    """Close the connection to a device that broke the protocol."""

    device: DeviceId
    reason: str


@dataclass(frozen=True, slots=True)
class ReadAgain:
    """All councils are to be made anew: hand over the rows from the first on. What was not yet handed over is not."""


@dataclass(frozen=True, slots=True)
class Show:
    """Something that a person can see may have changed."""


Effect = (
    Append
    | AppendEdit
    | Keep
    | Accept
    | Listen
    | Publish
    | Ask
    | Reply
    | ReplyWithEnvelopes
    | Connect
    | Drop
    | ReadAgain
    | Show
)
