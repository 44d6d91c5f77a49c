"""The asyncio shell, and what it leans on inside aiosqlite."""

import asyncio
import sqlite3
import threading
from pathlib import Path

import pytest

from crdt.errors import LocalError
from crdt.store.append import append_feed
from crdt.store.rows import Cursor, read_new
from crdt.store.shell import AsyncStore
from tests.store_support import COUNCIL, writer

ALICE = writer("alice")


@pytest.mark.asyncio
async def test_functions_run_in_order_on_a_thread_of_their_own(tmp_path: Path) -> None:
    store = await AsyncStore.open(tmp_path / "store")
    try:
        threads = {await store.run(lambda conn: threading.get_ident()) for _ in range(3)}
        assert len(threads) == 1
        assert threading.get_ident() not in threads
        await asyncio.gather(
            *(store.run(append_feed, ALICE, COUNCIL, ALICE.certificate, 0, [b"%d" % i], 1) for i in range(20))
        )
        new = await store.run(read_new, Cursor(), limit=100)
        assert [row.envelope.payload[1:] for row in new.envelopes] == [b"%d" % i for i in range(20)]
    finally:
        await store.close()


@pytest.mark.asyncio
async def test_what_a_cancelled_caller_asked_for_is_done_all_the_same(tmp_path: Path) -> None:
    store = await AsyncStore.open(tmp_path / "store")
    try:
        gate = threading.Event()
        blocking = asyncio.ensure_future(store.run(lambda conn: gate.wait(10)))
        append = asyncio.ensure_future(
            store.run(append_feed, ALICE, COUNCIL, ALICE.certificate, 0, [b"x"], 1)
        )
        await asyncio.sleep(0)
        append.cancel()
        gate.set()
        assert await blocking
        assert len((await store.run(read_new, Cursor())).envelopes) == 1
    finally:
        await store.close()


@pytest.mark.asyncio
async def test_faults_are_spoken(tmp_path: Path) -> None:
    (tmp_path / "store").write_bytes(b"Dear diary, " * 1_000)
    with pytest.raises(LocalError, match="no p2pcouncil data"):
        await AsyncStore.open(tmp_path / "store")

    def break_it(conn: sqlite3.Connection) -> None:
        conn.execute("PRAGMA max_page_count = 1")
        append_feed(conn, ALICE, COUNCIL, ALICE.certificate, 0, [bytes(2_000)] * 200, 1)

    store = await AsyncStore.open(tmp_path / "other")
    try:
        with pytest.raises(LocalError, match="disk is full"):
            await store.run(break_it)
    finally:
        await store.close()
