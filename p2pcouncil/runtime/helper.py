"""A process of this program beside this one, for what would hold up everything else here.

It shares no memory and no lock with us; it gets bytes and gives bytes back. It is started when it is first needed, and
ends with us, when we say so, or when nothing came for a while. Whoever uses it can do without it.
"""

import os
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Callable
from multiprocessing import Pipe
from multiprocessing.connection import Connection

IDLE_SECONDS = 60
"""After so long without a question such a process ends; the next question starts another."""


class Helper:
    """One such process, or none at the moment; used by one thread at a time."""

    def __init__(self, module: str) -> None:
        """Prepare; nothing is started yet.

        Args:
            module: what it runs. Its one argument is the descriptor of its end of a pipe, and it begins by sending an
                empty message.
        """
        self._module = module
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None
        self._ready = False

    def close(self) -> None:
        """End the process, if there is one; whoever needs it again starts another."""
        process, connection = self._process, self._connection
        self._process, self._connection, self._ready = None, None, False
        if connection is not None:
            connection.close()
        if process is not None:
            process.kill()
            process.wait()

    def _started(self, patience_seconds: float) -> Connection:
        """The process's end of a pipe, started if need be; a send or a receive fails if it takes longer than this."""
        if self._process is not None and self._process.poll() is not None:
            self.close()  # It had nothing to do for long and has gone.
        if self._connection is None:
            ours, theirs = Pipe()
            _never_wait_for_long(ours, patience_seconds)
            self._connection = ours
            with theirs:
                # -P: a file that happens to lie in the working folder must not pass for a module.
                self._process = subprocess.Popen(
                    [sys.executable, "-P", "-m", self._module, str(theirs.fileno())],
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
        return self._connection

    def _is_ready(self, connection: Connection, timeout_seconds: float = 0.0) -> bool:
        if not self._ready and connection.poll(timeout_seconds):
            self._ready = connection.recv_bytes() == b""
        return self._ready


def answer_until_idle(descriptor: int, answer: Callable[[bytes], bytes]) -> None:
    """Answer questions in such a process, until the other end is closed or nothing came for a while.

    Args:
        descriptor: of our end of the pipe.
        answer: to one question.
    """
    # Ctrl-C at a terminal reaches every process of the program; our end is the other side's to decide.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with Connection(descriptor) as connection:
        try:
            connection.send_bytes(b"")
            while connection.poll(IDLE_SECONDS):
                connection.send_bytes(answer(connection.recv_bytes()))
        except (EOFError, ConnectionError):
            return  # The program has ended, or was killed.


def _never_wait_for_long(connection: Connection, seconds: float) -> None:
    """Have a send or a receive that the other side holds up fail with an `OSError`: a stopped process reads nothing."""
    timeout = struct.pack("ll", int(seconds), int(seconds % 1 * 1_000_000))
    with socket.socket(fileno=os.dup(connection.fileno())) as same:
        for option in (socket.SO_SNDTIMEO, socket.SO_RCVTIMEO):
            same.setsockopt(socket.SOL_SOCKET, option, timeout)
