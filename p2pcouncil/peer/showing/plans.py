"""Planning periods as they are shown: rounds, goods, councils, and what each could propose next."""

from collections.abc import Iterator, Sequence
from functools import lru_cache

from crdt.errors import LocalError
from crdt.ids import ChangeHash, MemberId
from p2pcouncil.domain.facts import Fact
from p2pcouncil.domain.moments import moment
from p2pcouncil.domain.plain_text import clean_block, clean_line
from p2pcouncil.domain.planning.board import BILLIONTHS_PER_BASIS_POINT, GoodRound
from p2pcouncil.domain.planning.plan_values import labour_weights
from p2pcouncil.domain.planning.reading import PlanState, RoundState
from p2pcouncil.domain.planning.round_figures import GIVEN_OFF_MAX
from p2pcouncil.domain.planning.said import Limit, Made, PublishTechnique, ReportResult, UnitPlan, Wanted
from p2pcouncil.domain.planning.standing import UnitStanding, technique_of
from p2pcouncil.domain.planning.steps import imbalance_of
from p2pcouncil.domain.planning.terms import Figures, PlanGood
from p2pcouncil.domain.register.plan_rounds import RoundOutcome, result_digest
from p2pcouncil.peer.core import Peer
from p2pcouncil.peer.place import Place
from p2pcouncil.peer.showing.adopting import adopting_proposal
from p2pcouncil.peer.showing.councils import TITLE_CELLS, name_of
from p2pcouncil.peer.showing.people import People
from p2pcouncil.peer.showing.suggesting import Suggestion, suggest
from p2pcouncil.peer.views.plans import (
    SUM,
    FigureView,
    PlanGoodView,
    PlanReportView,
    PlanRoundView,
    PlanUnitView,
    PlanView,
    TechniqueView,
)

NAME_CELLS, UNIT_CELLS = 40, 12
NOTE_CHARS, NOTE_LINES = 2_000, 40
_clean_name = lru_cache(maxsize=4_096)(clean_line)
"""Councils name the same few hundred goods and techniques again and again."""
URGENCY = {1: "can't be missed", 2: "", 3: "would be nice"}


def show_plans(peer: Peer, place: Place) -> tuple[PlanView, ...]:
    """A council's planning periods, the last one first."""
    plans = place.state.register.chain.plans
    shown = (show_plan(peer, place, ChangeHash(plan)) for plan in plans)
    return tuple(sorted(shown, key=lambda view: (-_began(place, view.id), view.id)))


def plans_that_go_on(place: Place) -> list[ChangeHash]:
    """The planning periods whose rounds run, and the last one, as long as it was not adopted."""
    chain = place.state.register.chain
    last = max(chain.plans, key=lambda plan: (_began(place, ChangeHash(plan)), plan), default=b"")
    return [
        ChangeHash(plan)
        for plan, period in chain.plans.items()
        if not period.best or (plan == last and not period.adopted_page)
    ]


def show_plan(peer: Peer, place: Place, plan: ChangeHash) -> PlanView:
    """A planning period.

    Raises:
        LocalError: none of this name is held.
    """
    state = place.state.plan(plan)
    people = People(peer.world, place)
    me = peer.world.me.member if peer.world.me is not None else None
    terms = state.period.terms
    running = state.running
    mine = tuple(at for at, unit in enumerate(terms.units) if unit.speaker == me)
    lines = _lines_of_units(place, state)
    units = tuple(
        _unit(place, state, people, at, lines[at], may_suggest=at in mine) for at in range(len(terms.units))
    )
    issue = place.issue(plan)
    stage = "adopted" if state.period.adopted_page else "ended" if state.period.best else "rounds"
    silent = tuple(
        unit.name
        for unit in units
        if running is not None and not unit.has_spoken and not _is_above(state, unit.place)
    )
    digest = _digest(place, state)
    adopting = adopting_proposal(place, state, digest)
    return PlanView(
        id=plan,
        council=place.council,
        council_name=name_of(place),
        title=clean_line(issue.title, TITLE_CELLS) if issue is not None else plan.hex()[:8],
        stage=stage,
        line=_line(peer, place, state, silent),
        round=state.shown,
        rounds_most=terms.rounds_most,
        closes_ms=running.closes_ms if running is not None else None,
        tolerance=terms.tolerance_basis_points,
        is_provisional=running is not None or state.goods is None,
        goods=tuple(_goods(state)),
        units=units,
        rounds=tuple(_round(state, number) for number in state.rounds),
        silent=silent,
        mine=mine,
        can_propose=_why_not(peer, state, me, mine),
        best=state.period.best,
        adopted_page=state.period.adopted_page,
        digest=digest,
        faults=tuple(clean_line(fault.message, 300) for fault in state.faults),
        given_off=tuple(_given_off(state)),
        reports=tuple(_report(state, people, fact) for fact in state.reports),
        terms=terms,
        weights=labour_weights(terms),
        adoption=adopting.hash if adopting is not None else None,
        adoption_title=clean_line(adopting.title, TITLE_CELLS) if adopting is not None else "",
        is_being_worked_out=state.awaits_figures,
    )


