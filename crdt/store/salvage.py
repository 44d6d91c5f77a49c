"""Salvage: a new store from the rows that still stand in a damaged one.

Every row is signed, so none is believed that does not verify, and all go through the acceptance that a peer's
envelopes go through (`accept`): the new store is one that could have come about by hearing just these. Everybody
counts as admitted here, for whoever's rows stand in the old store was admitted when they came in; the fold leaves
out whom it does not admit.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from crdt.envelope import (
    MAX_LANE_ENVELOPES,
    Envelope,
    EnvelopeGroup,
    decode_groups,
    make_envelope,
)
from crdt.errors import RemoteError
from crdt.ids import ChangeHash, DeviceId, LaneId
from crdt.keys import (
    MAX_GENERATIONS,
    DeviceCertificate,
    LaneHeader,
    LaneKind,
    is_certified,
    lane_id,
)
from crdt.signatures import CheckAll, Signed, check_all
from crdt.store.accept import accept
from crdt.store.lanes import checked_header, ensure_lane
from crdt.store.pages import ROW_BYTES_MAX, Row, read_rows
from crdt.store.schema import IN_MEMORY, open_store, transaction

BATCH_ENVELOPES = 2_000
SAMPLE_ROWS = 3
"""Rows tried when a lane's own row is lost: one good one among them names the lane."""

Progress = Callable[[int, int], None]
KeepShelf = Callable[[str, bytes, bytes], bool]
ShelfItem = tuple[str, bytes, bytes]


class _EnvelopeRow(NamedTuple):
    seq: int
    prev: bytes | None
    payload: bytes
    signature: bytes
    hash: bytes
    first_seen_ms: int


class _OnceRow(NamedTuple):
    council: bytes
    device: bytes
    key: str
    number: int
    first_seq: int
    last_seq: int
    hash: bytes


class LanePlace(NamedTuple):
    """What the index of lanes says of a lane: all of its header but member, certificate and generation."""

    council: bytes
    kind: int
    subject: bytes
    device: bytes


@dataclass(slots=True)
class Remains:
    """Rows that still stand in a damaged file, sorted by what they look like. Only headers are verified.

    Attributes:
        headers: lanes whose rows hold, by row number.
        places: what the index says of lanes, by row number.
        envelopes: by the row number of their lane.
        entered: lane number and seq of every envelope that the index knows of, also of those that are lost.
        wires: orphans, as they wait.
        once: duties done.
        shelf: values by kind and key; several if old ones stand in freed pages.
    """

    headers: dict[int, LaneHeader] = field(default_factory=dict)
    places: dict[int, set[LanePlace]] = field(default_factory=lambda: defaultdict(set))
    envelopes: dict[int, dict[_EnvelopeRow, None]] = field(default_factory=lambda: defaultdict(dict))
    entered: set[tuple[int, int]] = field(default_factory=set)
    wires: dict[bytes, None] = field(default_factory=dict)
    once: dict[_OnceRow, None] = field(default_factory=dict)
    shelf: dict[tuple[str, bytes], set[bytes]] = field(default_factory=lambda: defaultdict(set))

    @property
    def is_empty(self) -> bool:
        """Whether nothing in the file looks like ours."""
        return not (self.headers or self.envelopes or self.shelf)


@dataclass(frozen=True, slots=True)
class Salvaged:
    """What was saved, and what was not.

    Attributes:
        saved: envelopes that stand in the new store.
        waiting: envelopes that verify and follow one that is lost; they find their place when a peer gives it back.
        refused: rows that could be read and did not verify.
        lost: per lane how many envelopes the old store's index knew of and the new store lacks; None for lanes
            that nobody can name any more.
        dropped_values: shelf values that made no sense, as (kind, key).
    """

    saved: int
    waiting: int
    refused: int
    lost: tuple[tuple[LaneHeader | None, int], ...]
    dropped_values: tuple[tuple[str, bytes], ...]


def gather(images: Iterable[bytes], page_bytes: int) -> Remains:
    """Sort what still stands in a file's pages.

    Args:
        images: the file, with more or less of its write-ahead log.
        page_bytes: the size of a page.
    """
    remains = Remains()
    for image in images:
        for row in read_rows(image, page_bytes):
            _sort(remains, row)
    return remains


