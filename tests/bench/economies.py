"""Five hundred economies, easy and hard, priced and held against fractions in every digit."""

import random
import time

from p2pcouncil.domain.planning.labour_values import labour_values
from p2pcouncil.domain.planning.table import make_table
from tests.support.economies import KINDS, digits_of, economy, exact_values, is_tie, rounded

ECONOMIES = 520
SIZE_MIN, SIZE_MAX = 10, 400


def measure() -> dict[str, object]:
    """Run."""
    rng = random.Random(1)
    prices = wrong = ties = by_fractions = refined = 0
    ours = theirs = 0.0
    for number in range(ECONOMIES):
        kind = KINDS[number % len(KINDS)]
        # More small ones than large ones, for a large one takes the reference a second.
        size = (
            round(SIZE_MIN * (SIZE_MAX / SIZE_MIN) ** rng.random() ** 2) if number >= len(KINDS) else SIZE_MAX
        )
        techniques = economy(kind, size, number)
        table, digits = make_table(techniques), digits_of(kind)
        begun = time.perf_counter()
        found = labour_values(table, digits)
        done = time.perf_counter()
        expected = exact_values(techniques)
        theirs += time.perf_counter() - done
        ours += done - begun
        prices += size
        wrong += sum(one != rounded(two, digits) for one, two in zip(found.values, expected, strict=True))
        ties += sum(is_tie(value, digits) for value in expected)
        by_fractions += found.exact
        refined += found.refinements > 0
    return {
        "economies of 10 to 400 products": ECONOMIES,
        "prices": prices,
        "prices that differ from those in fractions (target ≤ 0)": wrong,
        "prices that are exact ties": ties,
        "economies that took a second look": refined,
        "prices that took fractions": by_fractions,
        "all priced, s": round(ours, 1),
        "all solved in fractions, s": round(theirs, 1),
    }
