"""Verbs that read and write what councils propose as a table of many: one file for all that somebody speaks for."""

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
from p2pcouncil.peer.plan_many import parts_of
from p2pcouncil.peer.session import FileThereError, Session
from p2pcouncil.peer.views.plans import PlanView
from p2pcouncil.plan_files.unit_file import MANY_BOUNDS, read_units
from p2pcouncil.text_files.errors import TextFileError

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
                return parts_of(read_units(data), note, view, session.techniques(view.council))
            except TextFileError as error:
                raise located(file, error) from error

        await say_in_round(ctx, session, plan, wait, parts)


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
