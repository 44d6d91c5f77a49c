"""Proposals, votes and the inbox, as text."""

from collections.abc import Sequence

from p2pcouncil.cli.choices import how_to_vote
from p2pcouncil.cli.refs import short
from p2pcouncil.cli.show import bar, plural, table, when, wrap
from p2pcouncil.cli.show_councils import person
from p2pcouncil.cli.show_register import show_life
from p2pcouncil.domain.tally.method import EqualShares
from p2pcouncil.peer.views.inbox import InboxItem
from p2pcouncil.peer.views.issues import IssueView
from p2pcouncil.peer.views.proposals import CommentView, ProposalView

_RULE = "-" * 40


def show_inbox(items: Sequence[InboxItem]) -> list[str]:
    """What waits for me, then what I should know."""
    if not items:
        return ["Nothing waits for you."]
    lines: list[str] = []
    for needed, heading in ((True, "Waits for you:"), (False, "To know:")):
        chosen = [item for item in items if item.needs_me is needed]
        if not chosen:
            continue
        lines += [*([""] if lines else []), heading]
        for item in chosen:
            says = "due" if item.kind == "promise" else "meant to end"
            deadline = f"; {says} {when(item.deadline_ms)}" if item.deadline_ms else ""
            tags = f"  ({', '.join(item.tags)})" if item.tags else ""
            lines += wrap(f"{item.kind:<7} {item.title}  [{short(item.ref)}]{tags}", "  ")
            lines += wrap(f"{item.council_name}: {item.why} {item.note}{deadline}".strip(), "    ")
    return lines


def show_proposals(proposals: Sequence[ProposalView]) -> list[str]:
    """One line per proposal."""
    if not proposals:
        return ["No proposal is here yet. Make one with `p2pcouncil propose TITLE`."]
    return table((short(p.id), p.stage, p.title, p.council_name, person(p.author)) for p in proposals)


def show_proposal(proposal: ProposalView, *, history: bool = False) -> list[str]:
    """A proposal with its text, its discussion and its vote."""
    lines = [f"{proposal.title}  [{short(proposal.id)}]"]
    tags = f"; tags: {', '.join(proposal.tags)}" if proposal.tags else ""
    scope = f"; for {proposal.scope}" if proposal.scope else ""
    who = f"{proposal.council_name}; by {person(proposal.author)}, {when(proposal.claimed_at_ms)}"
    lines += wrap(f"{who}; {proposal.stage}{scope}{tags}")
    lines += ["", *wrap(proposal.summary), "", _RULE, *proposal.text.split("\n"), _RULE]
    writers = sorted({run.author.name for run in proposal.runs if run.author is not None})
    if writers:
        lines += wrap(f"Written by {', '.join(writers)}; version {proposal.version.digest.hex()[:8]}.")
    if history:
        lines += ["", "Edits:"]
        lines += table(((person(e.author), f"+{e.inserted}", f"-{e.deleted}") for e in proposal.edits), "  ")
    lines += wrap(f"Decided so: {proposal.method_line}")
    costs = proposal.method.costs if isinstance(proposal.method, EqualShares) else None
    for number, option in enumerate(proposal.options, start=1):
        lines += wrap(f"{number}. {option}" + (f", costs {costs[number - 1]:,}" if costs else ""), "  ")
    lines += wrap(_seconds(proposal))
    if proposal.comments:
        lines += ["", "Discussion:", *(line for c in proposal.comments for line in _comment(c))]
    if proposal.issue is not None:
        lines += ["", *show_tally(proposal, proposal.issue, whole=False)]
    if proposal.actions:
        lines += ["", f"You can: {', '.join(proposal.actions)}."]
    return lines


def show_tally(proposal: ProposalView, issue: IssueView, *, whole: bool = True) -> list[str]:
    """A vote as this peer counts it; `whole` adds how it was counted and each ballot."""
    tally = issue.tally
    most = max((option.count for option in tally.counts), default=0)
    lines = [f"Vote on “{proposal.title}”  [{short(issue.id)}]", *wrap(tally.headline)]
    lines += table(
        (
            (option.label, str(option.count), bar(option.count, most), "ahead" if option.is_winner else "")
            for option in tally.counts
        ),
        "  ",
    )
    lines += wrap(
        f"{tally.turnout} of {tally.roll_size} have voted, {tally.quorum_needed} needed; counted: {tally.unit}. "
        f"{'Ended' if issue.status in ('closed', 'lapsed') else 'To end'} {when(issue.deadline_ms)}."
    )
    if issue.my_choice_text:
        held = f"held by {issue.held_by} of {plural(issue.holders_known, 'peer')} asked"
        lines += wrap(f"Your vote: {issue.my_choice_text}; {held}.")
    elif issue.can_vote:
        lines += wrap(issue.can_vote)
    else:
        lines += wrap(f"You have not voted yet. {how_to_vote(issue.method, issue.options)}")
    lines += wrap(issue.status_line)
    if whole:
        lines += show_life(issue.life)
        lines += ["", *wrap(issue.rule), *wrap(issue.tie_rule), "", "How it was counted:"]
        lines += [line for step in tally.explain for line in wrap(step, "  ")]
        lines += ["", "Ballots:"]
        lines += table(
            ((person(b.person), b.choice, f"ballot {b.number}", short(b.entry)) for b in issue.ballots), "  "
        )
    return lines


def _seconds(proposal: ProposalView) -> str:
    names = ", ".join(person(who) for who in proposal.seconds) or "nobody yet"
    before = f"; {proposal.seconded_before} seconded an earlier version" if proposal.seconded_before else ""
    return f"This version seconded by {names} ({len(proposal.seconds)} of {proposal.seconds_needed} needed){before}."


def _comment(comment: CommentView) -> list[str]:
    indent = "  " * (comment.depth + 1)
    head = f"{person(comment.author)}, {when(comment.claimed_at_ms)}  [{short(comment.id)}]"
    return [*wrap(head, indent), *wrap(comment.text, indent + "  ")]
