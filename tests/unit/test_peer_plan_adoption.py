"""A plan that waits to be adopted, as members' peers show it: suggestions on the way, and one proposal at its end."""

from crdt.ids import ChangeHash, CouncilId
from p2pcouncil.domain.effects import OpenPlan
from p2pcouncil.domain.planning.said import Made, Named, PublishTechnique, UnitPlan, Wanted
from p2pcouncil.domain.planning.terms import PlanGood, PlanUnit
from p2pcouncil.domain.tally.choice import NO, YES
from p2pcouncil.peer import commands as c
from p2pcouncil.peer.plan_proposals import adoption, beginning
from p2pcouncil.peer.showing.plans import show_plan
from p2pcouncil.peer.views.plans import PlanView
from tests.sim.simulation import Simulation
from tests.support.planned_village import micro
from tests.support.village import AT_ONCE

HOUR_MS = 3_600_000
BREAD, BAKING = range(2)


class Alone:
    """Ada plans by herself, in virtual time: she bakes, and eats."""

    def __init__(self) -> None:
        self.simulation = Simulation(1)
        self.simulation.do_duties = True
        self.ada = self.simulation.node("Ada")
        founding = c.FoundCouncil("Mill", "society", "society", "", charter=AT_ONCE)
        self.council = CouncilId(self.ada.submit(founding).id)
        oven = PublishTechnique(0, "oven", "bread", "loaf", micro(100), (), (Named("baking", "h", micro(5)),))
        published = self.ada.submit(c.PublishTechniques(self.council, (oven,)))
        self.oven = published.entries[0]
        goods = (PlanGood("bread", "loaf", "product"), PlanGood("baking", "h", "labour"))
        units = (
            PlanUnit("bakery", "workers", self.ada.member),
            PlanUnit("street", "consumers", self.ada.member),
        )
        terms = OpenPlan(goods, units, 60, 6, 500)
        self.plan = self.decide(beginning(self.council, "Spring", "We plan.", "", terms))
        assert self.simulation.run_until(lambda: bool(self.view.rounds), HOUR_MS)

    @property
    def view(self) -> PlanView:
        return show_plan(self.ada.peer, self.ada.place(self.council), self.plan)

    def decide(self, proposal: c.MakeProposal) -> ChangeHash:
        """Propose, open and carry; returns the vote."""
        made = ChangeHash(self.ada.submit(proposal).id)
        issue = ChangeHash(self.ada.submit(c.OpenVote(made, window_seconds=60)).id)
        self.ada.submit(c.CastBallot(issue, YES))
        assert self.simulation.run_until(lambda: self.is_decided(issue), HOUR_MS)
        return issue

    def is_decided(self, issue: ChangeHash) -> bool:
        """Whether a page closed a vote."""
        return issue in self.ada.place(self.council).state.register.chain.decided

    def say(self, loaves: float, wanted: float, hours: float) -> None:
        """Propose for both councils, and wait until a page has closed the round."""
        rounds = len(self.view.rounds)
        parts = (
            UnitPlan(0, made=(Made(self.oven, micro(loaves)),)),
            UnitPlan(1, wanted=(Wanted(BREAD, micro(wanted)),), offered=(Wanted(BAKING, micro(hours)),)),
        )
        self.ada.submit(c.ProposeInRound(self.plan, parts))
        assert self.simulation.run_until(
            lambda: len(self.view.rounds) > rounds or self.view.stage != "rounds", HOUR_MS
        )


def test_a_suggestion_says_that_it_changes_no_hours_and_which_work_is_short() -> None:
    alone = Alone()
    alone.say(100, 160, 5)
    bakery, street = alone.view.units
    assert bakery.suggested[0].amount_micro == micro(160)
    assert bakery.why == (
        "what was asked for last, up to your capacity; no suggestion changes the hours that people offer"
    )
    assert street.suggestion is not None
    assert street.suggestion.offered == (Wanted(BAKING, micro(5)),)
    alone.say(160, 160, 5)
    for unit in alone.view.units:
        told = "no suggestion changes the hours that people offer, and baking is short: offer more if you can"
        assert unit.why.endswith(told)


def test_an_adoption_is_found_until_it_is_withdrawn_or_voted_down() -> None:
    alone = Alone()
    alone.say(100, 100, 5)
    assert alone.view.stage == "ended"
    assert alone.view.adoption is None
    first = ChangeHash(alone.ada.submit(adoption(alone.view)).id)
    assert (alone.view.adoption, alone.view.adoption_title) == (first, "Adopt “Spring”")
    alone.ada.submit(c.WithdrawProposal(first))
    assert alone.view.adoption is None
    second = ChangeHash(alone.ada.submit(adoption(alone.view)).id)
    issue = ChangeHash(alone.ada.submit(c.OpenVote(second, window_seconds=60)).id)
    third = alone.ada.submit(adoption(alone.view))
    assert alone.view.adoption == second, "of several the one whose vote is asked for"
    alone.ada.submit(c.CastBallot(issue, NO))
    assert alone.simulation.run_until(lambda: alone.is_decided(issue), HOUR_MS)
    assert alone.view.adoption == ChangeHash(third.id), "the vote on the second went against it"
    alone.ada.submit(c.WithdrawProposal(ChangeHash(third.id)))
    assert alone.view.adoption is None
    alone.decide(adoption(alone.view))
    assert alone.view.stage == "adopted"
    assert alone.view.adoption is None
