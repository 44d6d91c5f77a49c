"""Reading a database file without SQLite: it must see what SQLite sees, and what SQLite can't see any more."""

import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from crdt.store.pages import read_rows
from p2pcouncil.runtime.store_file import compose, open_image

PAGE = 4_096


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[Path]:
    """A database with a log that was not taken in, as a killed process leaves it."""
    path = tmp_path / "busy"
    rng = random.Random(7)
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        conn.execute("PRAGMA journal_mode = WAL")
        conn.execute("PRAGMA wal_autocheckpoint = 0")
        conn.execute("CREATE TABLE a (n INTEGER PRIMARY KEY, v BLOB, i INTEGER)")
        conn.execute("CREATE TABLE b (k TEXT, v BLOB, PRIMARY KEY (k)) WITHOUT ROWID")
        for round_number in range(40):
            conn.execute("BEGIN")
            for number in range(10):
                size = rng.choice((0, 10, 500, 5_000, 20_000))
                value = rng.randbytes(size)
                conn.execute("INSERT INTO a (v, i) VALUES (?, ?)", (value, rng.randint(-(2**62), 2**62)))
                conn.execute("INSERT INTO b VALUES (?, ?)", (f"{round_number} {number}", value))
            conn.execute("COMMIT")
            if round_number == 20:
                conn.execute("PRAGMA wal_checkpoint(FULL)")
        copy = tmp_path / "copy"
        for suffix in ("", "-wal"):
            shutil.copy(f"{path}{suffix}", f"{copy}{suffix}")
        yield copy


def as_sqlite_sees_it(path: Path) -> list[list[tuple[object, ...]]]:
    with closing(sqlite3.connect(path)) as conn:
        return rows_of(conn)


def rows_of(conn: sqlite3.Connection) -> list[list[tuple[object, ...]]]:
    return [conn.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall() for table in ("a", "b")]


def as_we_see_it(path: Path) -> list[list[tuple[object, ...]]]:
    snapshot = compose(path.read_bytes(), Path(f"{path}-wal").read_bytes())
    with closing(open_image(snapshot.image)) as conn:
        return rows_of(conn)


def test_a_file_and_its_log_are_put_together_as_sqlite_does_it(busy: Path) -> None:
    ours = as_we_see_it(busy)
    assert len(ours[0]) == 400
    assert ours == as_sqlite_sees_it(busy)


@pytest.mark.parametrize("seed", range(6))
def test_a_log_that_is_cut_or_damaged_ends_where_sqlite_ends_it(busy: Path, seed: int) -> None:
    rng = random.Random(seed)
    log = Path(f"{busy}-wal")
    data = bytearray(log.read_bytes())
    at = rng.randrange(len(data))
    if seed % 2:
        data[at] ^= 1
    else:
        del data[at:]
    log.write_bytes(data)
    ours = as_we_see_it(busy)
    assert ours == as_sqlite_sees_it(busy)


def test_all_rows_are_found_page_by_page(busy: Path) -> None:
    snapshot = compose(busy.read_bytes(), Path(f"{busy}-wal").read_bytes())
    found = list(read_rows(snapshot.image, snapshot.page_bytes))
    table, without_rowid = as_sqlite_sees_it(busy)
    assert {(n, (None, v, i)) for n, v, i in table} <= {(row.rowid, row.values) for row in found}
    assert set(without_rowid) <= {row.values for row in found if row.rowid is None}


def test_no_bytes_at_all_make_it_fail() -> None:
    rng = random.Random(3)
    for _ in range(200):
        image = bytearray(rng.randbytes(PAGE * 3))
        for at in range(0, len(image), PAGE):
            image[at] = rng.choice((0x0D, 0x0A, 0x02))
        list(read_rows(bytes(image), PAGE))
        compose(bytes(image), rng.randbytes(PAGE))
