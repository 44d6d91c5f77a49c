"""A story with fewer peers than it has people: those who are left do and say what all of them would.

Nobody can join, be vouched for or vote twice, so such steps go away. Who is to be offline can't be anybody else, so a
story that turns peers off needs all of its people.
"""

from collections.abc import Iterable, Mapping

import msgspec

from crdt.errors import LocalError
from p2pcouncil.scenario.plan_steps import BeginPlan, Rounds
from p2pcouncil.scenario.speakers import named_speakers
from p2pcouncil.scenario.steps import (
    AnyStep,
    Expect,
    Found,
    Join,
    Kill,
    Open,
    Propose,
    Review,
    Second,
    SimpleStep,
    Start,
    Stop,
    Tell,
    Together,
    Vote,
)
from p2pcouncil.scenario.story import Story


def with_fewer(story: Story, peers: int) -> Story:
    """The same story played by its first people.

    Args:
        story: as it was read.
        peers: how many play it, from 1 to all.

    Raises:
        LocalError: there are not so many people, or it can't be played without all of them.
    """
    if not 1 <= peers <= len(story.people):
        raise LocalError(f"{peers} can't play this story.", f"It has 1 to {len(story.people)} people.")
    if peers == len(story.people):
        return msgspec.structs.replace(story, peers=peers)
    stands_in = {person.key: story.people[at % peers].key for at, person in enumerate(story.people)}
    cast = _Cast(stands_in)
    steps = tuple(step for played in story.steps for step in cast.steps(played))
    others = ", ".join(person.name for person in story.people[peers:])
    intro = f"{story.intro.strip()}\nWho has no peer this time is spoken for by the others: {others}."
    return msgspec.structs.replace(story, intro=intro, people=story.people[:peers], steps=steps, peers=peers)


class _Cast:
    """Gives each step to whoever stands in, and drops what they did already."""

    def __init__(self, stands_in: Mapping[str, str]) -> None:
        self._stands_in = stands_in
        self._done: set[tuple[str, ...]] = set()
        self._proposers: dict[str, str] = {}

    def steps(self, step: AnyStep) -> tuple[AnyStep, ...]:
        """What is played instead of a step."""
        parts: list[SimpleStep] = []
        for part in step.steps if isinstance(step, Together) else (step,):
            played = self._one(part)
            if played is not None and played not in parts:
                parts.append(played)
        actors = [getattr(part, "who", None) for part in parts]
        # One person does one thing after the other.
        if isinstance(step, Together) and len(parts) > 1 and len(set(actors)) == len(actors):
            return (msgspec.structs.replace(step, steps=tuple(parts)),)
        return tuple(parts)

    def _one(self, step: SimpleStep) -> SimpleStep | None:
        match step:
            case Start() | Stop() | Kill() | Review():
                raise LocalError(
                    "Peers go on and off in this story, so it needs all of its people.", "Leave --peers out."
                )
            case Tell():
                return step
            case Expect(who=who):
                return msgspec.structs.replace(step, who=self._all(who))
            case Rounds(accept=accept):
                return msgspec.structs.replace(step, accept=self._all(accept))
            case Join(sponsor=sponsor, vouchers=vouchers):
                sponsor = self._stands_in[sponsor] if sponsor else ""
                step = msgspec.structs.replace(step, sponsor=sponsor, vouchers=self._all(vouchers))
            case BeginPlan(text=text):
                step = msgspec.structs.replace(step, text=named_speakers(text, self._stands_in))
        key = getattr(step, "who", None)
        if not isinstance(key, str):
            return step
        step = msgspec.structs.replace(step, who=self._stands_in[key])
        return step if self._is_new(step) else None

    def _is_new(self, step: SimpleStep) -> bool:
        match step:
            case Found(who=who, council=council):
                self._done.add(("joined", who, council))
            case Join(who=who, council=council):
                return self._once("joined", who, council)
            case Propose(who=who, proposal=proposal):
                self._proposers[proposal] = who
            case Second(who=who, proposal=proposal):
                return self._proposers.get(proposal) != who and self._once("seconded", who, proposal)
            case Open(proposal=proposal):
                return self._once("opened", proposal)
            case Vote(who=who, proposal=proposal):
                return self._once("voted", who, proposal)
        return True

    def _once(self, *what: str) -> bool:
        is_new = what not in self._done
        self._done.add(what)
        return is_new

    def _all(self, keys: Iterable[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self._stands_in[key] for key in keys))
