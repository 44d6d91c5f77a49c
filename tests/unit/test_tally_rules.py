"""The announced rules of each method, by example."""

import msgspec
import pytest

from crdt.errors import LocalError, RemoteError
from crdt.ids import MemberId
from p2pcouncil.domain.tally.choice import ABSTAIN, BLANK, NO, YES, Choice, validate_choice
from p2pcouncil.domain.tally.count import Counter, tally
from p2pcouncil.domain.tally.explain import explain
from p2pcouncil.domain.tally.method import (
    MONEY_MAX,
    Approval,
    EqualShares,
    Method,
    Ranked,
    Score,
    Stv,
    YesNo,
    rule,
    tie_rule,
    validate_method,
)
from p2pcouncil.domain.tally.outcome import Outcome, Tally

ABC = ("Apples", "Bread", "Cheese")
EVERY: tuple[Method, ...] = (
    YesNo(0),
    Approval(0),
    Ranked(0),
    Score(0),
    Stv(0, 2),
    EqualShares(0, 9, (4, 5, 6)),
)


def count(method: Method, options: tuple[str, ...], roll_size: int, *choices: Choice) -> Tally:
    return tally(
        method, options, roll_size, {MemberId(bytes([n]) * 32): c for n, c in enumerate(choices, start=1)}
    )


@pytest.mark.parametrize(
    ("threshold", "yes", "no", "outcome"),
    [
        (500, 5, 5, Outcome.REJECTED),
        (500, 6, 5, Outcome.PASSED),
        (666, 6, 3, Outcome.PASSED),
        (667, 6, 3, Outcome.REJECTED),
        (999, 12, 0, Outcome.PASSED),
        (999, 12, 1, Outcome.REJECTED),
        (0, 1, 12, Outcome.PASSED),
        (0, 0, 13, Outcome.REJECTED),
        (500, 0, 0, Outcome.NOBODY),
    ],
)
def test_yes_has_to_exceed_its_share_of_yes_and_no(
    threshold: int, yes: int, no: int, outcome: Outcome
) -> None:
    result = count(YesNo(0, threshold), (), 100, *[YES] * yes, *[NO] * no, *[ABSTAIN] * 4)
    assert result.outcome is outcome
    assert result.counts == (yes, no, 4)
    assert result.turnout == yes + no + 4


@pytest.mark.parametrize(
    ("quorum", "roll_size", "needed"), [(500, 5, 3), (334, 3, 2), (1000, 4, 4), (1, 7, 1)]
)
def test_the_quorum_is_a_share_of_the_roll_rounded_up(quorum: int, roll_size: int, needed: int) -> None:
    enough = count(YesNo(quorum), (), roll_size, YES, *[ABSTAIN] * (needed - 1))
    assert (enough.quorum_reached, enough.outcome) == (True, Outcome.PASSED)
    short = count(YesNo(quorum), (), roll_size, *[YES] * (needed - 1))
    assert (short.quorum_reached, short.outcome) == (False, Outcome.NO_QUORUM)


@pytest.mark.parametrize(
    ("seats", "choices", "outcome", "winners", "tied"),
    [
        (1, [((0,),), ((0, 1),), ((1,),), ((0,),)], Outcome.ELECTED, (0,), ()),
        (1, [((0,),), ((1,),)], Outcome.TIED, (), (0, 1)),
        (2, [((0,),), ((1,),)], Outcome.ELECTED, (0, 1), ()),
        (2, [((2,),), ((0, 2),), ((1, 2),)], Outcome.TIED, (2,), (0, 1)),
        (3, [((2,),), ((0, 2),)], Outcome.ELECTED, (0, 2), ()),
        (1, [BLANK, BLANK], Outcome.NOBODY, (), ()),
        (1, [], Outcome.NOBODY, (), ()),
    ],
)
def test_the_most_approved_win_and_a_tie_for_the_last_seat_is_told(
    seats: int, choices: list[Choice], outcome: Outcome, winners: tuple[int, ...], tied: tuple[int, ...]
) -> None:
    result = count(Approval(0, seats), ABC, 10, *choices)
    assert (result.outcome, result.winners, result.tied) == (outcome, winners, tied)


