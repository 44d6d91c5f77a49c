"""A file on a simulated disk: what SQLite sees of it, and what a loss of power may do to what is not synced.

SQLite's assumptions are kept, and used to the full (https://sqlite.org/atomiccommit.html, sections 2 and 9): what
was synced is safe; of the rest any part may be missing, whatever the order it was written in; a write may stop at
any sector, and touches no byte beside its own ("powersafe overwrite").
"""

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import apsw

if TYPE_CHECKING:
    from tests.sim.disk import Disk

SECTOR_BYTES = 512
PAGE_BYTES = 4096
WAL_SUFFIX = "-wal"
_KEPT_PERCENT = (0, 20, 50, 80, 95, 100)
_TORN_PERCENT = (0, 5, 30)


class Change(NamedTuple):
    """A write, or a truncation, that no sync has made safe yet; with what it takes to undo it.

    Attributes:
        offset: where it was written; for a truncation, the new size.
        data: what was written; None for a truncation.
        old: the bytes that stood in its place.
        old_size: of the file.
    """

    offset: int
    data: bytes | None
    old: bytes | bytearray
    old_size: int


@dataclass(slots=True)
class Losses:
    """What a loss of power did to unsynced changes."""

    changes: int = 0
    lost: int = 0
    torn: int = 0
    garbled: int = 0


class SimFile:
    """A file as apsw calls it. Its `data` is what SQLite sees; undoing all of `pending` gives what is safe."""

    __slots__ = ("data", "disk", "is_new", "name", "pending")

    def __init__(self, disk: "Disk", name: str, data: bytes = b"") -> None:
        self.disk = disk
        self.name = name
        self.data = bytearray(data)
        self.pending: list[Change] = []
        self.is_new = not data

    def xRead(self, amount: int, offset: int) -> bytearray:
        return self.data[offset : offset + amount]

    def xWrite(self, data: bytes, offset: int) -> None:
        disk, held = self.disk, self.data
        disk.fuse -= 1
        if disk.fuse < 0:
            disk.die(apsw.SQLITE_IOERR_WRITE)
        size, end = len(held), offset + len(data)
        if end > size:
            if disk.is_full or end - size > disk.room_bytes:
                full = apsw.exception_for(apsw.SQLITE_FULL)
                full.args = ("database or disk is full",)
                raise full
            disk.room_bytes -= end - size
        self.pending.append(Change(offset, data, held[offset:end], size))
        if offset > size:
            held.extend(bytes(offset - size))
        held[offset:end] = data
        disk.writes += 1
        if not disk.fuse:
            disk.die(apsw.SQLITE_IOERR_WRITE)

    def xTruncate(self, size: int) -> None:
        disk, held = self.disk, self.data
        disk.fuse -= 1
        if disk.fuse < 0:
            disk.die(apsw.SQLITE_IOERR_TRUNCATE)
        assert size <= len(held), "SQLite lengthens a file by a truncation only where it was told to"
        self.pending.append(Change(size, None, held[size:], len(held)))
        disk.room_bytes += len(held) - size
        del held[size:]
        disk.writes += 1
        if not disk.fuse:
            disk.die(apsw.SQLITE_IOERR_TRUNCATE)

    def xSync(self, flags: int) -> None:
        disk = self.disk
        disk.fuse -= 1
        if disk.fuse <= 0:
            disk.die(apsw.SQLITE_IOERR_FSYNC)
        disk.syncs += 1
        if disk.lies:
            return
        self.pending.clear()
        if self.is_new:
            # SQLite on Unix syncs the folder with the first sync of a journal that it made.
            disk.sync_folder()

    def xFileSize(self) -> int:
        return len(self.data)

    def xFileControl(self, op: int, pointer: int) -> bool:
        return False

    def xDeviceCharacteristics(self) -> int:
        return apsw.SQLITE_IOCAP_POWERSAFE_OVERWRITE

    def xSectorSize(self) -> int:
        return PAGE_BYTES

    def xCheckReservedLock(self) -> bool:
        return False

    def xLock(self, level: int) -> None:
        """Nobody else is there."""

    def xUnlock(self, level: int) -> None:
        """Nobody else is there."""

    def xClose(self) -> None:
        """The file stays on the disk."""

    def lose_power(self, rng: random.Random, losses: Losses) -> None:
        """Let chance decide what became of the changes since the last sync; what is left is safe."""
        changes, self.pending, self.is_new = self.pending, [], False
        for change in reversed(changes):
            self._undo(change)
        losses.changes += len(changes)
        kept_percent, torn_percent = rng.choice(_KEPT_PERCENT), rng.choice(_TORN_PERCENT)
        # As often as not, the disk was done with all that came before some write.
        first_at_risk = rng.randrange(len(changes) + 1) if changes and rng.random() < 0.5 else 0
        for change in changes[:first_at_risk]:
            self._redo(change)
        for change in changes[first_at_risk:]:
            if rng.randrange(100) >= kept_percent:
                losses.lost += 1
                self._maybe_grow(change, rng)
            elif change.data and rng.randrange(100) < torn_percent:
                losses.torn += 1
                self._tear(change.offset, change.data, rng, losses)
            else:
                self._redo(change)

    def _undo(self, change: Change) -> None:
        if change.data is None:
            self.data.extend(change.old)
        else:
            self.data[change.offset : change.offset + len(change.old)] = change.old
            del self.data[change.old_size :]

    def _redo(self, change: Change) -> None:
        if change.data is None:
            del self.data[change.offset :]
        else:
            self._put(change.offset, change.data)

    def _put(self, offset: int, data: bytes) -> None:
        if offset > len(self.data):
            self.data.extend(bytes(offset - len(self.data)))
        self.data[offset : offset + len(data)] = data

    def _maybe_grow(self, change: Change, rng: random.Random) -> None:
        """A write may be lost although the file grew for it."""
        if change.data is not None and rng.random() < 0.25:
            end = change.offset + len(change.data)
            self.data.extend(bytes(max(0, end - len(self.data))))

    def _tear(self, offset: int, data: bytes, rng: random.Random, losses: Losses) -> None:
        """Keep the first sectors of a write; in the WAL, whose checksums see it, the next may hold anything."""
        end = offset + len(data)
        first = (offset // SECTOR_BYTES + 1) * SECTOR_BYTES
        cut = rng.choice((offset, *range(first, end, SECTOR_BYTES)))
        self._put(offset, data[: cut - offset])
        if self.name.endswith(WAL_SUFFIX) and rng.random() < 0.5:
            losses.garbled += 1
            sector_end = (cut // SECTOR_BYTES + 1) * SECTOR_BYTES
            self._put(cut, rng.randbytes(min(end, sector_end) - cut))
