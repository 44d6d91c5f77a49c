"""A fresh peer catches up 100,000 entries: how much memory that takes."""

import asyncio
import resource
import sys
from asyncio.subprocess import PIPE
from pathlib import Path
from tempfile import TemporaryDirectory

from crdt.ids import CouncilId
from p2pcouncil.peer.events import Keep
from p2pcouncil.runtime.home import Home
from p2pcouncil.runtime.session import open_session
from tests.bench.catch_up import fill
from tests.bench.peers import LOOPBACK, Stalls, found, people, until

COUNT = 100_000


def peak_mb() -> float:
    """The most memory that this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def make(folder: Path) -> None:
    """Fill a home; run in a process of its own, whose memory doesn't count."""
    async with open_session(Home(folder)) as server:
        await server.create_identity("Server", "")
        council = await found(server)
        await fill(server, council, COUNT)
        print(council.hex(), server.peer.world.places[council].genesis_bytes.hex())


async def run() -> dict[str, object]:
    """Serve from a process of its own."""
    with TemporaryDirectory() as folder:
        home = Path(folder) / "server"
        maker = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.bench.catch_up_large", str(home), stdout=PIPE
        )
        made, _ = await maker.communicate()
        council, genesis = (bytes.fromhex(part) for part in made.decode().split())
        server = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.bench.serve", str(home), stdout=PIPE
        )
        try:
            assert server.stdout is not None
            address = (await asyncio.wait_for(server.stdout.readline(), 60)).decode().strip()
            async with people(1, LOOPBACK) as (fresh,):
                before_mb, stalls = peak_mb(), Stalls()
                fresh.engine.dial_all([address])
                await fresh.engine.carry_out([Keep("council", council, genesis)])
                index = fresh.peer.world.places[CouncilId(council)].index
                took = await until(lambda: index.total == COUNT, 600)
                await stalls.end()
        finally:
            server.terminate()
            await asyncio.wait_for(server.wait(), 10)
    return {
        "entries": COUNT,
        "seconds": round(took, 1),
        "memory before, MB": round(before_mb),
        "memory that the catch-up added at its peak, bytes an entry": round(
            (peak_mb() - before_mb) * (1 << 20) / COUNT
        ),
        "longest stall, in processor time of the whole process, ms (target ≤ 50)": round(
            stalls.longest_process_seconds * 1_000, 1
        ),
        "longest stall, in processor time of the loop, ms": round(stalls.longest_loop_seconds * 1_000, 1),
    }


def measure() -> dict[str, object]:
    """Run."""
    return asyncio.run(run())


if __name__ == "__main__":
    asyncio.run(make(Path(sys.argv[1])))
