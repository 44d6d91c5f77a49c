"""What one member can make every peer keep: of devices and text lanes the lowest, of a lane what fits."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256

import pytest

from crdt import evidence, lane_bounds
from crdt.envelope import EnvelopeGroup, make_envelope
from crdt.errors import LocalError, RemoteError
from crdt.ids import ChangeHash, LaneId, TextId
from crdt.index import LaneIndex
from crdt.keys import LaneKind, lane_id
from crdt.store import append, room, sign
from crdt.store.accept import Refusal, accept
from crdt.store.append import append_feed, append_text, current_generation
from crdt.store.rows import Cursor, read_new
from crdt.store.schema import IN_MEMORY, open_store
from crdt.text import TextDocument
from crdt.text_guard import MAX_LANE_CHANGES
from tests.store_support import COUNCIL, Writer, chain, devices, everyone, group, text_lane, writer

ALICE = writer("alice")
LAPTOPS = devices("bob", 5)
TEXTS = [TextId(sha256(b"text %d" % number).digest()) for number in range(5)]


@pytest.fixture
def conn() -> Iterator[sqlite3.Connection]:
    with closing(open_store(IN_MEMORY)) as opened:
        yield opened


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three devices of a member, three text lanes of a device."""
    for module in (lane_bounds, room):
        monkeypatch.setattr(module, "MAX_DEVICES_PER_MEMBER", 3)
        monkeypatch.setattr(module, "MAX_TEXT_LANES_PER_DEVICE", 3)


def lanes(conn: sqlite3.Connection) -> set[LaneId]:
    return {row.envelope.lane for row in read_new(conn, Cursor()).envelopes}


def feed(author: Writer) -> EnvelopeGroup:
    return group(author, chain(author, [b"1", b"2"]))


def lane_of(some: EnvelopeGroup) -> LaneId:
    return lane_id(some.header)


@pytest.mark.usefixtures("small")
def test_of_a_members_devices_the_lowest_are_kept(conn: sqlite3.Connection) -> None:
    feeds = [feed(laptop) for laptop in LAPTOPS]
    drafts = text_lane(LAPTOPS[3], TEXTS[0], 2)
    accept(conn, [feeds[1], feeds[2], feeds[3], drafts], everyone, 1)
    read = read_new(conn, Cursor())
    report = accept(conn, [feeds[4]], everyone, 1)
    assert (report.accepted, report.dropped, report.refused) == (0, 2, ())
    assert accept(conn, [feeds[0]], everyone, 1).accepted == 2
    assert lanes(conn) == {lane_of(some) for some in feeds[:3]}
    gone = {lane_of(feeds[3]), lane_of(drafts)}
    assert set(read_new(conn, read.cursor).forks) == {(lane, 1) for lane in gone}
    report = accept(conn, [feeds[3], drafts], everyone, 1)
    assert (report.accepted, report.dropped) == (0, 4)
    assert lanes(conn) == {lane_of(some) for some in feeds[:3]}


@pytest.mark.usefixtures("small")
def test_a_new_lane_of_a_device_that_was_put_out_is_not_taken_in(conn: sqlite3.Connection) -> None:
    accept(conn, [feed(laptop) for laptop in LAPTOPS[1:4]], everyone, 1)
    accept(conn, [feed(LAPTOPS[0])], everyone, 1)
    report = accept(conn, [text_lane(LAPTOPS[3], TEXTS[0])], everyone, 1)
    assert (report.accepted, report.dropped) == (0, 1)


@pytest.mark.usefixtures("small")
def test_of_a_devices_text_lanes_the_lowest_are_kept(conn: sqlite3.Connection) -> None:
    made = sorted((text_lane(ALICE, text) for text in TEXTS), key=lane_of)
    accept(conn, [made[4], made[2], made[1], feed(ALICE)], everyone, 1)
    assert accept(conn, [made[3]], everyone, 1).accepted == 1
    assert accept(conn, [made[4]], everyone, 1).dropped == 1
    accept(conn, [made[0]], everyone, 1)
    assert lanes(conn) == {lane_of(feed(ALICE)), *map(lane_of, made[:3])}


