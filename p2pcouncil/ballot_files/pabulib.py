"""Pabulib's participatory budgets: ``.pb``, three sections (META, PROJECTS, VOTES) of cells between semicolons.

Votes are approvals (``approval``, ``choose-1``), orders (``ordinal``) or points (``scoring``, ``cumulative``). Amounts
are read exactly. What META declares about projects and votes is held against what stands in the file.

Source: https://pabulib.org/format and Faliszewski et al., "Participatory Budgeting: Data, Tools, and Analysis",
IJCAI 2023.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from p2pcouncil.ballot_files.amounts import read_amount
from p2pcouncil.ballot_files.ballots import (
    Approvals,
    BallotFile,
    Gathering,
    Marks,
    Points,
    Ranking,
    check_options,
)
from p2pcouncil.domain.tally.method import OPTION_CHARS_MAX, OPTIONS_MAX
from p2pcouncil.text_files.errors import TextFileError
from p2pcouncil.text_files.lines import quoted, split_cells, whole_number

SECTIONS = ("META", "PROJECTS", "VOTES")
NEEDED = {"META": ("key", "value"), "PROJECTS": ("project_id", "cost"), "VOTES": ("voter_id", "vote")}
VOTE_TYPES = ("approval", "choose-1", "ordinal", "scoring", "cumulative")
_DELIMITER = ";"


@dataclass(slots=True)
class _Section:
    """The columns of a section, by name, and its rows with their lines."""

    line: int
    columns: dict[str, int] = field(default_factory=dict)
    rows: list[tuple[int, list[str]]] = field(default_factory=list)


def looks_like_pabulib(lines: Sequence[str]) -> bool:
    """Whether a text without a telling name is Pabulib's: it begins with META."""
    first = next((line for line in lines if line.strip()), "")
    return first.strip().rstrip(_DELIMITER).upper() == SECTIONS[0]


def read_pabulib(lines: Sequence[str]) -> BallotFile:
    """Read a participatory budget.

    Args:
        lines: of the file.

    Returns:
        Approvals, orders or points, with costs and budget.

    Raises:
        TextFileError: what is wrong, and in which line.
    """
    sections = _sections(lines)
    meta = _meta(sections["META"])
    vote_type, type_line = _told(meta, "vote_type", sections["META"])
    if vote_type not in VOTE_TYPES:
        raise TextFileError(
            f"The vote type {quoted(vote_type)} is not known.",
            f"It must be one of {', '.join(VOTE_TYPES)}.",
            type_line,
        )
    budget_text, budget_line = _told(meta, "budget", sections["META"])
    budget = read_amount(budget_text, "The budget", budget_line)
    projects = sections["PROJECTS"]
    _check_number(meta, "num_projects", len(projects.rows))
    options, index = _projects(projects)
    cost_column = projects.columns["cost"]
    costs = tuple(
        read_amount(cells[cost_column], "The cost", line, cost_column + 1) for line, cells in projects.rows
    )
    ballots = _votes(sections["VOTES"], vote_type, index)
    _check_number(meta, "num_votes", ballots.total)
    notes = tuple(_notes(meta, ballots))
    return BallotFile(
        f"Pabulib {vote_type}", options, ballots.groups(), costs=costs, budget=budget, notes=notes
    )


def _sections(lines: Sequence[str]) -> dict[str, _Section]:
    found: dict[str, _Section] = {}
    current: _Section | None = None
    name = ""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        cells = split_cells(line, _DELIMITER, number)
        if cells[0].upper() in SECTIONS and not any(cells[1:]):
            name = cells[0].upper()
            if name in found:
                raise TextFileError(f"There is a second section {name}.", "Delete one of them.", number)
            # Of META the columns are known, and older files don't name them.
            columns = {"key": 0, "value": 1} if name == "META" else {}
            current = found[name] = _Section(number, columns)
        elif current is None:
            raise TextFileError("The file does not begin with META.", "Put the line META on top.", number)
        elif not current.columns:
            _read_columns(cells, number, name, current)
        else:
            current.rows.append((number, _fitted(cells, number, name, current)))
    for name in SECTIONS:
        if name not in found or not found[name].columns:
            raise TextFileError(
                f"The section {name} is missing, or has no line with its columns.",
                f"It needs the line {name}, and below it at least the columns {';'.join(NEEDED[name])}.",
                found[name].line if name in found else len(lines),
            )
    return found


def _read_columns(cells: list[str], number: int, name: str, section: _Section) -> None:
    for column, cell in enumerate(cells):
        key = cell.lower()
        if key and key in section.columns:
            raise TextFileError(
                f"The column {quoted(cell)} is there twice.", "Delete or rename one.", number, column + 1
            )
        section.columns[key] = column
    missing = [key for key in NEEDED[name] if key not in section.columns]
    if missing:
        raise TextFileError(
            f"The section {name} has no column {missing[0]}.",
            f"Below {name} come its columns: {';'.join(NEEDED[name])}, and more if you like.",
            number,
        )


def _fitted(cells: list[str], number: int, name: str, section: _Section) -> list[str]:
    """A row with as many cells as there are columns."""
    width = max(section.columns.values()) + 1
    if name == "META":
        # A description may have semicolons inside.
        return [cells[0], _DELIMITER.join(cells[1:]).rstrip(_DELIMITER)]
    if len(cells) > width and not any(cells[width:]):
        return cells[:width]
    if len(cells) != width:
        raise TextFileError(
            f"There are {len(cells)} cells, and {name} has {width} columns.",
            "Write a cell for each, empty ones too; put text with a semicolon inside into quotation marks.",
            number,
        )
    return cells


