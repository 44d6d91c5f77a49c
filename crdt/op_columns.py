"""The operations inside an Automerge change: a table stored column by column.

A row is one operation on one object: insert a character, delete one, set a key, make a text. Columns and rows
are counted against the limits before memory is spent, and every number that names an actor is resolved.
Source: https://automerge.org/automerge-binary-format-spec/ (operation columns).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast

import msgspec

from crdt.columns import decode_deltas, decode_flags, decode_runs, encode_deltas, encode_flags, encode_runs
from crdt.errors import LocalError, RemoteError
from crdt.ids import HASH_BYTES
from crdt.leb128 import Reader, encode_unsigned

OpId = tuple[int, bytes]
"""Names one operation: its number and the actor that wrote it. `HEAD` stands before the first element."""
HEAD: OpId = (0, b"")

SET, DELETE, MAKE_TEXT = 1, 3, 4
ACTIONS = frozenset({SET, DELETE, MAKE_TEXT})
TYPE_NULL, TYPE_TEXT, TYPE_BYTES = 0, 6, 7
VALUE_TYPES = frozenset({TYPE_NULL, TYPE_TEXT, TYPE_BYTES})

_OBJ_ACTOR, _OBJ_NUMBER, _KEY_ACTOR, _KEY_NUMBER, _KEY_NAME = 0x01, 0x02, 0x11, 0x13, 0x15
_INSERT, _ACTION, _VALUE_META, _VALUE = 0x34, 0x42, 0x56, 0x57
_PRED_COUNT, _PRED_ACTOR, _PRED_NUMBER = 0x70, 0x71, 0x73
_COLUMNS = frozenset(
    {_OBJ_ACTOR, _OBJ_NUMBER, _KEY_ACTOR, _KEY_NUMBER, _KEY_NAME, _INSERT, _ACTION, _VALUE_META, _VALUE}
    | {_PRED_COUNT, _PRED_ACTOR, _PRED_NUMBER}
)
_PREDS_PER_OP = 2
"""Honest text operations name one predecessor at most; a second leaves the guard room to refuse in words."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one change may hold: bounds on the memory and time that a hostile one can cost."""

    max_bytes: int = 65_536
    max_ops: int = 4_096
    max_deps: int = 128
    max_actors: int = 128
    actor_bytes: int = HASH_BYTES


class Op(msgspec.Struct, frozen=True, gc=False):
    """One operation. A struct: a large change makes thousands, and dataclasses take five times longer."""

    action: int
    obj: OpId | None
    """The object operated on; None is the root."""
    key: str | OpId
    """A map key, or the list element operated on (for an insertion: the one before it, or `HEAD`)."""
    insert: bool
    value_type: int
    value: bytes
    preds: tuple[OpId, ...]
    """The operations that this one supersedes, ascending."""


def read_count(reader: Reader, limit: int, what: str) -> int:
    """Read how many items follow.

    Raises:
        RemoteError: more than `limit`; `what` names the items to the reader of the message.
    """
    count = reader.unsigned()
    if count > limit:
        raise RemoteError(f"the change names {count} {what}; {limit} is the most")
    return count


def prefixed(data: bytes) -> bytes:
    """Put the length of some bytes before them."""
    return encode_unsigned(len(data)) + data


def split_columns(reader: Reader) -> dict[int, bytes]:
    """Read the column table and cut out the columns, which fill the rest of the change.

    Raises:
        RemoteError: the table is malformed, or names columns that p2pcouncil never writes.
    """
    table = [
        (reader.unsigned(), reader.unsigned()) for _ in range(read_count(reader, len(_COLUMNS), "columns"))
    ]
    numbers = [number for number, _ in table]
    if numbers != sorted(set(numbers)) or not _COLUMNS.issuperset(numbers):
        raise RemoteError("the change has columns that p2pcouncil never writes")
    columns = {number: reader.take(size) for number, size in table}
    if not reader.is_at_end:
        raise RemoteError("bytes follow the columns of the change")
    return columns


def _read_name(reader: Reader) -> str:
    try:
        return reader.take(reader.unsigned()).decode("utf-8")
    except UnicodeDecodeError as error:
        raise RemoteError("a name in the change is not UTF-8") from error


def _write_name(name: str) -> bytes:
    return prefixed(name.encode("utf-8"))


def _full(rows: list[T | None], count: int) -> list[T | None]:
    """A column is absent, which means null in every row, or holds every row."""
    if not rows:
        return [None] * count
    if len(rows) != count:
        raise RemoteError("the columns of the change differ in length")
    return rows


def _every(rows: Sequence[T | None], count: int) -> Sequence[T]:
    """A column that may hold no null."""
    if len(rows) != count or None in rows:
        raise RemoteError("a column of the change lacks values")
    return cast(Sequence[T], rows)


