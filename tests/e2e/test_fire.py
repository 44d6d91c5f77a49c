"""Twenty seconds of fire, and proof that what looks at the ashes sees what is wrong."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.fire.actor import MARK
from tests.e2e.fire.check import check_homes, check_logs, check_processes, check_stores

pytestmark = pytest.mark.e2e

SECONDS = "20"
SEED = os.environ.get("SEED", "1")
BOUND_SECONDS = 420
"""The run's own limits end it before, and say what hangs."""


@pytest.mark.timeout(BOUND_SECONDS + 20)
def test_twenty_seconds_of_fire() -> None:
    command = (sys.executable, "-m", "tests.e2e.fire", "--seconds", SECONDS, "--seed", SEED)
    done = subprocess.run(command, capture_output=True, text=True, timeout=BOUND_SECONDS, check=False)
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr


def store(path: Path, *entries: str) -> Path:
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("CREATE TABLE envelope (hash BLOB, payload BLOB)")
        conn.executemany(
            "INSERT INTO envelope VALUES (?, randomblob(3000))", [(bytes.fromhex(e),) for e in entries]
        )
    return path


def test_a_lost_entry_is_seen(tmp_path: Path) -> None:
    whole = store(tmp_path / "whole", "aa", "bb")
    also = store(tmp_path / "also", "aa", "bb")
    lacking = store(tmp_path / "lacking", "aa")
    said = [("Ada", "aa"), ("Ada", "bb")]
    assert not list(check_stores({"Ada": whole, "Ben": also}, said))
    assert list(check_stores({"Ada": whole, "Ben": lacking}, said)) == [
        "1 entries that Ada acknowledged are missing in Ben's store.",
        "Ben's store lacks 1 of 2 entries that others hold.",
    ]
    both_lack = list(check_stores({"Ada": whole, "Ben": also}, [("Ada", "cc")]))
    assert [wrong.partition(" that")[0] for wrong in both_lack] == ["1 entries", "1 entries"]


def test_a_damaged_file_is_seen(tmp_path: Path) -> None:
    path = store(tmp_path / "store", *(f"{n:04x}" for n in range(50)))
    with path.open("r+b") as file:
        file.seek(4096 * 3)
        file.write(b"\x05" * 64)
    assert any("damaged" in wrong for wrong in check_stores({"Ada": path}, []))


def test_a_traceback_is_seen(tmp_path: Path) -> None:
    log = tmp_path / "Ada.log"
    log.write_text("10:00:00 p2pcouncil The disk is full.\n")
    assert not list(check_logs({"Ada": log, "Ben": tmp_path / "none"}))
    log.write_text("asyncio oh\nTraceback (most recent call last):\n  File\nKeyError: 'x'\n\nmore\n")
    assert list(check_logs({"Ada": log})) == ["Ada's log shows 1 tracebacks; of the first: KeyError: 'x'"]


def test_what_is_left_behind_is_seen(tmp_path: Path) -> None:
    (tmp_path / "network.lock").touch()
    assert not list(check_homes({"Ada": {"key"}}, {"Ada": tmp_path}))
    (tmp_path / "store.sqlite-wal").touch()
    assert list(check_homes({"Ada": {"key"}}, {"Ada": tmp_path}))
    if sys.platform == "linux":
        command = [sys.executable, "-c", "input()"]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, env={**os.environ, MARK: str(tmp_path)}
        ) as left:
            assert [str(left.pid) in wrong for wrong in check_processes(tmp_path)] == [True]
            left.communicate(b"\n")
        assert not list(check_processes(tmp_path))