def show_techniques(peer: Peer, place: Place) -> tuple[TechniqueView, ...]:
    """How things can be made, by product and name."""
    people = People(peer.world, place)
    return tuple(_technique(people, fact) for fact in place.state.techniques())


def _began(place: Place, plan: ChangeHash) -> int:
    decided = place.state.register.chain.decided.get(plan)
    return decided[0] if decided is not None else 0


def _digest(place: Place, state: PlanState) -> bytes:
    if not state.period.best:
        return b""
    return result_digest(place.state.register.chain.decided[state.period.rounds[state.period.best - 1]][1])


def _is_above(state: PlanState, unit: int) -> bool:
    """Whether others stand within a unit, so that it need not speak."""
    return any(other.within == unit + 1 for other in state.period.terms.units)


def _line(peer: Peer, place: Place, state: PlanState, silent: tuple[str, ...]) -> str:
    period, running = state.period, state.running
    if period.adopted_page:
        return f"The plan of record since page {period.adopted_page}: what round {period.best} came to."
    if period.best:
        last = state.rounds[-1]
        how = "supply meets demand" if last.outcome == RoundOutcome.BALANCED else "the rounds are used up"
        return f"The rounds have ended: {how}. Round {period.best} is taken; a vote can make it the plan of record."
    if running is None:
        return "No round has begun yet."
    has = "has" if len(silent) == 1 else "have"
    waits = f"{len(silent)} of its councils {has} said nothing in it." if silent else "All have spoken."
    if running.closes_ms is None:
        return f"Round {running.round} has begun; the next page tells until when. {waits}"
    if peer.world.clock_ms < running.closes_ms:
        return f"Round {running.round} takes proposals until {moment(running.closes_ms)}. {waits}"
    sealed = len(place.state.register.minutes.seals(running.issue))
    return (
        f"Round {running.round} was over at {moment(running.closes_ms)}. Sealed by {sealed}, "
        f"{running.committee.quorum} needed."
    )


def _why_not(peer: Peer, state: PlanState, me: MemberId | None, mine: tuple[int, ...]) -> str:
    if state.running is None:
        return "No round takes proposals now."
    if me is None or not mine:
        return "You speak for none of its councils."
    closes_ms = state.running.closes_ms
    if closes_ms is not None and peer.world.clock_ms >= closes_ms:
        return f"Round {state.running.round} was over at {moment(closes_ms)}; a page begins the next one."
    return "" if me in state.running.roll else "You are not on the roll of this round."


def _goods(state: PlanState) -> Iterator[PlanGoodView]:
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
            name=clean_line(good.name, NAME_CELLS),
            unit=clean_line(good.unit, UNIT_CELLS),
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


def _round(state: PlanState, found: RoundState) -> PlanRoundView:
    worst, worst_good = None, ""
    if found.goods:
        gaps = [
            (_gap_that_counts(good, figures), good.name)
            for good, figures in zip(state.period.terms.goods, found.goods, strict=True)
        ]
        worst, worst_good = max(gaps, key=lambda pair: pair[0])
    outcome = found.outcome or ("runs" if found.running is not None else "lapsed")
    return PlanRoundView(
        found.number, outcome, worst, clean_line(worst_good, NAME_CELLS), found.proposals, found.end_page
    )