@pytest.mark.usefixtures("small")
def test_nobody_else_is_put_out(conn: sqlite3.Connection) -> None:
    theirs = [feed(ALICE), *(text_lane(ALICE, text) for text in TEXTS[:3])]
    accept(conn, theirs, everyone, 1)
    accept(conn, [feed(laptop) for laptop in reversed(LAPTOPS)], everyone, 1)
    assert set(map(lane_of, theirs)) < lanes(conn)


@pytest.mark.usefixtures("small")
def test_an_orphan_of_a_device_beyond_the_bound_does_not_wait(conn: sqlite3.Connection) -> None:
    accept(conn, [group(LAPTOPS[4], feed(LAPTOPS[4]).envelopes[1:])], everyone, 1)
    accept(conn, [feed(laptop) for laptop in LAPTOPS[:3]], everyone, 1)
    report = accept(conn, [group(LAPTOPS[4], feed(LAPTOPS[4]).envelopes[1:])], everyone, 1)
    assert (report.orphans, report.dropped) == (0, 1)


@pytest.mark.usefixtures("small")
def test_what_is_in_memory_knows_of_the_same_room(conn: sqlite3.Connection) -> None:
    index = LaneIndex()
    offers = [feed(laptop) for laptop in LAPTOPS] + [text_lane(LAPTOPS[0], text) for text in TEXTS]
    for offer in sorted(offers, key=lane_of):
        known = index.lane(lane_of(offer)) is not None
        assert known or index.has_room(offer.header) == room.has_room(conn, offer.header)
        accept(conn, [offer], everyone, 1)
        index = LaneIndex()
        for row in read_new(conn, Cursor()).envelopes:
            index.add(row.header, row.envelope)


@pytest.mark.usefixtures("small")
def test_a_reader_forgets_what_was_put_out(conn: sqlite3.Connection) -> None:
    index, cursor = LaneIndex(), Cursor()
    for laptop in reversed(LAPTOPS):
        accept(conn, [feed(laptop)], everyone, 1)
        new = read_new(conn, cursor)
        cursor = new.cursor
        for lane, seq in new.forks:
            index.truncate(lane, seq)
        for row in new.envelopes:
            index.add(row.header, row.envelope)
    assert set(index.lanes_between()) == lanes(conn) == {lane_of(feed(laptop)) for laptop in LAPTOPS[:3]}
    assert [index.has_room(feed(laptop).header) for laptop in LAPTOPS[3:]] == [False, False]


@pytest.mark.usefixtures("small")
def test_we_are_told_before_we_write_with_a_device_too_many(conn: sqlite3.Connection) -> None:
    accept(conn, [feed(laptop) for laptop in LAPTOPS[1:4]], everyone, 1)
    for laptop in (LAPTOPS[0], LAPTOPS[4]):
        with pytest.raises(LocalError, match="3 devices"):
            append_feed(conn, laptop, COUNCIL, laptop.certificate, 0, [b"entry"], 1)
    assert len(append_feed(conn, LAPTOPS[2], COUNCIL, LAPTOPS[2].certificate, 0, [b"entry"], 1)) == 1


@pytest.mark.usefixtures("small")
def test_a_device_of_ours_that_was_put_out_says_so(conn: sqlite3.Connection) -> None:
    accept(conn, [feed(laptop) for laptop in LAPTOPS[1:4]], everyone, 1)
    accept(conn, [feed(LAPTOPS[0])], everyone, 1)
    lost = LAPTOPS[3]
    generation = current_generation(conn, COUNCIL, lost.device)
    for number in (0, generation):
        with pytest.raises(LocalError, match="3 devices"):
            append_feed(conn, lost, COUNCIL, lost.certificate, number, [b"entry"], 1)
    assert lane_of(feed(lost)) not in lanes(conn)


