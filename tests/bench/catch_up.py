"""A fresh peer catches up 10,000 entries of 300 bytes over libp2p: verified, folded and on disk."""

import asyncio
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from crdt.store.append import append_feed
from p2pcouncil.runtime.clock import now_ms
from p2pcouncil.runtime.home import Home
from p2pcouncil.runtime.session import PeerSession, open_session
from tests.bench.peers import LOOPBACK, comment_bytes, found, people, raw_verify_seconds, until

COUNT = 10_000


async def fill(session: PeerSession, council: bytes, count: int) -> None:
    """Append entries in groups of a thousand, in as many generations as they need."""
    me = session.peer.world.me
    assert me is not None
    for at in range(0, count, 1_000):
        generation = await session.engine.generation(council)  # type: ignore[arg-type]
        entries = [comment_bytes(number) for number in range(at, at + 1_000)]
        await session.engine.store.run(
            append_feed, session.engine.signer, council, me.certificate, generation, entries, now_ms()
        )
    await session.engine.refresh()


async def run() -> dict[str, object]:
    """Serve from a process of its own, so that both sides have a core."""
    with TemporaryDirectory() as folder:
        home = Home(Path(folder) / "server")
        async with open_session(home) as server:
            await server.create_identity("Server", "")
            council = await found(server)
            await fill(server, council, COUNT)
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.serve", str(home.path)], stdout=subprocess.PIPE, text=True
        )
        try:
            assert child.stdout is not None
            address = child.stdout.readline().strip()
            async with people(1, LOOPBACK) as (fresh,):
                raw = raw_verify_seconds(COUNT)
                genesis = await server_genesis(home, council)
                begun = time.perf_counter()
                await fresh.engine.dial_all([address])
                await fresh.engine.carry_out([genesis])
                place = fresh.peer.world.places[council]
                await until(lambda: place.index.total == COUNT)
                took = time.perf_counter() - begun
                raw_again = raw_verify_seconds(COUNT)
        finally:
            child.terminate()
            child.wait(10)
    per_second = (COUNT) / took
    baseline = COUNT / min(raw, raw_again)
    return {
        "catch-up, entries/s": round(per_second),
        "raw PyNaCl verify, /s": round(baseline),
        "catch-up ÷ raw verify (target ≥ 0.5)": round(per_second / baseline, 2),
    }


async def server_genesis(home: Home, council: bytes) -> object:
    """The founding, as if it had been asked for already."""
    from p2pcouncil.peer.events import Keep

    async with open_session(home) as reader:
        return Keep("council", council, reader.peer.world.places[council].genesis_bytes)  # type: ignore[index]


def measure() -> dict[str, object]:
    """Run."""
    return asyncio.run(run())
