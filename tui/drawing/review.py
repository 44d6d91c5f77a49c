"""What an overseer looks at: roll, window, seals, the ballots that count and those that don't, evidence, effect."""

from textual.content import Content

from p2pcouncil.peer.views.issues import IssueView
from p2pcouncil.peer.views.people import PersonView
from p2pcouncil.peer.views.proposals import ProposalView
from tui import words
from tui.content import ACCENT, BAD, GOOD, MUTED, STRONG, WARN, heading, join, line, lines, muted, pad
from tui.drawing.life import NAME_CELLS, follows, missing, reviews
from tui.drawing.tally import passed_over

MARK_CELLS = 13


def oversight_row(proposal: ProposalView) -> Content:
    """A closed vote in two lines: how far its review is, what came out, and whether it is mine to do."""
    issue = proposal.issue
    assert issue is not None, "only closed votes are reviewed"
    mark, style = _standing(issue)
    life = issue.life
    wanted = words.count(len(life.overseers), "overseer")
    signed = f"{len(life.reviews)} of {wanted} signed" if life.overseers else "nobody else could be drawn"
    disputed = ", ".join(review.person.name for review in life.reviews if not review.holds)
    about = [proposal.council_name, issue.tally.headline, signed]
    if disputed:
        about.append(f"disputed by {disputed}")
    return lines(
        [
            join([pad(mark, MARK_CELLS, style), line(proposal.title, STRONG)]),
            join([" " * MARK_CELLS, line(" · ".join(about), MUTED)]),
        ]
    )


def _standing(issue: IssueView) -> tuple[str, str]:
    life = issue.life
    if any(not review.holds for review in life.reviews):
        return "✗ DISPUTED", f"bold {BAD}"
    if is_mine(issue):
        return "▸ REVIEW IT", f"bold {ACCENT}"
    if len(life.reviews) < len(life.overseers):
        return "· wanted", WARN
    return ("✓ signed", GOOD) if life.overseers else ("· nobody", MUTED)


def is_mine(issue: IssueView) -> bool:
    """Whether I was drawn to review it and have not signed yet."""
    signed = {review.person.member for review in issue.life.reviews}
    return any(who.is_me and who.member not in signed for who in issue.life.overseers)


def review_page(proposal: ProposalView, issue: IssueView, now_ms: int) -> Content:
    """All there is to look at, in the order in which one looks."""
    life = issue.life
    rows: list[Content | str] = [line(issue.tally.headline, STRONG), muted(issue.status_line)]
    if life.missing:
        rows.append(missing(life))
    rows.extend(["", heading(f"1. The roll: who could vote ({len(issue.roll)})")])
    rows.append(line(", ".join(map(_name, issue.roll))))
    rows.extend(["", heading("2. The window: asked for, entered, closed")])
    rows.extend(line(f"{step.name}: {step.told}") for step in life.steps[:3])
    rows.append(line(f"closed: on page {life.end_page}, entered on page {life.page}"))
    rows.extend(["", *_seals(issue)])
    rows.extend(["", *_ballots(issue)])
    rows.append("")
    rows.extend(passed_over(issue) if issue.passed_over else [heading("Not counted (0)")])
    if not issue.passed_over:
        rows.append(muted("Every ballot held here is counted."))
    rows.extend(["", heading("5. Evidence and feedback")])
    rows.extend(follows(life, now_ms) or [muted("Nobody has reported anything yet.")])
    rows.extend(["", heading("6. What it does by itself")])
    rows.append(line(life.effect) if life.effect else muted("Nothing."))
    if life.done:
        rows.append(join([Content.styled("→ ", GOOD), line(life.done)]))
    rows.extend(
        ["", heading("7. The text that was voted on"), line(f"{len(issue.text):,} characters: see Text.")]
    )
    rows.extend(["", *reviews(life)])
    return lines(rows)


def _name(person: PersonView) -> str:
    return f"{person.name} (you)" if person.is_me else person.name


def _seals(issue: IssueView) -> list[Content]:
    life = issue.life
    counted = sum(teller.is_counted for teller in life.tellers)
    rows = [heading(f"3. The seals ({counted} of {len(life.tellers)} tellers, {life.quorum} needed)")]
    for teller in life.tellers:
        mark, style = ("✓ counted", GOOD) if teller.is_counted else ("· no seal", MUTED)
        if teller.has_sealed and not teller.is_counted:
            mark, style = "! left out", WARN
        rows.append(join([pad(mark, MARK_CELLS, style), line(_name(teller.person))]))
    return rows


def _ballots(issue: IssueView) -> list[Content]:
    rows = [heading(f"4. The ballots that count ({len(issue.ballots)})")]
    for ballot in issue.ballots:
        again = f"ballot {ballot.number}, " if ballot.number > 1 else ""
        told = [pad(_name(ballot.person), NAME_CELLS), line(ballot.choice, STRONG)]
        rows.append(join([*told, "  ", muted(f"{again}{ballot.entry.hex()[:8]}")]))
    if not issue.ballots:
        rows.append(muted("None."))
    return rows
