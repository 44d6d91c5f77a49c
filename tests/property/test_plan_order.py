"""Planning periods are a function of the set of entries, whatever hostile members propose."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from crdt.ids import ChangeHash
from p2pcouncil.domain.feed_entry import FeedEntry
from p2pcouncil.domain.state import CouncilState
from tests.support.figuring import Later
from tests.support.random_plans import RandomPlans
from tests.support.world import World, interleave

SEEDS = st.integers(0, 1 << 32)
ACTS = st.integers(1, 60)


def everything(state: CouncilState) -> tuple[object, ...]:
    """All that can be read of plans."""
    plans = state.register.chain.plans
    return (
        state.state_hash(),
        [state.plan(ChangeHash(plan)) for plan in plans],
        state.techniques(),
        state.rejected,
        state.waiting(),
    )


def in_batches(world: World, rng: random.Random, held: list[FeedEntry]) -> CouncilState:
    state = CouncilState(world.genesis)
    while held:
        size = rng.choice((1, 2, 10, 50))
        state.apply(held[:size])
        held = held[size:]
        if rng.random() < 0.2:  # reading on the way must not freeze anything
            everything(state)
    return state


@settings(max_examples=25, deadline=None)
@given(SEEDS, ACTS)
def test_plans_come_to_the_same_in_any_order(seed: int, acts: int) -> None:
    world = RandomPlans(seed, acts).world
    rng = random.Random(seed)
    expected = everything(world.fold())
    assert everything(in_batches(world, rng, interleave(rng, world.entries))) == expected


@settings(max_examples=25, deadline=None)
@given(SEEDS, ACTS)
def test_figures_that_come_late_change_nothing(seed: int, acts: int) -> None:
    world = RandomPlans(seed, acts).world
    rng, later = random.Random(seed), Later()
    state, held = CouncilState(world.genesis, later), list(world.entries)
    while held:
        size = rng.choice((1, 2, 10, 50))
        state.apply(held[:size])
        held = held[size:]
        if rng.random() < 0.3:
            everything(state)
        if rng.random() < 0.3:
            later.work()
    everything(state)
    later.work()
    assert everything(state) == everything(world.fold())


@settings(max_examples=25, deadline=None)
@given(SEEDS, ACTS)
def test_taking_back_what_was_planned_equals_never_having_had_it(seed: int, acts: int) -> None:
    world = RandomPlans(seed, acts).world
    rng = random.Random(seed)
    held = interleave(rng, world.entries)
    state = world.fold(held)
    for _ in range(3):
        forked = rng.choice(held)
        state.void(forked.lane, forked.seq)
        held = [entry for entry in held if entry.lane != forked.lane or entry.seq < forked.seq]
        if not held:
            break
        assert everything(state) == everything(world.fold(held))
