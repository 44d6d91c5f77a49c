"""Verbs about the register and what follows a vote: pages, duty, objections, reports, feedback, reviews."""

from typing import Annotated

from cyclopts import App, Parameter

from p2pcouncil.cli.context import NO_WAIT, Ctx, File, Wait, Words
from p2pcouncil.cli.councils import In
from p2pcouncil.cli.errors import UsageError
from p2pcouncil.cli.groups import VOTES, add_verb
from p2pcouncil.cli.prompts import known_passphrase
from p2pcouncil.cli.refs import AS_A_WORD, find_council, find_member, find_proposal, find_request
from p2pcouncil.cli.show_register import show_register
from p2pcouncil.peer.commands import GiveFeedback, GoOn, ObjectTo, PledgeDuty, ReportProgress, ReviewVote
from p2pcouncil.peer.session import Session
from p2pcouncil.peer.views.issues import IssueView


def register(app: App) -> None:
    """Add the verbs of this chapter."""
    add_verb(app, pages, VOTES)
    add_verb(app, report, VOTES)
    add_verb(app, feedback, VOTES)
    add_verb(app, review, VOTES)
    add_verb(app, object_to, VOTES, name="object")
    add_verb(app, succeed, VOTES)
    duty = App(name="duty", help="Your part as a teller.", group=VOTES)
    app.command(duty)
    add_verb(duty, on)
    add_verb(duty, off)


async def pages(council: str = "", /, *, limit: int = 10, ctx: Ctx) -> None:
    """Show a council's register: its pages, what each did, who signed it, and what the next one waits for.

    Examples:
        p2pcouncil pages

        p2pcouncil pages "Mill Lane" --limit 50

    Args:
        council: Which council; the only one of yours, if left out.
        limit: How many of the last pages.
        ctx: Whose peer, and how to speak.
    """
    if limit < 1:
        raise UsageError("The limit must be at least 1.", "Give --limit 10.")
    async with ctx.session() as session:
        target = await ctx.arrive(lambda: find_council(session, council, how=AS_A_WORD))
        view = session.register(target.id)
        ctx.say(show_register(view, limit), view)


async def on(council: In = "", *, ctx: Ctx) -> None:
    """Go on duty as a teller: your peer receipts and seals ballots, and helps to write pages, by itself.

    Examples:
        p2pcouncil duty on

    Args:
        council: Which council; the only one of yours, if left out.
        ctx: Whose peer, and how to speak.
    """
    await _pledge(council, ctx, is_on=True)


async def off(council: In = "", *, ctx: Ctx) -> None:
    """Go off duty as a teller, because your laptop is seldom on.

    Examples:
        p2pcouncil duty off

    Args:
        council: Which council; the only one of yours, if left out.
        ctx: Whose peer, and how to speak.
    """
    await _pledge(council, ctx, is_on=False)


async def _pledge(council: str, ctx: Ctx, *, is_on: bool) -> None:
    async with ctx.writing(NO_WAIT) as session:
        target = await ctx.arrive(lambda: find_council(session, council, member=True))
        await ctx.do(session, PledgeDuty(target.id, is_on), NO_WAIT)


async def object_to(
    person: str, /, *, reason: Words = "", council: In = "", wait: Wait = NO_WAIT, ctx: Ctx
) -> None:
    """Object to a newcomer: no page lets them in before a vote says so.

    Examples:
        p2pcouncil object Samir --reason "He is the landlord."

    Args:
        person: Who, by name, fingerprint or id.
        reason: Why; said to the others.
        council: Which council; the only one of yours, if left out.
        wait: Whether to wait until others hold it.
        ctx: Whose peer, and how to speak.
    """
    async with ctx.writing(wait) as session:
        target = await ctx.arrive(lambda: find_council(session, council, member=True))
        found = await ctx.arrive(lambda: find_request(session.council(target.id), person))
        await ctx.do(session, ObjectTo(target.id, found.person.member, reason), wait)


