"""Copies of a state, with which fuzzers begin, are as good as the state itself."""

from tests.support.copies import Copies
from tests.support.planned_village import BAKERY, WEST, begun, makes, propose, wants


def test_what_becomes_of_a_copy_touches_neither_the_original_nor_other_copies() -> None:
    world, _, plan, bake, _ = begun()
    held = len(world.entries)
    propose(world, "Ada", plan, 1, makes(BAKERY, bake, 100), wants(WEST, 50))
    tell = next(entry for entry in world.entries if b"tell.1" in (entry.data or b""))
    state = world.fold(world.entries[:held])
    before, copies = state.state_hash(), Copies(state)

    grown = copies.make()
    grown.apply(world.entries)
    assert grown.state_hash() == world.fold().state_hash()
    shrunk = copies.make()
    shrunk.void(tell.lane, tell.seq)
    kept = [entry for entry in world.entries[:held] if entry.lane != tell.lane or entry.seq < tell.seq]
    assert shrunk.state_hash() == world.fold(kept).state_hash()
    assert copies.make().state_hash() == state.state_hash() == before

    state.apply(world.entries)
    assert copies.make().state_hash() == before, "a copy is of what the state was"
