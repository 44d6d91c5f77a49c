"""What two peers say to each other while they reconcile: shapes, bounds and bytes.

A question asks about ranges of lanes, about hashes at places of a lane, and for envelopes. An answer takes
the questions in their order, as many as fit; whatever it leaves out is asked again. All is bounded before it
is parsed.
"""

from typing import Annotated, TypeVar

import msgspec

from crdt.envelope import MAX_LANE_ENVELOPES
from crdt.errors import UNREADABLE, RemoteError
from crdt.ids import HASH_BYTES
from crdt.index import FINGERPRINT_BYTES

MAX_REQUEST_BYTES = 65_536
MAX_RESPONSE_BYTES = 393_216
"""What the envelopes of an answer may weigh; pass it to `read_groups`. To read more at a time would be felt."""
MAX_ANSWER_BYTES = 1_048_576
"""A whole answer, of whatever peer: the envelopes, and a head of at most 64 ranges of 2.4 KB, probes, withdrawals."""
MAX_RANGES = 64
MAX_PROBES = 64
MAX_PROBE_SEQS = 16
MAX_WANTS = 512
MAX_SPLITS = 16
MAX_SUMMARIES = 16
"""A range of so many lanes is answered lane by lane; a larger one in `MAX_SPLITS` smaller ones."""
MAX_ABOVE = 8
"""Rows at or above a fork that a summary names; the two branches, and room for a later rule that keeps more."""
HEAD_LENGTH_BYTES = 4

Hash = Annotated[bytes, msgspec.Meta(min_length=HASH_BYTES, max_length=HASH_BYTES)]
MaybeHash = Annotated[bytes, msgspec.Meta(max_length=HASH_BYTES)]
Fingerprint = Annotated[bytes, msgspec.Meta(min_length=FINGERPRINT_BYTES, max_length=FINGERPRINT_BYTES)]
MaybeFingerprint = Annotated[bytes, msgspec.Meta(max_length=FINGERPRINT_BYTES)]
Bound = Annotated[bytes, msgspec.Meta(max_length=HASH_BYTES)]
"""A prefix of lane ids; the empty one means the beginning, or the end, of all ids."""
Seq = Annotated[int, msgspec.Meta(ge=1, le=MAX_LANE_ENVELOPES)]
Count = Annotated[int, msgspec.Meta(ge=0, le=MAX_LANE_ENVELOPES)]
Size = Annotated[int, msgspec.Meta(ge=0, le=1 << 40)]


class Shape(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Base of all shapes."""


class Range(Shape, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Asks about the lanes with `low` <= id < `high`; `fingerprint` may be empty when it is known to differ."""

    low: Bound
    high: Bound
    fingerprint: MaybeFingerprint = b""


class Probe(Shape, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Asks for a lane's hashes at some places."""

    lane: Hash
    seqs: Annotated[list[Seq], msgspec.Meta(min_length=1, max_length=MAX_PROBE_SEQS)]


class WireWant(Shape, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Asks for a lane's envelopes from `first` to `last`."""

    lane: Hash
    first: Seq
    last: Seq


class Request(Shape, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A question."""

    ranges: Annotated[list[Range], msgspec.Meta(max_length=MAX_RANGES)]
    probes: Annotated[list[Probe], msgspec.Meta(max_length=MAX_PROBES)]
    wants: Annotated[list[WireWant], msgspec.Meta(max_length=MAX_WANTS)]


class Split(Shape, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A part of a range, from where the part before ends to `high`: its fingerprint and number of entries."""

    high: Bound
    fingerprint: Fingerprint
    size: Size


class Summary(Shape, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A lane: how long its chain is, where it ends, and what stands at or above its fork."""

    lane: Hash
    count: Count
    tip: MaybeHash
    above: Annotated[list[tuple[Seq, Hash]], msgspec.Meta(max_length=MAX_ABOVE)]


class RangeAnswer(Shape, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What is held in a range: nothing more when it is equal, else its parts, or its lanes (both may be none)."""

    is_equal: bool
    splits: Annotated[list[Split], msgspec.Meta(max_length=MAX_SPLITS)]
    lanes: Annotated[list[Summary], msgspec.Meta(max_length=MAX_SUMMARIES)]


class Response(Shape, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The head of an answer; encoded groups of envelopes follow it.

    Attributes:
        ranges: answers to the question's first ranges, in order.
        probes: per probe of the question's first ones the hashes at its places; empty where none is held.
        withdrawn: lanes that the question wants and that are not held so far any more: a fork took them back.
    """

    ranges: Annotated[list[RangeAnswer], msgspec.Meta(max_length=MAX_RANGES)]
    probes: Annotated[
        list[Annotated[list[MaybeHash], msgspec.Meta(max_length=MAX_PROBE_SEQS)]],
        msgspec.Meta(max_length=MAX_PROBES),
    ]
    withdrawn: Annotated[list[Hash], msgspec.Meta(max_length=MAX_WANTS)]


T = TypeVar("T", Request, Response)

_ENCODER = msgspec.msgpack.Encoder()
_REQUEST = msgspec.msgpack.Decoder(Request)
_RESPONSE = msgspec.msgpack.Decoder(Response)


def encode_request(request: Request) -> bytes:
    """Encode a question."""
    return _ENCODER.encode(request)


def decode_request(data: bytes) -> Request:
    """Decode a question.

    Raises:
        RemoteError: oversized or malformed.
    """
    if len(data) > MAX_REQUEST_BYTES:
        raise RemoteError(f"A question of {len(data):,} bytes is larger than {MAX_REQUEST_BYTES:,}.")
    return _decode(_REQUEST, data)


def encode_response(response: Response) -> bytes:
    """Encode the head of an answer; the caller appends the encoded groups, if any."""
    head = _ENCODER.encode(response)
    return len(head).to_bytes(HEAD_LENGTH_BYTES, "big") + head


def decode_response(data: bytes, max_bytes: int = MAX_ANSWER_BYTES) -> tuple[Response, bytes]:
    """Decode the head of an answer.

    Returns:
        The head, and the bytes of the groups after it, not yet decoded.

    Raises:
        RemoteError: oversized or malformed.
    """
    if len(data) > max_bytes:
        raise RemoteError(f"An answer of {len(data):,} bytes is larger than {max_bytes:,}.")
    length = int.from_bytes(data[:HEAD_LENGTH_BYTES], "big")
    end = HEAD_LENGTH_BYTES + length
    if len(data) < end:
        raise RemoteError("An answer was cut short.")
    return _decode(_RESPONSE, data[HEAD_LENGTH_BYTES:end]), data[end:]


def _decode(decoder: "msgspec.msgpack.Decoder[T]", data: bytes) -> T:
    try:
        return decoder.decode(data)
    except UNREADABLE as error:
        raise RemoteError(f"A peer's message could not be read: {error}.") from error
