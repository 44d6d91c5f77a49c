"""A small planning period for tests: bakers, millers and households of one council, and what they say in its rounds."""

from p2pcouncil.domain.effects import OpenPlan
from p2pcouncil.domain.entries import Propose
from p2pcouncil.domain.feed_entry import FeedEntry
from p2pcouncil.domain.planning.said import Made, Named, ProposePlan, PublishTechnique, UnitPlan, Wanted
from p2pcouncil.domain.planning.terms import MICRO, PlanGood, PlanUnit
from tests.support.tellers import Tellers
from tests.support.world import MAJORITY, World, digest_of

BREAD, FLOUR, WORK, FIELD = range(4)
BAKERY, MILL, ALL_HOUSES, EAST, WEST = range(5)
VOTE_MS = 70_000
ROUND_SECONDS = 60
ROUND_MS = ROUND_SECONDS * 1_000 + 5_000


def terms(world: World, *, rounds: int = 6) -> OpenPlan:
    """Ada bakes, Ben mills, Cem and Ada have households, and Ben speaks for both households together."""
    ada, ben, cem = (world.id(name) for name in ("Ada", "Ben", "Cem"))
    return OpenPlan(
        (
            PlanGood("bread", "loaf", "product"),
            PlanGood("flour", "kg", "product"),
            PlanGood("baking", "h", "labour"),
            PlanGood("field", "ha", "resource", 10 * MICRO),
        ),
        (
            PlanUnit("bakery", "workers", ada),
            PlanUnit("mill", "workers", ben),
            PlanUnit("houses", "consumers", ben),
            PlanUnit("east", "consumers", cem, 3),
            PlanUnit("west", "consumers", ada, 3),
        ),
        ROUND_SECONDS,
        rounds,
        500,
    )


def micro(units: float) -> int:
    """An amount in millionths; tests write halves and quarters only."""
    return int(units * MICRO)


def baking(world: World, name: str = "Ada") -> FeedEntry:
    """How a hundred loaves are baked: 60 kg of flour and 5 hours."""
    technique = PublishTechnique(
        world.now_ms(),
        "oven",
        "bread",
        "loaf",
        micro(100),
        (Named("flour", "kg", micro(60)),),
        (Named("baking", "h", micro(5)),),
        (Named("smoke", "kg", micro(2)),),
    )
    return world.write(name, technique)


def milling(world: World, name: str = "Ben") -> FeedEntry:
    """How 1,000 kg of flour are milled: half a hectare and 10 hours."""
    technique = PublishTechnique(
        world.now_ms(),
        "stones",
        "flour",
        "kg",
        micro(1000),
        (Named("field", "ha", micro(0.5)),),
        (Named("baking", "h", micro(10)),),
    )
    return world.write(name, technique)


def opening(world: World, effect: OpenPlan) -> FeedEntry:
    """A proposal to plan that Ben seconded, and its opening."""
    nonce = digest_of(f"{len(world.entries)}")[:16]
    proposal = world.write(
        "Ada", Propose(world.now_ms(), nonce, "Spring", "We plan spring.", (), "", MAJORITY, (), effect)
    )
    return world.open("Ada", proposal, [world.second("Ben", proposal)])


def propose(
    world: World, name: str, plan: FeedEntry, number: int, *parts: UnitPlan, again: int = 1
) -> FeedEntry:
    """What somebody proposes in a round for units that they speak for, by ascending place."""
    return world.write(name, ProposePlan(world.now_ms(), plan.hash, number, again, parts))


def makes(unit: int, technique: FeedEntry, amount: float) -> UnitPlan:
    """A workers' proposal: so much by one technique."""
    return UnitPlan(unit, made=(Made(technique.hash, micro(amount)),))


def wants(unit: int, bread: float, hours: float = 0.0) -> UnitPlan:
    """A household's proposal: so much bread, for so many hours of work."""
    offered = (Wanted(WORK, micro(hours)),) if hours else ()
    return UnitPlan(unit, wanted=(Wanted(BREAD, micro(bread)),), offered=offered)


def begun(rounds: int = 6) -> tuple[World, Tellers, FeedEntry, FeedEntry, FeedEntry]:
    """A council that decided to plan: its world, tellers, the vote, and how to bake and mill."""
    world = World()
    bake, mill = baking(world), milling(world)
    plan = opening(world, terms(world, rounds=rounds))
    tellers = Tellers(world)
    tellers.tell()
    for name in ("Ada", "Ben"):
        world.ballot(name, plan)
    tellers.tell(VOTE_MS)
    return world, tellers, plan, bake, mill
