"""Registers from seeds, in trouble: one page per number, nothing late counted, nothing timely lost."""

import pytest

from tests.sim.hunting import hunt
from tests.sim.register.__main__ import main
from tests.sim.register.days import night
from tests.sim.register.mutants import MUTANTS, shown
from tests.sim.register.play import play

QUICK_MUTANTS = ("no lock", "nothing is carried", "seals at once", "votes from memory", "any signature")


@pytest.mark.parametrize(("size", "seeds"), [(1, 3), (2, 4), (3, 4), (4, 12), (5, 6), (7, 3)])
def test_the_register_holds_while_no_more_lie_than_may(size: int, seeds: int) -> None:
    for seed in range(seeds):
        world, violated = play(seed, size)
        assert not violated, f"seed {seed} of {size} members"
        assert all(world.opening.issue in laptop.minutes.chain.closed for laptop in world.tellers.values())


def test_what_enough_tellers_receipted_counts_though_most_laptops_were_closed() -> None:
    for seed in range(10):
        assert not night(seed), f"seed {seed}"


def test_one_liar_too_many_is_noticed() -> None:
    assert any(play(seed, 4, 2)[1] for seed in range(3))


@pytest.mark.parametrize("name", QUICK_MUTANTS)
def test_a_broken_rule_is_noticed(name: str) -> None:
    (mutant,) = (mutant for mutant in MUTANTS if mutant.name == name)
    assert hunt(mutant, shown) is not None


def test_the_command_plays_seeds_and_says_what_came_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seed", "2", "--runs", "2", "--jobs", "1"]) == 0
    assert capsys.readouterr().out.strip().endswith("sim-register: 2 runs, 0 violations")
