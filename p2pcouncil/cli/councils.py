"""Verbs about councils: founding, inviting, joining, vouching, leaving."""

import re
from typing import Annotated, Literal

from cyclopts import App, Parameter

from crdt.errors import LocalError
from crdt.ids import CouncilId
from p2pcouncil.cli.as_json import json_of_done
from p2pcouncil.cli.context import ANYWHERE, NO_WAIT, Ctx, Network, Wait
from p2pcouncil.cli.errors import NotHereError, NotInTimeError
from p2pcouncil.cli.groups import COUNCILS, add_verb
from p2pcouncil.cli.methods import parse_window
from p2pcouncil.cli.refs import find_council, find_request
from p2pcouncil.cli.show import wrap
from p2pcouncil.cli.show_councils import show_council, show_councils, show_requests
from p2pcouncil.domain.records import Charter
from p2pcouncil.peer.commands import (
    FoundCouncil,
    JoinByInvitation,
    JoinCouncil,
    LeaveCouncil,
    MakeInvitation,
    VouchFor,
)

In = Annotated[str, Parameter(name="--in")]
"""Which council, where a verb needs one and there may be several."""


def register(app: App) -> None:
    """Add the verbs of this chapter."""
    add_verb(app, found, COUNCILS)
    add_verb(app, invite, COUNCILS)
    add_verb(app, join, COUNCILS)
    add_verb(app, vouch, COUNCILS)
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
        ctx: Whose peer, and how to speak.
    """
    charter = Charter(seconds_needed=seconds, vouches_needed=vouches, window_minutes=parse_window(window))
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
        ctx: Whose peer, and how to speak.
    """
    charter = Charter(seconds_needed=seconds, vouches_needed=vouches, window_minutes=parse_window(window))
    async with ctx.session() as session:
        parent = await ctx.arrive(lambda: find_council(session, under, member=True))
        await ctx.do(session, FoundCouncil(name, kind, level, purpose, parent.id, charter))


async def invite(council: str = "", /, *, note: str = "", ctx: Ctx) -> None:
    """Make an invitation for one person: a line of text, and the same as a QR code.

    Run `p2pcouncil serve` first, so that the line carries an address under which you can be reached.

    Examples:
        p2pcouncil invite

        p2pcouncil invite "Mill Lane" --note "for Noor, the night baker" --json

    Args:
        council: Which council; the only one of yours, if left out.
        note: For whom it is; other members see it.
        ctx: Whose peer, and how to speak.
    """
    async with ctx.session() as session:
        target = await ctx.arrive(lambda: find_council(session, council, member=True))
        done = await session.submit(MakeInvitation(target.id, note))
    line = done.lines[0]
    ctx.say([*wrap(done.message), "", line, "", *done.lines[1:]], json_of_done(done, invitation=line))


async def join(
    invitation: str,
    /,
    *,
    wait: Wait = NO_WAIT,
    network: Network = ANYWHERE,
    ctx: Ctx,
) -> None:
    """Ask to belong to a council: by an invitation, or by name if it stands below one of yours.

    Brings up the network if no other p2pcouncil of this home does. Without --wait it returns as soon as a member's
    peer keeps your request; with --wait when somebody has vouched for you.

    Examples:
        p2pcouncil join p2pc1…

        p2pcouncil join "Morning Bread"

    Args:
        invitation: The line of text from a member, or the name or id of a council announced in one of yours.
        network: How to be on the network.
        wait: Whether to wait until others hold it.
        ctx: Whose peer, and how to speak.
    """
    async with ctx.session(network) as session:
        if _is_invitation(invitation):
            done = await session.submit(JoinByInvitation("".join(invitation.split())))
        else:
            named = await ctx.arrive(lambda: find_council(session, invitation))
            done = await session.submit(JoinCouncil(named.id))
        timeout_ms = int(wait.timeout * 1_000)
        council = CouncilId(done.id)
        if wait.wait:
            ctx.note(f"{done.message} Waiting until somebody vouches for you …")
            if not await session.wait_joined(council, timeout_ms):
                raise NotInTimeError(
                    f"{done.message} Nobody let you in within {wait.timeout:g} s.",
                    "Tell a member your four words; the request goes on while `p2pcouncil serve` or the TUI runs.",
                )
            state = "You belong to it now."
        elif await session.wait_delivered(council, timeout_ms):
            state = next(
                (p.line for p in session.status().pending if p.council == council), "You belong to it now."
            )
        else:
            raise NotInTimeError(
                f"{done.message} No member's peer could be reached within {wait.timeout:g} s.",
                "Leave `p2pcouncil serve` or the TUI running: it goes on asking. Or carry a bundle by hand.",
            )
    ctx.say([*wrap(f"{done.message} {state}"), *done.lines], json_of_done(done, state=state))


async def vouch(
    name: str = "",
    /,
    *,
    council: In = "",
    wait: Wait = NO_WAIT,
    ctx: Ctx,
) -> None:
    """Vouch for somebody who asks to join; without a name, list who does.

    Compare the four words of the fingerprint with the person first: a name can be anybody's.

    Examples:
        p2pcouncil vouch

        p2pcouncil vouch Noor

    Args:
        name: The person's name, fingerprint, or the request's id.
        council: Which council; all of yours, if left out.
        wait: Whether to wait until others hold it.
        ctx: Whose peer, and how to speak.
    """
    async with ctx.writing(wait) as session:
        if council:
            await ctx.arrive(lambda: find_council(session, council))
        if not name:
            chosen = [find_council(session, council)] if council else session.councils()
            asked = [c for c in chosen if c.requests]
            lines = [line for c in asked for line in (f"{c.name}:", *show_requests(c.requests))]
            data = [{"council": c.id, "name": c.name, "requests": c.requests} for c in asked]
            ctx.say(lines or ["Nobody asks to join."], {"councils": data})
            return

        def look() -> VouchFor:
            chosen = [find_council(session, council)] if council else list(session.councils())
            found: list[VouchFor] = []
            errors: list[LocalError] = []
            for candidate in chosen:
                try:
                    found.append(VouchFor(candidate.id, find_request(candidate, name).join_id))
                except NotHereError as error:
                    errors.append(error)
            if len(found) > 1:
                raise LocalError("That person asks to join several councils.", "Name one of them with --in.")
            if not found:
                raise (
                    errors[0]
                    if len(errors) == 1
                    else NotHereError(
                        f"Nobody called “{name[:40]}” asks to join.", "List who does with `p2pcouncil vouch`."
                    )
                )
            return found[0]

        await ctx.do(session, await ctx.arrive(look), wait)


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


def _is_invitation(text: str) -> bool:
    return re.search(r"p2pc\d+\s*:", text.casefold()) is not None
