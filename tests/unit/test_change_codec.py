"""What the codec promises: Automerge's honest bytes come back as they were; nothing else gets through."""

import zlib
from dataclasses import replace

import pytest

from crdt.change_codec import DEFAULT_LIMITS, Change, decode_canonical, decode_change, encode_change
from crdt.errors import LocalError, RemoteError
from crdt.ids import ChangeHash
from crdt.leb128 import Reader, encode_signed, encode_unsigned
from crdt.op_columns import DELETE, HEAD, SET, TYPE_BYTES, TYPE_NULL, TYPE_TEXT, Op
from tests.text_sessions import LANES, TEXT, play_session, reseal

OBJECT = (1, bytes(TEXT))
INSERT = Op(SET, OBJECT, HEAD, True, TYPE_TEXT, b"a", ())
BASE = Change(ChangeHash(bytes(32)), LANES[0], 1, 2, (ChangeHash(b"\5" * 32),), (bytes(TEXT),), (INSERT,))


def test_honest_changes_come_back_byte_for_byte() -> None:
    count = 0
    for seed in range(12):
        for _, raw in play_session(seed, 30)[0]:
            change = decode_canonical(raw)
            assert encode_change(change) == raw
            count += 1
    assert count > 300


def chunk(body: bytes, kind: int = 1, length: bytes | None = None) -> bytes:
    prefix = encode_unsigned(len(body)) if length is None else length
    return reseal(b"\x85\x6f\x4a\x83\0\0\0\0" + bytes([kind]) + prefix + body)


def header(columns: dict[int, bytes], start_op: int = 2, actor: bytes = LANES[0], tail: bytes = b"") -> bytes:
    body = b"\x00" + encode_unsigned(len(actor)) + actor + b"\x01" + encode_unsigned(start_op)
    body += b"\x00\x00\x00" + encode_unsigned(len(columns))
    body += b"".join(encode_unsigned(number) + encode_unsigned(len(data)) for number, data in columns.items())
    return chunk(body + b"".join(columns.values()) + tail)


ROWS = 50_000_000
BOMBS = {
    "fifty million rows": {
        0x15: encode_signed(ROWS) + b"\x01x",
        0x34: encode_unsigned(ROWS),
        0x42: encode_signed(ROWS) + b"\x03",
        0x56: encode_signed(ROWS) + b"\x00",
        0x70: encode_signed(ROWS) + b"\x00",
    },
    "more keys than operations": {0x15: encode_signed(2**62) + b"\x01x", 0x42: b"\x7f\x03"},
    "more nulls than operations": {0x15: b"\x00" + encode_unsigned(2**63), 0x42: b"\x7f\x03"},
    "more flags than operations": {0x34: encode_unsigned(2**63), 0x42: b"\x7f\x03"},
    "a literal longer than its column": {0x42: encode_signed(-(2**62)) + b"\x03"},
    "a billion predecessors": {
        0x15: b"\x7f\x01x",
        0x34: b"\x01",
        0x42: b"\x7f\x03",
        0x56: b"\x7f\x00",
        0x70: b"\x7f" + encode_unsigned(10**9),
    },
    "a value longer than the change": {
        0x15: b"\x7f\x01x",
        0x34: b"\x01",
        0x42: b"\x7f\x01",
        0x56: b"\x7f" + encode_unsigned(2**60 << 4 | 7),
        0x70: b"\x7f\x00",
    },
    "an unknown column": {0x42: b"\x7f\x03", 0xF2: b"\x7f\x01"},
    "columns out of order": {0x42: b"\x7f\x03", 0x34: b"\x01"},
    "marks": {0x42: b"\x7f\x07", 0xA5: b"\x7f\x01b"},
    "an increment": {0x15: b"\x7f\x01x", 0x34: b"\x01", 0x42: b"\x7f\x05", 0x56: b"\x7f\x14", 0x57: b"\x01"},
    "a billion predecessors, spelled in a few bytes": {
        0x15: b"\x7f\x01x",
        0x34: b"\x01",
        0x42: b"\x7f\x03",
        0x56: b"\x7f\x00",
        0x70: b"\x7f" + encode_unsigned(10**9),
        0x71: encode_signed(10**9) + b"\x00",
        0x73: encode_signed(10**9) + b"\x01",
    },
    "an object without an actor": {
        0x02: b"\x7f\x00",
        0x15: b"\x7f\x01x",
        0x34: b"\x01",
        0x42: b"\x7f\x03",
        0x56: b"\x7f\x00",
        0x70: b"\x7f\x00",
    },
    "values that belong to nothing": {
        0x15: b"\x7f\x01x",
        0x34: b"\x01",
        0x42: b"\x7f\x03",
        0x56: b"\x7f\x00",
        0x57: b"y",
        0x70: b"\x7f\x00",
    },
    "an actor that is not listed": {
        0x01: b"\x7f\x09",
        0x02: b"\x7f\x01",
        0x13: b"\x7f\x00",
        0x34: b"\x01",
        0x42: b"\x7f\x03",
        0x56: b"\x7f\x00",
        0x70: b"\x7f\x00",
    },
}


