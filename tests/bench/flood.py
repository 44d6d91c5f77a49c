"""From append here to applied there while a third peer, connected to both, floods them; and when it is dropped.

Ratios to what it takes when nobody floods. Latencies are taken from the first flooded message on until the flooder is
dropped, and for at least `FLOOD_SECONDS`; a flooder that is not dropped goes on for that long.
"""

import asyncio
import os
import sys
import time
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from tempfile import TemporaryDirectory

from crdt.ids import CouncilId, DeviceId
from p2pcouncil.domain.entries import Comment, Vouch
from p2pcouncil.domain.records import Join, Signed, encode_record, join_message
from p2pcouncil.peer.events import Append, Drop, Effect, Event
from p2pcouncil.runtime.engine import now_ms
from p2pcouncil.runtime.home import Home
from p2pcouncil.runtime.session import PeerSession, open_session
from tests.bench.flooder import KINDS, Arms
from tests.bench.listen import say, tell_applied
from tests.bench.peers import LOOPBACK, found, median_and_p95, until
from tests.bench.propagation import Listener, other_home

QUIET_SAMPLES = 150
WARM_UP = 20
PAUSE_SECONDS = 0.02
LOST_SECONDS = 5.0
FLOOD_SECONDS = 8.0
CALM_SECONDS = 1.0


def join_of(arms: Arms) -> bytes:
    """The flooder's signed wish to belong."""
    certificate = arms.member.certify(arms.device.device)
    join = Join(
        arms.council,
        arms.member.member,
        arms.device.device,
        certificate.signature,
        arms.device.vrf_public,
        "Flooder",
        b"",
    )
    body = encode_record(join)
    return encode_record(Signed(body, (arms.device.sign(join_message(body)),)))


def tell_dropped(session: PeerSession, told: "dict[DeviceId, int] | None" = None) -> None:
    """Note, or say to the parent, who was dropped and when."""
    handle = session.peer.handle

    def handled(event: Event, at_ms: int) -> list[Effect]:
        effects = handle(event, at_ms)
        for effect in effects:
            if isinstance(effect, Drop):
                if told is None:
                    say("dropped", effect.device)
                else:
                    told.setdefault(effect.device, time.monotonic_ns())
        return effects

    session.peer.handle = handled  # type: ignore[method-assign]


async def listen(home: Path, peer_address: str) -> None:
    """The far end: says where it is, what was applied and who was dropped, until ended."""
    async with open_session(Home(home), LOOPBACK) as session:
        tell_applied(session)
        tell_dropped(session)
        session.engine.dial_all([peer_address])
        await until(lambda: bool(session.peer.world.addresses), 20)
        print("at", session.peer.world.addresses[0], 0, flush=True)
        await asyncio.sleep(600)


class Honest:
    """Appends entries and knows how long it took until the other had them."""

    def __init__(self, session: PeerSession, council: CouncilId, listener: Listener) -> None:
        self._session = session
        self._council = council
        self._listener = listener
        self._number = 0
        self.lost = 0

    async def sample(self) -> float | None:
        """Append an entry; the milliseconds until it was applied at the far end."""
        self._number += 1
        said = Comment(now_ms(), bytes(32), b"", f"{self._number:08d} " + "x" * 240)
        begun = time.monotonic_ns()
        written = await self._session.engine.append([Append(self._council, (said,))])
        latency = await self._listener.latency_ms("applied", written[0][0].hash, begun, LOST_SECONDS)
        self.lost += latency is None
        await asyncio.sleep(PAUSE_SECONDS)
        return latency

    async def samples(self, count: int) -> list[float]:
        """So many latencies."""
        return [latency for _ in range(count) if (latency := await self.sample()) is not None]


async def flooder(kind: str, number: int, council: CouncilId, addresses: list[str]) -> Process:
    """A flooder that waits for the word."""
    child = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "tests.bench.flooder", kind, str(number), council.hex(), *addresses],
        stdin=PIPE,
        stdout=PIPE,
    )
    assert child.stdout is not None
    await asyncio.wait_for(child.stdout.readline(), 40)
    return child


async def under(flood: Process, honest: Honest) -> tuple[list[float], int]:
    """Latencies while it floods, and how much it sent."""
    assert flood.stdin is not None
    assert flood.stdout is not None
    flood.stdin.write(b"\n")
    begun, latencies = time.monotonic(), []
    while time.monotonic() - begun < FLOOD_SECONDS:
        latency = await honest.sample()
        if latency is not None:
            latencies.append(latency)
    flood.stdin.write(b"\n")
    sent = int(await asyncio.wait_for(flood.stdout.readline(), 10))
    await asyncio.wait_for(flood.wait(), 10)
    return latencies, sent


async def run() -> dict[str, object]:
    """Run."""
    figures: dict[str, object] = {"load before": round(os.getloadavg()[0], 2)}
    with TemporaryDirectory() as folder:
        async with open_session(Home(Path(folder) / "here"), LOOPBACK) as session:
            await session.create_identity("Sender", "")
            council = await found(session)
            genesis = session.peer.world.places[council].genesis_bytes
            arms = {kind: Arms(number, council) for number, kind in enumerate(KINDS, 1)}
            vouches = tuple(Vouch(now_ms(), join_of(each)) for each in arms.values())
            await session.engine.append([Append(council, vouches)])
            home = await other_home(Path(folder) / "there", council, genesis)
            await until(lambda: bool(session.peer.world.addresses), 20)
            address = session.peer.world.addresses[0]
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.bench.flood", str(home.path), address, stdout=PIPE
            )
            listener = Listener(process)
            reading = asyncio.ensure_future(listener.read())
            dropped: dict[DeviceId, int] = {}
            tell_dropped(session, dropped)
            try:
                await until(lambda: bool(session.peer.world.connected) and "at" in listener.said, 20)
                await asyncio.sleep(1.5)  # A heartbeat, so that both meshes have formed.
                honest = Honest(session, council, listener)
                await honest.samples(WARM_UP)
                quiet = await honest.samples(QUIET_SAMPLES)
                median, p95 = median_and_p95(quiet)
                figures |= {"quiet, median ms": round(median, 2), "quiet, p95 ms": round(p95, 2)}
                for number, kind in enumerate(KINDS, 1):
                    child = await flooder(kind, number, council, [address, listener.said["at"]])
                    begun_ns = time.monotonic_ns()
                    flooded, sent = await under(child, honest)
                    there, here = median_and_p95(flooded)
                    device = arms[kind].device.device
                    ends = [dropped.get(device), listener.came("dropped", device)]
                    came = [end for end in ends if end is not None]
                    first = round((min(came) - begun_ns) / 1e9, 1) if came else "never"
                    figures |= {
                        f"{kind}: ÷ quiet, medians (target ≤ 3)": round(there / median, 2),
                        f"{kind}: ÷ quiet, p95 (target ≤ 3)": round(here / p95, 2),
                        f"{kind}: dropped by, of 2": len(came),
                        f"{kind}: first dropped after s": first,
                        f"{kind}: sent": sent,
                    }
                    await asyncio.sleep(CALM_SECONDS)
                figures[f"entries that did not come within {LOST_SECONDS:g} s"] = honest.lost
            finally:
                process.terminate()
                await asyncio.wait_for(process.wait(), 10)
                await reading
    figures["load after"] = round(os.getloadavg()[0], 2)
    return figures


def measure() -> dict[str, object]:
    """Run."""
    return asyncio.run(run())


if __name__ == "__main__":
    asyncio.run(listen(Path(sys.argv[1]), sys.argv[2]))
