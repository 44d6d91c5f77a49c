"""A planning period so far: the board's own reckoning, from what pages say of each round.

Pages name supply and demand of every good, so prices and the end of rounds follow from pages alone: no proposal has to
be held, and no teller can choose them.
"""

from collections.abc import Sequence
from functools import lru_cache

from p2pcouncil.domain.effects import OpenPlan
from p2pcouncil.domain.planning.board import Period, Terms, Totals, open_period
from p2pcouncil.domain.planning.terms import Figures

Goods = tuple[Figures, ...]
PERIODS_REMEMBERED = 128
"""A period after each of its rounds, for two that are as long as may be; they share their rounds."""


def period_so_far(terms: OpenPlan, rounds: Sequence[Goods]) -> Period:
    """The board's period after some rounds.

    Args:
        terms: of the planning period.
        rounds: what each round that was held came to, in order, for each good of the plan.
    """
    return _period(terms, tuple(rounds))


@lru_cache(maxsize=PERIODS_REMEMBERED)
def _period(terms: OpenPlan, rounds: tuple[Goods, ...]) -> Period:
    """The same; remembered, for each page and each look asks, and a round more is one step of the board."""
    if rounds:
        totals = {
            good.name: Totals(figures.supply, figures.demand)
            for good, figures in zip(terms.goods, rounds[-1], strict=True)
        }
        return _period(terms, rounds[:-1]).after(totals)
    return open_period(
        [good.name for good in terms.goods],
        Terms(terms.tolerance_basis_points, terms.rounds_most),
        {good.name: good.start_price_milli for good in terms.goods},
        (good.name for good in terms.goods if good.kind == "resource"),
    )


def prices_now(terms: OpenPlan, rounds: Sequence[Goods]) -> tuple[int, ...]:
    """The indicative prices at which the next round is proposed, in thousandths, in the order of the plan's goods."""
    prices = period_so_far(terms, rounds).prices_milli()
    return tuple(prices[good.name] for good in terms.goods)
