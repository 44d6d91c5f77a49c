"""A live tally: a bar for whoever sees it, and the same in numbers and words for everybody else."""

from textual.content import Content

from p2pcouncil.domain.tally.choice import Choice
from p2pcouncil.peer.views.issues import IssueView, OptionCount, TallyView
from tui import words
from tui.content import ACCENT, BAD, GOOD, LINK, MUTED, STRONG, heading, join, line, lines, muted, pad
from tui.drawing.life import have_mine, timeline

BAR_CELLS = 22
LABEL_CELLS = 14
_LABEL_GAP = 2
_FULL = "█"
_HALF = "▌"
_REST = "·"


def bar(value: int, whole: int, cells: int = BAR_CELLS) -> Content:
    """A bar of fixed width: what is there, and dots for the rest, so that it reads without colour.

    Args:
        value: 0 to `whole`.
        whole: what a full bar stands for; 0 draws an empty bar.
        cells: width.
    """
    halves = 2 * cells * value // whole if whole else 0
    full = _FULL * (halves // 2) + _HALF * (halves % 2)
    return Content.styled(full, LINK) + Content.styled(_REST * (cells - len(full)), MUTED)


def tally_rows(tally: TallyView) -> Content:
    """Each option with its bar, its number and the word for being ahead."""
    # Points have no whole that a roll could give, so the most are a full bar.
    most = max(option.count for option in tally.counts)
    whole = most if tally.unit == "points" else tally.roll_size
    longest = max(line(option.label).cell_length for option in tally.counts)
    label_cells = longest + _LABEL_GAP if longest <= LABEL_CELLS else 0
    won = "won" if _is_final(tally) else "ahead"
    return lines(_row(option, whole, label_cells, won) for option in tally.counts)


def _is_final(tally: TallyView) -> bool:
    return tally.headline.startswith("Final")


def _row(option: OptionCount, whole: int, label_cells: int, won: str) -> Content:
    ahead = Content.styled(f"  ✓ {won}", GOOD) if option.is_winner else Content()
    number = Content.styled(f" {option.count:>3}", STRONG)
    if label_cells:
        return join([pad(option.label, label_cells), bar(option.count, whole), number, ahead])
    return lines([line(option.label), join(["  ", bar(option.count, whole), number, ahead])])


def tally_summary(tally: TallyView) -> Content:
    """Headline, bars, and what the numbers count."""
    turnout = f"{tally.turnout} of {tally.roll_size} on the roll have voted"
    if tally.quorum_needed:
        reached = (
            "reached"
            if tally.turnout >= tally.quorum_needed
            else "not reached"
            if _is_final(tally)
            else "not yet reached"
        )
        turnout = f"{turnout}; {tally.quorum_needed} needed: {reached}"
    return lines(
        [
            line(tally.headline, STRONG),
            "",
            tally_rows(tally),
            muted(f"Numbers are {tally.unit}. {turnout}."),
        ]
    )


def my_vote(issue: IssueView) -> Content:
    """What I voted, who holds it, or why I can't."""
    if issue.my_choice is not None:
        rows = [join([Content.styled("✓ You voted: ", GOOD), line(issue.my_choice_text, STRONG)])]
        rows.append(line(_safety(issue), MUTED))
        return lines(rows)
    if issue.status in ("closed", "lapsed"):
        return muted("You did not vote, and the vote is over.")
    if issue.can_vote:
        return join([Content.styled("You can't vote here: ", BAD), line(issue.can_vote)])
    return Content.styled("You have not voted yet: press v.", f"bold {ACCENT}")


def _safety(issue: IssueView) -> str:
    """How sure it is that my ballot counts."""
    if issue.status == "closed":
        mine = next((passed.why for passed in issue.passed_over if passed.person.is_me), "")
        return f"It is not counted. {mine}" if mine else "It is counted."
    return f"{have_mine(issue.life)} {held(issue)}" if issue.life.tellers else held(issue)


def held(issue: IssueView) -> str:
    """How safe my ballot is: your vote is held by 3 of 7 peers."""
    if issue.holders_known == 0:
        return "Your vote is only here so far: no other peer was reached since you voted."
    asked = "the 1 peer that was" if issue.holders_known == 1 else f"{issue.holders_known} peers that were"
    return f"Your vote is held by {issue.held_by} of {asked} asked."


def vote_panel(issue: IssueView, now_ms: int) -> Content:
    """All about a vote that fits beside a text: mine, the tally, the end, its life, what is known."""
    rows: list[Content | str] = [my_vote(issue), "", tally_summary(issue.tally), ""]
    if issue.status in ("waiting", "running"):
        rows.append(line(_end(issue, now_ms)))
    rows.append(muted(issue.status_line))
    if issue.life.steps:
        rows.extend(["", timeline(issue.life)])
    return lines(rows)


def _end(issue: IssueView, now_ms: int) -> str:
    """When the vote ends: by page time, or by its opener's clock while no page tells."""
    if issue.life.closes_ms is not None:
        return f"The vote {words.deadline(issue.deadline_ms, now_ms)}, by page time."
    opener = "you" if issue.opener.is_me else issue.opener.name
    return f"The vote {words.deadline(issue.deadline_ms, now_ms, opener)}."


def count_section(issue: IssueView) -> Content:
    """How the rule works, how the count goes step by step, and who voted what, to check by hand."""
    rows: list[Content | str] = [
        heading("The rule"),
        line(issue.rule),
        join([Content.styled("On a tie: ", MUTED), line(issue.tie_rule)]),
        "",
        heading("The count, step by step"),
        *(
            join([Content.styled(f"{number}. ", MUTED), line(step)])
            for number, step in enumerate(issue.tally.explain, 1)
        ),
        "",
        heading(f"Who voted ({len(issue.ballots)} of {len(issue.roll)})"),
    ]
    for ballot in issue.ballots:
        again = f"ballot {ballot.number}, " if ballot.number > 1 else ""
        mine = " (you)" if ballot.person.is_me else ""
        rows.append(
            join(
                [
                    pad(f"{ballot.person.name}{mine}", 24),
                    line(ballot.choice, STRONG),
                    "  ",
                    muted(f"{again}{ballot.entry.hex()[:8]}"),
                ]
            )
        )
    if not issue.ballots:
        rows.append(muted("Nobody yet, as far as this peer has heard."))
    if issue.passed_over:
        rows.extend(["", *passed_over(issue)])
    voted = {ballot.person.member for ballot in issue.ballots}
    missing = [person.name for person in issue.roll if person.member not in voted]
    if missing:
        rows.extend(["", join([Content.styled("Not heard from: ", MUTED), line(", ".join(missing))])])
    return lines(rows)


def passed_over(issue: IssueView) -> list[Content | str]:
    """The ballots that a closed vote does not count, each with the reason."""
    rows: list[Content | str] = [heading(f"Not counted ({len(issue.passed_over)})")]
    for passed in issue.passed_over:
        number = f"ballot {passed.number}, " if passed.number > 1 else ""
        mine = " (you)" if passed.person.is_me else ""
        rows.append(
            join([pad(f"{passed.person.name}{mine}", 24), muted(f"{number}{passed.entry.hex()[:8]}")])
        )
        rows.append(join(["  ", line(passed.why)]))
    return rows


def confirm_line(issue: IssueView, choice: Choice | None) -> Content:
    """What is about to be signed, and what it replaces."""
    if choice is None:
        return Content.styled("You have chosen nothing yet.", MUTED)
    wording = words.choice_words(issue.method, issue.options, choice)
    parts = [Content.styled("You vote: ", f"bold {ACCENT}"), line(wording, STRONG)]
    if issue.my_choice is None:
        return join(parts)
    if issue.my_choice == choice:
        return join([*parts, "\n", muted("That is how you voted already; casting it again changes nothing.")])
    return join([*parts, "\n", Content.styled("instead of: ", MUTED), line(issue.my_choice_text)])
