"""The simulated disk: what was committed survives any crash, and a disk that lies about its syncs is found out."""

import gc
import random
import sqlite3
from contextlib import closing

import apsw
import pytest

from crdt.errors import LocalError
from crdt.store.accept import accept
from crdt.store.append import append_feed
from crdt.store.rows import Cursor, count, read_new
from crdt.store.schema import IN_MEMORY, open_store, transaction
from crdt.store.shelf import shelf_dump, shelf_get, shelf_put
from tests.sim.disk import Crashed, Disk
from tests.sim.disk_files import Losses, SimFile
from tests.sim.disk_vfs import DISKS
from tests.store_support import COUNCIL, chain, everyone, group, writer

ALICE, BOB = writer("alice"), writer("bob")
SEEDS = 300
LIFETIMES = 4
CHECKPOINT_PAGES = (1, 8, 40, 1000)


def append(conn: sqlite3.Connection, *entries: bytes) -> list[bytes]:
    """Append entries and count them on the shelf, as one transaction."""
    with transaction(conn, write=True):
        added = append_feed(conn, ALICE, COUNCIL, ALICE.certificate, 0, entries, 1)
        so_far = int.from_bytes(shelf_get(conn, "count", b"") or b"", "big")
        shelf_put(conn, "count", b"", (so_far + len(added)).to_bytes(4, "big"))
    return [envelope.hash for envelope in added]


def held(conn: sqlite3.Connection) -> list[bytes]:
    """The hashes in the store, which must be sound and agree with the shelf's count."""
    assert conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    hashes = [row.envelope.hash for row in read_new(conn, Cursor()).envelopes]
    assert int.from_bytes(shelf_get(conn, "count", b"") or b"", "big") == len(hashes)
    return hashes


def reopen(disk: Disk, rng: random.Random) -> sqlite3.Connection:
    """Reboot and open; at times the machine dies again while it recovers."""
    for _ in range(rng.choice((0, 0, 1, 3))):
        disk.reboot()
        disk.crash_after(rng.randrange(1, 20))
        try:
            disk.open().close()
        except Crashed:
            continue
        disk.crash()
    disk.reboot()
    return disk.open()


def live(seed: int, *, lies: bool = False) -> Losses:
    """Append until the machine dies, look at what is left, and again; on a disk of this seed."""
    rng = random.Random(seed)
    disk = Disk.fresh(random.Random(seed), checkpoint_pages=rng.choice(CHECKPOINT_PAGES))
    disk.lies = lies
    conn = disk.open()
    kept: list[bytes] = []
    losses = Losses()
    try:
        for _ in range(LIFETIMES):
            disk.crash_after(rng.choice((1, 10, 100, 400)) + rng.randrange(20))
            size = 0
            try:
                while True:  # The fuse ends it.
                    if rng.random() < 0.1:
                        size = 0
                        conn.close()
                        conn = disk.open()
                    entries = [
                        rng.randbytes(rng.choice((10, 300, 3000))) for _ in range(rng.choice((1, 1, 9)))
                    ]
                    size = len(entries)
                    kept += append(conn, *entries)
            except Crashed:
                conn = reopen(disk, rng)
            for name in ("changes", "lost", "torn", "garbled"):
                setattr(losses, name, getattr(losses, name) + getattr(disk.losses, name))
            found = held(conn)
            assert found[: len(kept)] == kept, f"seed {seed}: what was committed is gone; {disk.describe()}"
            assert len(found) - len(kept) in (0, size), f"seed {seed}: half a transaction; {disk.describe()}"
            kept = found
    finally:
        disk.close()
    return losses


def test_what_was_committed_survives_any_crash() -> None:
    lost = torn = garbled = 0
    for seed in range(SEEDS):
        losses = live(seed)
        lost, torn, garbled = lost + losses.lost, torn + losses.torn, garbled + losses.garbled
    assert lost > SEEDS
    assert torn > SEEDS / 4
    assert garbled > SEEDS / 8


def test_a_disk_that_lies_about_its_syncs_is_found_out() -> None:
    caught = 0
    for seed in range(30):
        try:
            live(seed, lies=True)
        except (AssertionError, LocalError, sqlite3.DatabaseError):
            caught += 1
    assert caught > 10


