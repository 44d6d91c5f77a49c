"""Verbs about councils: founding, inviting, joining, vouching, leaving."""

from typing import Annotated, Literal

from cyclopts import App, Parameter

from p2pcouncil.cli.context import NO_WAIT, Ctx, Wait
from p2pcouncil.cli.groups import COUNCILS, add_verb
from p2pcouncil.cli.methods import parse_window
from p2pcouncil.cli.refs import find_council
from p2pcouncil.cli.show_councils import show_council, show_councils
from p2pcouncil.domain.records import Charter
from p2pcouncil.peer.commands import (
    FoundCouncil,
    LeaveCouncil,
)

In = Annotated[str, Parameter(name="--in")]
"""Which council, where a verb needs one and there may be several."""


def register(app: App) -> None:
    """Add the verbs of this chapter."""
    add_verb(app, found, COUNCILS)
    add_verb(app, leave, COUNCILS)
    add_verb(app, councils, COUNCILS)
    council = App(name="council", help="Councils below yours.", group=COUNCILS)
    app.command(council)
    add_verb(council, new)


async def found(
    name: str,
    /,
    *,
    purpose: str = "",
    seconds: int = 1,
    vouches: int = 1,
    window: str = "3d",
    probation: str = "14d",
    grace: str = "14d",
    ctx: Ctx,
) -> None:
    """Found a society: the council that all others stand below.

    Examples:
        p2pcouncil found "Mill Lane" --purpose "Bread for the neighbourhood, decided together."

    Args:
        name: What it is called.
        purpose: What it is for, in a few sentences.
        seconds: How many members besides the proposer second a proposal before its vote may open.
        vouches: How many members vouch for a newcomer before a vote counts them.
        window: How long a vote is open, unless its opening says otherwise: 90m, 36h, 3d, 2w.
        probation: How long a newcomer is on the roll before they vouch for others and tell; 0 for not at all.
        grace: How long a vote that is over waits for seals before it may lapse.
        ctx: Whose peer, and how to speak.
    """
    charter = _charter(seconds, vouches, window, probation, grace)
    async with ctx.session() as session:
        await ctx.do(session, FoundCouncil(name, "society", "society", purpose, None, charter))


async def new(
    name: str,
    /,
    *,
    kind: Literal["workers", "consumers"],
    level: str,
    purpose: str = "",
    under: str = "",
    seconds: int = 1,
    vouches: int = 1,
    window: str = "3d",
    probation: str = "14d",
    grace: str = "14d",
    ctx: Ctx,
) -> None:
    """Found a council below one that you belong to, and announce it there.

    Examples:
        p2pcouncil council new "Morning Bread" --kind workers --level workplace

        p2pcouncil council new "Mill Lane tables" --kind consumers --level neighbourhood --under "Mill Lane"

    Args:
        name: What it is called.
        kind: workers or consumers.
        level: workers: individual, workplace, industry, region; consumers: individual, household, neighbourhood,
            city, region.
        purpose: What it is for.
        under: The council above; the only one of yours, if left out.
        seconds: How many members second a proposal before its vote may open.
        vouches: How many members vouch for a newcomer before a vote counts them.
        window: How long a vote is open: 90m, 36h, 3d, 2w.
        probation: How long a newcomer is on the roll before they vouch for others and tell; 0 for not at all.
        grace: How long a vote that is over waits for seals before it may lapse.
        ctx: Whose peer, and how to speak.
    """
    charter = _charter(seconds, vouches, window, probation, grace)
    async with ctx.session() as session:
        parent = await ctx.arrive(lambda: find_council(session, under, member=True))
        await ctx.do(session, FoundCouncil(name, kind, level, purpose, parent.id, charter))


async def leave(council: str, /, *, reason: str = "", wait: Wait = NO_WAIT, ctx: Ctx) -> None:
    """Leave a council.

    Examples:
        p2pcouncil leave "Mill Lane tables" --reason "We are moving away."

    Args:
        council: Which council.
        reason: Said to the others.
        wait: Whether to wait until others hold it.
        ctx: Whose peer, and how to speak.
    """
    async with ctx.writing(wait) as session:
        target = find_council(session, council)
        await ctx.do(session, LeaveCouncil(target.id, reason), wait)


async def councils(council: str = "", /, *, ctx: Ctx) -> None:
    """Show the tree of councils, or one with its charter, its roll and the fingerprints.

    Examples:
        p2pcouncil councils

        p2pcouncil councils "Mill Lane"

    Args:
        council: Which one to show in full.
        ctx: Whose peer, and how to speak.
    """
    async with ctx.session() as session:
        if council:
            one = await ctx.arrive(lambda: find_council(session, council))
            ctx.say(show_council(session.council(one.id)), session.council(one.id))
            return
        held = session.councils()
        ctx.say(show_councils(held), {"councils": held})


def _charter(seconds: int, vouches: int, window: str, probation: str, grace: str) -> Charter:
    return Charter(
        seconds_needed=seconds,
        vouches_needed=vouches,
        window_seconds=parse_window(window),
        probation_seconds=0 if probation in ("0", "0s") else parse_window(probation),
        grace_seconds=parse_window(grace),
    )
