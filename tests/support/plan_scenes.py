"""A planning period of three people from the decision to the plan of record, and what can be wrong with its bundle.

Each scene is the same honest story, told as far as it takes, with one thing done otherwise: by whoever made the file,
by a member, or by all tellers together.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from crdt.ids import ChangeHash
from p2pcouncil.domain.effects import AdoptPlan
from p2pcouncil.domain.feed_entry import FeedEntry
from p2pcouncil.domain.register.closing import Sheet
from p2pcouncil.domain.register.pages import Result
from p2pcouncil.domain.register.plan_rounds import result_digest, round_id
from tests.support.planned_village import (
    BAKERY,
    EAST,
    MILL,
    WEST,
    baking,
    makes,
    micro,
    milling,
    opening,
    propose,
    terms,
    wants,
)
from tests.support.voted_world import HOUR_MS, Carried, Named, VotedWorld, carried

PEOPLE = ("Ada", "Ben", "Cem")
SEALED = {"Ada": 2, "Ben": 1, "Cem": 1}
"""What tellers seal of round 1: Ada said it twice."""
ChangeResult = Callable[[Result], Result]


def as_it_is(result: Result) -> Result:
    """An honest page says what follows."""
    return result


@dataclass(frozen=True)
class Round:
    """A planning round, by its name."""

    hash: ChangeHash


class PlanStory:
    """The story, told step by step.

    Attributes:
        world: who wrote what.
        plan: the vote that began the period.
        bake, mill: techniques.
        made: proposals, by name, round and number.
    """

    def __init__(self) -> None:
        """Decide to plan: Ada bakes, Ben mills, and Cem and Ada have households."""
        self.world = world = VotedWorld(PEOPLE)
        self.bake, self.mill = baking(world), milling(world)
        self.plan = opening(world, terms(world, rounds=4))
        self.made: dict[tuple[str, int, int], FeedEntry] = {}
        self._decide(self.plan)

    def round(self, number: int) -> Round:
        return Round(ChangeHash(round_id(self.plan.hash, number)))

    def propose_first(self) -> None:
        """In round 1 ten loaves too many are baked; Ada says so twice, and Cem wants too little."""
        world, plan = self.world, self.plan
        for number, loaves in ((1, 90), (2, 100)):
            made = makes(BAKERY, self.bake, loaves)
            self.made["Ada", 1, number] = propose(
                world, "Ada", plan, 1, made, wants(WEST, 50, 5.6), again=number
            )
        self.made["Ben", 1, 1] = propose(world, "Ben", plan, 1, makes(MILL, self.mill, 60))
        self.made["Cem", 1, 1] = propose(world, "Cem", plan, 1, wants(EAST, 40))

    def hold_second(self, change: ChangeResult = as_it_is) -> None:
        """In round 2 Cem wants ten loaves more, and that is the plan."""
        self.world.write_page(self.world.page())
        self.made["Cem", 2, 1] = propose(self.world, "Cem", self.plan, 2, wants(EAST, 50))
        self.world.clock_ms += HOUR_MS
        self.close(self.round(2), {"Cem": 1}, change)

    def adopt(self, effect: AdoptPlan | None = None) -> FeedEntry:
        """A vote makes what round 2 came to the plan of record; or something else, to no effect."""
        world = self.world
        if effect is None:
            _, result = world.chain.decided[self.round(2).hash]
            effect = AdoptPlan(self.plan.hash, 2, result_digest(result))
        proposal = world.propose("Ada", "Spring as planned", effect=effect)
        adopted = world.open("Ada", proposal, [world.second("Ben", proposal)])
        self._decide(adopted)
        return adopted

    def close(
        self,
        issue: Named,
        numbers: Mapping[str, int],
        change: ChangeResult = as_it_is,
        *,
        sheet: Sheet | None = None,
        blind: bool = False,
    ) -> None:
        """Seal and close a vote or a round.

        Args:
            issue: which.
            numbers: what tellers seal.
            change: what all tellers agree to write instead of what follows.
            sheet: which ballots they agree to count instead of those.
            blind: whether the page may not stand.
        """
        world = self.world
        for name in PEOPLE:
            world.seal(name, issue, numbers)
        closed, sheets = world.closed(issue, sheet)
        closed = msgspec.structs.replace(closed, result=change(closed.result))
        page = world.page(closed=(closed,))
        world.write_page(page, sheets, carried=world.carried_seals(issue), blind=blind)

    def _decide(self, issue: FeedEntry) -> None:
        world = self.world
        body = world.fold().facts.held[issue.hash].body
        proposal = next(entry for entry in world.entries if entry.hash == getattr(body, "proposal", None))
        world.write_page(world.page(entered=(world.entered(issue, proposal),)))
        world.clock_ms += 1_000
        world.write_page(world.page())
        for name in ("Ada", "Ben"):
            world.ballot(name, issue)
        world.clock_ms += HOUR_MS
        self.close(issue, {"Ada": 1, "Ben": 1})


def first_round(change: ChangeResult = as_it_is, *, blind: bool = False, late: bool = False) -> PlanStory:
    """The story up to the end of round 1.

    Args:
        change: what all tellers agree to write instead of what follows.
        blind: whether that page may not stand.
        late: whether Ben proposes once more after the end, and nobody seals that.
    """
    story = PlanStory()
    story.world.write_page(story.world.page())
    story.propose_first()
    story.world.clock_ms += HOUR_MS
    if late:
        story.made["Ben", 1, 2] = propose(
            story.world, "Ben", story.plan, 1, makes(MILL, story.mill, 500), again=2
        )
    story.close(story.round(1), SEALED, change, blind=blind)
    return story


def whole_period() -> PlanStory:
    """The story to its end."""
    story = first_round()
    story.hold_second()
    story.adopt()
    return story


def with_figures(good: int, **changes: int) -> ChangeResult:
    """A page says something else of a good."""

    def change(result: Result) -> Result:
        goods = list(result.goods)
        goods[good] = msgspec.structs.replace(goods[good], **changes)
        return msgspec.structs.replace(result, goods=tuple(goods))

    return change


def _removed() -> Carried:
    story = first_round()
    made = carried(story.world)
    made.remove(story.made["Cem", 1, 1])
    return made


def _forged() -> Carried:
    """Somebody lets Cem want 41 loaves, and can't sign it."""
    story = first_round()
    made = carried(story.world)
    made.alter(story.made["Cem", 1, 1], micro(40).to_bytes(4, "big"), micro(41).to_bytes(4, "big"))
    return made


PLAN_SCENES: dict[str, Callable[[], Carried]] = {
    "planned": lambda: carried(whole_period().world),
    "planned-late-proposal": lambda: carried(first_round(late=True).world),
    "planned-removed-proposal": _removed,
    "planned-forged-proposal": _forged,
    "planned-wrong-supply": lambda: carried(first_round(with_figures(0, supply=micro(100) + 1)).world),
    "planned-wrong-value": lambda: carried(first_round(with_figures(0, value_micro=56_001)).world),
    "planned-wrong-price": lambda: carried(
        first_round(with_figures(0, price_milli=700_001), blind=True).world
    ),
}
"""By what is wrong: what a bundle of it carries. Of the first nothing is."""
