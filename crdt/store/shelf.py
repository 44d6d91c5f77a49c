"""A small shelf of keys and values for the layers above: councils held, addresses, joins that wait.

Nothing on it replicates, and nothing on it decides anything: it is this laptop's own memory. Each function is one
statement, which SQLite makes a transaction by itself.
"""

import sqlite3

from crdt.store.faults import spoken_faults


def shelf_get(conn: sqlite3.Connection, kind: str, key: bytes) -> bytes | None:
    """Return what lies on the shelf under (kind, key), or None where nothing does.

    Raises:
        LocalError: the file cannot be read.
    """
    with spoken_faults():
        row = conn.execute("SELECT value FROM shelf WHERE kind = ? AND key = ?", (kind, key)).fetchone()
    return None if row is None else bytes(row[0])


def shelf_put(conn: sqlite3.Connection, kind: str, key: bytes, value: bytes) -> None:
    """Put a value on the shelf, in place of what lay there. `kind` is not empty.

    Raises:
        LocalError: the file cannot be written.
    """
    assert kind, "the empty kind is the store's own"
    with spoken_faults():
        conn.execute("INSERT OR REPLACE INTO shelf (kind, key, value) VALUES (?, ?, ?)", (kind, key, value))


def shelf_delete(conn: sqlite3.Connection, kind: str, key: bytes) -> None:
    """Take a value off the shelf; nothing happens where none lies.

    Raises:
        LocalError: the file cannot be written.
    """
    with spoken_faults():
        conn.execute("DELETE FROM shelf WHERE kind = ? AND key = ?", (kind, key))


def shelf_list(conn: sqlite3.Connection, kind: str) -> list[tuple[bytes, bytes]]:
    """Return all (key, value) of a kind, by ascending key.

    Raises:
        LocalError: the file cannot be read.
    """
    with spoken_faults():
        return conn.execute("SELECT key, value FROM shelf WHERE kind = ? ORDER BY key", (kind,)).fetchall()


def shelf_dump(conn: sqlite3.Connection) -> list[tuple[str, bytes, bytes]]:
    """Return everything on the shelf as (kind, key, value), in ascending order.

    Raises:
        LocalError: the file cannot be read.
    """
    with spoken_faults():
        return conn.execute("SELECT kind, key, value FROM shelf ORDER BY kind, key").fetchall()
