"""Suggestions to councils: the best that there is at the given prices, as published, within capacity and budget."""

from decimal import Decimal
from math import prod
from typing import Any

import pytest

from p2pcouncil.advice.amounts import NoAdviceError
from p2pcouncil.advice.consumption import suggest_consumption
from p2pcouncil.advice.production import CobbDouglas, Fixed, Production, suggest_by_cost, suggest_by_demand

BAKERY: dict[str, Any] = {
    "good": "bread",
    "scale": 5,
    "exponents": {"flour": 0.3, "energy": 0.2, "baking": 0.25},
    "effort_exponent": 0.08,
    "dislike": 1,
    "dislike_exponent": 3.5,
}
PRICES = {"bread": 812_345, "flour": 523_000, "energy": 1_203_500, "baking": 700_000}


def made_of(technique: CobbDouglas, inputs: dict[str, float], effort: float) -> float:
    """What the technique makes of inputs and effort, written out."""
    powers = prod(inputs[name] ** exponent for name, exponent in technique.exponents.items())
    return technique.scale * powers * effort**technique.effort_exponent


def cost_of(technique: CobbDouglas, inputs: dict[str, float], effort: float) -> float:
    """What they cost society."""
    goods = sum(PRICES[name] / 1000 * amount for name, amount in inputs.items())
    return goods + technique.dislike * effort**technique.dislike_exponent


def as_floats(made: Production) -> tuple[dict[str, float], float]:
    return {name: float(amount) for name, amount in made.inputs.items()}, float(made.effort)


def test_no_other_mix_of_inputs_gives_society_more() -> None:
    technique = CobbDouglas(**BAKERY)
    inputs, effort = as_floats(suggest_by_cost(technique, PRICES))

    def gain(inputs: dict[str, float], effort: float) -> float:
        return PRICES["bread"] / 1000 * made_of(technique, inputs, effort) - cost_of(
            technique, inputs, effort
        )

    best = gain(inputs, effort)
    for factor in (0.8, 0.97, 1.03, 1.2):
        assert gain(inputs, effort * factor) < best
        for name in inputs:
            assert gain({**inputs, name: inputs[name] * factor}, effort) < best


def test_the_suggested_inputs_make_the_suggested_output() -> None:
    for capacity in (None, 3.0):
        technique = CobbDouglas(**BAKERY, capacity=capacity)
        made = suggest_by_cost(technique, PRICES)
        assert made_of(technique, *as_floats(made)) == pytest.approx(float(made.output), rel=1e-4)


def test_a_capacity_is_made_at_the_least_cost() -> None:
    technique = CobbDouglas(**BAKERY, capacity=3.0)
    made = suggest_by_cost(technique, PRICES)
    assert made.output == 3
    inputs, effort = as_floats(made)
    least = cost_of(technique, inputs, effort)
    for name in inputs:
        for factor in (0.9, 1.1):
            other = {**inputs, name: inputs[name] * factor}
            # Bring the output back to the capacity by another input.
            missing = made_of(technique, inputs, effort) / made_of(technique, other, effort)
            swap = next(each for each in inputs if each != name)
            other[swap] *= missing ** (1 / technique.exponents[swap])
            assert cost_of(technique, other, effort) > least


def test_it_is_what_the_published_simulation_proposes() -> None:
    # The first council of experiment dep1ex01 of pequod-cljs, and its output and effort in the first round.
    exponents = {
        "intermediate 1": 0.13902884209084848,
        "intermediate 2": 0.12614668198202327,
        "intermediate 4": 0.12588984806594347,
        "intermediate 6": 0.1251757460166726,
        "nature 7": 0.13554622976427733,
        "labour 9": 0.13577329254612672,
    }
    technique = CobbDouglas(
        "public 1", 5.322899913132311, exponents, 0.08860659412952825, 1, 3.5574849271680087
    )
    made = suggest_by_cost(technique, dict.fromkeys(("public 1", *exponents), 700_000))
    assert made.output == pytest.approx(Decimal("2.163700409299031"), rel=Decimal("0.00001"))
    assert made.effort == pytest.approx(Decimal("2.774491286941854"), rel=Decimal("0.00001"))


