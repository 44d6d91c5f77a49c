"""A running peer plans: its figures come from a process beside it, which is there only while it is needed."""

from fractions import Fraction
from pathlib import Path

import pytest

from crdt.ids import ChangeHash, CouncilId
from net.memory import MemoryNetwork
from net.memory_transport import MemoryHub
from p2pcouncil.domain.effects import OpenPlan
from p2pcouncil.domain.planning.said import Made, Named, PublishTechnique, UnitPlan, Wanted
from p2pcouncil.domain.planning.terms import MICRO, PlanGood, PlanUnit
from p2pcouncil.domain.records import Charter
from p2pcouncil.domain.tally.choice import YES
from p2pcouncil.domain.tally.method import YesNo
from p2pcouncil.peer import commands as c
from p2pcouncil.runtime.session import PeerSession
from tests.support.society import WAIT_MS, Society, in_memory

HASTY = Charter(seconds_needed=0, window_seconds=1, probation_seconds=0, grace_seconds=5)
GOODS = (PlanGood("bread", "kg", "product"), PlanGood("work", "h", "labour"))


async def plan(ada: PeerSession) -> ChangeHash:
    """Ada decides to plan, alone, and says in the first round what she bakes and what she wants."""
    council = CouncilId((await ada.submit(c.FoundCouncil("A", "society", "society", "", charter=HASTY))).id)
    me = ada.peer.world.me
    assert me is not None
    units = (PlanUnit("bakers", "workers", me.member), PlanUnit("houses", "consumers", me.member))
    effect = OpenPlan(GOODS, units, 600, 3, 500)
    made = await ada.submit(
        c.MakeProposal(council, "Spring", "We plan.", "Spring\n", YesNo(quorum_permille=0), effect=effect)
    )
    issue = ChangeHash((await ada.submit(c.OpenVote(ChangeHash(made.id)))).id)
    chain = ada.peer.world.places[council].state.register

    def can_vote() -> bool:
        vote = chain.chain.votes.get(issue)
        return vote is not None and vote.closes_ms is not None

    assert await ada.engine.wait_until(can_vote, WAIT_MS)
    await ada.submit(c.CastBallot(issue, YES))
    assert await ada.engine.wait_until(lambda: issue in chain.chain.plans, WAIT_MS)
    work = (Named("work", "h", 2 * MICRO),)
    technique = PublishTechnique(0, "oven", "bread", "kg", 10 * MICRO, (), work)
    oven = (await ada.submit(c.PublishTechniques(council, (technique,)))).entries[0]
    baked = UnitPlan(0, made=(Made(oven, 10 * MICRO),))
    wanted = UnitPlan(1, wanted=(Wanted(0, 8 * MICRO),), offered=(Wanted(1, 2 * MICRO),))
    await ada.submit(c.ProposeInRound(issue, (baked, wanted)))
    return issue


@pytest.mark.asyncio
async def test_a_peer_with_others_works_figures_out_beside_and_leaves_nothing_behind(tmp_path: Path) -> None:
    society = Society(tmp_path, in_memory(MemoryHub(MemoryNetwork(1))))
    async with society.session("Ada") as ada:
        helper = ada.engine.figures._process
        issue = await plan(ada)
        assert helper._process is None, "nobody looked yet"
        assert ada.plan(issue).is_being_worked_out
        assert await ada.engine.wait_until(lambda: not ada.plan(issue).is_being_worked_out, WAIT_MS)
        assert helper._process is not None
        child = helper._process
        bread = ada.plan(issue).goods[0]
        assert (bread.supply, bread.demand, bread.value_micro) == (10 * MICRO, 8 * MICRO, 200_000)
        tree = await ada.hours(issue, "bread", Fraction(0))
        assert tree is not None
        assert tree.hours == Fraction(1, 5)
    assert child.poll() is not None
    async with society.session("Ada", online=False) as looks:
        bread = looks.plan(issue).goods[0]
        assert (bread.supply, bread.value_micro) == (10 * MICRO, 200_000)
        assert looks.engine.figures._process._process is None
