"""SIGKILL in the middle of a burst of appends, and of a catch-up: it reopens, nothing acknowledged is lost, all agree.

`KILLS=20 ACKNOWLEDGED=5000 ENTRIES=10000` in the environment does the whole thing, which takes minutes.
"""

import asyncio
import os
import random
import signal
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import pytest

from crdt.ids import ChangeHash, CouncilId
from crdt.store.append import append_feed, current_generation
from p2pcouncil.domain.entries import Comment, encode_entry
from p2pcouncil.runtime.clock import now_ms
from p2pcouncil.runtime.session import PeerSession
from tests.support.society import Society, converge, propose, society, state_of

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio]

KILLS = int(os.environ.get("KILLS", "3"))
BURST = 5_000
ACKNOWLEDGED = int(os.environ.get("ACKNOWLEDGED", "250"))
"""At most so many appends of a burst are awaited before the process is killed."""
ENTRIES = int(os.environ.get("ENTRIES", "4000"))
LINE_SECONDS = 60
GROUP = 500


async def start(*arguments: str) -> Process:
    command = (sys.executable, "-m", "tests.support.victim", *arguments)
    return await asyncio.create_subprocess_exec(*command, stdout=PIPE)


async def numbers_until(process: Process, wanted: int) -> int:
    """Read what the process says until it reaches a number; returns the last one said."""
    assert process.stdout is not None
    number = -1
    while number < wanted:
        line = await asyncio.wait_for(process.stdout.readline(), LINE_SECONDS)
        assert line, f"the process ended by itself at {number}"
        number = int(line)
    return number


async def kill(process: Process) -> int:
    """End a process that we started, at once; returns the last number that it had said by then, 0 for none."""
    process.send_signal(signal.SIGKILL)
    assert process.stdout is not None
    said = (await asyncio.wait_for(process.stdout.read(), LINE_SECONDS)).split(b"\n")[:-1]
    await process.wait()
    return int(said[-1]) if said else 0


async def test_killed_in_a_burst_of_appends(tmp_path: Path) -> None:
    rng = random.Random(1)
    async with society(tmp_path) as people:
        async with people.session("Ada", online=False) as ada:
            council = await people.found(ada)
            oven = await propose(ada, council, "Oven")
        held = 2
        for _ in range(KILLS):
            home = str(people.home("Ada").path)
            process = await start(home, "append", council.hex(), oven.hex(), str(BURST))
            reopened = await numbers_until(process, 0)
            assert reopened >= held, "an acknowledged entry was lost"
            held = await numbers_until(process, reopened + rng.randrange(1, ACKNOWLEDGED))
            held = max(held, await kill(process))
            print(f"opened with {reopened} entries, killed with {held}")
        await check_whole(people, council, oven, held, tmp_path / "ada.p2pc")


async def check_whole(people: Society, council: CouncilId, oven: ChangeHash, held: int, bundle: Path) -> None:
    """The home opens, holds what was acknowledged, verifies, and another peer comes to the same state from it."""
    async with people.session("Ada", online=False) as ada, people.session("Ben", online=False) as ben:
        place = ada.peer.world.places[council]
        assert place.index.total >= held
        assert len(place.state.comments(oven)) == place.index.total - 2
        assert not ada.peer.world.forks
        assert (await ada.verify()).report.holds
        await ada.export_bundle(bundle)
        await ben.import_bundle(bundle)
        assert state_of(ben, council) == state_of(ada, council)


async def fill(session: PeerSession, council: CouncilId, oven: ChangeHash, count: int) -> None:
    """Append comments in groups."""
    me = session.peer.world.me
    assert me is not None
    assert session.engine.signer is not None
    for at in range(0, count, GROUP):
        generation = await session.engine.store.run(current_generation, council, me.device, GROUP)
        entries = [encode_entry(Comment(n, oven, b"", f"{n} " + "x" * 200)) for n in range(at, at + GROUP)]
        await session.engine.store.run(
            append_feed, session.engine.signer, council, me.certificate, generation, entries, now_ms()
        )
    await session.engine.refresh()


async def test_killed_in_a_catch_up(tmp_path: Path) -> None:
    rng = random.Random(1)
    async with society(tmp_path, over_libp2p=True) as people:
        ada = await people.join_in("Ada")
        async with people.session("Ben") as ben:
            council = await people.found(ada, ben)
            oven = await propose(ada, council, "Oven")
            await converge(council, ada, ben)
        await fill(ada, council, oven, ENTRIES)
        place = ada.peer.world.places[council]
        total, held = place.index.total, 0
        (address,) = ada.status().network.my_addresses[:1]
        home = people.home("Ben").path
        for _ in range(KILLS):
            process = await start(str(home), "follow", council.hex(), address)
            reopened = await numbers_until(process, 0)
            assert reopened >= held, "an entry that was on disk was lost"
            held = reopened
            if reopened < total:
                held = await numbers_until(process, rng.randrange(reopened + 1, total))
            held = max(held, await kill(process))
            print(f"opened with {reopened} of {total} entries, killed with {held}")
            if held >= total:
                await fill(ada, council, oven, ENTRIES // 2)
                total = place.index.total
        async with people.session("Ben") as ben:
            assert ben.peer.world.places[council].index.total >= held
            await converge(council, ada, ben, timeout_ms=60_000)
            assert ben.peer.world.places[council].index.total == total
            assert (await ben.verify()).report.holds
