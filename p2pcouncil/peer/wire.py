"""What peers ask each other, beside envelopes: one kind byte and a bounded msgpack body.

========  ============================================  =============================================
question  asks                                          answer
========  ============================================  =============================================
SYNC      reconcile my set of a council with yours      `crdt.sync`'s answer, and envelopes
GENESIS   the founding of a council                     the signed genesis
LOBBY     please keep my join until somebody vouches    a sentence, empty when it is kept
TIPS      how far do you hold these lanes?              a count for each lane
KNOWS     whom else do you know?                        addresses
NEWS      we hold news of this council: pull from us    nothing
any       more than this peer answers so quickly        BUSY: how long to wait
========  ============================================  =============================================
"""

from enum import IntEnum
from typing import Annotated, TypeVar

import msgspec

from crdt.errors import UNREADABLE, RemoteError
from p2pcouncil.domain.records import Hash

MAX_LANES_PER_QUESTION = 256
MAX_ADDRESSES = 32
MAX_ADDRESS_CHARS = 256
MAX_WAIT_MS = 10_000

Address = Annotated[str, msgspec.Meta(max_length=MAX_ADDRESS_CHARS)]


class Kind(IntEnum):
    """The first byte of a question, and of its answer."""

    SYNC = 1
    GENESIS = 2
    LOBBY = 3
    TIPS = 4
    KNOWS = 5
    NEWS = 6
    BUSY = 254
    UNKNOWN_COUNCIL = 255


class GossipKind(IntEnum):
    """The first byte of a gossip message."""

    ENVELOPES = 1
    NEWS = 2


class Body(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Base of the bodies."""


class GenesisQuestion(Body, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Asks for a council's founding."""

    council: Hash


class LobbyQuestion(Body, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Hands over a signed join."""

    council: Hash
    join: Annotated[bytes, msgspec.Meta(max_length=4_096)]


class LobbyAnswer(Body, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Empty when the join is kept; else why it is not."""

    refused: Annotated[str, msgspec.Meta(max_length=300)]


class TipsQuestion(Body, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Asks how far the other side holds our own lanes."""

    council: Hash
    lanes: Annotated[tuple[Hash, ...], msgspec.Meta(max_length=MAX_LANES_PER_QUESTION)]


class TipsAnswer(Body, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A count for each lane asked for, and how many envelopes of the council are held in all."""

    counts: Annotated[
        tuple[Annotated[int, msgspec.Meta(ge=0, le=100_000)], ...],
        msgspec.Meta(max_length=MAX_LANES_PER_QUESTION),
    ]
    total: Annotated[int, msgspec.Meta(ge=0)]


class KnowsAnswer(Body, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Addresses worth dialling."""

    addresses: Annotated[tuple[Address, ...], msgspec.Meta(max_length=MAX_ADDRESSES)]


class BusyAnswer(Body, frozen=True, array_like=True, forbid_unknown_fields=True):
    """In how many milliseconds the question may be asked again."""

    wait_ms: Annotated[int, msgspec.Meta(ge=0, le=MAX_WAIT_MS)]


BodyT = TypeVar("BodyT", bound=Body)


def pack(kind: Kind, body: Body | bytes = b"") -> bytes:
    """Put a kind byte before a body."""
    return bytes([kind]) + (body if isinstance(body, bytes) else msgspec.msgpack.encode(body))


def unpack(data: bytes) -> tuple[Kind, bytes]:
    """Split off the kind byte.

    Raises:
        RemoteError: empty, or a kind that this version does not know.
    """
    if not data:
        raise RemoteError("A peer sent an empty message.")
    try:
        return Kind(data[0]), data[1:]
    except ValueError as error:
        raise RemoteError(
            f"A peer sent a message of kind {data[0]}, which this version does not know."
        ) from error


def read_body(data: bytes, shape: type[BodyT]) -> BodyT:
    """Decode a body.

    Raises:
        RemoteError: malformed.
    """
    try:
        return msgspec.msgpack.decode(data, type=shape)
    except UNREADABLE as error:
        raise RemoteError(f"A peer's message could not be read: {error}.") from error


def topic_of(council: bytes) -> str:
    """The gossip topic of a council."""
    return f"/p2pcouncil/1/{council.hex()}"


def council_of(topic: str) -> bytes | None:
    """The council of a topic; None when it is none of ours."""
    prefix = "/p2pcouncil/1/"
    if not topic.startswith(prefix) or len(topic) != len(prefix) + 64:
        return None
    try:
        council = bytes.fromhex(topic[len(prefix) :])
    except ValueError:
        return None
    # Python reads capitals and skips spaces; a council's topic has one spelling.
    return council if topic_of(council) == topic else None