@pytest.mark.parametrize("name", BOMBS)
def test_crafted_columns_are_refused_at_once(name: str) -> None:
    with pytest.raises(RemoteError):
        decode_change(header(BOMBS[name]))


@pytest.mark.parametrize("kind", [9, 8, 3, 4, 5, 11, 2])
def test_values_of_other_kinds_are_refused(kind: int) -> None:
    """Counters, timestamps and unknown types make the binding raise when the document is read."""
    with pytest.raises(RemoteError, match="type of value"):
        decode_change(encode_change(replace(BASE, ops=(Op(SET, None, "x", False, kind, b"\x05", ()),))))


def test_compressed_chunks_are_refused_without_inflating_them() -> None:
    body = encode_change(BASE)[10:]
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    with pytest.raises(RemoteError, match="uncompressed"):
        decode_change(chunk(packer.compress(body) + packer.flush(), kind=2))


CHANGED = {
    "no magic": lambda raw: b"\0" + raw[1:],
    "wrong checksum": lambda raw: raw[:-1] + bytes([raw[-1] ^ 1]),
    "cut short": lambda raw: raw[:-1],
    "bytes after it": lambda raw: raw + b"\0",
    "nothing": lambda raw: b"",
    "too large": lambda raw: raw + bytes(DEFAULT_LIMITS.max_bytes),
    "length not in its shortest form": lambda raw: reseal(raw[:9] + bytes([raw[9] | 0x80, 0x00]) + raw[10:]),
}


@pytest.mark.parametrize("name", CHANGED)
def test_damaged_chunks_are_refused(name: str) -> None:
    raw = encode_change(replace(BASE, deps=(), other_actors=(), ops=(replace_key(INSERT, None, "text"),)))
    assert decode_change(raw).actor == LANES[0]
    with pytest.raises(RemoteError):
        decode_change(CHANGED[name](raw))


def replace_key(op: Op, obj: tuple[int, bytes] | None, key: str) -> Op:
    return Op(op.action, obj, key, False, op.value_type, op.value, op.preds)


