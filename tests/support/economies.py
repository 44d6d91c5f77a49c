"""Economies made up from seeds, easy and hard ones, and their labour values in fractions, found in another way.

The reference shares nothing with the code under test but FLINT's solver: equations are put together from techniques, by
name.
"""

import random
from collections.abc import Sequence
from fractions import Fraction

from flint import fmpz_mat

from p2pcouncil.domain.planning.quantities import ONE, Micro
from p2pcouncil.domain.planning.technique import Hours, Item, Technique

KINDS = (
    "dense",
    "sparse",
    "units",
    "near",
    "verge",
    "recipes",
    "ties",
    "chained ties",
    "hidden ties",
    "idle",
)
"""What is hard in them:

``units``: goods are counted in units of very different sizes. ``near``: all but all of what is made is used up again;
``verge``: all but a millionth of 10^12. ``ties``: every value lies halfway between two numbers, in a circle of goods;
``chained ties``: some do, in recipes without circles; ``hidden ties``: they are made of goods whose own values have no
end. ``idle``: most products take no direct labour.
"""
UNIT = "u"
WORK = "work"


def digits_of(kind: str) -> int:
    """Decimals to which the values of this kind of economy are interesting."""
    return 2 if kind == "ties" else 6


def economy(kind: str, size: int, seed: int) -> list[Technique]:
    """An economy that is productive.

    Args:
        kind: one of `KINDS`.
        size: products, at least 2.
        seed: any.
    """
    rng = random.Random(f"{kind} {size} {seed}")
    match kind:
        case "dense" | "units" | "idle":
            outputs = [10**6] * size
            used = [[rng.randrange(10**6 * 9 // (10 * size)) for _ in range(size)] for _ in range(size)]
        case "sparse":
            outputs = [rng.randrange(10**6, 10**9) for _ in range(size)]
            used = [[0] * size for _ in range(size)]
            for product in range(size):
                for item in rng.sample(range(size), min(8, size)):
                    used[item][product] = rng.randrange(outputs[product] * 9 // 80)
        case "near" | "verge":
            outputs = [10 ** (18 if kind == "verge" else rng.randrange(9, 16))] * size
            used = [[0] * size for _ in range(size)]
            for product in range(size):
                cuts = sorted(rng.randrange(outputs[product]) for _ in range(size - 1))
                bounds = [0, *cuts, outputs[product] - (1 if kind == "verge" else rng.randrange(1, 10))]
                for item in range(size):
                    used[item][product] = max(0, bounds[item + 1] - bounds[item])
        case "recipes" | "chained ties":
            step = 500_000 if kind == "chained ties" else 1
            outputs = [10**6] * size
            used = [[0] * size for _ in range(size)]
            for product in range(1, size):
                for item in rng.sample(range(product), min(product, 1 if kind == "chained ties" else 3)):
                    used[item][product] = step * rng.randrange(1, 3 if step > 1 else 200_000)
        case "hidden ties":
            return _hidden_ties(size, rng)
        case _:
            return _all_ties(size, rng)
    hours = [rng.randrange(1, 2 * 10**6) for _ in range(size)]
    if kind in ("near", "verge"):
        hours = [rng.randrange(1, 1_000) for _ in range(size)]
    if kind == "idle":
        hours = [hours[0], *(rng.choice((0, 0, 0, part)) for part in hours[1:])]
    if kind == "units":
        # A product of a unit a thousand times larger: a thousandth as many of them are made and used.
        for product in range(size):
            factor = 10 ** rng.randrange(0, 9)
            outputs[product] *= factor
            used[product] = [quantity * factor for quantity in used[product]]
    return _techniques(outputs, used, hours)


def exact_values(techniques: Sequence[Technique], weight: int = ONE) -> list[Fraction]:
    """The values of an economy in fractions, in the order of the names; hours all of one weight."""
    ordered = sorted(techniques, key=lambda technique: technique.product)
    index = {technique.product: at for at, technique in enumerate(ordered)}
    size = len(ordered)
    rows = [[0] * size for _ in ordered]
    for at, technique in enumerate(ordered):
        rows[at][at] += technique.output
        for item in technique.inputs:
            rows[at][index[item.name]] -= item.quantity
    right = [[sum(work.hours for work in technique.hours) * weight] for technique in ordered]
    return [
        Fraction(int(part.p), int(part.q) * ONE) for part in fmpz_mat(rows).solve(fmpz_mat(right)).entries()
    ]


def rounded(value: Fraction, digits: int) -> int:
    """Half to even."""
    whole, rest = divmod(value.numerator * 10**digits, value.denominator)
    return whole + (2 * rest > value.denominator or (2 * rest == value.denominator and whole % 2))


def is_tie(value: Fraction, digits: int) -> bool:
    """Whether a value lies exactly halfway."""
    return 2 * (value.numerator * 10**digits % value.denominator) == value.denominator


def _all_ties(size: int, rng: random.Random) -> list[Technique]:
    """Values of hundredths and a half, and coefficients of three decimals, so that the hours have six."""
    values = [rng.randrange(100, 500) * 10_000 + 5_000 for _ in range(size)]
    used = [[0] * size for _ in range(size)]
    hours = []
    for product in range(size):
        left = values[product] - 1
        for item in rng.sample(range(size), size):
            most = left * 1_000 // values[item]
            part = rng.randrange(min(most, 100) + 1)
            used[item][product] = part * 1_000
            left -= part * values[item] // 1_000
        hours.append(
            values[product] - sum(values[item] * used[item][product] for item in range(size)) // 10**6
        )
    return _techniques([10**6] * size, used, hours)


def _hidden_ties(size: int, rng: random.Random) -> list[Technique]:
    """Half of the products have values in sevenths; each of the others uses seven, and half a millionth of an hour."""
    outputs, hours = [7 * 10**6] * size, [rng.randrange(1, 10**6) * 7 + 1 for _ in range(size)]
    used = [[0] * size for _ in range(size)]
    for product in range(size // 2, size):
        item = rng.randrange(size // 2)
        outputs[product], hours[product] = 2 * 10**6, 2 * rng.randrange(10**5) + 1 + hours[item] % 2
        used[item][product] = 7 * 10**6
    return _techniques(outputs, used, hours)


def _techniques(
    outputs: Sequence[int], used: Sequence[Sequence[int]], hours: Sequence[int]
) -> list[Technique]:
    names = [f"product {at:04}" for at in range(len(outputs))]
    return [
        Technique(
            name,
            UNIT,
            Micro(outputs[at]),
            tuple(
                Item(names[item], UNIT, Micro(used[item][at])) for item in range(len(names)) if used[item][at]
            ),
            (Hours(WORK, Micro(hours[at])),),
        )
        for at, name in enumerate(names)
    ]
