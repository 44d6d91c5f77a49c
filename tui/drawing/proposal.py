"""A proposal in its sections: what it is, the text with who wrote what, its edits."""

from itertools import cycle

from textual.content import Content

from p2pcouncil.domain.tally.method import EqualShares, tie_rule
from p2pcouncil.peer.views.people import PersonView
from p2pcouncil.peer.views.proposals import CommentView, ProposalView, TextRun
from tui import words
from tui.content import (
    ACCENT,
    BAD,
    GOOD,
    HEADING,
    LINK,
    MUTED,
    STRONG,
    WARN,
    block,
    heading,
    indent,
    join,
    line,
    lines,
    muted,
    pad,
)
from tui.drawing.tally import vote_panel

_STAGES = {
    "draft": ("○ draft", MUTED),
    "seconded": ("◐ seconded", ACCENT),
    "open": ("● vote open", GOOD),
    "waiting": ("◑ asked for", ACCENT),
    "running": ("● vote open", GOOD),
    "closed": ("■ closed", LINK),
    "lapsed": ("✗ lapsed", WARN),
    "withdrawn": ("✗ withdrawn", BAD),
}
_AUTHOR_STYLES = (LINK, ACCENT, GOOD, WARN, BAD)


def person(view: PersonView) -> str:
    """A name, with a mark if it is mine."""
    return f"{view.name} (you)" if view.is_me else view.name


def stage_mark(stage: str) -> Content:
    """A stage as sign and word."""
    text, style = _STAGES.get(stage, (stage, MUTED))
    return Content.styled(text, style)


def standing(proposal: ProposalView) -> str:
    """Its stage, or how far its vote has come."""
    return proposal.issue.status if proposal.issue is not None else proposal.stage


def title_block(proposal: ProposalView) -> Content:
    """Two lines above the sections: the title, then whose it is and how it stands."""
    by = muted(f"{proposal.council_name} · by {person(proposal.author)}")
    return lines([line(proposal.title, HEADING), join([stage_mark(standing(proposal)), "  ", by])])


def next_step(proposal: ProposalView) -> str:
    """What has to happen before this is decided."""
    missing = proposal.seconds_needed - len(proposal.seconds)
    match proposal.stage:
        case "draft" if missing > 0:
            others = "one more member" if missing == 1 else f"{missing} more members"
            return f"Before a vote may open, {others} must second this version of the text."
        case "draft" | "seconded":
            who = (
                "press o to open the vote"
                if "open" in proposal.actions
                else "anybody on the roll can open the vote"
            )
            return f"Enough members seconded this version: {who}."
        case "withdrawn":
            return "Its author took it back."
        case _:
            return ""


def overview(proposal: ProposalView, now_ms: int, with_vote: bool) -> Content:
    """The first section: summary, how it stands, how it is decided.

    Args:
        proposal: what to draw.
        now_ms: our clock.
        with_vote: whether the vote is shown here too; False where it stands beside.
    """
    rows: list[Content | str] = [block(proposal.summary), ""]
    step = next_step(proposal)
    if step:
        rows.extend([join([Content.styled("Next: ", f"bold {ACCENT}"), line(step)]), *_seconds(proposal), ""])
    if with_vote and proposal.issue is not None:
        rows.extend([vote_panel(proposal.issue, now_ms), ""])
    rows.append(heading("How it is decided"))
    rows.append(line(proposal.issue.rule if proposal.issue else proposal.method_line))
    tie = proposal.issue.tie_rule if proposal.issue else tie_rule(proposal.method)
    rows.append(join([Content.styled("On a tie: ", MUTED), line(tie)]))
    if proposal.options:
        rows.extend(["", heading("Options")])
        costs = proposal.method.costs if isinstance(proposal.method, EqualShares) else ()
        for number, option in enumerate(proposal.options, start=1):
            price = f", costs {costs[number - 1]:,}" if costs else ""
            rows.append(line(f"{number}. {option}{price}"))
    effect = proposal.issue.life.effect if proposal.issue else proposal.effect
    if effect:
        rows.extend(["", heading("What it does by itself"), line(effect)])
    if proposal.reopens is not None:
        rows.extend(["", join([Content.styled("Takes up again: ", MUTED), line(proposal.reopens_title)])])
    rows.extend(["", _facts(proposal, now_ms)])
    return lines(rows)


