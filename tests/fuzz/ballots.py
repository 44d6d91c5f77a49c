"""Ballot files that somebody typed in, exported or downloaded: a count, or an error that says where and what to do."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from p2pcouncil.ballot_files.ballots import BallotFile
from p2pcouncil.ballot_files.counting import Counted, count_ballots, money_of
from p2pcouncil.ballot_files.reading import read_ballots
from p2pcouncil.ballot_files.templates import template
from p2pcouncil.cli.show_count import Report, json_of_count, show_count
from p2pcouncil.domain.tally.method import Approval, EqualShares, Method, Ranked, Score, Stv, YesNo
from p2pcouncil.text_files.errors import TextFileError
from tests.fuzz.choices import Choices
from tests.fuzz.target import Target, check_hint

SAMPLES = Path(__file__).parents[1] / "vectors" / "ballots"
NAMES = ("a.csv", "a.soc", "a.soi", "a.toc", "a.toi", "a.pb", "a.txt", "")
METHODS: tuple[Method, ...] = (YesNo(0), Approval(0), Ranked(0), Score(0, 5), Stv(0, 1))


def check_file(data: bytes, name: str) -> None:
    """Read a file and count it by every method; whatever fails says where and what to do."""
    try:
        file = read_ballots(data, name)
    except TextFileError as error:
        check_error(error, data)
        return
    assert file.ballots == sum(group.times for group in file.groups)
    for method in METHODS:
        check_count(file, method, data)
    try:
        budget, costs, _ = money_of(file, Fraction(7) if file.budget is None else None)
    except TextFileError as error:
        check_error(error, data)
    else:
        check_count(file, EqualShares(0, budget, costs), data)


def check_count(file: BallotFile, method: Method, data: bytes) -> None:
    try:
        counted = count_ballots(file, method, file.ballots)
    except TextFileError as error:
        check_error(error, data)
        return
    assert counted.tally.turnout == file.ballots
    assert counted.blank <= file.ballots
    check_report(file, counted)


def check_report(file: BallotFile, counted: Counted) -> None:
    """What is shown of it is harmless for a terminal, and has a shape in JSON."""
    report = Report("paper.csv", 1, "0" * 64, "p2pcouncil count", file, counted, True, 1)
    assert all(line.isprintable() for line in show_count(report))
    assert json_of_count(report)["ballots"] == file.ballots


def check_error(error: TextFileError, data: bytes) -> None:
    check_hint(error)
    assert str(error).endswith(".")
    assert str(error).isprintable()
    lines = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").count(b"\n") + 1
    assert 0 <= error.line <= lines
    assert error.line or not error.column


def run_ballot_files(data: bytes) -> None:
    choices = Choices(data)
    name = choices.pick(NAMES)
    check_file(choices.rest(), name)


def samples() -> Iterator[tuple[str, bytes]]:
    """Real files and templates, with the names that they have."""
    for path in sorted(SAMPLES.glob("*.*")):
        if path.suffix != ".md":
            yield path.name, path.read_bytes()
    for method in ("yes-no", "approval", "ranked", "score", "stv", "equal-shares"):
        yield "", template(method).encode()


def ballot_files_seeds() -> Iterator[bytes]:
    for name, data in samples():
        ending = name.rpartition(".")[2]
        at = next((at for at, known in enumerate(NAMES) if ending and known.endswith(ending)), 7)
        for number in (at, 6):
            yield bytes([number]) + data


TARGETS = (
    Target(
        "ballot_files",
        run_ballot_files,
        (
            *(
                "p2pcouncil.text_files.lines",
                "p2pcouncil.ballot_files.amounts",
                "p2pcouncil.ballot_files.ballots",
            ),
            *(
                "p2pcouncil.ballot_files.table",
                "p2pcouncil.ballot_files.preflib",
                "p2pcouncil.ballot_files.pabulib",
            ),
            *("p2pcouncil.ballot_files.reading", "p2pcouncil.ballot_files.counting"),
        ),
        ballot_files_seeds,
        512,
    ),
)
