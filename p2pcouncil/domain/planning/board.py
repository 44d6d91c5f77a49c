"""The facilitation board: from what councils offer and ask for in a round to the prices of the next.

It is nobody. It is this function, which every peer computes: proposals of a round are added up per good, and where
less is offered than asked for the indicative price rises, where more is offered it falls. Councils see the prices and
propose anew, until supply and demand meet. Everything is a function of the rounds so far: the order of proposals and
of goods makes no difference, and nobody can lean on it.

Source: DESIGN section 8; the step rule is in `steps`, what is done about goods that come to no rest in `steadiness`,
and when rounds end in `verdict`. `docs/planning.md` states it all.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Self

from p2pcouncil.domain.planning.steadiness import WINDOW, Trend, trend_of
from p2pcouncil.domain.planning.steps import (
    MINIMUM_STEP,
    MOMENTUM_CAP,
    PRICE_CAP_MILLI,
    PRICE_FLOOR_MILLI,
    START_PRICE_MILLI,
    imbalance_of,
    next_price,
    step_of,
)

BILLIONTHS_PER_BASIS_POINT = 100_000


@dataclass(frozen=True, slots=True)
class Terms:
    """What the charter says about planning rounds.

    Attributes:
        tolerance_basis_points: how far supply and demand may be apart in a plan, in hundredths of a percent of their
            mean; at least 1.
        round_cap: after how many rounds the best one is kept; at least 1.
        minimum_step_billionths: the smallest share by which a price moves; 0 to a quarter.
    """

    tolerance_basis_points: int = 500
    round_cap: int = 40
    minimum_step_billionths: int = MINIMUM_STEP

    def __post_init__(self) -> None:
        """Raises ValueError for terms under which no period could end."""
        if not 1 <= self.tolerance_basis_points < 20_000:
            raise ValueError(
                "The tolerance is 1 to 19,999 hundredths of a percent: at 200 % anything is a plan."
            )
        if self.round_cap < 1:
            raise ValueError("A planning period has at least one round.")
        if not 0 <= self.minimum_step_billionths <= MOMENTUM_CAP:
            raise ValueError("The smallest step is 0 to a quarter of the price.")

    @property
    def tolerance(self) -> int:
        """The same in billionths, as imbalances are."""
        return self.tolerance_basis_points * BILLIONTHS_PER_BASIS_POINT


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a council offers and asks for in a round, by good, in millionths of the good's unit; all from 0 up."""

    supply: Mapping[str, int]
    demand: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Totals:
    """What all councils together offer and ask for of a good, in millionths of its unit."""

    supply: int
    demand: int

    def __post_init__(self) -> None:
        """Raises ValueError for less than nothing."""
        if self.supply < 0 or self.demand < 0:
            raise ValueError("Supply and demand are never less than nothing.")


@dataclass(frozen=True, slots=True)
class GoodRound:
    """What a round came to for one good.

    Attributes:
        good: its name in the plan.
        price_milli: the indicative price at which councils made their proposals.
        totals: what they came to.
        imbalance: how far supply and demand are apart, in billionths of their mean.
        trend: what the good's last rounds say.
        halvings: how often its steps were halved so far, this round included.
        step: by which share the price moves, in billionths.
        next_price_milli: at which councils propose in the next round.
        recent: imbalances that `trend` goes by, oldest first; below 0 where more is asked for than offered.
    """

    good: str
    price_milli: int
    totals: Totals
    imbalance: int
    trend: Trend
    halvings: int
    step: int
    next_price_milli: int
    recent: tuple[int, ...]

    @property
    def excess(self) -> int:
        """What is offered beyond what is asked for, in millionths of the unit; below 0 if it is short."""
        return self.totals.supply - self.totals.demand


@dataclass(frozen=True, slots=True)
class Period:
    """A planning period: its terms, the prices that it began with, and its rounds so far.

    Attributes:
        start_prices_milli: per good, in the order of their names; so are the goods of each round.
        spare: goods of which a plan may leave some over, such as land: nobody's work is wasted by that.
    """

    terms: Terms
    start_prices_milli: tuple[tuple[str, int], ...]
    rounds: tuple[tuple[GoodRound, ...], ...] = ()
    spare: frozenset[str] = frozenset()

    def prices_milli(self) -> dict[str, int]:
        """The indicative prices at which councils propose now, in the order of the goods' names."""
        if not self.rounds:
            return dict(self.start_prices_milli)
        return {line.good: line.next_price_milli for line in self.rounds[-1]}

    def after(self, totals: Mapping[str, Totals]) -> Self:
        """The period with one more round.

        Args:
            totals: what the round's proposals come to; of a good that isn't in it, nothing is offered or asked for.

        Raises:
            ValueError: a good that the period has no price for.
        """
        if unknown := totals.keys() - {good for good, _ in self.start_prices_milli}:
            raise ValueError(f"The plan has no good “{min(unknown)}”.")
        nothing = Totals(0, 0)
        lines = self.rounds[-1] if self.rounds else [None] * len(self.start_prices_milli)
        done = tuple(
            _line(good, start_milli, before, totals.get(good, nothing), self.terms)
            for (good, start_milli), before in zip(self.start_prices_milli, lines, strict=True)
        )
        return replace(self, rounds=(*self.rounds, done))


def open_period(
    goods: Iterable[str],
    terms: Terms,
    last_prices_milli: Mapping[str, int],
    spare: Iterable[str] = (),
) -> Period:
    """A period without rounds.

    Args:
        goods: everything that can be offered or asked for in it.
        terms: the charter's.
        last_prices_milli: prices that the last plan ended with; a good that has none begins at 700.
        spare: those of which a plan may leave some over.

    Raises:
        ValueError: a last price that is out of range.
    """
    prices = tuple((good, last_prices_milli.get(good, START_PRICE_MILLI)) for good in sorted(set(goods)))
    for good, price_milli in prices:
        if not PRICE_FLOOR_MILLI <= price_milli <= PRICE_CAP_MILLI:
            raise ValueError(f"The price of “{good}” is not between 0.001 and 1,000,000,000,000.")
    return Period(terms, prices, spare=frozenset(spare))


def add_up(proposals: Iterable[Proposal]) -> dict[str, Totals]:
    """Add up the proposals of a round, in any order."""
    supply: defaultdict[str, int] = defaultdict(int)
    demand: defaultdict[str, int] = defaultdict(int)
    for proposal in proposals:
        for total, part in ((supply, proposal.supply), (demand, proposal.demand)):
            for good, amount in part.items():
                total[good] += amount
    return {good: Totals(supply[good], demand[good]) for good in sorted(supply | demand)}


def _line(good: str, start_milli: int, before: GoodRound | None, totals: Totals, terms: Terms) -> GoodRound:
    """One good, one round further."""
    price_milli = before.next_price_milli if before else start_milli
    imbalance = imbalance_of(totals.supply, totals.demand)
    is_short = totals.supply < totals.demand
    recent = (*(before.recent if before else ()), -imbalance if is_short else imbalance)[-2 * WINDOW :]
    trend = trend_of(recent, terms.tolerance)
    halvings = before.halvings if before else 0
    if trend is Trend.SWINGING:
        halvings += 1
    if trend is not Trend.CALM:
        # Four more rounds are compared with these four, before the good is judged again.
        recent = recent[-WINDOW:]
    momentum = before.imbalance if before else MOMENTUM_CAP
    step = step_of(imbalance, momentum, terms.minimum_step_billionths, halvings)
    after_milli = next_price(price_milli, totals.supply - totals.demand, step)
    return GoodRound(good, price_milli, totals, imbalance, trend, halvings, step, after_milli, recent)
