"""Planning rounds: what members are promised about prices, about goods that come to no rest, and about the end."""

import pytest

from p2pcouncil.domain.planning.board import GoodRound, Period, Terms, Totals, open_period
from p2pcouncil.domain.planning.steadiness import Trend
from p2pcouncil.domain.planning.verdict import Ending, judge

TERMS = Terms(tolerance_basis_points=500, round_cap=40)


def of_bread(*pairs: tuple[int, int], terms: Terms = TERMS, price_milli: int = 700_000) -> Period:
    period = open_period(["bread"], terms, {"bread": price_milli})
    for pair in pairs:
        period = period.after({"bread": Totals(*pair)})
    return period


def last(period: Period) -> GoodRound:
    return period.rounds[-1][0]


def test_a_good_without_a_price_starts_at_700() -> None:
    assert open_period(["bread", "care"], TERMS, {"care": 5}).prices_milli() == {"bread": 700_000, "care": 5}


def test_a_first_round_worked_out_by_hand() -> None:
    # 60 offered and 100 asked for: 40 ÷ 80 = 0.5; b = 1.05 − 0.5^0.5 = 0.342893219; g = 0.25; b·g = 0.085723304.
    line = last(of_bread((60_000_000, 100_000_000)))
    assert (line.excess, line.imbalance, line.step) == (-40_000_000, 500_000_000, 85_723_304)
    assert line.next_price_milli == 700_000 + 60_006


def test_the_second_step_goes_by_the_round_before_as_well() -> None:
    # 110 and 100: 10 ÷ 105, rounded up; b = 1.05 − 0.5^0.095238096 and g = a quarter, for a half is more than that.
    line = last(of_bread((60, 100), (110, 100)))
    assert line.imbalance == 95_238_096
    assert line.step == (1_050_000_000 - 936_117_741) * 250_000_000 // 1_000_000_000
    # Then g = 0.095238096.
    third = last(of_bread((60, 100), (110, 100), (110, 100)))
    assert third.step == (1_050_000_000 - 936_117_741) * 95_238_096 // 1_000_000_000


@pytest.mark.parametrize("pair", [(0, 0), (5, 5)])
def test_a_price_stays_where_nothing_is_missing_or_left(pair: tuple[int, int]) -> None:
    assert last(of_bread(pair)).next_price_milli == 700_000


def test_a_price_at_the_floor_falls_no_further_and_rises_again() -> None:
    period = of_bread((10, 0), price_milli=1)
    assert last(period).next_price_milli == 1
    assert last(period.after({"bread": Totals(0, 10)})).next_price_milli == 2


def test_a_price_at_the_cap_rises_no_further() -> None:
    assert last(of_bread((0, 10), price_milli=10**15)).next_price_milli == 10**15


def test_a_good_that_nobody_proposes_has_no_imbalance() -> None:
    (line,) = open_period(["bread"], TERMS, {}).after({}).rounds[-1]
    assert (line.imbalance, line.next_price_milli) == (0, 700_000)


def test_a_good_that_swings_is_said_and_its_steps_are_halved() -> None:
    swing = [(130, 100), (100, 130)] * 8
    trends = [lines[0].trend for lines in of_bread(*swing).rounds]
    assert [number for number, trend in enumerate(trends, start=1) if trend is Trend.SWINGING] == [8, 12, 16]
    lines = [lines[0] for lines in of_bread(*swing).rounds]
    assert (lines[6].step, lines[7].step, lines[11].step) == (
        lines[1].step,
        lines[1].step // 2,
        lines[1].step // 4,
    )
    verdict = judge(of_bread(*swing))
    assert [(found.good, found.trend, found.round) for found in verdict.restless] == [
        ("bread", Trend.SWINGING, number) for number in (8, 12, 16)
    ]


def test_a_swing_that_dies_down_is_left_alone() -> None:
    swing = [(100 + 64 * 3**at // 4**at, 100)[:: 1 if at % 2 else -1] for at in range(8)]
    assert not judge(of_bread(*swing)).restless


def test_a_good_that_gets_ever_shorter_runs_away_and_its_steps_are_left() -> None:
    period = of_bread(*((1_000, 1_000 + 40 * number) for number in range(8)))
    assert last(period).trend is Trend.RUNNING_AWAY
    assert last(period).halvings == 0


def test_a_good_that_nobody_makes_goes_on_rising() -> None:
    period = of_bread(*[(0, 100)] * 12)
    assert not judge(period).restless
    assert [lines[0].step for lines in period.rounds] == [200_000_000] * 12


def test_rounds_end_when_every_good_is_within_the_tolerance() -> None:
    period = open_period(["bread", "care"], TERMS, {})
    assert judge(period).ending is Ending.GOES_ON
    period = period.after({"bread": Totals(100, 100), "care": Totals(100, 120)})
    assert (judge(period).ending, judge(period).beyond) == (Ending.GOES_ON, ("care",))
    # 39 and 41 are exactly 5 % apart.
    period = period.after({"bread": Totals(39, 41), "care": Totals(100, 101)})
    verdict = judge(period)
    assert (verdict.ending, verdict.plan, verdict.beyond) == (Ending.CONVERGED, 2, ())


def test_at_the_cap_the_round_with_the_smallest_worst_imbalance_is_kept_and_the_rest_is_named() -> None:
    period = open_period(["bread", "care", "tea"], Terms(500, 4), {})
    for bread, care in ((150, 150), (140, 100), (100, 140), (140, 101)):
        period = period.after({"bread": Totals(100, bread), "care": Totals(100, care), "tea": Totals(1, 1)})
    verdict = judge(period)
    assert (verdict.ending, verdict.best, verdict.plan) == (Ending.AT_THE_CAP, 2, 2)
    assert verdict.beyond == ("bread",)


def test_goods_beyond_the_tolerance_are_named_worst_first() -> None:
    period = open_period(["bread", "care", "tea"], TERMS, {})
    period = period.after({"bread": Totals(1, 2), "care": Totals(1, 9), "tea": Totals(2, 1)})
    assert judge(period).beyond == ("care", "bread", "tea")


def test_a_good_that_the_plan_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="no good “tea”"):
        of_bread().after({"tea": Totals(1, 1)})


def test_less_than_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="less than nothing"):
        Totals(-1, 0)


@pytest.mark.parametrize("terms", [(0, 1, 0), (20_000, 1, 0), (1, 0, 0), (1, 1, -1), (1, 1, 250_000_001)])
def test_terms_under_which_rounds_could_not_end_are_refused(terms: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match=r"tolerance|round|step"):
        Terms(*terms)


@pytest.mark.parametrize("price_milli", [0, 10**15 + 1])
def test_a_last_price_out_of_range_is_refused(price_milli: int) -> None:
    with pytest.raises(ValueError, match="“bread” is not between"):
        open_period(["bread"], TERMS, {"bread": price_milli})