def decode_ops(columns: Mapping[int, bytes], actors: Sequence[bytes], limits: Limits) -> list[Op]:
    """Decode the rows.

    Args:
        columns: column bytes by column number, from `split_columns`.
        actors: the change's own actor, then the others that it lists.
        limits: bounds on rows and predecessors.

    Raises:
        RemoteError: malformed, beyond the limits, or an operation that p2pcouncil never writes.
    """

    def unsigned(number: int, max_rows: int) -> list[int | None]:
        return decode_runs(columns.get(number, b""), Reader.unsigned, max_rows)

    actions = unsigned(_ACTION, limits.max_ops)
    count = len(actions)
    if not ACTIONS.issuperset(actions):
        raise RemoteError("the change holds an operation that p2pcouncil never writes")
    objects = _ids(
        _full(unsigned(_OBJ_NUMBER, count), count), _full(unsigned(_OBJ_ACTOR, count), count), actors
    )
    key_numbers = _full(decode_deltas(columns.get(_KEY_NUMBER, b""), count), count)
    elements = _ids(key_numbers, _full(unsigned(_KEY_ACTOR, count), count), actors)
    names = _full(decode_runs(columns.get(_KEY_NAME, b""), _read_name, count), count)
    inserts = _every(decode_flags(columns.get(_INSERT, b""), count), count)
    metas = _every(unsigned(_VALUE_META, count), count)
    pred_counts = _every(unsigned(_PRED_COUNT, count), count)
    preds = _decode_preds(columns, pred_counts, actors, limits)
    values, end = columns.get(_VALUE, b""), 0
    ops: list[Op] = []
    rows = zip(_every(actions, count), names, elements, objects, inserts, metas, preds, strict=True)
    for action, name, element, obj, insert, meta, superseded in rows:
        if (name is None) == (element is None):
            raise RemoteError("an operation of the change names no key, or two")
        if obj == HEAD:
            raise RemoteError("an operation of the change names an impossible object")
        value_type, size_bytes = meta & 15, meta >> 4
        if value_type not in VALUE_TYPES or (value_type == TYPE_NULL and size_bytes):
            raise RemoteError("the change holds a type of value that p2pcouncil never writes")
        key = name if name is not None else element
        assert key is not None  # One of the two is held, as tested above.
        start, end = end, end + size_bytes
        if end > len(values):
            raise RemoteError("the change is cut short")
        ops.append(Op(action, obj, key, insert, value_type, values[start:end], superseded))
    if end < len(values):
        raise RemoteError("bytes follow the values of the change")
    return ops


def _ids(
    numbers: Sequence[int | None], actor_indices: Sequence[int | None], actors: Sequence[bytes]
) -> list[OpId | None]:
    """Join a column of operation numbers with its column of actors; number 0 without an actor is `HEAD`."""
    ids: list[OpId | None] = []
    listed = len(actors)
    for number, index in zip(numbers, actor_indices, strict=True):
        if index is not None and index >= listed:
            raise RemoteError("the change names an actor that it does not list")
        if number and index is not None:
            ids.append((number, actors[index]))
        elif number is None and index is None:
            ids.append(None)
        elif number == 0 and index is None:
            ids.append(HEAD)
        else:
            raise RemoteError("the change names an impossible operation")
    return ids


def _decode_preds(
    columns: Mapping[int, bytes], counts: Sequence[int], actors: Sequence[bytes], limits: Limits
) -> list[tuple[OpId, ...]]:
    total = sum(counts)
    if total > limits.max_ops * _PREDS_PER_OP:
        raise RemoteError("the operations of the change name too many predecessors")
    numbers = _every(decode_deltas(columns.get(_PRED_NUMBER, b""), total), total)
    indices = _every(decode_runs(columns.get(_PRED_ACTOR, b""), Reader.unsigned, total), total)
    flat = _every(_ids(numbers, indices, actors), total)
    preds: list[tuple[OpId, ...]] = []
    start = 0
    for count in counts:
        if not count:  # As in every insertion.
            preds.append(())
            continue
        group = tuple(flat[start : start + count])
        if count > 1 and list(group) != sorted(set(group)):
            raise RemoteError("the predecessors of an operation are not in ascending order")
        preds.append(group)
        start += count
    return preds


def encode_ops(ops: Sequence[Op], actors: Sequence[bytes]) -> list[tuple[int, bytes]]:
    """Encode the rows as (column number, bytes), ascending; Automerge leaves out the empty columns.

    Raises:
        LocalError: an operation names an actor that is not in `actors`.
    """
    index = {actor: position for position, actor in enumerate(actors)}
    elements = [None if isinstance(op.key, str) else op.key for op in ops]
    preds = [pred for op in ops for pred in op.preds]
    try:
        obj_actors = [None if op.obj is None else index[op.obj[1]] for op in ops]
        key_actors = [
            None if element is None or element == HEAD else index[element[1]] for element in elements
        ]
        pred_actors = [index[actor] for _, actor in preds]
    except KeyError as error:
        raise LocalError("an operation names an actor that its change does not list") from error
    number: Callable[[int], bytes] = encode_unsigned
    columns = [
        (_OBJ_ACTOR, encode_runs(obj_actors, number)),
        (_OBJ_NUMBER, encode_runs([None if op.obj is None else op.obj[0] for op in ops], number)),
        (_KEY_ACTOR, encode_runs(key_actors, number)),
        (_KEY_NUMBER, encode_deltas([None if element is None else element[0] for element in elements])),
        (_KEY_NAME, encode_runs([op.key if isinstance(op.key, str) else None for op in ops], _write_name)),
        (_INSERT, encode_flags([op.insert for op in ops])),
        (_ACTION, encode_runs([op.action for op in ops], number)),
        (_VALUE_META, encode_runs([len(op.value) << 4 | op.value_type for op in ops], number)),
        (_VALUE, b"".join(op.value for op in ops)),
        (_PRED_COUNT, encode_runs([len(op.preds) for op in ops], number)),
        (_PRED_ACTOR, encode_runs(pred_actors, number)),
        (_PRED_NUMBER, encode_deltas([counter for counter, _ in preds])),
    ]
    return [(column, encoded) for column, encoded in columns if encoded]
