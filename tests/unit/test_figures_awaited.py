"""What a peer does while the figures of a planning round are still being worked out: the same, later."""

import pytest

from crdt.ids import ChangeHash, CouncilId
from p2pcouncil.domain.effects import OpenPlan
from p2pcouncil.domain.feed_entry import FeedEntry
from p2pcouncil.domain.planning.round_figures import FiguresAwaited
from p2pcouncil.domain.planning.said import Made, Named, PublishTechnique, UnitPlan, Wanted
from p2pcouncil.domain.planning.terms import MICRO, PlanGood, PlanUnit
from p2pcouncil.domain.records import Charter
from p2pcouncil.domain.register.chain import Chain, OpenVote, PlanPeriod
from p2pcouncil.domain.register.closing import Sheet
from p2pcouncil.domain.state import CouncilState
from p2pcouncil.domain.tally.choice import YES
from p2pcouncil.domain.tally.method import YesNo
from p2pcouncil.peer import commands as c
from p2pcouncil.peer.events import FiguresCame
from p2pcouncil.peer.showing.plans import show_plan
from tests.sim.node import Node
from tests.sim.simulation import Simulation
from tests.support.figuring import Later
from tests.support.planned_village import BAKERY, EAST, MILL, ROUND_MS, begun, makes, propose, wants
from tests.support.tellers import Tellers
from tests.support.village import Village
from tests.support.world import World

HOUR_MS = 3_600_000
LAPSED_MS = 600_000
"""Ten times as long as a round, and its seals after it, may take."""
SETTLED_MS = 10_000
PATIENCE_MS = 20_000
"""Shorter than what makes a teller think of something else."""
HASTY = Charter(seconds_needed=0, window_seconds=60, probation_seconds=0, grace_seconds=60)


def spoken() -> tuple[World, Tellers, FeedEntry]:
    """The first round of a period, in which all have spoken; nobody sealed it yet."""
    world, tellers, plan, bake, mill = begun()
    propose(world, "Ada", plan, 1, makes(BAKERY, bake, 100))
    propose(world, "Ben", plan, 1, makes(MILL, mill, 80))
    propose(world, "Cem", plan, 1, wants(EAST, 60, 4))
    tellers.tell()
    return world, tellers, plan


def held(world: World, later: Later) -> CouncilState:
    """The same by somebody who has figures worked out elsewhere."""
    state = CouncilState(world.genesis, later)
    state.apply(world.entries)
    return state


def running(state: CouncilState) -> tuple[OpenVote, Sheet]:
    """The round that runs, with a sheet that names all that was proposed in it."""
    vote = next(vote for vote in state.register.chain.votes.values() if vote.round)
    ballots = (state.agenda.ballots(vote.issue, member) for member in vote.roll)
    return vote, tuple(of[max(of)] if of else None for of in ballots)


def test_figures_that_come_later_are_the_same() -> None:
    world, tellers, plan = spoken()
    later = Later()
    state = held(world, later)
    vote, sheet = running(state)
    with pytest.raises(FiguresAwaited):
        state.agenda.result(vote, sheet)
    later.work()
    assert state.agenda.result(vote, sheet) == tellers.state.agenda.result(*running(tellers.state))
    assert state.plan(plan.hash) == tellers.state.plan(plan.hash)
    assert later.worked == 1, "what is shown rests on the same proposals"


def test_the_fold_waits_for_no_figures() -> None:
    world, tellers, _ = spoken()
    tellers.tell(ROUND_MS)
    later = Later()
    state = held(world, later)
    assert state.register.chain.number == tellers.state.register.chain.number
    assert state.state_hash() == tellers.state.state_hash()
    assert not later.asked


def test_until_figures_come_the_last_ones_of_the_round_are_shown() -> None:
    world, tellers, plan = spoken()
    later = Later()
    state = held(world, later)
    first = state.plan(plan.hash)
    assert (first.awaits_figures, first.goods) == (True, None)
    assert first.units == tellers.state.plan(plan.hash).units, "who said what is known at once"
    later.work()
    second = state.plan(plan.hash)
    assert (second.awaits_figures, second.goods) == (False, tellers.state.plan(plan.hash).goods)
    state.apply([propose(world, "Cem", plan, 1, wants(EAST, 70, 4), again=2)])
    third = state.plan(plan.hash)
    assert (third.awaits_figures, third.goods) == (True, second.goods)
    later.work()
    tellers.tell()
    assert state.plan(plan.hash) == tellers.state.plan(plan.hash)


def test_until_figures_come_a_closed_round_shows_those_of_its_page() -> None:
    world, tellers, plan, bake, mill = begun(rounds=1)
    propose(world, "Ada", plan, 1, makes(BAKERY, bake, 100))
    propose(world, "Ben", plan, 1, makes(MILL, mill, 80))
    tellers.tell(ROUND_MS)
    state = held(world, Later())
    found = state.plan(plan.hash)
    assert found.period.best == 1
    assert found.awaits_figures
    assert found.goods == tellers.state.plan(plan.hash).goods


GOODS = (PlanGood("bread", "kg", "product"), PlanGood("work", "h", "labour"))


