"""Whole societies from seeds, with every fault on; `make sim` plays thousands, and this a few hundred."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.sim.__main__ import main
from tests.sim.hunting import hunt
from tests.sim.mutants import MUTANTS, play
from tests.sim.run import run

ROOT = Path(__file__).resolve().parents[2]
FIRST_SEED = 100_001
SEEDS_PER_TEST = 13
TESTS = 16
QUICK_MUTANTS = ("any signature", "no chain", "late entries left out", "acknowledged before it is on disk")


@pytest.mark.parametrize("batch", range(TESTS))
def test_nothing_is_lost_and_nobody_is_fooled(batch: int) -> None:
    counts = Counter[str]()
    first = FIRST_SEED + batch * SEEDS_PER_TEST
    for seed in range(first, first + SEEDS_PER_TEST):
        result = run(seed)
        assert not result.violations, "\n".join(
            (result.story, *result.violations, f"make sim SEED={seed} RUNS=1")
        )
        counts += result.counts
    assert counts["acknowledged entries"] > 10 * SEEDS_PER_TEST, "they hardly spoke"
    assert counts["crashes"] > SEEDS_PER_TEST
    assert counts["hostile peers"] > 0
    assert counts["ballots that count"] > 0


@pytest.mark.parametrize("name", QUICK_MUTANTS)
def test_a_broken_rule_is_noticed(name: str) -> None:
    (mutant,) = (mutant for mutant in MUTANTS if mutant.name == name)
    assert hunt(mutant, play) is not None


def test_a_seed_is_the_same_run_in_another_process_with_another_hash_seed() -> None:
    tell = "from tests.sim.run import run; print(run(100_007).story)"
    stories = set()
    for hash_seed in ("1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": hash_seed}
        done = subprocess.run(
            [sys.executable, "-c", tell],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=100,
        )
        assert done.returncode == 0, done.stderr
        stories.add(done.stdout)
    assert len(stories) == 1


def test_a_violation_is_told_with_its_story_and_how_to_see_it_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    (mutant,) = (mutant for mutant in MUTANTS if mutant.name == "any signature")
    found = hunt(mutant, play)
    assert found is not None
    seed = found[0]
    with mutant.apply():
        code = main(["--seed", str(seed), "--runs", "1", "--jobs", "1"])
    told = capsys.readouterr().out
    assert code == 1
    assert "Ada founds the council" in told
    assert "VIOLATION" in told
    assert f"make sim SEED={seed} RUNS=1" in told
    assert told.strip().endswith("sim: 1 runs, 1 violations")
