"""What a consumers' council could ask for: its budget, spread over goods as its preferences weigh them.

With Cobb–Douglas preferences, utility = Π amountᵢ^exponentᵢ, the best that a budget buys spends the share
exponentᵢ ÷ Σ exponents of it on each good, whatever the prices.

A public good, which all use together, needs no rule of its own: a council asks for as much as its share of the budget
pays for, and what all of them pay for together is made. That is what the published simulations compute for it, where
each council sees the n-th part of the price, and what they ask for at that is averaged over all n.

Source: `consume` in `csvgen.clj` of github.com/msszczep/pequod-cljs; Hahnel, "Democratic Economic Planning",
Routledge 2021, chapter 9.
"""

from collections.abc import Mapping
from decimal import Decimal

from p2pcouncil.advice.amounts import NoAdviceError, plain, price_of


def suggest_consumption(
    exponents: Mapping[str, float], prices_milli: Mapping[str, int], budget: float
) -> dict[str, Decimal]:
    """Spread a budget over goods.

    Args:
        exponents: per good, how much it matters beside the others; from 0 up.
        prices_milli: indicative prices, of these goods at least.
        budget: what the council may spend, in the unit of prices, which is a thousand milli-units.

    Returns:
        Amounts in the units of the goods, in the order of their names.

    Raises:
        NoAdviceError: a negative number, no good that matters, or a good without a price.
    """
    names = sorted(exponents)
    whole = float(sum(exponents[name] for name in names))
    if not (budget >= 0 and all(exponents[name] >= 0 for name in names) and whole > 0):
        raise NoAdviceError(
            "These preferences can't be weighed.",
            "Give each good a number from 0 up, and one of them more than 0.",
        )
    return {
        name: plain(
            budget * (exponents[name] / whole) / price_of(prices_milli, name), f"The suggested “{name}”"
        )
        for name in names
    }
