"""What forks take out of feeds is kept aside by those who held it, and can be shown."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing

import pytest

from crdt.envelope import Envelope, EnvelopeGroup
from crdt.ids import CouncilId, TextId
from crdt.keys import lane_id
from crdt.store.accept import accept
from crdt.store.keepsakes import read_keepsakes
from crdt.store.rows import Cursor, export_groups, read_new
from crdt.store.schema import IN_MEMORY, open_store
from crdt.text import TextDocument
from tests.store_support import COUNCIL, chain, everyone, group, signed, writer

ALICE = writer("alice")
LANE = chain(ALICE, [b"%d" % i for i in range(10)])
TEXT = TextId(b"t" * 32)


def branch(seq: int) -> Envelope:
    """Another envelope of Alice's at a place of her feed."""
    return signed(ALICE, ALICE.header(), seq, LANE[seq - 2].hash, b"\0another")


@pytest.fixture
def conn() -> Iterator[sqlite3.Connection]:
    with closing(open_store(IN_MEMORY)) as opened:
        accept(opened, [group(ALICE, LANE)], everyone, 1)
        yield opened


def kept(conn: sqlite3.Connection, wanted: Sequence[Envelope] = LANE) -> list[EnvelopeGroup]:
    return read_keepsakes(conn, COUNCIL, [envelope.hash for envelope in wanted])


def test_what_stood_above_a_fork_can_be_read_by_its_hash(conn: sqlite3.Connection) -> None:
    assert kept(conn) == []
    accept(conn, [group(ALICE, [branch(6)])], everyone, 2)
    assert kept(conn) == [group(ALICE, LANE[5:])]
    assert kept(conn, LANE[7:8]) == [group(ALICE, LANE[7:8])]
    assert read_keepsakes(conn, CouncilId(bytes(32)), [LANE[7].hash]) == []


def test_a_lower_fork_adds_to_it(conn: sqlite3.Connection) -> None:
    accept(conn, [group(ALICE, [branch(6)])], everyone, 2)
    accept(conn, [group(ALICE, [branch(3)])], everyone, 3)
    assert kept(conn) == [group(ALICE, LANE[2:])]


def test_it_is_neither_read_as_held_nor_exported(conn: sqlite3.Connection) -> None:
    accept(conn, [group(ALICE, [branch(6)])], everyone, 2)
    with closing(open_store(IN_MEMORY)) as late:
        accept(late, [group(ALICE, [*LANE[:6], branch(6)])], everyone, 2)
        for one in (conn, late):
            assert {row.envelope for row in read_new(one, Cursor()).envelopes} == {*LANE[:6], branch(6)}
        assert list(export_groups(conn, COUNCIL)) == list(export_groups(late, COUNCIL))
        assert kept(late, LANE[6:]) == [], "who heard of the fork first never had it"


def test_texts_leave_nothing_behind(conn: sqlite3.Connection) -> None:
    header, text = ALICE.text_header(TEXT), TextDocument(TEXT)
    branches = [chain(ALICE, text.edit(lane_id(header), said), header=header)[0] for said in ("one", "other")]
    for envelope in branches:
        accept(conn, [group(ALICE, [envelope], header)], everyone, 1)
    assert kept(conn, branches) == []
