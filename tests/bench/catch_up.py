"""A fresh peer catches up 10,000 entries of 300 bytes over libp2p: verified, folded and on disk."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

from crdt.store.append import append_feed
from p2pcouncil.runtime.clock import now_ms
from p2pcouncil.runtime.home import Home
from p2pcouncil.runtime.session import PeerSession, open_session
from tests.bench.fresh_peer import catch_up
from tests.bench.peers import comment_bytes, found

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
            genesis = server.peer.world.places[council].genesis_bytes
        done = await catch_up(home.path, council, genesis, COUNT)
    return {
        "catch-up, entries/s": round(done.per_second),
        "raw PyNaCl verify, /s": round(done.raw_per_second),
        **done.stalls(),
        "catch-up ÷ raw verify (target ≥ 0.5)": round(done.ratio, 2),
    }


def measure() -> dict[str, object]:
    """Run."""
    return asyncio.run(run())
