"""The process that works figures of planning rounds out: reads a question, answers it, ends when nobody needs it.

It is started by `figures_process`, knows nothing but what it is sent, and opens no file and no socket. What it loads,
the linear algebra, and what it computes, for seconds if somebody means it, holds nobody else up.
"""

import signal
import sys
from multiprocessing.connection import Connection

from p2pcouncil.domain.planning.hour_tree import hour_tree
from p2pcouncil.domain.planning.plan_values import DIGITS, labour_weights
from p2pcouncil.domain.planning.round_figures import table_of, work_out
from p2pcouncil.runtime.figures_parcel import decode_question, encode_answer

IDLE_SECONDS = 60
"""Then it ends; the next question starts another."""


def answer(question: bytes) -> bytes:
    """Answer a question, both as `figures_parcel` puts them."""
    task, product, threshold = decode_question(question)
    if not product:
        return encode_answer(work_out(task))
    table = table_of(task)
    at = table.index(product) if table is not None else -1
    if table is None or at < 0:
        return encode_answer(None)
    return encode_answer(hour_tree(table, at, DIGITS, labour_weights(task.terms), threshold))


def main(descriptor: int) -> None:
    """Answer questions until the other end is closed or nothing came for a while."""
    # Ctrl-C at a terminal reaches every process of the program; our end is the other side's to decide.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with Connection(descriptor) as connection:
        try:
            connection.send_bytes(b"")
            while connection.poll(IDLE_SECONDS):
                connection.send_bytes(answer(connection.recv_bytes()))
        except (EOFError, ConnectionError):
            return  # The program has ended, or was killed.


if __name__ == "__main__":
    main(int(sys.argv[1]))
