"""Waiting until peers hold the same, and looking at what they show of it."""

import asyncio
import time
from collections.abc import Sequence

from crdt.errors import LocalError
from p2pcouncil.scenario.checking import tally_of, unmet
from p2pcouncil.scenario.plan_checks import agreed_of
from p2pcouncil.scenario.plan_play import PlanPlayer
from p2pcouncil.scenario.report import Holding, PeerReport, differences, holdings_of
from p2pcouncil.scenario.stage import LOOK_AGAIN_SECONDS, Stage
from p2pcouncil.scenario.steps import Expect

SETTLE_SECONDS = 60.0


class Comparing:
    """Compares the peers of a story."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    async def settle(self) -> dict[str, dict[str, Holding]]:
        """Wait until running peers hold the same of the councils that they share.

        Returns:
            What each of them holds then, by person and council id.

        Raises:
            LocalError: they don't in time; it says who holds what.
        """
        deadline = time.monotonic() + SETTLE_SECONDS
        running = self._stage.running(list(self._stage.actors))
        while True:
            holdings = await self._holdings(running)
            complete = all(
                self._stage.councils[council] in holdings[key]
                for council, members in self._stage.members.items()
                for key in members
                if key in holdings
            )
            peers = [PeerReport(self._stage.actors[key].name, 0, held, {}) for key, held in holdings.items()]
            differ = differences(peers)
            if complete and not differ:
                return holdings
            if time.monotonic() > deadline:
                raise LocalError(
                    f"Peers did not come to hold the same within {SETTLE_SECONDS:g} s. {' '.join(differ)}",
                    "Run the story again; see the story.log of each home if it happens again.",
                )
            await asyncio.sleep(LOOK_AGAIN_SECONDS)

    async def _holdings(self, keys: Sequence[str]) -> dict[str, dict[str, Holding]]:
        answers = await asyncio.gather(*(self._stage.actors[key].do("status") for key in keys))
        return {key: holdings_of(answer) for key, answer in zip(keys, answers, strict=True)}

    async def reports(
        self, holdings: dict[str, dict[str, Holding]], plans: PlanPlayer
    ) -> tuple[PeerReport, ...]:
        """What each of these peers shows of all that the story proposed and planned."""

        async def report(key: str, held: dict[str, Holding]) -> PeerReport:
            actor = self._stage.actors[key]
            shown = {proposal["id"]: proposal for proposal in (await actor.do("show"))["proposals"]}
            told = [shown[proposal] for proposal in self._stage.proposals.values() if proposal in shown]
            tallies = {proposal["issue"]["id"]: tally_of(proposal) for proposal in told if proposal["issue"]}
            planned = [
                await plans.shown(plan, key) for plan in plans.begun if key in self._stage.members_of(plan)
            ]
            return PeerReport(
                actor.name, actor.pid, held, tallies, {plan["id"]: agreed_of(plan) for plan in planned}
            )

        return tuple(await asyncio.gather(*(report(key, held) for key, held in holdings.items())))

    async def expect(self, step: Expect) -> None:
        """Look at a proposal on every peer that is meant until it is as the story says, or note that it is not."""
        keys = self._stage.running(step.who or self._stage.members_of(step.proposal))
        await asyncio.gather(*(self._expect_of(key, step) for key in keys))

    async def _expect_of(self, key: str, step: Expect) -> None:
        """Look at one peer until everything is as expected, or it has had time enough to catch up."""
        actor, deadline = self._stage.actors[key], time.monotonic() + step.within
        while True:
            answer = await actor.do("show", self._stage.proposals[step.proposal])
            failures = unmet(step, answer)
            if not failures:
                return
            if time.monotonic() > deadline:
                break
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
        for failure in failures:
            self._stage.fail(f"With {actor.name}, “{answer['title']}”: {failure}")
