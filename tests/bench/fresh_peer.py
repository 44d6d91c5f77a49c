"""A fresh peer catches up what another process serves, three times over."""

import asyncio
import sys
import time
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import NamedTuple

from crdt.ids import CouncilId
from p2pcouncil.peer.events import Keep
from tests.bench.peers import (
    LOOPBACK,
    Stalls,
    people,
    raw_verify_seconds,
    stall_beside_a_busy_thread,
    until,
)

CATCH_UPS = 3


class CaughtUp(NamedTuple):
    """The median of several catch-ups, each beside a raw verification before and after it.

    Attributes:
        per_second: entries, from the first dial until all are on disk and folded.
        raw_per_second: signatures that PyNaCl alone verifies.
        ratio: the one to the other.
        stall_ms: the event loop's longest of all the catch-ups.
        stall_loop_ms: the longest that the loop's thread computed at a stretch.
        stall_process_ms: the longest that all threads computed while the loop kept somebody waiting.
        stall_idle_ms: a loop's longest that does nothing, beside a thread that computes, in the same minute.
    """

    per_second: float
    raw_per_second: float
    ratio: float
    stall_ms: float
    stall_loop_ms: float
    stall_process_ms: float
    stall_idle_ms: float

    def stalls(self) -> dict[str, object]:
        """The stalls as lines of the table."""
        return {
            "longest stall, in processor time of the whole process, ms (target ≤ 50)": round(
                self.stall_process_ms, 1
            ),
            "longest stall, in processor time of the loop, ms": round(self.stall_loop_ms, 1),
            "longest stall, by the clock, ms": round(self.stall_ms, 1),
            "the same of an idle loop beside a busy thread, ms": round(self.stall_idle_ms, 1),
        }


async def catch_up(server: Path, council: CouncilId, genesis: bytes, count: int) -> CaughtUp:
    """Let fresh peers, one after the other, catch up what a home holds that is served from another process."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.serve", str(server), stdout=PIPE
    )
    runs = []
    try:
        assert child.stdout is not None
        address = (await asyncio.wait_for(child.stdout.readline(), 30)).decode().strip()
        for _ in range(CATCH_UPS):
            async with people(1, LOOPBACK) as (fresh,):
                raw = raw_verify_seconds(count)
                stalls = Stalls()
                begun = time.perf_counter()
                fresh.engine.dial_all([address])
                await fresh.engine.carry_out([Keep("council", council, genesis)])
                place = fresh.peer.world.places[council]
                await until(lambda place=place: place.index.total == count, 30)  # type: ignore[misc]
                took = time.perf_counter() - begun
                stall_ms = await stalls.end()
                raw = (raw + raw_verify_seconds(count)) / 2
                runs.append(
                    CaughtUp(
                        count / took,
                        count / raw,
                        raw / took,
                        stall_ms,
                        stalls.longest_loop_seconds * 1_000,
                        stalls.longest_process_seconds * 1_000,
                        await stall_beside_a_busy_thread(),
                    )
                )
    finally:
        child.terminate()
        await asyncio.wait_for(child.wait(), 10)
    middle = sorted(runs, key=lambda run: run.ratio)[CATCH_UPS // 2]
    return middle._replace(
        stall_ms=max(run.stall_ms for run in runs),
        stall_loop_ms=max(run.stall_loop_ms for run in runs),
        stall_process_ms=max(run.stall_process_ms for run in runs),
        stall_idle_ms=max(run.stall_idle_ms for run in runs),
    )
