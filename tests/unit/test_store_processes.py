"""Several processes of one laptop on one file, and one that is killed."""

import subprocess
import sys
from contextlib import closing
from pathlib import Path

from crdt.envelope import Envelope, is_authentic
from crdt.store.rows import Cursor, data_version, read_new
from crdt.store.schema import open_store
from tests.store_support import writer

APPEND = """
import sys
from crdt.store.append import append_feed
from crdt.store.schema import open_store
from tests.store_support import COUNCIL, writer
path, name, number, once = sys.argv[1:]
alice = writer("alice")
conn = open_store(path)
print("ready", flush=True)
sys.stdin.readline()
for i in range(int(number)):
    duty = f"{once} {i}" if once else None
    made = append_feed(conn, alice, COUNCIL, alice.certificate, 0, [f"{name} {i}".encode()], 1, duty)
    print(made[0].hash.hex(), flush=True)
"""


def start(path: Path, name: str, number: int, once: str = "") -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", APPEND, str(path), name, str(number), once],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def run_both(path: Path, number: int, once: str = "") -> list[list[str]]:
    both = [start(path, name, number, once) for name in ("tui", "serve")]
    for process in both:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    printed = [process.communicate(timeout=60)[0].split() for process in both]
    assert [process.returncode for process in both] == [0, 0]
    return printed


def read_chain(path: Path) -> list[Envelope]:
    """Read the file as a new process would, and check that it holds one unbroken, signed chain."""
    with closing(open_store(path)) as conn:
        new = read_new(conn, Cursor(), 1_000_000)
        assert conn.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    envelopes = [row.envelope for row in new.envelopes]
    assert [envelope.seq for envelope in envelopes] == list(range(1, len(envelopes) + 1))
    assert [envelope.prev for envelope in envelopes] == [None, *(e.hash for e in envelopes[:-1])]
    assert all(is_authentic(writer("alice").device, envelope) for envelope in envelopes)
    assert not new.forks
    return envelopes


def test_two_processes_share_a_feed_without_forking_it(tmp_path: Path) -> None:
    path = tmp_path / "store"
    printed = run_both(path, 500)
    held = read_chain(path)
    assert {envelope.hash.hex() for envelope in held} == {*printed[0], *printed[1]}
    expected = [f"{name} {i}".encode() for name in ("tui", "serve") for i in range(500)]
    assert sorted(envelope.payload[1:] for envelope in held) == sorted(expected)


def test_two_processes_do_each_duty_once(tmp_path: Path) -> None:
    path = tmp_path / "store"
    printed = run_both(path, 100, "seal")
    assert printed[0] == printed[1]
    assert len(read_chain(path)) == 100


def test_what_a_killed_process_acknowledged_is_there(tmp_path: Path) -> None:
    path = tmp_path / "store"
    process = start(path, "killed", 2_000)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("go\n")
    process.stdin.flush()
    acknowledged = [process.stdout.readline().strip() for _ in range(300)]
    process.kill()
    # Not `communicate`: it would pass over what the reader of lines has taken in already.
    acknowledged += [line for line in process.stdout.read().split() if len(line) == 64]
    process.wait(60)
    held = [envelope.hash.hex() for envelope in read_chain(path)]
    assert 300 <= len(acknowledged) < 2_000
    assert held[: len(acknowledged)] == acknowledged
    assert len(held) <= len(acknowledged) + 1
    again = start(path, "after", 1)
    again.communicate("go\n", timeout=60)
    assert len(read_chain(path)) == len(held) + 1


def test_a_process_notices_what_another_commits(tmp_path: Path) -> None:
    path = tmp_path / "store"
    with closing(open_store(path)) as conn:
        cursor = read_new(conn, Cursor()).cursor
        before = data_version(conn)
        start(path, "other", 3).communicate("go\n", timeout=60)
        assert data_version(conn) != before
        assert [row.envelope.payload[1:] for row in read_new(conn, cursor).envelopes] == [
            b"other 0",
            b"other 1",
            b"other 2",
        ]