@pytest.mark.parametrize(
    "change",
    [
        replace(BASE, seq=0),
        replace(BASE, seq=2**63),
        replace(BASE, start_op=0),
        replace(BASE, start_op=2**31),
        replace(BASE, start_op=2**32 - 1),
        replace(BASE, start_op=2**31 - 2, ops=(INSERT,) * 5),
        replace(BASE, deps=BASE.deps * 2),
        replace(BASE, deps=(ChangeHash(b"\7" * 32), ChangeHash(b"\5" * 32))),
        replace(BASE, deps=tuple(ChangeHash(bytes([0, number]) * 16) for number in range(129))),
        replace(BASE, actor=b""),
        replace(BASE, actor=b"z" * 40_000),
        replace(BASE, other_actors=(LANES[0], bytes(TEXT))),
        replace(BASE, other_actors=(b"\xff" * 32, *BASE.other_actors, b"\0" * 32)),
        replace(BASE, other_actors=(*BASE.other_actors, b"short")),
        replace(BASE, ops=(INSERT,) * 4097),
        replace(BASE, ops=(Op(DELETE, OBJECT, HEAD, False, TYPE_NULL, b"", ((9, LANES[0]), (3, LANES[0]))),)),
        replace(BASE, ops=(Op(SET, OBJECT, HEAD, True, TYPE_NULL, b"a", ()),)),
        replace(BASE, ops=(Op(SET, (0, LANES[0]), HEAD, True, TYPE_TEXT, b"a", ()),)),
        replace(BASE, ops=(Op(SET, OBJECT, (0, LANES[0]), True, TYPE_TEXT, b"a", ()),)),
    ],
)
def test_impossible_changes_are_refused(change: Change) -> None:
    with pytest.raises(RemoteError):
        decode_change(encode_change(change))


def test_clock_times_and_messages_are_refused() -> None:
    raw = encode_change(replace(BASE, deps=()))
    position = (
        raw.index(LANES[0]) + 32 + 2
    )  # After the actor stand the seq, the first operation, time, message.
    for tampered in (b"\x01\x00", b"\x00\x01x"):
        body = raw[10:position] + tampered + raw[position + 2 :]
        with pytest.raises(RemoteError):
            decode_change(chunk(body))


def test_another_spelling_of_a_change_is_refused() -> None:
    """Automerge would store it under another hash: the document would save, and never load again."""
    ops = tuple(Op(SET, None, f"k{number}", False, TYPE_BYTES, b"v", ()) for number in range(4))
    raw = encode_change(replace(BASE, deps=(), other_actors=(), ops=ops))
    one_run, two_runs = b"\x04\x01", b"\x02\x01\x02\x01"
    body = raw[raw.index(LANES[0]) - 2 :]
    assert body.count(one_run) == 1
    respelled = body.replace(one_run, two_runs).replace(b"\x42\x02", b"\x42\x04")
    assert decode_change(chunk(respelled)).ops == ops
    with pytest.raises(RemoteError, match="own form"):
        decode_canonical(chunk(respelled))


def test_an_actor_left_out_of_the_table_is_our_own_mistake() -> None:
    with pytest.raises(LocalError):
        encode_change(replace(BASE, other_actors=()))


@pytest.mark.parametrize("number", [0, 1, 127, 128, 2**14, 2**32, 2**63, 2**64 - 1])
def test_unsigned_numbers_have_one_spelling(number: int) -> None:
    spelled = encode_unsigned(number)
    assert Reader(spelled).unsigned() == number
    with pytest.raises(RemoteError):
        Reader(spelled[:-1] + bytes([spelled[-1] | 0x80, 0])).unsigned()


@pytest.mark.parametrize("number", [0, -1, 63, 64, -64, -65, 2**62, -(2**63), 2**63 - 1])
def test_signed_numbers_have_one_spelling(number: int) -> None:
    spelled = encode_signed(number)
    assert Reader(spelled).signed() == number
    padding = b"\x7f" if number < 0 else b"\x00"
    with pytest.raises(RemoteError):
        Reader(spelled[:-1] + bytes([spelled[-1] | 0x80]) + padding).signed()


@pytest.mark.parametrize("spelled", [b"\xff" * 9 + b"\x02", b"\xff" * 10, b"\xff" * 100_000, b"\x80", b""])
def test_numbers_beyond_64_bits_or_the_end_are_refused(spelled: bytes) -> None:
    with pytest.raises(RemoteError):
        Reader(spelled).unsigned()
    with pytest.raises(RemoteError):
        Reader(spelled).signed()
