"""Examining a store: whether every row is what we would have written, from the bytes alone.

Nothing is changed. What is found is told by council and counted, for a person reads it; what a rule of the council
refuses is no damage and no matter here.
"""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter

from crdt.envelope import Envelope, decode_groups, make_envelope, signed_message
from crdt.errors import LocalError, RemoteError
from crdt.evidence import BRANCHES_KEPT
from crdt.ids import ChangeHash, CouncilId
from crdt.keys import LaneHeader
from crdt.signatures import CheckAll, Signed, check_all
from crdt.store.faults import spoken_faults
from crdt.store.lanes import COLUMNS, checked_header
from crdt.store.orphans import MAX_ORPHANS, MAX_POOL_BYTES
from crdt.store.pages import ROW_BYTES_MAX
from crdt.store.schema import APPLICATION_ID, IN_MEMORY, SCHEMA_VERSION, open_store

INTEGRITY_LINES = 5
BATCH_SIGNATURES = 500
_PUT_OUT = 0
"""The `fork_seq` of a lane for which its member left no room."""

Progress = Callable[[int, int], None]
KeepShelf = Callable[[str, bytes, bytes], bool]
Faults = Counter[tuple[CouncilId | None, str]]
"""How often what is wrong, by council; None for what belongs to none."""


def examine(
    conn: sqlite3.Connection,
    keep: KeepShelf,
    progress: Progress = lambda done, total: None,
    check: CheckAll = check_all,
) -> Faults:
    """Look at everything that a store holds.

    Args:
        conn: a connection to it; it may be damaged in any way that SQLite opens.
        keep: whether a value of the shelf makes sense.
        progress: told how many envelopes of how many were looked at.
        check: checks the signatures.

    Returns:
        What is wrong; empty for a healthy store.
    """
    faults: Faults = Counter()
    parts: tuple[Callable[[], None], ...] = (
        lambda: _examine_file(conn, faults),
        lambda: _examine_lanes(conn, faults, progress, check),
        lambda: _examine_orphans(conn, faults, check),
        lambda: _examine_once(conn, faults),
        lambda: _examine_shelf(conn, faults, keep),
    )
    for part in parts:
        try:
            with spoken_faults():
                part()
        except (LocalError, sqlite3.DatabaseError) as error:
            # Each part of a damaged file may fail in its own way, down to a table that is not there.
            faults[None, f"A part of the data file can't be read: {str(error).rstrip('.')}."] += 1
    return faults


def _examine_file(conn: sqlite3.Connection, faults: Faults) -> None:
    (application_id,) = conn.execute("PRAGMA application_id").fetchone()
    (version,) = conn.execute("PRAGMA user_version").fetchone()
    if application_id != APPLICATION_ID or version != SCHEMA_VERSION:
        faults[None, "The data file's header does not say that it is p2pcouncil's, in this format."] += 1
    whole = open_store(IN_MEMORY)
    missing = sorted(_schema_of(whole) - _schema_of(conn))
    whole.close()
    for kind, name, _ in missing:
        faults[None, f"The {kind} “{name}” is missing, or not as it should be."] += 1
    for (line,) in conn.execute(f"PRAGMA integrity_check({INTEGRITY_LINES})").fetchall():
        if line != "ok":
            for some in str(line).split("\n"):
                faults[None, f"SQLite finds: {some.strip('* ')}."] += 1
    for table, *_ in conn.execute("PRAGMA foreign_key_check"):
        faults[None, f"Rows of the table “{table}” belong to a lane that is missing."] += 1


def _schema_of(conn: sqlite3.Connection) -> set[tuple[str, str, str]]:
    return set(conn.execute("SELECT type, name, coalesce(sql, '') FROM sqlite_master"))


def _examine_lanes(conn: sqlite3.Connection, faults: Faults, progress: Progress, check: CheckAll) -> None:
    (total,) = conn.execute("SELECT count(*) FROM envelope").fetchone()
    logged = {lane for (lane,) in conn.execute("SELECT lane FROM fork")}
    done = 0
    lanes = conn.execute(f"SELECT number, id, fork_seq, {COLUMNS} FROM lane ORDER BY number").fetchall()
    for number, lane, fork_seq, *columns in lanes:
        rows = conn.execute(
            "SELECT seq, prev, payload, signature, hash FROM envelope WHERE lane = ? ORDER BY seq, hash",
            (number,),
        )
        try:
            header = checked_header(columns, lane)
        except RemoteError as error:
            faults[None, str(error)] += 1
            continue
        if (fork_seq is None) != (number not in logged):
            faults[header.council, "A fork is not marked as it was found."] += 1
        seen = _Lane(header, fork_seq, faults)
        for batch in _batches(seen.read(rows)):
            _check_signatures(header, batch, faults, check)
            done += len(batch)
            progress(done, total)
        seen.end()


