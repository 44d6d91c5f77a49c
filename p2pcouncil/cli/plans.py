"""Verbs about planning periods: looking at them, deciding on them, proposing in their rounds, reporting on them."""

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from crdt.errors import LocalError
from p2pcouncil.cli.context import NO_WAIT, Context, Ctx, File, Wait, Words
from p2pcouncil.cli.councils import In
from p2pcouncil.cli.errors import NotHereError, UsageError
from p2pcouncil.cli.groups import PLANS, add_verb
from p2pcouncil.cli.plan_refs import OfPlan, find_plan, find_unit, going_on
from p2pcouncil.cli.plan_rounds import say_in_round
from p2pcouncil.cli.plan_tables import export, propose
from p2pcouncil.cli.plan_words import lines_of_words
from p2pcouncil.cli.refs import Candidate, find_council, find_member, resolve, short
from p2pcouncil.cli.show_plans import show_plan, show_plans, show_suggestion
from p2pcouncil.cli.text_file import located, read_file
from p2pcouncil.domain.planning.said import UnitPlan
from p2pcouncil.peer.commands import ReportOnPlan
from p2pcouncil.peer.plan_lines import part_of
from p2pcouncil.peer.plan_many import check_kinds
from p2pcouncil.peer.plan_proposals import adoption, beginning, beginning_like
from p2pcouncil.peer.views.plans import PlanUnitView, PlanView
from p2pcouncil.plan_files.terms_file import BOUNDS, TEMPLATE, read_terms
from p2pcouncil.plan_files.unit_file import BOUNDS as UNIT_BOUNDS
from p2pcouncil.plan_files.unit_file import Line, read_unit
from p2pcouncil.text_files.errors import TextFileError

Many = Parameter(negative="")


def register(app: App) -> None:
    """Add the verbs of this chapter."""
    plan = App(name="plan", help="Planning periods: rounds of proposals, and what they come to.", group=PLANS)
    app.command(plan)
    add_verb(plan, show)
    add_verb(plan, begin)
    add_verb(plan, adopt)
    add_verb(plan, suggest)
    add_verb(plan, report)
    add_verb(plan, propose)
    add_verb(plan, export)
    add_verb(app, propose_production, PLANS, "propose-production")
    add_verb(app, propose_consumption, PLANS, "propose-consumption")


async def show(plan: str = "", /, *, round_by_round: bool = False, ctx: Ctx) -> None:
    """Show a planning period: supply and demand of each good, prices, councils, and who has said nothing yet.

    Examples:
        p2pcouncil plan show

        p2pcouncil plan show spring --round-by-round

    Args:
        plan: Which period, by its id's start or a part of its title; the only one that goes on, if left out.
        round_by_round: Whether to list each round's prices and gaps too.
        ctx: Whose peer, and how to speak.
    """
    async with ctx.session() as session:
        if not plan and len(going_on(session)) != 1:
            views = session.plans()
            ctx.say(show_plans(views), {"plans": views})
            return
        view = await ctx.arrive(lambda: find_plan(session, plan))
        ctx.say(show_plan(view, rounds=round_by_round), _json(view))


