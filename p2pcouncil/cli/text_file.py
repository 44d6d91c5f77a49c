"""Files that a verb reads: no more of them than can be used, and errors that say which file, and where in it."""

import sys
from pathlib import Path

from p2pcouncil.cli.errors import CheckFailedError
from p2pcouncil.domain.plain_text import clean_line
from p2pcouncil.text_files.errors import TextFileError

NAME_CELLS = 40


def read_file(file: Path, bytes_max: int) -> bytes:
    """A file's bytes, or those of standard input, and at most one more than can be used, so that too many show."""
    if str(file) == "-":
        return sys.stdin.buffer.read(bytes_max + 1)
    with file.open("rb") as stream:
        return stream.read(bytes_max + 1)


def shown_name(name: str) -> str:
    """A file's name inside a sentence."""
    return "standard input" if name == "-" else clean_line(name, NAME_CELLS)


def located(file: Path, error: TextFileError) -> CheckFailedError:
    """An error in a file as it is told: with the file's name, and for scripts with its place."""
    name = "Standard input" if str(file) == "-" else shown_name(file.name)
    place = {"file": str(file), "line": error.line, "column": error.column}
    return CheckFailedError(f"{name}: {error}", error.hint, place)