def test_a_crash_at_every_write_of_an_append() -> None:
    for checkpoint_pages in (1, 1000):
        writes = 0
        died = True
        while died:
            writes += 1
            disk = Disk.fresh(random.Random(writes), checkpoint_pages)
            conn = disk.open()
            kept = append(conn, b"before")
            disk.crash_after(writes)
            died = False
            try:
                append(conn, *[bytes(1000)] * 9)
            except Crashed:
                died = True
                disk.reboot()
                found = held(disk.open())
                assert found[:1] == kept
                assert len(found) in (1, 10)
            disk.close()
        assert writes > 10


def test_a_crash_at_every_write_of_making_the_store() -> None:
    writes = 0
    died = True
    while died:
        writes += 1
        disk = Disk(random.Random(writes))
        disk.crash_after(writes)
        died = False
        try:
            disk.open().close()
        except Crashed:
            died = True
            disk.reboot()
            conn = disk.open()
            assert len(append(conn, b"x")) == 1
            assert len(held(conn)) == 1
        disk.close()
    assert writes > 20


def test_nobody_speaks_for_a_dead_machine() -> None:
    disk = Disk.fresh(random.Random(1))
    conn = disk.open()
    disk.crash_after(3)
    with pytest.raises(Crashed):
        append(conn, b"x")
    assert disk.crashes == 1
    for call in (lambda: count(conn), lambda: conn.in_transaction, conn.close, disk.open):
        with pytest.raises(Crashed):
            call()
    disk.reboot()
    with pytest.raises(Crashed):
        count(conn)
    assert "unsynced writes" in disk.describe()
    with closing(disk.open()) as again:
        assert count(again) == 0


def test_a_machine_that_dies_while_it_closes_keeps_what_was_committed() -> None:
    died = 0
    for writes in range(1, 30):
        disk = Disk.fresh(random.Random(writes))
        conn = disk.open()
        kept = append(conn, b"x", b"y")
        disk.crash_after(writes)
        try:
            conn.close()
        except Crashed:
            died += 1
            disk.reboot()
        else:
            # The WAL's deletion is not synced: it may come back.
            disk.crash()
            disk.reboot()
        assert held(disk.open()) == kept
        disk.close()
    assert 5 < died < 29


def test_the_store_is_opened_as_in_production() -> None:
    with closing(Disk.fresh(random.Random(1)).open()) as conn:
        assert conn.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert conn.execute("PRAGMA synchronous").fetchone() == (2,)
        assert conn.execute("PRAGMA foreign_keys").fetchone() == (1,)
        assert conn.execute("PRAGMA page_size").fetchone() == (4096,)


def test_the_store_answers_as_on_sqlite3() -> None:
    groups = [group(BOB, chain(BOB, [b"1", b"2", b"3"])[::-1]), group(BOB, chain(BOB, [b"1", b"other"]))]
    disk = Disk.fresh(random.Random(1))
    with closing(disk.open()) as conn, closing(open_store(IN_MEMORY)) as real:
        for each in (conn, real):
            append(each, b"a", b"b" * 5000)
            for some in groups:
                accept(each, [some], everyone, 2)
        assert read_new(conn, Cursor()) == read_new(real, Cursor())
        assert shelf_dump(conn) == shelf_dump(real)
        assert conn.total_changes == real.total_changes


def test_sqlite_speaks_through_the_exceptions_of_sqlite3() -> None:
    with closing(Disk.fresh(random.Random(1)).open()) as conn, closing(open_store(IN_MEMORY)) as real:
        append(conn, b"x")
        append(real, b"x")
        for sql in (
            "SELECT nonsense",
            "INSERT INTO fork (lane, seq) VALUES (77, 1)",
            "INSERT INTO envelope SELECT * FROM envelope",
            "INSERT INTO envelope SELECT 9, hash, lane, seq, prev, payload, signature, 1 FROM envelope",
            "COMMIT",
        ):
            codes = []
            for each in (conn, real):
                with pytest.raises(sqlite3.DatabaseError) as caught:
                    each.execute(sql)
                codes.append((caught.type, caught.value.sqlite_errorcode, caught.value.sqlite_errorname))
            assert codes[0] == codes[1]
    with pytest.raises(sqlite3.ProgrammingError):
        conn.execute("SELECT 1")


