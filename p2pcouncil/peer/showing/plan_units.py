"""The councils of a planning period as they are shown: what each proposes, and what it could propose next."""

from collections.abc import Iterator, Sequence

from crdt.ids import ChangeHash, MemberId
from p2pcouncil.domain.planning.reading import PlanState
from p2pcouncil.domain.planning.said import Made, UnitPlan, Wanted
from p2pcouncil.domain.planning.standing import UnitStanding, technique_of
from p2pcouncil.peer.place import Place
from p2pcouncil.peer.showing.figures import figure, named, noted
from p2pcouncil.peer.showing.people import People
from p2pcouncil.peer.showing.suggesting import Suggestion, suggest
from p2pcouncil.peer.views.plans import SUM, FigureView, PlanUnitView

URGENCY = {1: "can't be missed", 2: "", 3: "would be nice"}


def lines_of_units(place: Place, state: PlanState) -> Sequence[tuple[FigureView, ...]]:
    """What each unit proposes, in lines: made once, for there may be many, and each look at anything shows them."""
    units = state.units if state.units is not None else (UnitStanding(),) * len(state.period.terms.units)
    of, lines = place.plan_lines.get(state.hash, (None, ()))
    if of != units:
        lines = tuple(tuple(_figures(place, state, standing)) for standing in units)
        place.plan_lines[state.hash] = (units, lines)
    return lines


def unit_of(
    place: Place,
    state: PlanState,
    people: People,
    at: int,
    figures: tuple[FigureView, ...],
    *,
    may_suggest: bool,
) -> PlanUnitView:
    """A council: who speaks for it, what it proposes, and, if we do, what it could propose next."""
    terms = state.period.terms
    unit = terms.units[at]
    standing = state.units[at] if state.units is not None else UnitStanding()
    depth, above = 0, unit.within
    while above:
        depth, above = depth + 1, terms.units[above - 1].within
    found: Suggestion | None = None
    if may_suggest and state.running is not None:
        found = suggest(state, at, place.state.facts.held)
    return PlanUnitView(
        place=at,
        name=named(unit.name),
        kind=unit.kind,
        depth=depth,
        speaker=people.person(MemberId(unit.speaker)),
        figures=figures,
        standing=_standing(state, standing),
        has_spoken=at in state.spoken,
        note=noted(standing.part.note) if standing.part is not None else "",
        part=standing.part,
        suggestion=found.part if found is not None else None,
        suggested=tuple(_figures_of_part(place, state, found.part)) if found is not None else (),
        why=found.why if found is not None else "",
    )


def _standing(state: PlanState, standing: UnitStanding) -> str:
    if standing.entry is None:
        return SUM if standing.is_sum else "nothing said yet"
    if standing.round == state.shown:
        return "said in this round"
    return f"kept from round {standing.round}"


def _figures(place: Place, state: PlanState, standing: UnitStanding) -> Iterator[FigureView]:
    if standing.part is not None:
        yield from _figures_of_part(place, state, standing.part)
        return
    part = UnitPlan(
        0,
        tuple(Made(name, amount) for name, amount in sorted(standing.made.items())),
        tuple(Wanted(good, amount) for good, amount in sorted(standing.wanted.items())),
        tuple(Wanted(good, amount) for good, amount in sorted(standing.offered.items())),
    )
    yield from _figures_of_part(place, state, part)


def _figures_of_part(place: Place, state: PlanState, part: UnitPlan) -> Iterator[FigureView]:
    goods = state.period.terms.goods
    for made in part.made:
        technique = technique_of(ChangeHash(made.technique), place.state.facts.held)
        yield figure("makes", technique.product, technique.unit, made.amount, technique.name)
    for wanted in part.wanted:
        good = goods[wanted.good]
        yield figure("wants", good.name, good.unit, wanted.amount, URGENCY[wanted.priority])
    for offered in part.offered:
        good = goods[offered.good]
        yield figure("offers", good.name, good.unit, offered.amount)
    for limit in part.limits:
        yield figure("limits", limit.name, limit.unit, limit.most)