def test_society_gets_more_than_it_gives_up_or_nothing_is_made() -> None:
    assert suggest_by_cost(CobbDouglas(**BAKERY), PRICES).benefit_to_cost > 1  # type: ignore[operator]
    # Twice the inputs make more than twice the bread: then it is the capacity, or nothing.
    growing: dict[str, Any] = {**BAKERY, "exponents": {"flour": 0.7, "energy": 0.6}, "capacity": 50.0}
    assert suggest_by_cost(CobbDouglas(**growing), PRICES).output == 50
    cheap = suggest_by_cost(CobbDouglas(**growing), {**PRICES, "bread": 2_000})
    assert cheap.benefit_to_cost is not None
    assert cheap.benefit_to_cost < 1
    assert (cheap.output, set(cheap.inputs.values()), cheap.effort) == (0, {0}, 0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"exponents": {"flour": 0.6, "energy": 0.5}}, "making more “bread” pays the more"),
        ({"exponents": {"flour": -0.1}}, "not above 0"),
        ({"scale": float("nan")}, "not above 0"),
        ({"capacity": 0.0}, "not above 0"),
        ({"exponents": {"plutonium": 0.5}}, "“plutonium” has no price"),
        ({"scale": 1e300, "exponents": {"flour": 0.97}}, "beyond all measure"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_to_do(change: dict[str, Any], message: str) -> None:
    with pytest.raises(NoAdviceError, match=message) as refused:
        suggest_by_cost(CobbDouglas(**{**BAKERY, **change}), PRICES)
    assert refused.value.hint


def test_a_budget_is_spent_by_what_matters() -> None:
    amounts = suggest_consumption({"bread": 3, "care": 1, "tea": 0}, {**PRICES, "care": 1, "tea": 9}, 400)
    assert list(amounts) == ["bread", "care", "tea"]
    assert float(amounts["bread"]) * 812.345 == pytest.approx(300, rel=1e-5)
    assert amounts["care"] == 100_000
    assert amounts["tea"] == 0


@pytest.mark.parametrize(
    ("exponents", "budget"),
    [
        ({"bread": 0}, 10),
        ({"bread": -1, "flour": 2}, 10),
        ({}, 10),
        ({"bread": 1}, -1),
        ({"bread": float("nan")}, 1),
    ],
)
def test_preferences_that_cannot_be_weighed_are_refused(exponents: dict[str, float], budget: float) -> None:
    with pytest.raises(NoAdviceError, match="can't be weighed"):
        suggest_consumption(exponents, PRICES, budget)


def test_amounts_are_plain_decimals_that_a_proposal_can_hold() -> None:
    amounts = suggest_consumption({"bread": 1, "flour": 2}, {"bread": 3_000, "flour": 7_000_000}, 1_000_000)
    assert [str(amount) for amount in amounts.values()] == ["111111.111111", "95.238095"]
    with pytest.raises(NoAdviceError, match="beyond all measure"):
        suggest_consumption({"bread": 1}, {"bread": 1}, 1e10)


MILL = Fixed("flour", {"rye": 1.25, "milling": 0.02}, capacity=1_000)
MILL_PRICES = {"flour": 900, "rye": 400, "milling": 10_000}


@pytest.mark.parametrize(
    ("output", "supply", "demand", "made"),
    [
        (400, 800, 1_000, 500),  # a half of the supply makes a half of the demand
        (400, 800, 600, 300),
        (400, 800, 8_000, 1_000),  # capacity
        (0, 800, 1_000, 0),  # others make it
        (0, 0, 700, 700),  # nobody makes it yet
        (0, 0, 7_000, 1_000),
        (400, 400, 0, 0),
    ],
)
def test_with_fixed_inputs_output_follows_demand_within_capacity(
    output: float, supply: float, demand: float, made: int
) -> None:
    found = suggest_by_demand(MILL, MILL_PRICES, output, supply, demand)
    assert found.output == made
    assert found.inputs == {"milling": Decimal(made) / 50, "rye": Decimal(made) * 5 / 4}


def test_with_fixed_inputs_it_is_told_whether_they_are_worth_it() -> None:
    ratio = suggest_by_demand(MILL, MILL_PRICES, 1, 1, 1).benefit_to_cost
    assert ratio == pytest.approx(Decimal("1.285714"), rel=Decimal("0.00001"))
    assert suggest_by_demand(Fixed("air", {}, 5), {"air": 1}, 1, 1, 1).benefit_to_cost is None


@pytest.mark.parametrize("wrong", [-1.0, float("nan")])
def test_with_fixed_inputs_negative_numbers_are_refused(wrong: float) -> None:
    with pytest.raises(NoAdviceError, match="less than nothing"):
        suggest_by_demand(Fixed("flour", {"rye": wrong}, 5), MILL_PRICES, 1, 1, 1)
