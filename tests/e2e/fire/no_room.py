"""A disk without room, for this process: SQLite's own writes fail as the kernel's would, with ENOSPC.

SQLite lets its system calls be exchanged (`xSetSystemCall` of its VFS), in the very library that Python's `sqlite3`
has loaded. So the store runs unchanged, needs no root and no compiler, and meets what a full disk does: what is
allocated can be written again, a file can't grow, and the write that meets the end is cut short.
"""

import ctypes
import errno
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_CALLS = (b"pwrite", b"pwrite64")
"""Of one shape; a SQLite built without them is found out by `can_fill`."""
_WRITE = ctypes.CFUNCTYPE(
    ctypes.c_ssize_t, ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int64, use_errno=True
)
_SET_CALL = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)


class _Vfs(ctypes.Structure):
    """`sqlite3_vfs`, version 3: what stands before `xSetSystemCall` is of no interest here."""

    _fields_ = (
        ("version", ctypes.c_int),
        ("os_file_bytes", ctypes.c_int),
        ("max_pathname", ctypes.c_int),
        ("next", ctypes.c_void_p),
        ("name", ctypes.c_char_p),
        ("app_data", ctypes.c_void_p),
        ("functions", ctypes.c_void_p * 12),
        ("current_time_int64", ctypes.c_void_p),
        ("set_system_call", _SET_CALL),
    )


class Disk:
    """The disk of this process, as SQLite sees it."""

    def __init__(self) -> None:
        """Find SQLite.

        Raises:
            OSError: it is not a library that can be reached from here.
        """
        self._room_bytes = 0
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._libc.pwrite.restype = ctypes.c_ssize_t
        self._libc.pwrite.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int64)
        library = ctypes.CDLL("libsqlite3.so.0")
        library.sqlite3_vfs_find.restype = ctypes.POINTER(_Vfs)
        library.sqlite3_vfs_find.argtypes = (ctypes.c_char_p,)
        self._vfs = library.sqlite3_vfs_find(None)
        self._write = _WRITE(self._pwrite)

    def fill(self, room_bytes: int) -> None:
        """Let files grow by so many bytes in all from now on, and no further."""
        self._room_bytes = room_bytes
        self._set(ctypes.cast(self._write, ctypes.c_void_p).value)

    def make_room(self) -> None:
        """Let files grow again."""
        self._set(None)

    def _set(self, function: int | None) -> None:
        for name in _CALLS:
            self._vfs.contents.set_system_call(ctypes.addressof(self._vfs.contents), name, function)

    def _pwrite(self, descriptor: int, data: int, count: int, offset: int) -> int:
        end = os.fstat(descriptor).st_size
        growth = max(0, offset + count - max(end, offset))
        fits = count - max(0, growth - self._room_bytes)
        if fits <= 0:
            ctypes.set_errno(errno.ENOSPC)
            return -1
        self._room_bytes -= min(growth, self._room_bytes)
        return int(self._libc.pwrite(descriptor, data, fits, offset))


def can_fill() -> bool:
    """Whether a full disk can be made here: tried, for Python may carry a SQLite of its own."""
    try:
        disk = Disk()
    except OSError:
        return False
    with _scratch() as conn:
        disk.fill(0)
        try:
            conn.execute("CREATE TABLE t AS SELECT randomblob(100000)")
        except sqlite3.OperationalError as error:
            return error.sqlite_errorcode == sqlite3.SQLITE_FULL
        finally:
            disk.make_room()
    return False


@contextmanager
def _scratch() -> Iterator[sqlite3.Connection]:
    with tempfile.TemporaryDirectory(prefix="p2pcouncil-fire-") as folder:
        conn = sqlite3.connect(Path(folder) / "scratch.sqlite", isolation_level=None)
        try:
            yield conn
        finally:
            conn.close()
