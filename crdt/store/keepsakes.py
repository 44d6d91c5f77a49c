"""What a fork took out of feeds that were held before it was heard of: kept aside, to be shown.

A result stands on its page whatever becomes of the feeds that it was counted from. So that it can be counted again, who
held a ballot that its author takes back keeps it here. Nothing here is replicated or folded, for those who heard of the
fork first never had it; but it is signed, and goes into bundles.

It weighs no more than the lanes did from which it was taken.
"""

import sqlite3
from collections.abc import Iterable

from crdt.envelope import EnvelopeGroup
from crdt.ids import ChangeHash, CouncilId
from crdt.store.rows import grouped, rows_by_hash, stored
from crdt.store.schema import transaction

_COLUMNS = "0, hash, lane, seq, prev, payload, signature, 0"
"""As `rows.ENVELOPE_COLUMNS`, without a position and a time, which mean nothing here."""


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
    with transaction(conn, write=False):
        rows = rows_by_hash(conn, f"SELECT {_COLUMNS} FROM keepsake", hashes)
        rows.sort(key=lambda row: (row[2], row[3], row[1]))
        return [group for group in grouped(stored(conn, rows)) if group.header.council == council]