def test_a_full_disk_keeps_what_was_there_and_works_again() -> None:
    disk = Disk.fresh(random.Random(1))
    conn = disk.open()
    kept = append(conn, b"kept")
    disk.room_bytes = 10_000
    with pytest.raises(LocalError, match="disk is full"):
        append(conn, *[bytes(2_000)] * 100)
    disk.is_full = True
    with pytest.raises(LocalError, match="disk is full"):
        append(conn, bytes(3_000))
    assert held(conn) == kept
    disk.is_full, disk.room_bytes = False, 10_000_000
    kept += append(conn, *[bytes(2_000)] * 100)
    disk.crash()
    disk.reboot()
    assert held(disk.open()) == kept


def test_a_commit_stands_when_its_checkpoint_finds_no_room() -> None:
    stood = 0
    for room_bytes in range(100_000, 300_000, 10_000):
        disk = Disk.fresh(random.Random(1), checkpoint_pages=20)
        conn = disk.open()
        kept = append(conn, b"small")
        disk.room_bytes = room_bytes
        try:
            kept += append(conn, *[bytes(3_000)] * 30)
            stood += disk.checkpoints_failed
        except LocalError:
            assert not disk.checkpoints_failed
        assert held(conn) == kept
        conn.close()
        disk.crash()
        disk.reboot()
        assert held(disk.open()) == kept
    assert 0 < stood < 20


def test_an_old_backup_and_a_clone() -> None:
    disk = Disk.fresh(random.Random(1))
    conn = disk.open()
    old = append(conn, b"old")
    image = disk.snapshot()
    new = append(conn, b"new")
    with closing(Disk.from_image(random.Random(2), image).open()) as clone:
        assert held(clone) == old
        append(clone, b"the clone's own")
    assert held(conn) == old + new
    disk.crash()
    disk.reboot()
    assert held(Disk.from_image(random.Random(3), disk.snapshot()).open()) == old + new
    disk.restore(image)
    disk.crash()
    disk.reboot()
    assert held(disk.open()) == old


def append_many(conn: sqlite3.Connection) -> None:
    for number in range(100):
        append(conn, bytes([number]) * 700)


def test_the_same_seed_writes_the_same_bytes() -> None:
    def bytes_of(seed: int) -> list[dict[str, bytes]]:
        disk = Disk.fresh(random.Random(seed), checkpoint_pages=8)
        story = []
        for writes in (20, 40, 80):
            conn = disk.open()
            disk.crash_after(writes)
            with pytest.raises(Crashed):
                append_many(conn)
            story.append({name: bytes(file.data) for name, file in disk.files.items()})
            disk.reboot()
            story.append({name: bytes(file.data) for name, file in disk.files.items()})
        return story

    once, noise, again = bytes_of(5), bytes_of(6), bytes_of(5)
    assert once == again
    assert once != noise


def test_no_synced_byte_changes_and_no_write_reaches_beyond_its_range() -> None:
    for seed in range(100):
        disk = Disk(random.Random(seed))
        file = disk.create("x-wal")
        file.xWrite(b"s" * 5000, 0)
        file.xSync(0)
        file.xWrite(b"n" * 1000, 300)
        file.xWrite(b"n" * 1000, 3000)
        file.xWrite(b"n" * 1000, 5000)
        file.lose_power(disk.rng, Losses())
        assert file.data[:300] == b"s" * 300
        assert file.data[1300:3000] == b"s" * 1700
        assert file.data[4000:5000] == b"s" * 1000
        assert not file.pending


def test_a_reboot_leaves_every_mixture_behind() -> None:
    seen = set()
    for seed in range(200):
        disk = Disk(random.Random(seed))
        file: SimFile = disk.create("x")
        for at in range(3):
            file.xWrite(b"%d" % at * 512, at * 512)
        file.lose_power(disk.rng, Losses())
        seen.add(bytes(file.data[::512]).replace(b"\0", b"-").ljust(3, b"-"))
    assert len(seen) == 8


def test_disks_leave_nothing_behind() -> None:
    gc.collect()
    disks, connections = len(DISKS), len(apsw.connections())
    for seed in range(100):
        disk = Disk.fresh(random.Random(seed))
        conn = disk.open()
        append(conn, b"x")
        match seed % 4:
            case 0:
                conn.close()
            case 1:
                disk.close()
            case 2:
                disk.crash_after(2)
                with pytest.raises(Crashed):
                    conn.close()
    del disk, conn
    gc.collect()
    assert (len(DISKS), len(apsw.connections())) == (disks, connections)
