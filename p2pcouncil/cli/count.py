"""The verb that counts votes on paper. It needs no peer, no home and no network, so that anyone can repeat a count."""

import hashlib
import shlex
from collections.abc import Coroutine
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from p2pcouncil.ballot_files.amounts import read_amount
from p2pcouncil.ballot_files.counting import count_ballots, money_of
from p2pcouncil.ballot_files.reading import BOUNDS, read_ballots
from p2pcouncil.ballot_files.templates import template
from p2pcouncil.cli.as_json import json_of_done
from p2pcouncil.cli.context import NO_WAIT, Context, Ctx, File
from p2pcouncil.cli.errors import UsageError
from p2pcouncil.cli.groups import VOTES, add_verb
from p2pcouncil.cli.methods import MethodName, make_method
from p2pcouncil.cli.show import wrap
from p2pcouncil.cli.show_count import Report, evidence_of, json_of_count, show_count
from p2pcouncil.cli.text_file import located, read_file
from p2pcouncil.text_files.errors import TextFileError

ROLL_MAX = 1_000_000_000


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Settings:
    """What was agreed before the vote.

    Attributes:
        roll: How many members could vote; as many as did, if left out.
        quorum: Share of the roll that must vote, in percent.
        threshold: Share of yes that must be exceeded, in percent; yes-no only. 50, if left out.
        winners: How many win; approval and score only. 1, if left out.
        highest: Most points for an option; score only. 5, if left out.
        seats: How many are elected; stv only.
        budget: What there is to spend, if the file doesn't say or says otherwise; equal-shares only.
    """

    roll: int | None = None
    quorum: str | None = None
    threshold: str | None = None
    winners: int | None = None
    highest: int | None = None
    seats: int | None = None
    budget: str | None = None


NOTHING_AGREED = Settings()


def register(app: App) -> None:
    """Add the verb."""
    add_verb(app, count, VOTES)


def count(
    file: File | None = None,
    /,
    *,
    method: MethodName | None = None,
    settings: Settings = NOTHING_AGREED,
    example: Annotated[MethodName | None, Parameter(show_choices=False)] = None,
    attach: str = "",
    ctx: Ctx,
) -> Coroutine[Any, Any, None] | None:
    """Count votes on paper from a file, by the very rules that peers count by, and show every step.

    Reads PrefLib (.soc, .soi, .toc, .toi), Pabulib (.pb) and a plain CSV table; `docs/counting.md` describes them. No
    peer is needed, and nothing is kept. The report ends with the file's hash, so that others can count the same file.
    With --attach the outcome and that hash become evidence on a proposal or a closed vote.

    Examples:
        p2pcouncil count --example ranked > paper.csv

        p2pcouncil count paper.csv --method ranked --roll 40 --quorum 50

        p2pcouncil count council.soi --method stv --seats 5

        p2pcouncil count village.pb --method equal-shares --json

        p2pcouncil count paper.csv --method yes-no --roll 40 --attach oven

    Args:
        file: The ballot file, or - for standard input.
        method: What decides.
        settings: What was agreed before the vote.
        example: Print a table to fill in for this method, and count nothing.
        attach: A proposal, by its id's start or part of its title: the count becomes a comment on it, or evidence once
            its vote is closed.
        ctx: How to speak.
    """
    if example is not None:
        if file is not None or method is not None:
            raise UsageError(
                "An example is printed alone.", f"p2pcouncil count --example {example} > paper.csv"
            )
        ctx.say(template(example).splitlines(), {"example": template(example)})
        return None
    if file is None or method is None:
        missing = "file" if file is None else "method"
        raise UsageError(f"The {missing} is missing.", "p2pcouncil count FILE --method ranked")
    if settings.roll is not None and not 1 <= settings.roll <= ROLL_MAX:
        raise UsageError(
            f"The roll must be 1 to {ROLL_MAX:,} members.", "Give the number of members: --roll 40."
        )
    if settings.quorum is not None and settings.roll is None:
        raise UsageError("A quorum is a share of the roll.", "Say how many members could vote: --roll 40.")
    try:
        report = _count(file, method, settings)
    except TextFileError as error:
        raise located(file, error) from error
    if attach:
        return _attach(report, attach, ctx)
    ctx.say(show_count(report), json_of_count(report))
    return None


async def _attach(report: Report, proposal: str, ctx: Context) -> None:
    """Make a count evidence. Only this needs a peer."""
    from p2pcouncil.cli.refs import find_proposal
    from p2pcouncil.peer.commands import AddComment, ReportProgress

    async with ctx.writing(NO_WAIT) as session:
        found = await ctx.arrive(lambda: find_proposal(session, proposal))
        is_closed = found.issue is not None and found.issue.status == "closed"
        if found.issue is not None and is_closed:
            done = await session.submit(ReportProgress(found.issue.id, evidence_of(report)))
        else:
            done = await session.submit(AddComment(found.id, evidence_of(report)))
    told = wrap(f"{done.message} The count is attached to it: keep the file, for others to count again.")
    ctx.say([*show_count(report), "", *told], {**json_of_count(report), "attached": json_of_done(done)})


def _count(file: Path, method: MethodName, settings: Settings) -> Report:
    data = read_file(file, BOUNDS.file_bytes)
    ballots = read_ballots(data, file.name)
    # A budget that another method is given is passed on to be refused.
    costs: tuple[int, ...] = ()
    budget, units = None if settings.budget is None else 0, 1
    if method == "equal-shares":
        budget, costs, units = money_of(
            ballots, None if settings.budget is None else read_amount(settings.budget, "--budget")
        )
    chosen = make_method(
        method,
        settings.quorum or "0",
        threshold=settings.threshold,
        winners=settings.winners,
        highest=settings.highest,
        seats=settings.seats,
        budget=budget,
        costs=costs,
    )
    counted = count_ballots(ballots, chosen, ballots.ballots if settings.roll is None else settings.roll)
    given = {"method": method, **asdict(settings)}
    words = [word for name, value in given.items() if value is not None for word in (f"--{name}", str(value))]
    return Report(
        name=file.name,
        size_bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        command=shlex.join(["p2pcouncil", "count", file.name, *words]),
        file=ballots,
        counted=counted,
        is_roll_known=settings.roll is not None,
        money_units=units,
    )
