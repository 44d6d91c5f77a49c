"""Playing a story: each step by the verbs that a person would type, on a home of their own."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from crdt.errors import LocalError
from crdt.ids import ChangeHash
from p2pcouncil.identity.keystore import Keystore
from p2pcouncil.scenario.checking import ballots_of, findings_of, tally_of, unmet
from p2pcouncil.scenario.narrate import Narrator
from p2pcouncil.scenario.plan_checks import agreed_of
from p2pcouncil.scenario.plan_play import PlanPlayer
from p2pcouncil.scenario.plan_steps import AdoptPlan, BeginPlan, PlanStep
from p2pcouncil.scenario.processes import Actor, VerbError
from p2pcouncil.scenario.report import Holding, PeerReport, differences, holdings_of
from p2pcouncil.scenario.report import Report as StoryReport
from p2pcouncil.scenario.spoiling import WAYS, spoil
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

SETTLE_SECONDS = 60.0
LOOK_AGAIN_SECONDS = 0.5


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
        self._tell = tell
        self._narrator = Narrator(story)
        self.actors = {person.key: Actor(person.name, folder / person.key) for person in story.people}
        self._councils: dict[str, str] = {}
        self._members: dict[str, list[str]] = {}
        self._proposals: dict[str, str] = {}
        self._proposed_in: dict[str, str] = {}
        self._failures: list[str] = []
        self._plans = PlanPlayer(self.actors, self._councils, self._members_of, tell, self._failures)

    async def play(self) -> StoryReport:
        """Play every step, wait until all peers hold the same, and compare.

        Returns:
            The report; peers that don't agree are in it and no error.

        Raises:
            LocalError: a step could not be done, or took too long; the message names the step.
        """
        started = time.monotonic()
        self._tell(f"{self._story.title}\n")
        self._tell(self._story.intro.strip() + "\n")
        await self._get_ready()
        for number, step in enumerate(self._story.steps, start=1):
            for sentence in filter(None, (step.say, self._narrator.tell(step))):
                self._tell(sentence)
            try:
                await self._do(step)
            except LocalError as error:
                raise LocalError(f"Step {number} could not be played: {error}", error.hint) from error
        self._tell("Waiting until all peers hold the same …")
        stopped = [actor for actor in self.actors.values() if not actor.is_running]
        await asyncio.gather(*(actor.start() for actor in stopped))
        peers = await self._reports(await self._settle())
        society = next(iter(self._councils.values()))
        return StoryReport(society, peers, time.monotonic() - started, tuple(self._failures))

    async def close(self) -> None:
        """End every process that was started."""
        await asyncio.gather(*(actor.close() for actor in self.actors.values()))

    async def _get_ready(self) -> None:
        """Everybody makes an identity; whoever is not late starts their peer."""
        for person in self._story.people:
            late = " Arrives later." if person.late else ""
            self._tell(
                f"  {person.name}, {person.about}.{late}" if person.about else f"  {person.name}.{late}"
            )
        self._tell("")

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
                await self.actors[who].do("edit", self._proposals[proposal], *change)
            case Comment(who=who, proposal=proposal, text=text):
                await self.actors[who].do("comment", self._proposals[proposal], text)
            case Second(who=who, proposal=proposal):
                await self.actors[who].do("second", self._proposals[proposal])
            case Open(who=who, proposal=proposal, window=window):
                more = ("--window", window) if window else ()
                await self.actors[who].do("open", self._proposals[proposal], *more)
            case Vote():
                await self._vote(step)
            case Report(who=who, proposal=proposal, text=text, done=done):
                ended = ("--done",) if done else ()
                await self.actors[who].do("report", self._proposals[proposal], text, *ended)
            case Review():
                await self._review(step)
            case Verify():
                await self._verify(step)
            case Settle():
                await self._settle()
            case Expect():
                await self._expect(step)
            case _:
                await self._plan(step)

    async def _plan(self, step: PlanStep) -> None:
        """Something happens in a planning period; its votes are proposals like others."""
        made = await self._plans.do(step)
        if isinstance(step, BeginPlan | AdoptPlan):
            self._proposals[step.proposal] = made
            self._proposed_in[step.proposal] = (
                step.council if isinstance(step, BeginPlan) else self._proposed_in[step.plan]
            )

    def _members_of(self, proposal: str) -> Sequence[str]:
        return self._members[self._proposed_in[proposal]]

    async def _found(self, step: Found) -> None:
        needed = ("--seconds", str(step.seconds), "--vouches", str(step.vouches))
        terms = ("--purpose", step.purpose, *needed, "--window", step.window, "--probation", step.probation)
        if step.under:
            above = self._councils[step.under]
            place = ("--kind", step.kind, "--level", step.level, "--under", above)
            answer = await self.actors[step.who].do("council new", step.name, *place, *terms)
        else:
            answer = await self.actors[step.who].do("found", step.name, *terms)
        self._councils[step.council] = answer["id"]
        self._members[step.council] = [step.who]

    async def _join(self, step: Join) -> None:
        actor, council = self.actors[step.who], self._councils[step.council]
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
        self._members[step.council].append(step.who)

    async def _propose(self, step: Propose) -> None:
        more = [part for option in step.options for part in ("--option", option)]
        more += [part for tag in step.tags for part in ("--tag", tag)]
        more += ["--threshold", step.threshold] if step.threshold else []
        more += ["--winners", str(step.winners)] if step.winners else []
        more += ["--scope", step.scope] if step.scope else []
        more += ["--does", step.does] if step.does else []
        terms = ("--in", self._councils[step.council], "--method", step.method, "--quorum", step.quorum)
        words = ("--summary", step.summary, "--text", step.text)
        answer = await self.actors[step.who].do("propose", step.title, *words, *terms, *more)
        self._proposals[step.proposal] = answer["id"]
        self._proposed_in[step.proposal] = step.council

    async def _vote(self, step: Vote) -> None:
        try:
            await self.actors[step.who].do("vote", self._proposals[step.proposal], *step.choice)
        except VerbError as error:
            if not step.refused or step.refused not in error.said:
                raise
            self._tell(f"    “{error.said}”")
            return
        if step.refused:
            self._failures.append(
                f"{self.actors[step.who].name} could vote, though the story says otherwise."
            )

    async def _review(self, step: Review) -> None:
        """Of those who are named, whoever was drawn signs a verdict; at least one of them was."""
        drawn = 0
        for key in step.who:
            shown = await self.actors[key].do("show", self._proposals[step.proposal])
            overseers = shown["issue"]["life"]["overseers"]
            if any(overseer["is_me"] for overseer in overseers):
                drawn += 1
                await self.actors[key].do("review", self._proposals[step.proposal], "--note", step.note)
                self._tell(f"    {self.actors[key].name}: “{step.note}”")
        if not drawn:
            self._failures.append("Nobody who was to review the vote was drawn for it.")

    async def _verify(self, step: Verify) -> None:
        actor = self.actors[step.who]
        bundle = actor.home.parent / f"{step.proposal}.p2pc"
        await actor.do("export", str(bundle))
        shown = await actor.do("show", self._proposals[step.proposal])
        issue = ChangeHash(bytes.fromhex(shown["issue"]["id"]))
        auditor = Actor("An auditor", actor.home.parent / "nobody")
        auditor.home.mkdir(mode=0o700, exist_ok=True)
        if not await self._audit(auditor, step, bundle):
            self._failures.append(f"The bundle of “{step.proposal}” does not verify.")
        keys = {}
        for other in self.actors.values():
            identity = Keystore(other.home).load()
            keys[identity.member] = identity.device_key
        for how in step.spoilt:
            way, spoilt = WAYS[how], bundle.with_suffix(f".{how}.p2pc")
            await asyncio.to_thread(spoil, bundle, spoilt, how, issue, keys)
            self._tell(f"    In a copy {way.told}:")
            if await self._audit(auditor, step, spoilt, way.code) != way.holds:
                self._failures.append(f"A bundle in which {way.told} is taken for another.")

    async def _audit(self, auditor: Actor, step: Verify, bundle: Path, code: str = "") -> bool:
        """Whether a bundle verifies; tells what was found, and that it was named if it had to be.

        Args:
            auditor: runs the process, on a home that is empty and stays so.
            step: which vote.
            bundle: the file.
            code: the kind of finding, or the fate of a ballot, that has to be in the report; empty for none.
        """
        answer, holds = await auditor.audit(bundle)
        named = [f["sentence"] for f in findings_of(answer) if f["code"] == code]
        named += [b["sentence"] for b in ballots_of(answer) if b["fate"] == code]
        if code and not named:
            self._failures.append(f"In {bundle.name} nothing is named {code}.")
        told = named[0] if named else "Everything holds." if holds else "It does not hold."
        self._tell(f"      {told}")
        return holds

    async def _settle(self) -> dict[str, dict[str, Holding]]:
        """Wait until running peers hold the same of the councils that they share.

        Returns:
            What each of them holds then, by person and council id.

        Raises:
            LocalError: they don't in time; it says who holds what.
        """
        deadline = time.monotonic() + SETTLE_SECONDS
        running = [key for key, actor in self.actors.items() if actor.is_running]
        while True:
            holdings = await self._holdings(running)
            complete = all(
                self._councils[council] in holdings[key]
                for council, members in self._members.items()
                for key in members
                if key in holdings
            )
            peers = [PeerReport(self.actors[key].name, 0, held, {}) for key, held in holdings.items()]
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
        answers = await asyncio.gather(*(self.actors[key].do("status") for key in keys))
        return {key: holdings_of(answer) for key, answer in zip(keys, answers, strict=True)}

    async def _reports(self, holdings: dict[str, dict[str, Holding]]) -> tuple[PeerReport, ...]:
        async def report(key: str, held: dict[str, Holding]) -> PeerReport:
            actor = self.actors[key]
            shown = {proposal["id"]: proposal for proposal in (await actor.do("show"))["proposals"]}
            told = [shown[proposal] for proposal in self._proposals.values() if proposal in shown]
            tallies = {proposal["issue"]["id"]: tally_of(proposal) for proposal in told if proposal["issue"]}
            plans = [
                await self._plans.shown(plan, key)
                for plan in self._plans.begun
                if key in self._members_of(plan)
            ]
            return PeerReport(
                actor.name, actor.pid, held, tallies, {plan["id"]: agreed_of(plan) for plan in plans}
            )

        return tuple(await asyncio.gather(*(report(key, held) for key, held in holdings.items())))

    async def _expect(self, step: Expect) -> None:
        members = step.who or tuple(self._members[self._proposed_in[step.proposal]])
        keys = [key for key in members if self.actors[key].is_running]
        await asyncio.gather(*(self._expect_of(key, step) for key in keys))

    async def _expect_of(self, key: str, step: Expect) -> None:
        """Look at one peer until everything is as expected, or it has had time enough to catch up."""
        actor, deadline = self.actors[key], time.monotonic() + step.within
        while True:
            answer = await actor.do("show", self._proposals[step.proposal])
            failures = unmet(step, answer)
            if not failures:
                return
            if time.monotonic() > deadline:
                break
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
        for failure in failures:
            self._failures.append(f"With {actor.name}, “{answer['title']}”: {failure}")
            self._tell(f"    {self._failures[-1]}")


@asynccontextmanager
async def playing(story: Story, folder: Path, tell: Callable[[str], None]) -> AsyncIterator[Player]:
    """Hold a player whose processes all end with the block, however it ends."""
    player = Player(story, folder, tell)
    try:
        yield player
    finally:
        await asyncio.shield(player.close())
