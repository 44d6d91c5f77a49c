"""Five peer processes connected in a line append 200 entries each; how long until all hold all."""

import asyncio
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from crdt.ids import CouncilId
from crdt.store.schema import open_store
from crdt.store.shelf import shelf_put
from p2pcouncil.domain.entries import Comment, Vouch
from p2pcouncil.domain.records import Join, Signed, encode_record, join_message
from p2pcouncil.peer.events import Append
from p2pcouncil.peer.shelf import COUNCIL
from p2pcouncil.runtime.engine import now_ms
from p2pcouncil.runtime.home import Home
from p2pcouncil.runtime.session import PeerSession, open_session
from tests.bench.peers import LOOPBACK, found, until

PEERS = 5
EACH = 200
VOUCHES = PEERS - 1
SETTLE_SECONDS = 1.5
LIMIT_SECONDS = 40


def join_of(session: PeerSession, council: CouncilId) -> bytes:
    """A signed wish of this home's identity to belong."""
    me, signer = session.peer.world.me, session.engine.signer
    assert me is not None
    assert signer is not None
    join = Join(council, me.member, me.device, me.certificate.signature, me.vrf, me.name, b"")
    body = encode_record(join)
    return encode_record(Signed(body, (signer.sign(join_message(body)),)))


async def homes(folder: Path) -> tuple[list[Home], CouncilId]:
    """Homes of a founder and four members whom the founder vouched for; only the founder's holds the vouches."""
    made = [Home(folder / str(number)) for number in range(PEERS)]
    async with open_session(made[0]) as founder:
        await founder.create_identity("Person 0", "")
        council = await found(founder)
        genesis = founder.peer.world.places[council].genesis_bytes
        vouches = []
        for number, home in enumerate(made[1:], 1):
            async with open_session(home) as session:
                await session.create_identity(f"Person {number}", "")
                vouches.append(Vouch(now_ms(), join_of(session, council)))
            conn = open_store(home.store_path)
            shelf_put(conn, COUNCIL, council, genesis)
            conn.close()
        await founder.engine.append([Append(council, tuple(vouches))])
    return made, council


async def peer(path: Path, council: CouncilId, dial: Sequence[str]) -> None:
    """One peer of the line: says where it is, waits for the word, appends, and says when it holds everything."""
    async with open_session(Home(path), LOOPBACK) as session:
        await until(lambda: bool(session.peer.world.addresses), 20)
        index = session.peer.world.places[council].index
        session.engine.dial_all(dial)
        print(session.peer.world.addresses[0], flush=True)
        await until(lambda: index.total >= VOUCHES, LIMIT_SECONDS)
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        for number in range(EACH):
            said = Comment(now_ms(), bytes(32), b"", f"{number:08d} " + "x" * 240)
            await session.engine.append([Append(council, (said,))])
        print(f"appended {time.monotonic_ns()}", flush=True)
        await until(lambda: index.total >= VOUCHES + PEERS * EACH, LIMIT_SECONDS)
        print(f"all {time.monotonic_ns()}", flush=True)
        await asyncio.to_thread(sys.stdin.readline)


async def line(process: Process) -> str:
    """The next line that a child says."""
    assert process.stdout is not None
    said = await asyncio.wait_for(process.stdout.readline(), LIMIT_SECONDS)
    return said.decode().strip()


def tell(process: Process) -> None:
    """Give a child the word."""
    assert process.stdin is not None
    process.stdin.write(b"\n")


async def end(process: Process) -> None:
    """End a child, by its own process id."""
    if process.returncode is None:
        process.terminate()
    await asyncio.wait_for(process.wait(), 10)


async def run() -> dict[str, object]:
    """Run."""
    with TemporaryDirectory() as folder:
        made, council = await homes(Path(folder))
        async with AsyncExitStack() as stack:
            children: list[Process] = []
            dial: list[str] = []
            for home in made:
                child = await asyncio.create_subprocess_exec(
                    *[sys.executable, "-m", "tests.bench.line_of_five", str(home.path), council.hex(), *dial],
                    stdin=PIPE,
                    stdout=PIPE,
                )
                stack.push_async_callback(end, child)
                children.append(child)
                dial = [await line(child)]
            assert [await line(child) for child in children] == ["ready"] * PEERS
            await asyncio.sleep(SETTLE_SECONDS)
            begun = time.monotonic_ns()
            for child in children:
                tell(child)
            appended = await asyncio.gather(*(line(child) for child in children))
            held = await asyncio.gather(*(line(child) for child in children))
    last_append = max(int(said.split()[1]) for said in appended)
    last_held = max(int(said.split()[1]) for said in held)
    return {
        "five in a line, 200 appends each, until all hold all, s (target ≤ 6)": round(
            (last_held - begun) / 1e9, 2
        ),
        "of which appending, s": round((last_append - begun) / 1e9, 2),
        "entries that each holds": VOUCHES + PEERS * EACH,
    }


def measure() -> dict[str, object]:
    """Run."""
    return asyncio.run(run())


if __name__ == "__main__":
    asyncio.run(peer(Path(sys.argv[1]), CouncilId(bytes.fromhex(sys.argv[2])), sys.argv[3:]))
