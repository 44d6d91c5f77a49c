"""Acceptance into a store: the same set of envelopes, in whatever order and batches, ends as the same rows."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing

from crdt.envelope import Envelope, EnvelopeGroup, decode_groups, encode_groups, payload_hash, signed_message
from crdt.errors import RemoteError
from crdt.evidence import BRANCHES_KEPT
from crdt.ids import ChangeHash, CouncilId, MemberId
from crdt.keys import LaneHeader, LaneKind, lane_id
from crdt.store.accept import AcceptReport, accept
from crdt.store.rows import Cursor, read_new
from crdt.store.schema import IN_MEMORY, open_store
from crdt.store.texts import load_text
from tests.fuzz.choices import Choices, edit_bytes
from tests.fuzz.people import (
    ALICE,
    COUNCIL,
    EVE,
    GROUPS,
    MALLORY,
    TEXT,
    WRITERS,
    check_remembered,
    sign,
    text_edits,
)
from tests.fuzz.target import Target
from tests.store_support import Writer

OFFERS_MAX = 10
MAX_FRAME_BYTES = 262_144
TEXT_CHANGES = (
    *text_edits(MALLORY, "one", "one two"),
    *text_edits(MALLORY, "other"),
    *text_edits(ALICE, "Bread."),
    b"\x85\x6f\x4a\x83",
)
"""Two branches of a text by Mallory, and what is not hers or no change at all."""


def _empty_store() -> bytes:
    with closing(open_store(IN_MEMORY)) as conn:
        return conn.serialize()


EMPTY = _empty_store()


def new_store(content: bytes = EMPTY) -> sqlite3.Connection:
    """A store in memory, a copy of one that `open_store` made: that takes a tenth of the time."""
    conn = sqlite3.connect(IN_MEMORY, isolation_level=None)
    conn.deserialize(content)
    conn.execute("PRAGMA foreign_keys = ON")
    return conn


def is_admitted(council: CouncilId, member: MemberId) -> bool:
    return council == COUNCIL and member != EVE.certificate.member


class Offers:
    """Envelopes of real people, and what a hostile member makes up beside them."""

    def __init__(self, choices: Choices) -> None:
        self.choices = choices
        self.groups = list(GROUPS[: 1 + choices.number(len(GROUPS))])
        for _ in range(choices.number(OFFERS_MAX)):
            made = self._made()
            if made is not None:
                self.groups.append(made)

    def _made(self) -> EnvelopeGroup | None:
        choices = self.choices
        author: Writer = choices.pick((MALLORY, *WRITERS))
        is_text = choices.number(3) == 2
        header = author.text_header(TEXT) if is_text else author.header(choices.number(2))
        held = [e for some in self.groups for e in some.envelopes if some.header == header]
        before = choices.pick(held) if held and choices.number(3) else None
        seq = 1 + (before.seq if before else 0) + choices.number(8) // 7
        prev: ChangeHash | None = before.hash if before else None
        if seq > 1 and prev is None:
            prev = ChangeHash(bytes([choices.number(4)]) * 32)
        payload = choices.pick(TEXT_CHANGES) if is_text else b"\0" + choices.take(choices.number(3))
        try:
            change = payload_hash(header, seq, prev, payload)
        except RemoteError:
            return None
        lane = lane_id(header)
        signer = choices.pick(WRITERS) if choices.number(8) == 7 else author
        signature = sign(signer.key, signed_message(lane, change))
        if choices.number(16) == 15:
            signature = edit_bytes(choices, signature)[:64].ljust(64)
        return EnvelopeGroup(header, (Envelope(lane, seq, prev, payload, signature, change),))

    def frames(self) -> list[list[EnvelopeGroup]]:
        """The groups in another order, cut into frames: each decision takes the next of what is left."""
        left = [EnvelopeGroup(some.header, (e,)) for some in self.groups for e in some.envelopes]
        frames: list[list[EnvelopeGroup]] = [[]]
        while left:
            decision = self.choices.number(256)
            frames[-1].append(left.pop(decision % len(left)))
            if decision >= 128:
                frames.append([])
        return frames


def take_in(conn: sqlite3.Connection, groups: Sequence[EnvelopeGroup]) -> AcceptReport:
    """What happens to a frame: over the wire, then into the store."""
    decoded = decode_groups(encode_groups(groups), MAX_FRAME_BYTES)
    return accept(conn, decoded, is_admitted, 1, check=check_remembered)


def run_accept(data: bytes) -> None:
    offers = Offers(Choices(data))
    with closing(new_store()) as one, closing(new_store()) as other:
        first = take_in(one, offers.groups)
        for frame in offers.frames():
            take_in(other, frame)
        assert rows(one) == rows(other)
        check_report(one, first, offers.groups)
        if sum(some.header.kind is LaneKind.TEXT for some in offers.groups) > 1:
            assert text_of(one) == text_of(other)
        if offers.choices.flag():
            assert take_in(one, offers.groups).accepted == 0, "what is held is taken in again"


def rows(conn: sqlite3.Connection) -> list[tuple[object, ...]]:
    """What is held, and what waits, without when it came."""
    held = (
        "SELECT l.id, l.fork_seq, e.seq, e.hash, e.prev, e.signature"
        " FROM envelope e JOIN lane l ON l.number = e.lane"
    )
    return [
        *conn.execute(f"{held} ORDER BY l.id, e.seq, e.hash"),
        *conn.execute("SELECT hash, prev FROM orphan ORDER BY hash, prev"),
    ]


def check_report(conn: sqlite3.Connection, report: AcceptReport, groups: Sequence[EnvelopeGroup]) -> None:
    """Only what admitted members' devices signed is held, each after the one before it, forks apart."""
    new = read_new(conn, Cursor(), 10_000)
    assert report.accepted >= len(new.envelopes)
    signed = {e.hash for some in groups for e in some.envelopes if _is_genuine(some.header, e)}
    at: dict[tuple[bytes, int], set[bytes]] = {}
    for row in new.envelopes:
        envelope = row.envelope
        assert is_admitted(row.header.council, row.header.member)
        assert envelope.hash in signed
        at.setdefault((envelope.lane, envelope.seq), set()).add(envelope.hash)
        assert envelope.seq == 1 or envelope.prev in at[envelope.lane, envelope.seq - 1]
    for (lane, seq), hashes in at.items():
        assert len(hashes) <= BRANCHES_KEPT
        if seq == 1:
            offered = {e.hash for some in groups for e in some.envelopes if (e.lane, e.seq) == (lane, 1)}
            assert hashes == set(sorted(offered & signed)[:BRANCHES_KEPT]), "of a fork the lowest are kept"


def _is_genuine(header: LaneHeader, envelope: Envelope) -> bool:
    author = next(author for author in WRITERS if author.device == header.device)
    return envelope.signature == sign(author.key, signed_message(envelope.lane, envelope.hash))


def text_of(conn: sqlite3.Connection) -> tuple[str, frozenset[ChangeHash], set[ChangeHash]]:
    document = load_text(conn, COUNCIL, TEXT)
    return document.text(), document.excluded, set(document.refused)


def accept_seeds() -> Iterator[bytes]:
    yield b""
    for number in range(40):
        made = bytes([number % 5, 0, number % 3, number % 2, number % 8, 0, number % 4, 1, number, 0, 0]) * 4
        yield bytes([number % 5, 4]) + made + bytes([number * 37 % 256]) * 12


TARGETS = (
    Target(
        "accept",
        run_accept,
        ("crdt.store.accept", "crdt.evidence", "crdt.store.orphans", "crdt.store.lanes"),
        accept_seeds,
        256,
    ),
)
