"""What goes wrong under a database, said in words that its owner can act on."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from crdt.errors import LocalError

_PRIMARY_CODE_MASK = 0xFF
"""SQLite's extended result codes carry the primary one in their low byte."""

_ADVICE = {
    sqlite3.SQLITE_FULL: (
        "The disk is full.",
        "Free some space and try again; nothing half-written was kept.",
    ),
    sqlite3.SQLITE_READONLY: (
        "The data file is read-only.",
        "Make the file and its folder writable for you, or name another folder.",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "The data file cannot be opened.",
        "Check that its folder exists and is yours to write in.",
    ),
    sqlite3.SQLITE_NOTADB: (
        "The data file is no p2pcouncil data.",
        "Name another file, or move this one away: your peers still hold what you shared.",
    ),
    sqlite3.SQLITE_CORRUPT: (
        "The data file is damaged.",
        "Move it away and start again: your peers still hold what you shared. Keep your recovery phrase.",
    ),
    sqlite3.SQLITE_BUSY: (
        "Another p2pcouncil process has been writing for too long.",
        "Try again; if it stays so, stop the other process.",
    ),
    sqlite3.SQLITE_LOCKED: ("The data file is locked.", "Stop the program that holds it, and try again."),
    sqlite3.SQLITE_IOERR: (
        "The disk could not be read or written.",
        "Check the disk and its cable; a network drive is no good place for the data file.",
    ),
    sqlite3.SQLITE_PERM: ("The data file is not yours to open.", "Check the permissions of the file."),
}


@contextmanager
def spoken_faults() -> Iterator[None]:
    """Turn the faults of disk and file into a `LocalError` with advice; our own SQL mistakes pass through.

    Raises:
        LocalError: the disk, the file or another process is in the way.
    """
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", None)
        advice = None if code is None else _ADVICE.get(code & _PRIMARY_CODE_MASK)
        if advice is None:
            raise
        raise LocalError(*advice) from error