def test_without_a_quorum_nobody_wins() -> None:
    result = count(Approval(1000), ABC, 3, ((0,),))
    assert (result.outcome, result.winners, result.tied) == (Outcome.NO_QUORUM, (), ())


@pytest.mark.parametrize(
    ("choices", "outcome", "winners", "tied"),
    [
        ([((0,), (2,)), ((2,), (0,)), ((0, 2),)], Outcome.TIED, (), (0, 2)),
        ([((0,),), ((0,), (2,)), ((1,),)], Outcome.ELECTED, (0,), ()),
        ([((0,), (1,), (2,)), ((1,), (2,), (0,)), ((2,), (0,), (1,))], Outcome.TIED, (), (0, 1, 2)),
        ([((0, 1, 2),), BLANK], Outcome.NOBODY, (), ()),
        ([], Outcome.NOBODY, (), ()),
    ],
)
def test_ranked_ties_and_blanks(
    choices: list[Choice], outcome: Outcome, winners: tuple[int, ...], tied: tuple[int, ...]
) -> None:
    result = count(Ranked(0), ABC, 10, *choices)
    assert (result.outcome, result.winners, result.tied) == (outcome, winners, tied)


def test_ranking_the_rest_last_says_the_same_as_leaving_it_out() -> None:
    listed = count(Ranked(0), ABC, 1, ((1,), (0, 2)))
    unlisted = count(Ranked(0), ABC, 1, ((1,),))
    assert listed == unlisted


@pytest.mark.parametrize(
    ("method", "options", "complaint"),
    [
        (YesNo(1001), (), "quorum"),
        (YesNo(-1), (), "quorum"),
        (YesNo(0, 1000), (), "exceed"),
        (YesNo(0, -1), (), "threshold"),
        (YesNo(0), ("a", "b"), "yes, no and abstain"),
        (Ranked(0), ("a",), "2 to 64"),
        (Ranked(0), tuple(map(str, range(65))), "2 to 64"),
        (Ranked(0), ("a", " "), "option 2 is empty"),
        (Ranked(0), ("a", "b", " A "), "options 1 and 3 are the same"),
        (Ranked(0), ("a", "b\n"), "control"),
        (Ranked(0), ("a", "b\x9b"), "control"),
        (Ranked(0), ("a", "b\ud800"), "surrogate"),
        (Ranked(0), ("a", "b" * 201), "200"),
        (Approval(0, 0), ABC, "0 winners"),
        (Approval(0, 4), ABC, "4 winners"),
        (Score(0, 0), ABC, "points"),
        (Score(0, 11), ABC, "points"),
        (Score(0, 5, 4), ABC, "4 winners"),
        (Stv(0, 0), ABC, "0 winners"),
        (Stv(0, 4), ABC, "4 winners"),
        (EqualShares(0, 0, (1, 1, 1)), ABC, "budget"),
        (EqualShares(0, MONEY_MAX + 1, (1, 1, 1)), ABC, "budget"),
        (EqualShares(0, 9, (1, 1)), ABC, "3 options and 2 costs"),
        (EqualShares(0, 9, (1, 0, 1)), ABC, "option 2 costs 0"),
        (EqualShares(0, 9, (1, 1, MONEY_MAX + 1)), ABC, "option 3 costs"),
    ],
)
def test_a_method_that_cannot_be_counted_is_refused(
    method: Method, options: tuple[str, ...], complaint: str
) -> None:
    with pytest.raises(RemoteError, match=f"(?i){complaint}"):
        validate_method(method, options)


@pytest.mark.parametrize(
    ("method", "choice"),
    [
        (YesNo(0), BLANK),
        (YesNo(0), ((3,),)),
        (YesNo(0), ((0, 1),)),
        (YesNo(0), ((0,), (1,))),
        (Approval(0), ((0,), (1,))),
        (Approval(0), ((1, 0),)),
        (Approval(0), ((0, 0),)),
        (Approval(0), ((-1,),)),
        (Approval(0), ((),)),
        (Ranked(0), ((0,), (0,))),
        (Ranked(0), ((0,), ())),
        (Ranked(0), ((2, 1),)),
        (Ranked(0), ((3,),)),
        (Score(0, 2), ((0,), (1,), (2,))),
        (Score(0), ((0,), ())),
        (Score(0), ((), ())),
        (Score(0), ((0,), (), (0,))),
        (Score(0), ((1, 0),)),
        (Stv(0, 1), ((0, 1),)),
        (Stv(0, 1), ((0,), ())),
        (Stv(0, 1), ((0,), (0,))),
        (EqualShares(0, 9, (1, 1, 1)), ((0,), (1,))),
        (EqualShares(0, 9, (1, 1, 1)), ((),)),
    ],
)
def test_a_choice_that_cannot_be_counted_is_refused_and_leaves_no_trace(
    method: Method, choice: Choice
) -> None:
    options = () if isinstance(method, YesNo) else ABC
    with pytest.raises(RemoteError):
        validate_choice(method, options, choice)
    counter = Counter(method, options, 5)
    before = counter.result()
    with pytest.raises(RemoteError):
        counter.add(choice)
    assert counter.result() == before


