"""Suggested amounts as a council writes them: plain decimals of at most six places, and never absurd ones."""

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from math import isfinite

from crdt.errors import LocalError

PLACES = Decimal("0.000001")
LARGEST = 1e12
"""What a proposal may say: 10^18 millionths of a unit."""


class NoAdviceError(LocalError):
    """There is no sensible suggestion for what a council declares."""


def plain(amount: float, what: str) -> Decimal:
    """An amount as a council would write it.

    Args:
        amount: in the good's unit.
        what: it is, for the message: "The suggested output".

    Raises:
        NoAdviceError: it is more than a proposal may say.
    """
    if not isfinite(amount) or abs(amount) > LARGEST:
        raise NoAdviceError(
            f"{what} would be beyond all measure.",
            "Declare a capacity, or look for a wrong decimal point in the technique or the preferences.",
        )
    return Decimal(amount).quantize(PLACES, ROUND_HALF_EVEN).normalize() + 0


def price_of(prices_milli: Mapping[str, int], good: str) -> float:
    """A good's indicative price, in the unit of prices.

    Raises:
        NoAdviceError: it has none.
    """
    try:
        return prices_milli[good] / 1000
    except KeyError:
        raise NoAdviceError(
            f"“{good}” has no price in this plan.", "Use the names that the plan has."
        ) from None