def salvage(
    remains: Remains,
    shelf: Iterable[ShelfItem] | None,
    certificates: Iterable[DeviceCertificate],
    keep: KeepShelf,
    now_ms: int,
    progress: Progress = lambda done, total: None,
    check: CheckAll = check_all,
) -> tuple[sqlite3.Connection, Salvaged]:
    """Make a store, in memory, of all that verifies.

    Args:
        remains: from `gather`; headers that are found out are added to it.
        shelf: the shelf as SQLite reads it; None if it can't, and what stands in the pages is taken.
        certificates: of devices whose lanes are to be found even if the lanes' own rows are lost: this laptop's.
        keep: whether a value of the shelf makes sense.
        now_ms: this laptop's clock, for envelopes whose first-seen time makes no sense.
        progress: told how many envelopes of how many are done.
        check: checks the signatures.

    Returns:
        The store, and what it came to.
    """
    remains.headers.update(_guess_headers(remains, certificates))
    headers = remains.headers
    conn = open_store(IN_MEMORY)
    envelopes: dict[LaneId, tuple[LaneHeader, dict[Envelope, int]]] = {}
    refused = 0
    for number in sorted(remains.envelopes):
        header = headers.get(number)
        if header is None:
            refused += len(remains.envelopes[number])
            continue
        of_lane = envelopes.setdefault(lane_id(header), (header, {}))[1]
        for row in remains.envelopes[number]:
            try:
                prev = None if row.prev is None else ChangeHash(row.prev)
                envelope = make_envelope(header, row.seq, prev, row.payload, row.signature)
            except RemoteError:
                refused += 1
                continue
            of_lane[envelope] = min(row.first_seen_ms, of_lane.get(envelope, row.first_seen_ms))
    for group in _waiting(remains.wires):
        of_lane = envelopes.setdefault(lane_id(group.header), (group.header, {}))[1]
        for envelope in group.envelopes:
            of_lane.setdefault(envelope, now_ms)
    total = sum(len(of_lane) for _, of_lane in envelopes.values())
    done = 0

    def check_and_count(signed: Sequence[Signed]) -> list[bool]:
        nonlocal refused
        answers = check(signed)
        refused += answers.count(False)
        return answers

    for header, some in _batches(envelopes):
        groups = [EnvelopeGroup(header, some)]
        accept(conn, groups, lambda council, member: True, now_ms, check=check_and_count)
        done += len(some)
        progress(done, total)
    saved, waiting = _keep_times(conn, envelopes, now_ms)
    _keep_once(conn, remains.once, headers)
    dropped = _keep_shelf(conn, remains, shelf, keep)
    report = Salvaged(saved, waiting, refused, _lost(conn, remains, headers), dropped)
    return conn, report


def _sort(remains: Remains, row: Row) -> None:
    """Tell by its fields which table or index a row is from; what looks like none of ours is passed over."""
    match row.values:
        case (None, bytes(), *columns, None | int()) if row.rowid is not None and len(columns) == 7:
            try:
                remains.headers[row.rowid] = checked_header(columns, row.values[1])
            except RemoteError:
                return
        case (None, bytes() as change, int() as lane, int() as seq, prev, payload, signature, int() as at):
            if isinstance(prev, bytes | None) and isinstance(payload, bytes) and isinstance(signature, bytes):
                found = _EnvelopeRow(seq, prev, payload, signature, change, at)
                remains.envelopes[lane][found] = None
        case (None, bytes(), int(), bytes(), bytes(), bytes() as wire):
            remains.wires[wire] = None
        case (str() as kind, bytes() as key, bytes() as value) if kind:
            remains.shelf[kind, key].add(value)
        case (int() as lane, int() as seq, int()) if row.rowid is None:
            if 1 <= seq <= MAX_LANE_ENVELOPES:
                remains.entered.add((lane, seq))
        case (bytes() as council, int() as kind, bytes() as subject, bytes() as device, int() as number):
            remains.places[number].add(LanePlace(council, kind, subject, device))
        case (
            bytes() as council,
            bytes() as device,
            str() as key,
            int() as number,
            int() as first,
            int() as last,
            bytes() as change,
        ):
            remains.once[_OnceRow(council, device, key, number, first, last, change)] = None
        case _:
            return


def _guess_headers(remains: Remains, certificates: Iterable[DeviceCertificate]) -> dict[int, LaneHeader]:
    """Find the headers of lanes whose own rows are lost: the one under which an envelope has the hash that it had.

    The index of lanes says almost all of a header, other lanes of a device say the rest, and the generation is one
    of a few.
    """
    proofs: dict[bytes, DeviceCertificate] = {h.device: h.certificate for h in remains.headers.values()}
    own = [certificate for certificate in certificates if is_certified(certificate)]
    proofs |= {certificate.device: certificate for certificate in own}
    councils = {bytes(h.council) for h in remains.headers.values()}
    councils |= {place.council for places in remains.places.values() for place in places}
    councils |= {key for kind, key in remains.shelf if kind == "council"}
    mine = {LanePlace(c, int(LaneKind.FEED), b"", p.device) for c in councils for p in own}
    found: dict[int, LaneHeader] = {}
    for number, rows in remains.envelopes.items():
        if number in remains.headers:
            continue
        sample = list(islice(rows, SAMPLE_ROWS))
        for place in sorted(remains.places.get(number, set()) | mine):
            header = _matching(place, proofs.get(place.device), sample)
            if header is not None:
                found[number] = header
    return found


