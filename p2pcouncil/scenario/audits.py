"""Playing overseers and auditors: those who are drawn look at a vote, and anybody verifies it from a file."""

import asyncio
from pathlib import Path

from crdt.ids import ChangeHash
from p2pcouncil.identity.keystore import Keystore
from p2pcouncil.scenario.checking import ballots_of, findings_of
from p2pcouncil.scenario.processes import Actor
from p2pcouncil.scenario.spoiling import WAYS, spoil
from p2pcouncil.scenario.stage import Stage
from p2pcouncil.scenario.steps import Review, Verify


class Audits:
    """Plays the steps in which a vote is looked into."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    async def review(self, step: Review) -> None:
        """Of those who are named, whoever was drawn signs a verdict; at least one of them was."""
        drawn = 0
        for key in step.who:
            shown = await self._stage.actors[key].do("show", self._stage.proposals[step.proposal])
            overseers = shown["issue"]["life"]["overseers"]
            if any(overseer["is_me"] for overseer in overseers):
                drawn += 1
                await self._stage.actors[key].do(
                    "review", self._stage.proposals[step.proposal], "--note", step.note
                )
                self._stage.tell(f"    {self._stage.actors[key].name}: “{step.note}”")
        if not drawn:
            self._stage.failures.append("Nobody who was to review the vote was drawn for it.")

    async def verify(self, step: Verify) -> None:
        """Somebody exports a vote, and an auditor verifies it, and copies in which something was spoilt."""
        actor = self._stage.actors[step.who]
        bundle = actor.home.parent / f"{step.proposal}.p2pc"
        await actor.do("export", str(bundle))
        shown = await actor.do("show", self._stage.proposals[step.proposal])
        issue = ChangeHash(bytes.fromhex(shown["issue"]["id"]))
        auditor = Actor("An auditor", actor.home.parent / "nobody")
        auditor.home.mkdir(mode=0o700, exist_ok=True)
        if not await self._audit(auditor, step, bundle):
            self._stage.failures.append(f"The bundle of “{step.proposal}” does not verify.")
        keys = {}
        for other in self._stage.actors.values():
            identity = Keystore(other.home).load()
            keys[identity.member] = identity.device_key
        for how in step.spoilt:
            way, spoilt = WAYS[how], bundle.with_suffix(f".{how}.p2pc")
            await asyncio.to_thread(spoil, bundle, spoilt, how, issue, keys)
            self._stage.tell(f"    In a copy {way.told}:")
            if await self._audit(auditor, step, spoilt, way.code) != way.holds:
                self._stage.failures.append(f"A bundle in which {way.told} is taken for another.")

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
            self._stage.failures.append(f"In {bundle.name} nothing is named {code}.")
        told = named[0] if named else "Everything holds." if holds else "It does not hold."
        self._stage.tell(f"      {told}")
        return holds