class _Lane:
    """One lane while its rows are read: each has to follow the one before it."""

    def __init__(self, header: LaneHeader, fork_seq: object, faults: Faults) -> None:
        self._header = header
        self._fork_seq = fork_seq
        self._faults = faults
        self._forked_at: int | None = None
        self._is_begun = False

    def read(self, rows: Iterator[Sequence[object]]) -> Iterator[Envelope]:
        """The envelopes of the rows that are sound by themselves; what is wrong is counted."""
        seq, before = 0, frozenset[ChangeHash]()
        for here, some in groupby(self._sound(rows), key=attrgetter("seq")):
            branches = list(some)
            self._is_begun = True
            if here != seq + 1:
                self._fault("Entries are missing in the middle of a feed or text.")
            elif any(envelope.prev not in before for envelope in branches if here > 1):
                self._fault("An entry does not follow the one before it.")
            if self._forked_at is not None or len(branches) > BRANCHES_KEPT:
                self._fault("More is kept of a fork than its evidence.")
            if len(branches) > 1:
                self._forked_at = here
            seq, before = here, frozenset(envelope.hash for envelope in branches)
            yield from branches

    def end(self) -> None:
        """All rows were read: a fork must be marked where it stands, and of a lane put out nothing may stand."""
        marked = None if self._fork_seq == _PUT_OUT and not self._is_begun else self._fork_seq
        if self._forked_at != marked:
            self._fault("A fork is not marked where it stands.")

    def _sound(self, rows: Iterator[Sequence[object]]) -> Iterator[Envelope]:
        for row in rows:
            match tuple(row):
                case (int() as seq, prev, bytes() as payload, bytes() as signature, change) if isinstance(
                    prev, bytes | None
                ):
                    try:
                        before = None if prev is None else ChangeHash(prev)
                        envelope = make_envelope(self._header, seq, before, payload, signature)
                    except RemoteError as error:
                        self._fault(f"An entry is malformed: {str(error).rstrip('.')}.")
                        continue
                    if envelope.hash != change:
                        self._fault("An entry is not what its hash says.")
                        continue
                    yield envelope
                case _:
                    self._fault("An entry's row makes no sense.")

    def _fault(self, sentence: str) -> None:
        self._faults[self._header.council, sentence] += 1


def _batches(envelopes: Iterator[Envelope]) -> Iterator[list[Envelope]]:
    batch: list[Envelope] = []
    for envelope in envelopes:
        batch.append(envelope)
        if len(batch) == BATCH_SIGNATURES:
            yield batch
            batch = []
    if batch:
        yield batch


def _check_signatures(
    header: LaneHeader, envelopes: Sequence[Envelope], faults: Faults, check: CheckAll
) -> None:
    signed = [Signed(header.device, signed_message(e.lane, e.hash), e.signature) for e in envelopes]
    forged = check(signed).count(False)
    if forged:
        faults[header.council, "An entry's signature does not hold."] += forged


def _examine_orphans(conn: sqlite3.Connection, faults: Faults, check: CheckAll) -> None:
    (count, size_bytes) = conn.execute("SELECT count(*), total(length(wire)) FROM orphan").fetchone()
    if count > MAX_ORPHANS or size_bytes > MAX_POOL_BYTES:
        faults[None, "More entries wait for what they follow than there is room for."] += 1
    for lane, seq, change, prev, wire in conn.execute("SELECT lane, seq, hash, prev, wire FROM orphan"):
        try:
            (group,) = decode_groups(bytes(wire), ROW_BYTES_MAX)
            (envelope,) = group.envelopes
        except (RemoteError, ValueError, TypeError):
            faults[None, "An entry that waits for what it follows can't be read."] += 1
            continue
        if (envelope.lane, envelope.seq, envelope.hash, envelope.prev or b"") != (lane, seq, change, prev):
            faults[group.header.council, "An entry that waits stands under another's name."] += 1
        _check_signatures(group.header, [envelope], faults, check)


def _examine_once(conn: sqlite3.Connection, faults: Faults) -> None:
    for council, device, key, first, last, change in conn.execute(
        "SELECT council, device, key, first_seq, last_seq, hash FROM once"
    ):
        sizes = [len(value) if isinstance(value, bytes) else 0 for value in (council, device, change)]
        numbers = isinstance(first, int) and isinstance(last, int) and 1 <= first <= last
        if sizes != [32, 32, 32] or not isinstance(key, str) or not numbers:
            faults[None, "A note that a duty was done makes no sense."] += 1


def _examine_shelf(conn: sqlite3.Connection, faults: Faults, keep: KeepShelf) -> None:
    for kind, key, value in conn.execute("SELECT kind, key, value FROM shelf ORDER BY kind, key"):
        is_typed = isinstance(kind, str) and isinstance(key, bytes) and isinstance(value, bytes)
        if not is_typed or not keep(kind, key, value):
            faults[None, f"This laptop's own note “{str(kind)[:20]}” can't be read."] += 1
