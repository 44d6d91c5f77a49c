"""Verbs about prices: from a file, they need no peer, no home and no network, so that anyone can repeat them.

Those of plans, which are read from what this laptop holds, stand in `plan_prices`.
"""

import hashlib
import shlex
from collections.abc import Coroutine
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from crdt.errors import LocalError
from p2pcouncil.cli.context import Context, Ctx, File
from p2pcouncil.cli.errors import UsageError
from p2pcouncil.cli.groups import PLANS, add_verb
from p2pcouncil.cli.methods import parse_percent
from p2pcouncil.cli.plan_prices import find_table, history, list_
from p2pcouncil.cli.plan_refs import OfPlan
from p2pcouncil.cli.show import plural
from p2pcouncil.cli.show_plan_prices import show_plan_line
from p2pcouncil.cli.show_prices import (
    Prices,
    Source,
    json_of_plan,
    json_of_prices,
    json_of_source,
    json_of_tree,
    show_prices,
    show_tree,
)
from p2pcouncil.cli.text_file import located, read_file
from p2pcouncil.domain.plain_text import clean_line
from p2pcouncil.domain.planning.faults import TableError
from p2pcouncil.domain.planning.hour_tree import DEPTH_MAX, hour_tree
from p2pcouncil.domain.planning.labour_values import DIGITS, DIGITS_MAX, quick_values, settle
from p2pcouncil.domain.planning.quantities import Micro, QuantityError, read_quantity
from p2pcouncil.domain.planning.table import Table
from p2pcouncil.domain.tally.method import PERMILLE
from p2pcouncil.plan_files.reading import BOUNDS, read_table_file
from p2pcouncil.plan_files.table_file import TableFile
from p2pcouncil.plan_files.templates import Layout, template
from p2pcouncil.text_files.errors import TextFileError
from p2pcouncil.text_files.lines import quoted

LARGE = 100
LARGE_BYTES = 2**20
"""From so many products, and so many bytes, on, people are told what the program is at."""
_LISTED_MAX = 8


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Terms:
    """How hours are counted and shown.

    Attributes:
        digits: Decimals of an hour, 0 to 18.
        weights: How much an hour of a kind of work counts, like baking=1.5; may be given several times. 1, if left out.
    """

    digits: int = DIGITS
    weights: Annotated[tuple[str, ...], Parameter(negative="")] = ()

    def check(self) -> None:
        """Refuse what makes no sense whatever the table.

        Raises:
            UsageError: too many digits, or too few.
        """
        if not 0 <= self.digits <= DIGITS_MAX:
            raise UsageError(f"The digits must be 0 to {DIGITS_MAX}.", "Give --digits 6.")

    def words(self) -> list[str]:
        """The same as words of a command line."""
        return [
            "--digits",
            str(self.digits),
            *(word for text in self.weights for word in ("--weights", text)),
        ]

    def weights_for(self, table: Table) -> dict[str, Micro]:
        """The weights of kinds of work that the table has.

        Raises:
            UsageError: one is no number above 0, is given twice, or for work that nobody does.
        """
        weights: dict[str, Micro] = {}
        for text in self.weights:
            kind, _, number = text.rpartition("=")
            what = f"The weight of {quoted(kind)} is {quoted(number)}"
            if kind not in table.kinds or kind in weights:
                why = "has a weight already" if kind in weights else "is no kind of work in this table"
                raise UsageError(f"{quoted(kind)} {why}.", f"Weigh each once: {_listed(table.kinds)}.")
            try:
                weights[kind] = read_quantity(number)
            except QuantityError as error:
                raise UsageError(f"{what}, and {error}.", error.hint) from error
            if not weights[kind]:
                raise UsageError(f"{what}.", "Work counts for something: give more than 0.")
        return weights


USUAL = Terms()


def register(app: App) -> None:
    """Add the verbs of this chapter."""
    price = App(name="price", help="What goods cost in hours of work, and why.", group=PLANS)
    app.command(price)
    add_verb(price, solve)
    add_verb(price, explain)
    add_verb(price, list_, name="list")
    add_verb(price, history)


def solve(
    file: File | None = None,
    /,
    *,
    terms: Terms = USUAL,
    example: Annotated[Layout | None, Parameter(show_choices=False)] = None,
    ctx: Ctx,
) -> None:
    """Calculate labour values from a table of what goods take: the hours in each, direct and indirect.

    Every digit shown is exact, on every machine. A table is a list of inputs and hours, or a matrix of coefficients or
    flows; `docs/planning.md` describes them. Nothing is kept.

    Examples:
        p2pcouncil price solve --example list > bakery.csv

        p2pcouncil price solve bakery.csv

        p2pcouncil price solve national.csv --digits 9 --weights skilled=1.5 --json

    Args:
        file: The table, or - for standard input.
        terms: How hours are counted and shown.
        example: Print a table to begin with, and calculate nothing: list, coefficients or flows.
        ctx: How to speak.
    """
    if example is not None:
        if file is not None:
            raise UsageError(
                "An example is printed alone.", f"p2pcouncil price solve --example {example} > table.csv"
            )
        ctx.say(template(example).splitlines(), {"example": template(example)})
        return
    if file is None:
        raise UsageError("The file is missing.", "p2pcouncil price solve FILE")
    terms.check()
    try:
        prices = _solve(file, terms, ctx)
    except TextFileError as error:
        raise located(file, error) from error
    ctx.say(show_prices(prices), json_of_prices(prices))


