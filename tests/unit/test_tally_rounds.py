"""Methods that count in rounds, by example, and score: what is decided, what is tied, and how it is told."""

import pytest

from p2pcouncil.domain.tally.choice import Choice
from p2pcouncil.domain.tally.count import Counter
from p2pcouncil.domain.tally.explain import explain
from p2pcouncil.domain.tally.method import EqualShares, Method, Score, Stv
from p2pcouncil.domain.tally.outcome import Outcome, Tally
from p2pcouncil.domain.tally.rounds import VOTE, Lot, Move, Purchase, Stage
from p2pcouncil.domain.tally.ways import MAX_WAYS_WORK

Group = tuple[int, str]
"""How many ballots, and the letters that they rank, best first."""


def stv(seats: int, letters: str, *groups: Group) -> Tally:
    counter = Counter(Stv(0, seats), tuple(letters), sum(times for times, _ in groups))
    for times, order in groups:
        counter.add(tuple((letters.index(letter),) for letter in order), times)
    return counter.result()


def shares(budget: int, costs: tuple[int, ...], *groups: Group) -> Tally:
    letters = "ABCDEFGH"[: len(costs)]
    counter = Counter(EqualShares(0, budget, costs), tuple(letters), sum(times for times, _ in groups))
    for times, approved in groups:
        counter.add((tuple(letters.index(letter) for letter in approved),) if approved else (), times)
    return counter.result()


def who(result: Tally, options: tuple[int, ...]) -> str:
    return "".join(result.options[option] for option in options)


def told(method: Method, options: tuple[str, ...], *choices: Choice) -> Tally:
    counter = Counter(method, options, len(choices))
    for choice in choices:
        counter.add(choice)
    return counter.result()


@pytest.mark.parametrize(
    ("winners", "choices", "outcome", "won", "tied", "counts"),
    [
        (1, [((0,), (1,)), ((1,),)], Outcome.ELECTED, (1,), (), (3, 5, 0)),
        (1, [((0,),), ((1,),)], Outcome.TIED, (), (0, 1), (3, 3, 0)),
        (2, [((0,), (1, 2)), ((0,),)], Outcome.TIED, (0,), (1, 2), (6, 2, 2)),
        (3, [((0,), (), (1,))], Outcome.ELECTED, (0, 1), (), (3, 1, 0)),
        (1, [(), ()], Outcome.NOBODY, (), (), (0, 0, 0)),
    ],
)
def test_points_are_added_up(
    winners: int,
    choices: list[Choice],
    outcome: Outcome,
    won: tuple[int, ...],
    tied: tuple[int, ...],
    counts: tuple[int, ...],
) -> None:
    result = told(Score(0, 3, winners), ("A", "B", "C"), *choices)
    assert (result.outcome, result.winners, result.tied, result.counts) == (outcome, won, tied, counts)


def test_points_are_explained() -> None:
    lines = explain(told(Score(0, 3), ("A", "B"), ((0,), (1,)), ((1,),)))
    assert lines[1:] == (
        "At most 2 × 3 = 6 points could be given to an option.",
        "“B” has 5.",
        "“A” has 3.",
        "“B” wins.",
    )


def test_a_surplus_moves_on_in_part_and_the_lowest_are_excluded() -> None:
    """Wikipedia's example of food for a party: oranges, chocolate and strawberries win."""
    result = stv(3, "OPCSB", (4, "O"), (2, "PO"), (8, "CS"), (4, "CB"), (1, "S"), (1, "B"))
    assert (result.outcome, who(result, result.winners)) == (Outcome.ELECTED, "OCS")
    assert explain(result)[1:] == (
        "20 ballots rank an option; the quota is 20 ÷ (3 + 1), rounded down, + 1 = 6.",
        "First places: “C” 12, “O” 4, “P” 2, “S” 1, “B” 1.",
        "“C” is elected, with 6 or more.",
        "What “C” has above the quota goes on: “C” 6, “S” 5, “O” 4, “B” 3, “P” 2.",
        "“P” has the fewest votes and is excluded; they go on: “O” 6, “C” 6, “S” 5, “B” 3.",
        "“O” is elected, with 6 or more.",
        "“B” has the fewest votes and is excluded; they go on: “O” 6, “C” 6, “S” 5; to nobody 3.",
        "No more are left than seats, so “S” fills the rest.",
        "“O”, “C” and “S” win.",
    )