def _matching(
    place: LanePlace, proof: DeviceCertificate | None, sample: Sequence[_EnvelopeRow]
) -> LaneHeader | None:
    if proof is None:
        return None
    for generation in range(MAX_GENERATIONS):
        columns = (place.kind, place.council, place.subject, proof.member, place.device, proof.signature)
        try:
            header = checked_header((*columns, generation), None)
        except RemoteError:
            return None
        for row in sample:
            try:
                prev = None if row.prev is None else ChangeHash(row.prev)
                envelope = make_envelope(header, row.seq, prev, row.payload, row.signature)
            except RemoteError:
                continue
            if envelope.hash == row.hash:
                return header
    return None


def _waiting(wires: Iterable[bytes]) -> Iterator[EnvelopeGroup]:
    for wire in wires:
        try:
            yield from decode_groups(wire, ROW_BYTES_MAX)
        except RemoteError:
            continue


def _batches(
    lanes: Mapping[LaneId, tuple[LaneHeader, Mapping[Envelope, int]]],
) -> Iterator[tuple[LaneHeader, tuple[Envelope, ...]]]:
    for lane in sorted(lanes):
        header, envelopes = lanes[lane]
        in_order = sorted(envelopes, key=lambda envelope: (envelope.seq, envelope.hash))
        for at in range(0, len(in_order), BATCH_ENVELOPES):
            yield header, tuple(in_order[at : at + BATCH_ENVELOPES])


def _keep_times(
    conn: sqlite3.Connection,
    lanes: Mapping[LaneId, tuple[LaneHeader, Mapping[Envelope, int]]],
    now_ms: int,
) -> tuple[int, int]:
    """Set when each envelope was first seen; returns how many stand in the store, and how many wait."""
    times = [
        (at, envelope.hash)
        for _, envelopes in lanes.values()
        for envelope, at in envelopes.items()
        if 0 < at < now_ms
    ]
    with transaction(conn, write=True):
        conn.executemany("UPDATE envelope SET first_seen_ms = ? WHERE hash = ?", times)
        (saved,) = conn.execute("SELECT count(*) FROM envelope").fetchone()
        (waiting,) = conn.execute("SELECT count(*) FROM orphan").fetchone()
    return saved, waiting


def _keep_once(conn: sqlite3.Connection, once: Iterable[_OnceRow], headers: Mapping[int, LaneHeader]) -> None:
    """Keep which duties were done, even where the entries are lost: others may hold them."""
    with transaction(conn, write=True):
        for row in once:
            header = headers.get(row.number)
            if header is not None and header.device == row.device and header.council == row.council:
                number, _ = ensure_lane(conn, header)
                conn.execute(
                    "INSERT OR IGNORE INTO once (council, device, key, lane, first_seq, last_seq, hash)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (row.council, row.device, row.key, number, row.first_seq, row.last_seq, row.hash),
                )


def _keep_shelf(
    conn: sqlite3.Connection, remains: Remains, shelf: Iterable[ShelfItem] | None, keep: KeepShelf
) -> tuple[tuple[str, bytes], ...]:
    """Put on the new shelf what makes sense; returns what did not."""
    offered: dict[tuple[str, bytes], set[bytes]] = remains.shelf
    if shelf is not None:
        offered = {(kind, key): {value} for kind, key, value in shelf}
    dropped: list[tuple[str, bytes]] = []
    with transaction(conn, write=True):
        for (kind, key), values in sorted(offered.items()):
            sound = [value for value in values if keep(kind, key, value)]
            if not sound:
                dropped.append((kind, key))
                continue
            # Of several the largest: of a generation it is the latest, and of the rest any will do.
            conn.execute("INSERT INTO shelf (kind, key, value) VALUES (?, ?, ?)", (kind, key, max(sound)))
    return tuple(dropped)


def _lost(
    conn: sqlite3.Connection, remains: Remains, headers: Mapping[int, LaneHeader]
) -> tuple[tuple[LaneHeader | None, int], ...]:
    """Count, by lane, what the old index knew of and the new store lacks."""
    held: dict[bytes, set[int]] = defaultdict(set)
    ends: dict[bytes, int | None] = {}
    for lane, seq, fork_seq in conn.execute(
        "SELECT id, seq, fork_seq FROM envelope JOIN lane ON lane.number = envelope.lane"
        " UNION ALL SELECT lane, seq, NULL FROM orphan"
    ):
        held[lane].add(seq)
        ends[lane] = fork_seq if fork_seq is not None else ends.get(lane)
    lost: dict[LaneHeader | None, int] = defaultdict(int)
    for number, seq in remains.entered:
        header = headers.get(number)
        lane = b"" if header is None else lane_id(header)
        end = ends.get(lane)
        if seq not in held.get(lane, ()) and (end is None or seq <= end):
            lost[header] += 1
    return tuple(sorted(lost.items(), key=lambda item: b"" if item[0] is None else lane_id(item[0])))


def known_generation(remains: Remains, device: DeviceId | None) -> int:
    """The highest generation that a device is known to have written in, of all its lanes; 0 if none is known.

    Args:
        remains: what stood in the damaged file.
        device: whose; None takes everybody's, which is never too low.
    """
    return max((h.generation for h in remains.headers.values() if device in (None, h.device)), default=0)
