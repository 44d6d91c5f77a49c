"""`p2pcouncil count`: what it prints, what it refuses, and that it needs no peer, no home and no network."""

import hashlib
import io
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from p2pcouncil.ballot_files import reading
from p2pcouncil.ballot_files.ballots import BALLOTS_MAX
from p2pcouncil.ballot_files.templates import template
from p2pcouncil.cli import count as count_module
from p2pcouncil.cli.errors import ExitCode
from p2pcouncil.cli.main import run_verb
from p2pcouncil.domain.tally.method import OPTION_CHARS_MAX, OPTIONS_MAX, OPTIONS_MIN, POINTS_MAX

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "tests" / "vectors" / "ballots"
DOCUMENT = (ROOT / "docs" / "counting.md").read_text(encoding="utf-8")
SETTINGS = {
    "yes-no": ["--threshold", "60"],
    "approval": ["--winners", "2"],
    "ranked": [],
    "score": ["--highest", "5"],
    "stv": ["--seats", "2"],
    "equal-shares": ["--budget", "2000"],
}


def said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What a count that succeeds prints."""
    assert run_verb(["count", *words]) is ExitCode.OK, capsys.readouterr().err
    return capsys.readouterr().out


def refused(capsys: pytest.CaptureFixture[str], code: ExitCode, *words: str) -> tuple[str, str]:
    """The error and the hint of one that doesn't."""
    assert run_verb(["count", *words]) is code
    captured = capsys.readouterr()
    assert captured.out == ""
    error, hint = captured.err.splitlines()
    return error.removeprefix("error: "), hint.removeprefix("try: ")


