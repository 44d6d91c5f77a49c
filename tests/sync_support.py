"""Two replicas that pull from each other in memory, and a count of the bytes between them."""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from crdt.envelope import EnvelopeGroup, encode_groups
from crdt.index import LaneIndex
from crdt.store.accept import accept
from crdt.store.rows import Cursor, read_groups, read_new
from crdt.store.schema import IN_MEMORY, open_store
from crdt.sync import MAX_REQUEST_BYTES, MAX_RESPONSE_BYTES, Pull, answer
from tests.store_support import COUNCIL, everyone


@dataclass
class Replica:
    """A store and the index that follows it."""

    conn: sqlite3.Connection = field(default_factory=lambda: open_store(IN_MEMORY))
    index: LaneIndex = field(default_factory=LaneIndex)
    cursor: Cursor = field(default_factory=Cursor)

    def take(self, groups: Sequence[EnvelopeGroup]) -> None:
        accept(self.conn, groups, everyone, 1)
        self.follow()

    def follow(self) -> None:
        new = read_new(self.conn, self.cursor, 1_000_000)
        for lane, seq in new.forks:
            self.index.truncate(lane, seq)
        for row in new.envelopes:
            self.index.add(row.header, row.envelope)
        self.cursor = new.cursor

    def serve(self, request: bytes, max_bytes: int = MAX_RESPONSE_BYTES) -> bytes:
        head, wants = answer(self.index, request)
        return head + (encode_groups(read_groups(self.conn, wants, max_bytes)) if wants else b"")

    def fingerprint(self) -> tuple[bytes, int]:
        return self.index.fingerprint()


@dataclass
class Traffic:
    """What a pull cost."""

    rounds: int = 0
    bytes: int = 0
    behind_at_end: int = 0
    largest_request_bytes: int = 0


def pull(
    asker: Replica,
    serve: Callable[[bytes], bytes],
    max_rounds: int = 2_000,
    take: Callable[[Sequence[EnvelopeGroup]], None] | None = None,
) -> Traffic:
    """Run a pull to its end.

    Raises:
        AssertionError: it does not end within `max_rounds`.
    """
    traffic, machine = Traffic(), Pull(COUNCIL, asker.index)
    while (request := machine.next_request()) is not None:
        assert len(request) <= MAX_REQUEST_BYTES
        traffic.rounds += 1
        assert traffic.rounds <= max_rounds, "the pull does not end"
        response = serve(request)
        traffic.bytes += len(request) + len(response)
        traffic.largest_request_bytes = max(traffic.largest_request_bytes, len(request))
        (take or asker.take)(machine.receive(response))
    traffic.behind_at_end = machine.behind
    return traffic
