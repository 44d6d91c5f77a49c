"""Planning periods as they are shown: how far each has come, and what it is waiting for."""

from crdt.errors import LocalError
from crdt.ids import ChangeHash, MemberId
from p2pcouncil.domain.facts import Fact
from p2pcouncil.domain.moments import moment
from p2pcouncil.domain.plain_text import clean_line
from p2pcouncil.domain.planning.plan_values import labour_weights
from p2pcouncil.domain.planning.reading import PlanState
from p2pcouncil.domain.planning.said import ReportResult
from p2pcouncil.domain.register.plan_rounds import RoundOutcome, result_digest
from p2pcouncil.peer.core import Peer
from p2pcouncil.peer.place import Place
from p2pcouncil.peer.showing.adopting import adopting_proposal
from p2pcouncil.peer.showing.councils import TITLE_CELLS, name_of
from p2pcouncil.peer.showing.figures import counted_in, named, noted
from p2pcouncil.peer.showing.people import People
from p2pcouncil.peer.showing.plan_goods import given_off_of, goods_of, round_of
from p2pcouncil.peer.showing.plan_units import lines_of_units, unit_of
from p2pcouncil.peer.views.plans import (
    PlanReportView,
    PlanView,
)


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
    lines = lines_of_units(place, state)
    units = tuple(
        unit_of(place, state, people, at, lines[at], may_suggest=at in mine) for at in range(len(terms.units))
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
        goods=tuple(goods_of(state)),
        units=units,
        rounds=tuple(round_of(state, number) for number in state.rounds),
        silent=silent,
        mine=mine,
        can_propose=_why_not(peer, state, me, mine),
        best=state.period.best,
        adopted_page=state.period.adopted_page,
        digest=digest,
        faults=tuple(clean_line(fault.message, 300) for fault in state.faults),
        given_off=tuple(given_off_of(state)),
        reports=tuple(_report(state, people, fact) for fact in state.reports),
        terms=terms,
        weights=labour_weights(terms),
        adoption=adopting.hash if adopting is not None else None,
        adoption_title=clean_line(adopting.title, TITLE_CELLS) if adopting is not None else "",
        is_being_worked_out=state.awaits_figures,
    )


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


def _report(state: PlanState, people: People, fact: Fact) -> PlanReportView:
    body, terms = fact.body, state.period.terms
    assert isinstance(body, ReportResult)
    return PlanReportView(
        people.person(fact.member),
        named(terms.units[body.unit].name),
        named(terms.goods[body.good].name),
        counted_in(terms.goods[body.good].unit),
        body.amount,
        noted(body.text),
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
