"""Files that are no store, and disks that fail: always a sentence with advice, never a half-written row."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from crdt.errors import DamagedError, LocalError
from crdt.store.append import append_feed
from crdt.store.faults import spoken_faults
from crdt.store.rows import Cursor, count, read_new
from crdt.store.schema import SCHEMA_VERSION, open_store
from tests.store_support import COUNCIL, writer

ALICE = writer("alice")


def append(conn: sqlite3.Connection, *entries: bytes) -> None:
    append_feed(conn, ALICE, COUNCIL, ALICE.certificate, 0, entries, 1)


def assert_refused(path: Path, words: str) -> None:
    with pytest.raises(LocalError, match=words) as caught:
        open_store(path)
    assert caught.value.hint


def test_a_store_is_found_again(tmp_path: Path) -> None:
    with closing(open_store(tmp_path / "store")) as conn:
        append(conn, b"x")
    with closing(open_store(tmp_path / "store")) as conn:
        assert count(conn) == 1
        assert conn.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert conn.execute("PRAGMA synchronous").fetchone() == (2,)
        assert conn.execute("PRAGMA foreign_keys").fetchone() == (1,)


def test_no_database(tmp_path: Path) -> None:
    path = tmp_path / "store"
    path.write_bytes(b"Dear diary, " * 1_000)
    assert_refused(path, "no p2pcouncil data")


def test_somebody_elses_database(tmp_path: Path) -> None:
    path = tmp_path / "store"
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("CREATE TABLE recipe (name TEXT)")
    assert_refused(path, "another program")


def test_a_newer_schema(tmp_path: Path) -> None:
    path = tmp_path / "store"
    with closing(open_store(path)) as conn:
        conn.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    assert_refused(path, "newer")


def test_no_folder(tmp_path: Path) -> None:
    assert_refused(tmp_path / "missing" / "store", "cannot be opened")


def test_a_damaged_file(tmp_path: Path) -> None:
    path = tmp_path / "store"
    with closing(open_store(path)) as conn:
        append(conn, *[bytes(2_000)] * 100)
    data = bytearray(path.read_bytes())
    data[4_096:] = b"\xa5" * (len(data) - 4_096)
    path.write_bytes(data)

    def use() -> None:
        with closing(open_store(path)) as conn:
            read_new(conn, Cursor())

    with pytest.raises(LocalError, match="damaged") as caught:
        use()
    assert "p2pcouncil doctor --repair" in caught.value.hint


def test_a_file_that_lost_its_tables_is_not_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "store"
    with closing(open_store(path)) as conn:
        append(conn, b"x")
        conn.execute("DROP TABLE shelf")
    with pytest.raises(DamagedError, match="lacks tables"):
        open_store(path)


def test_a_read_only_file(tmp_path: Path) -> None:
    path = tmp_path / "store"
    open_store(path).close()
    uri = f"file:{path}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as conn:
        with pytest.raises(LocalError, match="read-only") as caught:
            append(conn, b"x")
        assert "writable" in caught.value.hint


def test_a_full_disk_keeps_what_was_there(tmp_path: Path) -> None:
    with closing(open_store(tmp_path / "store")) as conn:
        append(conn, b"kept")
        (pages,) = conn.execute("PRAGMA page_count").fetchone()
        conn.execute(f"PRAGMA max_page_count = {pages + 10}")
        with pytest.raises(LocalError, match="disk is full"):
            append(conn, *[bytes(2_000)] * 100)
        assert count(conn) == 1
        conn.execute(f"PRAGMA max_page_count = {pages + 1_000}")
        append(conn, *[bytes(2_000)] * 100)
        assert count(conn) == 101


def test_another_process_that_never_lets_go(tmp_path: Path) -> None:
    path = tmp_path / "store"
    with closing(open_store(path)) as one, closing(open_store(path)) as other:
        other.execute("PRAGMA busy_timeout = 10")
        one.execute("BEGIN IMMEDIATE")
        with pytest.raises(LocalError, match="Another p2pcouncil process"):
            append(other, b"x")
        one.execute("ROLLBACK")
        append(other, b"x")


def test_our_own_mistakes_are_not_blamed_on_the_disk(tmp_path: Path) -> None:
    def mistake() -> None:
        with closing(open_store(tmp_path / "store")) as conn, spoken_faults():
            conn.execute("SELECT nonsense")

    with pytest.raises(sqlite3.OperationalError):
        mistake()
