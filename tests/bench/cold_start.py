"""Opening a home that holds 100,000 entries, until its views are ready; and what a refresh of them costs then."""

import asyncio
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from crdt.ids import DeviceId
from crdt.parts import split_entry
from crdt.store.schema import open_store, transaction
from crdt.store.shelf import shelf_put
from crdt.store.sign import append_payloads
from p2pcouncil.domain.entries import Comment, Vouch, encode_entry
from p2pcouncil.domain.records import Join, Signed, encode_record, join_message
from p2pcouncil.peer.events import Append
from p2pcouncil.peer.shelf import COUNCIL
from p2pcouncil.runtime.home import Home
from p2pcouncil.runtime.session import PeerSession, open_session
from tests.bench.peers import median_and_p95
from tests.bench.society import headers, mixed
from tests.support.world import World

COUNT = 100_000
REFRESHES = 5


class Unsigned:
    """Signs with zeros: no signature is read at a start, and two seconds of signing would measure nothing."""

    def __init__(self, device: DeviceId) -> None:
        self.device = device

    def sign(self, message: bytes) -> bytes:
        """No signature at all."""
        return bytes(64)


def fill(home: Home, world: World) -> None:
    """Put a world's entries into a home's store, in order of writing, a hundred to a transaction."""
    of_lane = headers(world)
    conn = open_store(home.store_path)
    shelf_put(conn, COUNCIL, world.council, world.genesis)
    for at in range(0, len(world.entries), 1_000):
        with transaction(conn, write=True):
            for entry in world.entries[at : at + 1_000]:
                header = of_lane[entry.lane]
                payloads = split_entry(entry.data or b"")
                _, made = append_payloads(conn, Unsigned(header.device), header, payloads, 1)
                assert made[-1].hash == entry.hash
    conn.close()


async def belong(home: Home, world: World) -> None:
    """Give the home an identity whom the first founder vouches for."""
    async with open_session(home) as session:
        await session.create_identity("Me", "")
        me, signer = session.peer.world.me, session.engine.signer
        assert me is not None
        assert signer is not None
        certificate = me.certificate.signature
        join = Join(world.council, me.member, me.device, certificate, me.vrf, me.name, b"")
        body = encode_record(join)
        record = encode_record(Signed(body, (signer.sign(join_message(body)),)))
    world.lane("Member 000").write_bytes(encode_entry(Vouch(1, record)))


def look(session: PeerSession) -> dict[str, float]:
    """Milliseconds that each view takes."""
    took = {}
    for name in ("status", "inbox", "proposals", "councils"):
        begun = time.perf_counter()
        getattr(session, name)()
        took[name] = (time.perf_counter() - begun) * 1_000
    return took


async def start(path: Path, council: bytes) -> dict[str, object]:
    """Open the home, look at it, say something, look again."""
    begun = time.perf_counter()
    async with open_session(Home(path)) as session:
        opened = time.perf_counter()
        first = look(session)
        ready = time.perf_counter()
        again: dict[str, list[float]] = {name: [] for name in first}
        for number in range(REFRESHES):
            proposal = session.peer.world.places[council].state.proposals()[number].hash  # type: ignore[index]
            said = Append(council, (Comment(1, proposal, b"", "One more"),))  # type: ignore[arg-type]
            await session.engine.append([said])
            for name, took in look(session).items():
                again[name].append(took)
        held = session.peer.world.places[council].index.total  # type: ignore[index]
    return {
        "entries held": held,
        "cold start until the views are ready, s (target ≤ 3)": round(ready - begun, 2),
        "of which reading and folding, s": round(opened - begun, 2),
        **{f"{name} for the first time, ms": round(took, 1) for name, took in first.items()},
        **{
            f"{name} after one more entry, median ms": round(median_and_p95(took)[0], 1)
            for name, took in again.items()
        },
    }


def measure() -> dict[str, object]:
    """Prepare here, start in a process of its own."""
    with TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home")
        world = mixed(COUNT)
        asyncio.run(belong(home, world))
        fill(home, world)
        command = [sys.executable, "-m", "tests.bench.cold_start", str(home.path), world.council.hex()]
        done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=True)
    figures: dict[str, object] = json.loads(done.stdout)
    return figures


if __name__ == "__main__":
    figures = asyncio.run(start(Path(sys.argv[1]), bytes.fromhex(sys.argv[2])))
    figures["its peak memory, MB"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    print(json.dumps(figures))
