"""How far a good's price moves after a round: Hahnel's step rule in integers, the same bits on every machine.

The step grows with what supply and demand differ by now, and with what they differed by a round ago, so that prices run
while a plan is far off and creep when it is near. All ratios are whole billionths.

Source: Robin Hahnel, "Democratic Economic Planning", Routledge 2021, chapter 9; the rule is that of its simulation by
Mitchell Szczepanczyk (github.com/msszczep/pequod-cljs), `update-surpluses-prices` and `update-pdlist` in `csvgen.clj`.
`docs/planning.md` states it completely.
"""

from math import isqrt

BILLION = 1_000_000_000
MOMENTUM_CAP = 250_000_000
"""A quarter: what the imbalance of the round before counts at most, and what it counts before the first round."""
MINIMUM_STEP = 1_000_000
"""A thousandth: a price moves by at least this share, unless the charter says otherwise."""
PRICE_FLOOR_MILLI = 1
"""Prices stay above nothing, for a price of nothing could never rise again."""
PRICE_CAP_MILLI = 10**15
START_PRICE_MILLI = 700_000
"""Of every good that has no price yet; as in the published simulations."""

_FRACTION_BITS = 32
_ROOT_BITS = 62
_SPARE_BITS = 256


def _roots_of_a_half() -> tuple[int, ...]:
    """2^-(2^-k) for k = 1 to 32, in units of 2^-62 and rounded down: one for each bit after the binary point."""
    roots, root = [], 1 << (_SPARE_BITS - 1)
    for _ in range(_FRACTION_BITS):
        root = isqrt(root << _SPARE_BITS)
        roots.append(root >> (_SPARE_BITS - _ROOT_BITS))
    return tuple(roots)


_ROOTS = _roots_of_a_half()


def imbalance_of(supply: int, demand: int) -> int:
    """How far supply and demand are apart, as a share of their mean, whichever of them is greater.

    It is rounded up, so that only equal amounts have none, and so that it is within a tolerance of whole billionths
    exactly when the true ratio is.

    Args:
        supply: from 0 up.
        demand: from 0 up, in the same unit.

    Returns:
        Billionths: 2,000,000,000 if there is only one of them, 0 if there is neither.
    """
    both = supply + demand
    return -(-2 * abs(supply - demand) * BILLION // both) if both else 0


def half_to_the(exponent: int) -> int:
    """0.5 to the power of an exponent, at most one billionth too small and a fifth of a billionth too great.

    The exponent, cut after 32 binary places, is a sum of powers of two; so the result is a product of roots of a
    half, cut after 62 binary places each time.

    Args:
        exponent: billionths, from 0 up.

    Returns:
        Billionths, rounded down.
    """
    places = (exponent << _FRACTION_BITS) // BILLION
    product = (1 << _ROOT_BITS) >> (places >> _FRACTION_BITS)
    for at, root in enumerate(_ROOTS, start=1):
        if places >> (_FRACTION_BITS - at) & 1:
            product = product * root >> _ROOT_BITS
    return product * BILLION >> _ROOT_BITS


def step_of(imbalance: int, before: int, minimum: int = MINIMUM_STEP, halvings: int = 0) -> int:
    """By which share a price moves: max(minimum, b·g), halved as often as the good was damped.

    Args:
        imbalance: of this round, in billionths; b = 1.05 − 0.5^imbalance.
        before: of the round before; g is that, at most a quarter.
        minimum: in billionths, before it is halved.
        halvings: how often the good was damped in this period.

    Returns:
        Billionths, rounded down.
    """
    base = 1_050_000_000 - half_to_the(imbalance)
    return max(minimum, base * min(before, MOMENTUM_CAP) // BILLION) >> halvings


def next_price(price_milli: int, excess: int, step: int) -> int:
    """The price of the next round: lower when more is offered than asked for, higher when less, else the same.

    A change is rounded down to whole milli-units, but is at least one: otherwise a low price could never rise again.

    Args:
        price_milli: of this round.
        excess: supply − demand, in any unit.
        step: billionths.
    """
    change = max(1, price_milli * step // BILLION)
    if excess > 0:
        return max(PRICE_FLOOR_MILLI, price_milli - change)
    if excess < 0:
        return min(PRICE_CAP_MILLI, price_milli + change)
    return price_milli
