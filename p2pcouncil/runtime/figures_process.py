"""Figures of planning rounds from a process of its own: asked on a thread, which waits without holding Python's lock.

Adding a large plan up and solving for its labour values takes from milliseconds to seconds, and much of that is one
call into a library that lets nobody else compute. A process that dies is started again; where it can't be, the figures
are worked out on the thread that asks, by the very same function.
"""

import logging
from collections.abc import Callable
from fractions import Fraction
from threading import Lock
from typing import TypeVar

import msgspec

from p2pcouncil.domain.planning.hour_tree import HourNode
from p2pcouncil.domain.planning.round_figures import RoundFigures, RoundTask
from p2pcouncil.runtime.figures_parcel import decode_figures, decode_hours, encode_question
from p2pcouncil.runtime.helper import Helper

log = logging.getLogger("p2pcouncil")

PATIENCE_SECONDS = 10.0
"""How long the process may take to read what it is sent."""
ANSWER_SECONDS = 120.0
"""How long it may take to start, or to answer: the worst plan takes some seconds, on a slow laptop ten times that."""
ANSWER_BYTES_MAX = 8_388_608
FAILURES_MAX = 3
"""In a row; after so many nobody starts it again."""

T = TypeVar("T")


class EndedError(Exception):
    """The peer ends, and nobody waits for figures any more."""


class FiguresProcess(Helper):
    """Asks the process; used by one thread at a time, and ended by any."""

    def __init__(self) -> None:
        super().__init__("p2pcouncil.runtime.figures_worker")
        self._failures = 0
        self._is_ended = False
        self._asking = Lock()

    def figures(self, task: RoundTask) -> RoundFigures:
        """The figures of a round.

        Raises:
            EndedError: `end` was called.
        """
        return self._ask(encode_question(task), decode_figures)

    def hours(self, task: RoundTask, product: str, threshold: Fraction) -> HourNode | None:
        """The tree of hours behind a product by a round, inputs below a share of them left out; None if it has none.

        Raises:
            EndedError: `end` was called.
        """
        return self._ask(encode_question(task, product, threshold), decode_hours)

    def end(self) -> None:
        """End the process for good; whoever waits for it waits no longer."""
        self._is_ended = True
        process = self._process
        if process is not None:
            process.kill()
        with self._asking:
            self.close()

    def _ask(self, question: bytes, decode: Callable[[bytes], T]) -> T:
        while self._failures < FAILURES_MAX:
            with self._asking:
                self._raise_if_ended()
                try:
                    found = decode(self._exchange(question))
                except (OSError, EOFError, msgspec.MsgspecError) as error:
                    self.close()
                    self._failures += 1
                    log.info("the process that works figures out failed: %r", error)
                else:
                    self._failures = 0
                    return found
        self._raise_if_ended()
        # Whoever can do without the linear algebra should not wait for it to be loaded.
        from p2pcouncil.runtime.figures_worker import answer

        return decode(answer(question))

    def _exchange(self, question: bytes) -> bytes:
        connection = self._started(PATIENCE_SECONDS)
        if self._is_ended:
            raise EOFError("it was ended while it started")
        if not self._is_ready(connection, ANSWER_SECONDS):
            raise TimeoutError("it does not start")
        connection.send_bytes(question)
        if not connection.poll(ANSWER_SECONDS):
            raise TimeoutError("it does not answer")
        return connection.recv_bytes(ANSWER_BYTES_MAX)

    def _raise_if_ended(self) -> None:
        if self._is_ended:
            raise EndedError
