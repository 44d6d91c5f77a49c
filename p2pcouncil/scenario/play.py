"""Playing a story: each step by the verbs that a person would type, on a home of their own."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from crdt.errors import LocalError
from p2pcouncil.scenario.audits import Audits
from p2pcouncil.scenario.comparing import Comparing
from p2pcouncil.scenario.narrate import Narrator
from p2pcouncil.scenario.plan_play import PlanPlayer
from p2pcouncil.scenario.plan_steps import AdoptPlan, BeginPlan, PlanStep
from p2pcouncil.scenario.processes import Actor, VerbError
from p2pcouncil.scenario.report import Report as StoryReport
from p2pcouncil.scenario.stage import Stage
from p2pcouncil.scenario.steps import (
    AnyStep,
    Comment,
    Edit,
    Expect,
    Found,
    Join,
    Kill,
    Open,
    Propose,
    Report,
    Review,
    Second,
    Settle,
    Start,
    Stop,
    Tell,
    Together,
    Verify,
    Vote,
)
from p2pcouncil.scenario.story import Story


class Player:
    """Plays one story, on homes below one folder.

    Attributes:
        actors: by the key of their person.
    """

    def __init__(self, story: Story, folder: Path, tell: Callable[[str], None]) -> None:
        """Prepare; nothing runs yet.

        Args:
            story: what to play.
            folder: where the homes go.
            tell: takes each sentence of the story.
        """
        self._story = story
        self._narrator = Narrator(story)
        self.actors = {person.key: Actor(person.name, folder / person.key) for person in story.people}
        self._stage = Stage(self.actors, tell)
        self._plans = PlanPlayer(self._stage)
        self._audits = Audits(self._stage)
        self._comparing = Comparing(self._stage)

    async def play(self) -> StoryReport:
        """Play every step, wait until all peers hold the same, and compare.

        Returns:
            The report; peers that don't agree are in it and no error.

        Raises:
            LocalError: a step could not be done, or took too long; the message names the step.
        """
        started = time.monotonic()
        self._stage.tell(f"{self._story.title}\n")
        self._stage.tell(self._story.intro.strip() + "\n")
        await self._get_ready()
        for number, step in enumerate(self._story.steps, start=1):
            for sentence in filter(None, (step.say, self._narrator.tell(step))):
                self._stage.tell(sentence)
            try:
                await self._do(step)
            except LocalError as error:
                raise LocalError(f"Step {number} could not be played: {error}", error.hint) from error
        self._stage.tell("Waiting until all peers hold the same …")
        stopped = [actor for actor in self.actors.values() if not actor.is_running]
        await asyncio.gather(*(actor.start() for actor in stopped))
        peers = await self._comparing.reports(await self._comparing.settle(), self._plans)
        society = next(iter(self._stage.councils.values()))
        return StoryReport(society, peers, time.monotonic() - started, tuple(self._stage.failures))

    async def close(self) -> None:
        """End every process that was started."""
        await asyncio.gather(*(actor.close() for actor in self.actors.values()))

    async def _get_ready(self) -> None:
        """Everybody makes an identity; whoever is not late starts their peer."""
        for person in self._story.people:
            late = " Arrives later." if person.late else ""
            self._stage.tell(
                f"  {person.name}, {person.about}.{late}" if person.about else f"  {person.name}.{late}"
            )
        self._stage.tell("")

        async def prepare(key: str, late: bool) -> None:
            actor = self.actors[key]
            actor.home.mkdir(mode=0o700, parents=True)
            await actor.do("init", actor.name, "--no-passphrase", "--phrase-shown")
            if not late:
                await actor.start()

        await asyncio.gather(*(prepare(person.key, person.late) for person in self._story.people))

    async def _do(self, step: AnyStep) -> None:
        match step:
            case Tell():
                pass
            case Together(steps=steps):
                await asyncio.gather(*(self._do(part) for part in steps))
            case Start(who=who):
                await self.actors[who].start()
            case Stop(who=who):
                await self.actors[who].stop()
            case Kill(who=who):
                await self.actors[who].kill()
            case Found():
                await self._found(step)
            case Join():
                await self._join(step)
            case Propose():
                await self._propose(step)
            case Edit(who=who, proposal=proposal, append=append, replace=replace, by=by):
                change = ("--append", append) if append else ("--replace", replace, "--by", by)
                await self.actors[who].do("edit", self._stage.proposals[proposal], *change)
            case Comment(who=who, proposal=proposal, text=text):
                await self.actors[who].do("comment", self._stage.proposals[proposal], text)
            case Second(who=who, proposal=proposal):
                await self.actors[who].do("second", self._stage.proposals[proposal])
            case Open(who=who, proposal=proposal, window=window):
                more = ("--window", window) if window else ()
                await self.actors[who].do("open", self._stage.proposals[proposal], *more)
            case Vote():
                await self._vote(step)
            case Report(who=who, proposal=proposal, text=text, done=done):
                ended = ("--done",) if done else ()
                await self.actors[who].do("report", self._stage.proposals[proposal], text, *ended)
            case Review():
                await self._audits.review(step)
            case Verify():
                await self._audits.verify(step)
            case Settle():
                await self._comparing.settle()
            case Expect():
                await self._comparing.expect(step)
            case _:
                await self._plan(step)

    async def _plan(self, step: PlanStep) -> None:
        """Something happens in a planning period; its votes are proposals like others."""
        made = await self._plans.do(step)
        if isinstance(step, BeginPlan | AdoptPlan):
            self._stage.proposals[step.proposal] = made
            self._stage.proposed_in[step.proposal] = (
                step.council if isinstance(step, BeginPlan) else self._stage.proposed_in[step.plan]
            )

    async def _found(self, step: Found) -> None:
        needed = ("--seconds", str(step.seconds), "--vouches", str(step.vouches))
        terms = ("--purpose", step.purpose, *needed, "--window", step.window, "--probation", step.probation)
        if step.under:
            above = self._stage.councils[step.under]
            place = ("--kind", step.kind, "--level", step.level, "--under", above)
            answer = await self.actors[step.who].do("council new", step.name, *place, *terms)
        else:
            answer = await self.actors[step.who].do("found", step.name, *terms)
        self._stage.councils[step.council] = answer["id"]
        self._stage.members[step.council] = [step.who]

    async def _join(self, step: Join) -> None:
        actor, council = self.actors[step.who], self._stage.councils[step.council]
        if step.sponsor:
            note = f"for {actor.name}"
            invited = await self.actors[step.sponsor].do("invite", council, "--note", note)
            door = invited["invitation"]
        else:
            door = council

        async def vouch() -> None:
            for key in step.vouchers:
                await self.actors[key].do("vouch", actor.name, "--in", council)

        await asyncio.gather(actor.do("join", door, "--wait", "--timeout", "60"), vouch())
        self._stage.members[step.council].append(step.who)

    async def _propose(self, step: Propose) -> None:
        more = [part for option in step.options for part in ("--option", option)]
        more += [part for tag in step.tags for part in ("--tag", tag)]
        more += ["--threshold", step.threshold] if step.threshold else []
        more += ["--winners", str(step.winners)] if step.winners else []
        more += ["--scope", step.scope] if step.scope else []
        more += ["--does", step.does] if step.does else []
        terms = ("--in", self._stage.councils[step.council], "--method", step.method, "--quorum", step.quorum)
        words = ("--summary", step.summary, "--text", step.text)
        answer = await self.actors[step.who].do("propose", step.title, *words, *terms, *more)
        self._stage.proposals[step.proposal] = answer["id"]
        self._stage.proposed_in[step.proposal] = step.council

    async def _vote(self, step: Vote) -> None:
        try:
            await self.actors[step.who].do("vote", self._stage.proposals[step.proposal], *step.choice)
        except VerbError as error:
            if not step.refused or step.refused not in error.said:
                raise
            self._stage.tell(f"    “{error.said}”")
            return
        if step.refused:
            self._stage.failures.append(
                f"{self.actors[step.who].name} could vote, though the story says otherwise."
            )


@asynccontextmanager
async def playing(story: Story, folder: Path, tell: Callable[[str], None]) -> AsyncIterator[Player]:
    """Hold a player whose processes all end with the block, however it ends."""
    player = Player(story, folder, tell)
    try:
        yield player
    finally:
        await asyncio.shield(player.close())
