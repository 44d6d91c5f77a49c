"""From append here to applied there, between two connected processes, beside raw gossip of the same bytes."""

import asyncio
import os
import sys
import time
from asyncio.subprocess import PIPE, Process
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from crdt.ids import CouncilId
from crdt.store.schema import open_store
from crdt.store.shelf import shelf_put
from net.libp2p.transport import Libp2pTransport
from p2pcouncil.domain.entries import Comment
from p2pcouncil.peer.events import Append
from p2pcouncil.peer.shelf import COUNCIL
from p2pcouncil.runtime.engine import now_ms
from p2pcouncil.runtime.home import Home
from p2pcouncil.runtime.session import PeerSession, open_session
from tests.bench.listen import RAW_TOPIC
from tests.bench.peers import LOOPBACK, found, median_and_p95, until

SAMPLES = 150
WARM_UP = 20
PAUSE_SECONDS = 0.02
LOST_SECONDS = 2.0


class Listener:
    """Knows when the far end had what."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._came: dict[tuple[str, str], int] = {}
        self.said: dict[str, str] = {}

    async def read(self) -> None:
        """Take in its lines until it ends."""
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            what, name, at_ns = line.decode().split()
            self._came.setdefault((what, name), int(at_ns))
            self.said[what] = name

    def came(self, what: str, name: bytes) -> int | None:
        """When it came, by the clock that all processes of this machine share; None when it did not."""
        return self._came.get((what, name.hex()))

    async def latency_ms(
        self, what: str, name: bytes, since_ns: int, lost_seconds: float = LOST_SECONDS
    ) -> float | None:
        """How long it took; None when it did not come in time."""
        key = (what, name.hex())
        try:
            await until(lambda: key in self._came, lost_seconds)
        except TimeoutError:
            return None
        return (self._came[key] - since_ns) / 1e6


class Sender:
    """Appends entries, and repeats what the peer gossiped for them over a bare transport."""

    def __init__(self, session: PeerSession, raw: Libp2pTransport, council: CouncilId) -> None:
        self._session = session
        self._raw = raw
        self._council = council
        self._gossiped = b""
        publish = Libp2pTransport.publish

        async def noted(transport: Libp2pTransport, topic: str, data: bytes) -> None:
            if topic != RAW_TOPIC:
                self._gossiped = data
            await publish(transport, topic, data)

        Libp2pTransport.publish = noted  # type: ignore[method-assign]

    async def append(self, number: int) -> tuple[bytes, int]:
        """Append an entry; its hash, and when that began."""
        said = Comment(now_ms(), bytes(32), b"", f"{number:08d} " + "x" * 240)
        begun = time.monotonic_ns()
        written = await self._session.engine.append([Append(self._council, (said,))])
        return written[0][0].hash, begun

    async def repeat(self) -> tuple[bytes, int]:
        """Publish the same bytes raw; their SHA-256, and when that began."""
        begun = time.monotonic_ns()
        await self._raw.publish(RAW_TOPIC, self._gossiped)
        return sha256(self._gossiped).digest(), begun


async def samples(sender: Sender, listener: Listener) -> tuple[list[float], list[float], int]:
    """Latencies of entries and of raw gossip in turn, so that both meet the same noise; and how many were lost."""
    applied: list[float] = []
    raw: list[float] = []
    lost = 0
    for number in range(WARM_UP + SAMPLES):
        for what, act, kept in (
            ("applied", lambda n=number: sender.append(n), applied),
            ("raw", sender.repeat, raw),
        ):
            name, begun = await act()
            latency = await listener.latency_ms(what, name, begun)
            if number >= WARM_UP and latency is None:
                lost += 1
            elif number >= WARM_UP and latency is not None:
                kept.append(latency)
            await asyncio.sleep(PAUSE_SECONDS)
    return applied, raw, lost


async def other_home(path: Path, council: CouncilId, genesis: bytes) -> Home:
    """A home that holds the council's founding and nothing else of it."""
    home = Home(path)
    async with open_session(home) as session:
        await session.create_identity("Listener", "")
    conn = open_store(home.store_path)
    shelf_put(conn, COUNCIL, council, genesis)
    conn.close()
    return home


async def run() -> dict[str, object]:
    """Run."""
    with TemporaryDirectory() as folder:
        raw = Libp2pTransport(os.urandom(32), listen_host="127.0.0.1")
        await raw.start()
        await raw.join_topic(RAW_TOPIC)
        async with open_session(Home(Path(folder) / "here"), LOOPBACK) as session:
            await session.create_identity("Sender", "")
            council = await found(session)
            genesis = session.peer.world.places[council].genesis_bytes
            home = await other_home(Path(folder) / "there", council, genesis)
            await until(lambda: bool(session.peer.world.addresses), 20)
            addresses = session.peer.world.addresses[0], raw.addresses()[0]
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.bench.listen", str(home.path), *addresses, stdout=PIPE
            )
            listener = Listener(process)
            reading = asyncio.ensure_future(listener.read())
            try:
                await until(lambda: bool(session.peer.world.connected and raw.connected()), 20)
                await asyncio.sleep(1.5)  # A heartbeat, so that both meshes have formed.
                applied, plain, lost = await samples(Sender(session, raw, council), listener)
            finally:
                process.terminate()
                await asyncio.wait_for(process.wait(), 10)
                await reading
        await raw.stop()
    median, p95 = median_and_p95(applied)
    raw_median, raw_p95 = median_and_p95(plain)
    return {
        "append to applied, median ms": round(median, 2),
        "append to applied, p95 ms": round(p95, 2),
        "raw gossip of the same bytes, median ms": round(raw_median, 2),
        "raw gossip of the same bytes, p95 ms": round(raw_p95, 2),
        "append to applied ÷ raw gossip, medians (target ≤ 3)": round(median / raw_median, 2),
        "append to applied ÷ raw gossip, p95 (target ≤ 3)": round(p95 / raw_p95, 2),
        f"not there within {LOST_SECONDS:g} s, of {2 * SAMPLES}": lost,
    }


def measure() -> dict[str, object]:
    """Run."""
    return asyncio.run(run())
