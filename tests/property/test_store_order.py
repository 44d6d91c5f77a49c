"""Whatever the order and the batches in which envelopes arrive, the same set ends as the same rows."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crdt import lane_bounds
from crdt.envelope import Envelope, EnvelopeGroup
from crdt.ids import TextId
from crdt.index import LaneIndex
from crdt.keys import LaneKind, lane_id
from crdt.store import room
from crdt.store.accept import accept
from crdt.store.rows import Cursor, read_new
from crdt.store.schema import IN_MEMORY, open_store
from tests.store_support import Writer, chain, devices, everyone, group, text_lane, writer

ALICE, BOB = writer("alice"), writer("bob")


def branching_lane(author: Writer, parents: list[int]) -> list[Envelope]:
    """Envelope i follows envelope `parents[i] % i`, or stands first: a tree, so a lane with forks."""
    made: list[Envelope] = []
    for i, choice in enumerate(parents):
        after = made[choice % i] if i and choice >= 0 else None
        made += chain(author, [b"%d" % i], after)
    return made


def rows_of(conn: sqlite3.Connection) -> list[tuple[object, ...]]:
    return conn.execute(
        "SELECT lane.id, fork_seq, seq, hash, prev, payload FROM envelope"
        " JOIN lane ON lane.number = envelope.lane ORDER BY lane.id, seq, hash"
    ).fetchall()


def kept(envelopes: list[Envelope]) -> set[bytes]:
    """The rule of DESIGN section 3, said over the whole set at once."""
    places: dict[int, set[bytes]] = {}
    for envelope in envelopes:
        places.setdefault(envelope.seq, set()).add(envelope.hash)
    result: set[bytes] = set()
    for seq in sorted(places):
        if len(places[seq]) > 1:
            return result | set(sorted(places[seq])[:2])
        result |= places[seq]
    return result


# Mostly straight on (a large number picks the latest by wrapping), now and then a branch or a second
# beginning.
TREES = st.lists(st.one_of(st.just(None), st.integers(-1, 2)), min_size=1, max_size=9)


def tree(author: Writer, choices: list[int | None]) -> list[Envelope]:
    return branching_lane(author, [i - 1 if c is None else c for i, c in enumerate(choices)])


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(alice=TREES, bob=TREES, data=st.data())
def test_rows_depend_on_the_set_alone(
    alice: list[int | None], bob: list[int | None], data: st.DataObject
) -> None:
    lanes = [(ALICE, tree(ALICE, alice)), (BOB, tree(BOB, bob))]
    offers = [(author, envelope) for author, envelopes in lanes for envelope in envelopes]
    repeated = offers + data.draw(st.lists(st.sampled_from(offers), max_size=5))
    order = data.draw(st.permutations(repeated))
    cuts = data.draw(st.lists(st.integers(1, 6), min_size=1, max_size=20))
    with closing(open_store(IN_MEMORY)) as once, closing(open_store(IN_MEMORY)) as bit_by_bit:
        accept(once, [group(author, envelopes) for author, envelopes in lanes], everyone, 1)
        index, cursor, at, batch = LaneIndex(), Cursor(), 0, 0
        while at < len(order):
            size = cuts[batch % len(cuts)]
            groups = [group(author, [envelope]) for author, envelope in order[at : at + size]]
            accept(bit_by_bit, groups, everyone, batch)
            cursor = follow(bit_by_bit, index, cursor)
            at, batch = at + size, batch + 1
        assert rows_of(bit_by_bit) == rows_of(once)
        assert bit_by_bit.execute("SELECT count(*) FROM orphan").fetchone() == (0,)
        for _, envelopes in lanes:
            held = {row[3] for row in rows_of(once) if row[0] == envelopes[0].lane}
            assert held == kept(envelopes)
        whole = LaneIndex()
        follow(once, whole, Cursor())
        assert index.fingerprint() == whole.fingerprint()


def follow(conn: sqlite3.Connection, index: LaneIndex, cursor: Cursor) -> Cursor:
    new = read_new(conn, cursor)
    for lane, seq in new.forks:
        index.truncate(lane, seq)
    for row in new.envelopes:
        index.add(row.header, row.envelope)
    return new.cursor


BOUND = 3
LAPTOPS = devices("carol", 5)
TEXTS = [TextId(sha256(b"text %d" % number).digest()) for number in range(4)]


@pytest.fixture(scope="module", autouse=True)
def small_bounds() -> Iterator[None]:
    """So few devices and text lanes that five devices and four texts are too many."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (lane_bounds, room):
            patch.setattr(module, "MAX_DEVICES_PER_MEMBER", BOUND)
            patch.setattr(module, "MAX_TEXT_LANES_PER_DEVICE", BOUND)
        yield


def written_by(laptop: Writer) -> list[EnvelopeGroup]:
    """Two generations of a feed, the first of them forked, and four texts."""
    again = laptop.header(1)
    first = group(laptop, branching_lane(laptop, [0, 0, 0, 2]))
    second = group(laptop, chain(laptop, [b"anew", b"and on"], header=again), again)
    return [first, second, *(text_lane(laptop, text, 2) for text in TEXTS)]


LANES = [group for laptop in LAPTOPS for group in written_by(laptop)]


def lanes_kept(groups: list[EnvelopeGroup]) -> set[bytes]:
    """The rule of `crdt.lane_bounds`, said over the whole set at once."""
    lowest = sorted({group.header.device for group in groups})[:BOUND]
    kept: set[bytes] = set()
    for device in lowest:
        own = [group.header for group in groups if group.header.device == device]
        kept |= {lane_id(header) for header in own if header.kind is LaneKind.FEED}
        kept |= set(sorted(lane_id(header) for header in own if header.kind is LaneKind.TEXT)[:BOUND])
    return kept


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_which_lanes_are_kept_depends_on_the_set_alone(data: st.DataObject) -> None:
    some = data.draw(st.lists(st.sampled_from(LANES), min_size=8, unique_by=lambda made: made.header))
    offers = [EnvelopeGroup(made.header, (envelope,)) for made in some for envelope in made.envelopes]
    order = data.draw(st.permutations(offers + data.draw(st.lists(st.sampled_from(offers), max_size=8))))
    cuts = data.draw(st.lists(st.integers(1, 9), min_size=1, max_size=20))
    with closing(open_store(IN_MEMORY)) as once, closing(open_store(IN_MEMORY)) as bit_by_bit:
        accept(once, some, everyone, 1)
        index, cursor, at, batch = LaneIndex(), Cursor(), 0, 0
        while at < len(order):
            size = cuts[batch % len(cuts)]
            report = accept(bit_by_bit, order[at : at + size], everyone, batch)
            assert report.refused == ()
            cursor = follow(bit_by_bit, index, cursor)
            at, batch = at + size, batch + 1
        assert rows_of(bit_by_bit) == rows_of(once)
        assert {row[0] for row in rows_of(once)} == lanes_kept(some)
        waiting = {lane for (lane,) in bit_by_bit.execute("SELECT lane FROM orphan")}
        assert waiting.isdisjoint(lanes_kept(some))
        whole = LaneIndex()
        follow(once, whole, Cursor())
        assert index.fingerprint() == whole.fingerprint()
        for made in LANES:
            if index.lane(lane_id(made.header)) is None:
                assert index.has_room(made.header) == room.has_room(bit_by_bit, made.header)