def test_more_ballots_than_members_are_refused() -> None:
    counter = Counter(YesNo(0), (), 1)
    with pytest.raises(LocalError):
        counter.remove(YES)
    counter.add(YES)
    with pytest.raises(LocalError):
        counter.add(NO)


def test_methods_and_choices_survive_the_wire() -> None:
    every = (
        YesNo(10, 20),
        Approval(10, 2),
        Ranked(10),
        Score(10, 3, 2),
        Stv(10, 3),
        EqualShares(10, 9, (4, 5)),
    )
    for method in every:
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(method), type=Method) == method
    for choice in (YES, BLANK, ((0, 2), (1,)), ((0,), (), (1,))):
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(choice), type=Choice) == choice
    for wrong in (((64,),), ((-1,),), ((True,),), ((0.0,),), ((0,),) * 65):
        with pytest.raises(msgspec.ValidationError):
            msgspec.msgpack.decode(msgspec.msgpack.encode(wrong), type=Choice)


def test_rules_are_announced() -> None:
    assert rule(YesNo(500)) == (
        "It passes when more than half of the yes and no ballots say yes; abstaining is neither. "
        "At least 50 % of the roll must cast a ballot, empty ones included."
    )
    assert "66.6 %" in rule(YesNo(0, 666))
    for method in (*EVERY, Approval(0, 3), Score(0, 5, 3), Stv(0, 1)):
        assert rule(method).endswith(".")
        assert tie_rule(method).endswith(".")


def test_a_motion_is_explained() -> None:
    assert explain(count(YesNo(500), (), 6, YES, YES, NO, ABSTAIN)) == (
        "4 ballots from a roll of 6; the quorum of 50 % needs 3: reached.",
        "Yes 2, no 1, abstain 1.",
        "Yes has to exceed 50 % of yes and no: 2 × 1000 = 2000 > 500 × 3 = 1500.",
        "It passes.",
    )


def test_a_tie_is_explained() -> None:
    lines = explain(count(Approval(0, 2), ABC, 5, ((2,),), ((0, 2),), ((1, 2),)))
    assert lines[0] == "3 ballots from a roll of 5; no quorum is asked for."
    assert lines[1] == "“Cheese” is approved on 3 ballots."
    assert lines[-1].startswith("“Cheese” clearly ahead. Tied: “Apples” and “Bread”. If options tie")


def test_a_ranked_vote_is_explained_and_options_are_cleaned() -> None:
    lines = explain(count(Ranked(0), ("A\u202eA", "B"), 3, ((0,),), ((0,),), ((1,),)))
    assert lines == (
        "3 ballots from a roll of 3; no quorum is asked for.",
        "Ballots that rank “AA” above: “B” 2.",
        "Ballots that rank “B” above: “AA” 1.",
        "Strongest path from “AA” to: “B” 2.",
        "Strongest path from “B” to: “AA” 0.",
        "No option has a stronger path to “AA” than it has back: “B” 2 to 0.",
        "Order: “AA” > “B”.",
        "“AA” wins.",
    )


@pytest.mark.parametrize("quorum", [0, 900])
@pytest.mark.parametrize("method", EVERY)
def test_an_empty_vote_is_explained(method: Method, quorum: int) -> None:
    method = msgspec.structs.replace(method, quorum_permille=quorum)
    lines = explain(count(method, () if isinstance(method, YesNo) else ABC, 5))
    assert lines[-1].endswith("nothing is decided.")