def test_a_report_holds_numbers_steps_outcome_and_hash(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    file = SAMPLES / "old_form.soi"
    report = said(capsys, str(file), "--method", "ranked", "--roll", "30", "--quorum", "50")
    shown = report.splitlines()
    assert shown[0] == "Count of old_form.soi by the method ranked"
    assert "19 ballots from a roll of 30; the quorum of 50 % needs 15: reached." in shown
    assert "  Rye                       8" in shown
    assert "  Wheat, wholemeal          7  wins" in shown
    steps, outcome = shown.index("How it was counted:"), shown.index("Outcome:")
    assert steps < outcome
    assert shown[outcome + 1] == "  “Wheat, wholemeal” wins."
    assert shown[-1] == f"SHA-256: {hashlib.sha256(file.read_bytes()).hexdigest()}"
    assert shown[-2] == "Count it again: p2pcouncil count old_form.soi --method ranked --roll 30 --quorum 50"
    assert all(len(line) <= 80 for line in shown[:-2])
    assert not set(report) & set("│─┌█"), "nothing is drawn that only an eye can read"


@pytest.mark.parametrize("method", SETTINGS)
def test_the_example_of_each_method_can_be_counted_and_stands_in_the_document(
    method: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    example = said(capsys, "--example", method)
    assert example == template(method)
    assert f"```csv\n{example}```" in DOCUMENT
    paper = tmp_path / "paper.csv"
    paper.write_text(example, encoding="utf-8")
    report = said(capsys, str(paper), "--method", method, *SETTINGS[method])
    assert "1 invalid ballot is not counted" in report
    command = ["p2pcouncil", "count", "paper.csv", "--method", method, *SETTINGS[method]]
    assert f"Count it again: {' '.join(command)}\n" in report


def test_ties_and_rounds_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paper = tmp_path / "paper.csv"
    paper.write_text(template("stv"), encoding="utf-8")
    report = said(capsys, str(paper), "--method", "stv", "--seats", "2")
    assert "the quota is 4 ÷ (2 + 1), rounded down, + 1 = 2." in report
    assert re.search(r"Ben +1  tied", report)
    assert "“Ada” clearly ahead. Tied: “Ben” and “Dan”." in report


def test_json_has_the_documented_shape(capsys: pytest.CaptureFixture[str]) -> None:
    file = SAMPLES / "village.pb"
    answer = json.loads(
        said(capsys, str(file), "--method", "equal-shares", "--roll", "10", "--quorum", "50", "--json")
    )
    documented = re.findall(r"^\| `(\w+)` \|", DOCUMENT[DOCUMENT.index("## JSON") :], re.MULTILINE)
    assert list(answer) == documented
    assert answer["report"] == 1
    assert answer["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert answer["bytes"] == file.stat().st_size
    assert (answer["format"], answer["method"]) == ("Pabulib approval", "equal-shares")
    assert (answer["ballots"], answer["blank"], answer["invalid"], answer["different"]) == (6, 1, 0, 6)
    assert (answer["quorum_needed"], answer["money_units"]) == (5, 100)
    assert answer["tally"]["method"]["budget"] == 100_030
    assert answer["tally"]["counts"] == [3, 3, 3, 1]
    assert answer["outcome"] == answer["tally"]["outcome"]
    assert answer["winners"] == [answer["tally"]["options"][option] for option in answer["tally"]["winners"]]
    assert answer["explain"][-1]


def test_an_error_names_file_line_and_column(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paper = tmp_path / "paper.csv"
    paper.write_text("count,Rye,Wheat\n3,x,\n2,,maybe\n", encoding="utf-8")
    error, hint = refused(capsys, ExitCode.ERROR, str(paper), "--method", "approval")
    assert error == "paper.csv: Line 3, column 3: “maybe” is written under “Wheat”."
    assert hint.startswith("Write x for an option")
    assert run_verb(["count", str(paper), "--method", "approval", "--json"]) is ExitCode.ERROR
    answer = json.loads(capsys.readouterr().out)
    assert (answer["file"], answer["line"], answer["column"]) == (str(paper), 3, 3)
    assert (answer["error"], answer["hint"], answer["exit_code"]) == (error, hint, 1)


def test_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def type_in(data: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))

    type_in(b"vote\nyes\nno\nyes\n")
    report = said(capsys, "-", "--method", "yes-no")
    assert "Count of standard input by the method yes-no" in report
    assert "It passes." in report
    type_in(b"2\n1,Rye\n2,Wheat\n3,3,1\n3,2,1\n")
    assert "“Wheat” wins." in said(capsys, "-", "--method", "ranked")
    type_in(b"vote\nperhaps\n")
    error, _ = refused(capsys, ExitCode.ERROR, "-", "--method", "yes-no")
    assert error.startswith("Standard input: Line 2, column 1")


def test_an_endless_input_is_read_no_further_than_it_can_be_counted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bounds = replace(reading.BOUNDS, file_bytes=1_000)
    monkeypatch.setattr(count_module, "BOUNDS", bounds)
    monkeypatch.setattr(reading, "BOUNDS", bounds)
    error, _ = refused(capsys, ExitCode.ERROR, "/dev/zero", "--method", "ranked")
    assert "larger than" in error


def test_names_on_paper_do_not_reach_into_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paper = tmp_path / "paper.csv"
    paper.write_text("Rye\u202egnorw,Wheat\nx,\n", encoding="utf-8")
    report = said(capsys, str(paper), "--method", "approval")
    assert "\u202e" not in report
    paper.write_text("Rye,Wheat\n\u202ex\x1b[2J,\n", encoding="utf-8")
    error, _ = refused(capsys, ExitCode.ERROR, str(paper), "--method", "approval")
    assert error.isprintable()


@pytest.mark.parametrize(
    ("words", "code", "says", "tries"),
    [
        (["FILE"], ExitCode.USAGE, "method is missing", "--method"),
        (["--method", "ranked"], ExitCode.USAGE, "file is missing", "count FILE"),
        (["FILE", "--example", "ranked"], ExitCode.USAGE, "printed alone", "--example ranked"),
        (["FILE", "--method", "ranked", "--seats", "2"], ExitCode.USAGE, "--seats belongs to stv", "--seats"),
        (["FILE", "--method", "ranked", "--budget", "2"], ExitCode.USAGE, "--budget belongs to", "--budget"),
        (["FILE", "--method", "stv"], ExitCode.USAGE, "fills seats", "--seats"),
        (
            ["FILE", "--method", "stv", "--seats", "4"],
            ExitCode.ERROR,
            "4 winners can't be elected",
            "settings",
        ),
        (["FILE", "--method", "ranked", "--quorum", "50"], ExitCode.USAGE, "share of the roll", "--roll"),
        (
            ["FILE", "--method", "ranked", "--roll", "20", "--quorum", "x"],
            ExitCode.USAGE,
            "no share",
            "percent",
        ),
        (["FILE", "--method", "ranked", "--roll", "0"], ExitCode.USAGE, "1 to 1,000,000,000", "--roll 40"),
        (["FILE", "--method", "ranked", "--roll", "18"], ExitCode.ERROR, "only 18 members", "--roll"),
        (
            ["FILE", "--method", "equal-shares"],
            ExitCode.ERROR,
            "what the projects cost",
            "line with the word",
        ),
        (["FILE", "--method", "yes-no", "--threshold", "x"], ExitCode.USAGE, "threshold", "percent"),
        (["/none/such.csv", "--method", "ranked"], ExitCode.ERROR, "No such file", "exists"),
        (["/", "--method", "ranked"], ExitCode.ERROR, "directory", "exists"),
    ],
)
def test_settings_that_do_not_fit(
    words: list[str], code: ExitCode, says: str, tries: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(SAMPLES / "old_form.soi")
    error, hint = refused(capsys, code, *(file if word == "FILE" else word for word in words))
    assert says in error
    assert tries in hint


def test_the_bounds_of_files_are_documented() -> None:
    document = " ".join(DOCUMENT.split())
    bounds = reading.BOUNDS
    assert (
        f"{bounds.file_bytes // 2**20} MiB, {bounds.lines:,} lines of {bounds.line_chars:,} characters, "
        f"{BALLOTS_MAX:,} ballots, and {OPTIONS_MIN} to {OPTIONS_MAX} options of at most {OPTION_CHARS_MAX} characters"
    ) in document
    assert f"--highest` | score | most points for an option, 1 to {POINTS_MAX};" in document


FORBIDDEN = (
    "automerge",
    "libp2p",
    "trio",
    "textual",
    "tui",
    "sqlite3",
    "aiosqlite",
    "zeroconf",
    "crdt.store",
)
LOADED = """
import sys
touched = []
def watch(event, args):
    if event.startswith(("socket.", "sqlite3.", "subprocess.", "os.mkdir")):
        touched.append(event)
    if event == "open" and isinstance(args[1], str) and set(args[1]) & set("wxa+"):
        touched.append(f"open {args[0]}")
sys.dont_write_bytecode = True
sys.addaudithook(watch)
from p2pcouncil.cli.main import run_verb
code = run_verb(sys.argv[1:])
assert code == 0, code
print("\\n".join(["LOADED", *sorted(sys.modules), "TOUCHED", *touched]))
"""


def test_it_needs_no_peer_no_home_and_no_network(tmp_path: Path) -> None:
    home = tmp_path / "home"
    words = ["count", str(SAMPLES / "old_form.soi"), "--method", "ranked", "--home", str(home)]
    ended = subprocess.run(
        [sys.executable, "-c", LOADED, *words],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=100,
        check=True,
    )
    loaded, _, touched = ended.stdout.partition("LOADED\n")[2].partition("TOUCHED\n")
    modules = loaded.splitlines()
    assert "p2pcouncil.ballot_files.preflib" in modules
    assert [m for m in modules if m.split(".")[0] == "net"] == []
    assert [
        m for m in modules if m.startswith(tuple(f"{name}." for name in FORBIDDEN)) or m in FORBIDDEN
    ] == []
    assert touched == ""
    assert not home.exists()


def test_reading_and_counting_know_nothing_but_the_tally() -> None:
    code = (
        "import sys, p2pcouncil.ballot_files.counting, p2pcouncil.ballot_files.reading\n"
        "print('\\n'.join(m for m in sys.modules if m.split('.')[0] in ('crdt', 'net', 'p2pcouncil', 'nacl')))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=100, check=True
    )
    allowed = (
        "p2pcouncil.ballot_files",
        "p2pcouncil.text_files",
        "p2pcouncil.domain.tally",
        "p2pcouncil.domain.plain_text",
    )
    known = {"crdt", "crdt.errors", "crdt.ids", "p2pcouncil", "p2pcouncil.domain"}
    loaded = ended.stdout.split()
    assert "p2pcouncil.domain.tally.count" in loaded
    assert [m for m in loaded if not m.startswith(allowed) and m not in known] == []
