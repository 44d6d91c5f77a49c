"""Which format a file is in: its name's ending says so, and without a telling one its first line."""

from p2pcouncil.ballot_files.ballots import BallotFile
from p2pcouncil.ballot_files.pabulib import looks_like_pabulib, read_pabulib
from p2pcouncil.ballot_files.preflib import ORDER_TYPES, looks_like_preflib, read_preflib
from p2pcouncil.ballot_files.table import read_table
from p2pcouncil.text_files.lines import Bounds, lines_of

BOUNDS = Bounds(
    file_bytes=64 * 1024 * 1024,
    lines=3_000_000,
    line_chars=20_000,
    smaller="Write equal ballots as one line with their number, or count it in parts.",
    shorter="Write each ballot on its own line.",
)
"""A line has room for 64 options of 200 characters each."""


def read_ballots(data: bytes, name: str = "") -> BallotFile:
    """Read a ballot file.

    Args:
        data: the whole file.
        name: the file's name, if it has one.

    Returns:
        Its ballots, equal ones together.

    Raises:
        TextFileError: what is wrong, where, and what to do.
    """
    lines = lines_of(data, BOUNDS)
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    if ending in ORDER_TYPES:
        return read_preflib(lines, ending)
    if ending == "pb":
        return read_pabulib(lines)
    if ending not in ("csv", "tsv"):
        if looks_like_preflib(lines):
            return read_preflib(lines)
        if looks_like_pabulib(lines):
            return read_pabulib(lines)
    return read_table(lines)
