"""Appending: signed and committed, one by one and in groups, beside raw SQLite inserts of the same bytes."""

import asyncio
import sqlite3
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from crdt.store.append import append_feed
from crdt.store.shell import AsyncStore
from p2pcouncil.domain.entries import Comment
from p2pcouncil.peer.events import Append
from p2pcouncil.runtime.engine import now_ms
from p2pcouncil.runtime.home import Home
from p2pcouncil.runtime.session import open_session
from tests.bench.peers import comment_bytes, found

SINGLES = 400
GROUPS = 20
GROUP = 200
ENVELOPE_BYTES = 32 + 32 + 64
"""Hash, previous hash and signature."""


def raw_inserts(path: Path, transactions: int, rows_each: int) -> float:
    """Rows per second of plain inserts of as many bytes, with the store's pragmas."""
    conn = sqlite3.connect(path, isolation_level=None)
    conn.execute("PRAGMA journal_mode = WAL")
    conn.execute("PRAGMA synchronous = FULL")
    conn.execute("CREATE TABLE IF NOT EXISTS row (number INTEGER PRIMARY KEY, data BLOB NOT NULL)")
    rows = [(comment_bytes(number) + bytes(ENVELOPE_BYTES),) for number in range(rows_each)]
    begun = time.perf_counter()
    for _ in range(transactions):
        conn.execute("BEGIN IMMEDIATE")
        conn.executemany("INSERT INTO row (data) VALUES (?)", rows)
        conn.execute("COMMIT")
    took = time.perf_counter() - begun
    conn.close()
    return transactions * rows_each / took


async def run() -> dict[str, object]:
    """Run."""
    with TemporaryDirectory() as folder:
        async with open_session(Home(Path(folder) / "home")) as session:
            await session.create_identity("Writer", "")
            council = await found(session)
            me, signer = session.peer.world.me, session.engine.signer
            assert me is not None
            assert signer is not None
            raw = [raw_inserts(Path(folder) / "raw.db", SINGLES, 1)]
            store = await AsyncStore.open(session.home.store_path)
            begun = time.perf_counter()
            for number in range(SINGLES):
                entry = [comment_bytes(number)]
                await store.run(append_feed, signer, council, me.certificate, 0, entry, now_ms())
            singles = SINGLES / (time.perf_counter() - begun)
            raw.append(raw_inserts(Path(folder) / "raw.db", SINGLES, 1))
            raw_groups = [raw_inserts(Path(folder) / "raw.db", GROUPS, GROUP)]
            begun = time.perf_counter()
            for _ in range(GROUPS):
                entries = [comment_bytes(number) for number in range(GROUP)]
                await store.run(append_feed, signer, council, me.certificate, 0, entries, now_ms())
            groups = GROUPS * GROUP / (time.perf_counter() - begun)
            raw_groups.append(raw_inserts(Path(folder) / "raw.db", GROUPS, GROUP))
            await store.close()
            await session.engine.refresh()
            begun = time.perf_counter()
            for number in range(SINGLES):
                said = Comment(now_ms(), bytes(32), b"", f"{number:08d} " + "x" * 240)
                await session.engine.append([Append(council, (said,))])
            folded = SINGLES / (time.perf_counter() - begun)
    return {
        "one by one, signed and committed, entries/s": round(singles),
        "raw SQLite inserts one by one, rows/s": round(sum(raw) / 2),
        "one by one ÷ raw": round(singles * 2 / sum(raw), 2),
        f"in groups of {GROUP}, entries/s": round(groups),
        "raw SQLite inserts in such groups, rows/s": round(sum(raw_groups) / 2),
        "in groups ÷ raw": round(groups * 2 / sum(raw_groups), 2),
        "one by one, folded and in the views as well, entries/s": round(folded),
    }


def measure() -> dict[str, object]:
    """Run."""
    return asyncio.run(run())