@pytest.mark.usefixtures("small")
def test_we_are_told_before_we_edit_a_text_too_many(conn: sqlite3.Connection) -> None:
    def write(document: TextDocument, lane: LaneId) -> list[bytes]:
        return document.edit(lane, "words")

    for text in TEXTS[:3]:
        append_text(conn, ALICE, COUNCIL, text, ALICE.certificate, 0, write, 1)
    for text in TEXTS[3:]:
        with pytest.raises(LocalError, match="3 texts"):
            append_text(conn, ALICE, COUNCIL, text, ALICE.certificate, 0, write, 1)
    assert len(lanes(conn)) == 3


def test_an_edit_that_changes_nothing_begins_no_lane(conn: sqlite3.Connection) -> None:
    append_text(conn, ALICE, COUNCIL, TEXTS[0], ALICE.certificate, 0, lambda document, lane: [], 1)
    append_feed(conn, ALICE, COUNCIL, ALICE.certificate, 0, [], 1)
    assert conn.execute("SELECT count(*) FROM lane").fetchone() == (0,)


@pytest.fixture
def light(monkeypatch: pytest.MonkeyPatch) -> None:
    """A feed of a hundred bytes, weighed from its first entry on."""
    for module in (lane_bounds, evidence, append, sign):
        monkeypatch.setattr(module, "max_bytes_of", lambda kind: 100)
        monkeypatch.setattr(module, "may_be_too_heavy", lambda kind, seq: True)


@pytest.mark.usefixtures("light")
@pytest.mark.parametrize("batch", [1, 2, 3, 10])
def test_a_lane_is_kept_as_far_as_its_chain_fits(conn: sqlite3.Connection, batch: int) -> None:
    heavy = chain(ALICE, [bytes(30)] * 5 + [b""])
    refused: list[Refusal] = []
    for at in range(0, len(heavy), batch):
        refused += accept(conn, [group(ALICE, heavy[at : at + batch])], everyone, 1).refused
    assert [row.envelope for row in read_new(conn, Cursor()).envelopes] == heavy[:3]
    assert refused
    assert "weighs more" in refused[0].reason


@pytest.mark.usefixtures("light")
def test_nothing_waits_for_what_no_lane_may_hold(conn: sqlite3.Connection) -> None:
    heavy = chain(ALICE, [bytes(30)] * 6)
    report = accept(conn, [group(ALICE, heavy)], everyone, 1)
    assert (report.accepted, report.orphans) == (3, 0)


@pytest.mark.usefixtures("light")
def test_each_branch_of_a_fork_is_weighed_by_what_stands_below_it(conn: sqlite3.Connection) -> None:
    trunk = chain(ALICE, [bytes(30)] * 3)
    light = chain(ALICE, [bytes(20), bytes(30)], trunk[0])
    heavy = chain(ALICE, [bytes(71)], trunk[0])
    accept(conn, [group(ALICE, trunk)], everyone, 1)
    assert accept(conn, [group(ALICE, heavy)], everyone, 1).accepted == 0
    accept(conn, [group(ALICE, light)], everyone, 1)
    assert {row.envelope.hash for row in read_new(conn, Cursor()).envelopes} == {
        envelope.hash for envelope in (*trunk[:2], light[0])
    }


