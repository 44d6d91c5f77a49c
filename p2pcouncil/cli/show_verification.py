"""What a verification found, as text: one finding per line, each with whether it holds, in words."""

from collections.abc import Iterable, Sequence

from p2pcouncil.cli.as_json import Json, plain
from p2pcouncil.cli.show import plural, width, wrap
from p2pcouncil.verification.report import CouncilReport, Finding, Grade, Report, VoteReport

MARKS = {Grade.HOLDS: "ok", Grade.NOTED: "note", Grade.BREACH: "BREACH", Grade.FAILS: "FAILS"}
FATES = {
    "counted": "counts",
    "provisional": "held",
    "altered": "FAILS",
    "missing": "FAILS",
    "left-out": "FAILS",
}
"""How a ballot's line begins; all others begin with "not"."""
MARK_CELLS = 7


def show_report(report: Report) -> list[str]:
    """Everything that was found."""
    lines = _findings(report.findings)
    for council in report.councils:
        lines += _heading(f"Council “{council.name}”")
        for chapter in council.chapters:
            lines += ["", chapter.title, *_findings(chapter.findings)]
        if council.pages:
            lines += ["", "Pages of the register"]
            for page in council.pages:
                lines += _findings(page.findings)
        for vote in council.votes:
            lines += _vote(vote)
        lines += ["", *_state(council)]
    return lines


def show_vote(
    council: CouncilReport, vote: VoteReport, rests_on: Sequence[Finding], failures: int
) -> list[str]:
    """One vote, and what it rests on.

    Args:
        council: whose.
        vote: which.
        rests_on: findings about the file, the founding and the pages that it needs.
        failures: how many things do not hold in the whole file.
    """
    lines = [
        *_heading(f"Council “{council.name}”"),
        "",
        "What the vote rests on",
        *_findings(rests_on),
        *_vote(vote),
    ]
    own = sum(f.grade is Grade.FAILS for f in (*rests_on, *vote.findings))
    if failures > own:
        lines += [
            "",
            *wrap(
                f"{plural(failures - own, 'other thing')} in here {'does' if failures == own + 1 else 'do'} not hold: "
                "see `verify --all`."
            ),
        ]
    return [*lines, "", *_state(council)]


def show_end(found: Iterable[Finding], what: str) -> str:
    """The last line of what holds: whether anybody did what nobody honest does.

    Args:
        found: all that was checked.
        what: holds, as a subject: “Everything”.
    """
    breaches = len({f.sentence for f in found if f.grade is Grade.BREACH})
    if not breaches:
        return f"{what} holds."
    told = "1 breach of the rules is" if breaches == 1 else f"{breaches} breaches of the rules are"
    return f"{what} holds. {told} told above, and {'changes' if breaches == 1 else 'change'} nothing."


def show_steps(steps: Sequence[Finding]) -> list[str]:
    """A walk through somebody's ballots."""
    return [*_heading("Step by step"), *_findings(steps)] if steps else []


def json_of_report(
    report: Report, vote: VoteReport | None, steps: Sequence[Finding], is_holding: bool
) -> Json:
    """A report for scripts.

    Args:
        report: all of it.
        vote: the one that was asked for; None for all.
        steps: of a ballot that was explained.
        is_holding: whether all that was asked for holds.
    """
    councils = []
    for council in report.councils:
        votes = [_json_of_vote(v) for v in council.votes if vote is None or v.issue == vote.issue]
        councils.append({**plain(council), "votes": votes})
    return {
        "holds": is_holding,
        "checks": [
            {
                "holds": f.grade is not Grade.FAILS,
                "grade": f.grade.value,
                "code": f.code,
                "sentence": f.sentence,
            }
            for f in report.all_findings
        ],
        "state_hashes": {council.council.hex(): council.state_hash.hex() for council in report.councils},
        "councils": councils,
        "steps": plain(tuple(steps)),
    }


def _json_of_vote(vote: VoteReport) -> Json:
    return {**plain(vote), "holds": vote.holds}


def _vote(vote: VoteReport) -> list[str]:
    lines = _heading(f"Vote “{vote.title}” ({vote.issue.hex()[:8]}): {vote.status}")
    for chapter in vote.chapters:
        lines += ["", chapter.title, *_findings(chapter.findings)]
        if chapter.title == "Who sealed it" and vote.ballots:
            lines += ["", "Each ballot"]
            for ballot in sorted(vote.ballots, key=lambda b: (b.name, b.number, b.hash)):
                lines += _item(FATES.get(ballot.fate, "not"), ballot.sentence)
    if vote.counting:
        lines += ["", "The count, step by step"]
        for step in vote.counting:
            lines += wrap(step, "  ")
    return lines


def _state(council: CouncilReport) -> list[str]:
    told = f"State hash: {council.state_hash.hex()}."
    if not council.is_whole:
        told += " Something is damaged or missing, so no peer shows this hash."
    return wrap(told)


def _heading(text: str) -> list[str]:
    return ["", text, "=" * min(len(text), width())]


def _findings(findings: Iterable[Finding]) -> list[str]:
    return [line for finding in findings for line in _item(MARKS[finding.grade], finding.sentence)]


def _item(mark: str, sentence: str) -> list[str]:
    lines = wrap(sentence, " " * MARK_CELLS)
    return [f"{mark:<{MARK_CELLS}}{lines[0].strip()}", *lines[1:]]
