"""Whatever bytes come in, the codec raises `RemoteError` or returns a change, in bounded time."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from crdt.change_codec import decode_canonical, decode_change, encode_change
from crdt.columns import decode_deltas, decode_flags, decode_runs, encode_deltas, encode_flags, encode_runs
from crdt.errors import RemoteError
from crdt.leb128 import Reader, encode_signed, encode_unsigned
from tests.text_sessions import play_session, reseal

RAWS = [raw for _, raw in play_session(1, 40)[0]]
ROWS = 64


def assert_contained(raw: bytes) -> None:
    try:
        change = decode_change(raw)
    except RemoteError:
        return
    canonical = encode_change(change)
    assert decode_canonical(canonical).ops == change.ops


@given(st.binary(max_size=400))
def test_random_bytes(data: bytes) -> None:
    assert_contained(data)
    assert_contained(reseal(b"\x85\x6f\x4a\x83\0\0\0\0\x01" + encode_unsigned(len(data)) + data))


def test_mutants_of_honest_changes() -> None:
    rng = random.Random(7)
    for _ in range(6000):
        mutant = bytearray(rng.choice(RAWS))
        for _ in range(rng.randrange(1, 4)):
            position = rng.randrange(8, len(mutant))
            match rng.randrange(3):
                case 0:
                    mutant[position] ^= 1 << rng.randrange(8)
                case 1:
                    mutant[position] = rng.choice((0, 1, 0x7F, 0x80, 0xFF))
                case _:
                    mutant[position : position + rng.randrange(3)] = rng.randbytes(rng.randrange(3))
        assert_contained(reseal(bytes(mutant)))


@given(st.lists(st.none() | st.integers(0, 2**64 - 1) | st.sampled_from([0, 1]), max_size=ROWS))
def test_columns_of_numbers_come_back(values: list[int | None]) -> None:
    decoded = decode_runs(encode_runs(values, encode_unsigned), Reader.unsigned, ROWS)
    assert decoded == (values if any(value is not None for value in values) else [])


@given(st.lists(st.none() | st.integers(0, 2**32 - 1), max_size=ROWS))
def test_columns_of_counters_come_back(values: list[int | None]) -> None:
    assert decode_deltas(encode_deltas(values), ROWS) == (
        values if any(v is not None for v in values) else []
    )


@given(st.lists(st.booleans(), max_size=ROWS))
def test_columns_of_flags_come_back(values: list[bool]) -> None:
    assert decode_flags(encode_flags(values), ROWS) == values


@given(st.binary(max_size=60))
@settings(max_examples=300)
def test_no_column_holds_more_rows_than_asked_for(data: bytes) -> None:
    for decode in (
        lambda: decode_runs(data, Reader.unsigned, ROWS),
        lambda: decode_deltas(data, ROWS),
        lambda: decode_flags(data, ROWS),
    ):
        try:
            assert len(decode()) <= ROWS
        except RemoteError:
            continue


@given(st.integers(0, 2**64 - 1), st.integers(-(2**63), 2**63 - 1))
def test_numbers_come_back(unsigned: int, signed: int) -> None:
    reader = Reader(encode_unsigned(unsigned) + encode_signed(signed))
    assert (reader.unsigned(), reader.signed(), reader.is_at_end) == (unsigned, signed, True)
