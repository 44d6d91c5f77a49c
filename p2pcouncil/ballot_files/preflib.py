"""PrefLib's orders: ``.soc``, ``.soi``, ``.toc`` and ``.toi``, in the present form and in the one before 2022.

A ballot line is a number of voters and their order, best first, with equals in braces: ``12: 3,{1,2}``. What the file
declares about itself (alternatives, voters, different orders, completeness, ties) is held against what stands in it.

Source: https://preflib.github.io/PrefLib-Jekyll/format and Mattei and Walsh, "PrefLib: A Library for Preferences",
ADT 2013.
"""

import re
from dataclasses import dataclass, field

from p2pcouncil.ballot_files.ballots import BALLOTS_MAX, BallotFile, Gathering, Ranking, check_options
from p2pcouncil.domain.tally.method import OPTIONS_MAX
from p2pcouncil.text_files.errors import TextFileError
from p2pcouncil.text_files.lines import quoted, whole_number

ORDER_TYPES = {
    "soc": "complete orders without ties",
    "soi": "orders without ties",
    "toc": "complete orders",
    "toi": "orders",
}
_ALTERNATIVE = "ALTERNATIVE NAME "
_TELLING = ("FILE NAME", "TITLE", "DATA TYPE", "NUMBER ALTERNATIVES", "NUMBER VOTERS")
_TIER = re.compile(r"(?:([0-9]+)|\{([^{}]*)\})\s*(,|$)")


@dataclass(slots=True)
class _Declared:
    """A number that the file says about itself, and where."""

    value: int
    line: int


@dataclass(slots=True)
class _Reading:
    """What is known so far."""

    order_type: str = ""
    names: dict[int, tuple[str, int]] = field(default_factory=dict)
    alternatives: _Declared | None = None
    voters: _Declared | None = None
    orders: _Declared | None = None
    index: dict[str, tuple[int, ...]] = field(default_factory=dict)
    ballots: Gathering = field(default_factory=Gathering)


def looks_like_preflib(lines: list[str]) -> bool:
    """Whether a text without a telling name is PrefLib's: known metadata first, or the old form's bare number."""
    first = next((line.strip() for line in lines if line.strip()), "")
    return whole_number(first) >= 0 or (first.startswith("#") and _key_and_value(first)[0] in _TELLING)


def _key_and_value(line: str) -> tuple[str, str]:
    """A line of metadata, which looks like ``# KEY: value``."""
    key, _, value = line.lstrip("#").partition(":")
    return " ".join(key.upper().split()), value.strip()


def read_preflib(lines: list[str], order_type: str = "") -> BallotFile:
    """Read orders.

    Args:
        lines: of the file.
        order_type: ``soc``, ``soi``, ``toc`` or ``toi``, if the file's name says so.

    Returns:
        Rankings, with what the file declares checked.

    Raises:
        TextFileError: what is wrong, and in which line.
    """
    reading = _Reading(order_type)
    first = next((line.strip() for line in lines if line.strip()), "")
    is_old = whole_number(first) >= 0
    separator = "," if is_old else ":"
    start = _read_old_head(lines, reading) if is_old else _read_head(lines, reading)
    options = _options(reading)
    reading.index = {str(number): (number - 1,) for number in range(1, len(options) + 1)}
    for number, line in enumerate(lines[start:], start=start + 1):
        if not line.strip():
            continue
        if line.lstrip().startswith("#"):
            raise TextFileError(
                "Metadata stands below ballots.", "Put lines that begin with # first.", number
            )
        _read_ballot(line, number, separator, reading)
    _check_declared(reading)
    missing = [
        what
        for what, found in (("voters", reading.voters), ("different orders", reading.orders))
        if found is None
    ]
    notes = (f"The file does not declare how many {' and '.join(missing)} there are.",) if missing else ()
    layout = f"PrefLib {reading.order_type}" if reading.order_type else "PrefLib"
    return BallotFile(layout, options, reading.ballots.groups(), notes=notes)


