"""Looking at the data file: is it sound, what can be saved of it if not, and what do its councils come to."""

import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from crdt.errors import DamagedError, LocalError, RemoteError
from crdt.ids import CouncilId, TextId
from crdt.keys import LaneKind
from crdt.store.examine import Faults, examine
from crdt.store.pages import MAGIC
from crdt.store.rows import Cursor, read_new
from crdt.store.salvage import Remains, Salvaged, gather, salvage
from crdt.store.schema import APPLICATION_ID, IN_MEMORY, SCHEMA_VERSION, open_store, prepare_store
from crdt.store.shelf import shelf_dump
from crdt.store.texts import load_text
from net.peer_id import split_address
from net.transport import TransportError
from p2pcouncil.domain.records import read_genesis, read_join
from p2pcouncil.identity.keystore import Identity
from p2pcouncil.peer import shelf
from p2pcouncil.peer.core import Peer
from p2pcouncil.peer.events import ReadAgain, Row, RowsRead, ShelfRead
from p2pcouncil.runtime.clock import now_ms
from p2pcouncil.runtime.store_file import Snapshot, open_image

Progress = Callable[[str, int, int], None]

READ_ROWS = 5_000
VERSIONS_TO_COME = 1_000
"""A format's number up to so many above ours is a newer program's; beyond that it is damage."""
_COUNT_BYTES, _TIME_BYTES = 4, 8
_USER_VERSION, _APPLICATION_ID = slice(60, 64), slice(68, 72)


@dataclass(frozen=True, slots=True)
class DataCheck:
    """What was found in the data file.

    Attributes:
        faults: what is wrong with it.
        conn: the file in memory; if it is damaged, the store that was made of what can be saved.
        saved: what could be saved; None if the file is sound.
        remains: what stood in the pages; None if the file is sound.
        peer: a peer that has folded `conn`.
        texts: how many text documents were put together, by council.
    """

    faults: Faults
    conn: sqlite3.Connection
    saved: Salvaged | None
    remains: Remains | None
    peer: Peer
    texts: Counter[CouncilId]


def check_data(snapshot: Snapshot, identity: Identity | None, progress: Progress) -> DataCheck:
    """Look at a data file, and make a new one of it in memory if it is damaged.

    Raises:
        LocalError: a newer program wrote it.
    """
    if not snapshot.image:
        return DataCheck(Counter(), open_store(IN_MEMORY), None, None, Peer(), Counter())
    _refuse_newer(snapshot.image)
    conn = open_image(snapshot.image)
    with suppress(LocalError, sqlite3.DatabaseError):
        # What a newer program adds to older files is no damage when it is not there yet; what is, `examine` finds.
        prepare_store(conn)
    faults = examine(conn, makes_sense, partial(progress, "Checking entries"))
    if not faults:
        peer = _fold(conn, progress)
        texts = _put_texts_together(conn, faults, progress)
        if not faults:
            return DataCheck(faults, conn, None, None, peer, texts)
    remains = gather(snapshot.images, snapshot.page_bytes)
    new, saved = salvage(
        remains,
        _shelf_of(conn),
        () if identity is None else (identity.certificate,),
        makes_sense,
        now_ms(),
        partial(progress, "Saving entries"),
    )
    conn.close()
    peer = _fold(new, progress)
    return DataCheck(faults, new, saved, remains, peer, _put_texts_together(new, Counter(), progress))


def makes_sense(kind: str, key: bytes, value: bytes) -> bool:
    """Whether a value of the shelf is one that this program put there; kinds that it does not know are left alone."""
    try:
        match kind:
            case shelf.COUNCIL:
                return read_genesis(value)[0] == key
            case shelf.LOBBY:
                join = read_join(shelf.read(value, shelf.LobbyRecord).join)
                return join.council + join.member == key
            case shelf.JOIN:
                pending = shelf.read(value, shelf.PendingJoin)
                return pending.council == key == read_join(pending.join).council
            case shelf.HOLDING:
                return len(value) == _COUNT_BYTES
            case shelf.ADDRESS:
                split_address(key.decode("ascii"))
                return len(value) == _TIME_BYTES
            case _:
                return bool(kind)
    except (LocalError, RemoteError, TransportError, UnicodeDecodeError):
        return False


def _refuse_newer(image: bytes) -> None:
    version = int.from_bytes(image[_USER_VERSION], "big")
    is_ours = image.startswith(MAGIC) and int.from_bytes(image[_APPLICATION_ID], "big") == APPLICATION_ID
    if is_ours and SCHEMA_VERSION < version <= SCHEMA_VERSION + VERSIONS_TO_COME:
        raise LocalError(
            f"The data file was written by a newer p2pcouncil (format {version}, this one knows "
            f"{SCHEMA_VERSION}).",
            "Upgrade p2pcouncil; the file is unharmed.",
        )


def _shelf_of(conn: sqlite3.Connection) -> list[tuple[str, bytes, bytes]] | None:
    """The shelf as SQLite reads it; None if it can't."""
    try:
        items = shelf_dump(conn)
    except (DamagedError, sqlite3.DatabaseError):
        return None
    types = (str, bytes, bytes)
    return [i for i in items if all(isinstance(value, kind) for value, kind in zip(i, types, strict=True))]


def _fold(conn: sqlite3.Connection, progress: Progress) -> Peer:
    """Fold all that a store holds, as a peer does when it starts."""
    peer = Peer()
    peer.handle(ShelfRead(tuple(shelf_dump(conn))), 0)
    (total,) = conn.execute("SELECT count(*) FROM envelope").fetchone()
    cursor, more, done = Cursor(), True, 0
    while more:
        new = read_new(conn, cursor, READ_ROWS)
        cursor, more, done = new.cursor, new.more, done + len(new.envelopes)
        rows = tuple(Row(e.header, e.envelope, e.first_seen_ms) for e in new.envelopes)
        if ReadAgain() in peer.handle(RowsRead(rows, tuple(new.forks), more), 0):
            cursor, more, done = Cursor(), True, 0
        progress("Reading councils", done, total)
    return peer


def _put_texts_together(conn: sqlite3.Connection, faults: Faults, progress: Progress) -> Counter[CouncilId]:
    texts: Counter[CouncilId] = Counter()
    rows = conn.execute(
        "SELECT DISTINCT council, subject FROM lane WHERE kind = ? ORDER BY council, subject",
        (int(LaneKind.TEXT),),
    ).fetchall()
    for done, (council, text) in enumerate(rows, 1):
        try:
            load_text(conn, CouncilId(council), TextId(text)).text()
        except RemoteError as error:
            faults[CouncilId(council), f"A text can't be put together: {str(error).rstrip('.')}."] += 1
        texts[CouncilId(council)] += 1
        progress("Putting texts together", done, len(rows))
    return texts
