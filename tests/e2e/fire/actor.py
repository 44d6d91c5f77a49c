"""Somebody under fire, as the tormentor sees them: their process, what it said, and what can be done to it."""

import asyncio
import json
import os
import resource
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from tests.e2e.fire.lined import Config
from tests.e2e.fire.lines import LOOPBACK

START_SECONDS = 90.0
STOP_SECONDS = 40.0
REPORT_SECONDS = 20.0
START_TRIES = 3
LINE_BYTES_MAX = 1_000_000
MARK = "P2PCOUNCIL_FIRE"
"""In the environment of every process of a run, so that one left behind is found."""

Report = dict[str, Any]


class FireError(Exception):
    """A promise was broken; the message says which."""


@dataclass(slots=True)
class Actor:
    """A peer's home and process.

    Attributes:
        name: display name.
        home: its folder.
        peer_id: of its device.
        log_path: where its processes log.
        journal: told of every entry that a process of this home acknowledged.
        blame: told of whatever must not happen.
        port: where its process listens, or listened last.
        kept: how many entries it acknowledged.
        refused: what it said instead of acknowledging, with how often.
        troubles: what its status line said of this machine, with how often.
        is_busy: whether a fault has it in hand.
    """

    name: str
    home: Path
    peer_id: str
    log_path: Path
    journal: Callable[[str, list[str]], None]
    blame: Callable[[str], None]
    port: int = 0
    kept: int = 0
    starts: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    troubles: Counter[str] = field(default_factory=Counter)
    is_busy: bool = False
    _process: Process | None = None
    _reader: asyncio.Task[None] | None = None
    _ready: "asyncio.Future[str] | None" = None
    _reports: dict[int, "asyncio.Future[Report]"] = field(default_factory=dict)
    _asked: int = 0
    _is_ending: bool = False

    @property
    def pid(self) -> int:
        """Of its process; 0 while none runs."""
        return self._process.pid if self._process is not None and self._process.returncode is None else 0

    async def start(self, config: Config) -> str:
        """Start its process and wait until it is ready.

        Args:
            config: how; the port is chosen here, anew for each try.

        Returns:
            An empty string, or the sentence by which it says why it can't run.

        Raises:
            FireError: it is not ready in time, or ended without a word.
        """
        said = ""
        for _ in range(START_TRIES):
            self.starts += 1
            self.port = free_port()
            said = await self._start(msgspec.structs.replace(config, port=self.port, seed=self._seed(config)))
            if "can't be used" not in said:  # Somebody took the port meanwhile.
                break
        return said

    async def kill(self) -> None:
        """End its process on the spot."""
        self._is_ending = True
        self.signal(signal.SIGKILL)
        await self._ended()

    async def stop(self) -> None:
        """End its process in good order.

        Raises:
            FireError: it does not end, or with an error.
        """
        process = self._process
        if process is None:
            return
        self._is_ending = True
        self.signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_SECONDS):
                code = await process.wait()
        except TimeoutError as error:
            await self.kill()
            raise FireError(f"{self.name} did not end within {STOP_SECONDS:g} s of SIGTERM.") from error
        await self._ended()
        if code:
            raise FireError(f"{self.name} ended with exit code {code} after SIGTERM.")

    def signal(self, number: signal.Signals) -> None:
        """Send its process a signal, if one runs."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(number)

    def limit_files(self, max_bytes: int) -> None:
        """Let no file of its process be written beyond so many bytes: writes fail with EFBIG."""
        if self.pid:
            _, hard = resource.prlimit(self.pid, resource.RLIMIT_FSIZE)
            soft = hard if max_bytes < 0 else max_bytes
            resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (soft, hard))

    def order(self, *words: str) -> None:
        """Tell its process to do something; nothing if none runs."""
        if self.pid and self._process is not None and self._process.stdin is not None:
            self._process.stdin.write(f"{' '.join(words)}\n".encode())

    async def report(self, seconds: float = REPORT_SECONDS) -> Report | None:
        """Ask its process how it stands; None if it does not say in time."""
        if not self.pid:
            return None
        self._asked += 1
        number = self._asked
        self._reports[number] = asyncio.get_running_loop().create_future()
        self.order("report", str(number))
        try:
            async with asyncio.timeout(seconds):
                return await self._reports[number]
        except TimeoutError:
            return None
        finally:
            del self._reports[number]

    def last_log_lines(self, count: int) -> list[str]:
        """What its processes logged last."""
        if not self.log_path.exists():
            return []
        return self.log_path.read_text(errors="replace").splitlines()[-count:]

    def _seed(self, config: Config) -> str:
        return f"{config.seed}:{self.name}:{self.starts}"

    async def _start(self, config: Config) -> str:
        command = (sys.executable, "-m", "tests.e2e.fire.peer", msgspec.json.encode(config).decode())
        self._is_ending = False
        self._ready = asyncio.get_running_loop().create_future()
        with self.log_path.open("ab") as log:
            # A group of its own in our session: if we end while it is stopped, the kernel wakes it and hangs up.
            self._process = await asyncio.create_subprocess_exec(
                *command,
                stdin=PIPE,
                stdout=PIPE,
                stderr=log,
                process_group=0,
                limit=LINE_BYTES_MAX,
                env={**os.environ, MARK: str(self.log_path.parent)},
            )
        self._reader = asyncio.create_task(self._read(self._process))
        try:
            async with asyncio.timeout(START_SECONDS):
                said = await self._ready
        except TimeoutError as error:
            raise FireError(f"{self.name} was not ready within {START_SECONDS:g} s.") from error
        if said:
            await self._ended()
        return said

    async def _read(self, process: Process) -> None:
        """Hear what a process says, to its last whole line."""
        assert process.stdout is not None
        while (line := await process.stdout.readline()).endswith(b"\n"):
            self._hear(json.loads(line))
        await process.wait()
        was_ready = self._answer_start("It ended without a word.")
        if was_ready and not self._is_ending:
            self.blame(f"{self.name}'s process ended by itself, with exit code {process.returncode}.")

    def _hear(self, said: dict[str, Any]) -> None:
        match said:
            case {"report": number}:
                if number in self._reports and not self._reports[number].done():
                    self._reports[number].set_result(said)
            case {"kept": entries}:
                self.kept += len(entries)
                self.journal(self.name, entries)
            case {"refused": reason}:
                self.refused[reason] += 1
            case {"trouble": trouble}:
                self.troubles[trouble] += bool(trouble)
            case {"failed": failure}:
                self.blame(f"A part of {self.name}'s process failed: {failure}")
            case {"blamed": peer_id, "reason": reason}:
                self.blame(f"{self.name} dropped {peer_id}: {reason}")
            case {"ready": True}:
                self._answer_start("")
            case {"cannot": why}:
                self._is_ending = True
                if self._answer_start(why):
                    self.blame(f"{self.name}'s process gave up: {why}")

    def _answer_start(self, said: str) -> bool:
        """Tell whoever waits for the start how it went; returns whether nobody waits any more."""
        assert self._ready is not None
        is_late = self._ready.done()
        if not is_late:
            self._ready.set_result(said)
        return is_late

    async def _ended(self) -> None:
        """Wait until its process is gone and all that it said was heard."""
        if self._process is not None:
            await self._process.wait()
        if self._reader is not None:
            await self._reader
        self._process, self._reader = None, None


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
