"""What a voter types is the ballot that they mean, or an error that says how to vote."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2pcouncil.cli.choices import how_to_vote, parse_choice
from p2pcouncil.cli.errors import UsageError
from p2pcouncil.cli.methods import make_method, parse_percent, parse_window
from p2pcouncil.domain.tally.choice import ABSTAIN, BLANK, NO, YES, Choice, validate_choice
from p2pcouncil.domain.tally.method import (
    Approval,
    EqualShares,
    Method,
    Ranked,
    Score,
    Stv,
    YesNo,
)

FLOUR = ("Rye, from Jork", "Spelt = dear", "Old wheat > new")
SHARES = EqualShares(0, 9, (4, 5, 6))
ALL: list[Method] = [YesNo(0), Approval(0), Ranked(0), Score(0), Stv(0, 2), SHARES]


@pytest.mark.parametrize(
    ("method", "words", "choice"),
    [
        (YesNo(0), ("yes",), YES),
        (YesNo(0), ("No",), NO),
        (YesNo(0), ("abstain",), ABSTAIN),
        (Approval(0), ("3", "1"), ((0, 2),)),
        (Approval(0), ("1,3",), ((0, 2),)),
        (Approval(0), ("rye, from", "wheat"), ((0, 2),)),
        (Approval(0), ("none",), BLANK),
        (Ranked(0), ("2>1=3",), ((1,), (0, 2))),
        (Ranked(0), ("2 > 1 = 3",), ((1,), (0, 2))),
        (Ranked(0), ("2", "3=1"), ((1,), (0, 2))),
        (Ranked(0), ("spelt", "rye"), ((1,), (0,))),
        (Ranked(0), ("blank",), BLANK),
        (Score(0), ("1=5", "3=2"), ((0,), (), (), (2,))),
        (Score(0), ("3=2,1=5",), ((0,), (), (), (2,))),
        (Score(0), ("1=5", "2=0"), ((0,),)),
        (Score(0), ("2=0",), BLANK),
        (Score(0), ("none",), BLANK),
        (Score(0, 10), ("rye, from=10", "dear = 10"), ((0, 1),)),
        (Stv(0, 1), ("2", "1"), ((1,), (0,))),
        (Stv(0, 1), ("2>1",), ((1,), (0,))),
        (Stv(0, 1), ("spelt", "rye"), ((1,), (0,))),
        (Stv(0, 1), ("none",), BLANK),
        (SHARES, ("3", "1"), ((0, 2),)),
        (SHARES, ("none",), BLANK),
    ],
)
def test_choices(method: Method, words: tuple[str, ...], choice: Choice) -> None:
    options = () if isinstance(method, YesNo) else FLOUR
    assert parse_choice(method, options, words) == choice


@pytest.mark.parametrize(
    ("method", "words"),
    [
        (YesNo(0), ()),
        (YesNo(0), ("maybe",)),
        (YesNo(0), ("yes", "no")),
        (Approval(0), ()),
        (Approval(0), ("4",)),
        (Approval(0), ("0",)),
        (Approval(0), ("1", "1")),
        (Approval(0), ("1", "none")),
        (Approval(0), ("e",)),
        (Approval(0), ("cake",)),
        (Ranked(0), ("1>2>1",)),
        (Ranked(0), ("1==2",)),
        (Score(0), ()),
        (Score(0), ("1",)),
        (Score(0), ("1=",)),
        (Score(0), ("=3",)),
        (Score(0), ("1=6",)),
        (Score(0), ("1=-1",)),
        (Score(0), ("1=3", "1=4")),
        (Score(0), ("4=1",)),
        (Stv(0, 1), ("1=2",)),
        (Stv(0, 1), ("1", "1")),
        (SHARES, ("1", "1")),
    ],
)
def test_what_is_no_ballot_says_how_to_vote(method: Method, words: tuple[str, ...]) -> None:
    options = () if isinstance(method, YesNo) else FLOUR
    with pytest.raises(UsageError) as caught:
        parse_choice(method, options, words)
    assert caught.value.hint == how_to_vote(method, options)


@given(st.lists(st.text(max_size=8), max_size=4), st.sampled_from(ALL))
def test_whatever_is_typed_is_a_valid_ballot_or_refused(words: list[str], method: Method) -> None:
    options = () if isinstance(method, YesNo) else FLOUR
    try:
        choice = parse_choice(method, options, tuple(words))
    except UsageError:
        return
    validate_choice(method, options, choice)


@pytest.mark.parametrize(
    ("text", "permille"), [("50", 500), ("66.6", 666), ("66,6 %", 666), ("0", 0), ("100%", 1000)]
)
def test_shares(text: str, permille: int) -> None:
    assert parse_percent(text, "quorum") == permille


@pytest.mark.parametrize("text", ["", "half", "101", "66.66", "-1", "1e2"])
def test_no_shares(text: str) -> None:
    with pytest.raises(UsageError, match="no share"):
        parse_percent(text, "quorum")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("45s", 45), ("90m", 5_400), ("36h", 129_600), ("3d", 259_200), ("2w", 1_209_600), ("3", 259_200)],
)
def test_windows(text: str, seconds: int) -> None:
    assert parse_window(text) == seconds


@pytest.mark.parametrize("text", ["", "0d", "1y", "400d", "-3d", "3.5d"])
def test_no_windows(text: str) -> None:
    with pytest.raises(UsageError, match="length of time"):
        parse_window(text)


def test_settings_of_another_method_are_refused() -> None:
    assert make_method("yes-no", "50") == YesNo(500, 500)
    assert make_method("approval", "0", winners=2) == Approval(0, 2)
    assert make_method("ranked", "30") == Ranked(300)
    assert make_method("score", "0") == Score(0, 5, 1)
    assert make_method("score", "0", highest=3, winners=2) == Score(0, 3, 2)
    assert make_method("stv", "0", seats=3) == Stv(0, 3)
    assert make_method("equal-shares", "0", budget=900, costs=(700, 200)) == EqualShares(0, 900, (700, 200))
    for name, setting in (
        ("ranked", {"threshold": "60"}),
        ("yes-no", {"winners": 2}),
        ("stv", {"winners": 2}),
        ("approval", {"highest": 3}),
        ("ranked", {"seats": 2}),
        ("approval", {"budget": 9}),
        ("score", {"costs": (1, 2)}),
    ):
        (word,) = setting
        with pytest.raises(
            UsageError, match=f"--{word.removesuffix('s') if word == 'costs' else word} belongs"
        ):
            make_method(name, "50", **setting)  # type: ignore[arg-type]


def test_settings_that_a_method_needs_are_asked_for() -> None:
    with pytest.raises(UsageError, match="seats"):
        make_method("stv", "50")
    with pytest.raises(UsageError, match="budget"):
        make_method("equal-shares", "50", costs=(1, 2))
    with pytest.raises(UsageError, match="costs"):
        make_method("equal-shares", "50", budget=3)
