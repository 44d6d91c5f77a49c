"""Verbs of one home, run by `p2pcouncil batch`: a process that has the program loaded runs one after another."""

import asyncio
import json
import shlex
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

END_SECONDS = 5.0


class Batches:
    """As many batches as verbs run at a time; whoever is idle takes the next one."""

    def __init__(self, spawn: Callable[[], Awaitable[Process]]) -> None:
        """Prepare; the first verb starts a process.

        Args:
            spawn: starts `p2pcouncil --json batch --go-on` with pipes for its standard input and output.
        """
        self._spawn = spawn
        self._idle: list[Process] = []
        self._all: list[Process] = []

    async def run(self, words: Sequence[str], seconds: float) -> tuple[list[bytes], int]:
        """Run a verb.

        Args:
            words: the verb and what follows it.
            seconds: how long it may take.

        Returns:
            The lines that it says, and its exit code.

        Raises:
            TimeoutError: it did not end in time; its process was killed.
            EOFError: its process ended before it did.
        """
        process = self._idle.pop() if self._idle else await self._start()
        try:
            async with asyncio.timeout(seconds):
                said = await _answer(process, words)
        except BaseException:
            # What it says from now on would be taken for the answer to the next verb.
            await self._end(process, 0.0)
            raise
        self._idle.append(process)
        return said

    async def close(self) -> None:
        """End all processes."""
        await asyncio.gather(*(self._end(process, END_SECONDS) for process in tuple(self._all)))

    async def _start(self) -> Process:
        process = await self._spawn()
        self._all.append(process)
        return process

    async def _end(self, process: Process, seconds: float) -> None:
        """End a process at the end of its lines, and kill it if that takes longer than so many seconds."""
        assert process.stdin is not None
        process.stdin.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await process.wait()
        if process.returncode is None:
            process.kill()
            await process.wait()
        # A verb that is interrupted ends its process just when all are ended.
        if process in self._all:
            self._all.remove(process)


async def _answer(process: Process, words: Sequence[str]) -> tuple[list[bytes], int]:
    """Give a process a line, and read what it says until it says how the line ended."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{shlex.join(words)}\n".encode())
    await process.stdin.drain()
    lines: list[bytes] = []
    while line := await process.stdout.readline():
        answer = json.loads(line)
        if answer.keys() == {"line", "exit_code"}:
            return lines, answer["exit_code"]
        lines.append(line)
    raise EOFError("The process ended before the verb did.")
