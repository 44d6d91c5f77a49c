"""Reading the store: what is new since a cursor, parts of lanes, and what a peer asked for.

`read_new` is the one path by which a process learns of rows, whoever wrote them. Apply its `forks` first:
each says that the lane's rows from that seq on were replaced. The rows that replaced them come again as new
envelopes.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from crdt.envelope import Envelope, EnvelopeGroup
from crdt.ids import ChangeHash, CouncilId, LaneId
from crdt.index import Want as Want
from crdt.keys import LaneHeader
from crdt.store.faults import spoken_faults
from crdt.store.lanes import find_lane, load_lanes
from crdt.store.schema import transaction

ENVELOPE_OVERHEAD_BYTES = 112
"""What an envelope weighs on the wire beside its payload: two hashes' worth, a signature and lengths."""
GROUP_OVERHEAD_BYTES = 256
EXPORT_CHUNK_BYTES = 512 * 1024
ENVELOPE_COLUMNS = "position, hash, lane, seq, prev, payload, signature, first_seen_ms"
_HASH_CHUNK = 500

EnvelopeRow = tuple[int, bytes, int, int, bytes | None, bytes, bytes, int]


class StoredEnvelope(NamedTuple):
    """An envelope with its place in the store.

    Attributes:
        position: grows in the order of commits, on this laptop only.
        header: whose lane it is.
        envelope: what was signed.
        first_seen_ms: this laptop's clock when the envelope first came; for display and for a teller's own
            duty.
    """

    position: int
    header: LaneHeader
    envelope: Envelope
    first_seen_ms: int


@dataclass(frozen=True, slots=True)
class Cursor:
    """Up to where a reader has read: positions in the two logs."""

    envelope_position: int = 0
    fork_position: int = 0


@dataclass(frozen=True, slots=True)
class NewRows:
    """What came since a cursor. Apply `forks` first, then `envelopes`.

    Attributes:
        envelopes: in the order of their commits; along each lane in the order of its chain.
        forks: lanes whose rows from this seq on are to be forgotten.
        cursor: where to read on.
        more: whether `limit` cut the answer short; never when nothing was left.
    """

    envelopes: list[StoredEnvelope]
    forks: list[tuple[LaneId, int]]
    cursor: Cursor
    more: bool


def read_new(conn: sqlite3.Connection, cursor: Cursor, limit: int = 10_000) -> NewRows:
    """Read what this process or any other committed since `cursor`.

    Args:
        conn: a connection of `open_store`.
        cursor: `NewRows.cursor` of the last call; `Cursor()` reads everything.
        limit: at most so many envelopes; forks are few and always read in full.

    Raises:
        LocalError: the file cannot be read.
    """
    # One transaction, so that no fork slips in between the two reads.
    with transaction(conn, write=False):
        forks = conn.execute(
            "SELECT fork.position, lane.id, fork.seq FROM fork JOIN lane ON lane.number = fork.lane"
            " WHERE fork.position > ? ORDER BY fork.position",
            (cursor.fork_position,),
        ).fetchall()
        rows = conn.execute(
            f"SELECT {ENVELOPE_COLUMNS} FROM envelope WHERE position > ? ORDER BY position LIMIT ?",
            (cursor.envelope_position, limit + 1),
        ).fetchall()
        more = len(rows) > limit
        del rows[limit:]
        envelopes = stored(conn, rows)
    end = Cursor(
        rows[-1][0] if rows else cursor.envelope_position, forks[-1][0] if forks else cursor.fork_position
    )
    return NewRows(envelopes, [(LaneId(lane), seq) for _, lane, seq in forks], end, more)


def stored(conn: sqlite3.Connection, rows: Sequence[EnvelopeRow]) -> list[StoredEnvelope]:
    """Build envelopes from rows selected by `ENVELOPE_COLUMNS`; headers are shared by lane."""
    lanes = load_lanes(conn, {row[2] for row in rows})
    result = []
    for position, change, number, seq, prev, payload, signature, first_seen_ms in rows:
        lane, header = lanes[number]
        before = None if prev is None else ChangeHash(prev)
        envelope = Envelope(lane, seq, before, payload, signature, ChangeHash(change))
        result.append(StoredEnvelope(position, header, envelope, first_seen_ms))
    return result


def read_lane(
    conn: sqlite3.Connection, lane: LaneId, first_seq: int, last_seq: int, max_bytes: int
) -> list[StoredEnvelope]:
    """Read a stretch of a lane in the order of its chain; at a fork, both branches.

    Args:
        conn: a connection of `open_store`.
        lane: the lane; one never heard of gives an empty list.
        first_seq: from here …
        last_seq: … to here, included.
        max_bytes: stop before the envelopes' weight on the wire grows beyond this; the first always comes.

    Raises:
        LocalError: the file cannot be read.
    """
    with transaction(conn, write=False):
        rows, _ = _lane_rows(conn, Want(lane, first_seq, last_seq), max_bytes)
        return stored(conn, rows)


