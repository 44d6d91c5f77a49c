"""What a workers' council could make: by a Cobb–Douglas technique, or by one with fixed inputs.

Both weigh *social benefit*, what the output is worth at indicative prices, against *social cost*, what its inputs are
worth and, with the first, what the effort means to those who make it.

Source: the councils of Hahnel's simulations ("Democratic Economic Planning", Routledge 2021, chapter 9;
`proposal` in `csvgen.clj` of github.com/msszczep/pequod-cljs). There the optimum is written out for each number of
inputs from one to eight; this is the one formula behind them, and it gives the same numbers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from p2pcouncil.advice.amounts import LARGEST, NoAdviceError, plain, price_of


@dataclass(frozen=True, slots=True)
class CobbDouglas:
    """A technique whose inputs can stand in for each other.

    Output = scale · Π inputᵢ^exponentᵢ · effort^effort_exponent, and effort costs
    dislike · effort^dislike_exponent, in the unit of prices.

    Attributes:
        good: what is made.
        scale: what comes out when every input and the effort are 1; above 0.
        exponents: per input, labour of each kind among them; all above 0.
        effort_exponent: above 0.
        dislike: above 0.
        dislike_exponent: above 0.
        capacity: the most that can be made, in the good's unit; None if nothing but costs sets a limit.
    """

    good: str
    scale: float
    exponents: Mapping[str, float]
    effort_exponent: float
    dislike: float
    dislike_exponent: float
    capacity: float | None = None


@dataclass(frozen=True, slots=True)
class Fixed:
    """A technique that takes the same of each input for every unit, as technique tables say.

    Attributes:
        good: what is made.
        inputs: per good or kind of labour, how much one unit of output takes, in its own unit.
        capacity: the most that can be made, in the good's unit.
    """

    good: str
    inputs: Mapping[str, float]
    capacity: float


@dataclass(frozen=True, slots=True)
class Production:
    """A suggestion, in the units of the goods.

    Attributes:
        output: of what the council makes.
        inputs: what that takes, in the order of their names.
        effort: how hard it is worked, where the technique says so; 1 elsewhere.
        benefit_to_cost: what the output is worth, divided by what it costs; None if it costs nothing. Below 1, society
            gives up more for it than it gets, at these prices.
    """

    output: Decimal
    inputs: Mapping[str, Decimal]
    effort: Decimal
    benefit_to_cost: Decimal | None


def suggest_by_cost(technique: CobbDouglas, prices_milli: Mapping[str, int]) -> Production:
    """The output with the most social benefit less social cost.

    At the optimum each input i gets its share of the output's worth: price_i · x_i = exponent_i · worth, and effort e
    likewise: dislike · dislike_exponent · e^dislike_exponent = effort_exponent · worth. In logarithms that is linear.
    If it is beyond the capacity, the capacity is made at the least cost, for which the same holds with another worth;
    and nothing is made if even that costs more than it is worth.

    Args:
        technique: as the council declares it.
        prices_milli: indicative prices, of all its goods at least.

    Raises:
        NoAdviceError: more is always better, or a number that makes no sense, or a good without a price.
    """
    # Whoever asks for no such advice should not wait for linear algebra to be loaded.
    import numpy as np

    names = sorted(technique.exponents)
    numbers = [technique.exponents[name] for name in names]
    c, s, k = technique.effort_exponent, technique.dislike, technique.dislike_exponent
    limit = [] if technique.capacity is None else [technique.capacity]
    if not all(number > 0 for number in (technique.scale, *numbers, c, s, k, *limit)):
        raise NoAdviceError(
            "A number of this technique is not above 0.", "Leave inputs out that it does not use."
        )
    b, p = np.array(numbers), np.array([price_of(prices_milli, name) for name in names])
    price = price_of(prices_milli, technique.good)
    # In logarithms, output = start + reach · (output + price), at the price that inputs are judged by.
    reach = float(b.sum()) + c / k
    if reach >= 1 and technique.capacity is None:
        raise NoAdviceError(
            f"By this technique, making more “{technique.good}” pays the more, the more of it is made.",
            "Declare a capacity, or smaller exponents.",
        )
    with np.errstate(all="ignore"):
        start = np.log(technique.scale) + float(b @ np.log(b / p)) + c / k * np.log(c / (k * s))
        log_price = np.log(price)
        log_output = (start + reach * log_price) / (1 - reach) if reach < 1 else np.inf
        if technique.capacity is not None and log_output > np.log(technique.capacity):
            log_output = np.log(technique.capacity)
            log_price = (log_output * (1 - reach) - start) / reach
        output, worth = np.exp(log_output), np.exp(log_price + log_output)
        benefit_to_cost = min(LARGEST, float(price / np.exp(log_price) / reach))
    if benefit_to_cost < 1:
        output = worth = np.float64(0)
    amounts, effort = b / p * worth, (c / (k * s) * worth) ** (1 / k)
    return Production(
        plain(float(output), "The suggested output"),
        {name: plain(float(x), f"The suggested “{name}”") for name, x in zip(names, amounts, strict=True)},
        plain(float(effort), "The suggested effort"),
        plain(benefit_to_cost, "Benefit to cost"),
    )


def suggest_by_demand(
    technique: Fixed, prices_milli: Mapping[str, int], output: float, supply: float, demand: float
) -> Production:
    """Make what is asked for: each council scales its output by demand ÷ supply, up to its capacity.

    If all do so, supply meets demand unless capacities are too small. If nothing was offered so far, each offers what
    is asked for, up to its capacity; the next round scales it. If nothing was asked for, nothing is made. Whether
    making it is worth its cost is told and not decided: `benefit_to_cost`.

    Args:
        technique: as the council declares it.
        prices_milli: indicative prices, of all its goods at least.
        output: what the council offered in the last round, in the good's unit.
        supply: what all councils offered together.
        demand: what all councils asked for together.

    Raises:
        NoAdviceError: a negative number, or a good without a price.
    """
    if not all(
        amount >= 0 for amount in (technique.capacity, output, supply, demand, *technique.inputs.values())
    ):
        raise NoAdviceError("Amounts and capacities are never less than nothing.", "Correct the technique.")
    wanted = output * demand / supply if supply else demand
    made = min(technique.capacity, wanted)
    inputs = {name: each * made for name, each in sorted(technique.inputs.items())}
    unit_cost = sum(each * price_of(prices_milli, name) for name, each in sorted(technique.inputs.items()))
    price = price_of(prices_milli, technique.good)
    return Production(
        plain(made, "The suggested output"),
        {name: plain(amount, f"The suggested “{name}”") for name, amount in inputs.items()},
        Decimal(1),
        plain(min(LARGEST, price / unit_cost), "Benefit to cost") if unit_cost else None,
    )
