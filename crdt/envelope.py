"""The envelope: the signed unit of replication, and its bytes on the wire.

An envelope carries a payload and a signature over the hash of the change that the payload *derives* (feeds) or
*is* (texts). Bytes are verified as received and never re-encoded. Everything is bounded before it is parsed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from crdt.errors import UNREADABLE, RemoteError
from crdt.feed_change import MAX_PAYLOAD_BYTES, change_hash
from crdt.ids import HASH_BYTES, SIGNATURE_BYTES, ChangeHash, CouncilId, DeviceId, LaneId, MemberId
from crdt.keys import DeviceCertificate, LaneHeader, LaneKind, lane_id, validate_header

ENVELOPE_DOMAIN = b"p2pcouncil/envelope/1\0"
MAX_TEXT_CHANGE_BYTES = 65_536
"""A text change is one sitting's edit; a longer one goes in several changes."""
MAX_LANE_ENVELOPES = 10_000
"""A feed that is full ends, and its device starts the next generation: no lane grows for ever."""
MAX_GROUPS_PER_FRAME = 4_096
MAX_ENVELOPES_PER_FRAME = 20_000


class Envelope(msgspec.Struct, frozen=True, gc=False):
    """One signed change of a lane.

    A struct that the garbage collector may pass over: catching up makes tens of thousands of them.

    Attributes:
        lane: the lane that it extends.
        seq: 1, 2, 3 … along the lane.
        prev: hash of the change at seq − 1; None at 1.
        payload: a feed's entry bytes, or a text document's raw Automerge change.
        signature: Ed25519 by the lane's device over `signed_message`.
        hash: the Automerge change hash; always computed here, never received.
    """

    lane: LaneId
    seq: int
    prev: ChangeHash | None
    payload: bytes
    signature: bytes
    hash: ChangeHash


@dataclass(frozen=True, slots=True)
class EnvelopeGroup:
    """Envelopes of one lane, with the header that says whose they are."""

    header: LaneHeader
    envelopes: tuple[Envelope, ...]


def signed_message(lane: LaneId, change: ChangeHash) -> bytes:
    """What a device signs: domain, lane, change hash."""
    return ENVELOPE_DOMAIN + lane + change


def is_authentic(device: DeviceId, envelope: Envelope) -> bool:
    """Whether the device signed this very change for this very lane."""
    message = signed_message(envelope.lane, envelope.hash)
    try:
        VerifyKey(device).verify(message, envelope.signature)
    except (BadSignatureError, ValueError):
        return False
    return True


class _WireHeader(msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True):
    kind: int
    council: bytes
    subject: bytes
    member: bytes
    device: bytes
    certificate: bytes
    generation: int


class _WireEnvelope(msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True):
    seq: int
    prev: bytes
    payload: bytes
    signature: bytes


class _WireGroup(msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True):
    header: _WireHeader
    envelopes: list[_WireEnvelope]


_GROUPS = msgspec.msgpack.Decoder(list[_WireGroup])
_ENCODER = msgspec.msgpack.Encoder()


def encode_groups(groups: Iterable[EnvelopeGroup]) -> bytes:
    """Encode groups of envelopes for a frame, a gossip message or a bundle."""
    return _ENCODER.encode([_wire_group(group) for group in groups])


def decode_groups(data: bytes, max_bytes: int) -> list[EnvelopeGroup]:
    """Decode and check the shape of what a peer sent; signatures of envelopes are checked when they are accepted.

    Args:
        data: bytes as received.
        max_bytes: refuse more than this before parsing.

    Returns:
        Groups whose headers are certified and whose hashes are derived from their payloads.

    Raises:
        RemoteError: oversized, malformed, or a header that proves nothing.
    """
    if len(data) > max_bytes:
        raise RemoteError(f"A frame of {len(data):,} bytes is larger than the {max_bytes:,} allowed.")
    try:
        wire = _GROUPS.decode(data)
    except UNREADABLE as error:
        raise RemoteError(f"A frame of envelopes could not be read: {error}.") from error
    total = sum(len(group.envelopes) for group in wire)
    if len(wire) > MAX_GROUPS_PER_FRAME or total > MAX_ENVELOPES_PER_FRAME:
        raise RemoteError("A frame holds more envelopes than one frame may.")
    return [_group(group) for group in wire]


class Unreadable(NamedTuple):
    """Something in a frame that could not be read.

    Attributes:
        header: whose lane it is said to be of; None if not even that can be read, or it proves nothing.
        member: in whose name it came; empty if that can't be read.
        seq: which place in the lane it claims; 0 if it was more than one envelope.
        reason: what is wrong with it.
    """

    header: LaneHeader | None
    member: bytes
    seq: int
    reason: str


