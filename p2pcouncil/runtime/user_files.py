"""Files that a person reads and writes by name: tables, terms. What stands there already is not lost by a slip."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crdt.errors import LocalError
from p2pcouncil.domain.plain_text import clean_line
from p2pcouncil.peer.session import FileThereError

PATH_CELLS = 120
_WHERE = "Say where it is; ~ stands for your home folder."


def read_user_file(path: Path, bytes_max: int) -> bytes:
    """A file's bytes, and at most one more than can be used, so that too many show.

    Raises:
        LocalError: there is no such file, or it can't be read.
    """
    try:
        with path.expanduser().open("rb") as stream:
            return stream.read(bytes_max + 1)
    except (OSError, RuntimeError, ValueError) as error:
        raise LocalError(f"The file {_shown(path)} can't be read: {_why(error)}.", _WHERE) from error


def write_user_file(path: Path, content: bytes, *, replace: bool) -> Path:
    """Write a file in whole; when that fails, what stood there stays.

    Args:
        path: where to; a leading ~ stands for the home folder.
        content: all of it.
        replace: whether a file that is there may go.

    Returns:
        Where it is now, from the root.

    Raises:
        FileThereError: there is one of that name, and it may not go.
        LocalError: it can't be written, or something else than a file has that name: a folder, a device.
    """
    try:
        target = path.expanduser().resolve()
        if target.exists() and not target.is_file():
            raise LocalError(
                f"There is something named {_shown(path)} that is no file.", "Give another name."
            )
        # Written beside it first: a full disk or a power cut leaves the old file as it was.
        begun = target.with_name(f".{target.name}.new") if replace else target
        with begun.open("wb" if replace else "xb") as stream, _whole_or_gone(begun):
            stream.write(content)
            stream.flush()
            if replace:
                begun.replace(target)
    except FileExistsError as error:
        raise FileThereError(_shown(path)) from error
    except (OSError, RuntimeError, ValueError) as error:
        raise LocalError(
            f"The file {_shown(path)} can't be written: {_why(error)}.",
            "Give a name in a folder that is there and yours; ~ stands for your home folder.",
        ) from error
    return target


@contextmanager
def _whole_or_gone(begun: Path) -> Iterator[None]:
    """Leave no half of a file, which would be taken for the whole, or stand in the way of the next attempt."""
    try:
        yield
    except OSError:
        begun.unlink(missing_ok=True)
        raise


def _shown(path: Path) -> str:
    return clean_line(str(path), PATH_CELLS)


def _why(error: Exception) -> str:
    """What the system says, without its number; of a name that no file can have, what Python says."""
    return clean_line(getattr(error, "strerror", None) or str(error), PATH_CELLS).removesuffix(".")
