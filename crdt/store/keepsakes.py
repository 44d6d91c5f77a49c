"""What a fork took out of feeds that were held before it was heard of: kept aside, to be shown.

A result stands on its page whatever becomes of the feeds that it was counted from. So that it can be counted again, who
held a ballot that its author takes back keeps it here. Nothing here is replicated or folded, for those who heard of the
fork first never had it; but it is signed, and goes into bundles.

It weighs no more than the lanes did from which it was taken.
"""

import sqlite3
from collections.abc import Iterable

from crdt.envelope import Envelope, EnvelopeGroup
from crdt.ids import ChangeHash, CouncilId
from crdt.store.lanes import load_lanes
from crdt.store.schema import transaction

_CHUNK = 500
"""Below SQLite's limit of bound variables, in every build."""


def keep_from(conn: sqlite3.Connection, number: int, seq: int) -> None:
    """Keep aside what a lane holds from `seq` on, before it is taken out; within the caller's transaction."""
    conn.execute(
        "INSERT OR IGNORE INTO keepsake (hash, lane, seq, prev, payload, signature)"
        " SELECT hash, lane, seq, prev, payload, signature FROM envelope WHERE lane = ? AND seq >= ?",
        (number, seq),
    )


def read_keepsakes(
    conn: sqlite3.Connection, council: CouncilId, hashes: Iterable[ChangeHash]
) -> list[EnvelopeGroup]:
    """Read what is kept aside of a council under these hashes, lane by lane.

    Raises:
        LocalError: the file cannot be read.
    """
    wanted = sorted(set(hashes))
    found: dict[int, list[tuple[int, bytes | None, bytes, bytes, bytes]]] = {}
    with transaction(conn, write=False):
        for at in range(0, len(wanted), _CHUNK):
            some = wanted[at : at + _CHUNK]
            marks = ",".join("?" * len(some))
            for number, *row in conn.execute(
                f"SELECT lane, seq, prev, payload, signature, hash FROM keepsake WHERE hash IN ({marks})",
                some,
            ):
                found.setdefault(number, []).append(tuple(row))
        lanes = load_lanes(conn, found)
    groups = []
    for number, rows in sorted(found.items()):
        lane, header = lanes[number]
        if header.council == council:
            rows.sort(key=lambda row: (row[0], row[4]))
            envelopes = (
                Envelope(
                    lane,
                    seq,
                    None if prev is None else ChangeHash(prev),
                    payload,
                    signature,
                    ChangeHash(name),
                )
                for seq, prev, payload, signature, name in rows
            )
            groups.append(EnvelopeGroup(header, tuple(envelopes)))
    return groups
