"""The command line as a whole: its help, and what happens to a line that it does not understand."""

import json
from pathlib import Path

import pytest
from cyclopts import App

from p2pcouncil.cli.errors import ExitCode
from p2pcouncil.cli.main import CHAPTERS, make_app, run_verb

PROMISED = [
    *("init", "recover", "found", "invite", "join", "vouch", "leave", "councils"),
    *("propose", "edit", "withdraw", "show", "comment", "second", "open", "vote", "tally", "inbox", "count"),
    *("log", "peers", "status", "serve", "export", "import", "verify", "demo"),
]
BELOW = ["device add", "device list", "device disown", "device take-over", "council new", "scenario run"]


def verb_of(app: App, words: str) -> App:
    for word in words.split():
        app = app[word]
    return app


def test_a_file_that_is_missing_is_named_without_a_number(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_verb(["price", "solve", "no such file.csv"]) is ExitCode.ERROR
    told = capsys.readouterr().err
    assert "error: no such file.csv: No such file or directory." in told
    assert "Errno" not in told


def test_every_verb_is_there_with_examples() -> None:
    app = make_app()
    for words in [*PROMISED, *BELOW, "completion install", "completion show", "price solve", "price explain"]:
        verb = verb_of(app, words)
        assert isinstance(verb.help_epilogue, str)
        assert f"p2pcouncil {words}" in verb.help_epilogue, words


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_brings_the_verbs_that_are_told_of_it(chapter: str) -> None:
    assert tuple(name for name in make_app((chapter,)) if not name.startswith("-")) == CHAPTERS[chapter]


def test_a_value_that_looks_like_a_verb_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("P2PCOUNCIL_HOME", raising=False)
    assert run_verb(["--home", "vote", "councils"]) is ExitCode.OK
    assert "p2pcouncil found" in capsys.readouterr().out


@pytest.mark.parametrize(
    "line",
    [
        ["count", "--example", "ranked", "--json"],
        ["count", "--example=ranked", "--json", "--home", "nowhere"],
        ["--json", "count", "--example", "ranked", "--within=1"],
    ],
)
def test_what_every_verb_takes_may_stand_anywhere(
    line: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_verb(line) is ExitCode.OK
    assert "example" in json.loads(capsys.readouterr().out)


def test_help_names_verbs_and_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_verb(["--help"]) is ExitCode.OK
    shown = capsys.readouterr().out
    for word in (*PROMISED, "--home", "--json", "130"):
        assert word in shown
    assert run_verb(["vote", "--help"]) is ExitCode.OK
    shown = capsys.readouterr().out
    assert "--wait" in shown
    assert "--json" in shown
    assert "p2pcouncil vote hours" in shown


@pytest.mark.parametrize(
    ("line", "says", "tries"),
    [
        (["voet", "x"], "There is no verb “voet”.", "p2pcouncil vote"),
        (["vote", "x", "--bogus"], "--bogus", "p2pcouncil vote --help"),
        (["second"], "PROPOSAL", "p2pcouncil second --help"),
        (["propose", "x", "--method", "dice"], "dice", "p2pcouncil propose --help"),
        (["open", "x", "--window", "soon"], "soon", "36h"),
        (["log", "--limit", "0"], "limit", "--limit"),
    ],
)
def test_what_is_not_understood(
    line: list[str], says: str, tries: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_verb([*line, "--home", str(tmp_path)]) is ExitCode.USAGE
    error, hint = capsys.readouterr().err.splitlines()[:2]
    assert error.startswith("error: ")
    assert says in error
    assert hint.startswith("try: ")
    assert tries in hint
    assert run_verb([*line, "--home", str(tmp_path), "--json"]) is ExitCode.USAGE
    answer = json.loads(capsys.readouterr().out)
    assert says in answer["error"]
    assert answer["exit_code"] == ExitCode.USAGE


@pytest.mark.parametrize(
    "line",
    [
        ["--home", "--json", "status"],
        ["status", "--home", "--json"],
        ["status", "--json", "--home"],
        ["status", "--json", "--home="],
        ["--home=", "--json", "status"],
        ["status", "--json", "--home", "--"],
    ],
)
def test_a_home_without_its_path_takes_no_other_word_for_one(
    line: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_verb(line) is ExitCode.USAGE
    assert json.loads(capsys.readouterr().out)["error"] == "Parameter --home requires an argument."


def test_a_home_that_cannot_be_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "file"
    file.write_text("here", encoding="utf-8")
    assert run_verb(["status", "--home", str(file / "below")]) is ExitCode.ERROR
    assert "--home" in capsys.readouterr().err


def test_without_a_terminal_nobody_can_be_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_verb(["--home", str(tmp_path)]) is ExitCode.USAGE
    assert run_verb(["init", "Ada", "--home", str(tmp_path)]) is ExitCode.USAGE
    assert "--phrase-shown" in capsys.readouterr().err
