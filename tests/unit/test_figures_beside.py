"""Working figures out in another process changes nothing but who computes, and when they are there."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from fractions import Fraction
from typing import Any

import pytest

from crdt.ids import ChangeHash
from p2pcouncil.domain.effects import OpenPlan
from p2pcouncil.domain.planning.hour_tree import hour_tree
from p2pcouncil.domain.planning.plan_values import DIGITS
from p2pcouncil.domain.planning.round_figures import RoundFigures, RoundTask, table_of, work_out
from p2pcouncil.domain.planning.said import Named, PublishTechnique
from p2pcouncil.domain.planning.standing import UnitStanding
from p2pcouncil.domain.planning.terms import MAX_AMOUNT, MICRO, PlanGood, PlanUnit
from p2pcouncil.peer.events import Event, FiguresCame
from p2pcouncil.runtime import figures_process
from p2pcouncil.runtime.figures_beside import FiguresBeside
from p2pcouncil.runtime.figures_parcel import decode_question, encode_question
from p2pcouncil.runtime.figures_process import EndedError, FiguresProcess
from tests.support.economies import UNIT, WORK, economy

SPEAKER = bytes(32)


def task_of(kind: str, size: int) -> RoundTask:
    """A round in which one workshop makes everything of an economy, and a town wants and offers far too much."""
    made: dict[ChangeHash, int] = {}
    techniques: dict[ChangeHash, PublishTechnique] = {}
    for at, way in enumerate(economy(kind, size, 1)):
        name = ChangeHash(at.to_bytes(32, "big"))
        inputs = tuple(Named(item.name, item.unit, item.quantity) for item in way.inputs)
        labour = tuple(Named(WORK, "h", work.hours) for work in way.hours)
        smoke = (Named("smoke", "kg", MICRO),)
        techniques[name] = PublishTechnique(0, "way", way.product, UNIT, way.output, inputs, labour, smoke)
        made[name] = way.output
    units = (
        PlanUnit("shop", "workers", SPEAKER),
        PlanUnit("town", "consumers", SPEAKER),
        PlanUnit("street", "consumers", SPEAKER, 2),
    )
    terms = OpenPlan(goods_of(techniques), units, 60)
    whole = dict.fromkeys(range(size), 400 * MAX_AMOUNT)
    return RoundTask(
        terms,
        (UnitStanding(made), UnitStanding({}, whole, {size: 5}), UnitStanding({}, whole)),
        techniques,
    )


def goods_of(techniques: dict[ChangeHash, PublishTechnique]) -> tuple[PlanGood, ...]:
    made = tuple(PlanGood(technique.product, UNIT, "product") for technique in techniques.values())
    return (*made, PlanGood(WORK, "h", "labour"))


@pytest.fixture
def process() -> Iterator[FiguresProcess]:
    made = FiguresProcess()
    yield made
    made.end()


@pytest.mark.parametrize("kind", ["sparse", "near", "hidden ties", "recipes"])
def test_the_other_process_comes_to_the_same_figures(process: FiguresProcess, kind: str) -> None:
    task = task_of(kind, 12)
    assert process.figures(task) == work_out(task)
    assert process._failures == 0
    assert process._process is not None


def test_a_question_says_all_that_figures_follow_from() -> None:
    task = task_of("sparse", 8)
    again, product, threshold = decode_question(encode_question(task, "bread", Fraction(1, 3)))
    assert (product, threshold) == ("bread", Fraction(1, 3))
    assert again.terms == task.terms
    assert again.techniques == task.techniques
    assert work_out(again) == work_out(task)


def test_the_other_process_grows_the_same_tree_of_hours(process: FiguresProcess) -> None:
    task = task_of("sparse", 8)
    table = table_of(task)
    assert table is not None
    expected = hour_tree(table, 3, DIGITS, threshold=Fraction(1, 50))
    assert process.hours(task, table.products[3], Fraction(1, 50)) == expected
    assert process.hours(task, "moonshine", Fraction(0)) is None


def test_a_process_that_was_killed_is_started_again(process: FiguresProcess) -> None:
    task = task_of("sparse", 8)
    for _ in range(figures_process.FAILURES_MAX + 1):
        assert process.figures(task) == work_out(task)
        assert process._process is not None
        os.kill(process._process.pid, signal.SIGKILL)


def test_a_process_that_hangs_is_given_up(process: FiguresProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    task = task_of("sparse", 8)
    assert process.figures(task) == work_out(task)
    assert process._process is not None
    stopped = process._process
    os.kill(stopped.pid, signal.SIGSTOP)
    monkeypatch.setattr(figures_process, "ANSWER_SECONDS", 0.1)
    monkeypatch.setattr(figures_process, "FAILURES_MAX", 1)
    assert process.figures(task) == work_out(task)
    assert stopped.poll() is not None


@pytest.mark.parametrize("answer", [b"", b"\xc0", b"figures", b"\x93\x01\x02\x03"])
def test_an_answer_that_is_none_is_not_believed(
    process: FiguresProcess, answer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "_exchange", lambda question: answer)
    task = task_of("sparse", 8)
    assert process.figures(task) == work_out(task)
    assert process._failures == figures_process.FAILURES_MAX


def test_ending_leaves_no_process_and_nobody_waiting(process: FiguresProcess) -> None:
    process.figures(task_of("sparse", 8))
    child = process._process
    assert child is not None
    os.kill(child.pid, signal.SIGSTOP)
    raised = threading.Event()

    def ask() -> None:
        try:
            process.figures(task_of("sparse", 8))
        except EndedError:
            raised.set()

    asking = threading.Thread(target=ask)
    asking.start()
    while not process._asking.locked():
        time.sleep(0.001)
    process.end()
    asking.join()
    assert raised.is_set()
    assert child.poll() is not None
    assert process._process is None
    with pytest.raises(EndedError):
        process.figures(task_of("sparse", 8))


class Loop:
    """What `FiguresBeside` needs of an engine; notes what it is told."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.tasks: list[asyncio.Task[None]] = []

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self.tasks.append(asyncio.ensure_future(work))

    async def handle(self, event: Event) -> None:
        self.events.append(event)

    async def rest(self) -> None:
        await asyncio.gather(*self.tasks)


