"""The program, loaded once: every verb is a process of its own, forked from one that has the modules already.

Loading them takes longer than most verbs do, and a story of two shells runs fifty of them. `tests/e2e/test_cli.py`
starts the program cold as well.
"""

import os
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from multiprocessing import get_context
from multiprocessing.connection import wait
from multiprocessing.reduction import DupFd
from threading import Lock, Timer
from typing import IO, Protocol, TextIO

from p2pcouncil.cli.main import CHAPTERS, run

PRELOADED = [
    *(f"p2pcouncil.cli.{chapter}" for chapter in CHAPTERS),
    "p2pcouncil.runtime.session",
    "net.libp2p.transport",
    __name__,
]
_context = get_context("forkserver")
_context.set_forkserver_preload(PRELOADED)
_reading = Lock()
"""An exit code can be read once, and whoever starts a process reads those of all that have ended. Who reads one at the
same time, in another thread, would find 255."""


class Verb:
    """A verb that runs.

    Attributes:
        stdout: what it says, as it says it.
    """

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str], stdin: str = "") -> None:
        """Start it.

        Args:
            arguments: without the program's name.
            environment: of the process, whole.
            stdin: what it reads.
        """
        self._stderr: IO[str] = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115  # until `end`
        with tempfile.TemporaryFile("w+", encoding="utf-8") as given:
            given.write(stdin)
            given.seek(0)
            said, out = os.pipe()
            streams = tuple(_Stream(fd) for fd in (given.fileno(), out, self._stderr.fileno()))
            self._process = _context.Process(target=_run, args=(list(arguments), dict(environment), streams))
            with _reading:
                self._process.start()
        os.close(out)
        self.stdout: TextIO = os.fdopen(said, encoding="utf-8")

    def send_signal(self, number: signal.Signals) -> None:
        """Send it a signal, unless it has ended."""
        pid = self._process.pid
        with _reading:
            if pid is not None and self._process.exitcode is None:
                os.kill(pid, number)

    def end(self, seconds: float) -> tuple[int | None, str, str]:
        """Wait until it ends, and kill it if it does not in time.

        Returns:
            Its exit code, what it said that was not read yet, and what it complained of.
        """
        killer = Timer(seconds, self._process.kill)
        killer.start()
        with self.stdout, self._stderr:
            said = self.stdout.read()
            wait([self._process.sentinel])
            with _reading:
                self._process.join()
            killer.cancel()
            self._stderr.seek(0)
            return self._process.exitcode, said, self._stderr.read()


class _Crossing(Protocol):
    def detach(self) -> int: ...


class _Stream:
    """An open file that crosses to the new process as a bare descriptor."""

    def __init__(self, fd: int) -> None:
        self.fd = fd

    def __reduce__(self) -> tuple[object, ...]:
        return _Stream._arrive, (DupFd(self.fd),)

    @classmethod
    def _arrive(cls, crossing: "_Crossing") -> "_Stream":
        return cls(crossing.detach())


def _run(arguments: list[str], environment: dict[str, str], streams: tuple[_Stream, ...]) -> None:
    os.environ.clear()
    os.environ.update(environment)
    for at, stream in enumerate(streams):
        os.dup2(stream.fd, at)
        os.close(stream.fd)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    run(arguments)
