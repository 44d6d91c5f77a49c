"""Verbs about proposals: writing them together, talking about them, seconding them."""

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from crdt.errors import LocalError
from crdt.ids import ChangeHash
from p2pcouncil.cli.context import NO_WAIT, Context, Ctx, File, Wait, Words
from p2pcouncil.cli.councils import In
from p2pcouncil.cli.effects import make_effect
from p2pcouncil.cli.errors import UsageError
from p2pcouncil.cli.groups import PROPOSALS, add_verb
from p2pcouncil.cli.methods import MethodName, make_method
from p2pcouncil.cli.prompts import edit_text, read_text
from p2pcouncil.cli.refs import Candidate, find_council, find_proposal, resolve
from p2pcouncil.cli.show_proposals import show_proposal, show_proposals
from p2pcouncil.peer.commands import (
    AddComment,
    EditText,
    MakeProposal,
    SecondProposal,
    WithdrawProposal,
)
from p2pcouncil.peer.views.proposals import ProposalView

TEMPLATE = "## What changes\n\n\n## Why\n\n\n## What it costs, and who does it\n\n"

Many = Parameter(negative="")


def register(app: App) -> None:
    """Add the verbs of this chapter."""
    add_verb(app, propose, PROPOSALS)
    add_verb(app, edit, PROPOSALS)
    add_verb(app, show, PROPOSALS)
    add_verb(app, comment, PROPOSALS)
    add_verb(app, second, PROPOSALS)
    add_verb(app, withdraw, PROPOSALS)


async def propose(
    title: str,
    /,
    *,
    summary: Words = "",
    text: Words | None = None,
    file: File | None = None,
    council: In = "",
    method: MethodName = "yes-no",
    option: Annotated[tuple[str, ...], Many] = (),
    quorum: str = "50",
    threshold: str | None = None,
    winners: int | None = None,
    highest: int | None = None,
    seats: int | None = None,
    budget: int | None = None,
    cost: Annotated[tuple[int, ...], Many] = (),
    tag: Annotated[tuple[str, ...], Many] = (),
    scope: str = "",
    does: str = "",
    reopens: str = "",
    wait: Wait = NO_WAIT,
    ctx: Ctx,
) -> None:
    """Put a proposal before a council; opens your editor for its text, unless --text or --file gives it.

    Examples:
        p2pcouncil propose "A second oven" --summary "Buy a used deck oven for 6,400 euros." --file oven.md

        p2pcouncil propose "Opening hours" --summary "When?" --method ranked --option "7 to 13" --option "8 to 14"

        p2pcouncil propose "Delegates" --summary "Who?" --method stv --seats 2 --option Ada --option Bo --option Cem

        p2pcouncil propose "Repairs" --summary "Which?" --method equal-shares --budget 900 --option Roof --cost 700
        --option Door --cost 200

        p2pcouncil propose "A second oven" --summary "…" --text "…" --does "promise Tomás by 2027-03-14"

        p2pcouncil propose "Two seconds" --summary "…" --text "…" --does "charter seconds 2"

    Args:
        title: What it is called.
        summary: One paragraph: what changes, for whom, and why.
        text: The whole text.
        file: A file with the text; - reads standard input.
        council: Which council; the only one of yours, if left out.
        method: yes-no, approval (any number of options), ranked (Schulze), score (points), stv (several seats, in
            proportion) or equal-shares (projects, from a budget).
        option: An option of any vote but yes-no; given once for each.
        quorum: Percent of the roll that must vote.
        threshold: Percent of yes, among yes and no, that must be exceeded; yes-no only, 50 if left out.
        winners: How many options win; approval and score only, 1 if left out.
        highest: Most points that an option can get, up to 10; score only, 5 if left out.
        seats: How many seats there are to fill; stv only.
        budget: What there is to spend, in whole units of money; equal-shares only.
        cost: What an option costs, in the same units; equal-shares only, given once for each option, in order.
        tag: A word under which it is found; may be given several times.
        scope: Whom it affects.
        does: What the decision does by itself: promise WHO by DATE, charter TERM VALUE, remove WHO, admit WHO,
            recognise COUNCIL, elect OFFICE (the options name the candidates), recall WHO from OFFICE, set NAME to
            VALUE.
        reopens: A closed vote that this takes up again.
        wait: Whether to wait until others hold it.
        ctx: Whose peer, and how to speak.
    """
    decided_by = make_method(
        method,
        quorum,
        threshold=threshold,
        winners=winners,
        highest=highest,
        seats=seats,
        budget=budget,
        costs=cost,
    )
    if not summary:
        summary = _ask_summary(ctx)
    body = _given_text(text, file)
    if body is None:
        body = edit_text(ctx, TEMPLATE)
        if not body.strip() or body == TEMPLATE:
            raise LocalError(
                "Nothing was written, so nothing was proposed.", "Save the text before you close."
            )
    async with ctx.writing(wait) as session:
        target = await ctx.arrive(lambda: find_council(session, council, member=True))
        effect = make_effect(does, option, session, session.council(target.id)) if does else None
        before = find_proposal(session, reopens).issue if reopens else None
        if reopens and before is None:
            raise UsageError("What is to be taken up again was never voted on.", "Name a closed vote.")
        command = MakeProposal(
            target.id,
            title,
            summary,
            body,
            decided_by,
            option,
            tag,
            scope,
            effect,
            before.id if before is not None else None,
        )
        await ctx.do(session, command, wait)


