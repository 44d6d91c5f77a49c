"""`p2pcouncil price`: what it prints, what it refuses, and that it needs no peer, no home and no network."""

import hashlib
import io
import json
import re
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest

from p2pcouncil.cli import prices as prices_module
from p2pcouncil.cli.errors import ExitCode
from p2pcouncil.cli.main import run_verb
from p2pcouncil.plan_files.listing import write_list
from p2pcouncil.plan_files.templates import template
from tests.support.economies import economy
from tests.unit.test_cli_count import FORBIDDEN, LOADED

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "planning.md").read_text(encoding="utf-8")


@pytest.fixture
def bakery(tmp_path: Path) -> Path:
    file = tmp_path / "bakery.csv"
    file.write_text(template("list"), encoding="utf-8")
    return file


def said(capsys: pytest.CaptureFixture[str], *words: str | Path) -> str:
    """What a price that can be told prints."""
    assert run_verb(["price", *map(str, words)]) is ExitCode.OK, capsys.readouterr().err
    return capsys.readouterr().out


def refused(capsys: pytest.CaptureFixture[str], code: ExitCode, *words: str | Path) -> tuple[str, str]:
    """The error and the hint of one that can't."""
    assert run_verb(["price", *map(str, words)]) is code
    captured = capsys.readouterr()
    assert captured.out == ""
    error, hint = captured.err.splitlines()
    return error.removeprefix("error: "), hint.removeprefix("try: ")