def _read_head(lines: list[str], reading: _Reading) -> int:
    """Read the lines that begin with #; returns how many lines the head takes."""
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text:
            continue
        if not text.startswith("#"):
            return number - 1
        key, value = _key_and_value(text)
        if key.startswith(_ALTERNATIVE):
            _name(key.removeprefix(_ALTERNATIVE), value, number, reading)
        match key:
            case "DATA TYPE":
                _set_type(value.lower(), number, reading)
            case "NUMBER ALTERNATIVES":
                reading.alternatives = _declared(value, number, reading.alternatives)
            case "NUMBER VOTERS":
                reading.voters = _declared(value, number, reading.voters)
            case "NUMBER UNIQUE ORDERS":
                reading.orders = _declared(value, number, reading.orders)
            case _:
                pass  # What describes the file, or a remark.
    return len(lines)


def _read_old_head(lines: list[str], reading: _Reading) -> int:
    """Read the form of before 2022: a number, a line per alternative, and a line of three numbers."""
    rows = [(number, line.strip()) for number, line in enumerate(lines, 1) if line.strip()]
    reading.alternatives = _declared(rows[0][1], rows[0][0], None)
    size = reading.alternatives.value
    if size > OPTIONS_MAX:
        raise TextFileError(
            f"There are {size} alternatives; at most {OPTIONS_MAX} can be counted.",
            "Leave out what nobody chose.",
            rows[0][0],
        )
    if len(rows) < size + 2:
        raise TextFileError(
            f"The first line says {size} alternatives, and the file ends before they and the numbers are named.",
            "After the first line come one line per alternative (1,Name) and the line of three numbers.",
            rows[-1][0],
        )
    for number, text in rows[1 : size + 1]:
        which, _, name = text.partition(",")
        _name(which.strip(), name.strip(), number, reading)
    number, text = rows[size + 1]
    values = [whole_number(part.strip()) for part in text.split(",")]
    if len(values) != 3 or min(values) < 0:
        raise TextFileError(
            f"{quoted(text)} should be three numbers: voters, sum of counts, different orders.",
            "Check that the first line's number of alternatives fits the lines that name them.",
            number,
        )
    if values[0] != values[1]:
        raise TextFileError(
            f"{values[0]} voters and a sum of {values[1]} don't fit each other.",
            "Correct whichever is wrong.",
            number,
        )
    reading.voters = _Declared(values[0], number)
    reading.orders = _Declared(values[2], number)
    return number


def _set_type(value: str, line: int, reading: _Reading) -> None:
    if value not in ORDER_TYPES:
        raise TextFileError(
            f"The data type {quoted(value)} is not one of soc, soi, toc and toi.",
            "Only orders can be counted; take one of the data set's files with such an ending.",
            line,
        )
    if reading.order_type not in ("", value):
        raise TextFileError(
            f"The file's name says {reading.order_type}, and this line {value}.",
            "Correct whichever is wrong.",
            line,
        )
    reading.order_type = value


def _declared(value: str, line: int, before: _Declared | None) -> _Declared:
    number = whole_number(value)
    if number < 0:
        raise TextFileError(f"{quoted(value)} is no number.", "Give a whole number in digits.", line)
    if before is not None:
        raise TextFileError(
            f"Line {before.line} declares this already.", "Delete one of the two lines.", line
        )
    return _Declared(number, line)


def _name(which: str, name: str, line: int, reading: _Reading) -> None:
    number = whole_number(which)
    if not 1 <= number <= OPTIONS_MAX:
        raise TextFileError(
            f"The number of an alternative is {quoted(which)}; it must be 1 to {OPTIONS_MAX}.",
            "Number the alternatives from 1 without gaps.",
            line,
        )
    if number in reading.names:
        raise TextFileError(
            f"Alternative {number} is named in line {reading.names[number][1]} already.",
            "Give each alternative a number of its own.",
            line,
        )
    reading.names[number] = (name, line)


