"""Inputs that the fuzzer found keep their promises; see docs/testing.md. `make fuzz` looks for more."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.target import CORPUS
from tests.fuzz.targets import TARGETS

MAX_CORPUS_BYTES = 1_000_000
MAX_INPUTS = 150


def inputs_of(name: str) -> list[Path]:
    return sorted((CORPUS / name).iterdir())


@pytest.mark.parametrize("name", TARGETS)
def test_every_input_of_the_corpus_keeps_its_targets_promises(name: str) -> None:
    inputs = inputs_of(name)
    assert inputs, "a target without a corpus is not looked at"
    for path in inputs:
        try:
            TARGETS[name].run(path.read_bytes())
        except Exception as error:
            raise AssertionError(f"{path.relative_to(CORPUS)} breaks a promise") from error


@pytest.mark.parametrize("name", TARGETS)
def test_inputs_near_those_of_the_corpus_keep_them_too(name: str) -> None:
    target, inputs = TARGETS[name], [path.read_bytes() for path in inputs_of(name)]

    @settings(max_examples=12, deadline=None)
    @given(st.sampled_from(inputs), st.sampled_from(inputs), st.integers(0, 64), st.binary(max_size=8))
    def cross(one: bytes, other: bytes, at: int, between: bytes) -> None:
        target.run((one[:at] + between + other[at:])[: target.max_bytes])

    cross()


def test_the_corpus_is_small_and_all_of_it_is_replayed() -> None:
    assert {folder.name for folder in CORPUS.iterdir()} == set(TARGETS)
    assert sum(path.stat().st_size for path in CORPUS.rglob("*") if path.is_file()) < MAX_CORPUS_BYTES
    assert all(len(inputs_of(name)) <= MAX_INPUTS for name in TARGETS)
