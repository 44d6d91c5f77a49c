"""Verbs that read and write what councils propose as a table of many: one file for all that somebody speaks for."""

from itertools import groupby
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from crdt.errors import LocalError
from p2pcouncil.cli.context import NO_WAIT, Context, Ctx, File, Wait, Words
from p2pcouncil.cli.plan_refs import OfPlan, find_plan, find_unit
from p2pcouncil.cli.plan_rounds import say_in_round
from p2pcouncil.cli.text_file import located, read_file
from p2pcouncil.domain.planning.said import UnitPlan
from p2pcouncil.peer.plan_exports import proposals_table, unit_table
from p2pcouncil.peer.plan_lines import part_of
from p2pcouncil.peer.session import FileThereError, Session
from p2pcouncil.peer.views.plans import SUM, PlanUnitView, PlanView, TechniqueView
from p2pcouncil.plan_files.unit_file import MANY_BOUNDS, CouncilLine, read_units
from p2pcouncil.text_files.errors import TextFileError
from p2pcouncil.text_files.lines import quoted

Replace = Annotated[bool, Parameter(negative="")]


async def propose(
    file: File, /, *, note: Words = "", plan: OfPlan = "", wait: Wait = NO_WAIT, ctx: Ctx
) -> None:
    """Propose for all councils that you speak for at once, from a table as `plan export` writes it.

    What the table has for councils that others speak for is left to them; so is what was a sum when it was exported.

    Examples:
        p2pcouncil plan export --to spring.csv

        p2pcouncil plan propose spring.csv

    Args:
        file: The table, or - for standard input.
        note: Why, or what changed since the last round.
        plan: Which period; the only one that goes on, if left out.
        wait: Whether to wait until others hold it.
        ctx: Whose peer, and how to speak.
    """
    data = read_file(file, MANY_BOUNDS.file_bytes)
    async with ctx.writing(wait) as session:

        def parts(view: PlanView) -> tuple[UnitPlan, ...]:
            try:
                found = parts_of(read_units(data), note, view, session.techniques(view.council))
            except TextFileError as error:
                raise located(file, error) from error
            if not found:
                mine = ", ".join(view.units[at].name for at in view.mine)
                raise LocalError(
                    "The table has nothing for councils that you speak for.", f"They are: {mine}."
                )
            return found

        await say_in_round(ctx, session, plan, wait, parts)


def parts_of(
    lines: tuple[CouncilLine, ...], note: str, view: PlanView, techniques: tuple[TechniqueView, ...]
) -> tuple[UnitPlan, ...]:
    """What a table of many proposes for the councils that I speak for, by ascending place.

    Raises:
        TextFileError: it names a council, a good or a technique that is not there, or does not fit; with the line.
    """
    units = {unit.name: unit for unit in view.units}
    found: dict[int, UnitPlan] = {}
    for name, group in groupby(lines, key=lambda line: line.council):
        rows = list(group)
        unit = units.get(name)
        if unit is None:
            raise TextFileError(
                f"The plan has no council {quoted(name)}.", "See `p2pcouncil plan show`.", rows[0].line.line
            )
        if unit.place in found:
            raise TextFileError(
                f"{quoted(name)} stands at two places of the table.",
                "Put its lines together.",
                rows[0].line.line,
            )
        if unit.place in view.mine and rows[0].standing != SUM:
            _check_kind(unit, rows)
            found[unit.place] = part_of([row.line for row in rows], unit.place, note, view, techniques)
    return tuple(found[place] for place in sorted(found))


def _check_kind(unit: PlanUnitView, rows: list[CouncilLine]) -> None:
    """Refuse a line that a council of this kind can't propose, where it stands."""
    for row in rows:
        is_wrong = row.line.kind != "offers" and (row.line.kind == "makes") != (unit.kind == "workers")
        if is_wrong:
            raise TextFileError(
                f"{quoted(unit.name)} is a council of {unit.kind}, and proposes nothing of the kind “{row.line.kind}”.",
                "Write makes for workers, wants and limits for consumers, and offers for either.",
                row.line.line,
            )


async def export(
    plan: str = "", /, *, council: str = "", to: Path | None = None, replace: Replace = False, ctx: Ctx
) -> None:
    """Write what councils propose as CSV; of one council alone, as a table that can be changed and proposed again.

    Examples:
        p2pcouncil plan export spring --to spring.csv

        p2pcouncil plan export --council bakery > bakery.csv

    Args:
        plan: Which period; the only one that goes on, if left out.
        council: One of its councils alone.
        to: A file; standard output, if left out.
        replace: Whether a file of that name may go.
        ctx: Whose peer, and how to speak.
    """
    async with ctx.session() as session:
        view = await ctx.arrive(lambda: find_plan(session, plan))
        written = unit_table(find_unit(view, council)) if council else proposals_table(view)
        await hand_over(ctx, session, written, to, replace=replace)


async def hand_over(ctx: Context, session: Session, written: str, to: Path | None, *, replace: bool) -> None:
    """Print a table, or write it into a file.

    Raises:
        LocalError: the file can't be written, or is there already.
    """
    if to is None:
        ctx.say(written.splitlines(), {"csv": written})
        return
    try:
        target = await session.write_file(to, written.encode(), replace=replace)
    except FileThereError as error:
        raise LocalError(str(error), "Give another name, or --replace to lose what stands in it.") from error
    ctx.say([f"Written to {target}."], {"file": str(target)})