def _lines_of_units(place: Place, state: PlanState) -> Sequence[tuple[FigureView, ...]]:
    """What each unit proposes, in lines: made once, for there may be many, and each look at anything shows them."""
    units = state.units if state.units is not None else (UnitStanding(),) * len(state.period.terms.units)
    of, lines = place.plan_lines.get(state.hash, (None, ()))
    if of != units:
        lines = tuple(tuple(_figures(place, state, standing)) for standing in units)
        place.plan_lines[state.hash] = (units, lines)
    return lines


def _unit(
    place: Place,
    state: PlanState,
    people: People,
    at: int,
    figures: tuple[FigureView, ...],
    *,
    may_suggest: bool,
) -> PlanUnitView:
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
        name=clean_line(unit.name, NAME_CELLS),
        kind=unit.kind,
        depth=depth,
        speaker=people.person(MemberId(unit.speaker)),
        figures=figures,
        standing=_standing(state, standing),
        has_spoken=at in state.spoken,
        note=clean_block(standing.part.note, NOTE_CHARS, NOTE_LINES) if standing.part is not None else "",
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
        yield _figure("makes", technique.product, technique.unit, made.amount, technique.name)
    for wanted in part.wanted:
        good = goods[wanted.good]
        yield _figure("wants", good.name, good.unit, wanted.amount, URGENCY[wanted.priority])
    for offered in part.offered:
        good = goods[offered.good]
        yield _figure("offers", good.name, good.unit, offered.amount)
    for limit in part.limits:
        yield _figure("limits", limit.name, limit.unit, limit.most)


def _figure(kind: str, name: str, unit: str, amount: int, how: str = "") -> FigureView:
    return FigureView(
        kind,
        _clean_name(name, NAME_CELLS),
        _clean_name(unit, UNIT_CELLS),
        amount,
        _clean_name(how, NAME_CELLS),
    )


def _given_off(state: PlanState) -> Iterator[tuple[FigureView, int | None]]:
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
            yield _figure("gives off", name, unit_of, amount), limits.get((name, unit_of))


def _report(state: PlanState, people: People, fact: Fact) -> PlanReportView:
    body, terms = fact.body, state.period.terms
    assert isinstance(body, ReportResult)
    return PlanReportView(
        people.person(fact.member),
        clean_line(terms.units[body.unit].name, NAME_CELLS),
        clean_line(terms.goods[body.good].name, NAME_CELLS),
        clean_line(terms.goods[body.good].unit, UNIT_CELLS),
        body.amount,
        clean_block(body.text, NOTE_CHARS, NOTE_LINES),
    )


def _technique(people: People, fact: Fact) -> TechniqueView:
    body = fact.body
    assert isinstance(body, PublishTechnique)
    return TechniqueView(
        hash=fact.hash,
        name=clean_line(body.name, NAME_CELLS),
        product=clean_line(body.product, NAME_CELLS),
        unit=clean_line(body.unit, UNIT_CELLS),
        output_micro=body.output,
        inputs=tuple(_figure("uses", item.name, item.unit, item.amount) for item in body.inputs),
        labour=tuple(_figure("needs", item.name, item.unit, item.amount) for item in body.labour),
        given_off=tuple(_figure("gives off", item.name, item.unit, item.amount) for item in body.given_off),
        capacity_micro=body.capacity,
        note=clean_block(body.note, NOTE_CHARS, NOTE_LINES),
        by=people.person(fact.member),
    )


def plan_of(place: Place, name: ChangeHash) -> ChangeHash:
    """The planning period that a vote or its proposal began.

    Raises:
        LocalError: none is held.
    """
    issue = place.issue(name)
    plan = issue.hash if issue is not None else name
    if plan not in place.state.register.chain.plans:
        raise LocalError("There is no planning period of that name here.", "See `p2pcouncil plan`.")
    return plan
