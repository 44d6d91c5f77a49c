"""Simulated years: rounds bring supply and demand together as in the published simulations."""

import pytest

from p2pcouncil.domain.planning.board import Terms
from p2pcouncil.domain.planning.steadiness import Trend
from p2pcouncil.domain.planning.verdict import Ending, judge
from tests.support.planned_year import Society, a_year_later, draw, play, rounds_to, worst_by_round

PERCENT = 100


def society(seed: int) -> Society:
    """240 workers' councils that make 12 goods, and as many consumers' councils."""
    return draw(seed, councils_per_good=20, goods_per_kind=4, consumers=240)


@pytest.mark.parametrize("seed", range(3))
def test_a_year_comes_within_the_published_range_and_the_next_one_sooner(seed: int) -> None:
    first = play(society(seed), Terms(3 * PERCENT), {})
    five, three = rounds_to(first, 5 * PERCENT), rounds_to(first, 3 * PERCENT)
    assert judge(first).ending is Ending.CONVERGED
    assert five is not None
    assert three is not None
    assert 6 <= five <= 13
    assert three <= 23
    second = play(a_year_later(society(seed), seed), Terms(3 * PERCENT), first.prices_milli())
    again = rounds_to(second, 5 * PERCENT)
    assert again is not None
    assert again < five


def test_a_smallest_step_that_is_too_large_does_not_converge_and_is_detected() -> None:
    terms = Terms(5 * PERCENT, round_cap=23, minimum_step_billionths=80_000_000)
    period = play(draw(1, councils_per_good=4, goods_per_kind=4, consumers=48), terms, {})
    verdict = judge(period)
    assert verdict.ending is Ending.AT_THE_CAP
    assert verdict.plan == worst_by_round(period).index(min(worst_by_round(period))) + 1
    assert verdict.restless[0].round == 8
    swinging = {found.good for found in verdict.restless if found.trend is Trend.SWINGING}
    assert len(swinging) > 10


def test_damping_brings_even_that_to_rest() -> None:
    terms = Terms(5 * PERCENT, round_cap=80, minimum_step_billionths=80_000_000)
    period = play(draw(1, councils_per_good=4, goods_per_kind=4, consumers=48), terms, {})
    assert judge(period).ending is Ending.CONVERGED
