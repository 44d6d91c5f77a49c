"""The Automerge change of a feed entry, derived instead of received.

A feed has one writer, and each of its changes is one operation: `put(ROOT, '%010d' % seq, payload)`. So the
bytes of the change are a pure function of (lane, seq, previous hash, payload). The wire carries the payload
and a signature; every receiver derives the same change, and no remote Automerge bytes reach the Rust core.
Source: DESIGN section 3; https://automerge.org/automerge-binary-format-spec/.
"""

from functools import lru_cache
from hashlib import sha256

from crdt.errors import RemoteError
from crdt.ids import HASH_BYTES, ChangeHash, LaneId
from crdt.leb128 import encode_unsigned

MAX_PAYLOAD_BYTES = 16_384
"""A larger entry goes in parts: one entry must never hold up the entries behind it."""
MAX_SEQ = (1 << 31) - 1
"""Automerge panics on operation numbers from 2**31 on; an entry's operation number is its seq."""

_MAGIC = b"\x85\x6f\x4a\x83"
_CHANGE_CHUNK = b"\x01"
_BYTES_TYPE = 7


def derive_change(
    lane: LaneId, seq: int, prev: ChangeHash | None, payload: bytes
) -> tuple[ChangeHash, bytes]:
    """Derive the change of one feed entry.

    Args:
        lane: the feed, also its Automerge actor id, 32 bytes.
        seq: position in the feed, from 1.
        prev: hash of the change at `seq` - 1; None for the first.
        payload: the entry, at most `MAX_PAYLOAD_BYTES`.

    Returns:
        The hash of the change and its raw bytes, equal to what Automerge itself would write.

    Raises:
        RemoteError: a value out of range, or `prev` missing or out of place.
    """
    length, body = _body(lane, seq, prev, payload)
    digest = sha256(_CHANGE_CHUNK + length + body).digest()
    return ChangeHash(digest), b"".join((_MAGIC, digest[:4], _CHANGE_CHUNK, length, body))


def change_hash(lane: LaneId, seq: int, prev: ChangeHash | None, payload: bytes) -> ChangeHash:
    """Derive only the hash of a feed entry's change; see `derive_change` for arguments and errors.

    Catching up hashes tens of thousands of entries and needs none of the raw bytes.
    """
    length, body = _body(lane, seq, prev, payload)
    return ChangeHash(sha256(_CHANGE_CHUNK + length + body).digest())


def _body(lane: LaneId, seq: int, prev: ChangeHash | None, payload: bytes) -> tuple[bytes, bytes]:
    """Return the length prefix and the body of the change chunk."""
    size_bytes = len(payload)
    if size_bytes > MAX_PAYLOAD_BYTES:
        raise RemoteError(f"the entry is {size_bytes} bytes long; {MAX_PAYLOAD_BYTES} is the most")
    if not 1 <= seq <= MAX_SEQ:
        raise RemoteError(f"the entry has the impossible sequence number {seq}")
    if len(lane) != HASH_BYTES:
        raise RemoteError("the entry names a lane that is not 32 bytes long")
    if prev is None:
        if seq != 1:
            raise RemoteError(f"entry {seq} does not name the entry before it")
        deps = b"\x00"
    else:
        if seq == 1 or len(prev) != HASH_BYTES:
            raise RemoteError(f"entry {seq} names an impossible entry before it")
        deps = b"\x01" + prev
    header, value_column = _columns(size_bytes)
    number = encode_unsigned(seq)
    # Each change holds one operation, so that its operation number equals its seq. The three zeros are the
    # time, the message and the table of other actors, all empty.
    body = b"%b\x20%b%b%b\x00\x00\x00%b\x7f\x0a%010d\x01\x7f\x01%b%b\x7f\x00" % (
        deps,
        lane,
        number,
        number,
        header,
        seq,
        value_column,
        payload,
    )
    return encode_unsigned(len(body)), body


@lru_cache(maxsize=4096)
def _columns(payload_bytes: int) -> tuple[bytes, bytes]:
    """Return the column table, and the column of value sizes, for a payload of this size."""
    value_column = b"\x7f" + encode_unsigned(payload_bytes << 4 | _BYTES_TYPE)
    sizes = [(0x15, 12), (0x34, 1), (0x42, 2), (0x56, len(value_column)), (0x57, payload_bytes), (0x70, 2)]
    held = [(column, size) for column, size in sizes if size]
    table = b"".join(bytes((column,)) + encode_unsigned(size) for column, size in held)
    return bytes((len(held),)) + table, value_column
