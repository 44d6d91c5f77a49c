"""Planning periods as large as terms allow, in earnest or by people who mean harm.

Harm is an economy that is all but singular: each product takes all others, and all but nothing of what is made is left.
Floating point can't settle its labour values, so they are solved for in fractions.
"""

import random
from collections.abc import Sequence

from p2pcouncil.domain.effects import OpenPlan
from p2pcouncil.domain.feed_entry import FeedEntry
from p2pcouncil.domain.planning.said import (
    MAX_TECHNIQUES,
    Made,
    Named,
    ProposePlan,
    PublishTechnique,
    UnitPlan,
    Wanted,
)
from p2pcouncil.domain.planning.technique import Technique
from p2pcouncil.domain.planning.terms import PlanGood, PlanUnit
from tests.support.economies import UNIT, WORK, economy
from tests.support.planned_village import VOTE_MS, opening
from tests.support.tellers import Tellers
from tests.support.world import World

NAMES = ("Ada", "Ben", "Cem")
INPUTS = 100
"""Of a technique; a product that takes more is made by several."""


class LargePlan:
    """Ada speaks for all workshops, and each of three for a third of the towns.

    Attributes:
        world, tellers, plan: who wrote what, who tells, and the vote that began the period.
    """

    def __init__(self, kind: str, products: int, towns: int, wanted: int, seed: int = 1) -> None:
        """Publish techniques, and decide to plan.

        Args:
            kind: of economy; see `economies.KINDS`.
            products: how many, besides the one kind of work.
            towns: consumers' councils.
            wanted: how many products each of them asks for.
            seed: any.
        """
        self.world = world = World(NAMES)
        self._made = [entry for way in economy(kind, products, seed) for entry in self._publish(way)]
        goods = sorted({technique.product for _, technique in self._made})
        workshops = -(-len(self._made) // MAX_TECHNIQUES)
        units = [PlanUnit(f"shop {at}", "workers", world.id("Ada")) for at in range(workshops)]
        units += [PlanUnit(f"town {at}", "consumers", world.id(NAMES[at % 3])) for at in range(towns)]
        terms = OpenPlan(
            (*(PlanGood(name, UNIT, "product") for name in goods), PlanGood(WORK, "h", "labour")),
            tuple(units),
            60,
            6,
            500,
        )
        self.plan = opening(world, terms)
        self._workshops, self._towns, self._wanted = workshops, towns, min(wanted, products)
        self._rng = random.Random(seed)
        self.tellers = Tellers(world, NAMES)
        self.tellers.tell()
        for name in NAMES[:2]:
            world.ballot(name, self.plan)
        self.tellers.tell(VOTE_MS)

    def speak(self, number: int) -> list[FeedEntry]:
        """Everybody proposes in a round; nobody has read it yet."""
        return [self._propose(at, number) for at in range(len(NAMES))]

    def _publish(self, way: Technique) -> list[tuple[FeedEntry, PublishTechnique]]:
        """How a product is made: by as many techniques as it takes, which add up to that of the economy."""
        inputs = [Named(item.name, item.unit, item.quantity) for item in way.inputs]
        parts = [tuple(inputs[at : at + INPUTS]) for at in range(0, len(inputs), INPUTS)] or [()]
        share = way.output // len(parts)
        found = []
        for at, part in enumerate(parts):
            output = way.output - share * (len(parts) - 1) if at == 0 else share
            labour = tuple(Named(WORK, "h", work.hours) for work in way.hours) if at == 0 else ()
            body = PublishTechnique(self.world.now_ms(), f"way {at}", way.product, UNIT, output, part, labour)
            found.append((self.world.write("Ada", body), body))
        return found

    def _propose(self, speaker: int, number: int) -> FeedEntry:
        parts = [self._shop(at) for at in range(self._workshops)] if speaker == 0 else []
        parts += [self._town(at) for at in range(self._towns) if at % 3 == speaker]
        body = ProposePlan(self.world.now_ms(), self.plan.hash, number, 1, tuple(parts))
        return self.world.write(NAMES[speaker], body)

    def _shop(self, at: int) -> UnitPlan:
        mine: Sequence[tuple[FeedEntry, PublishTechnique]]
        mine = self._made[at * MAX_TECHNIQUES : (at + 1) * MAX_TECHNIQUES]
        return UnitPlan(at, made=tuple(Made(entry.hash, body.output) for entry, body in mine))

    def _town(self, at: int) -> UnitPlan:
        wanted = (Wanted(good, self._rng.randrange(1, 10**9)) for good in range(self._wanted))
        return UnitPlan(self._workshops + at, wanted=tuple(wanted))
