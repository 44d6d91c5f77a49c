"""Many signatures at once are checked in a process of its own, so that this one can fold meanwhile.

libsodium works outside Python's lock but has to get the lock back after each signature, and waits for it as long as
anything else computes here. A process shares no lock. It gets plain bytes and gives back one byte per signature,
made by the very same function; wherever it is missing, slow or ends, the check is done here.
"""

import logging
from collections.abc import Sequence
from multiprocessing.connection import Connection
from os import cpu_count

import msgspec

from crdt.signatures import Signed, check_all
from p2pcouncil.runtime.helper import Helper

log = logging.getLogger("p2pcouncil")

WORTH_HANDING_OVER = 512
"""Fewer are checked faster than a process is started; most of what gossip brings is a handful."""
SLICE = 512
"""Signatures sent at a time: some 100 KB and twenty milliseconds."""
SLICES_AHEAD = 2
"""One being checked, one waiting, so that the process never idles and a send never blocks."""
SLICE_HERE = 64
"""Checked here at a time while the process starts."""
ANSWER_SECONDS = 10.0
MAX_FAILURES = 3


class SignatureCheck(Helper):
    """Checks signatures, many of them in another process; used by one thread at a time."""

    def __init__(self) -> None:
        super().__init__("p2pcouncil.runtime.signature_worker")
        self._failures = 0 if (cpu_count() or 1) > 1 else MAX_FAILURES

    def check(self, signed: Sequence[Signed]) -> list[bool]:
        """Say of each whether its signature holds, in order; see `crdt.signatures.CheckAll`."""
        done: list[bool] = []
        if len(signed) >= WORTH_HANDING_OVER and self._failures < MAX_FAILURES:
            try:
                connection = self._started(ANSWER_SECONDS)
                while len(done) < len(signed) and not self._is_ready(connection):
                    done += check_all(signed[len(done) : len(done) + SLICE_HERE])
                done += self._hand_over(connection, signed[len(done) :])
            except (OSError, EOFError) as error:
                log.info("signatures are checked in this process: %r", error)
                self._failures += 1
                self.close()
        return done + check_all(signed[len(done) :])

    def _hand_over(self, connection: Connection, signed: Sequence[Signed]) -> list[bool]:
        """Have signatures checked by the process.

        Raises:
            OSError, EOFError: it ended, or did not answer as it should.
        """
        slices = [signed[at : at + SLICE] for at in range(0, len(signed), SLICE)]
        done: list[bool] = []
        sent = 0
        for waiting_for, some in enumerate(slices):
            while sent < min(len(slices), waiting_for + SLICES_AHEAD):
                connection.send_bytes(msgspec.msgpack.encode(slices[sent]))
                sent += 1
            if not connection.poll(ANSWER_SECONDS):
                raise TimeoutError("the process that checks signatures does not answer")
            answers = connection.recv_bytes(SLICE)
            if len(answers) != len(some) or answers.strip(b"\0\1"):
                raise OSError("the process that checks signatures gave an answer that is none")
            done += map(bool, answers)
        return done
