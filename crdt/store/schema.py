"""The tables of the store, and how its file is opened.

`envelope` holds the replicated truth. Its `position` only ever grows and is given out under the write lock,
so positions appear in the order of their commits and a reader that remembers one misses nothing. (lane, seq)
is not
unique: the two branches of a fork are evidence and stand side by side.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crdt.errors import DamagedError, LocalError
from crdt.store.faults import DOCTOR_HINT, spoken_faults

APPLICATION_ID = 0x70327063
"""'p2pc' in ASCII; lets `file` and ourselves tell our databases from anybody else's."""
SCHEMA_VERSION = 1
BUSY_TIMEOUT_MS = 10_000
"""Longer than any transaction of ours: accepting a full frame takes well under a second."""
IN_MEMORY = ":memory:"
TABLE_NAMES = frozenset({"lane", "envelope", "fork", "once", "orphan", "shelf"})

_TABLES = """
CREATE TABLE lane (
    number INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    kind INTEGER NOT NULL,
    council BLOB NOT NULL,
    subject BLOB NOT NULL,
    member BLOB NOT NULL,
    device BLOB NOT NULL,
    certificate BLOB NOT NULL,
    generation INTEGER NOT NULL,
    fork_seq INTEGER
);
CREATE INDEX lane_by_place ON lane (council, kind, subject, device);
CREATE TABLE envelope (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    hash BLOB NOT NULL UNIQUE,
    lane INTEGER NOT NULL REFERENCES lane (number),
    seq INTEGER NOT NULL,
    prev BLOB,
    payload BLOB NOT NULL,
    signature BLOB NOT NULL,
    first_seen_ms INTEGER NOT NULL
);
CREATE INDEX envelope_by_place ON envelope (lane, seq);
CREATE TABLE fork (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    lane INTEGER NOT NULL REFERENCES lane (number),
    seq INTEGER NOT NULL
);
CREATE TABLE once (
    council BLOB NOT NULL,
    device BLOB NOT NULL,
    key TEXT NOT NULL,
    lane INTEGER NOT NULL REFERENCES lane (number),
    first_seq INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (council, device, key)
) WITHOUT ROWID;
CREATE TABLE orphan (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    lane BLOB NOT NULL,
    seq INTEGER NOT NULL,
    hash BLOB NOT NULL,
    prev BLOB NOT NULL,
    wire BLOB NOT NULL,
    UNIQUE (hash, prev)
);
CREATE INDEX orphan_by_lane ON orphan (lane);
CREATE TABLE shelf (
    kind TEXT NOT NULL,
    key BLOB NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (kind, key)
) WITHOUT ROWID;
"""

_LATER = """
CREATE TABLE IF NOT EXISTS keepsake (
    hash BLOB PRIMARY KEY,
    lane INTEGER NOT NULL REFERENCES lane (number),
    seq INTEGER NOT NULL,
    prev BLOB,
    payload BLOB NOT NULL,
    signature BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS keepsake_by_lane ON keepsake (lane);
CREATE INDEX IF NOT EXISTS lane_by_writer ON lane (council, member, device, kind, id, fork_seq);
CREATE INDEX IF NOT EXISTS lane_put_out ON lane (number) WHERE fork_seq = 0;
CREATE INDEX IF NOT EXISTS fork_by_lane ON fork (lane);
CREATE INDEX IF NOT EXISTS once_by_lane ON once (lane);
"""
"""Made in files of before, too: indexes that say quickly how many lanes a member has, and which were put out; and what
forks took away, see `keepsakes`."""


def open_store(path: Path | str) -> sqlite3.Connection:
    """Open the store's file, creating it when there is none.

    Args:
        path: the file, in an existing folder; `IN_MEMORY` for one that lives as long as its connection.

    Returns:
        A connection in autocommit mode: transactions are begun by `transaction` alone.

    Raises:
        LocalError: the file is damaged, no database of ours, written by a newer version, read-only, or the
            disk is full; its hint says what to do.
    """
    with spoken_faults():
        conn = sqlite3.connect(path, isolation_level=None, timeout=BUSY_TIMEOUT_MS / 1000)
    ready = False
    try:
        prepare_store(conn)
        ready = True
    finally:
        if not ready:
            conn.close()
    return conn


def prepare_store(conn: sqlite3.Connection) -> None:
    """Make a database that was just opened the store's: its pragmas, and its tables where there are none.

    Apart from `open_store` for those who bring a file system of their own, as the simulated disk does.

    Args:
        conn: in autocommit mode; the caller closes it when this raises.

    Raises:
        LocalError: as `open_store`.
    """
    with spoken_faults():
        _prepare(conn)


@contextmanager
def transaction(conn: sqlite3.Connection, *, write: bool) -> Iterator[None]:
    """Run a block in one transaction: all of it is kept, or nothing.

    Inside another transaction it joins that one, so that callers can make several steps one.

    Args:
        conn: a connection of `open_store`.
        write: take the write lock at once (`BEGIN IMMEDIATE`), so that what the block reads stays true until
            it has written; False gives a consistent view for reading.

    Raises:
        LocalError: the disk, the file or another process is in the way; nothing of the block was kept.
    """
    if conn.in_transaction:
        yield
        return
    with spoken_faults():
        conn.execute("BEGIN IMMEDIATE" if write else "BEGIN")
        try:
            yield
            conn.execute("COMMIT")
        finally:
            if conn.in_transaction:
                conn.execute("ROLLBACK")


def _prepare(conn: sqlite3.Connection) -> None:
    (application_id,) = conn.execute("PRAGMA application_id").fetchone()
    (version,) = conn.execute("PRAGMA user_version").fetchone()
    tables = {name for (name,) in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if application_id not in (0, APPLICATION_ID) or (application_id == 0 and tables):
        raise LocalError(
            "The data file belongs to another program.",
            "Name another home. If this file was ever p2pcouncil's, run `p2pcouncil doctor --repair`.",
        )
    if version > SCHEMA_VERSION:
        raise LocalError(
            f"The data file was written by a newer p2pcouncil (format {version}, this one knows "
            f"{SCHEMA_VERSION}).",
            "Upgrade p2pcouncil; the file is unharmed.",
        )
    if application_id and not tables >= TABLE_NAMES:
        # Made anew it would look like a new laptop's, and the feed would begin a second time.
        raise DamagedError("The data file lacks tables: it is damaged.", DOCTOR_HINT)
    conn.execute("PRAGMA journal_mode = WAL")
    conn.execute("PRAGMA synchronous = FULL")
    conn.execute("PRAGMA foreign_keys = ON")
    with transaction(conn, write=True):
        # Asked again under the lock: another process may have made the tables a moment ago.
        (tables,) = conn.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if not tables:
            for statement in filter(str.strip, _TABLES.split(";")):
                conn.execute(statement)
            conn.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            conn.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        for statement in filter(str.strip, _LATER.split(";")):
            conn.execute(statement)
        # A read-only file opens happily and fails at the first vote; this write finds out now.
        conn.execute("DELETE FROM shelf WHERE kind = ''")
