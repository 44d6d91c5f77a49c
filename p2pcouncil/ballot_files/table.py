"""The plain table: a spreadsheet saved as CSV, with a column per option and a line per ballot.

====================  ===============================================================================
first line            the options' names; under yes/no the one word ``vote``
column ``count``      if there is one: how many ballots say the same as this line
column ``ballot``     or this one: the number written on the paper, to find it again
line ``cost``         under the word in one of these two columns: what each option costs
cell ``blank``        in a line by itself: a blank ballot
cell ``invalid``      in a line by itself: a spoilt ballot, reported and not counted
====================  ===============================================================================

Cells are separated by commas, semicolons or tabs, whichever the first line uses. Lines that begin with # are remarks.
`docs/counting.md` has an example for each method.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from p2pcouncil.ballot_files.amounts import read_amount
from p2pcouncil.ballot_files.ballots import BALLOTS_MAX, BallotFile, Cells, Gathering, check_options
from p2pcouncil.text_files.errors import TextFileError
from p2pcouncil.text_files.lines import delimiter_of, is_remark, quoted, split_cells, whole_number

VOTE = "vote"
COUNT = "count"
BALLOT = "ballot"
COST = "cost"
BLANK = "blank"
INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class _Head:
    """Which column is what; columns count from 0."""

    delimiter: str
    width: int
    options: tuple[str, ...]
    columns: tuple[int, ...]
    count: int | None
    ballot: int | None


def read_table(lines: Sequence[str]) -> BallotFile:
    """Read a table.

    Args:
        lines: of the file.

    Returns:
        What stands in its cells; their meaning is the method's.

    Raises:
        TextFileError: what is wrong, and in which line.
    """
    start = next((n for n, line in enumerate(lines, 1) if not is_remark(line)), None)
    if start is None:
        raise TextFileError(
            "There is nothing in the file.", "`p2pcouncil count --example ranked` prints one to begin with."
        )
    head = _read_head(lines[start - 1], start)
    ballots = Gathering()
    costs: tuple[Fraction, ...] = ()
    places: dict[str, int] = {}
    for number, line in enumerate(lines[start:], start=start + 1):
        if is_remark(line):
            continue
        cells = _cells(line, number, head)
        if _is_cost(cells, head):
            if costs:
                raise TextFileError(
                    "The costs stand in an earlier line already.", "Delete one of them.", number
                )
            costs = tuple(read_amount(cells[c], "The cost", number, c + 1) for c in head.columns)
            continue
        times = _times(cells, number, head)
        if head.ballot is not None:
            _check_place(cells[head.ballot], number, head.ballot, places)
        # A million ballots say the same few things: kept once each, they take a tenth of the room.
        texts = tuple(sys.intern(cells[c].casefold()) for c in head.columns)
        words = [text for text in texts if text]
        if words == [INVALID]:
            ballots.add_invalid(times, number)
        elif words == [BLANK]:
            ballots.add(Cells(("",) * len(texts)), times, number)
        elif words:
            ballots.add(Cells(texts), times, number)
        else:
            raise TextFileError(
                "There is no mark in this line; it may be a blank ballot, or one that was forgotten.",
                f"Write {BLANK} into one of its cells, or delete the line.",
                number,
            )
    return BallotFile(
        "CSV", head.options, ballots.groups(), ballots.invalid, tuple(c + 1 for c in head.columns), costs
    )


def _read_head(line: str, number: int) -> _Head:
    delimiter = delimiter_of(line)
    cells = split_cells(line, delimiter, number)
    while cells and not cells[-1]:
        cells.pop()
    special: dict[str, int] = {}
    columns = []
    for column, cell in enumerate(cells):
        word = cell.casefold()
        if word not in (COUNT, BALLOT):
            columns.append(column)
        elif special:
            raise TextFileError(
                f"There are the columns {quoted(cells[next(iter(special.values()))])} and {quoted(cell)}.",
                f"Have one of {COUNT} and {BALLOT}, once: equal ballots together, or each by its number.",
                number,
                column + 1,
            )
        else:
            special[word] = column
    options = tuple(cells[column] for column in columns)
    if [name.casefold() for name in options] == [VOTE]:
        options = (VOTE,)
    else:
        if options and all(whole_number(name) >= 0 or name.casefold() in ("", "x") for name in options):
            raise TextFileError(
                "The first line should name the options, and looks like a ballot.",
                "Put a line with the names on top: count,Rye,Wheat,Spelt",
                number,
            )
        check_options(options, [number] * len(options), [column + 1 for column in columns])
    return _Head(delimiter, len(cells), options, tuple(columns), special.get(COUNT), special.get(BALLOT))


def _cells(line: str, number: int, head: _Head) -> list[str]:
    cells = split_cells(line, head.delimiter, number)
    if len(cells) > head.width and not any(cells[head.width :]):
        del cells[head.width :]
    if len(cells) != head.width:
        raise TextFileError(
            f"There are {len(cells)} cells, and the first line has {head.width}.",
            "Write a cell for each, empty ones too; put names with a comma inside into quotation marks.",
            number,
        )
    return cells


def _is_cost(cells: list[str], head: _Head) -> bool:
    column = head.count if head.count is not None else head.ballot
    return column is not None and cells[column].casefold() == COST


def _times(cells: list[str], number: int, head: _Head) -> int:
    if head.count is None:
        return 1
    times = whole_number(cells[head.count])
    if not 1 <= times <= BALLOTS_MAX:
        raise TextFileError(
            f"{quoted(cells[head.count])} is no number of ballots.",
            f"Give a whole number from 1 to {BALLOTS_MAX:,}, in digits only.",
            number,
            head.count + 1,
        )
    return times


def _check_place(place: str, number: int, column: int, places: dict[str, int]) -> None:
    """Each paper is typed in once."""
    if not place:
        raise TextFileError(
            "The ballot has no number.", "Give the number that is on the paper.", number, column + 1
        )
    before = places.setdefault(place, number)
    if before != number:
        raise TextFileError(
            f"The ballot {quoted(place)} stands in line {before} already.",
            "Compare with the paper, and delete or correct one of them.",
            number,
            column + 1,
        )
