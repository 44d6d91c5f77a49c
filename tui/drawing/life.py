"""The life of a vote: what is behind it and what is to come, who seals and reviews it, and what became of it.

Signs and words say it all; colour repeats them. “✓ closed”, “▸ now: sealed”, “· then: reviewed”.
"""

from collections.abc import Sequence

from textual.content import Content

from p2pcouncil.peer.views.issues import FollowView, IssueView, LifeView, ReviewView, TellerView
from p2pcouncil.peer.views.people import PersonView
from tui import words
from tui.content import (
    ACCENT,
    BAD,
    GOOD,
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

STEP_CELLS = 17
NAME_CELLS = 21
HAS_CELLS = 13
_FOLLOWS = {
    "evidence": ("· evidence", MUTED),
    "done": ("✓ done", GOOD),
    "works out": ("✓ works out", GOOD),
    "does not work out": ("✗ does not work out", BAD),
}


def timeline(life: LifeView) -> Content:
    """The steps, one below the other: those behind, the one that is on, those to come."""
    present = next((place for place, step in enumerate(life.steps) if not step.is_done), len(life.steps))
    disputed = any(not review.holds for review in life.reviews)
    rows = []
    for place, step in enumerate(life.steps):
        if step.name == "reviewed" and disputed:
            mark, style = f"✗ {step.name}", f"bold {BAD}"
        elif step.name == "lapsed":
            mark, style = f"! {step.name}", WARN
        elif step.is_done:
            mark, style = f"✓ {step.name}", GOOD
        elif place == present:
            mark, style = f"▸ now: {step.name}", f"bold {ACCENT}"
        else:
            mark, style = f"· then: {step.name}", MUTED
        rows.append(
            join(
                [
                    pad(mark, STEP_CELLS, style),
                    line(step.told, "" if step.is_done or place == present else MUTED),
                ]
            )
        )
    return lines(rows)


def life_section(issue: IssueView, now_ms: int) -> Content:
    """All that is known of a vote's life, with names."""
    life = issue.life
    rows: list[Content | str] = [line(issue.status_line), "", timeline(life), ""]
    if life.missing:
        rows.extend([missing(life), ""])
    rows.extend(_tellers(issue))
    rows.extend(reviews(life))
    if life.effect:
        rows.extend([heading("What it does by itself"), line(life.effect), ""])
    if life.follows or issue.status == "closed":
        rows.append(heading("What became of it"))
        rows.extend(follows(life, now_ms))
        if not life.follows:
            rows.append(muted("Nobody has reported anything yet."))
    return lines(rows)


def missing(life: LifeView) -> Content:
    """How many counted ballots this laptop can't recount."""
    have = "has" if life.missing == 1 else "have"
    told = f"! {words.count(life.missing, 'ballot')} that it counts {have} not reached this laptop."
    return Content.styled(told, f"bold {WARN}")


def have_mine(life: LifeView) -> str:
    """How many tellers have my ballot: they seal it, so that it counts."""
    return f"{life.have_mine} of {words.count(len(life.tellers), 'teller')} have your ballot."


def _tellers(issue: IssueView) -> list[Content | str]:
    life = issue.life
    if not life.tellers:
        return []
    closes = f"{life.quorum} seals that agree close it"
    rows: list[Content | str] = [heading(f"Tellers ({len(life.tellers)}; {closes})")]
    if issue.my_choice is not None:
        rows.append(line(have_mine(life), STRONG))
    for teller in life.tellers:
        cells = [pad(_name(teller.person), NAME_CELLS)]
        if issue.my_choice is not None:
            has = "✓ has yours" if teller.has_mine else "· not yours"
            cells.append(pad(has, HAS_CELLS, _tone(has)))
        sealed = _sealed(teller, is_over=bool(life.end_page))
        rows.append(join([*cells, line(sealed, _tone(sealed))]))
    return [*rows, ""]


def _sealed(teller: TellerView, *, is_over: bool) -> str:
    if teller.is_counted:
        return "✓ sealed, counted"
    if teller.has_sealed:
        return "✓ sealed, not counted" if is_over else "✓ sealed"
    return "· no seal"


def _tone(told: str) -> str:
    return GOOD if told.startswith("✓") else MUTED


def _name(person: PersonView) -> str:
    return f"{person.name} (you)" if person.is_me else person.name


def reviews(life: LifeView) -> list[Content | str]:
    """Who was drawn to look at a closed vote, and what they found; what is disputed comes first."""
    if not life.overseers and not life.reviews:
        return []
    rows: list[Content | str] = [heading(f"Overseers ({len(life.overseers)}, drawn by lot)")]
    for review in sorted(life.reviews, key=lambda review: review.holds):
        rows.extend(_review(review))
    signed = {review.person.member for review in life.reviews}
    for person in life.overseers:
        if person.member not in signed:
            rows.append(join([pad("· not yet", 12, MUTED), line(_name(person))]))
    return [*rows, ""]


def _review(review: ReviewView) -> Sequence[Content]:
    mark, style = ("✓ holds", GOOD) if review.holds else ("✗ DISPUTED", f"bold {BAD}")
    rows = [join([pad(mark, 12, style), line(_name(review.person), "" if review.holds else STRONG)])]
    if review.note:
        rows.append(indent(block(review.note), 12))
    return rows


def follows(life: LifeView, now_ms: int) -> list[Content]:
    """What was reported of a decision, each entry with its author."""
    return [row for entry in life.follows for row in _follow(entry, now_ms)]


def _follow(entry: FollowView, now_ms: int) -> list[Content]:
    mark, style = _FOLLOWS.get(entry.kind, (f"· {entry.kind}", MUTED))
    head = join(
        [
            Content.styled(mark, style),
            "  ",
            line(_name(entry.person), STRONG),
            "  ",
            muted(words.ago(entry.claimed_at_ms, now_ms)),
        ]
    )
    return [head, indent(block(entry.text), 2)] if entry.text else [head]
