"""The process that checks signatures: reads slices, answers with one byte each, ends when nobody needs it.

It is started by `signature_check`, knows nothing but what it is sent, and opens no file and no socket.
"""

import sys

import msgspec

from crdt.signatures import Signed, check_all
from p2pcouncil.runtime.helper import answer_until_idle

_SLICE = msgspec.msgpack.Decoder(list[Signed])


def answer(question: bytes) -> bytes:
    """Check a slice; one byte for each signature."""
    return bytes(check_all(_SLICE.decode(question)))


if __name__ == "__main__":
    answer_until_idle(int(sys.argv[1]), answer)
