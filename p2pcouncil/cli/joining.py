"""Verbs about getting in: inviting, asking, vouching."""

import re

from cyclopts import App

from crdt.errors import LocalError
from crdt.ids import CouncilId
from p2pcouncil.cli.as_json import json_of_done
from p2pcouncil.cli.context import ANYWHERE, NO_WAIT, Ctx, Network, Wait
from p2pcouncil.cli.councils import In
from p2pcouncil.cli.errors import NotHereError, NotInTimeError
from p2pcouncil.cli.groups import COUNCILS, add_verb
from p2pcouncil.cli.refs import AS_A_WORD, find_council, find_request
from p2pcouncil.cli.show import wrap
from p2pcouncil.cli.show_councils import show_requests
from p2pcouncil.invitation import decode_invitation
from p2pcouncil.peer.commands import JoinByInvitation, JoinCouncil, MakeInvitation, VouchFor


def register(app: App) -> None:
    """Add the verbs of this chapter."""
    add_verb(app, invite, COUNCILS)
    add_verb(app, join, COUNCILS)
    add_verb(app, vouch, COUNCILS)


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
        target = await ctx.arrive(lambda: find_council(session, council, member=True, how=AS_A_WORD))
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
        has_address = True
        if _is_invitation(invitation):
            has_address = bool(decode_invitation(invitation).addresses)
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
        elif not has_address or await session.wait_delivered(council, timeout_ms):
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


def _is_invitation(text: str) -> bool:
    return re.search(r"p2pc\d+\s*:", text.casefold()) is not None
