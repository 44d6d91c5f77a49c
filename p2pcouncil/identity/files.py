"""Small secret files, written whole or not at all, and read by their owner alone."""

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from crdt.errors import LocalError

FILE_BYTES_MAX = 65_536
DIRECTORY_MODE = 0o700


def make_private_directory(directory: Path) -> None:
    """Make a directory, or close an existing one, so that only its owner can enter.

    Raises:
        LocalError: it can't be made.
    """
    try:
        directory.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
        directory.chmod(DIRECTORY_MODE)
    except OSError as error:
        raise _refused("make the directory", directory, error) from error


def write_new_file(path: Path, content: bytes) -> None:
    """Write a file that must not exist yet; afterwards it is on disk, or not there at all.

    The content goes to a temporary file first and is linked to its name at the end: unlike a rename, a link
    fails if another process was faster, so a key is never overwritten.

    Args:
        path: where to; its directory exists.
        content: all of it.

    Raises:
        LocalError: it exists already, or can't be written.
    """
    try:
        # mkstemp picks a name that nobody else has and opens it for its owner alone.
        descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise _refused("write", path, error) from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, path)
        try:
            _sync_directory(path.parent)
        except OSError:
            path.unlink()
            raise
    except FileExistsError:
        raise LocalError(
            f"{path} exists already.",
            "An identity is never overwritten; use another home, or move the file away.",
        ) from None
    except OSError as error:
        raise _refused("write", path, error) from error
    finally:
        with suppress(OSError):
            os.unlink(temporary)


def read_private_file(path: Path) -> bytes:
    """Read a file that nobody else may read.

    Args:
        path: of a regular file of at most 64 KiB.

    Returns:
        Its content.

    Raises:
        LocalError: it is missing, unreadable, too large, or open to other users.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
                raise LocalError(
                    f"Other users of this computer can read {path}.",
                    f"Run: chmod 600 '{path}'. If somebody may have copied it, disown this device.",
                )
            content = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise _refused("read", path, error) from error
    if len(content) > FILE_BYTES_MAX:
        raise LocalError(f"{path} is too large for a key file.", "Restore it from a backup.")
    return content


def _sync_directory(directory: Path) -> None:
    """Make a new name survive a power cut, where directories can be synced at all."""
    if os.name != "posix":
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _refused(what: str, path: Path, error: OSError) -> LocalError:
    reason = (error.strerror or str(error)).lower()
    return LocalError(
        f"Could not {what} {path}: {reason}.",
        "Check who owns the directory, its permissions and the free space, or choose another home.",
    )
