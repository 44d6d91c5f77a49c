"""Verbs about the prices of plans: those of the plan of record, and how prices came about, round by round."""

from typing import Annotated

from cyclopts import Parameter

from crdt.errors import LocalError
from p2pcouncil.cli.context import Ctx
from p2pcouncil.cli.errors import NotHereError
from p2pcouncil.cli.plan_refs import OfPlan, find_plan
from p2pcouncil.cli.refs import Candidate, resolve
from p2pcouncil.cli.show_plan_prices import json_of_history, json_of_list, show_history, show_list
from p2pcouncil.domain.planning.table import Table
from p2pcouncil.peer.session import Session
from p2pcouncil.peer.views.plans import PlanGoodView, PlanView

Which = Annotated[str, Parameter(show_default=False)]


async def list_(*, plan: OfPlan = "", ctx: Ctx) -> None:
    """List the prices of a plan: labour values, which goods cost in hours, and indicative prices.

    Examples:
        p2pcouncil price list

        p2pcouncil price list --plan spring --json

    Args:
        plan: Which plan; the last plan of record, if left out, or the one that is being made.
        ctx: Whose peer, and how to speak.
    """
    async with ctx.session() as session:
        view = await ctx.arrive(lambda: find_priced_plan(session, plan))
        ctx.say(show_list(view), json_of_list(view))


async def history(good: Which = "", /, *, plan: OfPlan = "", ctx: Ctx) -> None:
    """Show how prices changed: in each round of each plan, by which page, and why.

    Examples:
        p2pcouncil price history bread

        p2pcouncil price history --plan spring --json

    Args:
        good: Of which good; of all, if left out.
        plan: Of which plan; of all that are held, the first one first, if left out.
        ctx: Whose peer, and how to speak.
    """
    async with ctx.session() as session:

        def look() -> list[PlanView]:
            found = [find_plan(session, plan)] if plan else list(reversed(session.plans()))
            if not found:
                raise NotHereError("There is no plan on this laptop.", "See `p2pcouncil plan begin`.")
            return found

        views = await ctx.arrive(look)
        goods = {item.name: item for view in views for item in view.goods}
        name = _find_good(list(goods.values()), good).name if good else ""
        ctx.say(show_history(views, name), json_of_history(views, name))


def find_priced_plan(session: Session, ref: str) -> PlanView:
    """The plan whose prices are meant: the one that is named, the last plan of record, or the only one that goes on.

    Raises:
        LocalError: none or several fit.
    """
    adopted = next((view for view in session.plans() if view.stage == "adopted"), None)
    return adopted if adopted is not None and not ref else find_plan(session, ref)


def find_table(session: Session, ref: str) -> tuple[PlanView, Table]:
    """The plan that is meant, and what goods take by it.

    Raises:
        LocalError: none or several fit, or nothing in it has a labour value.
    """
    view = find_priced_plan(session, ref)
    table = session.plan_table(view.id)
    if table is None:
        why = view.faults[0] if view.faults else "Nothing is made by it so far."
        raise LocalError(
            f"No good of “{view.title}” has a labour value: {why}", "See `p2pcouncil plan show`."
        )
    return view, table


def _find_good(goods: list[PlanGoodView], name: str) -> PlanGoodView:
    named = [Candidate(good, good.name.encode(), (good.name,)) for good in goods]
    return resolve(name, named, "good", "price list")
