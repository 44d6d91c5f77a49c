"""One run from its seed: an ambush perhaps, chaos, healing, and what the checkers find.

A register in trouble: laptops crash, clocks differ, messages come in any order or not at all, some lie, and some of
those behave until they take all of it back.
"""

from collections.abc import Iterator
from random import Random

from p2pcouncil.domain.register.quorum import liars_tolerated
from tests.sim.register.ambush import ambush
from tests.sim.register.chaos import chaos, fork_and_start_anew, heal, spread
from tests.sim.register.checkers import CHECKERS
from tests.sim.register.teller import Opening
from tests.sim.register.world import World

ACTS = 4


def make(seed: int, size: int, lying: int | None = None) -> World:
    """A world for a seed.

    Args:
        seed: of everything that happens.
        size: members, all on duty.
        lying: how many of them lie; as many as the register promises to stand if None.
    """
    return World(seed, size, liars_tolerated(size) if lying is None else lying, Random(seed * 1_000 + size))


def violations(world: World) -> Iterator[str]:
    """What should never be, as names of the checkers; see `checkers`."""
    for name, checker in CHECKERS.items():
        if not checker(world):
            yield name


def play(seed: int, size: int, lying: int | None = None) -> tuple[World, tuple[str, ...]]:
    """Chaos, then healing, then the checkers."""
    world = make(seed, size, lying)
    if world.liars and world.random.random() < 0.5:
        ambush(world)
    world.send([Opening(world.opening)])
    for _ in range(ACTS):
        chaos(world)
        spread(world)
    heal(world)
    fork_and_start_anew(world)
    return world, tuple(violations(world))
