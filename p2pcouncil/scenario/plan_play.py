"""Playing the steps of a planning period, each by the verbs that a person would type."""

import asyncio
import time
from pathlib import Path
from typing import assert_never

from crdt.errors import LocalError
from p2pcouncil.scenario.plan_checks import unmet_of_plan
from p2pcouncil.scenario.plan_steps import (
    AdoptPlan,
    AwaitRound,
    BeginPlan,
    ExpectPlan,
    ExplainPrice,
    FileStep,
    PlanStep,
    ProposeConsumption,
    ProposeProduction,
    ProposeTable,
    PublishTechniques,
    ReportResult,
    Rounds,
    ShowPrices,
    SolveTable,
    TakeSuggestion,
)
from p2pcouncil.scenario.plan_talk import LOOK_AGAIN_SECONDS, PlanTalk, WordStep
from p2pcouncil.scenario.processes import Answer
from p2pcouncil.scenario.speakers import named_speakers
from p2pcouncil.scenario.stage import Stage


class PlanPlayer:
    """Plays what happens in planning periods.

    Attributes:
        plans: by the key of a planning period, the id of the proposal that began it.
    """

    def __init__(self, stage: Stage) -> None:
        self.plans: dict[str, str] = {}
        self._stage = stage
        self._actors = stage.actors
        self._tell = stage.tell
        self._files = 0
        self._ids: dict[str, str] = {}
        self._talk = PlanTalk(stage.actors, self._say, self.shown, stage.tell)

    async def do(self, step: PlanStep) -> str:
        """Play a step.

        Returns:
            The id of the proposal that it made; empty for other steps.

        Raises:
            LocalError: it could not be done, or took too long.
        """
        match step:
            case PublishTechniques(who=who, council=council, capacity=capacity, note=note):
                more = [word for most in capacity for word in ("--capacity", most)]
                place = ("--in", self._stage.councils[council], "--note", note)
                await self._with_file(who, step, "technique publish", *place, *more)
            case BeginPlan(who=who, council=council, proposal=key, text=text):
                terms = named_speakers(text, {key: actor.name for key, actor in self._actors.items()})
                path = await self._file(who, terms, "toml")
                answer = await self._actors[who].do(
                    "plan begin", str(path), "--in", self._stage.councils[council]
                )
                self.plans[key] = answer["id"]
                return self.plans[key]
            case ProposeProduction() | ProposeConsumption() | ProposeTable() | TakeSuggestion():
                await self._talk.say(step)
            case AwaitRound(plan=plan, within=within):
                await self._talk.end_of_round(plan, within)
            case Rounds():
                await self._talk.rounds(step)
            case AdoptPlan(who=who, plan=plan):
                return str((await self._actors[who].do("plan adopt", await self._id(who, plan)))["id"])
            case ReportResult(who=who, plan=plan, council=council, made=made, words=words):
                named = ("--plan", await self._id(who, plan))
                await self._actors[who].do("plan report", council, made, words, *named)
            case ShowPrices(who=who, plan=plan):
                await self._show(who, "price list", "--plan", await self._id(who, plan))
            case ExplainPrice(who=who, plan=plan, product=product, threshold=threshold, depth=depth):
                how = ("--threshold", threshold, "--depth", str(depth))
                await self._show(who, "price explain", product, "--plan", await self._id(who, plan), *how)
            case SolveTable():
                await self._solve(step)
            case ExpectPlan():
                await self._expect(step)
            case _:
                assert_never(step)
        return ""

    @property
    def begun(self) -> tuple[str, ...]:
        """The keys of those planning periods in which something was done."""
        return tuple(self._ids)

    async def shown(self, key: str, who: str) -> Answer:
        """A plan as one peer shows it."""
        return await self._actors[who].do("plan show", await self._id(who, key))

    async def _id(self, who: str, plan: str) -> str:
        """What peers call a planning period: the vote that began it, as `show` names it."""
        if plan not in self._ids:
            shown = await self._actors[who].do("show", self.plans[plan])
            if shown["issue"] is None:
                raise LocalError("The planning period has not been voted on.", "Open its vote first.")
            self._ids[plan] = str(shown["issue"]["id"])
        return self._ids[plan]

    async def _say(self, step: WordStep) -> Answer:
        actor, named = self._actors[step.who], ("--plan", await self._id(step.who, step.plan))
        match step:
            case ProposeProduction(council=council, makes=makes, note=note):
                return await actor.do("propose-production", council, *makes, "--note", note, *named)
            case ProposeConsumption(council=council, wants=wants, offers=offers, limits=limits, note=note):
                more = [word for offer in offers for word in ("--offer", offer)]
                more += [word for limit in limits for word in ("--limit", limit)]
                return await actor.do("propose-consumption", council, *wants, *more, "--note", note, *named)
            case ProposeTable(who=who, note=note):
                return await self._with_file(who, step, "plan propose", *named, "--note", note)
            case TakeSuggestion():
                return await actor.do("plan suggest", "--accept", *named)
            case _:
                assert_never(step)

    async def _expect(self, step: ExpectPlan) -> None:
        deadline = time.monotonic() + step.within
        running = self._stage.running(self._stage.members_of(step.plan))
        while True:
            shown = await asyncio.gather(*(self.shown(step.plan, who) for who in running))
            plans = {self._actors[who].name: plan for who, plan in zip(running, shown, strict=True)}
            failures = unmet_of_plan(step, plans)
            if not failures:
                goods = sum(good["value_micro"] is not None for good in shown[0]["goods"])
                self._tell(
                    f"    {len(plans)} {'peer shows' if len(plans) == 1 else 'peers show the same'}: "
                    f"{len(shown[0]['goods'])} indicative prices, {goods} labour values, to the last digit."
                )
                return
            if time.monotonic() > deadline:
                break
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
        for failure in failures:
            self._stage.fail(f"Of the plan “{shown[0]['title']}”, {failure}")

    async def _solve(self, step: SolveTable) -> None:
        answer = await self._with_file(step.who, step, "price solve")
        values = {line["product"]: line for line in answer["prices"]}
        self._tell(f"    {len(values)} products, exact to {answer['digits']} decimals; among them:")
        for product in step.products:
            if product not in values:
                # Somebody put a table of their own in place of the one that came with the story.
                self._tell(f"      {product}: not in this table")
                continue
            line = values[product]
            self._tell(f"      {product}: {line['hours']} h for 1 {line['unit']}")

    async def _show(self, who: str, verb: str, *arguments: str) -> None:
        for line in await self._actors[who].read(verb, *arguments):
            self._tell(f"    {line}")

    async def _with_file(self, who: str, step: FileStep, verb: str, *arguments: str) -> Answer:
        path = await self._file(who, step.text, "csv")
        return await self._actors[who].do(verb, str(path), *arguments)

    async def _file(self, who: str, text: str, ending: str) -> Path:
        self._files += 1
        path = self._actors[who].home.parent / f"{who}-{self._files}.{ending}"
        await asyncio.to_thread(path.write_text, text, encoding="utf-8")
        return path