@pytest.mark.usefixtures("light")
def test_a_full_feed_of_ours_goes_on_in_its_next_generation(
    conn: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(append, "max_payload_bytes_of", lambda kind: 30)
    append_feed(conn, ALICE, COUNCIL, ALICE.certificate, 0, [bytes(29)] * 2, 1)
    assert current_generation(conn, COUNCIL, ALICE.device, room=1) == 0
    assert current_generation(conn, COUNCIL, ALICE.device, room=2) == 1
    with pytest.raises(LocalError, match="full"):
        append_feed(conn, ALICE, COUNCIL, ALICE.certificate, 0, [bytes(29)] * 2, 1)


def test_a_branch_that_follows_nothing_held_is_no_branch(conn: sqlite3.Connection) -> None:
    trunk = chain(ALICE, [b"1", b"2"])
    elsewhere = chain(ALICE, [b"another"], trunk[0])
    made = [chain(ALICE, [b"branch %d" % number], trunk[1])[0] for number in range(20)]
    low, high = sorted(made, key=lambda envelope: envelope.hash)[:: len(made) - 1]
    loose = next(
        envelope
        for number in range(1_000)
        if low.hash < (envelope := chain(ALICE, [b"loose %d" % number], elsewhere[0])[0]).hash < high.hash
    )
    accept(conn, [group(ALICE, [*trunk, high])], everyone, 1)
    accept(conn, [group(ALICE, [low, loose])], everyone, 1)
    assert {row.envelope.hash for row in read_new(conn, Cursor()).envelopes} == {
        envelope.hash for envelope in (*trunk, low, high)
    }


def test_a_text_lane_ends_where_the_guard_ends_it() -> None:
    (first,) = text_lane(ALICE, TEXTS[0]).envelopes
    header, signature = ALICE.text_header(TEXTS[0]), bytes(64)
    assert header.kind is LaneKind.TEXT
    with pytest.raises(RemoteError, match="outside 1 to 4,000"):
        make_envelope(header, MAX_LANE_CHANGES + 1, ChangeHash(bytes(32)), first.payload, signature)


def test_a_text_goes_on_in_the_next_generation_before_its_lane_is_full(
    conn: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(append, "max_envelopes_of", lambda kind: 4)
    accept(conn, [text_lane(ALICE, TEXTS[0], 3)], everyone, 1)
    assert current_generation(conn, COUNCIL, ALICE.device, room=1, text=TEXTS[0]) == 0
    assert current_generation(conn, COUNCIL, ALICE.device, room=2, text=TEXTS[0]) == 1


@pytest.mark.usefixtures("small")
def test_who_comes_from_the_highest_key_down_leaves_few_rows_behind(
    conn: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "MAX_PUT_OUT_LANES", 8)
    many = devices("mallory", 60)
    cursor, index = Cursor(), LaneIndex()
    for laptop in reversed(many):
        accept(conn, [feed(laptop)], everyone, 1)
        new = read_new(conn, cursor)
        cursor = new.cursor
        for lane, seq in new.forks:
            index.truncate(lane, seq)
        for row in new.envelopes:
            index.add(row.header, row.envelope)
    assert set(index.lanes_between()) == lanes(conn) == {lane_of(feed(laptop)) for laptop in many[:3]}
    (rows,) = conn.execute("SELECT count(*) FROM lane").fetchone()
    (logged,) = conn.execute("SELECT count(*) FROM fork").fetchone()
    assert rows <= 3 + 8
    assert logged <= 8
    assert accept(conn, [feed(laptop) for laptop in many[3:]], everyone, 1).accepted == 0


def test_a_lane_weighs_the_same_however_often_and_from_where_it_is_weighed(
    conn: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "LOOK_BACK", 3)
    monkeypatch.setattr(room, "MAX_WEIGHED", 4)
    made = chain(ALICE, [bytes(number) for number in range(30)])
    fork = chain(ALICE, [bytes(1_000)] * 20, made[9])
    accept(conn, [group(ALICE, made)], everyone, 1)
    for seq in (31, 5, 12, 31, 11, 1, 2, 30, 12):
        assert room.bytes_below(conn, 1, seq) == sum(range(seq - 1))
    with closing(open_store(IN_MEMORY)) as other:
        accept(other, [group(ALICE, made[:10] + fork)], everyone, 1)
        for seq in (31, 11, 12, 13):
            assert room.bytes_below(other, 1, seq) == sum(range(min(10, seq - 1))) + 1_000 * max(0, seq - 11)