def salvage_groups(data: bytes, max_bytes: int) -> tuple[list[EnvelopeGroup], list[Unreadable]]:
    """Decode like `decode_groups`, but let nothing that is damaged hide the rest: for those who look for damage.

    Args:
        data: bytes as received.
        max_bytes: refuse more than this before parsing.

    Returns:
        What can be read, and what can't.
    """
    try:
        if len(data) > max_bytes:
            raise RemoteError(f"A frame of {len(data):,} bytes is larger than the {max_bytes:,} allowed.")
        wire = _GROUPS.decode(data)
    except (RemoteError, *UNREADABLE) as error:
        return [], [Unreadable(None, b"", 0, str(error))]
    groups: list[EnvelopeGroup] = []
    unreadable: list[Unreadable] = []
    for group in wire:
        try:
            header = _header(group.header)
        except RemoteError as error:
            unreadable.append(Unreadable(None, group.header.member, 0, str(error)))
            continue
        envelopes: list[Envelope] = []
        for w in group.envelopes:
            try:
                envelopes += _envelopes(header, (w,))
            except RemoteError as error:
                unreadable.append(Unreadable(header, header.member, w.seq, str(error)))
        groups.append(EnvelopeGroup(header, tuple(envelopes)))
    return groups, unreadable


def make_envelope(
    header: LaneHeader, seq: int, prev: ChangeHash | None, payload: bytes, signature: bytes
) -> Envelope:
    """Build an envelope, deriving its hash.

    Raises:
        RemoteError: a bound or the link to the change before is broken.
    """
    if not 1 <= seq <= MAX_LANE_ENVELOPES:
        raise RemoteError(f"Sequence number {seq} is outside 1 to {MAX_LANE_ENVELOPES:,}.")
    if (prev is None) != (seq == 1) or (prev is not None and len(prev) != HASH_BYTES):
        raise RemoteError("An envelope does not name the one before it.")
    if len(signature) != SIGNATURE_BYTES:
        raise RemoteError("A signature has the wrong length.")
    lane = lane_id(header)
    return Envelope(lane, seq, prev, payload, signature, payload_hash(header, seq, prev, payload))


def payload_hash(header: LaneHeader, seq: int, prev: ChangeHash | None, payload: bytes) -> ChangeHash:
    """The change hash that a payload stands for.

    Raises:
        RemoteError: the payload is too large, or is no well-formed change of this lane at this place.
    """
    lane = lane_id(header)
    if header.kind is LaneKind.FEED:
        if len(payload) > MAX_PAYLOAD_BYTES:
            raise RemoteError(f"A payload of {len(payload):,} bytes is larger than {MAX_PAYLOAD_BYTES:,}.")
        return change_hash(lane, seq, prev, payload)
    return _text_change_hash(lane, seq, prev, payload)


def _text_change_hash(lane: LaneId, seq: int, prev: ChangeHash | None, payload: bytes) -> ChangeHash:
    from crdt.change_codec import read_change_head  # only text lanes pay for the codec
    from crdt.text_guard import MAX_LANE_CHANGES

    if seq > MAX_LANE_CHANGES:
        raise RemoteError(f"Sequence number {seq} is outside 1 to {MAX_LANE_CHANGES:,} of a text's lane.")
    if len(payload) > MAX_TEXT_CHANGE_BYTES:
        raise RemoteError(
            f"A text change of {len(payload):,} bytes is larger than {MAX_TEXT_CHANGE_BYTES:,}."
        )
    change = read_change_head(payload)
    if change.actor != lane or change.seq != seq or (prev is not None and prev not in change.deps):
        raise RemoteError("A text change belongs to another place than its envelope says.")
    return ChangeHash(change.hash)


def _wire_group(group: EnvelopeGroup) -> _WireGroup:
    header = group.header
    certificate = header.certificate
    return _WireGroup(
        _WireHeader(
            int(header.kind),
            header.council,
            header.subject,
            certificate.member,
            certificate.device,
            certificate.signature,
            header.generation,
        ),
        [_WireEnvelope(e.seq, e.prev or b"", e.payload, e.signature) for e in group.envelopes],
    )


def _group(wire: _WireGroup) -> EnvelopeGroup:
    header = _header(wire.header)
    return EnvelopeGroup(header, tuple(_envelopes(header, wire.envelopes)))


def _header(w: _WireHeader) -> LaneHeader:
    if w.kind not in (LaneKind.FEED, LaneKind.TEXT):
        raise RemoteError("A lane is of a kind that this version does not know.")
    header = LaneHeader(
        LaneKind(w.kind),
        CouncilId(w.council),
        w.subject,
        DeviceCertificate(MemberId(w.member), DeviceId(w.device), w.certificate),
        w.generation,
    )
    validate_header(header)
    return header


def _envelopes(header: LaneHeader, wires: Sequence[_WireEnvelope]) -> Iterable[Envelope]:
    for w in wires:
        yield make_envelope(header, w.seq, ChangeHash(w.prev) if w.prev else None, w.payload, w.signature)
