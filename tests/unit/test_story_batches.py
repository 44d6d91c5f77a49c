"""A batch that a story runs verbs by: who takes the next verb, and what becomes of one that does not end."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from pathlib import Path

import pytest

from crdt.errors import LocalError
from p2pcouncil.scenario.batches import Batches
from p2pcouncil.scenario.processes import Actor

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(60)]

PROGRAM = """
import json, os, shlex, sys, time
for number, line in enumerate(iter(sys.stdin.readline, ""), start=1):
    verb, *rest = shlex.split(line)
    if verb == "sleep":
        time.sleep(float(rest[0]))
    if verb == "die":
        sys.exit(1)
    print(json.dumps({"pid": os.getpid(), "rest": rest}), flush=True)
    print(json.dumps({"line": number, "exit_code": 3 if verb == "fail" else 0}), flush=True)
"""


class Spawner:
    """Starts the program above; keeps what it started."""

    def __init__(self) -> None:
        self.started: list[Process] = []

    async def __call__(self) -> Process:
        self.started.append(
            await asyncio.create_subprocess_exec(sys.executable, "-c", PROGRAM, stdin=PIPE, stdout=PIPE)
        )
        return self.started[-1]


async def test_one_process_runs_one_verb_after_another() -> None:
    spawner = Spawner()
    batches = Batches(spawner)
    (first,), code = await batches.run(("say", "it's", "two words"), 10)
    assert b'["it\'s", "two words"]' in first
    assert code == 0
    _, code = await batches.run(("fail",), 10)
    assert code == 3
    assert len(spawner.started) == 1
    await batches.close()
    assert spawner.started[0].returncode == 0


async def test_verbs_at_the_same_time_do_not_wait_for_each_other() -> None:
    spawner = Spawner()
    batches = Batches(spawner)
    ended: list[str] = []

    async def run(*words: str) -> None:
        await batches.run(words, 30)
        ended.append(words[0])

    await asyncio.gather(run("sleep", "2"), run("say"))
    assert ended == ["say", "sleep"]
    assert len(spawner.started) == 2
    await batches.close()


async def test_a_verb_that_does_not_end_takes_its_process_with_it() -> None:
    spawner = Spawner()
    batches = Batches(spawner)
    with pytest.raises(TimeoutError):
        await batches.run(("sleep", "60"), 0.2)
    assert spawner.started[0].returncode not in (None, 0)
    with pytest.raises(EOFError):
        await batches.run(("die",), 10)
    _, code = await batches.run(("say", "on we go"), 10)
    assert code == 0
    assert len(spawner.started) == 3
    await batches.close()
    assert all(process.returncode is not None for process in spawner.started)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (TimeoutError(), "did not end within 75 s"),
        (EOFError(), "gave no answer that can be read"),
        (BrokenPipeError(), "gave no answer that can be read"),
        (ValueError("Separator is not found, and chunk exceed the limit"), "gave no answer that can be read"),
    ],
)
async def test_a_verb_without_an_answer_is_not_called_slow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, told: str
) -> None:
    async def run(self: Batches, words: Sequence[str], seconds: float) -> None:
        raise error

    monkeypatch.setattr(Batches, "run", run)
    with pytest.raises(LocalError, match=f"Ada's `p2pcouncil status` {told}") as caught:
        await Actor("Ada", tmp_path).do("status")
    assert "story.log" in caught.value.hint
