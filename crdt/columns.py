"""The compressed columns inside an Automerge change, every length bounded before anything is allocated.

Run-length encoding lets 10 bytes stand for 2**63 rows. So each decoder is told how many rows the caller
wants, and refuses a column that holds more.
Source: https://automerge.org/automerge-binary-format-spec/ (column encodings).
"""

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import TypeVar

from crdt.errors import RemoteError
from crdt.leb128 import Reader, encode_signed, encode_unsigned

DELTA_LIMIT = 1 << 32
"""Operation counters are 32 bits wide in Automerge; what lies outside makes it panic."""

T = TypeVar("T")


def decode_runs(column: bytes, read_value: Callable[[Reader], T], max_rows: int) -> list[T | None]:
    """Expand a run-length encoded column.

    Args:
        column: the bytes of the column.
        read_value: reads one value, for instance ``Reader.unsigned``.
        max_rows: the largest number of rows that the caller admits.

    Returns:
        The values, None for null; fewer than `max_rows` when the column holds fewer.

    Raises:
        RemoteError: the column is malformed or holds more rows than admitted.
    """
    rows: list[T | None] = []
    reader = Reader(column)
    while not reader.is_at_end:
        run = reader.signed()
        length = reader.unsigned() if run == 0 else abs(run)
        if length > max_rows - len(rows):
            raise RemoteError("a column of the change holds more rows than it may")
        if run > 0:
            rows += [read_value(reader)] * run
        elif run < 0:
            rows += [read_value(reader) for _ in range(length)]
        else:
            rows += [None] * length
    return rows


def encode_runs(values: Sequence[T | None], write_value: Callable[[T], bytes]) -> bytes:
    """Compress a column as Automerge does: repeats as runs, singles as literals, all-null as nothing."""
    encoded = bytearray()
    literal: list[bytes] = []

    def flush_literal() -> None:
        if literal:
            encoded.extend(encode_signed(-len(literal)))
            encoded.extend(b"".join(literal))
            literal.clear()

    has_value = False
    for value, run in groupby(values):
        length = len(list(run))
        if value is None:
            flush_literal()
            encoded += b"\x00" + encode_unsigned(length)
            continue
        has_value = True
        if length == 1:
            literal.append(write_value(value))
        else:
            flush_literal()
            encoded += encode_signed(length) + write_value(value)
    flush_literal()
    return bytes(encoded) if has_value else b""


def decode_deltas(column: bytes, max_rows: int) -> list[int | None]:
    """Expand a column of operation counters stored as differences; each must lie from 0 to 2**32 - 1.

    Raises:
        RemoteError: malformed, too many rows, or a counter out of range.
    """
    rows: list[int | None] = []
    total = 0
    for difference in decode_runs(column, Reader.signed, max_rows):
        if difference is None:
            rows.append(None)
            continue
        total += difference
        if not 0 <= total < DELTA_LIMIT:
            raise RemoteError("an operation number in the change is out of range")
        rows.append(total)
    return rows


def encode_deltas(values: Sequence[int | None]) -> bytes:
    """Compress a column of operation counters."""
    differences: list[int | None] = []
    total = 0
    for value in values:
        if value is None:
            differences.append(None)
        else:
            differences.append(value - total)
            total = value
    return encode_runs(differences, encode_signed)


def decode_flags(column: bytes, max_rows: int) -> list[bool]:
    """Expand a column of booleans, stored as the lengths of alternating runs that start with False.

    Raises:
        RemoteError: malformed or too many rows.
    """
    rows: list[bool] = []
    reader = Reader(column)
    flag = False
    while not reader.is_at_end:
        length = reader.unsigned()
        if length > max_rows - len(rows):
            raise RemoteError("a column of the change holds more rows than it may")
        rows += [flag] * length
        flag = not flag
    return rows


def encode_flags(values: Sequence[bool]) -> bytes:
    """Compress a column of booleans."""
    encoded = bytearray()
    flag, length = False, 0
    for value in values:
        if value == flag:
            length += 1
        else:
            encoded += encode_unsigned(length)
            flag, length = value, 1
    if length:
        encoded += encode_unsigned(length)
    return bytes(encoded)