def test_prices_are_shown_in_eighty_columns_with_what_they_rest_on(
    bakery: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    report = said(capsys, "solve", bakery)
    shown = report.splitlines()
    assert shown[0] == "Labour values of bakery.csv: 4 products, hours for one unit of each"
    assert "  bread   0.179367 h  for 1 loaf" in shown
    assert "  energy  0.004639 h  for 1 kWh" in shown
    assert "Pollutants are recorded and carry no value: CO2." in report
    assert "average of" in report
    assert shown[-2] == "Solve it again: p2pcouncil price solve bakery.csv --digits 6"
    assert shown[-1] == f"SHA-256: {hashlib.sha256(bakery.read_bytes()).hexdigest()}"
    assert all(len(line) <= 80 for line in shown[:-2])
    assert not set(report) & set("│─┌█"), "nothing is drawn that only an eye can read"


def test_a_price_explains_itself_in_lines_that_can_be_read_aloud(
    bakery: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shown = said(capsys, "explain", "bread", "--table", bakery).splitlines()
    assert "bread: 0.179367 h, 100 %" in shown
    assert "  for bread: work, baking, 0.133333 h, 74.3 %" in shown
    assert "  for bread: 0.633333 kg of flour, 0.021085 h, 11.8 %" in shown
    assert "    for flour: 0.791667 kg of grain, 0.015150 h, 8.4 %" in shown
    assert "    for flour: the rest, 1 input, 0.000235 h, 0.1 %" in shown
    assert all(len(line) <= 80 for line in shown)
    assert "not broken down further" in said(capsys, "explain", "bread", "--table", bakery, "--depth", "0")


def test_the_tree_in_json_adds_up_exactly(bakery: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answer = json.loads(said(capsys, "explain", "BREA", "--table", bakery, "--threshold", "0.1", "--json"))

    def check(node: dict[str, object]) -> None:
        parts = [*node["direct"], *node["inputs"], node["rest"]]  # type: ignore[misc]
        assert Fraction(node["fraction"]) == sum(Fraction(part["fraction"]) for part in parts)  # type: ignore[arg-type]
        for item in node["inputs"]:  # type: ignore[attr-defined]
            check(item)

    check(answer["tree"])
    assert (answer["tree"]["product"], answer["tree"]["hours"], answer["tree"]["amount"]) == (
        "bread",
        "0.179367",
        "1",
    )
    documented = set(re.findall(r"^\| `(\w+)` \|", DOCUMENT[DOCUMENT.index("### JSON") :], re.MULTILINE))
    assert set(answer) <= documented


def test_json_of_prices_has_the_documented_shape(bakery: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answer = json.loads(said(capsys, "solve", bakery, "--digits", "3", "--weights", "baking=1.5", "--json"))
    documented = re.findall(r"^\| `(\w+)` \|", DOCUMENT[DOCUMENT.index("### JSON") :], re.MULTILINE)
    assert set(answer) <= set(documented)
    assert answer["prices"][0] == {"product": "bread", "unit": "loaf", "hours": "0.246"}
    assert (answer["digits"], answer["weights"], answer["techniques"]) == (3, {"baking": "1.5"}, 5)
    assert answer["command"] == "p2pcouncil price solve bakery.csv --digits 3 --weights baking=1.5"
    assert answer["sha256"] == hashlib.sha256(bakery.read_bytes()).hexdigest()


@pytest.mark.parametrize("layout", ["list", "coefficients", "flows"])
def test_the_example_of_each_layout_can_be_solved_and_stands_in_the_document(
    layout: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    example = said(capsys, "solve", "--example", layout)
    assert f"```csv\n{example}```" in DOCUMENT
    table = tmp_path / "table.csv"
    table.write_text(example, encoding="utf-8")
    assert "Hours are exact" in said(capsys, "solve", table)


def test_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def type_in(text: str) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))

    type_in(template("flows"))
    assert "Labour values of standard input" in said(capsys, "solve", "-")
    type_in("flows,a\na,x\n")
    error, _ = refused(capsys, ExitCode.ERROR, "solve", "-")
    assert error.startswith("Standard input: Line 2, column 2")


BAD_TABLES = {
    "negative": (
        "coefficients,a\na,-0.5\nlabour,1\n",
        "Line 2, column 2: The quantity is “-0.5”, and it is negative.",
    ),
    "missing": (
        "product,unit,output,kind,item,quantity,item unit\nbread,loaf,1,input,flour,1,kg\n",
        "Line 2, column 6: “bread” uses “flour”, which nobody in the table makes.",
    ),
    "unit mismatch": (
        "product,unit,output,kind,item,quantity,item unit\nb,u,1,input,a,1,kg\na,t,1,labour,,1,h\n",
        "Line 2, column 6: “b” uses “a” in “kg”, and it is made in “t”.",
    ),
    "a cycle that needs more than itself": (
        "coefficients,a,b,c\na,0,2,0.1\nb,0.5,0,0\nc,0,0,0\nlabour,1,1,1\n",
        "Line 1, column 2: “a” and “b” together use up as much of each other as they make, or more.",
    ),
    "10^18": ("coefficients,a\na,0\nlabour,1000000000000000000\n", "Line 3, column 2: The quantity is"),
    "5,000 products": (
        "coefficients," + ",".join(f"p{n}" for n in range(5_000)) + "\n",
        "Line 1, column 2002: There are 5,000 products; at most 2,000 can be counted.",
    ),
    "NaN": (
        "coefficients,a\na,NaN\nlabour,1\n",
        "Line 2, column 2: The quantity is “NaN”, and it is no number.",
    ),
    "no output": ("flows,a\na,0\nlabour,1\ntotal,0\n", "Line 1, column 2: The output of “a” is 0."),
    "joint production": (
        "product,unit,output,kind,item,quantity,item unit\na,t,1,labour,,1,h\n,,,by-product,b,1,t\n",
        "Line 3, column 6: “a” and “b” are made together",
    ),
    "written for a terminal": (
        "coefficients,\u202eb\x1b[2J\n\u202eb\x1b[2J,2\nlabour,1\n",
        "Line 2, column 2: A name or unit at",
    ),
}


@pytest.mark.parametrize("what", BAD_TABLES)
def test_a_bad_table_gives_a_located_error(
    what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, says = BAD_TABLES[what]
    table = tmp_path / "table.csv"
    table.write_text(text, encoding="utf-8")
    for words in (["solve", table], ["explain", "a", "--table", table]):
        error, hint = refused(capsys, ExitCode.ERROR, *words)
        assert error.startswith(f"table.csv: {says}")
        assert error.isprintable()
        assert hint.isprintable()
        assert run_verb(["price", *map(str, words), "--json"]) is ExitCode.ERROR
        answer = json.loads(capsys.readouterr().out)
        place = re.match(r"Line (\d+), column (\d+)", says)
        assert place is not None
        assert (answer["file"], answer["line"], answer["column"]) == (
            str(table),
            int(place[1]),
            int(place[2]),
        )
        assert (answer["error"], answer["hint"], answer["exit_code"]) == (error, hint, 1)


@pytest.mark.parametrize(
    ("words", "code", "says", "tries"),
    [
        (["solve"], ExitCode.USAGE, "file is missing", "price solve FILE"),
        (["solve", "FILE", "--example", "list"], ExitCode.USAGE, "printed alone", "--example list"),
        (["solve", "FILE", "--digits", "19"], ExitCode.USAGE, "0 to 18", "--digits"),
        (["solve", "FILE", "--digits", "-1"], ExitCode.USAGE, "0 to 18", "--digits"),
        (["solve", "FILE", "--weights", "singing=2"], ExitCode.USAGE, "no kind of work", "baking"),
        (["solve", "FILE", "--weights", "2"], ExitCode.USAGE, "no kind of work", "baking"),
        (["solve", "FILE", "--weights", "baking=nan"], ExitCode.USAGE, "no number", "digits"),
        (["solve", "FILE", "--weights", "baking=0"], ExitCode.USAGE, "is “0”", "more than 0"),
        (
            ["solve", "FILE", "--weights", "baking=1", "--weights", "baking=2"],
            ExitCode.USAGE,
            "weight already",
            "once",
        ),
        (["solve", "/none/such.csv"], ExitCode.ERROR, "No such file", "exists"),
        (["explain", "cake", "--table", "FILE"], ExitCode.ERROR, "no product “cake”", "bread, energy"),
        (["explain", "r", "--table", "FILE"], ExitCode.ERROR, "fits 4 products", "flour"),
        (
            ["explain", "bread", "--table", "FILE", "--threshold", "101"],
            ExitCode.USAGE,
            "no share",
            "percent",
        ),
        (["explain", "bread", "--table", "FILE", "--depth", "13"], ExitCode.USAGE, "0 to 12", "--depth"),
    ],
)
def test_words_that_do_not_fit(
    words: list[str], code: ExitCode, says: str, tries: str, bakery: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    error, hint = refused(capsys, code, *(str(bakery) if word == "FILE" else word for word in words))
    assert says in error
    assert tries in hint


def test_long_work_is_announced(
    bakery: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bakery.write_text(write_list(economy("hidden ties", 6, 1)), encoding="utf-8")
    monkeypatch.setattr(prices_module, "LARGE", 6)
    monkeypatch.setattr(prices_module, "LARGE_BYTES", 1)
    assert run_verb(["price", "solve", str(bakery)]) is ExitCode.OK
    told = capsys.readouterr().err
    assert "Reading 0 MiB" in told
    assert "Solving for 6 products" in told
    assert "in fractions" in told


def test_names_in_a_table_do_not_reach_into_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "table.csv"
    name = "bre\u202ead\u0301\u0301\u0301\u0301\u0301\u0301"
    table.write_text(f"coefficients,{name}\n{name},0.5\nlabour,1\n", encoding="utf-8")
    for words in (["solve", table], ["explain", "bre", "--table", table]):
        assert "\u202e" not in said(capsys, *words)


def test_it_needs_no_peer_no_home_and_no_network(bakery: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    for words in (["solve", str(bakery)], ["explain", "bread", "--table", str(bakery)]):
        ended = subprocess.run(
            [sys.executable, "-c", LOADED, "price", *words, "--home", str(home)],
            capture_output=True,
            text=True,
            cwd=ROOT,
            timeout=100,
            check=True,
        )
        loaded, _, touched = ended.stdout.partition("LOADED\n")[2].partition("TOUCHED\n")
        modules = loaded.splitlines()
        assert "p2pcouncil.plan_files.listing" in modules
        assert [m for m in modules if m.split(".")[0] == "net"] == []
        assert [m for m in modules if m in FORBIDDEN or m.startswith(tuple(f"{n}." for n in FORBIDDEN))] == []
        assert touched == ""
        assert not home.exists()
