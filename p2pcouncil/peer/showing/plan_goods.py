"""The goods and rounds of a planning period as they are shown: how far supply and demand are apart."""

from collections.abc import Iterator

from p2pcouncil.domain.planning.board import BILLIONTHS_PER_BASIS_POINT, GoodRound
from p2pcouncil.domain.planning.reading import PlanState, RoundState
from p2pcouncil.domain.planning.round_figures import GIVEN_OFF_MAX
from p2pcouncil.domain.planning.said import Limit, ReportResult
from p2pcouncil.domain.planning.steps import imbalance_of
from p2pcouncil.domain.planning.terms import Figures, PlanGood
from p2pcouncil.peer.showing.figures import counted_in, figure, named
from p2pcouncil.peer.views.plans import FigureView, PlanGoodView, PlanRoundView


def goods_of(state: PlanState) -> Iterator[PlanGoodView]:
    """Each good with its supply and demand, its price and value, and how they went from round to round."""
    terms = state.period.terms
    closed = [number.goods for number in state.rounds if number.goods]
    now = state.goods
    last = {line.good: line for line in state.board.rounds[-1]} if state.board.rounds else {}
    made, used = _reported(state)
    for place, good in enumerate(terms.goods):
        figures = now[place] if now is not None else Figures(0, 0, state.prices_milli[place])
        prices = tuple(goods[place].price_milli for goods in closed)
        yield PlanGoodView(
            place=place,
            name=named(good.name),
            unit=counted_in(good.unit),
            kind=good.kind,
            supply=figures.supply,
            demand=figures.demand,
            gap=_gap(figures),
            is_within=now is not None and _gap_that_counts(good, figures) <= terms.tolerance_basis_points,
            price_milli=figures.price_milli,
            value_micro=figures.value_micro,
            prices_milli=prices if state.period.best else (*prices, state.prices_milli[place]),
            gaps=tuple(_gap(goods[place]) for goods in closed),
            values_micro=tuple(goods[place].value_micro for goods in closed),
            trend=_trend(last.get(good.name)),
            made=made.get(place, 0),
            used=used.get(place, 0),
        )


def _trend(line: GoodRound | None) -> str:
    return "calm" if line is None else line.trend.value


def _gap(figures: Figures) -> int:
    """How far supply and demand are apart, in hundredths of a percent of their mean, rounded up; below 0 if short."""
    gap = -(-imbalance_of(figures.supply, figures.demand) // BILLIONTHS_PER_BASIS_POINT)
    return -gap if figures.supply < figures.demand else gap


def _gap_that_counts(good: PlanGood, figures: Figures) -> int:
    """How far a good keeps a round from being a plan; that a resource is left over does not."""
    gap = _gap(figures)
    return 0 if good.kind == "resource" and gap > 0 else abs(gap)


def _reported(state: PlanState) -> tuple[dict[int, int], dict[int, int]]:
    made: dict[int, int] = {}
    used: dict[int, int] = {}
    for fact in state.reports:
        assert isinstance(fact.body, ReportResult)
        into = made if state.period.terms.units[fact.body.unit].kind == "workers" else used
        into[fact.body.good] = into.get(fact.body.good, 0) + fact.body.amount
    return made, used


def round_of(state: PlanState, found: RoundState) -> PlanRoundView:
    """A round with the good that was furthest off."""
    worst, worst_good = None, ""
    if found.goods:
        gaps = [
            (_gap_that_counts(good, figures), good.name)
            for good, figures in zip(state.period.terms.goods, found.goods, strict=True)
        ]
        worst, worst_good = max(gaps, key=lambda pair: pair[0])
    outcome = found.outcome or ("runs" if found.running is not None else "lapsed")
    return PlanRoundView(found.number, outcome, worst, named(worst_good), found.proposals, found.end_page)


def given_off_of(state: PlanState) -> Iterator[tuple[FigureView, int | None]]:
    """What is given off in making things, beside the least that a council set as its limit."""
    limits: dict[tuple[str, str], int] = {}
    for unit in state.units or ():
        for limit in unit.part.limits if unit.part is not None else ():
            assert isinstance(limit, Limit)
            key = (limit.name, limit.unit)
            limits[key] = min(limit.most, limits.get(key, limit.most))
    given_off = state.given_off
    for name, unit_of in sorted({*given_off, *limits})[:GIVEN_OFF_MAX]:
        amount = given_off.get((name, unit_of), 0)
        if amount or (name, unit_of) in limits:
            yield figure("gives off", name, unit_of, amount), limits.get((name, unit_of))
