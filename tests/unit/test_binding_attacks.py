"""None of the 48 attacks on the Automerge binding panics, aborts, or leaves a text that is the worse for it."""

import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.support.binding_attacks import CASES

ROOT = Path(__file__).parents[2]
TIMEOUT_S = 100
pytestmark = [pytest.mark.xdist_group("binding attacks"), pytest.mark.timeout(110)]


@cache
def played() -> tuple[dict[str, str], int, str]:
    """All of them in one process of their own, which an abort would end: the trouble by name, and how it ended."""
    child = subprocess.run(
        [sys.executable, "-m", "tests.support.binding_attacks"],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        cwd=ROOT,
    )
    return dict(map(json.loads, child.stdout.splitlines())), child.returncode, child.stderr[-2_000:]


def test_there_are_48_and_the_process_outlives_them() -> None:
    troubles, code, said = played()
    assert len(CASES) == 48
    assert (code, said) == (0, "")
    assert list(troubles) == list(CASES)


@pytest.mark.parametrize("name", CASES)
def test_an_attack_harms_nothing(name: str) -> None:
    troubles, _, said = played()
    assert name in troubles, f"the process ended before or in it: {said}"
    assert not troubles[name], troubles[name]
