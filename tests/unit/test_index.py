"""The index of a council's lanes."""

from crdt.index import FeedReader
from crdt.parts import split_entry
from tests.store_support import chain, group, index_of, writer

ALICE, BOB = writer("alice"), writer("bob")
MINE = chain(ALICE, [b"%d" % i for i in range(10)])
YOURS = chain(BOB, [b"%d" % i for i in range(10)])


def test_equal_sets_have_equal_fingerprints_in_whatever_order_they_came() -> None:
    one = index_of([group(ALICE, MINE), group(BOB, YOURS)])
    other = index_of(
        [group(BOB, YOURS[:3]), group(ALICE, MINE[:5]), group(BOB, YOURS[3:]), group(ALICE, MINE[5:])]
    )
    assert one.fingerprint() == other.fingerprint()
    assert one.fingerprint()[1] == one.total == 20
    assert one.fingerprint() != index_of([group(ALICE, MINE), group(BOB, YOURS[:9])]).fingerprint()


def test_ranges_add_up() -> None:
    index = index_of([group(writer(str(i)), chain(writer(str(i)), [b"x"] * i)) for i in range(1, 12)])
    lanes = index.lanes_between(b"", b"")
    assert list(lanes) == sorted(lanes)
    for cut in (b"\x40", b"\x80", lanes[5], lanes[5] + b"\0"):
        below, above = index.lanes_between(b"", cut), index.lanes_between(cut, b"")
        assert [*below, *above] == list(lanes)
        assert index.fingerprint(b"", cut)[1] + index.fingerprint(cut)[1] == index.total


def test_rows_come_twice_and_count_once() -> None:
    index = index_of([group(ALICE, MINE), group(ALICE, MINE[3:])])
    assert index.fingerprint() == index_of([group(ALICE, MINE)]).fingerprint()


def test_what_is_forgotten_leaves_no_trace() -> None:
    index = index_of([group(ALICE, MINE)])
    assert index.fingerprint() == index_of([group(ALICE, MINE)]).fingerprint()
    index.truncate(MINE[0].lane, 6)
    assert index.fingerprint() == index_of([group(ALICE, MINE[:5])]).fingerprint()
    assert index.count_of(MINE[0].lane) == 5
    index.truncate(YOURS[0].lane, 1)


def test_a_fork_leaves_its_branches_beside_the_chain() -> None:
    other = chain(ALICE, [b"other"], MINE[5])
    index = index_of([group(ALICE, MINE)])
    index.truncate(MINE[0].lane, 7)
    for envelope in sorted([MINE[6], *other], key=lambda envelope: envelope.hash):
        index.add(ALICE.header(), envelope)
    held = index.lane(MINE[0].lane)
    assert held is not None
    assert (held.count, held.tip, held.fork_seq, held.size) == (6, MINE[5].hash, 7, 8)
    assert set(held.hashes_at(7)) == {MINE[6].hash, other[0].hash}
    assert held.hashes_at(6) == (MINE[5].hash,)
    assert held.hashes_at(8) == held.hashes_at(0) == ()
    assert index.find(other[0].hash) == (MINE[0].lane, 7)
    without_truncating = index_of([group(ALICE, MINE), group(ALICE, other)])
    assert without_truncating.fingerprint() == index.fingerprint()


def test_where_an_envelope_stands() -> None:
    index = index_of([group(ALICE, MINE), group(BOB, YOURS)])
    assert index.find(YOURS[3].hash) == (YOURS[0].lane, 4)
    assert index.find(chain(ALICE, [b"not held"])[0].hash) is None
    assert [header.member for header in index.headers()] == [
        header.member for _, header in index.lanes_with_headers()
    ]
    assert index.count_of(chain(writer("nobody"), [b"x"])[0].lane) == 0


def test_a_feed_is_read_entry_by_entry() -> None:
    long = bytes(range(256)) * 100
    parts = split_entry(long)
    payloads = [
        *split_entry(b"short"),
        *parts,
        b"\x07nonsense",
        *parts[:1],
        *split_entry(b"cuts in"),
        b"\0on",
    ]
    reader = FeedReader()
    made = chain(ALICE, payloads)
    items = [item for envelope in made for item in reader.feed(envelope)]
    assert [item.data for item in items] == [b"short", long, b"", b"", b"on"]
    assert [bool(item.broken) for item in items] == [False, False, True, True, False]
    assert [(item.seq, item.hash) for item in items] == [
        (envelope.seq, envelope.hash) for envelope in made if envelope.seq not in (2, 5)
    ]
