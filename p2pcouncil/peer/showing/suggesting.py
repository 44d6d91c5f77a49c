"""What a unit could propose next: the advice of `p2pcouncil.advice` on what it said and published before.

A suggestion is nobody's word until its speaker takes it. A workers' council makes what is asked for, each technique
scaled by demand over supply, up to its capacity. A consumers' council spends what its last proposal cost, in the shares
in which it spent it then: the best it can get at the new prices if its preferences are Cobb–Douglas. Hours of work are
people's own: none of it changes what somebody offers, and each suggestion says so.
"""

from dataclasses import dataclass, replace
from decimal import Decimal

import msgspec

from crdt.ids import ChangeHash
from p2pcouncil.advice.amounts import LARGEST, NoAdviceError
from p2pcouncil.advice.consumption import suggest_consumption
from p2pcouncil.advice.production import Fixed, suggest_by_demand
from p2pcouncil.domain.effects import OpenPlan
from p2pcouncil.domain.plain_text import clean_line
from p2pcouncil.domain.planning.board import BILLIONTHS_PER_BASIS_POINT
from p2pcouncil.domain.planning.reading import PlanState
from p2pcouncil.domain.planning.said import Made, UnitPlan, Wanted
from p2pcouncil.domain.planning.standing import Entries, UnitStanding, technique_of
from p2pcouncil.domain.planning.steps import imbalance_of
from p2pcouncil.domain.planning.terms import MAX_AMOUNT, MICRO, Figures

NAME_CELLS = 24


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What a unit could propose, and how that was found."""

    part: UnitPlan
    why: str


def suggest(state: PlanState, unit: int, entries: Entries) -> Suggestion | None:
    """What a unit could propose in the round that runs.

    Returns:
        None in the first round, or if it said nothing so far, or there is nothing sensible to say.
    """
    before, closed = state.before, {found.number: found.goods for found in state.rounds if found.goods}
    if before is None or not closed:
        return None
    standing = before[unit]
    if standing.part is None:
        return None
    last = closed[max(closed)]
    if state.period.terms.units[unit].kind == "workers":
        found = _of_workers(state, standing, last, entries)
    else:
        found = _of_consumers(state, standing, closed)
    return (
        None if found is None else replace(found, why=f"{found.why}; {_about_work(state.period.terms, last)}")
    )


def _about_work(terms: OpenPlan, last: tuple[Figures, ...]) -> str:
    """What no suggestion does, whatever is short: whether somebody works more is theirs to say."""
    told = "no suggestion changes the hours that people offer"
    short = [
        clean_line(good.name, NAME_CELLS)
        for good, figures in zip(terms.goods, last, strict=True)
        if good.kind == "labour" and _is_short(figures, terms.tolerance_basis_points)
    ]
    if not short:
        return told
    names = short[0] if len(short) == 1 else f"{', '.join(short[:-1])} and {short[-1]}"
    return f"{told}, and {names} {'is' if len(short) == 1 else 'are'} short: offer more if you can"


def _is_short(figures: Figures, tolerance_basis_points: int) -> bool:
    apart = imbalance_of(figures.supply, figures.demand)
    return figures.supply < figures.demand and apart > tolerance_basis_points * BILLIONTHS_PER_BASIS_POINT


def _of_workers(
    state: PlanState, standing: UnitStanding, last: tuple[Figures, ...], entries: Entries
) -> Suggestion | None:
    assert standing.part is not None
    places = {good.name: at for at, good in enumerate(state.period.terms.goods)}
    prices = {name: state.prices_milli[at] for name, at in places.items()}
    made = []
    for line in standing.part.made:
        technique = technique_of(ChangeHash(line.technique), entries)
        # What it takes follows from what is made; that none of it is beyond all measure is all that is asked here.
        most = max((item.amount for item in (*technique.inputs, *technique.labour)), default=0)
        fixed = Fixed(technique.product, {}, (technique.capacity or MAX_AMOUNT) / MICRO)
        figures = last[places[technique.product]]
        try:
            found = suggest_by_demand(
                fixed, prices, line.amount / MICRO, figures.supply / MICRO, figures.demand / MICRO
            )
        except NoAdviceError:
            return None
        if float(found.output) * (most / technique.output) > LARGEST:
            return None
        made.append(Made(line.technique, _micro(found.output)))
    if not made:
        return None
    part = msgspec.structs.replace(standing.part, made=tuple(made), note="")
    return Suggestion(part, "what was asked for last, up to your capacity")


def _of_consumers(
    state: PlanState, standing: UnitStanding, closed: dict[int, tuple[Figures, ...]]
) -> Suggestion | None:
    assert standing.part is not None
    goods = state.period.terms.goods
    # What was kept from an earlier round was weighed at that round's prices.
    prices_then = closed.get(standing.round, closed[max(closed)])
    spent = {
        goods[line.good].name: line.amount / MICRO * prices_then[line.good].price_milli / 1_000
        for line in standing.part.wanted
        if line.amount
    }
    budget = sum(spent[name] for name in sorted(spent))
    if not budget:
        return None
    prices = {good.name: state.prices_milli[at] for at, good in enumerate(goods)}
    try:
        found = suggest_consumption(spent, prices, budget)
    except NoAdviceError:
        return None
    wanted = tuple(
        Wanted(line.good, _micro(found.get(goods[line.good].name, Decimal(0))), line.priority)
        for line in standing.part.wanted
    )
    part = msgspec.structs.replace(standing.part, wanted=wanted, note="")
    return Suggestion(part, "what you spent last, in the same shares, at the new prices")


def _micro(amount: Decimal) -> int:
    return min(MAX_AMOUNT, max(0, int(amount * MICRO)))
