"""A strict decoder and encoder of one Automerge change, so that it can be judged before Automerge sees it.

The Rust core panics, aborts or keeps an unloadable document on crafted bytes. So received changes are decoded
here, under limits, and must be *canonical*: encoding what was decoded gives the very bytes received. Only the
shapes that p2pcouncil writes are known: no clock time, no message, no marks, no counters, no compression.
Source: DESIGN section 3; https://automerge.org/automerge-binary-format-spec/.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from crdt.errors import RemoteError
from crdt.ids import HASH_BYTES, ChangeHash
from crdt.leb128 import Reader, encode_unsigned
from crdt.op_columns import Limits, Op, decode_ops, encode_ops, prefixed, read_count, split_columns

MAX_OP_NUMBER = (1 << 31) - 1
"""Automerge panics on operation numbers from 2**31 on."""

_MAGIC = b"\x85\x6f\x4a\x83"
_CHANGE_CHUNK = b"\x01"
DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class ChangeHead:
    """What a change says of its place, before its operations: enough to know whose it is and what it builds on."""

    hash: ChangeHash
    actor: bytes
    seq: int
    start_op: int
    deps: tuple[ChangeHash, ...]
    """Hashes of the changes it builds on, ascending."""


@dataclass(frozen=True, slots=True)
class Change:
    """One decoded change. Its operations are numbered `start_op`, `start_op` + 1, … under its actor."""

    hash: ChangeHash
    actor: bytes
    seq: int
    start_op: int
    deps: tuple[ChangeHash, ...]
    """Hashes of the changes it builds on, ascending."""
    other_actors: tuple[bytes, ...]
    """Every other actor that an operation names, ascending."""
    ops: tuple[Op, ...]

    @property
    def max_op(self) -> int:
        """The number of the last operation."""
        return self.start_op + len(self.ops) - 1


def decode_canonical(raw: bytes, limits: Limits = DEFAULT_LIMITS) -> Change:
    """Decode a change and check that these bytes are the only way to write it.

    Raises:
        RemoteError: `decode_change` refuses it, or Automerge would write it in other bytes.
    """
    change = decode_change(raw, limits)
    if encode_change(change) != raw:
        raise RemoteError("the change is not written in Automerge's own form")
    return change


def decode_change(raw: bytes, limits: Limits = DEFAULT_LIMITS) -> Change:
    """Decode one uncompressed change chunk.

    Args:
        raw: bytes from anywhere.
        limits: what the change may hold; checked before memory is spent.

    Returns:
        The change. Its bytes may still have another spelling: see `decode_canonical`.

    Raises:
        RemoteError: malformed, beyond the limits, or a shape that p2pcouncil never writes; nothing else.
    """
    head, reader = _read_head(raw, limits)
    actor, start_op = head.actor, head.start_op
    if reader.signed() != 0 or reader.unsigned() != 0:
        raise RemoteError("the change carries a clock time or a message, which p2pcouncil never writes")
    others = [_actor(reader, limits) for _ in range(read_count(reader, limits.max_actors, "actors"))]
    _require_ascending(others, "actors")
    if actor in others:
        raise RemoteError("the change lists its own actor among the others")
    ops = decode_ops(split_columns(reader), [actor, *others], limits)
    if start_op + len(ops) - 1 > MAX_OP_NUMBER:
        raise RemoteError("the change has an impossible sequence or operation number")
    return Change(head.hash, actor, head.seq, start_op, head.deps, tuple(others), tuple(ops))


def read_change_head(raw: bytes, limits: Limits = DEFAULT_LIMITS) -> ChangeHead:
    """Read whose change it is and what it builds on, without looking at its operations.

    It costs a hash and a few numbers, so it is safe to do for bytes that nobody has vouched for yet; decoding the
    operations of a crafted change costs a thousand times as much.

    Raises:
        RemoteError: malformed up to there, or beyond the limits; nothing else.
    """
    return _read_head(raw, limits)[0]


def encode_change(change: Change) -> bytes:
    """Encode a change exactly as Automerge does; `change.hash` is not read.

    Raises:
        LocalError: an operation names an actor that the change does not list.
    """
    columns = encode_ops(change.ops, (change.actor, *change.other_actors))
    header = [encode_unsigned(len(change.deps)), *change.deps, prefixed(change.actor)]
    header += [encode_unsigned(change.seq), encode_unsigned(change.start_op), b"\x00\x00"]
    header += [encode_unsigned(len(change.other_actors)), *map(prefixed, change.other_actors)]
    header += [encode_unsigned(len(columns))]
    header += [encode_unsigned(number) + encode_unsigned(len(column)) for number, column in columns]
    chunk = _CHANGE_CHUNK + prefixed(b"".join(header) + b"".join(column for _, column in columns))
    return _MAGIC + sha256(chunk).digest()[:4] + chunk


def hash_of_raw(raw: bytes) -> ChangeHash:
    """Return the hash of a change that was decoded before, without decoding it again."""
    return ChangeHash(sha256(raw[8:]).digest())


def _read_head(raw: bytes, limits: Limits) -> tuple[ChangeHead, Reader]:
    if len(raw) > limits.max_bytes:
        raise RemoteError(f"the change is {len(raw)} bytes long; {limits.max_bytes} is the most")
    digest, body = _open_chunk(raw)
    reader = Reader(body)
    deps = [
        ChangeHash(reader.take(HASH_BYTES))
        for _ in range(read_count(reader, limits.max_deps, "dependencies"))
    ]
    _require_ascending(deps, "dependencies")
    actor = _actor(reader, limits)
    seq, start_op = reader.unsigned(), reader.unsigned()
    if not 1 <= seq <= MAX_OP_NUMBER or not 1 <= start_op <= MAX_OP_NUMBER:
        raise RemoteError("the change has an impossible sequence or operation number")
    return ChangeHead(ChangeHash(digest), actor, seq, start_op, tuple(deps)), reader


def _open_chunk(raw: bytes) -> tuple[bytes, bytes]:
    """Return the hash and the body of a change chunk, checksum and length verified."""
    reader = Reader(raw)
    if reader.take(4) != _MAGIC:
        raise RemoteError("the bytes are not an Automerge change")
    checksum, kind = reader.take(4), reader.take(1)
    if kind != _CHANGE_CHUNK:
        raise RemoteError("the chunk is not an uncompressed change")
    body = reader.take(reader.unsigned())
    if not reader.is_at_end:
        raise RemoteError("bytes follow the change")
    digest = hash_of_raw(raw)
    if digest[:4] != checksum:
        raise RemoteError("the checksum of the change is wrong")
    return digest, body


def _actor(reader: Reader, limits: Limits) -> bytes:
    if reader.unsigned() != limits.actor_bytes:
        raise RemoteError(f"the change names an actor that is not {limits.actor_bytes} bytes long")
    return reader.take(limits.actor_bytes)


def _require_ascending(values: Sequence[bytes], what: str) -> None:
    if any(first >= second for first, second in itertools.pairwise(values)):
        raise RemoteError(f"the {what} of the change are not in ascending order")