async def begin(
    file: File | None = None,
    /,
    *,
    council: In = "",
    text: Words | None = None,
    like: str = "",
    title: Words = "",
    summary: Words = "",
    example: Annotated[bool, Many] = False,
    wait: Wait = NO_WAIT,
    ctx: Ctx,
) -> None:
    """Propose a planning period: which goods and councils, how long a round takes, and how close is close enough.

    It is a proposal like any other: seconded, voted on, and begun by the page that closes the vote.

    Examples:
        p2pcouncil plan begin --example > spring.toml

        p2pcouncil plan begin spring.toml

        p2pcouncil plan begin --like spring --title Summer --summary "As in spring, from June to August."

    Args:
        file: The terms, as `docs/planning.md` describes them, or - for standard input.
        council: Which council; the only one of yours, if left out.
        text: What else there is to say for it; the terms as they stand in the file, if left out.
        like: An earlier period, whose terms are taken instead of a file's.
        title: Of the period, with --like; a file says it itself.
        summary: Likewise.
        example: Print terms to begin with, and propose nothing.
        wait: Whether to wait until others hold it.
        ctx: Whose peer, and how to speak.
    """
    if example:
        ctx.say(TEMPLATE.splitlines(), {"example": TEMPLATE})
        return
    if like:
        if file is not None or not (title and summary):
            raise UsageError(
                "With --like the terms come from an earlier period, and title and summary from you.",
                'p2pcouncil plan begin --like spring --title Summer --summary "…"',
            )
        async with ctx.writing(wait) as session:
            view = await ctx.arrive(lambda: find_plan(session, like))
            where = find_council(session, council, member=True).id if council else view.council
            await ctx.do(session, beginning_like(where, title, summary, view, text or ""), wait)
        return
    if title or summary:
        raise UsageError("A file says title and summary itself.", "Write them into it, or take --like PLAN.")
    if file is None:
        raise UsageError(
            "The file is missing.", "p2pcouncil plan begin FILE, or --example for one to begin with"
        )
    data = read_file(file, BOUNDS.file_bytes)
    async with ctx.writing(wait) as session:
        target = await ctx.arrive(lambda: find_council(session, council, member=True))
        try:
            found = read_terms(data, lambda name: find_member(session.council(target.id), name))
        except TextFileError as error:
            raise located(file, error) from error
        said = text if text is not None else f"```toml\n{data.decode('utf-8-sig').strip()}\n```\n"
        command = beginning(target.id, found.title, found.summary, said, found.terms)
        await ctx.do(session, command, wait)


async def adopt(plan: str = "", /, *, wait: Wait = NO_WAIT, ctx: Ctx) -> None:
    """Propose that what a planning period came to is the plan of record; the members vote on it.

    Examples:
        p2pcouncil plan adopt spring

    Args:
        plan: Which period; the only one that waits for this, if left out.
        wait: Whether to wait until others hold it.
        ctx: Whose peer, and how to speak.
    """
    async with ctx.writing(wait) as session:

        def look() -> PlanView:
            view = find_plan(session, plan, "ended")
            if not view.best:
                raise NotHereError(f"The rounds of “{view.title}” have not ended here.", view.line)
            return view

        view = await ctx.arrive(look)
        if view.adoption is not None:
            raise LocalError(
                f"The adoption of “{view.title}” is proposed already: “{view.adoption_title}”.",
                f"See how far it has come: `p2pcouncil show {short(view.adoption)}`.",
            )
        await ctx.do(session, adoption(view), wait)


async def suggest(
    council: str = "",
    /,
    *,
    plan: OfPlan = "",
    accept: Annotated[bool, Many] = False,
    wait: Wait = NO_WAIT,
    ctx: Ctx,
) -> None:
    """Show what your councils could propose at the present prices; it is nobody's word until you take it.

    Examples:
        p2pcouncil plan suggest

        p2pcouncil plan suggest bakery --accept

    Args:
        council: Which of the councils that you speak for; all of them, if left out.
        plan: Which period; the only one that goes on, if left out.
        accept: Propose just that.
        wait: Whether to wait until others hold it.
        ctx: Whose peer, and how to speak.
    """
    async with ctx.writing(wait) as session:

        def found(view: PlanView) -> list[PlanUnitView]:
            mine = [find_unit(view, council)] if council else [view.units[at] for at in view.mine]
            found = [unit for unit in mine if unit.suggestion is not None]
            if not found:
                raise NotHereError(
                    "There is nothing to suggest.",
                    "Propose yourself first; suggestions begin with the round after that.",
                )
            return found

        def parts(view: PlanView) -> tuple[UnitPlan, ...]:
            return tuple(unit.suggestion for unit in found(view) if unit.suggestion is not None)

        if accept:
            await say_in_round(ctx, session, plan, wait, parts)
            return
        shown = await ctx.arrive(lambda: found(find_plan(session, plan, "rounds")))
        ctx.say([line for unit in shown for line in show_suggestion(unit)], {"suggestions": shown})


async def propose_production(
    council: str,
    /,
    *made: str,
    file: File | None = None,
    note: Words = "",
    plan: OfPlan = "",
    wait: Wait = NO_WAIT,
    ctx: Ctx,
) -> None:
    """Say what a workers' council would make in this round, by which technique; the inputs and hours follow from that.

    Examples:
        p2pcouncil propose-production bakery bread=400

        p2pcouncil propose-production bakery bread=300@oven bread=100@stove --note "The oven is down on Mondays."

        p2pcouncil propose-production bakery --file bakery.csv

    Args:
        council: Which of the councils that you speak for.
        made: What, like bread=400; with @ and the technique, if there are several.
        file: A table of the same, as `docs/planning.md` describes it.
        note: Why, or what changed since the last round.
        plan: Which period; the only one that goes on, if left out.
        wait: Whether to wait until others hold it.
        ctx: Whose peer, and how to speak.
    """
    lines = lines_of_words(made, "makes")
    await _propose(ctx, wait, plan, council, "workers", lines, file, note)


