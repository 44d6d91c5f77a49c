"""From paper to the peers' own tally: what each mark means under a method, and then the very same count.

A file is never bent to a method that it doesn't fit: an order has no points, and points are no order.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import assert_never

from crdt.errors import RemoteError
from p2pcouncil.ballot_files.amounts import whole_units
from p2pcouncil.ballot_files.ballots import Approvals, BallotFile, Cells, Group, Points, Ranking
from p2pcouncil.ballot_files.table import VOTE
from p2pcouncil.domain.tally.choice import ABSTAIN, BLANK, NO, YES, Choice, choice_of_points
from p2pcouncil.domain.tally.count import Counter
from p2pcouncil.domain.tally.method import (
    OPTIONS_MAX,
    Approval,
    EqualShares,
    Method,
    Ranked,
    Score,
    Stv,
    YesNo,
    validate_method,
)
from p2pcouncil.domain.tally.outcome import Tally
from p2pcouncil.text_files.errors import TextFileError
from p2pcouncil.text_files.lines import quoted, whole_number

_YES_NO = {"yes": YES, "y": YES, "no": NO, "n": NO, "abstain": ABSTAIN, "": ABSTAIN}
_APPROVED = {
    "x": True,
    "1": True,
    "yes": True,
    "y": True,
    "✓": True,
    "": False,
    "0": False,
    "no": False,
    "n": False,
}


@dataclass(frozen=True, slots=True)
class Counted:
    """A file's count.

    Attributes:
        tally: as any peer would have it.
        blank: ballots that say nothing; abstentions are none of them.
    """

    tally: Tally
    blank: int


def count_ballots(file: BallotFile, method: Method, roll_size: int) -> Counted:
    """Count a file as every peer would count the same ballots.

    Args:
        file: from `p2pcouncil.ballot_files.reading`.
        method: what decides.
        roll_size: members who could vote.

    Returns:
        The count; the order of lines does not matter.

    Raises:
        TextFileError: file and method don't fit each other, or there are more ballots than members.
    """
    if file.ballots > roll_size:
        raise TextFileError(
            f"There are {file.ballots:,} ballots, and only {roll_size:,} members could vote.",
            "Check --roll, and whether some ballots were typed in twice.",
        )
    options = _options(file, method)
    try:
        validate_method(method, options)
        counter = Counter(method, options, roll_size)
    except RemoteError as error:
        raise TextFileError(str(error), "Correct the settings, or the file if it names too few.") from error
    blank = 0
    for group in file.groups:
        choice = _choice(file, method, group)
        try:
            counter.add(choice, group.times)
        except RemoteError as error:
            raise TextFileError(
                str(error), "Correct the line, or mark the ballot as invalid.", group.line
            ) from error
        blank += group.times if choice == BLANK else 0
    return Counted(counter.result(), blank)


def money_of(file: BallotFile, budget: Fraction | None) -> tuple[int, tuple[int, ...], int]:
    """What equal shares needs to know about money, in whole units.

    Args:
        file: with costs.
        budget: what there is to spend, if it isn't what the file says.

    Returns:
        The budget, the costs, and how many units make one of the file's: 100 if something costs 12.50.

    Raises:
        TextFileError: costs or budget are not known.
    """
    if not file.costs:
        raise TextFileError(
            "The file does not say what the projects cost.",
            "Add a line with the word cost in the column count or ballot, and a cost for each project.",
        )
    money = file.budget if budget is None else budget
    if money is None:
        raise TextFileError("The file does not say what there is to spend.", "Give --budget 5000.")
    units = whole_units((money, *file.costs))
    return int(money * units), tuple(int(cost * units) for cost in file.costs), units


def _options(file: BallotFile, method: Method) -> tuple[str, ...]:
    """The issue's own options; a yes/no vote has none."""
    is_vote = file.options == (VOTE,)
    if isinstance(method, YesNo):
        if not is_vote:
            raise TextFileError(
                f"A yes-no vote needs a table with the one column {VOTE}; here are {len(file.options)} options.",
                "See `p2pcouncil count --example yes-no`, or count it by another method.",
            )
        return ()
    if is_vote:
        raise TextFileError(
            "The file holds yes and no, and the method needs options.", "Give --method yes-no."
        )
    return file.options


def _choice(file: BallotFile, method: Method, group: Group) -> Choice:
    match group.marks:
        case Cells(texts):
            return _from_cells(file, method, texts, group.line)
        case Ranking(tiers):
            if isinstance(method, Ranked | Stv):
                return tiers
            if isinstance(method, Approval | EqualShares) and len(tiers) <= 1:
                return tiers
            raise _misfit("ranks options", "Give --method ranked or stv.", group.line)
        case Approvals(options):
            if isinstance(method, Approval | EqualShares):
                return (options,) if options else BLANK
            raise _misfit("approves of options", "Give --method approval or equal-shares.", group.line)
        case Points(given):
            if isinstance(method, Score):
                return _scored(dict(given), method.highest, group.line)
            raise _misfit("gives points to options", "Give --method score.", group.line)
        case _:
            assert_never(group.marks)


def _misfit(what: str, hint: str, line: int) -> TextFileError:
    return TextFileError(f"The ballot {what}, which this method can't count.", hint, line)


def _from_cells(file: BallotFile, method: Method, texts: tuple[str, ...], line: int) -> Choice:
    match method:
        case YesNo():
            if texts[0] not in _YES_NO:
                raise _bad_cell(file, texts, 0, "yes, no, abstain or blank", line)
            return _YES_NO[texts[0]]
        case Approval() | EqualShares():
            return _approved(file, texts, line)
        case Ranked() | Stv():
            return _ranked(file, texts, line)
        case Score(highest=highest):
            points = {}
            for option, text in enumerate(texts):
                value = whole_number(text) if text else 0
                if value < 0:
                    raise _bad_cell(file, texts, option, f"a whole number of points, 0 to {highest}", line)
                points[option] = value
            return _scored(points, highest, line, file.columns)
        case _:
            assert_never(method)


def _approved(file: BallotFile, texts: tuple[str, ...], line: int) -> Choice:
    chosen = []
    for option, text in enumerate(texts):
        if text not in _APPROVED:
            raise _bad_cell(
                file, texts, option, "x for an option that is approved, and nothing for others", line
            )
        if _APPROVED[text]:
            chosen.append(option)
    return (tuple(chosen),) if chosen else BLANK


def _ranked(file: BallotFile, texts: tuple[str, ...], line: int) -> Choice:
    ranks: dict[int, list[int]] = {}
    for option, text in enumerate(texts):
        if not text:
            continue
        rank = whole_number(text)
        if not 1 <= rank <= OPTIONS_MAX:
            raise _bad_cell(
                file, texts, option, "a rank, 1 for the best, and nothing for options left out", line
            )
        ranks.setdefault(rank, []).append(option)
    return tuple(tuple(ranks[rank]) for rank in sorted(ranks))


def _scored(points: dict[int, int], highest: int, line: int, columns: tuple[int, ...] = ()) -> Choice:
    for option, given in points.items():
        if given > highest:
            raise TextFileError(
                f"The ballot gives {given} points to an option, and the most are {highest}.",
                "Give --highest as it was announced, or mark the ballot as invalid.",
                line,
                columns[option] if columns else 0,
            )
    return choice_of_points(points, highest)


def _bad_cell(file: BallotFile, texts: tuple[str, ...], option: int, wanted: str, line: int) -> TextFileError:
    return TextFileError(
        f"{quoted(texts[option])} is written under {quoted(file.options[option])}.",
        f"Write {wanted}.",
        line,
        file.columns[option],
    )
