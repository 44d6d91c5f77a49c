"""Appending our own entries: one transaction reads the head, signs and inserts.

Because the head is read under the write lock, several processes of one laptop share a feed and never fork it.
An append that returned is on the disk; one that was killed before left nothing.
"""

import sqlite3
from collections.abc import Callable, Sequence

from crdt.envelope import Envelope
from crdt.errors import LocalError, RemoteError
from crdt.ids import CouncilId, DeviceId, LaneId, TextId
from crdt.keys import MAX_GENERATIONS, DeviceCertificate, LaneHeader, LaneKind, Signer, lane_id
from crdt.lane_bounds import max_bytes_of, max_envelopes_of, max_payload_bytes_of, may_be_too_heavy
from crdt.parts import MAX_PARTS, split_entry
from crdt.store.lanes import lane_head
from crdt.store.room import bytes_below
from crdt.store.rows import read_lane
from crdt.store.schema import transaction
from crdt.store.sign import append_payloads, check_signer
from crdt.store.texts import load_text
from crdt.text import TextDocument

MakeChanges = Callable[[TextDocument, LaneId], Sequence[bytes]]


def append_feed(
    conn: sqlite3.Connection,
    signer: Signer,
    council: CouncilId,
    certificate: DeviceCertificate,
    generation: int,
    entries: Sequence[bytes],
    now_ms: int,
    once: str | None = None,
) -> list[Envelope]:
    """Sign entries and append them to this device's feed, all or none, in one transaction.

    Args:
        conn: a connection of `open_store`.
        signer: signs for the device that the certificate names.
        council: whose feed.
        certificate: the member's word for the device.
        generation: see `current_generation`.
        entries: each an entry's bytes; long ones are cut into parts.
        now_ms: this laptop's clock, kept as the first-seen time.
        once: a duty's name. A second append of this device with the same name appends nothing, in whatever
            process or generation, so that no duty is done twice.

    Returns:
        The envelopes appended. With a `once` that was done: those of the first time, or none where a fork has
        taken them out of the store.

    Raises:
        LocalError: the feed is forked, full or superseded by a later generation, or the disk is in the way;
            nothing was appended.
    """
    header = LaneHeader(LaneKind.FEED, council, b"", certificate, generation)
    check_signer(signer, header)
    payloads = [payload for entry in entries for payload in split_entry(entry)]
    with transaction(conn, write=True):
        if once is not None:
            row = conn.execute(
                "SELECT lane.id, first_seq, last_seq, hash FROM once JOIN lane ON lane.number = once.lane"
                " WHERE once.council = ? AND once.device = ? AND key = ?",
                (council, signer.device, once),
            ).fetchone()
            if row is not None:
                return _done(conn, LaneId(row[0]), row[1], row[2], row[3])
        _check_latest(conn, header)
        if not payloads:
            return []
        number, envelopes = append_payloads(conn, signer, header, payloads, now_ms)
        if once is not None and envelopes:
            conn.execute(
                "INSERT INTO once (council, device, key, lane, first_seq, last_seq, hash)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    council,
                    signer.device,
                    once,
                    number,
                    envelopes[0].seq,
                    envelopes[-1].seq,
                    envelopes[-1].hash,
                ),
            )
    return envelopes


def append_text(
    conn: sqlite3.Connection,
    signer: Signer,
    council: CouncilId,
    text: TextId,
    certificate: DeviceCertificate,
    generation: int,
    make_changes: MakeChanges,
    now_ms: int,
) -> list[Envelope]:
    """Edit a text document: all changes of the edit are appended to this device's lane of it, or none.

    Args:
        conn: a connection of `open_store`.
        signer: signs for the device that the certificate names.
        council: whose document.
        text: which.
        certificate: the member's word for the device.
        generation: of the device's lane in this document.
        make_changes: given the document as the store holds it, and the lane, returns raw changes by that lane
            (`TextDocument.edit` makes them). It runs under the write lock, so it must not wait for anything.
        now_ms: this laptop's clock, kept as the first-seen time.

    Returns:
        The envelopes appended.

    Raises:
        LocalError: a change is not valid, the lane is forked or full, or the disk is in the way; nothing was
            appended.
    """
    header = LaneHeader(LaneKind.TEXT, council, text, certificate, generation)
    check_signer(signer, header)
    lane = lane_id(header)
    with transaction(conn, write=True):
        document = load_text(conn, council, text)
        raws = make_changes(document, lane)
        try:
            for raw in raws:
                document.apply(lane, raw)
            return append_payloads(conn, signer, header, raws, now_ms)[1] if raws else []
        except RemoteError as error:
            raise LocalError(
                f"The edit cannot be made: {error}.", "Open the text anew and edit it again."
            ) from error


def current_generation(
    conn: sqlite3.Connection,
    council: CouncilId,
    device: DeviceId,
    room: int = MAX_PARTS,
    text: TextId | None = None,
) -> int:
    """Return the generation in which a device goes on writing: its latest, or the next when that has ended.

    Args:
        conn: a connection of `open_store`.
        council: where.
        device: whose.
        room: how many envelopes must still fit; one entry needs up to `MAX_PARTS`.
        text: the text document that the device writes in; None for its feed.

    Raises:
        LocalError: the device has used up all its generations, or the file cannot be read.
    """
    kind = LaneKind.FEED if text is None else LaneKind.TEXT
    with transaction(conn, write=False):
        row = conn.execute(
            "SELECT number, generation, fork_seq FROM lane"
            " WHERE council = ? AND kind = ? AND subject = ? AND device = ?"
            " ORDER BY generation DESC LIMIT 1",
            (council, int(kind), text or b"", device),
        ).fetchone()
        if row is None:
            return 0
        number, generation, fork_seq = row
        has_ended = fork_seq is not None or not _has_room_for(conn, kind, number, room)
    if not has_ended:
        return int(generation)
    if generation + 1 >= MAX_GENERATIONS:
        raise LocalError(
            "This device has used up all its feeds in this council.",
            "Set up a new device; your member key certifies it.",
        )
    return int(generation) + 1


def _has_room_for(conn: sqlite3.Connection, kind: LaneKind, number: int, room: int) -> bool:
    """Whether so many more envelopes fit into a lane, however large they are."""
    seq = lane_head(conn, number)[0]
    if seq + room > max_envelopes_of(kind):
        return False
    if not may_be_too_heavy(kind, seq + room):
        return True
    room_bytes = room * max_payload_bytes_of(kind)
    return bytes_below(conn, number, seq + 1) + room_bytes <= max_bytes_of(kind)


def _check_latest(conn: sqlite3.Connection, header: LaneHeader) -> None:
    (latest,) = conn.execute(
        "SELECT max(generation) FROM lane WHERE council = ? AND kind = ? AND subject = x'' AND device = ?",
        (header.council, int(LaneKind.FEED), header.device),
    ).fetchone()
    if latest is not None and latest > header.generation:
        raise LocalError(
            f"This device writes its feed in generation {latest} by now; {header.generation} has ended.",
            "Another process went over to the new feed; try again.",
        )


def _done(
    conn: sqlite3.Connection, lane: LaneId, first_seq: int, last_seq: int, last_hash: bytes
) -> list[Envelope]:
    rows = read_lane(conn, lane, first_seq, last_seq, max_bytes=1 << 30)
    envelopes = [row.envelope for row in rows]
    whole = len(envelopes) == last_seq - first_seq + 1 and envelopes[-1].hash == last_hash
    return envelopes if whole else []