async def propose_consumption(
    council: str,
    /,
    *wanted: str,
    offer: Annotated[tuple[str, ...], Many] = (),
    limit: Annotated[tuple[str, ...], Many] = (),
    file: File | None = None,
    note: Words = "",
    plan: OfPlan = "",
    wait: Wait = NO_WAIT,
    ctx: Ctx,
) -> None:
    """Say what a consumers' council would use in this round, and what work it offers.

    Examples:
        p2pcouncil propose-consumption meyer bread=90 flour=12@nice --offer baking=40

        p2pcouncil propose-consumption "mill lane" bread=800 --limit smoke=50

        p2pcouncil propose-consumption meyer --file meyer.csv

    Args:
        council: Which of the councils that you speak for.
        wanted: What, like bread=90; with @must or @nice, if it can't be missed or would only be nice.
        offer: Hours of a kind of work, or a resource, that it gives; may be given several times.
        limit: The most of a pollutant that all production may give off; may be given several times.
        file: A table of the same, as `docs/planning.md` describes it.
        note: Why, or what changed since the last round.
        plan: Which period; the only one that goes on, if left out.
        wait: Whether to wait until others hold it.
        ctx: Whose peer, and how to speak.
    """
    lines = (
        lines_of_words(wanted, "wants") + lines_of_words(offer, "offers") + lines_of_words(limit, "limits")
    )
    await _propose(ctx, wait, plan, council, "consumers", lines, file, note)


async def report(
    council: str, made: str, text: Words = "", /, *, plan: OfPlan = "", wait: Wait = NO_WAIT, ctx: Ctx
) -> None:
    """Report what a council made, or used up, of a good of the plan of record since it reported last.

    Examples:
        p2pcouncil plan report bakery bread=120 "The first week; the oven held."

    Args:
        council: Which of the councils that you speak for.
        made: What and how much, like bread=120.
        text: What else there is to say.
        plan: Which plan of record; the last one, if left out.
        wait: Whether to wait until others hold it.
        ctx: Whose peer, and how to speak.
    """
    (line,) = lines_of_words((made,), "makes")
    async with ctx.writing(wait) as session:
        view = await ctx.arrive(lambda: find_plan(session, plan, "adopted"))
        unit = find_unit(view, council)
        good = resolve(
            line.good, [Candidate(g, g.name.encode(), (g.name,)) for g in view.goods], "good", "plan show"
        )
        await ctx.do(session, ReportOnPlan(view.id, unit.place, good.place, line.amount, text), wait)


async def _propose(
    ctx: Context,
    wait: Wait,
    plan: str,
    council: str,
    kind: str,
    words: tuple[Line, ...],
    file: Path | None,
    note: str,
) -> None:
    data = read_file(file, UNIT_BOUNDS.file_bytes) if file is not None else None
    if not words and data is None:
        raise UsageError("There is nothing to propose.", "Give it in words, like bread=400, or as a --file.")
    async with ctx.writing(wait) as session:

        def parts(view: PlanView) -> tuple[UnitPlan, ...]:
            unit = find_unit(view, council)
            if unit.kind != kind:
                verb = "propose-production" if unit.kind == "workers" else "propose-consumption"
                raise LocalError(f"{unit.name} is a council of {unit.kind}.", f"Use `p2pcouncil {verb}`.")
            try:
                lines = words if data is None else (*words, *read_unit(data))
                check_kinds(unit, lines)
                return (part_of(lines, unit.place, note, view, session.techniques(view.council)),)
            except TextFileError as error:
                if file is None:
                    raise LocalError(str(error), error.hint) from error
                raise located(file, error) from error

        await say_in_round(ctx, session, plan, wait, parts)


def _json(view: PlanView) -> dict[str, object]:
    return {name: getattr(view, name) for name in view.__slots__ if name not in ("table", "terms")}