async def report(vote: str, text: Words, /, *, done: bool = False, wait: Wait = NO_WAIT, ctx: Ctx) -> None:
    """Say what became of a decision, with what can be looked at; whoever answers for it says when it is done.

    Examples:
        p2pcouncil report oven "The oven stands since Saturday; the receipt is in the folder."

        p2pcouncil report oven "Paid, delivered and connected." --done

    Args:
        vote: The decision, by its id's start or a part of its title.
        text: What was done.
        done: Whether it is carried out.
        wait: Whether to wait until others hold it.
        ctx: Whose peer, and how to speak.
    """
    async with ctx.writing(wait) as session:
        found = await ctx.arrive(lambda: _find_vote(session, vote))
        await ctx.do(session, ReportProgress(found.id, text, done), wait)


async def feedback(
    vote: str, text: Words = "", /, *, content: bool = True, wait: Wait = NO_WAIT, ctx: Ctx
) -> None:
    """Say how a decision works out: whether it should stay as it is.

    Examples:
        p2pcouncil feedback oven "The bread is better, and nobody is tired."

        p2pcouncil feedback oven "The line trips when the mixer runs." --no-content

    Args:
        vote: The decision, by its id's start or a part of its title.
        text: Why.
        content: Whether it should stay as it is.
        wait: Whether to wait until others hold it.
        ctx: Whose peer, and how to speak.
    """
    async with ctx.writing(wait) as session:
        found = await ctx.arrive(lambda: _find_vote(session, vote))
        await ctx.do(session, GiveFeedback(found.id, content, text), wait)


async def review(
    vote: str, /, *, holds: bool = True, note: Words = "", wait: Wait = NO_WAIT, ctx: Ctx
) -> None:
    """Sign your verdict on a closed vote that you were drawn to review.

    Look first: `p2pcouncil verify` recomputes it, `p2pcouncil tally` lists its ballots, `p2pcouncil pages` its pages.

    Examples:
        p2pcouncil review oven --note "Recounted by hand from the four ballots."

        p2pcouncil review oven --no-holds --note "Ben says that he never cast ballot 2."

    Args:
        vote: The vote, by its id's start or a part of its title.
        holds: Whether what you looked at holds; a dispute needs a note.
        note: What you looked at, and what you found.
        wait: Whether to wait until others hold it.
        ctx: Whose peer, and how to speak.
    """
    async with ctx.writing(wait) as session:
        found = await ctx.arrive(lambda: _find_vote(session, vote))
        await ctx.do(session, ReviewVote(found.id, holds, note), wait)


async def succeed(
    council: str = "",
    /,
    *,
    teller: Annotated[tuple[str, ...], Parameter(negative="")] = (),
    passphrase_file: File | None = None,
    wait: Wait = NO_WAIT,
    ctx: Ctx,
) -> None:
    """Go on in a successor council, because so many tellers are gone for good that no page can be written any more.

    The first member to do so writes the successor's founding: it lists everybody on the roll, and goes on from the last
    page. The others sign it with the same verb. Once more than half of the roll did, everybody's peer holds the
    successor by itself. You tell in the old council no more from then on, unless a page comes after all; so try to
    reach the others first.

    Examples:
        p2pcouncil succeed

        p2pcouncil succeed "Mill Lane" --teller Ada --teller Ben

    Args:
        council: Which council; the only one of yours, if left out.
        teller: Who tells in the successor at first; several may be given. You and those who still speak, if left out.
        passphrase_file: A file whose first line is the passphrase, or the recovery phrase.
        wait: Whether to wait until others hold it.
        ctx: Whose peer, and how to speak.
    """
    async with ctx.writing(wait) as session:
        target = await ctx.arrive(lambda: find_council(session, council, member=True))
        tellers = tuple(find_member(session.council(target.id), name) for name in teller)
        await ctx.do(session, GoOn(target.id, known_passphrase(ctx, passphrase_file), tellers), wait)


def _find_vote(session: Session, ref: str) -> IssueView:
    found = find_proposal(session, ref)
    if found.issue is None:
        raise UsageError(f"There is no vote on “{found.title}” yet.", "See `p2pcouncil show`.")
    return found.issue
