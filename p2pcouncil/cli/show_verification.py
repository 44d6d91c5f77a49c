"""What a verification found, as text: one finding per line, each with whether it holds, in words."""

from collections.abc import Iterable, Sequence

from p2pcouncil.cli.as_json import Json, plain
from p2pcouncil.cli.show import plural, width, wrap
from p2pcouncil.verification.plan_votes import round_ref
from p2pcouncil.verification.report import (
    BallotReport,
    Chapter,
    CouncilReport,
    Finding,
    Grade,
    Report,
    RoundReport,
    VoteReport,
)

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
        for round_ in council.rounds:
            lines += _round(round_)
        lines += ["", *_state(council)]
    return lines


def show_one(
    council: CouncilReport, one: VoteReport | RoundReport, rests_on: Sequence[Finding], failures: int
) -> list[str]:
    """One vote or one round, and what it rests on.

    Args:
        council: whose.
        one: which.
        rests_on: findings about the file, the founding, and the pages and rounds that it needs.
        failures: how many things do not hold in the whole file.
    """
    lines = [
        *_heading(f"Council “{council.name}”"),
        "",
        f"What the {'vote' if isinstance(one, VoteReport) else 'round'} rests on",
        *_findings(rests_on),
        *(_vote(one) if isinstance(one, VoteReport) else _round(one)),
    ]
    own = sum(f.grade is Grade.FAILS for f in (*rests_on, *one.findings))
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
    report: Report, one: VoteReport | RoundReport | None, steps: Sequence[Finding], is_holding: bool
) -> Json:
    """A report for scripts.

    Args:
        report: all of it.
        one: the vote or round that was asked for; None for all.
        steps: of a ballot that was explained.
        is_holding: whether all that was asked for holds.
    """
    councils = []
    for council in report.councils:
        votes = [_json_of(vote) for vote in council.votes if one is None or vote is one]
        rounds = [_json_of(round_) for round_ in council.rounds if one is None or round_ is one]
        councils.append({**plain(council), "votes": votes, "rounds": rounds})
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


def _json_of(one: VoteReport | RoundReport) -> Json:
    return {**plain(one), "holds": one.holds}


def _vote(vote: VoteReport) -> list[str]:
    lines = _heading(f"Vote “{vote.title}” ({vote.issue.hex()[:8]}): {vote.status}")
    lines += _chapters(vote.chapters, vote.ballots, "Each ballot")
    return lines + _counting(vote.counting, "The count, step by step")


def _round(round_: RoundReport) -> list[str]:
    name = round_ref(round_.title, round_.plan, round_.number)
    lines = _heading(f"Planning round “{name}” ({round_.round.hex()[:8]}): {round_.status}")
    lines += _chapters(round_.chapters, round_.ballots, "Each proposal")
    return lines + _counting(round_.counting, "The sum, step by step")


def _chapters(chapters: Sequence[Chapter], ballots: Sequence[BallotReport], each: str) -> list[str]:
    lines: list[str] = []
    for chapter in chapters:
        lines += ["", chapter.title, *_findings(chapter.findings)]
        if chapter.title == "Who sealed it" and ballots:
            lines += ["", each]
            for ballot in sorted(ballots, key=lambda b: (b.name, b.number, b.hash)):
                lines += _item(FATES.get(ballot.fate, "not"), ballot.sentence)
    return lines


def _counting(steps: Sequence[str], title: str) -> list[str]:
    lines = ["", title] if steps else []
    for step in steps:
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
