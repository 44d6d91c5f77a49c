"""The state is a function of the set of entries: the same world folded in other orders, in pieces."""

import random

from p2pcouncil.domain.state import fold
from tests.support.world import World, interleave

ORDERS = 4


def same_in_any_order(world: World) -> None:
    """Fold a world's entries at once, and in several other orders and pieces; all come to one hash."""
    expected = world.fold().state_hash()
    for seed in range(ORDERS):
        rng = random.Random(seed)
        state = fold(world.genesis, [])
        arriving = interleave(rng, world.entries)
        while arriving:
            size = rng.choice((1, 2, 7, 30))
            state.apply(arriving[:size])
            arriving = arriving[size:]
        assert state.state_hash() == expected
