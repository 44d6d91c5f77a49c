"""The processes of a story: each person's peer, and each verb that they run, on a home of their own.

Nothing is simulated: a peer is `p2pcouncil serve` over loopback libp2p, and whatever somebody does is a verb of the
command line on their home, run by a batch that stays loaded. Every wait is bounded, and every process that was started
is ended by its own id.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crdt.errors import LocalError
from p2pcouncil.scenario.batches import Batches

START_SECONDS = 45.0
STOP_SECONDS = 15.0
VERB_SECONDS = 75.0
WITHIN_SECONDS = 40
"""How long a verb waits for what it names to arrive: less than `VERB_SECONDS`, so that its own error is heard."""
LINE_BYTES_MAX = 4_000_000
COLUMNS = 76
"""Into how many columns a verb writes for a person: narrow enough to be told indented."""
PROGRAM = (sys.executable, "-m", "p2pcouncil.cli.main")

Answer = dict[str, Any]


class VerbError(LocalError):
    """A verb ended with an error; `said` is what it told."""

    def __init__(self, message: str, hint: str, said: str) -> None:
        super().__init__(message, hint)
        self.said = said


@dataclass(slots=True)
class Actor:
    """Somebody in a story, with their home and, while they are online, their peer's process.

    Attributes:
        name: display name.
        home: their data folder.
        pid: of the peer process that runs, or ran last; 0 before the first start.
    """

    name: str
    home: Path
    pid: int = 0
    _process: asyncio.subprocess.Process | None = field(default=None, repr=False)
    _reader: asyncio.Task[None] | None = field(default=None, repr=False)
    _batches: Batches = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Prepare to run their verbs."""
        self._batches = Batches(self._spawn_batch)

    @property
    def is_running(self) -> bool:
        """Whether their peer's process runs."""
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        """Start their peer, and wait until it says that it is ready.

        Raises:
            LocalError: it ended, or was not ready in time.
        """
        if self.is_running:
            return
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        arguments = ("--json", "serve", "--listen", "127.0.0.1", "--port", "0", "--no-mdns")
        self._process = await self._spawn(*arguments)
        self.pid = self._process.pid
        assert self._process.stdout is not None
        try:
            # Not `wait_for`: in Python 3.11 it loses a cancellation that comes when the wait has just ended.
            async with asyncio.timeout(START_SECONDS):
                line = await self._process.stdout.readline()
        except TimeoutError as error:
            await self.kill()
            raise LocalError(
                f"{self.name}'s peer was not ready after {START_SECONDS:g} s.", f"See {self._log}."
            ) from error
        if not line or not json.loads(line).get("ready"):
            await self.kill()
            raise LocalError(
                f"{self.name}'s peer could not start: {_last_line(self._log) or line.decode(errors='replace')}",
                f"See {self._log}.",
            )
        self._reader = asyncio.create_task(_drain(self._process.stdout))

    async def stop(self) -> None:
        """End their peer's process in good order; kill it if it does not end in time."""
        if self._process is None:
            return
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(STOP_SECONDS):
                    await self._process.wait()
            except TimeoutError:
                self._process.kill()
        await self._ended()

    async def kill(self) -> None:
        """End their peer's process on the spot, as a power cut would."""
        if self._process is None:
            return
        if self._process.returncode is None:
            self._process.kill()
        await self._ended()

    async def do(self, verb: str, *arguments: str, within: int = WITHIN_SECONDS) -> Answer:
        """Run a verb of the command line on this home.

        Args:
            verb: the verb.
            arguments: what follows it.
            within: how many seconds it waits for what it names to arrive.

        Returns:
            Its one JSON object.

        Raises:
            VerbError: it ended with an error; the message says whose verb, and what it said.
            LocalError: it did not end in time, or without an answer.
        """
        words = ("--within", str(within), *verb.split(), *arguments)
        try:
            lines, code = await self._batches.run(words, VERB_SECONDS)
        except TimeoutError as error:
            raise self._not_ended(verb) from error
        except (EOFError, ConnectionError, ValueError) as error:
            raise LocalError(
                f"{self.name}'s `p2pcouncil {verb}` gave no answer that can be read.", f"See {self._log}."
            ) from error
        answer = _decode(lines)
        if code != 0 or answer is None:
            said = str((answer or {}).get("error", "")) or _last_line(self._log) or f"exit code {code}"
            hint = str((answer or {}).get("hint", "")) or f"See {self._log}."
            raise VerbError(f"{self.name}'s `p2pcouncil {verb}` failed: {said}", hint, said)
        return answer

    async def read(self, verb: str, *arguments: str) -> list[str]:
        """Run a verb of the command line on this home, and read what it says to a person.

        Returns:
            Its lines.

        Raises:
            VerbError: it ended with an error.
            LocalError: it did not end in time.
        """
        lines, code = await self._run(verb, "--within", str(WITHIN_SECONDS), *verb.split(), *arguments)
        if code != 0:
            said = _last_line(self._log) or f"exit code {code}"
            raise VerbError(f"{self.name}'s `p2pcouncil {verb}` failed: {said}", f"See {self._log}.", said)
        return [line.decode("utf-8", "replace") for line in lines]

    async def audit(self, bundle: Path) -> tuple[Answer, bool]:
        """Verify a bundle in a process of its own.

        Returns:
            The report, and whether everything holds.

        Raises:
            LocalError: it did not end in time, or said nothing.
        """
        lines, code = await self._run("verify", "--json", "verify", str(bundle))
        answer = _decode(lines)
        if answer is None:
            raise LocalError(f"Verifying said nothing: {_last_line(self._log)}", f"See {self._log}.")
        return answer, code == 0

    async def close(self) -> None:
        """End whatever runs for them."""
        await asyncio.gather(self.stop(), self._batches.close())

    async def _run(self, verb: str, *arguments: str) -> tuple[list[bytes], int]:
        """The lines that a verb writes in a process of its own, and its exit code."""
        process = await self._spawn(*arguments)
        try:
            async with asyncio.timeout(VERB_SECONDS):
                out, _ = await process.communicate()
        except TimeoutError as error:
            raise self._not_ended(verb) from error
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        assert process.returncode is not None
        return out.splitlines(), process.returncode

    def _not_ended(self, verb: str) -> LocalError:
        return LocalError(
            f"{self.name}'s `p2pcouncil {verb}` did not end within {VERB_SECONDS:g} s.", f"See {self._log}."
        )

    @property
    def _log(self) -> Path:
        return self.home / "story.log"

    async def _spawn_batch(self) -> asyncio.subprocess.Process:
        return await self._spawn("--json", "batch", "--go-on", stdin=asyncio.subprocess.PIPE)

    async def _spawn(
        self, *arguments: str, stdin: int = asyncio.subprocess.DEVNULL
    ) -> asyncio.subprocess.Process:
        # In a session of its own, so that Ctrl-C reaches the story first and the story ends its processes in order.
        with self._log.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *PROGRAM,
                "--home",
                str(self.home),
                *arguments,
                stdin=stdin,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                start_new_session=True,
                limit=LINE_BYTES_MAX,
                env={**os.environ, "PYTHONUNBUFFERED": "1", "COLUMNS": str(COLUMNS)},
            )

    async def _ended(self) -> None:
        assert self._process is not None
        await self._process.wait()
        if self._reader is not None:
            await self._reader
            self._reader = None


async def _drain(stream: asyncio.StreamReader) -> None:
    """Read what a peer tells, so that it never blocks on a full pipe."""
    while await stream.read(65_536):
        pass


def _decode(lines: Sequence[bytes]) -> Answer | None:
    """The last object that a verb said; None if it said none."""
    try:
        answer = json.loads(lines[-1]) if lines else None
    except json.JSONDecodeError:
        return None
    return answer if isinstance(answer, dict) else None


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines() if log.exists() else []
    return lines[-1] if lines else ""
