"""Payloads larger than one envelope travel in parts: consecutive envelopes of one feed.

The first byte of a feed's payload says what follows: 0, the whole of an entry; 1, a part, with its index and the
number of parts. An entry in parts is named by the hash of its *last* envelope, so whoever names it names it all.
"""

from crdt.errors import LocalError, RemoteError
from crdt.feed_change import MAX_PAYLOAD_BYTES

WHOLE = 0
PART = 1
MAX_PARTS = 16
PART_BYTES = MAX_PAYLOAD_BYTES - 3
MAX_ENTRY_BYTES = MAX_PARTS * PART_BYTES
"""About 256 KiB: a long proposal's text, embedded in its opening."""


def split_entry(data: bytes) -> list[bytes]:
    """Cut an entry's bytes into the payloads that carry it.

    Raises:
        LocalError: the entry is larger than `MAX_ENTRY_BYTES`.
    """
    if len(data) < MAX_PAYLOAD_BYTES:
        return [bytes([WHOLE]) + data]
    if len(data) > MAX_ENTRY_BYTES:
        raise LocalError(
            f"This is {len(data):,} bytes, and at most {MAX_ENTRY_BYTES:,} fit into one entry.",
            "Shorten the text, or split it into two proposals.",
        )
    cuts = range(0, len(data), PART_BYTES)
    return [bytes([PART, i, len(cuts)]) + data[at : at + PART_BYTES] for i, at in enumerate(cuts)]


class PartsReader:
    """Puts a feed's payloads together again, one after the other. Pure: its state is what it was fed."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._count = 0

    def feed(self, payload: bytes) -> bytes | None:
        """Take the next payload of the feed.

        Returns:
            The entry's bytes when this payload completes one, else None.

        Raises:
            RemoteError: the payload is no part that can follow; what was begun is given up, and the reader is
                ready for the next entry.
        """
        begun = bool(self._parts)
        if not payload:
            self._reset()
            raise RemoteError("An empty payload says nothing.")
        if payload[0] == WHOLE:
            self._reset()
            if begun:
                raise RemoteError("An entry in parts was broken off by another entry.")
            return payload[1:]
        if payload[0] != PART or len(payload) < 3 or not 2 <= payload[2] <= MAX_PARTS:
            self._reset()
            raise RemoteError("A payload is neither an entry nor a part of one.")
        index, count = payload[1], payload[2]
        if index != len(self._parts) or (begun and count != self._count):
            self._reset()
            raise RemoteError("The parts of an entry do not follow each other.")
        self._parts.append(payload[3:])
        self._count = count
        if len(self._parts) < count:
            return None
        whole = b"".join(self._parts)
        self._reset()
        return whole

    def _reset(self) -> None:
        self._parts = []
        self._count = 0
