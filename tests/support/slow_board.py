"""The facilitation board once more, written from `docs/planning.md` alone: fractions, decimals and no shortcut.

It shares no line with the product, so that vectors and random rounds compare two readings of one text.
"""

from decimal import Decimal, localcontext
from fractions import Fraction
from functools import cache
from math import ceil, floor

Rows = list[tuple[str, int, int, str, int, int, int]]
"""Per good: its name, price, imbalance, trend, halvings, step and next price."""


@cache
def root_of_a_half(k: int) -> int:
    with localcontext() as context:
        context.prec = 100
        return floor(Decimal(2) ** 62 * Decimal(2) ** -(Decimal(2) ** -k))


def power_of_a_half(exponent: int) -> int:
    places = floor(Fraction(exponent, 10**9) * 2**32)
    product = Fraction(1, 2 ** (places // 2**32))
    for k in range(1, 33):
        if places % 2 ** (33 - k) >= 2 ** (32 - k):
            product = Fraction(floor(product * root_of_a_half(k)), 2**62)
    return floor(product * 10**9)


def imbalance(supply: int, demand: int) -> int:
    mean = Fraction(supply + demand, 2)
    return ceil(abs(supply - demand) / mean * 10**9) if mean else 0


def step(now: int, before: int, minimum: int, halvings: int) -> int:
    b = Fraction(105, 100) - Fraction(power_of_a_half(now), 10**9)
    g = min(Fraction(before, 10**9), Fraction(1, 4))
    return floor(max(minimum, floor(b * g * 10**9)) * Fraction(1, 2**halvings))


def trend(excesses: list[int], tolerance: int) -> str:
    if len(excesses) < 8:
        return "calm"
    *_, e1, e2, e3, e4, e5, e6, e7, e8 = excesses
    first, last = sum(map(abs, (e1, e2, e3, e4))), sum(map(abs, (e5, e6, e7, e8)))
    turns = [a * b < 0 for a, b in ((e4, e5), (e5, e6), (e6, e7), (e7, e8))].count(True)
    if turns >= 3 and last >= first and any(abs(e) > tolerance for e in (e5, e6, e7, e8)):
        return "swinging"
    return "running away" if turns == 0 and last >= 2 * max(first, 4 * tolerance) else "calm"


def play(
    start: dict[str, int], minimum: int, tolerance_basis_points: int, rounds: list[dict[str, tuple[int, int]]]
) -> list[Rows]:
    tolerance, played = tolerance_basis_points * 10**5, []
    prices, seen = dict(start), {good: [] for good in start}
    since, halvings = dict.fromkeys(start, 0), dict.fromkeys(start, 0)
    for totals in rounds:
        rows: Rows = []
        for good in sorted(start):
            supply, demand = totals.get(good, (0, 0))
            now, price = imbalance(supply, demand), prices[good]
            before = abs(seen[good][-1]) if seen[good] else 250_000_000
            seen[good].append(now if supply >= demand else -now)
            said = trend(seen[good][since[good] :], tolerance)
            if said != "calm":
                since[good] = len(seen[good]) - 4
            halvings[good] += said == "swinging"
            moved = step(now, before, minimum, halvings[good])
            change = max(1, floor(Fraction(price * moved, 10**9)))
            if supply != demand:
                prices[good] = max(1, price - change) if supply > demand else min(10**15, price + change)
            rows.append((good, price, now, said, halvings[good], moved, prices[good]))
        played.append(rows)
    return played
