"""Signing payloads behind a lane's head: what appending to a feed and to a text have in common."""

import sqlite3
from collections.abc import Sequence

from crdt.envelope import Envelope, payload_hash, signed_message
from crdt.errors import LocalError
from crdt.ids import ChangeHash
from crdt.keys import MAX_GENERATIONS, LaneHeader, Signer, is_certified, lane_id
from crdt.lane_bounds import max_bytes_of, max_envelopes_of, may_be_too_heavy
from crdt.store.accept import INSERT
from crdt.store.lanes import ensure_lane, lane_head
from crdt.store.room import bytes_below, require_own_room

_OLD_HINT = "Start the device's next generation; peers are told by an entry of the new feed."


def check_signer(signer: Signer, header: LaneHeader) -> None:
    """Check that a signer may write a lane.

    Raises:
        LocalError: the certificate is not the device's, or its generations are used up.
    """
    if signer.device != header.device or not is_certified(header.certificate):
        raise LocalError(
            "This device has no certificate of your member key.",
            "Certify the device with your recovery phrase.",
        )
    if not 0 <= header.generation < MAX_GENERATIONS:
        raise LocalError(
            "This device has used up all its feeds in this council.",
            "Set up a new device; your member key certifies it.",
        )


def append_payloads(
    conn: sqlite3.Connection, signer: Signer, header: LaneHeader, payloads: Sequence[bytes], now_ms: int
) -> tuple[int, list[Envelope]]:
    """Sign payloads and insert them behind a lane's head, inside the caller's write transaction.

    Returns:
        The lane's row number, and the envelopes.

    Raises:
        LocalError: the lane is forked or full, or we have as many lanes as peers keep.
    """
    lane = lane_id(header)
    require_own_room(conn, header)
    number, fork_seq = ensure_lane(conn, header)
    if fork_seq is not None:
        raise LocalError(
            "This device once wrote two different things at one place, so its feed has ended there.",
            _OLD_HINT,
        )
    seq, head = lane_head(conn, number)
    most = max_envelopes_of(header.kind)
    if seq + len(payloads) > most:
        raise LocalError(f"The feed is full: it holds {seq:,} of {most:,} entries.", _OLD_HINT)
    if may_be_too_heavy(header.kind, seq + len(payloads)):
        size_bytes = bytes_below(conn, number, seq + 1) + sum(map(len, payloads))
        if size_bytes > max_bytes_of(header.kind):
            raise LocalError(
                f"The feed is full: it would hold {size_bytes:,} bytes of {max_bytes_of(header.kind):,}.",
                _OLD_HINT,
            )
    prev = None if head is None else ChangeHash(head)
    envelopes = []
    for payload in payloads:
        seq += 1
        change = payload_hash(header, seq, prev, payload)
        signature = signer.sign(signed_message(lane, change))
        envelopes.append(Envelope(lane, seq, prev, payload, signature, change))
        prev = change
    conn.executemany(
        INSERT, [(e.hash, number, e.seq, e.prev, e.payload, e.signature, now_ms) for e in envelopes]
    )
    return number, envelopes