class Lone:
    """Ada alone founded a council, plans by herself, and has her figures worked out later."""

    def __init__(self) -> None:
        self.simulation = Simulation(1)
        self.simulation.do_duties = True
        self.ada = self.simulation.node("Ada")
        self.later = Later()
        self.ada.peer.world.figuring = self.later
        self.council = CouncilId(
            self.ada.submit(c.FoundCouncil("A", "society", "society", "", charter=HASTY)).id
        )
        member = self.ada.member
        units = (PlanUnit("bakers", "workers", member), PlanUnit("houses", "consumers", member))
        effect = OpenPlan(GOODS, units, 60, 3, 500)
        made = self.ada.submit(
            c.MakeProposal(
                self.council, "Spring", "We plan.", "Spring\n", YesNo(quorum_permille=0), effect=effect
            )
        )
        self.issue = ChangeHash(self.ada.submit(c.OpenVote(ChangeHash(made.id))).id)
        assert self.simulation.run_until(self._can_vote, HOUR_MS)
        self.ada.submit(c.CastBallot(self.issue, YES))
        assert self.simulation.run_until(lambda: self.period is not None, HOUR_MS), "no round began"

    @property
    def node(self) -> Node:
        return self.ada

    @property
    def period(self) -> PlanPeriod | None:
        return self.ada.place(self.council).state.register.chain.plans.get(self.issue)

    @property
    def pages(self) -> int:
        return self.ada.place(self.council).state.register.chain.number

    def speak(self) -> None:
        """Bake 10 kg in 2 hours, and want 8."""
        work = (Named("work", "h", 2 * MICRO),)
        technique = PublishTechnique(0, "oven", "bread", "kg", 10 * MICRO, (), work)
        self.ada.submit(c.PublishTechniques(self.council, (technique,)))
        (oven,) = self.ada.place(self.council).state.techniques()
        baked = UnitPlan(0, made=(Made(oven.hash, 10 * MICRO),))
        wanted = UnitPlan(1, wanted=(Wanted(0, 8 * MICRO),), offered=(Wanted(1, 2 * MICRO),))
        self.ada.submit(c.ProposeInRound(self.issue, (baked, wanted)))

    def _can_vote(self) -> bool:
        vote = self.ada.place(self.council).state.register.chain.votes.get(self.issue)
        return vote is not None and vote.closes_ms is not None


def test_a_teller_neither_closes_nor_lapses_a_round_before_its_figures_are_there() -> None:
    lone = Lone()
    lone.speak()
    assert lone.simulation.run_until(lambda: bool(lone.later.asked), HOUR_MS), "nobody asked for figures"
    pages = lone.pages
    lone.simulation.run(LAPSED_MS)
    assert lone.pages == pages, "a page was written without them"
    assert lone.period is not None
    assert len(lone.period.rounds) == 1
    lone.later.work()
    lone.node.handle(FiguresCame())
    assert lone.simulation.run_until(
        lambda: lone.period is not None and len(lone.period.rounds) == 2, HOUR_MS
    )
    _, result = lone.node.place(lone.council).state.register.chain.decided[lone.period.rounds[0]]
    assert result.goods[0].value_micro == 200_000
    assert result.goods[0].supply == 10 * MICRO


def test_who_looks_is_told_that_figures_are_being_worked_out() -> None:
    lone = Lone()
    lone.speak()
    place = lone.node.place(lone.council)
    view = show_plan(lone.node.peer, place, lone.issue)
    assert view.is_being_worked_out
    assert [unit.has_spoken for unit in view.units] == [True, True]
    lone.later.work()
    again = show_plan(lone.node.peer, place, lone.issue)
    assert not again.is_being_worked_out
    assert (again.goods[0].supply, again.goods[0].demand) == (10 * MICRO, 8 * MICRO)


def test_tellers_who_stopped_thinking_until_a_moment_came_think_again_when_figures_are_there() -> None:
    village = Village()
    ada, asleep, council = village.ada, village.dua, village.council
    units = (PlanUnit("bakers", "workers", ada.member), PlanUnit("houses", "consumers", ada.member))
    effect = OpenPlan(GOODS, units, 60, 3, 500)
    proposal = c.MakeProposal(council, "Spring", "We plan.", "S\n", YesNo(quorum_permille=0), effect=effect)
    issue = ChangeHash(ada.submit(c.OpenVote(ChangeHash(ada.submit(proposal).id))).id)

    def chain(node: Node = ada) -> Chain:
        return node.place(council).state.register.chain

    assert village.simulation.run_until(
        lambda: issue in chain().votes and chain().votes[issue].closes_ms, HOUR_MS
    )
    ada.submit(c.CastBallot(issue, YES))
    assert village.simulation.run_until(lambda: issue in chain().plans, HOUR_MS)
    wanted = UnitPlan(1, wanted=(Wanted(0, 8 * MICRO),))
    ada.submit(c.ProposeInRound(issue, (wanted,)))
    asleep.go_offline()
    awake = [node for node in village.nodes if node is not asleep]
    later = {node: Later() for node in awake}
    for node in awake:
        node.place(council).state._books.figuring = later[node]
    assert village.simulation.run_until(lambda: all(one.asked for one in later.values()), HOUR_MS)
    village.simulation.run(SETTLED_MS)
    for node in awake:
        later[node].work()
        node.handle(FiguresCame())
    assert village.simulation.run_until(lambda: len(chain().plans[issue].rounds) == 2, PATIENCE_MS), (
        "nobody closed it"
    )
