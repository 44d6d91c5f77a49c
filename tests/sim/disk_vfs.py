"""The one VFS of the process: it leads SQLite's file calls to the simulated disk that the path names.

It is apsw's default VFS as well, because SQLite seeds its generator of random numbers, which salts each WAL, from
the default one alone. apsw brings its own SQLite: Python's `sqlite3` module sees nothing of it.
"""

from functools import cache
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

import apsw

from tests.sim.disk_files import SimFile

if TYPE_CHECKING:
    from tests.sim.disk import Disk

VFS_NAME = "simulated-disks"
DISKS: "WeakValueDictionary[str, Disk]" = WeakValueDictionary()
"""All disks of the process by the number that their paths begin with."""


class SimVfs(apsw.VFS):
    """Paths are <number of the disk>/<name of the file>."""

    def __init__(self) -> None:
        super().__init__(VFS_NAME, base="", makedefault=True)
        self._seed = bytes(44)

    def seed(self, seed: bytes) -> None:
        """Let SQLite's random numbers follow from a seed, from now on."""
        self._seed = seed
        apsw.randomness(0)

    def xRandomness(self, numbytes: int) -> bytes:
        return (self._seed * (numbytes // len(self._seed) + 1))[:numbytes]

    def xFullPathname(self, name: str) -> str:
        return name

    def xAccess(self, pathname: str, flags: int) -> bool:
        disk, name = _split(pathname)
        return name in disk.files

    def xOpen(self, name: "str | apsw.URIFilename | None", flags: list[int]) -> SimFile:
        flags[1] = flags[0]
        if name is None:
            raise apsw.exception_for(apsw.SQLITE_CANTOPEN)
        disk, file = _split(name if isinstance(name, str) else name.filename())
        return disk.files.get(file) or disk.create(file)

    def xDelete(self, filename: str, syncdir: bool) -> None:
        disk, name = _split(filename)
        if name not in disk.files:
            raise apsw.exception_for(apsw.SQLITE_IOERR_DELETE_NOENT)
        disk.delete(name, syncdir)


@cache
def vfs() -> SimVfs:
    """The process's VFS, registered when it is first asked for."""
    return SimVfs()


def _split(path: str) -> "tuple[Disk, str]":
    number, _, name = path.partition("/")
    return DISKS[number], name
