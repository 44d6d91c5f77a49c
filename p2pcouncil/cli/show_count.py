"""The count of a ballot file, as text that ends with the file's hash, and as JSON of a documented shape."""

from dataclasses import dataclass
from importlib.metadata import version

from p2pcouncil.ballot_files.ballots import BallotFile
from p2pcouncil.ballot_files.counting import Counted
from p2pcouncil.cli.as_json import Json, method_name, plain
from p2pcouncil.cli.show import plural, table, wrap
from p2pcouncil.cli.text_file import NAME_CELLS, shown_name
from p2pcouncil.domain.plain_text import clean_line
from p2pcouncil.domain.tally.explain import explain
from p2pcouncil.domain.tally.method import (
    Approval,
    EqualShares,
    Method,
    Ranked,
    Score,
    Stv,
    YesNo,
    rule,
    tie_rule,
)
from p2pcouncil.domain.tally.outcome import Tally, ballots_needed

REPORT_VERSION = 1
"""Counts up when a field of the JSON report changes its meaning or goes away; new ones may come at any time."""
OUTCOME_CELLS = 1_000
_UNITS: dict[type[Method], str] = {
    YesNo: "Ballots that say it",
    Approval: "Ballots that approve of it",
    Ranked: "Ballots that rank it first",
    Score: "Points",
    Stv: "Ballots that rank it first",
    EqualShares: "Ballots that approve of it",
}


@dataclass(frozen=True, slots=True)
class Report:
    """A count and what it was made from.

    Attributes:
        name: the file's, or ``-``.
        size_bytes: of the file.
        sha256: of the file's bytes, in hex.
        command: what repeats the count.
        file: the ballots.
        counted: the count.
        is_roll_known: whether it was said how many could vote.
        money_units: how many units of the tally's money make one of the file's.
    """

    name: str
    size_bytes: int
    sha256: str
    command: str
    file: BallotFile
    counted: Counted
    is_roll_known: bool
    money_units: int

    @property
    def tally(self) -> Tally:
        """The tally."""
        return self.counted.tally

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know besides the numbers."""
        notes = self.file.notes
        if not self.is_roll_known:
            notes += ("How many could vote was not said (--roll); everybody is taken to have voted.",)
        if self.money_units > 1:
            notes += (f"Some amounts have decimals, so money is counted in units of 1/{self.money_units}.",)
        return notes


def show_count(report: Report) -> list[str]:
    """The count for a person: what was counted, the numbers, each step, the outcome, and the file's hash."""
    tally = report.tally
    turnout, *steps, outcome = explain(tally)
    lines = wrap(f"Count of {shown_name(report.name)} by the method {method_name(tally.method)}")
    lines += ["", *wrap(turnout), *wrap(_kinds(report))]
    lines += [line for note in report.notes for line in wrap(f"Note: {note}")]
    lines += ["", *wrap(rule(tally.method)), *wrap(tie_rule(tally.method))]
    lines += ["", f"{_UNITS[type(tally.method)]}:"]
    lines += table(
        (
            (clean_line(name, NAME_CELLS), f"{tally.counts[option]:>9,}", _standing(tally, option))
            for option, name in enumerate(tally.options)
        ),
        "  ",
    )
    lines += ["", "How it was counted:"]
    lines += [line for step in steps for line in wrap(step, "  ")]
    lines += ["", "Outcome:", *wrap(outcome, "  "), ""]
    lines += wrap(
        f"File: {shown_name(report.name)}, {report.file.layout}, {plural(report.size_bytes, 'byte')}"
    )
    # Each in one line, so that they can be copied.
    return [*lines, f"Count it again: {clean_line(report.command, 300)}", f"SHA-256: {report.sha256}"]


def evidence_of(report: Report) -> str:
    """The count in a few lines, as it is attached to a proposal: the outcome, and what it takes to count again."""
    turnout, *_, outcome = explain(report.tally)
    said = (
        f"Counted on paper by the method {method_name(report.tally.method)}.",
        clean_line(outcome, OUTCOME_CELLS),
        clean_line(turnout, OUTCOME_CELLS),
        f"File: {shown_name(report.name)}, {plural(report.size_bytes, 'byte')}, SHA-256 {report.sha256}",
        f"Count it again: {clean_line(report.command, 300)}",
    )
    return "\n".join(said)


def json_of_count(report: Report) -> Json:
    """The same for a script; `docs/counting.md` says what the fields mean."""
    tally = report.tally
    return {
        "report": REPORT_VERSION,
        "program": f"p2pcouncil {version('p2pcouncil')}",
        "file": report.name,
        "format": report.file.layout,
        "bytes": report.size_bytes,
        "sha256": report.sha256,
        "command": report.command,
        "method": method_name(tally.method),
        "rule": rule(tally.method),
        "tie_rule": tie_rule(tally.method),
        "ballots": report.file.ballots,
        "different": len(report.file.groups),
        "blank": report.counted.blank,
        "invalid": report.file.invalid,
        "quorum_needed": ballots_needed(tally.method.quorum_permille, tally.roll_size),
        "money_units": report.money_units,
        "outcome": tally.outcome.value,
        "winners": [tally.options[option] for option in tally.winners],
        "tied": [tally.options[option] for option in tally.tied],
        "tally": plain(tally),
        "explain": list(explain(tally)),
        "notes": list(report.notes),
    }


def _kinds(report: Report) -> str:
    """How the ballots differ, and which were left out."""
    ways = plural(len(report.file.groups), "different way", "different ways")
    text = f"Filled in {ways}; {report.counted.blank:,} blank."
    if report.file.invalid:
        invalid = plural(report.file.invalid, "invalid ballot is", "invalid ballots are")
        text += f" {invalid} not counted, not towards the quorum either."
    return text


def _standing(tally: Tally, option: int) -> str:
    if option in tally.winners:
        return "wins"
    return "tied" if option in tally.tied else ""
