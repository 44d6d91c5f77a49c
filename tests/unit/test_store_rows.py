"""Reading the store."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from crdt.envelope import decode_groups, encode_groups
from crdt.ids import ChangeHash, CouncilId, LaneId
from crdt.index import Want
from crdt.store import rows
from crdt.store.accept import accept
from crdt.store.rows import (
    Cursor,
    count,
    export_groups,
    read_by_hash,
    read_groups,
    read_lane,
    read_new,
)
from crdt.store.schema import IN_MEMORY, open_store
from crdt.store.shelf import shelf_delete, shelf_dump, shelf_get, shelf_list, shelf_put
from tests.store_support import COUNCIL, chain, everyone, group, writer

ALICE, BOB = writer("alice"), writer("bob")
MINE = chain(ALICE, [bytes(100) + b"%d" % i for i in range(20)])
YOURS = chain(BOB, [bytes(100) + b"%d" % i for i in range(20)])


@pytest.fixture
def conn() -> Iterator[sqlite3.Connection]:
    with closing(open_store(IN_MEMORY)) as opened:
        accept(opened, [group(ALICE, MINE), group(BOB, YOURS)], everyone, 1)
        yield opened


def test_reading_goes_on_where_it_ended(conn: sqlite3.Connection) -> None:
    cursor, read, rounds = Cursor(), [], 0
    while True:
        new = read_new(conn, cursor, 7)
        read += [row.envelope for row in new.envelopes]
        cursor = new.cursor
        rounds += 1
        if not new.more:
            break
    assert read == MINE + YOURS
    assert rounds == 6
    assert read_new(conn, cursor).envelopes == []
    assert count(conn) == 40


def test_envelopes_of_a_lane_share_their_header(conn: sqlite3.Connection) -> None:
    headers = {id(row.header) for row in read_new(conn, Cursor()).envelopes}
    headers |= {id(row.header) for row in read_lane(conn, MINE[0].lane, 1, 3, 10_000)}
    assert len(headers) == 2


def test_a_stretch_of_a_lane(conn: sqlite3.Connection) -> None:
    lane = MINE[0].lane
    assert [row.envelope for row in read_lane(conn, lane, 3, 5, 10_000)] == MINE[2:5]
    assert [row.envelope for row in read_lane(conn, lane, 3, 5, 1)] == MINE[2:3]
    assert [row.envelope for row in read_lane(conn, lane, 3, 9, 500)] == MINE[2:4]
    assert read_lane(conn, lane, 21, 30, 10_000) == []
    assert read_lane(conn, LaneId(bytes(32)), 1, 9, 10_000) == []


def test_by_hash(conn: sqlite3.Connection) -> None:
    unknown = ChangeHash(bytes(32))
    found = read_by_hash(conn, [MINE[4].hash, unknown, YOURS[0].hash])
    assert {change: row.envelope for change, row in found.items()} == {
        MINE[4].hash: MINE[4],
        YOURS[0].hash: YOURS[0],
    }


def test_serving_stays_within_its_frame_and_always_gets_on(conn: sqlite3.Connection) -> None:
    wants = [Want(MINE[0].lane, 1, 20), Want(LaneId(bytes(32)), 1, 3), Want(YOURS[0].lane, 5, 20)]
    for max_bytes in (1, 1_000, 3_000, 5_000, 7_000, 100_000):
        groups = read_groups(conn, wants, max_bytes)
        size_bytes = len(encode_groups(groups))
        assert size_bytes <= max_bytes or sum(len(some.envelopes) for some in groups) == 1
        served = [envelope for some in groups for envelope in some.envelopes]
        assert served
        assert served == (MINE + YOURS[4:])[: len(served)]
    assert len(served) == 36
    assert read_groups(conn, [], 1_000) == []


def test_an_export_brings_a_new_store_to_the_same_rows(
    conn: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "EXPORT_CHUNK_BYTES", 2_000)
    accept(conn, [group(BOB, chain(BOB, [b"fork"], YOURS[16]))], everyone, 1)
    other = CouncilId(bytes(32))
    elsewhere = ALICE.header(council=other)
    accept(conn, [group(ALICE, chain(ALICE, [b"elsewhere"], header=elsewhere), elsewhere)], everyone, 1)
    chunks = [encode_groups(chunk) for chunk in export_groups(conn, COUNCIL)]
    assert len(chunks) > 3
    assert max(map(len, chunks)) <= 2_500
    with closing(open_store(IN_MEMORY)) as fresh:
        for chunk in chunks:
            assert accept(fresh, decode_groups(chunk, 10_000), everyone, 1).orphans == 0
        for store in (conn, fresh):
            store.row_factory = None
        query = (
            "SELECT hash, seq, payload, signature FROM envelope"
            " JOIN lane ON lane.number = lane WHERE council = ? ORDER BY hash"
        )
        assert fresh.execute(query, (COUNCIL,)).fetchall() == conn.execute(query, (COUNCIL,)).fetchall()
        assert count(fresh) == count(conn) - 1
    assert [len(chunk) for chunk in export_groups(conn, other)] == [1]


def test_the_shelf(conn: sqlite3.Connection) -> None:
    shelf_put(conn, "address", b"b", b"2")
    shelf_put(conn, "address", b"a", b"1")
    shelf_put(conn, "lobby", b"a", b"3")
    shelf_put(conn, "address", b"b", b"4")
    assert shelf_get(conn, "address", b"b") == b"4"
    assert shelf_get(conn, "address", b"c") is None
    assert shelf_list(conn, "address") == [(b"a", b"1"), (b"b", b"4")]
    shelf_delete(conn, "address", b"a")
    shelf_delete(conn, "address", b"never there")
    assert shelf_dump(conn) == [("address", b"b", b"4"), ("lobby", b"a", b"3")]


def test_the_branches_of_a_fork_are_served_together(conn: sqlite3.Connection) -> None:
    accept(conn, [group(BOB, chain(BOB, [bytes(100) + b"fork"], YOURS[3]))], everyone, 1)
    for max_bytes in range(1, 2_000, 50):
        for first in (1, 4, 5):
            (served,) = read_groups(conn, [Want(YOURS[0].lane, first, 20)], max_bytes)
            branches = [envelope for envelope in served.envelopes if envelope.seq == 5]
            assert len(branches) in (0, 2)
            assert served.envelopes
