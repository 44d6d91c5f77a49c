"""What the measurements share: homes with identities, sessions on loopback, and a raw baseline."""

import asyncio
import os
import statistics
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from nacl.signing import SigningKey, VerifyKey

from crdt.ids import CouncilId
from p2pcouncil.domain.entries import Comment, encode_entry
from p2pcouncil.peer import commands
from p2pcouncil.runtime.home import Home
from p2pcouncil.runtime.session import PeerSession, open_session
from p2pcouncil.runtime.transports import NetworkOptions

LOOPBACK = NetworkOptions(listen_host="127.0.0.1", mdns=False)
ENTRY_BYTES = 300


def raw_verify_seconds(count: int) -> float:
    """How long PyNaCl alone takes to verify so many signatures over as many messages of an envelope's size."""
    key = SigningKey.generate()
    messages = [os.urandom(86) for _ in range(count)]
    signatures = [key.sign(message).signature for message in messages]
    verify_key = VerifyKey(bytes(key.verify_key))
    begun = time.perf_counter()
    for message, signature in zip(messages, signatures, strict=True):
        verify_key.verify(message, signature)
    return time.perf_counter() - begun


def comment_bytes(number: int) -> bytes:
    """An entry of about 300 bytes that waits for its proposal: it costs the store and the sync what any does."""
    text = f"{number:08d} " + "x" * (ENTRY_BYTES - 60)
    return encode_entry(Comment(1_700_000_000_000 + number, bytes(32), b"", text))


@asynccontextmanager
async def people(count: int, network: NetworkOptions | None = LOOPBACK) -> AsyncIterator[list[PeerSession]]:
    """Sessions of so many people, each in a home of its own, in a folder that goes away."""
    with TemporaryDirectory() as folder:
        async with AsyncExitStack() as stack:
            sessions = []
            for number in range(count):
                session = await stack.enter_async_context(
                    open_session(Home(Path(folder) / str(number)), network)
                )
                await session.create_identity(f"Person {number}", "")
                sessions.append(session)
            yield sessions


async def found(session: PeerSession) -> CouncilId:
    """Found a society."""
    done = await session.submit(commands.FoundCouncil("Bench", "society", "society", ""))
    return CouncilId(done.id)


async def until(done: Callable[[], bool], timeout_seconds: float = 120) -> float:
    """Seconds until something holds, looked at every five milliseconds."""
    begun = time.perf_counter()
    while not done():
        if time.perf_counter() - begun > timeout_seconds:
            raise TimeoutError("it did not happen in time")
        await asyncio.sleep(0.005)
    return time.perf_counter() - begun


class Stalls:
    """Watches the event loop: the longest time that it kept somebody waiting beyond what they asked for.

    On a machine that others load the clock says little: what the loop's thread, and all threads of this process,
    computed meanwhile is what a wait comes to where nobody else computes.
    """

    STEP_SECONDS = 0.002

    def __init__(self) -> None:
        self.longest_seconds = 0.0
        self.longest_loop_seconds = 0.0
        self.longest_process_seconds = 0.0
        self._task = asyncio.ensure_future(self._watch())

    async def _watch(self) -> None:
        while True:
            begun, loop, process = time.perf_counter(), time.thread_time(), time.process_time()
            await asyncio.sleep(self.STEP_SECONDS)
            took = time.perf_counter() - begun - self.STEP_SECONDS
            self.longest_seconds = max(self.longest_seconds, took)
            self.longest_loop_seconds = max(self.longest_loop_seconds, time.thread_time() - loop)
            self.longest_process_seconds = max(self.longest_process_seconds, time.process_time() - process)

    async def end(self) -> float:
        """Stop watching; the longest stall in milliseconds."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        return self.longest_seconds * 1_000


async def stall_beside_a_busy_thread(seconds: float = 2.0) -> float:
    """The longest stall, in ms, of a loop that does nothing beside a thread that computes: this machine's own part."""
    is_over = threading.Event()

    def compute() -> None:
        while not is_over.is_set():
            sum(range(1_000))

    thread = threading.Thread(target=compute)
    thread.start()
    stalls = Stalls()
    await asyncio.sleep(seconds)
    is_over.set()
    thread.join()
    return await stalls.end()


def median_and_p95(values: list[float]) -> tuple[float, float]:
    """The median and the 95th percentile."""
    ordered = sorted(values)
    return statistics.median(ordered), ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
