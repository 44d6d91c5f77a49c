"""A laptop's disk as SQLite sees it: in memory, seeded, and honest about what a loss of power may take.

It keeps SQLite's files beside what was not synced of them. `crash_after` kills the machine in the middle of a write,
`reboot` lets chance decide what of the unsynced writes is on the disk, and `open` has SQLite recover from that.
"""

import random
import sqlite3
from dataclasses import dataclass
from functools import cache
from itertools import count
from typing import NoReturn, cast
from weakref import ref

import apsw

from crdt.store.schema import prepare_store
from tests.sim.disk_connection import Crashed as Crashed
from tests.sim.disk_connection import DiskConnection
from tests.sim.disk_files import Losses, SimFile
from tests.sim.disk_vfs import DISKS, vfs

STORE = "store"
SQLITE_CHECKPOINT_PAGES = 1000
"""What SQLite does by itself, and the store leaves as it is."""
_NEVER = 1 << 62
_numbers = count()


@dataclass(frozen=True, slots=True)
class Image:
    """What a disk held at some time: a backup, or what a clone starts from."""

    files: tuple[tuple[str, bytes], ...]


class Disk:
    """One laptop's disk.

    Attributes:
        writes: writes, truncations and deletions so far.
        syncs: syncs so far, those of a lying disk included.
        crashes: how often the machine died.
        checkpoints_failed: checkpoints that found no room, or a dying machine.
        is_full: no file can grow.
        room_bytes: by how much the files can still grow in all.
        lies: syncs do nothing, as on a disk that only says that it wrote.
        is_dead: the machine died, and was not rebooted.
        losses: what the last reboot took; `describe` says it in words.
        fuse: the write or sync that brings this to 0 kills the machine; see `crash_after`.
    """

    def __init__(
        self, rng: random.Random, image: Image = Image(()), checkpoint_pages: int = SQLITE_CHECKPOINT_PAGES
    ) -> None:
        self.rng = rng
        self.checkpoint_pages = checkpoint_pages
        self.writes = self.syncs = self.crashes = self.checkpoints_failed = 0
        self.is_full = False
        self.room_bytes = _NEVER
        self.lies = False
        self.is_dead = False
        self.fuse = _NEVER
        self.files: dict[str, SimFile] = {}
        self._safe_files: dict[str, SimFile] = {}
        self._folder_changes: list[tuple[str, SimFile | None]] = []
        # Weak: SQLite's memory refers to the files and so to the disk, a circle that no collector sees.
        self._connection: ref[DiskConnection] | None = None
        self.losses = Losses()
        self._number = str(next(_numbers))
        DISKS[self._number] = self
        self._put(image)

    @classmethod
    def fresh(cls, rng: random.Random, checkpoint_pages: int = SQLITE_CHECKPOINT_PAGES) -> "Disk":
        """A disk with an empty store on it."""
        return cls(rng, _empty_store(), checkpoint_pages)

    @classmethod
    def from_image(cls, rng: random.Random, image: Image) -> "Disk":
        """A cloned laptop's disk."""
        return cls(rng, image)

    def open(self) -> sqlite3.Connection:
        """Open the store, as `open_store` does; SQLite recovers what a crash left.

        Raises:
            Crashed: the machine is dead, or dies of it.
            LocalError: as `open_store`.
        """
        if self.is_dead:
            raise Crashed
        assert self._opened() is None, "one connection at a time: close the other one first"
        vfs().seed(self.rng.randbytes(44))
        connection = DiskConnection(self, f"{self._number}/{STORE}")
        self._connection = ref(connection)
        conn = cast(sqlite3.Connection, connection)
        try:
            prepare_store(conn)
        except Exception:
            connection.close()
            raise
        return conn

    def crash_after(self, writes: int) -> None:
        """Let the machine die in the n-th write, truncation, deletion or sync from now, 1 being the next.

        The call of the store that it happens in raises `Crashed`, and so does every later one.
        """
        assert writes > 0
        self.fuse = writes

    def keep_alive(self) -> None:
        """Take back `crash_after`."""
        assert not self.is_dead
        self.fuse = _NEVER

    def crash(self) -> None:
        """Kill the machine now."""
        if not self.is_dead:
            self.is_dead = True
            self.fuse = 0
            self.crashes += 1
            connection = None if self._connection is None else self._connection()
            if connection is not None:
                # Also one that is being closed right now.
                connection.is_dead = True

    def reboot(self) -> None:
        """Let chance decide what is on the disk after the crash, and switch the machine on again."""
        assert self.is_dead, "the machine runs"
        self._drop()
        before_bytes = self._used_bytes()
        self.losses = Losses()
        changes = self._folder_changes
        for name, file in changes[: self.rng.randrange(len(changes) + 1)]:
            _apply(self._safe_files, name, file)
        self.files = dict(self._safe_files)
        self._folder_changes = []
        for file in self.files.values():
            file.lose_power(self.rng, self.losses)
        self.room_bytes += before_bytes - self._used_bytes()
        self.is_dead = False
        self.fuse = _NEVER

    def describe(self) -> str:
        """What the last reboot lost, in words."""
        losses = self.losses
        words = f"lost {losses.lost} of {losses.changes} unsynced writes"
        if losses.torn:
            words += f", {losses.torn} torn"
        if losses.garbled:
            words += f", {losses.garbled} of them with garbage"
        return words

    def snapshot(self) -> Image:
        """A consistent backup of all that is committed."""
        assert not self.is_dead, "reboot first: nobody knows what a dead disk holds"
        connection = self._opened()
        if connection is not None:
            return Image(((STORE, connection.serialize()),))
        return Image(tuple((name, bytes(file.data)) for name, file in sorted(self.files.items())))

    def restore(self, image: Image) -> None:
        """Put an old backup in place of what is there, safely synced; the program must be closed."""
        assert self._opened() is None, "close the connection first"
        assert not self.is_dead, "reboot first"
        before_bytes = self._used_bytes()
        self._put(image)
        self.room_bytes += before_bytes - self._used_bytes()

    def close(self) -> None:
        """Free what the process holds of this disk; it is not used any more."""
        self.crash()
        self._drop()
        self._put(Image(()))
        DISKS.pop(self._number, None)

    def die(self, code: int) -> NoReturn:
        """Kill the machine in the midst of a call of SQLite."""
        self.crash()
        raise apsw.exception_for(code)

    def create(self, name: str) -> SimFile:
        """Make an empty file; its name is safe after the next sync of the folder."""
        file = self.files[name] = SimFile(self, name)
        self._folder_changes.append((name, file))
        return file

    def delete(self, name: str, is_synced: bool) -> None:
        """Remove a file; a crash may bring it back unless the folder is synced."""
        self.fuse -= 1
        if self.fuse < 0:
            self.die(apsw.SQLITE_IOERR_DELETE)
        self.room_bytes += len(self.files.pop(name).data)
        self._folder_changes.append((name, None))
        self.writes += 1
        if not self.fuse:
            self.die(apsw.SQLITE_IOERR_DELETE)
        if is_synced and not self.lies:
            self.sync_folder()

    def sync_folder(self) -> None:
        """Make all creations and deletions of files safe."""
        self._folder_changes.clear()
        self._safe_files = dict(self.files)
        for file in self.files.values():
            file.is_new = False

    def _opened(self) -> DiskConnection | None:
        connection = None if self._connection is None else self._connection()
        return connection if connection is not None and connection.is_open else None

    def _drop(self) -> None:
        connection = self._opened()
        if connection is not None:
            connection.drop()

    def _put(self, image: Image) -> None:
        self.files = {name: SimFile(self, name, data) for name, data in image.files}
        self._folder_changes.clear()
        self.sync_folder()

    def _used_bytes(self) -> int:
        return sum(len(file.data) for file in self.files.values())


def _apply(files: dict[str, SimFile], name: str, file: SimFile | None) -> None:
    if file is None:
        files.pop(name, None)
    else:
        files[name] = file


@cache
def _empty_store() -> Image:
    disk = Disk(random.Random(0))
    disk.open().close()
    return disk.snapshot()
