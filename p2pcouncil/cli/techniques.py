"""Verbs about techniques: how things can be made, as workers' councils publish it."""

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from p2pcouncil.cli.context import NO_WAIT, Ctx, File, Wait, Words
from p2pcouncil.cli.councils import In
from p2pcouncil.cli.groups import PLANS, add_verb
from p2pcouncil.cli.plan_tables import Replace, hand_over
from p2pcouncil.cli.plan_words import reading_words
from p2pcouncil.cli.refs import AS_A_WORD, find_council
from p2pcouncil.cli.show_plans import show_techniques
from p2pcouncil.cli.text_file import located, read_file
from p2pcouncil.peer.commands import PublishTechniques
from p2pcouncil.peer.plan_exports import techniques_table
from p2pcouncil.plan_files.reading import BOUNDS, read_table_file
from p2pcouncil.plan_files.technique_entries import entries_of
from p2pcouncil.plan_files.words import capacities_of_words
from p2pcouncil.text_files.errors import TextFileError


def register(app: App) -> None:
    """Add the verbs of this chapter."""
    technique = App(name="technique", help="How things can be made, as members publish it.", group=PLANS)
    app.command(technique)
    add_verb(technique, publish)
    add_verb(technique, list_, name="list")
    add_verb(technique, export)


async def publish(
    file: File,
    /,
    *,
    capacity: Annotated[tuple[str, ...], Parameter(negative="")] = (),
    note: Words = "",
    council: In = "",
    wait: Wait = NO_WAIT,
    ctx: Ctx,
) -> None:
    """Publish how you make things: inputs, hours of each kind of work, and what is given off.

    A later technique of the same product and name takes the place of an earlier one; `p2pcouncil log` keeps both. The
    file is a table as `p2pcouncil price solve` reads it, and may have the columns capacity and note besides; --example
    list prints one there.

    Examples:
        p2pcouncil technique publish bakery.csv

        p2pcouncil technique publish bakery.csv --capacity bread=600 --note "Measured in May."

    Args:
        file: The table, or - for standard input.
        capacity: The most of a product that can be made in a period, like bread=600; may be given several times.
        note: Where the figures come from, of techniques that have no note in the table.
        council: Which council; the only one of yours, if left out.
        wait: Whether to wait until others hold it.
        ctx: Whose peer, and how to speak.
    """
    try:
        found = read_table_file(read_file(file, BOUNDS.file_bytes))
        with reading_words():
            most = capacities_of_words(capacity, found)
        entries = entries_of(found, most, note)
    except TextFileError as error:
        raise located(file, error) from error
    async with ctx.writing(wait) as session:
        target = await ctx.arrive(lambda: find_council(session, council, member=True))
        await ctx.do(session, PublishTechniques(target.id, entries), wait)


async def list_(council: str = "", /, *, ctx: Ctx) -> None:
    """List how things can be made, and who says so.

    Examples:
        p2pcouncil technique list

    Args:
        council: Which council; the only one of yours, if left out.
        ctx: Whose peer, and how to speak.
    """
    async with ctx.session() as session:
        target = await ctx.arrive(lambda: find_council(session, council, how=AS_A_WORD))
        found = session.techniques(target.id)
        ctx.say(show_techniques(found), {"techniques": found})


async def export(council: str = "", /, *, to: Path | None = None, replace: Replace = False, ctx: Ctx) -> None:
    """Write the published techniques as CSV, as `technique publish` and `price solve` read it.

    Examples:
        p2pcouncil technique export > techniques.csv

    Args:
        council: Which council; the only one of yours, if left out.
        to: A file; standard output, if left out.
        replace: Whether a file of that name may go.
        ctx: Whose peer, and how to speak.
    """
    async with ctx.session() as session:
        target = await ctx.arrive(lambda: find_council(session, council, how=AS_A_WORD))
        written = techniques_table(session.techniques(target.id))
        await hand_over(ctx, session, written, to, replace=replace)
