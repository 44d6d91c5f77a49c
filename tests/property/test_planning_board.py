"""The board for any numbers: bounds, directions, no order, equal bytes everywhere, and two readings of the rule."""

import json
import os
import random
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from p2pcouncil.domain.planning.board import Proposal, Terms, Totals, add_up, open_period
from p2pcouncil.domain.planning.steps import (
    MOMENTUM_CAP,
    PRICE_CAP_MILLI,
    PRICE_FLOOR_MILLI,
    half_to_the,
    imbalance_of,
    next_price,
    step_of,
)
from p2pcouncil.domain.planning.verdict import Ending, judge
from tests.support import slow_board
from tests.support.board_vectors import as_text, cases, played, vectors

ROOT = Path(__file__).parents[2]
VECTORS = (ROOT / "tests/vectors/board.json").read_text(encoding="utf-8")
MOST = 10**18

amounts = st.one_of(st.integers(0, MOST), st.integers(0, 10), st.sampled_from((0, 1, MOST - 1, MOST)))
imbalances = st.integers(0, 2 * 10**9)
prices = st.integers(PRICE_FLOOR_MILLI, PRICE_CAP_MILLI)
rounds = st.lists(
    st.fixed_dictionaries({good: st.tuples(amounts, amounts) for good in ("rye", "bread", "care")}),
    min_size=1,
    max_size=20,
)


@given(imbalances)
def test_the_power_is_as_near_as_it_is_said_to_be(exponent: int) -> None:
    # A float is right to 10^-15 there, and a billionth is what is told apart.
    assert -1.0 <= half_to_the(exponent) - 0.5 ** (exponent / 10**9) * 10**9 <= 0.2


@given(imbalances, imbalances)
def test_a_greater_exponent_never_makes_a_greater_power(one: int, other: int) -> None:
    assert half_to_the(max(one, other)) <= half_to_the(min(one, other))


@given(amounts, amounts, st.integers(1, 19_999))
def test_an_imbalance_is_within_a_tolerance_exactly_when_the_true_ratio_is(
    supply: int, demand: int, basis_points: int
) -> None:
    true = Fraction(2 * abs(supply - demand), supply + demand) if supply + demand else 0
    found = imbalance_of(supply, demand)
    assert (found <= basis_points * 10**5) == (true <= Fraction(basis_points, 10**4))
    assert found <= 2 * 10**9
    assert (found == 0) == (supply == demand)


@given(imbalances, imbalances, st.integers(0, MOMENTUM_CAP), st.integers(0, 40))
def test_a_step_is_between_the_smallest_and_a_quarter(
    now: int, before: int, minimum: int, halvings: int
) -> None:
    step = step_of(now, before, minimum, halvings)
    assert minimum >> halvings <= step <= MOMENTUM_CAP >> halvings


@given(prices, st.integers(-MOST, MOST), st.integers(0, MOMENTUM_CAP))
def test_a_price_moves_against_the_excess_and_stays_in_its_bounds(price: int, excess: int, step: int) -> None:
    after = next_price(price, excess, step)
    assert PRICE_FLOOR_MILLI <= after <= PRICE_CAP_MILLI
    if excess == 0:
        assert after == price
    elif excess > 0:
        assert after < price or price == PRICE_FLOOR_MILLI
    else:
        assert after > price or price == PRICE_CAP_MILLI
    assert abs(after - price) <= max(1, Fraction(price * step, 10**9))


@settings(max_examples=60, deadline=None)
@given(rounds, st.integers(1, 2_000), st.integers(0, MOMENTUM_CAP), prices)
def test_two_readings_of_the_rule_agree(
    totals: list[dict[str, tuple[int, int]]], basis_points: int, minimum: int, bread: int
) -> None:
    start = {"bread": bread, "care": 700_000, "rye": 700_000}
    period = open_period(start, Terms(basis_points, 99, minimum), {"bread": bread})
    for each in totals:
        period = period.after({good: Totals(*pair) for good, pair in each.items()})
    ours = [
        [
            (
                line.good,
                line.price_milli,
                line.imbalance,
                line.trend.value,
                line.halvings,
                line.step,
                line.next_price_milli,
            )
            for line in lines
        ]
        for lines in period.rounds
    ]
    assert ours == slow_board.play(start, minimum, basis_points, totals)


@settings(max_examples=60, deadline=None)
@given(rounds, st.integers(1, 2_000), st.integers(1, 20))
def test_the_round_that_is_kept_is_the_best(
    totals: list[dict[str, tuple[int, int]]], basis_points: int, cap: int
) -> None:
    period = open_period(("rye", "bread", "care"), Terms(basis_points, cap), {})
    ends = []
    for each in totals:
        period = period.after({good: Totals(*pair) for good, pair in each.items()})
        ends.append(judge(period))
    by_round = [[line.imbalance for line in lines] for lines in period.rounds]
    best = ends[-1].best
    assert by_round.index(min(by_round, key=lambda found: (max(found), sum(found)))) + 1 == best
    for number, verdict in enumerate(ends, start=1):
        is_within = max(by_round[number - 1]) <= basis_points * 10**5
        assert (verdict.ending is Ending.CONVERGED) == is_within
        assert (verdict.ending is Ending.GOES_ON) == (not is_within and number < cap)
        assert verdict.plan == {Ending.CONVERGED: number, Ending.AT_THE_CAP: verdict.best}.get(
            verdict.ending, 0
        )


@given(st.lists(st.dictionaries(st.sampled_from("abc"), amounts), max_size=8), st.randoms())
def test_proposals_add_up_in_any_order(offers: list[dict[str, int]], rng: random.Random) -> None:
    proposals = [Proposal(offer, dict.fromkeys(offer, 1)) for offer in offers]
    summed = add_up(proposals)
    assert list(summed) == sorted(summed)
    for good, totals in summed.items():
        assert totals.supply == sum(offer.get(good, 0) for offer in offers)
        assert totals.demand == sum(good in offer for offer in offers)
    rng.shuffle(proposals)
    assert add_up(proposals) == summed


def test_the_vectors_are_what_the_board_makes() -> None:
    assert as_text(vectors()) == VECTORS


@pytest.mark.parametrize("seed", [1, 2])
def test_the_vectors_come_out_alike_under_any_hash_seed_and_in_any_order(seed: int) -> None:
    made = subprocess.run(
        [sys.executable, "-m", "tests.support.board_vectors", str(seed)],
        capture_output=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONIOENCODING": "utf-8"},
    )
    assert made.stdout.decode() == VECTORS


def test_the_vectors_hold_for_a_slow_reading_of_the_rule() -> None:
    known = json.loads(VECTORS)
    for exponent, power in known["half_to_the"]:
        assert slow_board.power_of_a_half(exponent) == power
    for supply, demand, imbalance in known["imbalance"]:
        assert slow_board.imbalance(supply, demand) == imbalance
    for *numbers, step in known["step"]:
        assert slow_board.step(*numbers) == step
    for period in known["periods"]:
        case = period["case"]
        start = {good: case["last_prices_milli"].get(good, 700_000) for good in case["goods"]}
        minimum, basis_points = case["minimum_step_billionths"], case["tolerance_basis_points"]
        slow = slow_board.play(start, minimum, basis_points, case["rounds"])
        assert [[list(row) for row in rows] for rows in slow] == period["outcome"]["rounds"]


def test_the_vectors_know_every_trend() -> None:
    said = {line.trend.value for case in cases() for lines in played(case).rounds for line in lines}
    assert said == {"calm", "swinging", "running away"}