async def edit(
    proposal: str,
    /,
    *,
    text: Words | None = None,
    file: File | None = None,
    append: Words | None = None,
    replace: Words | None = None,
    by: Words | None = None,
    wait: Wait = NO_WAIT,
    ctx: Ctx,
) -> None:
    """Edit a proposal's text; opens your editor, unless an option says what changes.

    What others write meanwhile is merged with your change; nothing of theirs is lost.

    Examples:
        p2pcouncil edit oven

        p2pcouncil edit oven --append "Delivery is paid by the seller."

        p2pcouncil edit oven --replace "6,400 euros" --by "5,900 euros"

    Args:
        proposal: Its id's start or a part of its title.
        text: The whole new text.
        file: A file with the whole new text; - reads standard input.
        append: A paragraph to add at the end.
        replace: Words that occur exactly once in the text.
        by: What stands in their place.
        wait: Whether to wait until others hold it.
        ctx: Whose peer, and how to speak.
    """
    if sum(given is not None for given in (text, file, append, replace)) > 1:
        raise UsageError(
            "Only one of --text, --file, --append and --replace can be given.", "Leave the others out."
        )
    if (replace is None) != (by is None):
        raise UsageError(
            "--replace and --by belong together.", "Give both: the words, and what replaces them."
        )
    async with ctx.session() as session:
        found = await ctx.arrive(lambda: find_proposal(session, proposal, "edit"))
    # The editor may be open for an hour, so the session is not: the version read is what the edit starts from.
    new = _given_text(text, file)
    if append is not None:
        new = f"{found.text}\n\n{append}" if found.text else append
    elif replace is not None and by is not None:
        new = _replace_once(found.text, replace, by)
    elif new is None:
        new = edit_text(ctx, found.text)
    async with ctx.writing(wait) as session:
        await ctx.do(session, EditText(found.id, new, tuple(map(ChangeHash, found.version.heads))), wait)


async def show(
    proposal: str = "",
    /,
    *,
    council: In = "",
    history: Annotated[bool, Many] = False,
    ctx: Ctx,
) -> None:
    """Show a proposal with its text, discussion and vote; without a name, list them all.

    Examples:
        p2pcouncil show

        p2pcouncil show oven --history

    Args:
        proposal: Its id's start or a part of its title.
        council: List those of one council only.
        history: Who wrote how much, edit by edit.
        ctx: Whose peer, and how to speak.
    """
    async with ctx.session() as session:
        if proposal:
            found = await ctx.arrive(lambda: find_proposal(session, proposal))
            ctx.say(show_proposal(found, history=history), found)
            return
        chosen = find_council(session, council).id if council else None
        proposals = session.proposals(chosen)
        ctx.say(show_proposals(proposals), {"proposals": proposals})


async def comment(proposal: str, text: str, /, *, reply_to: str = "", wait: Wait = NO_WAIT, ctx: Ctx) -> None:
    """Comment on a proposal, or answer a comment.

    Examples:
        p2pcouncil comment oven "Who repairs it?"

        p2pcouncil comment oven "Tomás can." --reply-to 7c31d0aa

    Args:
        proposal: Its id's start or a part of its title.
        text: What you say.
        reply_to: The id's start of the comment that you answer.
        wait: Whether to wait until others hold it.
        ctx: Whose peer, and how to speak.
    """
    async with ctx.writing(wait) as session:
        found = await ctx.arrive(lambda: find_proposal(session, proposal, "comment"))
        answered = (
            await ctx.arrive(lambda: _comment(session.proposal(found.id), reply_to)) if reply_to else None
        )
        await ctx.do(session, AddComment(found.id, text, answered), wait)


async def second(proposal: str, /, *, wait: Wait = NO_WAIT, ctx: Ctx) -> None:
    """Second a proposal's present version: you want it voted on as it stands.

    Examples:
        p2pcouncil second oven

    Args:
        proposal: Its id's start or a part of its title.
        wait: Whether to wait until others hold it.
        ctx: Whose peer, and how to speak.
    """
    async with ctx.writing(wait) as session:
        found = await ctx.arrive(lambda: find_proposal(session, proposal, "second"))
        await ctx.do(session, SecondProposal(found.id, found.version), wait)


async def withdraw(proposal: str, /, *, reason: Words = "", wait: Wait = NO_WAIT, ctx: Ctx) -> None:
    """Take your own proposal back, before its vote is open.

    Examples:
        p2pcouncil withdraw oven --reason "The seller has found another buyer."

    Args:
        proposal: Its id's start or a part of its title.
        reason: Said to the others.
        wait: Whether to wait until others hold it.
        ctx: Whose peer, and how to speak.
    """
    async with ctx.writing(wait) as session:
        found = await ctx.arrive(lambda: find_proposal(session, proposal, "withdraw"))
        await ctx.do(session, WithdrawProposal(found.id, reason), wait)


def _given_text(text: str | None, file: Path | None) -> str | None:
    if text is not None and file is not None:
        raise UsageError("The text is given twice, by --text and by --file.", "Leave one out.")
    return read_text(file) if file is not None else text


def _ask_summary(ctx: Context) -> str:
    if not ctx.is_interactive:
        raise UsageError("A proposal needs a summary.", "Give one paragraph with --summary.")
    ctx.note("Sum it up in one paragraph: what changes, for whom, and why.")
    return input("Summary: ")


def _replace_once(text: str, old: str, new: str) -> str:
    times = text.count(old) if old else 0
    if times != 1:
        raise LocalError(
            f"“{old[:60]}” occurs {times} times in the text; it must occur once.",
            "Copy the words from `p2pcouncil show`, enough of them to be unique.",
        )
    return text.replace(old, new)


def _comment(proposal: ProposalView, ref: str) -> ChangeHash:
    candidates = [Candidate(c.id, c.id, (c.text.replace("\n", " ")[:40],)) for c in proposal.comments]
    return resolve(ref, candidates, "comment", "show")
