"""The verb that counts votes on paper. It needs no peer, no home and no network, so that anyone can repeat a count."""

import hashlib
import shlex
import sys
from fractions import Fraction
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from p2pcouncil.ballot_files.amounts import read_amount
from p2pcouncil.ballot_files.ballots import BallotFile
from p2pcouncil.ballot_files.counting import count_ballots, money_of
from p2pcouncil.ballot_files.errors import BallotFileError
from p2pcouncil.ballot_files.lines import FILE_BYTES_MAX
from p2pcouncil.ballot_files.reading import read_ballots
from p2pcouncil.ballot_files.templates import MethodName, template
from p2pcouncil.cli.context import Ctx, File
from p2pcouncil.cli.errors import CheckFailedError, UsageError
from p2pcouncil.cli.groups import VOTES, add_verb
from p2pcouncil.cli.methods import parse_percent
from p2pcouncil.cli.show_count import NAME_CELLS, Report, json_of_count, show_count
from p2pcouncil.domain.plain_text import clean_line
from p2pcouncil.domain.tally.method import Approval, EqualShares, Method, Ranked, Score, Stv, YesNo

ROLL_MAX = 1_000_000_000
_BELONGS: dict[str, tuple[MethodName, ...]] = {
    "threshold": ("yes-no",),
    "winners": ("approval", "score"),
    "highest": ("score",),
    "seats": ("stv",),
    "budget": ("equal-shares",),
}
"""Settings that only some methods know."""


def register(app: App) -> None:
    """Add the verb."""
    add_verb(app, count, VOTES)


def count(
    file: File | None = None,
    /,
    *,
    method: MethodName | None = None,
    roll: int | None = None,
    quorum: str = "0",
    threshold: str | None = None,
    winners: int | None = None,
    highest: int | None = None,
    seats: int | None = None,
    budget: str | None = None,
    example: Annotated[MethodName | None, Parameter(show_choices=False)] = None,
    ctx: Ctx,
) -> None:
    """Count votes on paper from a file, by the very rules that peers count by, and show every step.

    Reads PrefLib (.soc, .soi, .toc, .toi), Pabulib (.pb) and a plain CSV table; `docs/counting.md` describes them. No
    peer is needed, and nothing is kept. The report ends with the file's hash, so that others can count the same file.

    Examples:
        p2pcouncil count --example ranked > paper.csv

        p2pcouncil count paper.csv --method ranked --roll 40 --quorum 50

        p2pcouncil count council.soi --method stv --seats 5

        p2pcouncil count village.pb --method equal-shares --json

    Args:
        file: The ballot file, or - for standard input.
        method: What decides.
        roll: How many members could vote; as many as did, if left out.
        quorum: Share of the roll that must vote, in percent.
        threshold: Share of yes that must be exceeded, in percent; yes-no only. 50, if left out.
        winners: How many win; approval and score only. 1, if left out.
        highest: Most points for an option; score only. 5, if left out.
        seats: How many are elected; stv only.
        budget: What there is to spend, if the file doesn't say or says otherwise; equal-shares only.
        example: Print a table to fill in for this method, and count nothing.
        ctx: How to speak.
    """
    if example is not None:
        if file is not None or method is not None:
            raise UsageError(
                "An example is printed alone.", f"p2pcouncil count --example {example} > paper.csv"
            )
        ctx.say(template(example).splitlines(), {"example": template(example)})
        return
    if file is None or method is None:
        missing = "file" if file is None else "method"
        raise UsageError(f"The {missing} is missing.", "p2pcouncil count FILE --method ranked")
    given = {
        name: value
        for name, value in (
            ("threshold", threshold),
            ("winners", winners),
            ("highest", highest),
            ("seats", seats),
            ("budget", budget),
        )
        if value is not None
    }
    for name in given:
        if method not in _BELONGS[name]:
            raise UsageError(f"The method {method} knows no --{name}.", f"Leave --{name} out.")
    if roll is not None and not 1 <= roll <= ROLL_MAX:
        raise UsageError(
            f"The roll must be 1 to {ROLL_MAX:,} members.", "Give the number of members: --roll 40."
        )
    quorum_permille = parse_percent(quorum, "quorum")
    if quorum_permille and roll is None:
        raise UsageError("A quorum is a share of the roll.", "Say how many members could vote: --roll 40.")
    data = _read(file)
    words = {"roll": roll, "quorum": quorum if quorum_permille else None, **given}
    settings = [
        word for name, value in words.items() if value is not None for word in (f"--{name}", str(value))
    ]
    try:
        ballots = read_ballots(data, file.name)
        chosen, units = _method(method, quorum_permille, given, ballots)
        counted = count_ballots(ballots, chosen, ballots.ballots if roll is None else roll)
    except BallotFileError as error:
        place = {"file": str(file), "line": error.line, "column": error.column}
        name = "Standard input" if str(file) == "-" else clean_line(file.name, NAME_CELLS)
        raise CheckFailedError(f"{name}: {error}", error.hint, place) from error
    report = Report(
        name=file.name,
        size_bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        command=shlex.join(["p2pcouncil", "count", file.name, "--method", method, *settings]),
        file=ballots,
        counted=counted,
        is_roll_known=roll is not None,
        money_units=units,
    )
    ctx.say(show_count(report), json_of_count(report))


def _read(file: Path) -> bytes:
    """The file's bytes, and at most one more than can be counted."""
    if str(file) == "-":
        return sys.stdin.buffer.read(FILE_BYTES_MAX + 1)
    with file.open("rb") as stream:
        return stream.read(FILE_BYTES_MAX + 1)


def _method(
    name: MethodName, quorum_permille: int, given: dict[str, int | str], file: BallotFile
) -> tuple[Method, int]:
    """Build the method; and say how many units of its money make one of the file's."""
    numbers = {key: value for key, value in given.items() if isinstance(value, int)}
    match name:
        case "yes-no":
            return YesNo(quorum_permille, parse_percent(str(given.get("threshold", "50")), "threshold")), 1
        case "approval":
            return Approval(quorum_permille, **numbers), 1
        case "ranked":
            return Ranked(quorum_permille), 1
        case "score":
            return Score(quorum_permille, **numbers), 1
        case "stv":
            if "seats" not in numbers:
                raise UsageError("It is not said how many are elected.", "Give --seats 5.")
            return Stv(quorum_permille, numbers["seats"]), 1
        case "equal-shares":
            spend: Fraction | None = None
            if "budget" in given:
                spend = read_amount(str(given["budget"]), "--budget")
            money, costs, units = money_of(file, spend)
            return EqualShares(quorum_permille, money, costs), units