def _seconds(proposal: ProposalView) -> list[Content]:
    rows = []
    if proposal.seconds:
        names = ", ".join(person(who) for who in proposal.seconds)
        rows.append(line(f"Seconded by {names}.", MUTED))
    if proposal.seconded_before:
        earlier = words.count(proposal.seconded_before, "member")
        rows.append(line(f"{earlier} seconded an earlier version; the text changed since.", MUTED))
    return rows


def _facts(proposal: ProposalView, now_ms: int) -> Content:
    facts = [
        f"Proposed {words.ago(proposal.claimed_at_ms, now_ms)} (by {words.possessive(proposal.author.name)} clock)"
    ]
    if proposal.scope:
        facts.append(f"concerns {proposal.scope}")
    if proposal.tags:
        facts.append(f"tags: {', '.join(proposal.tags)}")
    return muted(" · ".join(facts))


def plain_text(proposal: ProposalView) -> Content:
    """The text as it stands; the one voted on, once a vote is open."""
    if proposal.issue is None:
        version = proposal.version.digest.hex()[:8]
        return lines([muted(f"Version {version} · w shows who wrote what"), "", block(proposal.text)])
    head = "This exact text is voted on · w shows who wrote what"
    if proposal.text != proposal.issue.text:
        head = "This exact text is voted on. It was edited since, for a later proposal: w shows that"
    return lines([muted(head), "", block(proposal.issue.text)])


def who_wrote_what(proposal: ProposalView) -> Content:
    """The text as runs: each author's name, then what they wrote, in their own colour and behind their sign."""
    signs: dict[bytes, tuple[str, str]] = {}
    styles = cycle(_AUTHOR_STYLES)
    rows: list[Content | str] = [muted("Who wrote what · w shows the plain text"), ""]
    for run in proposal.runs:
        if run.author is None:
            rows.append(join([Content.styled("template  ", MUTED), block(run.text, MUTED)]))
            continue
        _, style = signs.setdefault(run.author.member, (run.author.name, next(styles)))
        rows.append(_run(run, run.author, style))
    return lines(rows)


def _run(run: TextRun, author: PersonView, style: str) -> Content:
    return lines([line(f"▌ {person(author)}:", f"bold {style}"), indent(block(run.text))])


def edits(proposal: ProposalView) -> Content:
    """The text's history, latest last."""
    if not proposal.edits:
        return muted("Nobody has edited the text yet. Press e to be the first.")
    rows: list[Content | str] = [
        muted(f"The version shown is {proposal.version.digest.hex()[:8]}. A vote names one exact version."),
        "",
    ]
    for number, edit in enumerate(proposal.edits, start=1):
        amount = f"{edit.inserted} characters added, {edit.deleted} taken away"
        rows.append(
            join(
                [Content.styled(f"{number:>3}  ", MUTED), pad(person(edit.author), 24, STRONG), line(amount)]
            )
        )
    return lines(rows)


def comment(view: CommentView, now_ms: int) -> Content:
    """A comment, moved to the right by how deep it answers."""
    depth = min(view.depth, 8)
    head = join(
        [
            Content.styled("↳ " if depth else "", MUTED),
            line(person(view.author), STRONG),
            "  ",
            muted(words.ago(view.claimed_at_ms, now_ms)),
        ]
    )
    return indent(lines([head, block(view.text)]), 2 * depth)


def proposal_row(proposal: ProposalView) -> Content:
    """Two lines in a list of proposals."""
    about = [proposal.council_name]
    if proposal.issue is not None:
        about.append(proposal.issue.tally.headline)
    else:
        about.append(f"by {person(proposal.author)}")
        if proposal.stage != "withdrawn":
            about.append(f"{len(proposal.seconds)} of {proposal.seconds_needed} seconds")
    mark = stage_mark(standing(proposal))
    padding = " " * (13 - mark.cell_length)
    return lines(
        [
            join([mark, padding, line(proposal.title, STRONG)]),
            join([" " * 13, line(" · ".join(about), MUTED)]),
        ]
    )
