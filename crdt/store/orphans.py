"""Envelopes that came before what they follow: a bounded pool, the oldest dropped first.

Dropping loses nothing but time: sync brings back what is missing. Every orphan's signature was checked before
it came in, so that only a lane's own device can fill its share of the pool.
"""

import sqlite3
from collections.abc import Iterable, Sequence

from crdt.envelope import Envelope, EnvelopeGroup, decode_groups, encode_groups
from crdt.ids import LaneId
from crdt.keys import LaneHeader, lane_id

MAX_LANE_ORPHANS = 512
MAX_ORPHANS = 4_096
MAX_POOL_BYTES = 16 * 1024 * 1024
_MAX_WIRE_BYTES = 128 * 1024
"""One text change and its header fit twice."""


def lanes(conn: sqlite3.Connection) -> frozenset[LaneId]:
    """Return the lanes that have orphans waiting."""
    return frozenset(LaneId(lane) for (lane,) in conn.execute("SELECT DISTINCT lane FROM orphan"))


def load(conn: sqlite3.Connection, lane: LaneId) -> list[Envelope]:
    """Return a lane's orphans."""
    return [
        envelope
        for (wire,) in conn.execute("SELECT wire FROM orphan WHERE lane = ? ORDER BY position", (lane,))
        for group in decode_groups(wire, _MAX_WIRE_BYTES)
        for envelope in group.envelopes
    ]


def replace(
    conn: sqlite3.Connection, header: LaneHeader, before: Sequence[Envelope], after: Iterable[Envelope]
) -> None:
    """Write a lane's orphans as they are now, inside the caller's transaction, and keep the pool's bounds.

    Args:
        conn: a connection of `open_store`.
        header: the lane's.
        before: what `load` gave.
        after: what waits now.
    """
    lane = lane_id(header)
    old = {_key(envelope) for envelope in before}
    now = {_key(envelope): envelope for envelope in after}
    conn.executemany("DELETE FROM orphan WHERE hash = ? AND prev = ?", sorted(old - now.keys()))
    new = [(key, envelope) for key, envelope in now.items() if key not in old]
    if not new:
        return
    conn.executemany(
        "INSERT INTO orphan (lane, seq, hash, prev, wire) VALUES (?, ?, ?, ?, ?)",
        [
            (lane, envelope.seq, *key, encode_groups([EnvelopeGroup(header, (envelope,))]))
            for key, envelope in new
        ],
    )
    conn.execute(
        "DELETE FROM orphan WHERE position IN"
        " (SELECT position FROM orphan WHERE lane = ? ORDER BY position DESC LIMIT -1 OFFSET ?)",
        (lane, MAX_LANE_ORPHANS),
    )
    conn.execute(
        "DELETE FROM orphan WHERE position IN"
        " (SELECT position FROM orphan ORDER BY position DESC LIMIT -1 OFFSET ?)",
        (MAX_ORPHANS,),
    )
    conn.execute(
        "DELETE FROM orphan WHERE position IN (SELECT position FROM"
        " (SELECT position, sum(length(wire)) OVER (ORDER BY position DESC) AS size_bytes FROM orphan)"
        " WHERE size_bytes > ?)",
        (MAX_POOL_BYTES,),
    )


def _key(envelope: Envelope) -> tuple[bytes, bytes]:
    # A text change does not commit to which of its dependencies is its predecessor, so whoever relays it may
    # name a wrong one; the hash alone would let that copy keep out the right one.
    return envelope.hash, envelope.prev or b""
