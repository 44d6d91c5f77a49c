"""Accepting what peers sent: all of acceptance, in one place.

Whatever the order and the batches in which envelopes arrive, the same set ends as the same rows. So an
envelope is judged by its own lane alone: a certified device of an admitted member, a right signature, a held
predecessor, the rules of `crdt.evidence` at forks. A text change's dependencies on *other* lanes are no
matter of acceptance: a fork there takes rows away again, and then whether they had been held would depend on
who came first. The guard judges them when the document is put together (`texts`), as a function of the rows.
It decodes a change's operations then, too: that costs up to fifty times as much as the signature, and refusing here
what is no change would bound nothing, for a member can fill the same lane with changes that are right.

How many lanes a member may have is bounded in a way that shows no order of arrival either: see `crdt.lane_bounds`.

Signatures are checked before the write lock is taken, so that a frame from a peer never keeps another process
of this laptop waiting for longer than the inserts take.
"""

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from crdt.envelope import Envelope, EnvelopeGroup, signed_message
from crdt.errors import RemoteError
from crdt.evidence import LanePlan, LaneState, plan_lane
from crdt.ids import ChangeHash, CouncilId, LaneId, MemberId
from crdt.keys import LaneHeader, LaneKind, lane_id, validate_header
from crdt.signatures import CheckAll, Signed, check_all
from crdt.store import orphans
from crdt.store.keepsakes import keep_from
from crdt.store.lanes import ensure_lane, find_lane, lane_head
from crdt.store.room import bytes_below, has_room, put_out_beyond
from crdt.store.rows import ENVELOPE_COLUMNS, EnvelopeRow
from crdt.store.schema import transaction

Admitted = Callable[[CouncilId, MemberId], bool]
NewRow = tuple[bytes, int, int, bytes | None, bytes, bytes, int]

INSERT = (
    "INSERT INTO envelope (hash, lane, seq, prev, payload, signature, first_seen_ms)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
)


class Refusal(NamedTuple):
    """Why envelopes in a member's name were not taken; a sentence to show."""

    member: MemberId
    reason: str


@dataclass(frozen=True, slots=True)
class AcceptReport:
    """What became of the envelopes on offer.

    Attributes:
        accepted: rows that are new in the store, orphans that found their place included.
        duplicates: envelopes that were held already.
        unknown_members: whose envelopes were left out for now; offer them again once they are admitted.
        orphans: how many wait for what they follow, in the lanes on offer.
        dropped: how many are not kept by any replica: they stand at or above a fork, or in a lane for which its
            member leaves no room.
        refused: what broke a rule.
    """

    accepted: int
    duplicates: int
    unknown_members: frozenset[tuple[CouncilId, MemberId]]
    orphans: int
    dropped: int
    refused: tuple[Refusal, ...]


@dataclass(slots=True)
class _Tally:
    accepted: int = 0
    duplicates: int = 0
    orphans: int = 0
    dropped: int = 0
    unknown: set[tuple[CouncilId, MemberId]] = field(default_factory=set)
    refused: list[Refusal] = field(default_factory=list)


def accept(
    conn: sqlite3.Connection,
    groups: Sequence[EnvelopeGroup],
    admitted: Admitted,
    now_ms: int,
    check: CheckAll = check_all,
) -> AcceptReport:
    """Take in envelopes from anywhere; one transaction per call.

    Args:
        conn: a connection of `open_store`.
        groups: as decoded from a frame; their hashes are derived, their signatures not yet checked.
        admitted: whether a member may write in a council; may only ever turn from False to True.
        now_ms: this laptop's clock, kept as the first-seen time.
        check: checks the signatures.

    Returns:
        What became of them. Bad envelopes are reported, never raised: the rest of the frame may be good.

    Raises:
        LocalError: the disk, the file or another process is in the way; nothing was kept.
    """
    tally = _Tally()
    lanes = _by_lane(groups, admitted, tally)
    with transaction(conn, write=False):
        for lane, (header, offered) in lanes.items():
            offered[:] = _unheld(conn, lane, header, offered, tally)
    verified = _verified(lanes, check, tally)
    if verified:
        with transaction(conn, write=True):
            _store(conn, verified, now_ms, tally)
    return AcceptReport(
        tally.accepted,
        tally.duplicates,
        frozenset(tally.unknown),
        tally.orphans,
        tally.dropped,
        tuple(tally.refused),
    )


def _by_lane(
    groups: Iterable[EnvelopeGroup], admitted: Admitted, tally: _Tally
) -> dict[LaneId, tuple[LaneHeader, list[Envelope]]]:
    """Gather the envelopes of each lane whose header proves its member, and whose member is admitted."""
    lanes: dict[LaneId, tuple[LaneHeader, list[Envelope]]] = {}
    for group in groups:
        header, lane = group.header, lane_id(group.header)
        try:
            validate_header(header)
        except RemoteError as error:
            tally.refused.append(Refusal(header.member, str(error)))
            continue
        if not admitted(header.council, header.member):
            tally.unknown.add((header.council, header.member))
            continue
        own = [envelope for envelope in group.envelopes if envelope.lane == lane]
        if len(own) < len(group.envelopes):
            reason = "Envelopes were sent under another lane's header."
            tally.refused.append(Refusal(header.member, reason))
        lanes.setdefault(lane, (header, []))[1].extend(own)
    return lanes