def _meta(section: _Section) -> dict[str, tuple[str, int]]:
    meta: dict[str, tuple[str, int]] = {}
    for line, (key, value) in section.rows:
        key = key.lower()
        if (key, value.lower()) == ("key", "value"):
            continue
        if key in meta:
            raise TextFileError(
                f"{quoted(key)} is in line {meta[key][1]} already.", "Delete one of them.", line
            )
        meta[key] = (value, line)
    return meta


def _told(meta: dict[str, tuple[str, int]], key: str, section: _Section) -> tuple[str, int]:
    if key not in meta:
        raise TextFileError(f"META does not say {key}.", f"Add a line: {key};…", section.line)
    return meta[key]


def _check_number(meta: dict[str, tuple[str, int]], key: str, there: int) -> None:
    if key not in meta:
        return
    value, line = meta[key]
    if whole_number(value) != there:
        raise TextFileError(
            f"{key} says {quoted(value)}, and there are {there}.", "Correct whichever is wrong.", line
        )


def _projects(section: _Section) -> tuple[tuple[str, ...], dict[str, int]]:
    """The options' names, and their indexes by project id."""
    if len(section.rows) > OPTIONS_MAX:
        raise TextFileError(
            f"There are {len(section.rows)} projects; at most {OPTIONS_MAX} can be counted.",
            "Leave out what nobody chose, or vote in rounds.",
            section.rows[OPTIONS_MAX][0],
        )
    index: dict[str, int] = {}
    names = []
    id_column = section.columns["project_id"]
    name_column = section.columns.get("name", id_column)
    for line, cells in section.rows:
        project = cells[id_column]
        if not project or project in index:
            raise TextFileError(
                f"The project id {quoted(project)} is {'there already' if project else 'empty'}.",
                "Give each project an id of its own.",
                line,
                id_column + 1,
            )
        index[project] = len(index)
        # The id comes first: names repeat in these files, and some are longer than an option may be.
        name = f"{project} {cells[name_column]}" if cells[name_column] != project else project
        names.append(name if len(name) <= OPTION_CHARS_MAX else name[: OPTION_CHARS_MAX - 1] + "…")
    check_options(names, [line for line, _ in section.rows] or [section.line])
    return tuple(names), index


def _votes(section: _Section, vote_type: str, index: dict[str, int]) -> Gathering:
    ballots = Gathering()
    voters: dict[str, int] = {}
    known: dict[tuple[str, str], Marks] = {}
    vote_column = section.columns["vote"]
    voter_column = section.columns["voter_id"]
    points_column = section.columns.get("points")
    has_points = vote_type in ("scoring", "cumulative")
    if has_points and points_column is None:
        raise TextFileError(
            f"A {vote_type} vote needs the column points.",
            "Add it to the columns below VOTES.",
            section.line + 1,
        )
    for line, cells in section.rows:
        before = voters.setdefault(cells[voter_column], line)
        if before != line:
            raise TextFileError(
                f"The voter {quoted(cells[voter_column])} stands in line {before} already.",
                "Keep one of the two votes.",
                line,
                voter_column + 1,
            )
        points = cells[points_column] if has_points and points_column is not None else ""
        key = (cells[vote_column], points)
        marks = known.get(key)
        if marks is None:
            chosen = _chosen(cells[vote_column], index, line, vote_column + 1)
            if vote_type == "ordinal":
                marks = Ranking(tuple((option,) for option in chosen))
            elif has_points:
                marks = _points(points, chosen, line, points_column or 0)
            else:
                marks = Approvals(tuple(sorted(chosen)))
            known[key] = marks
        ballots.add(marks, 1, line)
    return ballots


def _chosen(text: str, index: dict[str, int], line: int, column: int) -> list[int]:
    chosen: list[int] = []
    for part in text.split(",") if text else ():
        option = index.get(part.strip(), -1)
        if option < 0 or option in chosen:
            why = "named twice" if option >= 0 else "not among PROJECTS"
            raise TextFileError(
                f"The project {quoted(part.strip())} is {why}.", "Correct the vote.", line, column
            )
        chosen.append(option)
    return chosen


def _points(text: str, chosen: list[int], line: int, column: int) -> Points:
    parts = [part.strip() for part in text.split(",")] if text else []
    values = [whole_number(part) for part in parts]
    if len(values) != len(chosen) or min(values, default=0) < 0:
        raise TextFileError(
            f"The points {quoted(text)} don't fit {len(chosen)} chosen projects.",
            "Give a whole number of points for each of them, in the same order.",
            line,
            column + 1,
        )
    return Points(tuple(sorted(zip(chosen, values, strict=True))))


def _notes(meta: dict[str, tuple[str, int]], ballots: Gathering) -> list[str]:
    notes = []
    if "rule" in meta:
        notes.append(
            f"The file names the rule {quoted(meta['rule'][0])}; what counts here is the method above."
        )
    most = whole_number(meta["max_length"][0]) if "max_length" in meta else -1
    least = whole_number(meta["min_length"][0]) if "min_length" in meta else -1
    outside = sum(
        group.times
        for group in ballots.groups()
        if (most >= 0 and _length(group.marks) > most) or _length(group.marks) < least
    )
    if outside:
        notes.append(
            f"{outside:,} of the ballots choose fewer or more projects than the file allows; they are counted as "
            "they stand."
        )
    return notes


def _length(marks: Marks) -> int:
    match marks:
        case Approvals(options):
            return len(options)
        case Ranking(tiers):
            return len(tiers)
        case Points(given):
            return len(given)
        case _:
            return 0