def _lane_rows(conn: sqlite3.Connection, want: Want, max_bytes: int) -> tuple[list[EnvelopeRow], bool]:
    """Return the rows of a want, and whether `max_bytes` cut them short; the first always comes."""
    found = find_lane(conn, want.lane)
    rows: list[EnvelopeRow] = []
    if found is None:
        return rows, False
    weight_bytes = 0
    for row in conn.execute(
        f"SELECT {ENVELOPE_COLUMNS} FROM envelope WHERE lane = ? AND seq BETWEEN ? AND ? ORDER BY seq, hash",
        (found[0], want.first, want.last),
    ):
        weight_bytes += len(row[5]) + ENVELOPE_OVERHEAD_BYTES
        if rows and weight_bytes > max_bytes and row[3] != rows[0][3]:
            # The branches of a fork travel together: one alone looks like the next of the chain.
            return [kept for kept in rows if kept[3] < row[3]], True
        rows.append(row)
    return rows, False


def read_by_hash(conn: sqlite3.Connection, hashes: Iterable[ChangeHash]) -> dict[ChangeHash, StoredEnvelope]:
    """Read envelopes by their hashes; those not held are missing from the answer.

    Raises:
        LocalError: the file cannot be read.
    """
    with transaction(conn, write=False):
        rows = rows_by_hash(conn, f"SELECT {ENVELOPE_COLUMNS} FROM envelope", hashes)
        return {found.envelope.hash: found for found in stored(conn, rows)}


def rows_by_hash(conn: sqlite3.Connection, select: str, hashes: Iterable[ChangeHash]) -> list[EnvelopeRow]:
    """The rows of these hashes, by a statement that selects what `ENVELOPE_COLUMNS` names."""
    wanted = sorted(set(hashes))
    rows: list[EnvelopeRow] = []
    for at in range(0, len(wanted), _HASH_CHUNK):
        some = wanted[at : at + _HASH_CHUNK]
        marks = ",".join("?" * len(some))
        rows += conn.execute(f"{select} WHERE hash IN ({marks})", some)
    return rows


def read_groups(conn: sqlite3.Connection, wants: Iterable[Want], max_bytes: int) -> list[EnvelopeGroup]:
    """Read what a peer asked for, in its order, until `max_bytes` on the wire are full.

    The first envelope always comes, so that an asker gets on however small the frame.

    Raises:
        LocalError: the file cannot be read.
    """
    groups: list[EnvelopeGroup] = []
    room_bytes = max_bytes
    with transaction(conn, write=False):
        for want in wants:
            room_bytes -= GROUP_OVERHEAD_BYTES
            if groups and room_bytes < ENVELOPE_OVERHEAD_BYTES:
                break
            rows, is_cut = _lane_rows(conn, want, room_bytes)
            weight_bytes = sum(len(row[5]) + ENVELOPE_OVERHEAD_BYTES for row in rows)
            if groups and weight_bytes > room_bytes:
                break
            groups += grouped(stored(conn, rows))
            room_bytes -= weight_bytes
            if is_cut:
                break
    return groups


def export_groups(conn: sqlite3.Connection, council: CouncilId) -> Iterator[list[EnvelopeGroup]]:
    """Read all of a council, lane by lane, in chunks of about `EXPORT_CHUNK_BYTES`; for a bundle on a stick.

    A lane longer than a chunk goes on in the next; chunks can be accepted in this order without any orphan.

    Raises:
        LocalError: the file cannot be read.
    """
    with transaction(conn, write=False):
        numbers = [
            number
            for (number,) in conn.execute("SELECT number FROM lane WHERE council = ? ORDER BY id", (council,))
        ]
    chunk: list[EnvelopeRow] = []
    weight_bytes = 0
    query = f"SELECT {ENVELOPE_COLUMNS} FROM envelope WHERE lane = ? ORDER BY seq, hash"
    with spoken_faults():
        for number in numbers:
            for row in conn.execute(query, (number,)):
                row_bytes = len(row[5]) + ENVELOPE_OVERHEAD_BYTES
                if chunk and weight_bytes + row_bytes > EXPORT_CHUNK_BYTES:
                    yield grouped(stored(conn, chunk))
                    chunk, weight_bytes = [], 0
                chunk.append(row)
                weight_bytes += row_bytes
    if chunk:
        yield grouped(stored(conn, chunk))


def grouped(rows: Iterable[StoredEnvelope]) -> list[EnvelopeGroup]:
    """Put neighbouring envelopes of one lane into groups."""
    return [
        EnvelopeGroup(header, tuple(row.envelope for row in run))
        for header, run in groupby(rows, key=attrgetter("header"))
    ]


def count(conn: sqlite3.Connection) -> int:
    """How many envelopes the store holds, of all councils.

    Raises:
        LocalError: the file cannot be read.
    """
    with spoken_faults():
        (number,) = conn.execute("SELECT count(*) FROM envelope").fetchone()
    return int(number)


def data_version(conn: sqlite3.Connection) -> int:
    """A number that changes when *another* connection has committed something; cheap enough to poll.

    Raises:
        LocalError: the file cannot be read.
    """
    with spoken_faults():
        (version,) = conn.execute("PRAGMA data_version").fetchone()
    return int(version)