def _options(reading: _Reading) -> tuple[str, ...]:
    """The alternatives' names, if they are complete."""
    declared = reading.alternatives
    size = declared.value if declared is not None else len(reading.names)
    beyond = [number for number in sorted(reading.names) if number > size]
    if beyond:
        raise TextFileError(
            f"Alternative {beyond[0]} is named, and there are {size}.",
            "Number the alternatives from 1 without gaps, and let their declared number fit.",
            reading.names[beyond[0]][1],
        )
    if len(reading.names) < size:
        gap = next(number for number in range(1, size + 1) if number not in reading.names)
        raise TextFileError(
            f"{size} alternatives are declared, and number {gap} has no name.",
            f"Add a line: # ALTERNATIVE NAME {gap}: …",
            declared.line if declared is not None else 0,
        )
    ordered = [reading.names[number] for number in range(1, size + 1)]
    check_options([name for name, _ in ordered], [line for _, line in ordered])
    return tuple(name for name, _ in ordered)


def _read_ballot(line: str, number: int, separator: str, reading: _Reading) -> None:
    head, found, order = line.partition(separator)
    times = whole_number(head.strip())
    if times < 1 or (separator == ":" and not found):
        raise TextFileError(
            f"{quoted(line)} does not begin with a number of voters.",
            f"Write the number, then {'a colon' if separator == ':' else 'a comma'} and the order: 12{separator} 3,1,2",
            number,
            1,
        )
    if times > BALLOTS_MAX:
        raise TextFileError(
            f"{times:,} voters are more than {BALLOTS_MAX:,}.", "Check the number of voters.", number, 1
        )
    tiers = _tiers(order, len(head) + len(found), number, reading.index)
    kind = reading.order_type
    if kind in ("soc", "soi") and any(len(tier) > 1 for tier in tiers):
        raise TextFileError(
            f"A {kind} file holds {ORDER_TYPES[kind]}, and this one ties alternatives.",
            f"Correct the order, or name the file (and its DATA TYPE) to{kind[2]}.",
            number,
        )
    if kind in ("soc", "toc") and sum(map(len, tiers)) < len(reading.index):
        raise TextFileError(
            f"A {kind} file holds {ORDER_TYPES[kind]}, and this one leaves alternatives out.",
            f"Complete the order, or name the file (and its DATA TYPE) {kind[:2]}i.",
            number,
        )
    reading.ballots.add(Ranking(tiers), times, number)


def _tiers(
    order: str, offset: int, line: int, index: dict[str, tuple[int, ...]]
) -> tuple[tuple[int, ...], ...]:
    """Read an order; `offset` characters of its line come before it."""
    if "{" not in order:
        # Nearly all lines are of this kind, and there may be a million of them, which share their tiers.
        listed = tuple(index.get(part.strip(), ()) for part in order.split(","))
        if () not in listed and len(set(listed)) == len(listed):
            return listed
    if not order.strip():
        return ()
    tiers: list[tuple[int, ...]] = []
    seen: set[int] = set()
    at = 0
    more = True
    while more:
        at += len(order[at:]) - len(order[at:].lstrip())
        found = _TIER.match(order, at)
        if found is None:
            raise TextFileError(
                f"{quoted(order[at:].strip() or ',')} is no rank.",
                "Ranks are numbers of alternatives with commas between; equals stand in braces: 3,{1,2}",
                line,
                offset + at + 1,
            )
        parts = [found[1]] if found[1] is not None else found[2].split(",")
        tier = []
        for part in parts:
            known = index.get(part.strip(), ())
            if not known or known[0] in seen:
                why = "ranked twice" if known else f"not one of 1 to {len(index)}"
                raise TextFileError(
                    f"Alternative {quoted(part.strip())} is {why}.",
                    "Name each alternative by its number, at most once; a blank ballot has nothing after its number.",
                    line,
                    offset + at + 1,
                )
            seen.add(known[0])
            tier.append(known[0])
        tiers.append(tuple(sorted(tier)))
        at, more = found.end(), found[3] == ","
    return tuple(tiers)


def _check_declared(reading: _Reading) -> None:
    groups = reading.ballots.groups()
    for declared, there, what in (
        (reading.voters, reading.ballots.total, "voters"),
        (reading.orders, len(groups), "different orders"),
    ):
        if declared is not None and declared.value != there:
            raise TextFileError(
                f"{declared.value} {what} are declared, and the ballots come to {there}.",
                "Compare with the paper, and correct whichever is wrong.",
                declared.line,
            )
