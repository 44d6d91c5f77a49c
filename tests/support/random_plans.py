"""Random planning periods for tests of the fold: people who plan in earnest, and some who try everything."""

import random

from p2pcouncil.domain.planning.said import (
    Limit,
    Made,
    Named,
    ProposePlan,
    PublishTechnique,
    ReportResult,
    UnitPlan,
    Wanted,
)
from p2pcouncil.domain.planning.terms import MAX_AMOUNT, MICRO
from tests.support.planned_village import ROUND_MS, baking, milling, opening, terms
from tests.support.tellers import Tellers
from tests.support.world import World, digest_of

NAMES = ("Ada", "Ben", "Cem", "Dan")
"""Three founders, who speak for the units, and somebody who was let in later."""
AMOUNTS = (0, 1, MICRO // 3, 50 * MICRO, 100 * MICRO, 100 * MICRO, MAX_AMOUNT)


class RandomPlans:
    """Grows a planning period by random acts."""

    def __init__(self, seed: int, acts: int) -> None:
        self.rng = random.Random(seed)
        self.world = World(NAMES[:3])
        self.techniques = [baking(self.world), milling(self.world)]
        self.plan = opening(self.world, terms(self.world, rounds=self.rng.randrange(1, 6)))
        self._tellers = Tellers(self.world)
        self._tellers.tell()
        for name in NAMES[:3]:
            self.world.ballot(name, self.plan)
        self._tellers.tell(70_000)
        for _ in range(acts):
            self.rng.choice(self._ACTS)(self)

    def _name(self) -> str:
        return self.rng.choice(NAMES[:3] * 3 + NAMES)

    def _amount(self) -> int:
        return self.rng.choice(AMOUNTS)

    def _technique(self) -> None:
        some = (
            Named("flour", "kg", self._amount()),
            Named("field", self.rng.choice(("ha", "m2")), self._amount()),
        )
        technique = PublishTechnique(
            self.world.now_ms(),
            self.rng.choice(("oven", "stove")),
            self.rng.choice(("bread", "flour", "cake")),
            self.rng.choice(("loaf", "kg")),
            max(1, self._amount()),
            some[: self.rng.randrange(3)],
            (Named("baking", "h", self._amount()),)[: self.rng.randrange(2)],
        )
        self.techniques.append(self.world.write(self._name(), technique))

    def _propose(self) -> None:
        entry = ProposePlan(
            self.world.now_ms(),
            self.plan.hash if self.rng.random() < 0.95 else digest_of("elsewhere"),
            self.rng.randrange(1, 5),
            self.rng.randrange(1, 4),
            tuple(self._part(unit) for unit in self._units()),
        )
        self.world.write(self._name(), entry)

    def _units(self) -> list[int]:
        units = [unit for unit in range(6) if self.rng.random() < 0.3]
        return units or [self.rng.randrange(5)]

    def _part(self, unit: int) -> UnitPlan:
        made = tuple(
            Made(self.rng.choice(self.techniques).hash, self._amount()) for _ in range(self.rng.randrange(3))
        )
        goods = sorted(good for good in range(5) if self.rng.random() < 0.3)
        wanted = tuple(Wanted(good, self._amount()) for good in goods)
        is_of_workers = unit < 2 if self.rng.random() < 0.9 else unit >= 2
        if is_of_workers:
            return UnitPlan(unit, made=made)
        return UnitPlan(
            unit, (), wanted, wanted[:1], (Limit("smoke", "kg", self._amount()),)[: self.rng.randrange(2)]
        )

    def _speak(self) -> None:
        """Whoever speaks for a unit says something sensible in the round that runs."""
        state = self._tellers.state
        period = state.register.chain.plans.get(self.plan.hash)
        if period is None or period.best:
            return
        unit = self.rng.randrange(5)
        speaker = next(name for name in NAMES if self.world.id(name) == period.terms.units[unit].speaker)
        technique = self.techniques[unit % 2]
        part = (
            UnitPlan(unit, made=(Made(technique.hash, self._amount()),))
            if unit < 2
            else UnitPlan(unit, wanted=(Wanted(0, self._amount()), Wanted(2, self._amount())))
        )
        entry = ProposePlan(
            self.world.now_ms(), self.plan.hash, len(period.rounds), self.rng.randrange(1, 9), (part,)
        )
        self.world.write(speaker, entry)

    def _report(self) -> None:
        entry = ReportResult(
            self.world.now_ms(), self.plan.hash, self.rng.randrange(6), self.rng.randrange(5), self._amount()
        )
        self.world.write(self._name(), entry)

    def _tell(self) -> None:
        self._tellers.tell(self.rng.choice((0, 1_000, ROUND_MS)))

    def _garbage(self) -> None:
        data = bytearray(self.rng.choice(self.world.entries).data or b"")
        data[self.rng.randrange(len(data))] ^= 1 << self.rng.randrange(8)
        self.world.lane(self._name()).write_bytes(bytes(data))

    def _vouch(self) -> None:
        self.world.vouch(self._name(), "Dan")

    _ACTS = (
        *[_technique] * 2,
        *[_propose] * 8,
        *[_speak] * 8,
        _report,
        *[_tell] * 4,
        _garbage,
        _vouch,
    )
