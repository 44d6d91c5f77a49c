"""Verbs about techniques: how things can be made, as workers' councils publish it."""

from typing import Annotated

from cyclopts import App, Parameter

from p2pcouncil.cli.context import NO_WAIT, Ctx, File, Wait, Words
from p2pcouncil.cli.councils import In
from p2pcouncil.cli.errors import UsageError
from p2pcouncil.cli.groups import PLANS, add_verb
from p2pcouncil.cli.plan_lines import lines_of_words
from p2pcouncil.cli.refs import find_council
from p2pcouncil.cli.show_plans import show_techniques
from p2pcouncil.cli.text_file import located, read_file
from p2pcouncil.domain.entries import MAX_INPUTS, Named, PublishTechnique
from p2pcouncil.domain.planning.quantities import Micro
from p2pcouncil.domain.planning.technique import Hours, Item, Technique
from p2pcouncil.peer.commands import PublishTechniques
from p2pcouncil.peer.views.plans import FigureView, TechniqueView
from p2pcouncil.plan_files.listing import HOUR, write_list
from p2pcouncil.plan_files.reading import BOUNDS, read_table_file
from p2pcouncil.plan_files.table_file import TableFile
from p2pcouncil.text_files.errors import TextFileError
from p2pcouncil.text_files.lines import quoted

NAME_CHARS, UNIT_CHARS = 64, 16


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
    file is a table as `p2pcouncil price solve` reads it; --example list prints one there.

    Examples:
        p2pcouncil technique publish bakery.csv

        p2pcouncil technique publish bakery.csv --capacity bread=600 --note "Measured in May."

    Args:
        file: The table, or - for standard input.
        capacity: The most of a product that can be made in a period, like bread=600; may be given several times.
        note: Where the figures come from.
        council: Which council; the only one of yours, if left out.
        wait: Whether to wait until others hold it.
        ctx: Whose peer, and how to speak.
    """
    try:
        found = read_table_file(read_file(file, BOUNDS.file_bytes))
        most = {line.good: line.amount for line in lines_of_words(capacity, "makes")}
        unknown = sorted(most.keys() - {technique.product for technique in found.techniques})
        if unknown:
            raise UsageError(
                f"The table makes no {quoted(unknown[0])}.", "Give capacities for what it makes."
            )
        entries = tuple(entry_of(found, at, most, note) for at in range(len(found.techniques)))
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
        target = await ctx.arrive(lambda: find_council(session, council))
        found = session.techniques(target.id)
        ctx.say(show_techniques(found), {"techniques": found})


async def export(council: str = "", /, *, ctx: Ctx) -> None:
    """Write the published techniques as CSV, as `technique publish` and `price solve` read it.

    Examples:
        p2pcouncil technique export > techniques.csv

    Args:
        council: Which council; the only one of yours, if left out.
        ctx: Whose peer, and how to speak.
    """
    async with ctx.session() as session:
        target = await ctx.arrive(lambda: find_council(session, council))
        found = session.techniques(target.id)
        written = write_list([_technique(view) for view in found], [view.name for view in found])
        ctx.say(written.splitlines(), {"csv": written})


def entry_of(found: TableFile, at: int, most: dict[str, int], note: str) -> PublishTechnique:
    """A technique of a table as an entry says it.

    Args:
        found: the table.
        at: which of its techniques.
        most: capacities by product, in millionths; of others none is said.
        note: where the figures come from.

    Raises:
        TextFileError: an entry can't hold it; with its line.
    """
    technique, name = found.techniques[at], found.names[at] or found.techniques[at].product
    line, column = found.heads[at]
    if technique.by_products:
        raise TextFileError(
            f"{quoted(technique.product)} is made together with something else.",
            "Enter them as one product, or share inputs and hours between two techniques.",
            line,
            column,
        )
    inputs, labour, given_off = technique.inputs, technique.hours, technique.pollutants
    for what, number in (
        ("inputs", len(inputs)),
        ("kinds of work", len(labour)),
        ("pollutants", len(given_off)),
    ):
        if number > MAX_INPUTS:
            raise TextFileError(
                f"{quoted(technique.product)} has {number} {what}; a technique has at most {MAX_INPUTS}.",
                "Sum up those that matter least.",
                line,
                column,
            )
    named = [
        technique.product,
        name,
        *(i.name for i in inputs),
        *(h.kind for h in labour),
        *(g.name for g in given_off),
    ]
    units = [technique.unit, *(i.unit for i in inputs), *(g.unit for g in given_off)]
    for text, limit in (*((text, NAME_CHARS) for text in named), *((text, UNIT_CHARS) for text in units)):
        if not 0 < len(text) <= limit:
            raise TextFileError(
                f"{quoted(text)} is too long, or empty.", f"Use 1 to {limit} characters.", line, column
            )
    return PublishTechnique(
        0,
        name,
        technique.product,
        technique.unit,
        technique.output,
        tuple(Named(item.name, item.unit, item.quantity) for item in inputs if item.quantity),
        tuple(Named(work.kind, HOUR, work.hours) for work in labour if work.hours),
        tuple(Named(item.name, item.unit, item.quantity) for item in given_off if item.quantity),
        most.get(technique.product, 0),
        note.strip(),
    )


def _technique(view: TechniqueView) -> Technique:
    def items(figures: tuple[FigureView, ...]) -> tuple[Item, ...]:
        return tuple(Item(f.name, f.unit, Micro(f.amount_micro)) for f in figures)

    return Technique(
        view.product,
        view.unit,
        Micro(view.output_micro),
        items(view.inputs),
        tuple(Hours(f.name, Micro(f.amount_micro)) for f in view.labour),
        items(view.given_off),
    )
