"""Verbs about votes: opening, voting, counting, and what waits for me."""

from typing import Annotated

from cyclopts import App, Parameter

from crdt.errors import LocalError
from p2pcouncil.cli.as_json import json_of_tally
from p2pcouncil.cli.choices import parse_choice
from p2pcouncil.cli.context import NO_WAIT, Ctx, Wait
from p2pcouncil.cli.errors import NotHereError
from p2pcouncil.cli.groups import VOTES, add_verb
from p2pcouncil.cli.methods import parse_window
from p2pcouncil.cli.refs import find_proposal
from p2pcouncil.cli.show_proposals import show_inbox, show_tally
from p2pcouncil.peer.commands import CastBallot, OpenVote, SetPriorities
from p2pcouncil.peer.session import Session
from p2pcouncil.peer.views.issues import IssueView
from p2pcouncil.peer.views.proposals import ProposalView


def register(app: App) -> None:
    """Add the verbs of this chapter."""
    add_verb(app, open_vote, VOTES, "open")
    add_verb(app, vote, VOTES)
    add_verb(app, tally, VOTES)
    add_verb(app, inbox, VOTES)


async def open_vote(proposal: str, /, *, window: str = "", wait: Wait = NO_WAIT, ctx: Ctx) -> None:
    """Open the vote on the version that was seconded.

    With --within it waits for the seconds that are still missing here.

    Examples:
        p2pcouncil open oven

        p2pcouncil open oven --window 36h --within 20

    Args:
        proposal: Its id's start or a part of its title.
        window: How long the vote is open: 90m, 36h, 3d, 2w; the charter says, if left out.
        wait: Whether to wait until others hold it.
        ctx: Whose peer, and how to speak.
    """
    seconds = parse_window(window) if window else None
    async with ctx.writing(wait) as session:

        def look() -> ProposalView:
            found = find_proposal(session, proposal, "open")
            if found.stage == "draft" and "open" not in found.actions:
                raise NotHereError(
                    f"This version is seconded by {len(found.seconds)}, and {found.seconds_needed} are needed.",
                    "Ask others to second it with `p2pcouncil second`.",
                )
            return found

        found = await ctx.arrive(look)
        await ctx.do(session, OpenVote(found.id, seconds), wait)


async def vote(
    issue: str,
    /,
    *choice: Annotated[str, Parameter(allow_leading_hyphen=False)],
    wait: Wait = NO_WAIT,
    ctx: Ctx,
) -> None:
    """Vote, or vote again: your last ballot counts.

    Yes/no votes take yes, no or abstain. Approval and equal shares take the options that you approve of, or none.
    Ranked takes ranks, best first, with = between equals; a transferable vote takes one option after the other. Score
    takes points, like 1=5 2=3. Options go by number or by a part of their name. A shell reads > as a redirection, so
    either leave it out or put the whole in quotes.

    Examples:
        p2pcouncil vote oven yes

        p2pcouncil vote flour 1 3 --wait

        p2pcouncil vote hours 2 1=3

        p2pcouncil vote hours "2>1=3"

        p2pcouncil vote logo 1=5 3=2

    Args:
        issue: Which vote: the id's start of the proposal or the vote, or a part of the title.
        choice: What you choose.
        wait: Whether to wait until others hold it.
        ctx: Whose peer, and how to speak.
    """
    async with ctx.writing(wait) as session:
        _, found = await ctx.arrive(lambda: find_issue(session, issue, "vote"))
        if found.can_vote:
            raise LocalError(found.can_vote, "See `p2pcouncil tally` for how it stands.")
        ballot = parse_choice(found.method, found.options, choice)
        await ctx.do(session, CastBallot(found.id, ballot), wait)


async def tally(issue: str, /, *, ctx: Ctx) -> None:
    """Count a vote from the ballots held here, and show how it was counted.

    Examples:
        p2pcouncil tally oven

    Args:
        issue: Which vote: the id's start of the proposal or the vote, or a part of the title.
        ctx: Whose peer, and how to speak.
    """
    async with ctx.session() as session:
        proposal, found = await ctx.arrive(lambda: find_issue(session, issue))
        ctx.say(show_tally(proposal, found), json_of_tally(proposal, found))


async def inbox(*, first: Annotated[tuple[str, ...], Parameter(negative="")] = (), ctx: Ctx) -> None:
    """Show what waits for you, and what you should know.

    Examples:
        p2pcouncil inbox

        p2pcouncil inbox --first flour --first money

    Args:
        first: A tag that comes first from now on; may be given several times.
        ctx: Whose peer, and how to speak.
    """
    async with ctx.session() as session:
        if first:
            await session.submit(SetPriorities(first))
        items = session.inbox()
        ctx.say(show_inbox(items), {"inbox": items, "first": session.priorities()})


def find_issue(session: Session, ref: str, action: str = "") -> tuple[ProposalView, IssueView]:
    """Find an open vote.

    Raises:
        NotHereError: the proposal isn't here, or its vote isn't open as far as this laptop knows.
        LocalError: several proposals fit.
    """
    proposal = find_proposal(session, ref, action)
    if proposal.issue is None:
        raise NotHereError(
            f"The vote on “{proposal.title}” is not open, as far as this laptop knows.",
            "Somebody opens it with `p2pcouncil open`, once it is seconded.",
        )
    return proposal, proposal.issue
