"""What a ballot file says, whichever format it is in: options, and groups of equal ballots.

Marks are kept as the paper has them. What they mean under a method is decided later, in
`p2pcouncil.ballot_files.counting`, so a file that can't be counted by a method is refused and never reinterpreted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeAlias

from crdt.errors import RemoteError
from p2pcouncil.domain.tally.method import OPTIONS_MAX, OPTIONS_MIN, Approval, validate_method
from p2pcouncil.text_files.errors import TextFileError

BALLOTS_MAX = 10_000_000


@dataclass(frozen=True, slots=True)
class Ranking:
    """An order: tiers of option indexes, best first; unlisted options are not named."""

    tiers: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Approvals:
    """The options approved of, ascending."""

    options: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Points:
    """Options with their points, options ascending."""

    given: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Cells:
    """A line of a table: what is written under each option, in small letters."""

    texts: tuple[str, ...]


Marks: TypeAlias = Ranking | Approvals | Points | Cells


@dataclass(frozen=True, slots=True)
class Group:
    """Ballots that say the same.

    Attributes:
        marks: what they say.
        times: how many.
        line: where the first of them stands.
    """

    marks: Marks
    times: int
    line: int


@dataclass(frozen=True, slots=True)
class BallotFile:
    """A ballot file, read and checked.

    Attributes:
        layout: the format as people call it, like "PrefLib soc".
        options: their names, in the order in which marks index them; text of strangers. Only ``vote`` in a table of
            yes and no.
        groups: equal ballots together, in the order of their first lines.
        invalid: ballots marked as invalid; they are not in `groups`.
        columns: for a table, the column of each option, from 1; else empty.
        costs: per option, if the file says so; else empty.
        budget: if the file says so.
        notes: what a reader of the result should know, in sentences.
    """

    layout: str
    options: tuple[str, ...]
    groups: tuple[Group, ...]
    invalid: int = 0
    columns: tuple[int, ...] = ()
    costs: tuple[Fraction, ...] = ()
    budget: Fraction | None = None
    notes: tuple[str, ...] = ()

    @property
    def ballots(self) -> int:
        """Valid ballots, blank ones included."""
        return sum(group.times for group in self.groups)


@dataclass(slots=True)
class Gathering:
    """Ballots as they are read: equal ones become one group."""

    _groups: dict[Marks, list[int]] = field(default_factory=dict)
    total: int = 0
    invalid: int = 0

    def add(self, marks: Marks, times: int, line: int) -> None:
        """Take in ballots that say the same.

        Raises:
            TextFileError: there are too many.
        """
        self._grow(times, line)
        self._groups.setdefault(marks, [0, line])[0] += times

    def add_invalid(self, times: int, line: int) -> None:
        """Take in ballots that don't count.

        Raises:
            TextFileError: there are too many.
        """
        self._grow(times, line)
        self.invalid += times

    def groups(self) -> tuple[Group, ...]:
        """What was read, by first lines."""
        return tuple(Group(marks, times, line) for marks, (times, line) in self._groups.items())

    def _grow(self, times: int, line: int) -> None:
        self.total += times
        if self.total > BALLOTS_MAX:
            raise TextFileError(
                f"Here the file comes to more than {BALLOTS_MAX:,} ballots.",
                "Check the numbers of ballots.",
                line,
            )


def check_options(names: Sequence[str], lines: Sequence[int], columns: Sequence[int] = ()) -> None:
    """Refuse options that the peers would refuse, and say which line names the first bad one.

    Args:
        names: the options.
        lines: where each is named.
        columns: and in which cell, for a table.

    Raises:
        TextFileError: there are too few or too many, or one is empty, too long, or the same as another.
    """
    if not OPTIONS_MIN <= len(names) <= OPTIONS_MAX:
        raise TextFileError(
            f"There are {len(names)} options; there must be {OPTIONS_MIN} to {OPTIONS_MAX}.",
            "Leave out what nobody chose, or vote in rounds."
            if len(names) > OPTIONS_MAX
            else "Name each option that stood on the ballot.",
            lines[-1] if lines else 0,
        )
    # A growing list, so that the first option by which it turns bad is known.
    for size in range(OPTIONS_MIN, len(names) + 1):
        try:
            validate_method(Approval(0), tuple(names[:size]))
        except RemoteError as error:
            at = 0 if size == OPTIONS_MIN and not names[0].strip() else size - 1
            raise TextFileError(
                str(error), "Correct its name.", lines[at], columns[at] if columns else 0
            ) from error
