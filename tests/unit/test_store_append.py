"""Appending to our own feed."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from crdt.envelope import MAX_LANE_ENVELOPES, Envelope, is_authentic, make_envelope
from crdt.errors import LocalError
from crdt.index import FeedReader
from crdt.keys import MAX_GENERATIONS
from crdt.parts import MAX_ENTRY_BYTES
from crdt.store.accept import accept
from crdt.store.append import append_feed, current_generation
from crdt.store.rows import Cursor, count, read_new
from crdt.store.schema import IN_MEMORY, open_store, transaction
from tests.store_support import COUNCIL, chain, everyone, group, writer

ALICE, BOB = writer("alice"), writer("bob")


@pytest.fixture
def conn() -> Iterator[sqlite3.Connection]:
    with closing(open_store(IN_MEMORY)) as opened:
        yield opened


def append(
    conn: sqlite3.Connection, *entries: bytes, generation: int = 0, once: str | None = None
) -> list[Envelope]:
    return append_feed(conn, ALICE, COUNCIL, ALICE.certificate, generation, entries, 1_000, once)


def test_what_is_appended_is_signed_chained_and_read_back(conn: sqlite3.Connection) -> None:
    made = append(conn, b"one") + append(conn, b"two", b"three")
    assert [envelope.seq for envelope in made] == [1, 2, 3]
    before = None
    for envelope in made:
        assert is_authentic(ALICE.device, envelope)
        assert envelope.prev == before
        again = make_envelope(ALICE.header(), envelope.seq, before, envelope.payload, envelope.signature)
        assert again == envelope
        before = envelope.hash
    rows = read_new(conn, Cursor()).envelopes
    assert [row.envelope for row in rows] == made
    assert {(row.header, row.first_seen_ms) for row in rows} == {(ALICE.header(), 1_000)}


def test_a_long_entry_goes_in_parts_and_comes_back_whole(conn: sqlite3.Connection) -> None:
    long = bytes(range(256)) * 200
    made = append(conn, b"short", long, b"last")
    reader = FeedReader()
    items = [item for row in read_new(conn, Cursor()).envelopes for item in reader.feed(row.envelope)]
    assert [item.data for item in items] == [b"short", long, b"last"]
    assert items[1].hash == made[-2].hash


def test_entries_are_appended_all_or_none(conn: sqlite3.Connection) -> None:
    with pytest.raises(LocalError, match="at most"):
        append(conn, b"fine", bytes(MAX_ENTRY_BYTES + 1))
    assert count(conn) == 0


def test_a_duty_is_done_once(conn: sqlite3.Connection) -> None:
    first = append(conn, b"my seal", bytes(40_000), once="seal 7")
    assert append(conn, b"another seal", once="seal 7") == first
    assert append(conn, b"my seal", once="seal 8") != first
    assert count(conn) == len(first) + 1


def test_a_duty_is_done_once_across_generations(conn: sqlite3.Connection) -> None:
    first = append(conn, b"my seal", once="seal 7")
    append(conn, b"on we go", generation=1)
    assert append(conn, b"my seal", generation=1, once="seal 7") == first


def test_duties_of_two_devices_are_two(conn: sqlite3.Connection) -> None:
    append(conn, b"my seal", once="seal 7")
    assert append_feed(conn, BOB, COUNCIL, BOB.certificate, 0, [b"mine"], 1, "seal 7")


def test_a_failed_append_leaves_its_duty_open(conn: sqlite3.Connection) -> None:
    with pytest.raises(LocalError):
        append(conn, bytes(MAX_ENTRY_BYTES + 1), once="seal 7")
    assert append(conn, b"shorter", once="seal 7")


def test_a_full_feed_refuses_and_the_next_generation_goes_on(conn: sqlite3.Connection) -> None:
    append(conn, *[b"x"] * (MAX_LANE_ENVELOPES - 16))
    assert current_generation(conn, COUNCIL, ALICE.device) == 0
    append(conn, b"x")
    assert current_generation(conn, COUNCIL, ALICE.device) == 1
    assert current_generation(conn, COUNCIL, ALICE.device, room=1) == 0
    with pytest.raises(LocalError, match="full") as caught:
        append(conn, *[b"x"] * 16)
    assert "next generation" in caught.value.hint
    assert append(conn, b"x", generation=1)[0].seq == 1
    assert current_generation(conn, COUNCIL, ALICE.device) == 1


def test_an_earlier_generation_is_not_written_any_more(conn: sqlite3.Connection) -> None:
    append(conn, b"x")
    append(conn, b"y", generation=1)
    with pytest.raises(LocalError, match="generation 1 by now"):
        append(conn, b"z")


def test_a_forked_feed_refuses_and_the_next_generation_goes_on(conn: sqlite3.Connection) -> None:
    mine = append(conn, b"one", b"two")
    accept(conn, [group(ALICE, chain(ALICE, [b"\0other"], mine[0]))], everyone, 1)
    with pytest.raises(LocalError, match="two different things"):
        append(conn, b"three")
    assert current_generation(conn, COUNCIL, ALICE.device) == 1
    assert append(conn, b"three", generation=1)


def test_a_duty_taken_back_by_a_fork_is_not_done_again(conn: sqlite3.Connection) -> None:
    mine = append(conn, b"one") + append(conn, b"two") + append(conn, b"seal", once="seal 7")
    accept(conn, [group(ALICE, chain(ALICE, [b"\0other"], mine[0]))], everyone, 1)
    assert append(conn, b"seal", generation=1, once="seal 7") == []


def test_generations_run_out(conn: sqlite3.Connection) -> None:
    last = MAX_GENERATIONS - 1
    made = append(conn, b"x", generation=last)
    header = ALICE.header(last)
    accept(conn, [group(ALICE, chain(ALICE, [b"\0y"], header=header), header)], everyone, 1)
    assert made
    with pytest.raises(LocalError, match="used up"):
        current_generation(conn, COUNCIL, ALICE.device)
    with pytest.raises(LocalError, match="used up"):
        append(conn, b"x", generation=MAX_GENERATIONS)


def test_a_device_writes_only_with_its_own_certificate(conn: sqlite3.Connection) -> None:
    with pytest.raises(LocalError, match="certificate"):
        append_feed(conn, ALICE, COUNCIL, BOB.certificate, 0, [b"x"], 1)
    assert count(conn) == 0


def test_several_steps_can_be_made_one(conn: sqlite3.Connection) -> None:
    def both() -> None:
        with transaction(conn, write=True):
            append(conn, b"x")
            append(conn, bytes(MAX_ENTRY_BYTES + 1))

    with pytest.raises(LocalError):
        both()
    assert count(conn) == 0
    append(conn, b"y")
    assert count(conn) == 1
