"""Serve a home on loopback until ended; prints its address first."""

import asyncio
import sys
from pathlib import Path

from p2pcouncil.runtime.home import Home
from p2pcouncil.runtime.session import open_session
from tests.bench.peers import LOOPBACK, until


async def main(path: Path) -> None:
    """Run."""
    async with open_session(Home(path), LOOPBACK) as session:
        await until(lambda: bool(session.peer.world.addresses), 30)
        print(session.peer.world.addresses[0], flush=True)
        await asyncio.sleep(600)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
