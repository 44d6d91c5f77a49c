"""Ballot files: what the samples come to, that formats agree, and that what is wrong is found and named by its line."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from p2pcouncil.ballot_files import ballots as ballots_module
from p2pcouncil.ballot_files import reading
from p2pcouncil.ballot_files.ballots import BallotFile
from p2pcouncil.ballot_files.counting import Counted, count_ballots, money_of
from p2pcouncil.ballot_files.reading import read_ballots
from p2pcouncil.ballot_files.templates import template
from p2pcouncil.domain.tally.choice import ABSTAIN, NO, YES
from p2pcouncil.domain.tally.count import Counter
from p2pcouncil.domain.tally.method import Approval, EqualShares, Method, Ranked, Score, Stv, YesNo
from p2pcouncil.domain.tally.outcome import Outcome, Tally
from p2pcouncil.text_files.errors import TextFileError

SAMPLES = Path(__file__).parents[1] / "vectors" / "ballots"
BREAD = ("Rye", "Wheat", "Spelt")

HEAD = """\
# DATA TYPE: soi
# NUMBER ALTERNATIVES: 3
# NUMBER VOTERS: 5
# NUMBER UNIQUE ORDERS: 2
# ALTERNATIVE NAME 1: Rye
# ALTERNATIVE NAME 2: Wheat
# ALTERNATIVE NAME 3: Spelt
"""
BUDGET = """\
META
key;value
budget;900
vote_type;approval
PROJECTS
project_id;cost;name
1;300;Stand
2;400;Ramp
VOTES
voter_id;vote
1;1,2
"""


def sample(name: str) -> BallotFile:
    return read_ballots((SAMPLES / name).read_bytes(), name)


def count(file: BallotFile, method: Method, roll: int | None = None) -> Counted:
    return count_ballots(file, method, file.ballots if roll is None else roll)


def tally_of(text: str | bytes, name: str, method: Method) -> Tally:
    data = text.encode() if isinstance(text, str) else text
    return count(read_ballots(data, name), method).tally


# What the samples come to.


def test_schulzes_own_example_elects_whom_his_paper_elects() -> None:
    tally = count(sample("schulze_example_1.soc"), Ranked(0)).tally
    assert tally.outcome is Outcome.ELECTED
    assert [[tally.options[o] for o in tier] for tier in tally.ranking] == [["E"], ["A"], ["C"], ["B"], ["D"]]
    assert tally.pairwise[0] == (0, 20, 26, 30, 22)
    assert tally.paths[4] == (25, 28, 28, 31, 0)


def test_burlingtons_mayor_of_2009() -> None:
    path = SAMPLES.parent / "burlington_2009.toi"
    file = read_ballots(path.read_bytes(), path.name)
    assert file.ballots == 8_980
    counted = count(file, Ranked(0))
    assert [counted.tally.options[option] for option in counted.tally.winners] == ["Andy Montroll"]
    assert counted.tally.counts[4] == 2_951 + 3, "Kurt Wright: first alone, and first together with another"
    with pytest.raises(TextFileError, match="can't be shared") as caught:
        count(file, Stv(0, 1))
    assert "{" in path.read_text(encoding="utf-8").splitlines()[caught.value.line - 1]


def test_orders_in_the_old_form() -> None:
    file = sample("old_form.soi")
    assert file.options == ("Rye", "Wheat, wholemeal", "Spelt")
    tally = count(file, Ranked(0)).tally
    assert tally.turnout == 19
    assert tally.pairwise == ((0, 8, 9), (7, 0, 15), (10, 4, 0))
    assert tally.winners == (1,), "the circle is cut at its weakest link"


def test_ties_and_unlisted_options() -> None:
    tally = count(sample("ties.toc"), Ranked(0)).tally
    assert tally.pairwise == ((0, 0, 7), (0, 0, 7), (3, 3, 0))
    assert (tally.outcome, tally.tied) == (Outcome.TIED, (0, 1))
    counted = count(sample("ties.toi"), Ranked(0))
    assert counted.tally.options[0] == "Pão de centeio"
    assert counted.tally.pairwise == ((0, 5, 6, 6), (1, 0, 1, 6), (4, 4, 0, 5), (4, 4, 0, 0))
    assert counted.blank == 2
    assert counted.tally.turnout == 12


def test_a_village_budget_with_decimals_is_exact() -> None:
    file = sample("village.pb")
    assert file.budget == Fraction("1000.30")
    budget, costs, units = money_of(file, None)
    assert (budget, costs, units) == (100_030, (30_000, 40_010, 50_000, 60_000), 100)
    assert money_of(file, Fraction(900))[0] == 90_000
    counted = count(file, EqualShares(0, budget, costs))
    assert counted.tally.counts == (3, 3, 3, 1)
    assert counted.blank == 1
    assert file.options[1] == "ramp Ramp; town hall"
    assert "greedy" in file.notes[0]
    assert count(file, Approval(0, 2)).tally.counts == (3, 3, 3, 1)


def test_older_budgets_do_not_name_the_columns_of_their_metadata() -> None:
    older = read_ballots(BUDGET.replace("key;value\n", "").encode())
    assert count(older, Approval(0)) == count(read_ballots(BUDGET.encode()), Approval(0))
    assert older.budget == Fraction(900)


def test_points_and_orders_of_projects() -> None:
    assert count(sample("points.pb"), Score(0, 5)).tally.counts == (3, 8, 6)
    tally = count(sample("orders.pb"), Ranked(0)).tally
    assert tally.pairwise == ((0, 0, 1), (3, 0, 2), (1, 1, 0))
    assert count(sample("orders.pb"), Stv(0, 1)).tally.winners == (1,)


def test_a_spreadsheet_as_it_was_saved() -> None:
    file = sample("spreadsheet.csv")
    assert file.options == ("Rye", "Wheat; wholemeal", "Spelt")
    assert (file.ballots, file.invalid) == (21, 1)
    counted = count(file, Ranked(0))
    assert counted.blank == 2
    assert counted.tally.pairwise == ((0, 12, 12), (7, 0, 12), (7, 0, 0))


@pytest.mark.parametrize(
    ("name", "method", "counts", "blank"),
    [
        ("yes-no", YesNo(0), (21, 13, 2), 0),
        ("approval", Approval(0), (8, 5, 8), 1),
        ("ranked", Ranked(0), (1, 2, 0), 1),
        ("score", Score(0, 5), (7, 12, 5), 1),
        ("stv", Stv(0, 2), (2, 1, 0, 1), 1),
        ("equal-shares", EqualShares(0, 2_000, (300, 1_200, 450)), (12, 9, 12), 1),
    ],
)
def test_each_example_is_counted_by_its_method(
    name: str, method: Method, counts: tuple[int, ...], blank: int
) -> None:
    file = read_ballots(template(name).encode())
    assert file.invalid == 1
    counted = count(file, method)
    assert counted.tally.counts == counts
    assert counted.blank == blank


# Formats agree.


def test_the_same_ballots_come_to_the_same_in_every_format() -> None:
    counter = Counter(Ranked(0), BREAD, 5)
    counter.add(((2,), (0,)), 3)
    counter.add(((1,),), 2)
    expected = counter.result()
    table = "count,Rye,Wheat,Spelt\n3,2,,1\n2,,1,\n"
    same = {
        "a.soi": HEAD + "3: 3,1\n2: 2\n",
        "b.soi": "3\n1,Rye\n2,Wheat\n3,Spelt\n5,5,2\n3,3,1\n2,2\n",
        "c.csv": table,
        "d.csv": "Rye,Wheat,Spelt\n" + "2,,1\n" * 3 + ",1,\n" * 2,
        "e.csv": "Rye;Wheat;Spelt;Ballot\n" + "".join(f"2;;1;A{n}\n" for n in range(3)) + ";1;;B1\n;1;;B2\n",
        "f.tsv": table.replace(",", "\t"),
        "g": table,
        "h": HEAD + "3: {3},1\n2: 2\n",
        "i.csv": "# by hand\n\n" + table.replace("\n", "\r\n") + '"# counted twice, by two",,,\r\n',
        "j.csv": '"count","Rye","Wheat","Spelt"\n"3","2","","1"\n2,," 1 ",\n',
        "k.csv": table.replace("\n", "\r"),
        "l.csv": "count,Rye,Wheat,Spelt,,\n3,20,,10,,\n2,,7,\n",
    }
    for name, text in same.items():
        assert tally_of(text, name, Ranked(0)) == expected, name
    assert tally_of("\ufeff" + table, "m.csv", Ranked(0)) == expected
    for encoding in ("utf-16", "utf-8-sig"):
        assert tally_of(table.encode(encoding), "n.csv", Ranked(0)) == expected


def test_words_of_yes_and_no() -> None:
    text = "vote\nyes\nY\n No \nn\nABSTAIN\nblank\n\n"
    counter = Counter(YesNo(0), (), 6)
    for choice in (YES, NO, ABSTAIN):
        counter.add(choice, 2)
    assert tally_of(text, "v.csv", YesNo(0)) == counter.result()


def test_no_ballots_and_blank_ballots_decide_nothing() -> None:
    for text in ("Rye,Wheat\n", "Rye,Wheat\nblank,\n"):
        assert tally_of(text, "z.csv", Ranked(0)).outcome is Outcome.NOBODY
    tally = tally_of(HEAD.replace("5", "0").replace("ORDERS: 2", "ORDERS: 0"), "z.soi", Ranked(0))
    assert tally.turnout == 0


def test_what_a_file_does_not_declare_is_noted() -> None:
    head = "".join(line for line in HEAD.splitlines(keepends=True) if "NUMBER VOTERS" not in line)
    assert "voters" in read_ballots((head + "3: 3,1\n2: 2\n").encode(), "x.soi").notes[0]
    assert read_ballots((HEAD + "3: 3,1\n2: 2\n").encode(), "x.soi").notes == ()
    outside = BUDGET.replace("budget;900", "budget;900\nmax_length;1\nmin_length;1")
    assert "1 of the ballots choose" in read_ballots(outside.encode(), "x.pb").notes[0]


# What is wrong is named by its line.

LATIN_1 = "Rye,Pão\nx,\n".encode("latin-1")

WRONG: list[tuple[str, str | bytes, Method, int, int, str]] = [
    # The file as a whole
    ("a.csv", LATIN_1, Approval(0), 1, 6, "0xE3 is no UTF-8"),
    ("a.csv", b"\xef\xbb\xbfRye,Wheat\r\nx,\r\n\xff,x", Approval(0), 3, 1, "0xFF is no UTF-8"),
    ("a.csv", b"\xff\xfeR\x00y", Approval(0), 0, 0, "UTF-16"),
    ("a.csv", b"Rye,Wheat\nx,\0\n", Approval(0), 2, 0, "zero byte"),
    ("a.xlsx", b"PK\x03\x04\x14\0\0", Approval(0), 0, 0, "spreadsheet"),
    ("a.csv", "Rye,Wheat\n" + "x" * 20_001, Approval(0), 2, 0, "longer than 20,000"),
    ("a.csv", "", Approval(0), 0, 0, "nothing in the file"),
    ("a.csv", "# only a remark\n\n", Approval(0), 0, 0, "nothing in the file"),
    # Tables
    ("a.csv", "Rye\nx\n", Approval(0), 1, 0, "1 options; there must be 2 to 64"),
    ("a.csv", ",".join(f"o{n}" for n in range(65)) + "\n", Approval(0), 1, 0, "65 options"),
    ("a.csv", "Rye,,Spelt\nx,,\n", Approval(0), 1, 2, "Option 2 is empty"),
    ("a.csv", ",Rye,Spelt\n,,\n", Approval(0), 1, 1, "Option 1 is empty"),
    ("a.csv", "count,Rye,Wheat,rye\n1,x,,\n", Approval(0), 1, 4, "Options 1 and 3 are the same"),
    ("a.csv", "Rye,Wh\x1b[31meat\nx,\n", Approval(0), 1, 2, "control character"),
    ("a.csv", f"Rye,{'W' * 201}\nx,\n", Approval(0), 1, 2, "longer than 200"),
    ("a.csv", "1,2,\n2,1,\n", Ranked(0), 1, 0, "looks like a ballot"),
    ("a.csv", "count,Count,Rye\n", Approval(0), 1, 2, "columns “count” and “Count”"),
    ("a.csv", "count,Rye,Wheat,ballot\n", Approval(0), 1, 4, "columns “count” and “ballot”"),
    ("a.csv", "count,Rye,Wheat\nx,x,\n", Approval(0), 2, 1, "“x” is no number of ballots"),
    ("a.csv", "count,Rye,Wheat\n0,x,\n", Approval(0), 2, 1, "“0” is no number of ballots"),
    ("a.csv", "count,Rye,Wheat\n-3,x,\n", Approval(0), 2, 1, "no number of ballots"),
    ("a.csv", "count,Rye,Wheat\n1.5,x,\n", Approval(0), 2, 1, "no number of ballots"),
    ("a.csv", "count,Rye,Wheat\n٣,x,\n", Approval(0), 2, 1, "no number of ballots"),
    ("a.csv", f"count,Rye,Wheat\n{'9' * 5_000},x,\n", Approval(0), 2, 1, "no number of ballots"),
    ("a.csv", "count,Rye,Wheat\n10000000,x,\n1,,x\n", Approval(0), 3, 0, "more than 10,000,000 ballots"),
    ("a.csv", "Rye,Wheat\nx\n", Approval(0), 2, 0, "1 cells, and the first line has 2"),
    ("a.csv", "Rye,Wheat\nx,,x\n", Approval(0), 2, 0, "3 cells"),
    ("a.csv", 'Rye,Wheat\n"x,\n', Approval(0), 2, 0, "quotation mark"),
    ("a.csv", 'Rye,Wheat\n"x"y,\n', Approval(0), 2, 0, "quotation mark"),
    ("a.csv", "Rye,Wheat\nx,\n,\n", Approval(0), 3, 0, "no mark in this line"),
    ("a.csv", "count,Rye,Wheat\n4,,\n", Approval(0), 2, 0, "no mark in this line"),
    ("a.csv", "ballot,Rye,Wheat\n7,x,\n8,,x\n7,x,\n", Approval(0), 4, 1, "“7” stands in line 2 already"),
    ("a.csv", "ballot,Rye,Wheat\n,x,\n", Approval(0), 2, 1, "has no number"),
    ("a.csv", "Rye,Wheat\nx,\nx,2\n", Approval(0), 3, 2, "“2” is written under “Wheat”"),
    ("a.csv", "Rye,Wheat\nblank,x\n", Approval(0), 2, 1, "“blank” is written under “Rye”"),
    ("a.csv", "Rye,Wheat\ninvalid,x\n", Approval(0), 2, 1, "“invalid” is written under “Rye”"),
    ("a.csv", "count,Rye,Wheat\n1,x,\n", Ranked(0), 2, 2, "“x” is written under “Rye”"),
    ("a.csv", "Rye,Wheat\n0,1\n", Ranked(0), 2, 1, "“0” is written under “Rye”"),
    ("a.csv", "Rye,Wheat\n1,65\n", Ranked(0), 2, 2, "“65” is written"),
    ("a.csv", "Rye,Wheat\n1,1\n", Stv(0, 1), 2, 0, "can't be shared"),
    ("a.csv", "Rye,Wheat\n1,6\n", Score(0, 5), 2, 2, "6 points to an option, and the most are 5"),
    ("a.csv", "Rye,Wheat\n1,-1\n", Score(0, 5), 2, 2, "“-1” is written"),
    ("a.csv", "vote\nyes\nmaybe\n", YesNo(0), 3, 1, "“maybe” is written under “vote”"),
    ("a.csv", "vote\nyes\n", Ranked(0), 0, 0, "holds yes and no"),
    ("a.csv", "Rye,Wheat\nx,\n", YesNo(0), 0, 0, "the one column vote"),
    ("a.csv", "Rye,Wheat\nx,\n", Approval(0, 3), 0, 0, "3 winners can't be elected out of 2"),
    ("a.csv", 'count,Rye,Wheat\ncost,3,"4,50"\n', Approval(0), 2, 3, "“4,50”, and that is no amount"),
    ("a.csv", "count,Rye,Wheat\ncost,3,0\n", Approval(0), 2, 3, "is nothing"),
    ("a.csv", "count,Rye,Wheat\ncost,3,4\ncost,3,4\n", Approval(0), 3, 0, "earlier line"),
    # PrefLib
    ("a.soi", HEAD + "3: 3,1\n1: 2\n", Ranked(0), 3, 0, "5 voters are declared, and the ballots come to 4"),
    ("a.soi", HEAD + "3: 3,1\n1: 2\n1: 1\n", Ranked(0), 4, 0, "2 different orders are declared"),
    ("a.soi", HEAD + "3: 3,1\n2: 4\n", Ranked(0), 9, 4, "“4” is not one of 1 to 3"),
    ("a.soi", HEAD + "3: 3,1,3\n2: 2\n", Ranked(0), 8, 8, "“3” is ranked twice"),
    ("a.soi", HEAD + "3: 3,,1\n2: 2\n", Ranked(0), 8, 6, "is no rank"),
    ("a.soi", HEAD + "3: 3,1,\n2: 2\n", Ranked(0), 8, 8, "is no rank"),
    ("a.soi", HEAD + "3: {3,1}\n2: 2\n", Ranked(0), 8, 0, "this one ties alternatives"),
    ("a.toi", HEAD.replace("soi", "toi") + "3: {3,1\n2: 2\n", Ranked(0), 8, 4, "“{3,1” is no rank"),
    ("a.toi", HEAD.replace("soi", "toi") + "3: {}\n2: 2\n", Ranked(0), 8, 4, "not one of 1 to 3"),
    ("a.toc", HEAD.replace("soi", "toc") + "3: {3,1}\n2: 2\n", Ranked(0), 8, 0, "leaves alternatives out"),
    ("a.soc", HEAD + "3: 3,1\n", Ranked(0), 1, 0, "name says soc, and this line soi"),
    ("a.soi", HEAD.replace("soi", "cat"), Ranked(0), 1, 0, "“cat” is not one of soc"),
    ("a.soi", HEAD + "x: 3,1\n", Ranked(0), 8, 1, "number of voters"),
    ("a.soi", HEAD + "3,1\n", Ranked(0), 8, 1, "number of voters"),
    ("a.soi", HEAD + "0: 3,1\n", Ranked(0), 8, 1, "number of voters"),
    ("a.soi", HEAD + "99999999: 3,1\n", Ranked(0), 8, 1, "more than 10,000,000"),
    ("a.soi", HEAD + "3: 1\n# TITLE: late\n", Ranked(0), 9, 0, "below ballots"),
    ("a.soi", HEAD.replace("NAME 3", "NAME 4"), Ranked(0), 7, 0, "Alternative 4 is named, and there are 3"),
    ("a.soi", HEAD.replace("NAME 3", "NAME 2"), Ranked(0), 7, 0, "named in line 6 already"),
    ("a.soi", HEAD.replace("# ALTERNATIVE NAME 2: Wheat\n", ""), Ranked(0), 2, 0, "number 2 has no name"),
    ("a.soi", HEAD.replace("NAME 3", "NAME 1000"), Ranked(0), 7, 0, "must be 1 to 64"),
    ("a.soi", HEAD.replace("Spelt", "Rye"), Ranked(0), 7, 0, "Options 1 and 3 are the same"),
    ("a.soi", HEAD.replace(": 3\n", ": three\n", 1), Ranked(0), 2, 0, "“three” is no number"),
    ("a.soi", HEAD + "# NUMBER VOTERS: 5\n", Ranked(0), 8, 0, "Line 3 declares this already"),
    ("a.soi", "", Ranked(0), 0, 0, "0 options"),
    ("a.soi", HEAD + "5: 3,1\n", YesNo(0), 4, 0, "2 different orders"),
    ("a.soi", HEAD + "3: 3,1\n2: 2\n", Approval(0), 8, 0, "ranks options"),
    ("a.soi", HEAD + "3: 3,1\n2: 2\n", Score(0), 8, 0, "ranks options"),
    ("a.soi", "2\n1,Rye\n", Ranked(0), 2, 0, "file ends before"),
    ("a.soi", "2\n1,Rye\n2,Wheat\n5,5\n", Ranked(0), 4, 0, "three numbers"),
    ("a.soi", "2\n1,Rye\n2,Wheat\n5,6,1\n", Ranked(0), 4, 0, "don't fit each other"),
    ("a.soi", "2\n1,Rye\n2,Wheat\n5,5,1\n4,1,2\n", Ranked(0), 4, 0, "5 voters are declared"),
    ("a.soi", "900\n1,Rye\n", Ranked(0), 1, 0, "at most 64"),
    # Pabulib
    ("a.pb", BUDGET.replace("META\n", ""), Approval(0), 1, 0, "does not begin with META"),
    ("a.pb", BUDGET.replace("approval", "veto"), Approval(0), 4, 0, "“veto” is not known"),
    ("a.pb", BUDGET.replace("vote_type;approval\n", ""), Approval(0), 1, 0, "does not say vote_type"),
    ("a.pb", BUDGET.replace("900", "9,00"), Approval(0), 3, 0, "that is no amount"),
    ("a.pb", BUDGET.replace("900", "9e2"), Approval(0), 3, 0, "that is no amount"),
    ("a.pb", BUDGET.replace("400", "4.12345"), Approval(0), 8, 2, "that is no amount"),
    (
        "a.pb",
        BUDGET.replace("900", "900\nnum_votes;2"),
        Approval(0),
        4,
        0,
        "num_votes says “2”, and there are 1",
    ),
    ("a.pb", BUDGET.replace("900", "900\nnum_projects;3"), Approval(0), 4, 0, "and there are 2"),
    ("a.pb", BUDGET.replace("1;1,2", "1;1,9"), Approval(0), 11, 2, "“9” is not among PROJECTS"),
    ("a.pb", BUDGET.replace("1;1,2", "1;1,1"), Approval(0), 11, 2, "“1” is named twice"),
    ("a.pb", BUDGET + "1;2\n", Approval(0), 12, 1, "voter “1” stands in line 11 already"),
    ("a.pb", BUDGET + "2;2;x\n", Approval(0), 12, 0, "3 cells, and VOTES has 2 columns"),
    ("a.pb", BUDGET.replace("2;400", "1;400"), Approval(0), 8, 1, "project id “1” is there already"),
    ("a.pb", BUDGET.replace("voter_id;vote", "voter_id;choice"), Approval(0), 10, 0, "no column vote"),
    ("a.pb", BUDGET[: BUDGET.index("VOTES")], Approval(0), 9, 0, "section VOTES is missing"),
    ("a.pb", BUDGET + "META\n", Approval(0), 12, 0, "second section META"),
    ("a.pb", BUDGET.replace("approval", "scoring"), Score(0), 10, 0, "needs the column points"),
    ("a.pb", BUDGET, Ranked(0), 11, 0, "approves of options"),
    ("a.pb", BUDGET, Score(0), 11, 0, "approves of options"),
    (
        "a.pb",
        BUDGET.replace("2;400;Ramp\n", "".join(f"p{n};1;P\n" for n in range(70))),
        Approval(0),
        71,
        0,
        "71 projects; at most 64",
    ),
]


@pytest.mark.parametrize(
    ("name", "text", "method", "line", "column", "says"), WRONG, ids=[f"{w[0]}-{w[5]}" for w in WRONG]
)
def test_what_is_wrong_is_named_by_its_line(
    name: str, text: str | bytes, method: Method, line: int, column: int, says: str
) -> None:
    with pytest.raises(TextFileError) as caught:
        tally_of(text, name, method)
    assert says in str(caught.value)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert str(caught.value).startswith(f"Line {line}" if line else "")
    assert caught.value.hint


def test_points_that_do_not_fit_their_projects() -> None:
    text = (SAMPLES / "points.pb").read_text(encoding="utf-8")
    for wrong, says in (
        ("5", "don't fit 2 chosen"),
        ("5,x", "don't fit"),
        ("5,11", "11 points to an option"),
    ):
        with pytest.raises(TextFileError, match=says) as caught:
            tally_of(text.replace("5,2", wrong), "p.pb", Score(0, 5))
        assert caught.value.line == 14


def test_more_ballots_than_members_are_refused() -> None:
    file = sample("old_form.soi")
    assert count(file, Ranked(0), 19).tally.turnout == 19
    with pytest.raises(TextFileError, match="19 ballots, and only 18 members") as caught:
        count(file, Ranked(0), 18)
    assert "--roll" in caught.value.hint


def test_costs_and_budget_have_to_be_known() -> None:
    with pytest.raises(TextFileError, match="what the projects cost"):
        money_of(read_ballots(b"Rye,Wheat\nx,\n"), Fraction(5))
    with pytest.raises(TextFileError, match="what there is to spend"):
        money_of(read_ballots(template("equal-shares").encode()), None)


def test_files_and_lines_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "BOUNDS", replace(reading.BOUNDS, file_bytes=20))
    assert read_ballots(b"Rye,Wheat\nx,\nx,\nx,\n")
    with pytest.raises(TextFileError, match="larger than"):
        read_ballots(b"Rye,Wheat\nx,\nx,\nx,\n,x")
    monkeypatch.setattr(reading, "BOUNDS", replace(reading.BOUNDS, lines=3))
    with pytest.raises(TextFileError, match="more than 3 lines"):
        read_ballots(b"Rye,Wheat\nx,\nx,\n,x")


def test_invalid_ballots_are_bounded_like_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ballots_module, "BALLOTS_MAX", 3)
    with pytest.raises(TextFileError, match="more than 3 ballots") as caught:
        read_ballots(b"Rye,Wheat\ninvalid,\nx,\nx,\nx,\n")
    assert caught.value.line == 5
