"""The process that checks signatures: reads slices, answers with one byte each, ends when nobody needs it.

It is started by `signature_check`, knows nothing but what it is sent, and opens no file and no socket.
"""

import signal
import sys
from multiprocessing.connection import Connection

import msgspec

from crdt.signatures import Signed, check_all

IDLE_SECONDS = 60
"""Then it ends; the next catch-up starts another."""

_SLICE = msgspec.msgpack.Decoder(list[Signed])


def main(descriptor: int) -> None:
    """Answer slices until the other end is closed or nothing came for a while."""
    # Ctrl-C at a terminal reaches every process of the program; our end is the other side's to decide.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with Connection(descriptor) as connection:
        try:
            connection.send_bytes(b"")
            while connection.poll(IDLE_SECONDS):
                answers = check_all(_SLICE.decode(connection.recv_bytes()))
                connection.send_bytes(bytes(answers))
        except (EOFError, ConnectionError):
            return  # The program has ended, or was killed.


if __name__ == "__main__":
    main(int(sys.argv[1]))
