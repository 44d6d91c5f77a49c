"""Text documents in the store, put together from their rows.

A document is a function of the rows of all its lanes (`TextDocument.rebuild`): the guard judges every change
there, what misses a dependency or stands on a forked branch is left out, and nothing is ever decided by
arrival.
"""

import sqlite3

from crdt.ids import CouncilId, LaneId, TextId
from crdt.keys import LaneKind
from crdt.store.schema import transaction
from crdt.text import TextDocument


def load_text(conn: sqlite3.Connection, council: CouncilId, text: TextId) -> TextDocument:
    """Put a text document together from all that the store holds of it; an empty one where that is nothing.

    Raises:
        LocalError: the file cannot be read.
    """
    with transaction(conn, write=False):
        lanes = conn.execute(
            "SELECT number, id, fork_seq FROM lane WHERE council = ? AND kind = ? AND subject = ?"
            " ORDER BY id",
            (council, int(LaneKind.TEXT), text),
        ).fetchall()
        changes = [
            (LaneId(lane), payload)
            for number, lane, _ in lanes
            for (payload,) in conn.execute(
                "SELECT payload FROM envelope WHERE lane = ? ORDER BY seq, hash", (number,)
            )
        ]
    forked = {LaneId(lane): fork_seq for _, lane, fork_seq in lanes if fork_seq is not None}
    return TextDocument.rebuild(text, changes, forked)