def key_of(number: int) -> tuple[OpenPlan, tuple[tuple[ChangeHash, ...], ...]]:
    return (task_of("sparse", 8).terms, ((ChangeHash(number.to_bytes(32, "big")),),))


def give(task: RoundTask) -> Callable[[], RoundTask]:
    return lambda: task


def never() -> RoundTask:
    raise AssertionError("what is known is not put together again")


@pytest.mark.asyncio
async def test_figures_are_not_there_at_once_and_then_they_are() -> None:
    loop, task = Loop(), task_of("sparse", 8)
    beside = FiguresBeside(loop)  # type: ignore[arg-type]
    beside.begin()
    assert beside.figures(b"a", key_of(1), give(task)) is None
    assert beside.figures(b"a", key_of(1), never) is None
    await loop.rest()
    assert loop.events == [FiguresCame()]
    assert beside.figures(b"a", key_of(1), never) == work_out(task)
    beside.end()


@pytest.mark.asyncio
async def test_of_what_one_asks_only_the_last_is_worked_out_and_others_have_their_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop = Loop()
    beside = FiguresBeside(loop)  # type: ignore[arg-type]
    worked: list[int] = []

    def count(task: RoundTask) -> RoundFigures:
        worked.append(task.terms.round_seconds)
        return work_out(task_of("sparse", 8))

    monkeypatch.setattr(beside._process, "figures", count)
    beside.begin()

    def ask(asker: bytes, number: int) -> None:
        terms = OpenPlan((), (), number)
        assert beside.figures(asker, key_of(number), give(RoundTask(terms, (), {}))) is None

    ask(b"a", 1)
    await asyncio.sleep(0)
    for number in (2, 3, 4):
        ask(b"a", number)
    ask(b"b", 5)
    ask(b"a", 6)
    await loop.rest()
    assert worked == [1, 6, 5]
    beside.end()


@pytest.mark.asyncio
async def test_what_nobody_waits_for_any_more_is_not_asked_and_takes_no_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    beside = FiguresBeside(Loop())  # type: ignore[arg-type]
    began, go_on = threading.Event(), threading.Event()
    asked: list[str] = []

    def wait(task: RoundTask, product: str, threshold: Fraction) -> None:
        asked.append(product)
        began.set()
        go_on.wait(30)

    monkeypatch.setattr(beside._process, "hours", wait)
    task = task_of("sparse", 8)

    def ask(product: str) -> asyncio.Task[object]:
        return asyncio.ensure_future(beside.hours(task, product, Fraction(0)))

    waiting = ask("first")
    await asyncio.to_thread(began.wait, 30)
    for _ in range(40):
        waiting.cancel()
        waiting = ask("again")
        await asyncio.sleep(0.001)
    waiting.cancel()
    last = ask("last")
    await asyncio.sleep(0)
    assert await asyncio.wait_for(asyncio.to_thread(lambda: True), 10), "there is a thread for others"
    go_on.set()
    await last
    assert asked == ["first", "last"]
    beside.end()


def test_a_session_that_looks_once_works_out_on_the_spot() -> None:
    task = task_of("sparse", 8)
    beside = FiguresBeside(Loop())  # type: ignore[arg-type]
    assert beside.figures(b"a", key_of(1), give(task)) == work_out(task)
    assert beside._process._process is None


def test_a_running_peer_and_its_screens_load_no_linear_algebra() -> None:
    modules = "p2pcouncil.runtime.session, p2pcouncil.peer.showing.plans, tui.app, tui.screens.hours"
    code = f"import sys, {modules}\nassert not {{'numpy', 'flint'}} & set(sys.modules), 'loaded'"
    subprocess.run([sys.executable, "-c", code], check=True)
