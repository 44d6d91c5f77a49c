"""The method of equal shares: everybody has the same part of a budget, and projects are bought by who wants them.

A project can be bought when its supporters together have its price left. They share it as equally as they can: each
pays the same part of the price, and whoever has less left pays that. Of all projects, the one that is bought
first asks the smallest part of its price of any supporter: that part is the factor ρ of the method, where a
supporter's satisfaction with a project is its cost. It goes on until nothing can be bought.

What is left is not spent. Ways to spend it are known (more money for everybody until something fits, or the most
approved first), but each makes another rule decide in the end, which would have to be told and checked as well.
The society can vote on what is left.

Source: Dominik Peters, Grzegorz Pierczyński, Piotr Skowron, "Proportional Participatory Budgeting with Additive
Utilities", NeurIPS 2021, with cost as utility and no completion.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import gcd
from typing import Self

from p2pcouncil.domain.tally.choice import Choice
from p2pcouncil.domain.tally.rounds import Purchase
from p2pcouncil.domain.tally.ways import Result, follow


def decide_equal_shares(ballots: Mapping[Choice, int], budget: int, costs: Sequence[int]) -> Result:
    """Spend a budget.

    Args:
        ballots: how many ballots say what; one of them at least approves a project. Blank ballots have their
            share too, and spend it on nothing.
        budget: what there is, in units of money.
        costs: of each project, in the same units.

    Returns:
        ELECTED with the projects that are bought, TIED with those bought for certain and those that tie, or
        NOBODY if nothing can be bought.
    """
    cast = sum(ballots.values())
    # Ballots that say the same pay the same, so they stay one group whatever is bought.
    groups = sorted((choice[0], times) for choice, times in ballots.items() if choice)
    supporters = tuple(
        tuple(group for group, (approved, _) in enumerate(groups) if option in approved)
        for option in range(len(costs))
    )
    start = _Purse(
        terms=_Terms(tuple(costs), tuple(times for _, times in groups), supporters),
        unit=cast,
        left=(budget,) * len(groups),
        # No project asks less of its supporters than if everybody shared it.
        least=tuple(Fraction(1, cast) for _ in costs),
        won=frozenset(),
        hopeful=frozenset(option for option in range(len(costs)) if supporters[option]),
        steps=(),
        is_end=False,
    )
    return follow(start.without_unaffordable(), len(groups))


@dataclass(frozen=True, slots=True)
class _Terms:
    """What stays the same: costs, how many ballots a group has, and the groups that approve a project."""

    costs: tuple[int, ...]
    times: tuple[int, ...]
    supporters: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class _Offer:
    """What a project asks of its supporters.

    Attributes:
        option: the project.
        part: what each of the payers pays, in units of money; `rho` is that divided by the cost.
        payers, poorer: ballots that pay the part, and ballots that pay what they have left.
        paid_by_poorer: what the latter pay together, in units of money.
    """

    option: int
    rho: Fraction
    part: Fraction
    payers: int
    poorer: int
    paid_by_poorer: Fraction


@dataclass(frozen=True, slots=True)
class _Purse:
    """What everybody has left, and what was bought.

    Attributes:
        unit: a unit of money in the units of `left`; so `left` holds whole numbers.
        left: per group, what each of its ballots has left.
        least: per project, a bound below its ρ, which never falls.
    """

    terms: _Terms
    unit: int
    left: tuple[int, ...]
    least: tuple[Fraction, ...]
    won: frozenset[int]
    hopeful: frozenset[int]
    steps: tuple[Purchase, ...]
    is_end: bool

    def key(self) -> Hashable:
        """What is ahead depends on what is left and to be had."""
        return self.won, self.hopeful, tuple(Fraction(left, self.unit) for left in self.left)

    def without_unaffordable(self) -> Self:
        """Give up projects whose supporters have less left together than they cost."""
        terms, left = self.terms, self.left
        hopeful = frozenset(
            option
            for option in self.hopeful
            if sum(left[group] * terms.times[group] for group in terms.supporters[option])
            >= terms.costs[option] * self.unit
        )
        return replace(self, hopeful=hopeful, is_end=not hopeful)

    def advance(self) -> tuple[tuple[int, Self], ...]:
        """Buy what asks the least; where several do, each of them if it matters which comes first."""
        least = list(self.least)
        offers: list[_Offer] = []
        for option in sorted(self.hopeful, key=lambda option: (self.least[option], option)):
            if offers and least[option] > offers[0].rho:
                break
            offer = self._offer(option)
            least[option] = offer.rho
            if not offers or offer.rho < offers[0].rho:
                offers = [offer]
            elif offer.rho == offers[0].rho:
                offers.append(offer)
        known = replace(self, least=tuple(least))
        for offer in offers:
            if self._is_in_nobodys_way(offer, offers):
                return ((offer.option, known._buy(offer)),)
        return tuple((offer.option, known._buy(offer)) for offer in sorted(offers, key=lambda o: o.option))

    def _is_in_nobodys_way(self, offer: _Offer, offers: Sequence[_Offer]) -> bool:
        """Whether a project is bought at the same price, and the others are, whichever of them come first.

        So it is if each of its supporters who is asked for several of them can pay their parts of all.
        """
        asked = dict.fromkeys(self.terms.supporters[offer.option], offer.part)
        shared: set[int] = set()
        for other in offers:
            if other is not offer:
                for group in asked.keys() & set(self.terms.supporters[other.option]):
                    asked[group] += other.part
                    shared.add(group)
        return all(self.left[group] == 0 or self.left[group] >= asked[group] * self.unit for group in shared)

    def _offer(self, option: int) -> _Offer:
        """What an affordable project asks: the poorest pay all they have until the rest can pay alike."""
        terms, unit = self.terms, self.unit
        cost = terms.costs[option]
        supporters = sorted(terms.supporters[option], key=lambda group: self.left[group])
        payers = sum(terms.times[group] for group in supporters)
        missing, poorer = cost * unit, 0
        for group in supporters:
            left, times = self.left[group], terms.times[group]
            if left * payers >= missing:
                break
            missing -= left * times
            payers -= times
            poorer += times if left else 0
        part = Fraction(missing, payers * unit)
        return _Offer(option, part / cost, part, payers, poorer, cost - part * payers)

    def _buy(self, offer: _Offer) -> Self:
        finer = offer.part.denominator // gcd(offer.part.denominator, self.unit)
        unit = self.unit * finer
        part = offer.part.numerator * (unit // offer.part.denominator)
        left = [left * finer for left in self.left]
        for group in self.terms.supporters[offer.option]:
            left[group] -= min(left[group], part)
        bought = Purchase(
            offer.option,
            offer.payers,
            offer.part.as_integer_ratio(),
            offer.rho.as_integer_ratio(),
            offer.poorer,
            offer.paid_by_poorer.as_integer_ratio(),
        )
        after = replace(
            self,
            unit=unit,
            left=tuple(left),
            won=self.won | {offer.option},
            hopeful=self.hopeful - {offer.option},
            steps=(*self.steps, bought),
        )
        return after.without_unaffordable()
