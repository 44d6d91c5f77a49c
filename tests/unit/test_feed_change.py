import random

import pytest
from automerge.core import ROOT, Document, ScalarType

from crdt.errors import RemoteError
from crdt.feed_change import MAX_PAYLOAD_BYTES, MAX_SEQ, change_hash, derive_change
from crdt.ids import ChangeHash, LaneId
from tests.text_sessions import LANES, apply_raw

LANE = LANES[0]


@pytest.mark.parametrize("size_bytes", [0, 1, 7, 8, 127, 128, 1000, 16384])
def test_the_derived_change_is_automerges_own(size_bytes: int) -> None:
    payload = random.Random(size_bytes).randbytes(size_bytes)
    document = Document(LANE)
    prev = None
    for seq in range(1, 4):
        with document.transaction() as transaction:
            transaction.put(ROOT, f"{seq:010d}", ScalarType.Bytes, payload)
        written = document.get_last_local_change()
        assert written is not None
        prev, raw = derive_change(LANE, seq, prev, payload)
        assert (prev, raw) == (written.hash, written.raw_bytes)


def test_a_long_feed_is_derived_as_automerge_holds_it() -> None:
    prev, raws = None, []
    for seq in range(1, 301):
        prev, raw = derive_change(LANE, seq, prev, b"entry %d" % seq)
        raws.append(raw)
    document = Document(LANE)
    apply_raw(document, raws)
    assert document.get_heads() == [prev]
    with document.transaction() as transaction:
        transaction.put(ROOT, f"{301:010d}", ScalarType.Bytes, b"next")
    assert document.get_heads() == [change_hash(LANE, 301, prev, b"next")]


@pytest.mark.parametrize("seq", [1, 2, 127, 128, 16383, 16384, MAX_SEQ])
def test_the_hash_alone_is_the_hash_of_the_change(seq: int) -> None:
    prev = None if seq == 1 else ChangeHash(bytes(32))
    assert change_hash(LANE, seq, prev, b"payload") == derive_change(LANE, seq, prev, b"payload")[0]


def test_every_part_of_an_entry_is_in_its_hash() -> None:
    prev, other = ChangeHash(bytes(32)), ChangeHash(b"\1" * 32)
    hashes = {
        change_hash(LANE, 2, prev, b"payload"),
        change_hash(LANES[1], 2, prev, b"payload"),
        change_hash(LANE, 3, prev, b"payload"),
        change_hash(LANE, 2, other, b"payload"),
        change_hash(LANE, 2, prev, b"payloae"),
    }
    assert len(hashes) == 5


@pytest.mark.parametrize(
    ("lane", "seq", "prev", "size_bytes"),
    [
        (LANE, 0, None, 1),
        (LANE, -1, bytes(32), 1),
        (LANE, MAX_SEQ + 1, bytes(32), 1),
        (LANE, 1, bytes(32), 1),
        (LANE, 2, None, 1),
        (LANE, 2, bytes(31), 1),
        (LANE[:31], 1, None, 1),
        (LANE, 1, None, MAX_PAYLOAD_BYTES + 1),
    ],
)
def test_impossible_entries_are_refused(lane: bytes, seq: int, prev: bytes | None, size_bytes: int) -> None:
    with pytest.raises(RemoteError):
        change_hash(LaneId(lane), seq, None if prev is None else ChangeHash(prev), bytes(size_bytes))