def test_remainders_of_a_transfer_are_ignored() -> None:
    result = stv(2, "ABC", (5, "AB"), (1, "AC"), (1, "A"), (3, "C"))
    first, surplus, *_ = result.rounds
    assert isinstance(first, Stage)
    assert isinstance(surplus, Stage)
    assert first.votes == (7 * VOTE, 0, 3 * VOTE)
    # The quota is 4, so a surplus of 3 goes on over 7 papers: 3/7 of a vote each, cut after five decimals.
    assert surplus.votes == (4 * VOTE, 5 * 42_857, 3 * VOTE + 42_857)
    assert surplus.lost == 3 * VOTE - 6 * 42_857
    assert "to nobody 0.42858" in " ".join(explain(result))


def test_earlier_stages_decide_between_those_who_are_level() -> None:
    result = stv(1, "ABCD", (5, "A"), (3, "B"), (2, "C"), (1, "DC"))
    assert [each.whose for each in result.rounds if isinstance(each, Stage)][:3] == [(), (3,), (2,)]
    assert "level with others now" in " ".join(explain(result))
    assert who(result, result.winners) == "A"


def test_where_a_lot_would_decide_each_way_is_counted() -> None:
    # Whether B or C is excluded first, their papers all go to A.
    harmless = stv(1, "ABC", (2, "A"), (1, "BA"), (1, "CA"))
    assert (harmless.outcome, who(harmless, harmless.winners)) == (Outcome.ELECTED, "A")
    # Here the lot makes B or C beat A.
    decisive = stv(1, "ABC", (3, "A"), (2, "BC"), (2, "CB"))
    assert (decisive.outcome, decisive.winners, who(decisive, decisive.tied)) == (Outcome.TIED, (), "BC")
    lot = decisive.rounds[-1]
    assert isinstance(lot, Lot)
    assert [(way.option, way.winners, way.tied) for way in lot.ways] == [(1, (2,), ()), (2, (1,), ())]
    lines = explain(decisive)
    assert "If “B”, this comes of it: “C” for certain." in lines
    assert "If “B”: “C” is elected, with 4 or more." in lines
    assert lines[-1].startswith("Tied: “B” and “C”. If several have the fewest votes")


def test_whoever_no_ballot_ranks_is_never_elected_by_transfer() -> None:
    result = stv(2, "ABC", (3, "A"))
    assert (result.outcome, who(result, result.winners)) == (Outcome.ELECTED, "A")
    assert "On no ballot, and so out: “B” and “C”." in explain(result)
    blank = stv(2, "AB", (3, ""))
    assert (blank.outcome, blank.turnout, blank.rounds) == (Outcome.NOBODY, 3, ())


def test_the_voteless_are_excluded_together_unless_seats_are_left_for_some() -> None:
    together = stv(1, "ABCDE", (3, "ABCDE"), (2, "BCDE"))
    assert Move.VOTELESS not in [each.move for each in together.rounds if isinstance(each, Stage)]
    two = stv(1, "ABCDEF", (2, "A"), (2, "B"), (1, "CDE"))
    assert [each.whose for each in two.rounds if isinstance(each, Stage) and each.move is Move.VOTELESS] == [
        (3, 4)
    ]
    seats_left = stv(2, "ABCD", (1, "ABCD"))
    assert (who(seats_left, seats_left.winners), who(seats_left, seats_left.tied)) == ("A", "BCD")
    assert "“B”, “C” and “D” have no vote and are level, and too few seats are left for all." in explain(
        seats_left
    )


def test_too_many_ways_are_told_as_a_tie_of_all_who_might_win() -> None:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    result = stv(3, letters, *[(1, letters[at:] + letters[:at]) for at in range(len(letters))])
    assert (result.outcome, result.winners, who(result, result.tied)) == (Outcome.TIED, (), letters)
    assert MAX_WAYS_WORK // len(letters) ** 2 < 26 * 25 * 24, "or it would have been counted to the end"