def explain(
    product: str,
    /,
    *,
    table: File | None = None,
    plan: OfPlan = "",
    terms: Terms = USUAL,
    threshold: str = "1",
    depth: int = DEPTH_MAX,
    ctx: Ctx,
) -> Coroutine[Any, Any, None] | None:
    """Explain the labour value of a product: the tree of hours in it, direct ones and those in what is used for it.

    Without a table, by the plan of record of your council, or the one that is being made.

    Examples:
        p2pcouncil price explain bread

        p2pcouncil price explain bread --plan spring --threshold 5

        p2pcouncil price explain bread --table bakery.csv --threshold 0.1 --depth 3 --json

    Args:
        product: Its name, or a part of it that fits only one.
        table: What goods take, or - for standard input.
        plan: Which plan, instead of a table; the last plan of record, if left out, or the one that is being made.
        terms: How hours are counted and shown.
        threshold: Share of the product's hours, in percent, below which an input is not shown by itself.
        depth: How many steps to follow, at most 12.
        ctx: How to speak.
    """
    terms.check()
    least = Fraction(parse_percent(threshold, "threshold"), PERMILLE)
    if not 0 <= depth <= DEPTH_MAX:
        raise UsageError(f"The depth must be 0 to {DEPTH_MAX}.", "Give --depth 4.")
    if table is None:
        return _explain_by_plan(product, plan, terms, least, depth, ctx)
    if plan:
        raise UsageError("A table and a plan are two things.", "Give --table or --plan.")
    try:
        source, file, goods = _read(table, ctx)
        weights = terms.weights_for(goods)
        at = _find(goods, product)
        try:
            tree = hour_tree(goods, at, terms.digits, weights, least, depth)
        except TableError as error:
            raise file.located(error) from error
    except TextFileError as error:
        raise located(table, error) from error
    ctx.say(
        show_tree(tree, terms.digits, least, weights),
        json_of_tree(tree, json_of_source(source), terms.digits, weights),
    )
    return None


async def _explain_by_plan(
    product: str, plan: str, terms: Terms, least: Fraction, depth: int, ctx: Context
) -> None:
    async with ctx.session() as session:
        view, goods = await ctx.arrive(lambda: find_table(session, plan))
    weights = {**view.weights, **terms.weights_for(goods)}
    tree = hour_tree(goods, _find(goods, product), terms.digits, weights, least, depth)
    said = [*show_plan_line(view), "", *show_tree(tree, terms.digits, least, weights)]
    ctx.say(said, json_of_tree(tree, json_of_plan(view), terms.digits, weights))


def _solve(file: Path, terms: Terms, ctx: Context) -> Prices:
    source, table_file, table = _read(file, ctx)
    weights = terms.weights_for(table)
    is_large = len(table.products) >= LARGE
    if is_large:
        ctx.note(f"Solving for {plural(len(table.products), 'product')} …")
    try:
        quick = quick_values(table, terms.digits, weights)
        if is_large and not quick.is_settled:
            ctx.note("Floating point can't settle it; solving in fractions, which takes longer …")
        values = settle(quick)
    except TableError as error:
        raise table_file.located(error) from error
    command = shlex.join(["p2pcouncil", "price", "solve", source.name, *terms.words()])
    return Prices(source, command, table_file, table, weights, values)


def _read(file: Path, ctx: Context) -> tuple[Source, TableFile, Table]:
    data = read_file(file, BOUNDS.file_bytes)
    if len(data) >= LARGE_BYTES:
        ctx.note(f"Reading {len(data) // 2**20} MiB …")
    table_file = read_table_file(data)
    return Source(file.name, len(data), hashlib.sha256(data).hexdigest()), table_file, table_file.table()


def _find(table: Table, name: str) -> int:
    """The product that is meant: the exact name, the same in other letters, or a part of only one."""
    wanted = " ".join(name.split()).casefold()
    readings = (
        [at for at, product in enumerate(table.products) if product == name],
        [at for at, product in enumerate(table.products) if product.casefold() == wanted],
        [at for at, product in enumerate(table.products) if wanted in product.casefold()],
    )
    found = next((reading for reading in readings if reading), [])
    if len(found) == 1:
        return found[0]
    if found:
        several = _listed([table.products[at] for at in found])
        raise LocalError(f"{quoted(name)} fits {len(found)} products.", f"Name one: {several}.")
    raise LocalError(
        f"There is no product {quoted(name)} in the table.", f"There is: {_listed(table.products)}."
    )


def _listed(names: tuple[str, ...] | list[str]) -> str:
    some = ", ".join(clean_line(name, 40) for name in names[:_LISTED_MAX])
    return some + (f" and {len(names) - _LISTED_MAX} more" if len(names) > _LISTED_MAX else "")
