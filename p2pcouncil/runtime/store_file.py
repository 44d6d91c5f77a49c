"""The data file as a file: read without changing it, held while it is replaced, kept aside when it is damaged."""

import fcntl
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from crdt.errors import LocalError
from crdt.store.pages import MAGIC, Log, overlay, page_bytes_of, read_log

WAL, SHM = "-wal", "-shm"
REPAIRED = ".repaired"
DAMAGED = ".damaged-"
_LOCK_START, _LOCK_BYTES = 0x40000002, 510
"""Where SQLite locks a file: every process that has it open in WAL mode holds a shared lock here. Source: os.h."""
_JOURNAL_VERSIONS = slice(18, 20)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The data file as it was at one moment.

    Attributes:
        image: what SQLite sees, its write-ahead log taken in.
        beyond: the same with the rest of the log laid over it, which SQLite would not read; None without any.
        page_bytes: the size of a page.
        is_in_use: whether another process had the file open.
    """

    image: bytes
    beyond: bytes | None
    page_bytes: int
    is_in_use: bool

    @property
    def images(self) -> tuple[bytes, ...]:
        """All that rows may be found in."""
        return (self.image,) if self.beyond is None else (self.image, self.beyond)


def read_snapshot(path: Path) -> Snapshot:
    """Read the data file, and change nothing: SQLite itself would make files beside it and tidy up its log.

    Raises:
        LocalError: it can't be read.
    """
    try:
        in_use = _is_in_use(path)
        main = _serialized(path) if in_use else None
        if main is not None:
            return Snapshot(main, None, page_bytes_of(main), in_use)
        main = path.read_bytes() if path.exists() else b""
        wal_path = path.with_name(path.name + WAL)
        wal = wal_path.read_bytes() if wal_path.exists() else b""
    except OSError as error:
        raise LocalError(
            f"The data file {path} can't be read: {error.strerror or error}.",
            "Check who owns it, its permissions, and the disk.",
        ) from error
    return compose(main, wal, is_in_use=in_use)


def compose(main: bytes, wal: bytes, *, is_in_use: bool = False) -> Snapshot:
    """Put a data file and its write-ahead log together."""
    page_bytes = page_bytes_of(main)
    log: Log = read_log(wal, -(-len(main) // page_bytes))
    if log.committed:
        page_bytes = log.page_bytes
    image = overlay(main, log.committed, page_bytes, log.pages)
    beyond = None
    if log.beyond or len(main) > len(image):
        beyond = overlay(main, log.committed | log.beyond, page_bytes)
    return Snapshot(image, beyond, page_bytes, is_in_use)


def open_image(image: bytes) -> sqlite3.Connection:
    """Open a file's bytes in memory; it is for the caller to find out whether they are a database."""
    conn = sqlite3.connect(":memory:", isolation_level=None)
    plain = bytearray(image)
    if image.startswith(MAGIC):
        # A database in memory has no write-ahead log; this one's is in the image already.
        plain[_JOURNAL_VERSIONS] = b"\x01\x01"
    conn.text_factory = lambda text: text.decode("utf-8", "replace")
    conn.deserialize(bytes(plain))
    return conn


@contextmanager
def held(path: Path) -> Iterator[Snapshot]:
    """Keep every other process out of the data file for the length of a block.

    Yields:
        The file as it is.

    Raises:
        LocalError: another process uses it, or it can't be opened.
    """
    try:
        # Opened once, and closed last: to close any other handle of the file would give the lock back.
        with path.open("r+b") as file:
            if not _take(file.fileno()):
                raise LocalError(
                    "Another p2pcouncil on this laptop uses this home.",
                    "Stop it (the interface, `p2pcouncil serve`, a verb that waits), and run this again.",
                )
            wal_path = path.with_name(path.name + WAL)
            yield compose(file.read(), wal_path.read_bytes() if wal_path.exists() else b"")
    except OSError as error:
        raise LocalError(
            f"The data file {path} can't be replaced: {error.strerror or error}.",
            "Check who owns the folder, its permissions, and the free space.",
        ) from error


def write_store(conn: sqlite3.Connection, path: Path) -> None:
    """Write a store that was made in memory to a new file, all of it, down to the disk.

    Raises:
        OSError, sqlite3.DatabaseError: it can't be written.
    """
    path.unlink(missing_ok=True)
    target = sqlite3.connect(path)
    try:
        conn.backup(target)
    finally:
        target.close()
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def replace_store(path: Path, repaired: Path) -> Path:
    """Put a repaired file in the place of a damaged one, which is kept beside it with its log.

    The damaged file has its new name before the old one is touched, so nothing is lost whenever this is cut short.

    Returns:
        Where the damaged file is now.
    """
    aside = _free_name(path)
    for suffix in ("", WAL, SHM):
        old = path.with_name(path.name + suffix)
        if old.exists():
            _link(old, aside.with_name(aside.name + suffix))
    for suffix in (WAL, SHM):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    repaired.replace(path)
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return aside


def kept_aside(path: Path) -> list[Path]:
    """The damaged files that earlier repairs kept."""
    found = path.parent.glob(f"{path.name}{DAMAGED}*")
    return sorted(p for p in found if not p.name.endswith((WAL, SHM)))


def _free_name(path: Path) -> Path:
    first = path.with_name(f"{path.name}{DAMAGED}{time.strftime('%Y-%m-%d')}")
    name, number = first, 1
    while name.exists():
        number += 1
        name = first.with_name(f"{first.name}-{number}")
    return name


def _link(old: Path, new: Path) -> None:
    try:
        os.link(old, new)
    except OSError:
        # Some disks know no second names.
        shutil.copyfile(old, new)


def _is_in_use(path: Path) -> bool:
    with suppress(FileNotFoundError, PermissionError), path.open("r+b") as file:
        return not _take(file.fileno())
    return False


def _take(descriptor: int) -> bool:
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, _LOCK_BYTES, _LOCK_START)
    except (BlockingIOError, PermissionError):
        return False
    return True


def _serialized(path: Path) -> bytes | None:
    """What SQLite sees while another process has the file open; None if it can't make sense of it."""
    try:
        conn = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
        try:
            conn.execute("BEGIN")
            conn.execute("SELECT count(*) FROM sqlite_master").fetchone()
            return conn.serialize()
        finally:
            conn.close()
    except sqlite3.DatabaseError:
        return None
