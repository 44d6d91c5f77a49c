"""A connection to a simulated disk that the store takes for one of `sqlite3`.

It offers what the store uses of `sqlite3.Connection`, and raises `sqlite3`'s exceptions with SQLite's own codes.
Rows are read at once, so that no statement stays open behind a cursor.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn

import apsw

from tests.sim.disk_vfs import VFS_NAME

if TYPE_CHECKING:
    from tests.sim.disk import Disk

_CLASSES: dict[int, type[sqlite3.Error]] = {
    apsw.SQLITE_INTERNAL: sqlite3.InternalError,
    apsw.SQLITE_NOTFOUND: sqlite3.InternalError,
    apsw.SQLITE_CORRUPT: sqlite3.DatabaseError,
    apsw.SQLITE_NOTADB: sqlite3.DatabaseError,
    apsw.SQLITE_TOOBIG: sqlite3.DataError,
    apsw.SQLITE_CONSTRAINT: sqlite3.IntegrityError,
    apsw.SQLITE_MISMATCH: sqlite3.IntegrityError,
    apsw.SQLITE_MISUSE: sqlite3.InterfaceError,
}
"""As `sqlite3` chooses them (CPython, Modules/_sqlite/util.c); all others are an OperationalError."""
_NAMES = apsw.mapping_extended_result_codes | apsw.mapping_result_codes
_CHANGING = ("INSERT", "UPDATE", "DELETE", "REPLACE")


class Crashed(BaseException):
    """The simulated machine is dead: no code of it runs on, least of all its error handling."""


class DiskCursor:
    """The answer to one statement."""

    __slots__ = ("_at", "_rows", "lastrowid", "rowcount")

    def __init__(self, rows: list[Any], rowcount: int, lastrowid: int | None) -> None:
        self._rows = rows
        self._at = 0
        self.rowcount = rowcount
        self.lastrowid = lastrowid

    def fetchone(self) -> Any:  # noqa: ANN401 (as in sqlite3)
        return next(self, None)

    def fetchall(self) -> list[Any]:
        rows = self._rows[self._at :] if self._at else self._rows
        self._rows, self._at = [], 0
        return rows

    def __iter__(self) -> "Iterator[Any]":
        return self

    def __next__(self) -> Any:  # noqa: ANN401 (as in sqlite3)
        if self._at >= len(self._rows):
            raise StopIteration
        self._at += 1
        return self._rows[self._at - 1]


class DiskConnection:
    """One program's connection to its disk; dies with the machine."""

    def __init__(self, disk: "Disk", path: str) -> None:
        self._disk = disk
        self.is_dead = False
        self._is_open = False
        self._raw = apsw.Connection(path, vfs=VFS_NAME)
        self._is_open = True
        # Files in Python share no memory, so that the WAL's index lives in this connection alone.
        self.execute("PRAGMA locking_mode = EXCLUSIVE")
        self.execute("PRAGMA temp_store = MEMORY")
        self._raw.set_wal_hook(_checkpoint_of(disk))

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> DiskCursor:
        """Run one statement to its end."""
        if self.is_dead or not self._is_open:
            self._refuse()
        raw = self._raw
        try:
            rows = raw.execute(sql, parameters).fetchall()
        except apsw.Error as error:
            self._fail(error)
        if self.is_dead:
            raise Crashed
        if rows or not sql.startswith(_CHANGING):
            return DiskCursor(rows, -1, None)
        return DiskCursor(rows, raw.changes(), raw.last_insert_rowid())

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]]) -> DiskCursor:
        """Run one statement once for each row of parameters."""
        self._check()
        before = self._raw.total_changes()
        try:
            self._raw.executemany(sql, parameters).fetchall()
        except apsw.Error as error:
            self._fail(error)
        if self.is_dead:
            raise Crashed
        return DiskCursor([], self._raw.total_changes() - before, None)

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction was begun and not ended."""
        self._check()
        return self._raw.in_transaction

    @property
    def total_changes(self) -> int:
        """How many rows were changed since the connection was opened."""
        self._check()
        return self._raw.total_changes()

    def serialize(self) -> bytes:
        """The database as a backup gives it: all that is committed, in one file."""
        self._check()
        assert not self._raw.in_transaction, "a backup is taken between transactions"
        return self._raw.serialize("main")

    def close(self) -> None:
        """Close the database in good order; its WAL goes into the main file where there is room for it."""
        if self.is_dead:
            raise Crashed
        if self._is_open:
            self._is_open = False
            # As in production, the faults of the last checkpoint are nobody's: the WAL stays.
            with suppress(apsw.Error):
                self._raw.close(True)
            if self.is_dead:
                raise Crashed

    def drop(self) -> None:
        """End as a killed program does: the disk keeps what was written, and nothing is tidied up."""
        if self._is_open:
            self._is_open = False
            self._raw.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
            with suppress(apsw.Error):
                self._raw.close(True)

    def __del__(self) -> None:
        self.drop()

    @property
    def is_open(self) -> bool:
        """Whether the program has the store open still."""
        return self._is_open

    def _check(self) -> None:
        if self.is_dead or not self._is_open:
            self._refuse()

    def _refuse(self) -> NoReturn:
        if self.is_dead:
            raise Crashed
        raise sqlite3.ProgrammingError("Cannot operate on a closed database.")

    def _fail(self, error: apsw.Error) -> NoReturn:
        if self.is_dead:
            raise Crashed from None
        code = getattr(error, "extendedresult", apsw.SQLITE_MISUSE)
        fault = _CLASSES.get(code & 0xFF, sqlite3.OperationalError)(str(error))
        fault.sqlite_errorcode, fault.sqlite_errorname = code, str(_NAMES.get(code, "unknown"))
        raise fault from error


def _checkpoint_of(disk: "Disk") -> Callable[[apsw.Connection, str, int], int]:
    """What SQLite's own hook does; here, because apsw would report a fault that SQLite leaves for later."""

    def committed(raw: apsw.Connection, schema: str, pages: int) -> int:
        if pages >= disk.checkpoint_pages:
            try:
                raw.wal_checkpoint(schema, apsw.SQLITE_CHECKPOINT_PASSIVE)
            except apsw.Error:
                # A full or dying disk stops a checkpoint, never the commit that is in the WAL already.
                disk.checkpoints_failed += 1
        return apsw.SQLITE_OK

    return committed
