"""A peer under fire: a session with libp2p and SQLite as they ship, that writes all the time and says what was kept.

It is started with one argument, a `Config` as JSON. It says what happens on standard output, one JSON object per
line, and does what standard input says; when that ends, whoever started it is gone, and it goes too. An entry is
acknowledged by a line that names it, which is said after the append returned: a pipe keeps what was written into it
when the process is killed.
"""

import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
import threading
import time
from random import Random
from typing import Any

import msgspec

from crdt.errors import LocalError
from crdt.ids import CouncilId
from net.peer_id import format_peer_id
from net.transport import PeerKey
from p2pcouncil.cli.errors import exit_code_of, expected, hint_of
from p2pcouncil.peer.place import Place
from p2pcouncil.runtime.session import PeerSession
from tests.e2e.fire.lined import Config, open_lined_session
from tests.e2e.fire.no_room import Disk
from tests.e2e.fire.writing import choose

PAUSE_SECONDS = (0.15, 0.6)
LAST_WORDS_SECONDS = 15.0


def tell(**what: object) -> None:
    """Say something to whoever started us, in one piece."""
    print(json.dumps(what), flush=True)


class PeerUnderFire:
    """One session, and what it was told to do."""

    def __init__(self, config: Config, session: PeerSession, stop: asyncio.Event) -> None:
        self._session = session
        self._council = CouncilId(bytes.fromhex(config.council))
        self._rng = Random(config.seed)
        self._stop = stop
        self._may_write = asyncio.Event()
        self._may_write.set()
        self._disk: Disk | None = None

    async def run(self) -> None:
        """Write and answer until told to stop."""
        orders: asyncio.Queue[list[str]] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        threading.Thread(target=_read_orders, args=(loop, orders, self._stop), daemon=True).start()
        tell(ready=True, entries=self._place().index.total)
        tasks = [asyncio.ensure_future(work) for work in (self._write(), self._obey(orders), self._watch())]
        stopping = asyncio.ensure_future(self._stop.wait())
        done, _ = await asyncio.wait([*tasks, stopping], return_when=asyncio.FIRST_COMPLETED)
        for task in (*tasks, stopping):
            task.cancel()
        for task in done - {stopping}:
            task.result()

    async def _write(self) -> None:
        while True:
            await asyncio.sleep(self._rng.uniform(*PAUSE_SECONDS))
            await self._may_write.wait()
            try:
                done = await self._session.submit(choose(self._session, self._council, self._rng))
            except LocalError as error:
                tell(refused=str(error))
            else:
                if done.entries:
                    tell(kept=[entry.hex() for entry in done.entries])

    async def _watch(self) -> None:
        """Say at once what stands in the way, and whom we blame: that is forgotten when they connect again."""
        blamed: dict[bytes, str] = {}
        trouble, failure = "", None
        async for _ in self._session.changes():
            problems = dict(self._session.peer.world.problems)
            for device in sorted(problems.keys() - blamed.keys()):
                tell(blamed=format_peer_id(PeerKey(device)), reason=problems[device])
            blamed = {bytes(device): reason for device, reason in problems.items()}
            if self._session.engine.trouble != trouble:
                trouble = self._session.engine.trouble
                tell(trouble=trouble)
            if self._session.engine.failure is not failure:
                failure = self._session.engine.failure
                tell(failed=repr(failure))

    async def _obey(self, orders: "asyncio.Queue[list[str]]") -> None:
        while True:
            match await orders.get():
                case ["report", number]:
                    tell(report=int(number), **self._report())
                case ["hush"]:
                    self._may_write.clear()
                case ["fill", room_bytes]:
                    self._disk = self._disk or Disk()
                    self._disk.fill(int(room_bytes))
                case ["room"] if self._disk is not None:
                    self._disk.make_room()
                case order:
                    raise AssertionError(f"no such order: {order}")

    def _report(self) -> dict[str, Any]:
        peer, engine = self._session.peer, self._session.engine
        return {
            "state": self._place().state_hash().hex(),
            "entries": self._place().index.total,
            "connected": {
                format_peer_id(PeerKey(device)): peer.pulling.behind(device, self._council)
                for device in sorted(peer.world.connected)
            },
            "line": self._session.network().line,
            "trouble": engine.trouble,
            "failure": repr(engine.failure) if engine.failure is not None else "",
        }

    def _place(self) -> Place:
        return self._session.peer.world.places[self._council]


def _read_orders(
    loop: asyncio.AbstractEventLoop, orders: "asyncio.Queue[list[str]]", stop: asyncio.Event
) -> None:
    """Hand on what standard input says; at its end stop, and end for certain a little later."""
    rest = b""
    # Not through `sys.stdin`: a thread that waits inside its lock keeps the interpreter from ending.
    while data := os.read(sys.stdin.fileno(), 4_096):
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            loop.call_soon_threadsafe(orders.put_nowait, line.decode().split())
    with contextlib.suppress(RuntimeError):  # The loop is closed: we are ending already.
        loop.call_soon_threadsafe(stop.set)
    time.sleep(LAST_WORDS_SECONDS)
    os._exit(3)


async def main(config: Config) -> int:
    """Run a peer until SIGTERM, or until standard input ends; returns the exit code."""

    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    try:
        async with open_lined_session(config) as session:
            await PeerUnderFire(config, session, stop).run()
    except expected() as error:
        tell(cannot=f"{error} {hint_of(error)}")
        return exit_code_of(error)
    return 0


if __name__ == "__main__":
    logging.basicConfig(format="%(asctime)s.%(msecs)03d %(name)s %(message)s", datefmt="%H:%M:%S")
    logging.getLogger("p2pcouncil").setLevel(logging.INFO)
    sys.exit(asyncio.run(main(msgspec.json.decode(sys.argv[1], type=Config))))