def _unheld(
    conn: sqlite3.Connection,
    lane: LaneId,
    header: LaneHeader,
    offered: Sequence[Envelope],
    tally: _Tally,
) -> list[Envelope]:
    """Leave out what is held, or can't be kept, before a signature is paid for."""
    found = find_lane(conn, lane)
    if found is None and offered and not has_room(conn, header):
        tally.dropped += len(offered)
        return []
    if found is None or not offered:
        return list(offered)
    number, fork_seq = found
    held = _held(conn, number, offered)
    fresh = []
    for envelope in offered:
        if envelope.hash in held.get(envelope.seq, ()):
            tally.duplicates += 1
        elif fork_seq is not None and envelope.seq > fork_seq:
            tally.dropped += 1
        else:
            fresh.append(envelope)
    return fresh


def _verified(
    lanes: Mapping[LaneId, tuple[LaneHeader, list[Envelope]]], check: CheckAll, tally: _Tally
) -> list[tuple[LaneId, LaneHeader, list[Envelope]]]:
    """Leave out what the lanes' devices did not sign, and lanes of which nothing is left."""
    signed = [
        Signed(header.device, signed_message(lane, envelope.hash), envelope.signature)
        for lane, (header, offered) in lanes.items()
        for envelope in offered
    ]
    answers = iter(check(signed) if signed else ())
    verified = []
    for lane, (header, offered) in lanes.items():
        good = [envelope for envelope in offered if next(answers)]
        if forged := len(offered) - len(good):
            reason = f"{forged} envelopes were not signed by the device that they name."
            tally.refused.append(Refusal(header.member, reason))
        if good:
            verified.append((lane, header, good))
    return verified


def _store(
    conn: sqlite3.Connection,
    lanes: Iterable[tuple[LaneId, LaneHeader, list[Envelope]]],
    now_ms: int,
    tally: _Tally,
) -> None:
    """Write, under the lock, what the rules keep; everything was read again since the lock was taken."""
    waiting_lanes = orphans.lanes(conn)
    for lane, header, verified in lanes:
        waiting = orphans.load(conn, lane) if lane in waiting_lanes else []
        offered = [*verified, *waiting]
        found = find_lane(conn, lane)
        if found is None and not has_room(conn, header):
            tally.dropped += len(verified)
            orphans.replace(conn, header, waiting, ())
            continue
        empty = LaneState(kind=header.kind)
        state = empty if found is None else _state(conn, header.kind, *found, offered)
        plan = plan_lane(state, offered)
        if plan.insert or plan.branches:
            number, _ = found or ensure_lane(conn, header)
            rows = [_row(number, envelope, now_ms) for envelope in plan.insert]
            conn.executemany(INSERT, rows)
            tally.accepted += len(rows)
            if plan.branches:
                assert plan.fork_seq is not None, "branches stand at a fork"
                if header.kind is LaneKind.FEED:
                    keep_from(conn, number, plan.fork_seq)
                tally.accepted += _hold_branches(conn, number, plan, now_ms)
            if found is None:
                put_out_beyond(conn, header)
        if plan.too_heavy:
            tally.refused.append(Refusal(header.member, "A lane weighs more than a lane may."))
        tally.duplicates += plan.duplicates
        tally.dropped += plan.dropped
        tally.orphans += len(plan.orphans)
        if waiting or plan.orphans:
            orphans.replace(conn, header, waiting, plan.orphans)


def _state(
    conn: sqlite3.Connection,
    kind: LaneKind,
    number: int,
    fork_seq: int | None,
    offered: Iterable[Envelope],
) -> LaneState:
    head_seq = lane_head(conn, number)[0] if fork_seq is None else fork_seq - 1
    return LaneState(
        head_seq, fork_seq, _held(conn, number, offered), kind, partial(bytes_below, conn, number)
    )


def _held(
    conn: sqlite3.Connection, number: int, offered: Iterable[Envelope]
) -> dict[int, tuple[ChangeHash, ...]]:
    """Return the hashes held at the places on offer, and one before."""
    seqs = [envelope.seq for envelope in offered]
    held: dict[int, tuple[ChangeHash, ...]] = {}
    for seq, change in conn.execute(
        "SELECT seq, hash FROM envelope WHERE lane = ? AND seq BETWEEN ? AND ?",
        (number, min(seqs) - 1, max(seqs)),
    ):
        held[seq] = (*held[seq], change) if seq in held else (change,)
    return held


def _hold_branches(conn: sqlite3.Connection, number: int, plan: LanePlan, now_ms: int) -> int:
    """Put a fork's branches in the place of all rows from there on, and log it; return how many are new.

    Rows that stay are written anew, behind every reader's cursor: a reader that forgets the lane from the
    fork on then finds all that it needs among the new envelopes.
    """
    rows: list[EnvelopeRow] = conn.execute(
        f"SELECT {ENVELOPE_COLUMNS} FROM envelope WHERE lane = ? AND seq >= ? ORDER BY seq, hash",
        (number, plan.fork_seq),
    ).fetchall()
    old = [row[1:] for row in rows if row[1] in plan.branches]
    held = {row[0] for row in old}
    new = [
        _row(number, envelope, now_ms)
        for envelope in plan.branch_envelopes
        if envelope.hash in plan.branches and envelope.hash not in held
    ]
    conn.execute("DELETE FROM envelope WHERE lane = ? AND seq >= ?", (number, plan.fork_seq))
    survivors: list[NewRow] = [*old, *new]
    survivors.sort(key=_chain_order)
    conn.executemany(INSERT, survivors)
    conn.execute("UPDATE lane SET fork_seq = ? WHERE number = ?", (plan.fork_seq, number))
    conn.execute("INSERT INTO fork (lane, seq) VALUES (?, ?)", (number, plan.fork_seq))
    return len(new)


def _chain_order(row: NewRow) -> tuple[int, bytes]:
    return row[2], row[0]


def _row(number: int, envelope: Envelope, now_ms: int) -> NewRow:
    return (
        envelope.hash,
        number,
        envelope.seq,
        envelope.prev,
        envelope.payload,
        envelope.signature,
        now_ms,
    )
