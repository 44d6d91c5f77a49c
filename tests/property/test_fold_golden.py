"""The same entries come to the same hash in other processes, whatever the order of their dictionaries and sets."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import golden
from tests.support.golden import from_json

ROOT = Path(__file__).parents[2]
VECTORS = ROOT / "tests" / "vectors" / "golden_fold.json"


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_golden_vectors_hold_in_another_process(hash_seed: str) -> None:
    expected = [vector["state_hash"] for vector in json.loads(VECTORS.read_text())]
    command = [sys.executable, "-m", "tests.support.golden", "replay", str(VECTORS), hash_seed]
    environment = os.environ | {"PYTHONHASHSEED": hash_seed}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == expected


@pytest.mark.parametrize("seed", range(5))
def test_golden_vectors_hold_in_any_order(seed: int) -> None:
    expected = [vector["state_hash"] for vector in json.loads(VECTORS.read_text())]
    assert golden.replay(VECTORS, seed) == expected


def test_golden_vectors_hold_something() -> None:
    vectors = json.loads(VECTORS.read_text())
    assert len({vector["state_hash"] for vector in vectors}) == len(vectors)
    assert sum(len(from_json(vector)[1]) for vector in vectors) > 300
