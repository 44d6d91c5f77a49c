"""Vectors of the facilitation board, for whoever writes a second implementation.

``python -m tests.support.board_vectors > tests/vectors/board.json`` makes them anew, after a change of the rules that
is meant; ``python -m tests.support.board_vectors SEED`` prints them with everything handed over in an order drawn from
the seed.
"""

import json
import random
import sys
from typing import Any

from p2pcouncil.domain.planning.board import Period, Terms, Totals, open_period
from p2pcouncil.domain.planning.steps import half_to_the, imbalance_of, step_of
from p2pcouncil.domain.planning.verdict import judge

POWERS = (
    0,
    1,
    2,
    999,
    10**6,
    84_000_001,
    123_456_789,
    250_000_000,
    5 * 10**8,
    999_999_999,
    10**9,
    1_333_333_334,
    2 * 10**9,
)
MOST = 10**18
AMOUNTS = (
    (0, 0),
    (1, 1),
    (0, 1),
    (1, 0),
    (3, 2),
    (95, 100),
    (MOST, 0),
    (MOST, MOST - 1),
    (1, MOST),
    (1_000_001, 999_999),
)
STEPS = (
    (0, 0, 10**6, 0),
    (2 * 10**9, 2 * 10**9, 10**6, 0),
    (50_000_000, 60_000_000, 10**6, 0),
    (10**8, 10**8, 8 * 10**7, 3),
)


def drawn_rounds(seed: int, goods: list[str], count: int) -> list[dict[str, list[int]]]:
    """Rounds in which some goods swing, some run away, some come to rest, and some are hard to count."""
    rng = random.Random(seed)
    rounds = []
    for number in range(count):
        totals = {}
        for at, good in enumerate(goods):
            base = rng.randint(10**6, 2 * 10**6)
            match at % 6:
                case 0:
                    pair = [base + 300_000, base] if number % 2 else [base, base + 300_000 + 1_000 * number]
                case 1:
                    pair = [base, base + base * number * number // 20]
                case 2:
                    pair = [base + base // (number + 1) ** 2, base]
                case 3:
                    pair = [rng.choice((0, 1, MOST)), rng.choice((0, 1, MOST - 1, MOST))]
                case 4:
                    pair = [0, base]
                case _:
                    pair = [base, 0]
            totals[good] = pair
        rounds.append(totals)
    return rounds


def cases() -> list[dict[str, Any]]:
    """Terms, start prices and rounds."""
    goods = ["bread", "care", "energy", "flour", "ovens", "rye"]
    return [
        {
            "tolerance_basis_points": 500,
            "round_cap": 12,
            "minimum_step_billionths": minimum,
            "last_prices_milli": prices,
            "goods": goods,
            "rounds": drawn_rounds(seed, goods, 20),
        }
        for seed, minimum, prices in ((1, 10**6, {}), (2, 8 * 10**7, {"bread": 1, "care": 10**15, "rye": 2}))
    ]


def played(case: dict[str, Any], shuffled: random.Random | None = None) -> Period:
    """Play a case, with goods in the order of the case or in another."""

    def mixed(items: list[Any]) -> list[Any]:
        return shuffled.sample(items, len(items)) if shuffled else items

    terms = Terms(case["tolerance_basis_points"], case["round_cap"], case["minimum_step_billionths"])
    period = open_period(mixed(case["goods"]), terms, dict(mixed(list(case["last_prices_milli"].items()))))
    for totals in case["rounds"]:
        period = period.after({good: Totals(*pair) for good, pair in mixed(list(totals.items()))})
    return period


def outcome(period: Period) -> dict[str, Any]:
    """What a case comes to, as JSON has it."""
    verdict = judge(period)
    return {
        "rounds": [
            [
                [
                    line.good,
                    line.price_milli,
                    line.imbalance,
                    line.trend.value,
                    line.halvings,
                    line.step,
                    line.next_price_milli,
                ]
                for line in lines
            ]
            for lines in period.rounds
        ],
        "verdict": [
            verdict.ending.value,
            verdict.best,
            verdict.plan,
            list(verdict.beyond),
            [[restless.good, restless.trend.value, restless.round] for restless in verdict.restless],
        ],
    }


def vectors(shuffled: random.Random | None = None) -> dict[str, Any]:
    """All vectors."""
    return {
        "half_to_the": [[exponent, half_to_the(exponent)] for exponent in POWERS],
        "imbalance": [[*pair, imbalance_of(*pair)] for pair in AMOUNTS],
        "step": [[*numbers, step_of(*numbers)] for numbers in STEPS],
        "periods": [{"case": case, "outcome": outcome(played(case, shuffled))} for case in cases()],
    }


def as_text(made: dict[str, Any]) -> str:
    """One vector a line, so that a change shows where it is."""
    parts = []
    for name, items in made.items():
        lines = ",\n  ".join(json.dumps(item, ensure_ascii=False, sort_keys=True) for item in items)
        parts.append(f'"{name}": [\n  {lines}\n]')
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    sys.stdout.write(as_text(vectors(random.Random(int(sys.argv[1])) if sys.argv[1:] else None)))
