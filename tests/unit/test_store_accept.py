"""Accepting what peers sent."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest
from msgspec import structs

from crdt.envelope import Envelope, EnvelopeGroup
from crdt.errors import RemoteError
from crdt.evidence import ForkEvidence, verify_evidence
from crdt.keys import DeviceCertificate, LaneHeader, lane_id
from crdt.store import orphans
from crdt.store.accept import accept
from crdt.store.rows import Cursor, read_new
from crdt.store.schema import IN_MEMORY, open_store
from tests.store_support import COUNCIL, chain, everyone, group, writer

ALICE, BOB = writer("alice"), writer("bob")
LANE = chain(ALICE, [b"%d" % i for i in range(10)])


@pytest.fixture
def conn() -> Iterator[sqlite3.Connection]:
    with closing(open_store(IN_MEMORY)) as opened:
        yield opened


def held(conn: sqlite3.Connection) -> list[Envelope]:
    return [row.envelope for row in read_new(conn, Cursor()).envelopes]


def pool(conn: sqlite3.Connection) -> int:
    (number,) = conn.execute("SELECT count(*) FROM orphan").fetchone()
    return int(number)


def test_what_is_right_is_kept_with_its_first_seen_time(conn: sqlite3.Connection) -> None:
    report = accept(conn, [group(ALICE, LANE[:4])], everyone, 1_000)
    assert (report.accepted, report.duplicates, report.orphans, report.refused) == (4, 0, 0, ())
    report = accept(conn, [group(ALICE, LANE[2:6])], everyone, 2_000)
    assert (report.accepted, report.duplicates) == (2, 2)
    assert held(conn) == LANE[:6]
    assert [row.first_seen_ms for row in read_new(conn, Cursor()).envelopes] == [1_000] * 4 + [2_000] * 2


def test_the_writers_of_other_members_wait_until_they_are_admitted(conn: sqlite3.Connection) -> None:
    admitted = {ALICE.certificate.member}
    groups = [group(ALICE, LANE[:2]), group(BOB, chain(BOB, [b"x"]))]
    report = accept(conn, groups, lambda council, member: member in admitted, 1)
    assert report.accepted == 2
    assert report.unknown_members == {(COUNCIL, BOB.certificate.member)}
    admitted.add(BOB.certificate.member)
    report = accept(conn, groups, lambda council, member: member in admitted, 1)
    assert (report.accepted, report.duplicates, report.unknown_members) == (1, 2, frozenset())


def test_a_forged_signature_is_refused_and_the_rest_kept(conn: sqlite3.Connection) -> None:
    forged = structs.replace(LANE[1], signature=LANE[2].signature)
    short = structs.replace(LANE[2], signature=b"no")
    report = accept(conn, [group(ALICE, [LANE[0], forged, short])], everyone, 1)
    assert report.accepted == 1
    assert [(refusal.member, refusal.reason) for refusal in report.refused] == [
        (ALICE.certificate.member, "2 envelopes were not signed by the device that they name.")
    ]
    assert held(conn) == LANE[:1]
    assert accept(conn, [group(ALICE, LANE)], everyone, 1).accepted == 9


def test_a_device_that_no_member_certified_is_refused(conn: sqlite3.Connection) -> None:
    stolen = DeviceCertificate(BOB.certificate.member, ALICE.device, BOB.certificate.signature)
    header = replace(ALICE.header(), certificate=stolen)
    report = accept(conn, [EnvelopeGroup(header, tuple(chain(ALICE, [b"x"], header=header)))], everyone, 1)
    assert report.accepted == 0
    assert report.refused


def test_another_lanes_envelopes_are_refused(conn: sqlite3.Connection) -> None:
    report = accept(conn, [group(ALICE, [LANE[0], *chain(BOB, [b"x"])])], everyone, 1)
    assert report.accepted == 1
    assert "another lane" in report.refused[0].reason


def test_gaps_are_filled_by_what_waited(conn: sqlite3.Connection) -> None:
    report = accept(conn, [group(ALICE, [*LANE[5:8], LANE[9]])], everyone, 1)
    assert (report.accepted, report.orphans) == (0, 4)
    assert accept(conn, [group(ALICE, LANE[5:6])], everyone, 1).orphans == 4
    report = accept(conn, [group(ALICE, LANE[:5])], everyone, 1)
    assert (report.accepted, report.orphans) == (8, 1)
    assert accept(conn, [group(ALICE, [LANE[8]])], everyone, 1).accepted == 2
    assert held(conn) == LANE
    assert pool(conn) == 0


def test_an_orphan_leaves_no_lane_behind(conn: sqlite3.Connection) -> None:
    accept(conn, [group(ALICE, LANE[5:])], everyone, 1)
    assert conn.execute("SELECT count(*) FROM lane").fetchone() == (0,)


def test_the_pool_is_bounded_per_lane_and_in_all(
    conn: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orphans, "MAX_LANE_ORPHANS", 5)
    monkeypatch.setattr(orphans, "MAX_ORPHANS", 8)
    for envelope in LANE[1:]:
        accept(conn, [group(ALICE, [envelope])], everyone, 1)
    assert pool(conn) == 5
    accept(conn, [group(BOB, chain(BOB, [b"%d" % i for i in range(9)])[2:])], everyone, 1)
    assert pool(conn) == 8
    monkeypatch.setattr(orphans, "MAX_POOL_BYTES", 1_500)
    carol = writer("carol")
    accept(conn, [group(carol, chain(carol, [b"1", bytes(500)])[1:])], everyone, 1)
    (size_bytes,) = conn.execute("SELECT sum(length(wire)) FROM orphan").fetchone()
    assert 0 < size_bytes <= 1_500
    assert conn.execute("SELECT lane FROM orphan ORDER BY position DESC").fetchone() == (
        lane_id(carol.header()),
    )


def test_a_fork_keeps_its_two_lowest_branches_and_nothing_above(conn: sqlite3.Connection) -> None:
    branches = sorted(
        (chain(ALICE, [b"branch %d" % i, b"on it"], LANE[2]) for i in range(5)), key=lambda made: made[0].hash
    )
    accept(conn, [group(ALICE, LANE[:3] + branches[4])], everyone, 1)
    cursor = read_new(conn, Cursor()).cursor
    assert accept(conn, [group(ALICE, branches[3])], everyone, 2).accepted == 1
    new = read_new(conn, cursor)
    assert new.forks == [(LANE[0].lane, 4)]
    assert [row.envelope for row in new.envelopes] == [branches[3][0], branches[4][0]]
    assert [row.first_seen_ms for row in new.envelopes] == [2, 1]
    accept(conn, [group(ALICE, branches[2] + branches[0])], everyone, 3)
    accept(conn, [group(ALICE, branches[1])], everyone, 4)
    assert set(held(conn)) == {*LANE[:3], branches[0][0], branches[1][0]}
    report = accept(conn, [group(ALICE, branches[4] + branches[2])], everyone, 5)
    assert (report.accepted, report.dropped, report.orphans) == (0, 4, 0)
    assert len(read_new(conn, Cursor()).forks) == 3


def test_a_lower_fork_replaces_a_higher_one(conn: sqlite3.Connection) -> None:
    accept(conn, [group(ALICE, LANE), group(ALICE, chain(ALICE, [b"high"], LANE[6]))], everyone, 1)
    assert max(envelope.seq for envelope in held(conn)) == 8
    low = chain(ALICE, [b"low"], LANE[1])
    accept(conn, [group(ALICE, low)], everyone, 1)
    assert set(held(conn)) == {*LANE[:3], *low}


def test_a_fork_at_the_very_first_place(conn: sqlite3.Connection) -> None:
    other = chain(ALICE, [b"another beginning", b"and more"])
    accept(conn, [group(ALICE, LANE)], everyone, 1)
    accept(conn, [group(ALICE, other)], everyone, 1)
    assert set(held(conn)) == {LANE[0], other[0]}


def test_a_fork_is_proof_by_itself() -> None:
    other = chain(ALICE, [b"other"], LANE[2])[0]
    first, second = sorted((LANE[3], other), key=lambda envelope: envelope.hash)
    proof = ForkEvidence(ALICE.header(), first, second)
    verify_evidence(proof)
    foreign = chain(BOB, [b"%d" % i for i in range(4)])[3]
    for false in (
        replace(proof, first=second, second=first),
        replace(proof, first=LANE[2]),
        replace(proof, second=first),
        replace(proof, second=structs.replace(second, signature=first.signature)),
        replace(proof, second=structs.replace(second, payload=b"not what was signed")),
        replace(
            proof, first=foreign if foreign.hash < second.hash else structs.replace(first, lane=foreign.lane)
        ),
        replace(proof, header=BOB.header()),
    ):
        with pytest.raises(RemoteError):
            verify_evidence(false)


def test_nothing_is_written_for_what_is_held_already(conn: sqlite3.Connection) -> None:
    accept(conn, [group(ALICE, LANE)], everyone, 1)
    before = conn.total_changes
    assert accept(conn, [group(ALICE, LANE)], everyone, 1).duplicates == len(LANE)
    assert accept(conn, [], everyone, 1).accepted == 0
    assert accept(conn, [group(ALICE, [])], everyone, 1).accepted == 0
    assert conn.total_changes == before


def test_lanes_of_two_generations_are_two(conn: sqlite3.Connection) -> None:
    header: LaneHeader = ALICE.header(1)
    second = chain(ALICE, [b"anew"], header=header)
    report = accept(conn, [group(ALICE, LANE[:2]), group(ALICE, second, header)], everyone, 1)
    assert report.accepted == 3
    assert [row.header.generation for row in read_new(conn, Cursor()).envelopes] == [0, 0, 1]
