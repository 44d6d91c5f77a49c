"""Verbs run line by line: how a line is read, what it is given, and how a batch ends."""

import io
import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from p2pcouncil.cli import batch
from p2pcouncil.cli.errors import ExitCode
from p2pcouncil.cli.main import run_verb

GOOD = "count --example ranked"
BAD = "price solve nowhere.csv"


@pytest.fixture(autouse=True)
def _no_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("P2PCOUNCIL_HOME", str(tmp_path / "nowhere"))
    monkeypatch.chdir(tmp_path)


def answers(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def ends(told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [answer for answer in told if answer.keys() == {"line", "exit_code"}]


def test_each_line_is_answered_and_ended(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "evening.txt").write_text(f"# it's Monday\n\n{GOOD}\n  {GOOD} \n", encoding="utf-8")
    assert run_verb(["batch", "evening.txt", "--json"]) is ExitCode.OK
    first, end, second, last = answers(capsys)
    assert "example" in first
    assert second == first
    assert [end, last] == [{"line": 3, "exit_code": 0}, {"line": 4, "exit_code": 0}]


def test_standard_input_is_for_the_batch_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"price solve -\n{GOOD}\n"))
    assert run_verb(["batch", "--json", "--go-on"]) is ExitCode.ERROR
    told = answers(capsys)
    assert "Standard input" in told[0]["error"]
    assert ends(told) == [{"line": 1, "exit_code": 1}, {"line": 2, "exit_code": 0}]
    assert told[-1]["error"] == "Line 1 failed."


def test_who_sits_before_a_terminal_is_told_what_to_type(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal = io.StringIO(f"{GOOD}\n")
    monkeypatch.setattr("sys.stdin", terminal)
    assert run_verb(["batch"]) is ExitCode.OK
    assert capsys.readouterr().err == ""
    terminal.seek(0)
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    assert run_verb(["batch"]) is ExitCode.OK
    assert "Ctrl-D" in capsys.readouterr().err


def test_the_first_line_that_fails_ends_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = tmp_path / "lines"
    lines.write_text(f"{BAD}\n{GOOD}\nvoet\n{GOOD}\n", encoding="utf-8")
    assert run_verb(["batch", str(lines), "--json"]) is ExitCode.ERROR
    assert ends(answers(capsys)) == [{"line": 1, "exit_code": 1}]
    assert run_verb(["batch", str(lines), "--json", "--go-on"]) is ExitCode.ERROR
    told = answers(capsys)
    assert [end["exit_code"] for end in ends(told)] == [1, 0, 2, 0]
    assert told[-1]["error"] == "Lines 1, 3 failed."
    assert run_verb(["batch", str(lines)]) is ExitCode.ERROR
    said = capsys.readouterr().err.splitlines()
    assert said[-2:] == [
        "error: Line 1 failed.",
        "try: What the other lines did is done: mend what failed, and run only what is left.",
    ]


def test_a_quotation_goes_on_over_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "lines").write_text("price solve 'no such\n\n# file'\nprice solve \"ajar\n", encoding="utf-8")
    assert run_verb(["batch", "lines", "--json", "--go-on"]) is ExitCode.ERROR
    told = answers(capsys)
    assert "no such" in told[0]["error"]
    assert told[2]["error"] == "The quotation that begins in line 4 does not end."
    assert ends(told) == [{"line": 1, "exit_code": 1}, {"line": 4, "exit_code": 2}]


def test_a_backslash_continues_a_line_as_in_a_shell() -> None:
    text = (
        'one \\\n  two\\\nthree\n\\\n\n\'four\\\nfive\' \\\nsix \\\\\n# no\n"eight\\\n \\"nine\n"\nseven \\'
    )
    assert list(batch._verbs(io.StringIO(text))) == [
        (1, ["one", "twothree"]),
        (6, ["four\\\nfive", "six", "\\"]),
        (10, ['eight "nine\n']),
        (13, ["seven"]),
    ]
    assert list(batch._verbs(io.StringIO("one\n  \\"))) == [(1, ["one"])], "a backslash alone is no verb"


def test_a_long_quotation_is_read_once() -> None:
    text = 'one "' + "it's\n" * 50_000 + '"'
    assert [number for number, _ in batch._verbs(io.StringIO(text))] == [1]


def test_a_line_has_the_home_of_the_batch_unless_it_names_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("ada", "samir"):
        assert run_verb(["init", name, "--no-passphrase", "--phrase-shown", "--home", name, "--json"]) == 0
    (tmp_path / "lines").write_text("status\nstatus --home=samir\nstatus --home\n", encoding="utf-8")
    capsys.readouterr()
    assert run_verb(["batch", "lines", "--home", "ada", "--json"]) is ExitCode.USAGE
    told = answers(capsys)
    assert [told[0]["identity"]["person"]["name"], told[2]["identity"]["person"]["name"]] == ["ada", "samir"]
    assert "--home" in told[4]["error"]


def test_a_batch_that_names_itself_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "lines").write_text("--json batch lines\n", encoding="utf-8")
    assert run_verb(["batch", "lines", "--json"]) is ExitCode.USAGE
    assert answers(capsys)[0]["error"] == "A batch can't run a batch."


def test_a_file_that_is_missing_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_verb(["batch", "gone"]) is ExitCode.ERROR
    assert "error: gone: No such file or directory." in capsys.readouterr().err


def test_a_quotation_that_does_not_end_is_not_read_from_its_begin_for_each_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    split, asked = shlex.split, []

    def count(words: str) -> list[str]:
        asked.append(words)
        return split(words)

    monkeypatch.setattr(batch.shlex, "split", count)
    lines = ["comment bread it's\n", *["fine\n"] * 500, "isn't it\n", "status\n"]
    assert list(batch._verbs(lines)) == [(1, split("".join(lines[:-1]))), (503, ["status"])]
    assert len(asked) == 3


def test_a_line_that_is_no_text_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\xff\xfe\n"), encoding="utf-8"))
    assert run_verb(["batch", "--json"]) is ExitCode.USAGE
    assert "There is no verb" in answers(capsys)[0]["error"]
