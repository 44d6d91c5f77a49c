"""What stands on the command line about plans: an error in it is one of usage, not of a file."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from p2pcouncil.cli.errors import UsageError
from p2pcouncil.plan_files.unit_file import Line
from p2pcouncil.plan_files.words import lines_of_words as read_words
from p2pcouncil.text_files.errors import TextFileError


def lines_of_words(words: Sequence[str], kind: str) -> tuple[Line, ...]:
    """Read words like ``bread=400`` or ``bread=300@oven``.

    Raises:
        UsageError: one of them says no amount.
    """
    with reading_words():
        return read_words(words, kind)


@contextmanager
def reading_words() -> Iterator[None]:
    """Turn what is wrong with words into an error of usage."""
    try:
        yield
    except TextFileError as error:
        raise UsageError(str(error), error.hint) from error