def test_equal_shares_buy_first_what_asks_the_least() -> None:
    result = shares(100, (40, 30, 30, 20), (5, "AB"), (3, "C"), (2, "BD"))
    assert (result.outcome, who(result, result.winners)) == (Outcome.ELECTED, "BC")
    assert result.rounds == (
        Purchase(1, 7, (30, 7), (1, 7), 0, (0, 1)),
        Purchase(2, 3, (10, 1), (1, 3), 0, (0, 1)),
    )
    assert explain(result)[5:] == (
        "Each ballot has 100 ÷ 10 = 10 to spend.",
        "“B” is bought: 7 ballots each pay 30/7 (about 4.29), which is 1/7 of its price.",
        "“C” is bought: 3 ballots each pay 10, which is 1/3 of its price.",
        "No supporters have enough left for another project; 40 of 100 is not spent.",
        "“B” and “C” are funded.",
    )


def test_who_has_less_left_pays_that() -> None:
    result = shares(50, (12, 24), (2, "AB"), (2, "A"), (1, "B"))
    assert who(result, result.winners) == "AB"
    # Everybody begins with 10; A's four supporters paid 3 each, so two of B's have 7 left and the third has 10.
    assert result.rounds == (
        Purchase(0, 4, (3, 1), (1, 4), 0, (0, 1)),
        Purchase(1, 1, (10, 1), (5, 12), 2, (14, 1)),
    )
    assert (
        "“B” is bought: 1 ballot pays 10, which is 5/12 of its price, "
        "and the 2 that have less pay all they have left, 14 together."
    ) in explain(result)


def test_blank_ballots_have_a_share_too_and_spend_it_on_nothing() -> None:
    without = shares(30, (20, 20), (2, "A"), (1, "B"))
    assert who(without, without.winners) == "A"
    half_blank = shares(30, (20, 20), (2, "A"), (1, "B"), (3, ""))
    assert (half_blank.outcome, half_blank.winners) == (Outcome.NOBODY, ())
    assert explain(half_blank)[-1] == "Nothing that was approved can be paid for, so nothing is decided."


def test_projects_that_ask_the_same_are_bought_in_each_order() -> None:
    # One supporter can pay for A or for B, not for both; C has its own supporter.
    result = shares(20, (10, 10, 5), (1, "AB"), (1, "C"))
    assert (result.outcome, who(result, result.winners), who(result, result.tied)) == (
        Outcome.TIED,
        "C",
        "AB",
    )
    assert "If “A”, this comes of it: “A” and “C” for certain." in explain(result)
    # Who can pay for both is not asked which comes first.
    both = shares(20, (10, 10), (1, "AB"))
    assert [type(each) for each in both.rounds] == [Purchase, Purchase]
    apart = shares(20, (10, 10), (1, "A"), (1, "B"))
    assert (apart.outcome, who(apart, apart.winners)) == (Outcome.ELECTED, "AB")


def test_rounds_are_counted_once_and_again_after_another_ballot() -> None:
    counter = Counter(Stv(0, 1), ("A", "B"), 3)
    counter.add(((0,),))
    first = counter.result()
    assert counter.result() is first
    counter.add(((1,),), 2)
    assert counter.result().winners == (1,)
    counter.remove(((1,),))
    counter.remove(((1,),))
    assert counter.result() == first


def test_of_equal_surpluses_the_one_that_was_larger_before_moves_first() -> None:
    # The quota is 10. C's papers bring both A and B to 11; A had more before.
    result = stv(3, "ABCDE", (9, "AD"), (7, "BE"), (2, "CA"), (4, "CB"), (8, "D"), (7, "E"))
    stages = [each for each in result.rounds if isinstance(each, Stage)]
    assert [stage.whose for stage in stages[:4]] == [(), (2,), (0,), (1,)]
    assert [stage.looked_back for stage in stages[:4]] == [False, False, True, False]


def test_projects_of_different_people_never_stand_in_each_others_way() -> None:
    everyone = range(24)
    counter = Counter(EqualShares(0, 240, (10,) * 24), tuple(f"project {each}" for each in everyone), 24)
    for each in everyone:
        counter.add(((each,),))
    result = counter.result()
    assert (result.outcome, result.winners) == (Outcome.ELECTED, tuple(everyone))
