"""Hashing ahead in slices changes nothing but when the work is done."""

from p2pcouncil.domain.canonical import LeafTree
from tests.sim.simulation import Simulation, proposal_of

ROUNDS = 10_000


def test_a_hash_made_in_slices_is_the_hash_made_at_once() -> None:
    simulation = Simulation(1)
    council, (ada, ben) = simulation.society("Ada", "Ben")
    for number in range(5):
        proposal_of(ada, council, f"Oven {number}")
        simulation.converge(council)
        state = ben.place(council).state
        assert any(not state.settle_hash(1) for _ in range(ROUNDS)), "the work never ends"
    assert ada.place(council).state.state_hash() == ben.place(council).state.state_hash()


def test_leaves_that_change_between_slices_are_hashed_as_they_are_at_the_end() -> None:
    whole, sliced = LeafTree("t"), LeafTree("t")
    keys = [bytes([number % 256, number // 256 * 16]) + bytes(30) for number in range(600)]
    for tree in (whole, sliced):
        for number, key in enumerate(keys):
            tree.put(key, b"%d" % number)
            if tree is sliced and number % 50 == 0:
                tree.settle(7)
        for key in keys[::3]:
            tree.drop(key)
        for key in keys[1::3]:
            tree.put(key, b"new")
            if tree is sliced:
                tree.settle(1)
    assert sliced.root() == whole.root()
