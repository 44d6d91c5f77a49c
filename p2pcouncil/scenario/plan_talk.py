"""Rounds of a story: who said what in which, waiting for its end, and saying again what came too late.

Somebody whose word reaches too few tellers before a round is over has said nothing in it, as in any vote. On a busy
machine that happens; a person would notice and say it again, and so does the story.
"""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from crdt.errors import LocalError
from p2pcouncil.scenario.plan_steps import (
    ProposeConsumption,
    ProposeProduction,
    ProposeTable,
    Rounds,
    TakeSuggestion,
)
from p2pcouncil.scenario.processes import Actor, Answer
from p2pcouncil.scenario.rounds_told import told_round

LOOK_AGAIN_SECONDS = 0.3
WordStep = ProposeProduction | ProposeConsumption | ProposeTable | TakeSuggestion
_ROUND = re.compile(r"in round (\d+)")
_KEPT = re.compile(r"kept from round (\d+)")


@dataclass(frozen=True, slots=True)
class Said:
    """Something that was said, and in which round."""

    step: WordStep
    round: int


class PlanTalk:
    """Follows the rounds of planning periods."""

    def __init__(
        self,
        actors: Mapping[str, Actor],
        do: Callable[[WordStep], Awaitable[Answer]],
        look: Callable[[str, str], Awaitable[Answer]],
        tell: Callable[[str], None],
    ) -> None:
        """Prepare.

        Args:
            actors: by the key of their person.
            do: says something by the verb for it; gives what the verb answered.
            look: a planning period, by its key, as somebody's peer shows it.
            tell: takes each sentence of the story.
        """
        self._actors = actors
        self._do = do
        self._look = look
        self._tell = tell
        self._said: dict[str, list[Said]] = {}
        self._told: dict[str, int] = {}

    async def say(self, step: WordStep) -> None:
        """Say something in a round that takes proposals.

        Raises:
            LocalError: it could not be said.
        """
        try:
            answer = await self._do(step)
        except LocalError:
            # Rounds may have ended between the look and the word; what was said before stands then.
            if not isinstance(step, TakeSuggestion) or await self._goes_on(step):
                raise
            return
        found = _ROUND.search(str(answer["message"]))
        assert found is not None, "the verb tells the round"
        self._said.setdefault(step.plan, []).append(Said(step, int(found[1])))

    async def rounds(self, step: Rounds) -> None:
        """Let people take suggestions, round after round.

        Raises:
            LocalError: a round did not end in time.
        """
        plan, played = await self._look(step.plan, step.accept[0]), 0
        while plan["stage"] == "rounds" and (not step.most or played < step.most):
            words = (TakeSuggestion(who=who, plan=step.plan) for who in step.accept)
            await asyncio.gather(*(self.say(word) for word in words))
            plan = await self.end_of_round(step.plan, step.within)
            played += 1

    async def end_of_round(self, key: str, within: int) -> Answer:
        """Wait until what was said is counted, and tell what the rounds since then came to.

        Returns:
            The plan as it stands then.

        Raises:
            LocalError: it was not counted in time.
        """
        deadline = time.monotonic() + within
        while True:
            said = self._said.pop(key, [])
            if not said:
                raise LocalError("Nobody said anything in this round.", "Let somebody propose first.")
            # To ask is to start a process, so one is asked: who spoke last knows of that, others may not yet.
            plan = await self._closed(key, said[-1].step.who, deadline)
            self._tell_closed(key, plan)
            late = [word for word in said if plan["stage"] == "rounds" and not self._counts(word, plan)]
            if not late:
                return plan
            for word in late:
                name = self._actors[word.step.who].name
                self._tell(f"    What {name} said came too late for round {word.round}, and is said again.")
            await asyncio.gather(*(self.say(word.step) for word in late))

    async def _goes_on(self, step: WordStep) -> bool:
        return bool((await self._look(step.plan, step.who))["stage"] == "rounds")

    def _counts(self, said: Said, plan: Answer) -> bool:
        """Whether the round in which something was said, or a later one, counted what that person said."""
        name = self._actors[said.step.who].name
        standing = [unit["standing"] for unit in plan["units"] if unit["speaker"]["name"] == name]
        kept = [int(found[1]) for found in map(_KEPT.fullmatch, standing) if found is not None]
        return max(kept, default=0) >= said.round

    def _tell_closed(self, key: str, plan: Answer) -> None:
        told = self._told.get(key, 0)
        closed = [found for found in plan["rounds"] if found["page"] and found["number"] > told]
        for found in closed:
            if found["proposals"]:
                for line in told_round(plan, found["number"]):
                    self._tell(f"    {line}")
        self._told[key] = max((found["number"] for found in closed), default=told)

    async def _closed(self, key: str, who: str, deadline: float) -> Answer:
        """Wait until one peer holds the page that closes the round in which something was said."""
        while True:
            plan = await self._look(key, who)
            if plan["stage"] != "rounds" or not any(unit["has_spoken"] for unit in plan["units"]):
                return plan
            if time.monotonic() > deadline:
                raise LocalError(
                    f"Round {plan['round']} did not end in time with {self._actors[who].name}: {plan['line']}",
                    "Run the story again on a machine that has less to do.",
                )
            left = (plan["closes_ms"] or 0) / 1_000 - time.time()
            await asyncio.sleep(max(LOOK_AGAIN_SECONDS, min(left, deadline - time.monotonic())))
