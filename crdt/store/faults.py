"""What goes wrong under a database, said in words that its owner can act on."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from crdt.errors import DamagedError, LocalError

_PRIMARY_CODE_MASK = 0xFF
"""SQLite's extended result codes carry the primary one in their low byte."""

DOCTOR_HINT = (
    "Run `p2pcouncil doctor --repair`: it saves what still reads, and your peers give back what they hold."
)

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
    sqlite3.SQLITE_BUSY: (
        "Another p2pcouncil process has been writing for too long.",
        "Try again; if it stays so, stop the other process.",
    ),
    sqlite3.SQLITE_LOCKED: ("The data file is locked.", "Stop the program that holds it, and try again."),
    sqlite3.SQLITE_IOERR: (
        "The disk could not be read or written.",
        "Check the disk and its cable, and whether your quota is used up; a network drive is no good place for the"
        " data file.",
    ),
    sqlite3.SQLITE_PERM: ("The data file is not yours to open.", "Check the permissions of the file."),
}

_DAMAGE = {
    sqlite3.SQLITE_NOTADB: "The data file is no p2pcouncil data, or its beginning is damaged.",
    sqlite3.SQLITE_CORRUPT: "The data file is damaged.",
}


@contextmanager
def spoken_faults() -> Iterator[None]:
    """Turn the faults of disk and file into a `LocalError` with advice; our own SQL mistakes pass through.

    Raises:
        DamagedError: the file is damaged.
        LocalError: the disk, the file or another process is in the way.
    """
    try:
        yield
    except UnicodeDecodeError as error:
        # A text of a damaged file, or SQLite's own message that quotes one.
        raise DamagedError(_DAMAGE[sqlite3.SQLITE_CORRUPT], DOCTOR_HINT) from error
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", None)
        primary = None if code is None else code & _PRIMARY_CODE_MASK
        if primary in _DAMAGE:
            raise DamagedError(_DAMAGE[primary], DOCTOR_HINT) from error
        advice = None if primary is None else _ADVICE.get(primary)
        if advice is None:
            raise
        raise LocalError(*advice) from error
