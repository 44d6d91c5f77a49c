"""What must hold when the fire is out: looked up in the files themselves, and in what the processes left behind."""

import contextlib
import os
import re
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.e2e.fire.actor import MARK

TRACEBACK = re.compile(r"^Traceback \(most recent call last\)|^Fatal Python error", re.MULTILINE)
NEEDED = {"network.lock"}


def check_stores(stores: dict[str, Path], acknowledged: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Look into every store.

    Args:
        stores: SQLite files, by whose they are.
        acknowledged: who acknowledged which entry, in hex.

    Yields:
        What is wrong: a damaged file, an entry that is missing somewhere, sets that differ.
    """
    held: dict[str, set[str]] = {}
    for name, path in stores.items():
        held[name] = set()
        with contextlib.closing(sqlite3.connect(path)) as conn:
            try:
                (verdict,) = conn.execute("PRAGMA integrity_check(1)").fetchone()
                held[name] = {row[0].hex() for row in conn.execute("SELECT hash FROM envelope")}
            except sqlite3.DatabaseError as error:
                verdict = str(error)
        if verdict != "ok":
            yield f"{name}'s store is damaged: {verdict}"
    lost: Counter[tuple[str, str]] = Counter()
    for author, entry in acknowledged:
        for name in stores:
            lost[name, author] += entry not in held[name]
    for (name, author), count in sorted(lost.items()):
        if count:
            yield f"{count} entries that {author} acknowledged are missing in {name}'s store."
    everything = set().union(*held.values())
    for name in stores:
        if missing := len(everything - held[name]):
            yield f"{name}'s store lacks {missing} of {len(everything)} entries that others hold."


def check_logs(logs: dict[str, Path]) -> Iterator[str]:
    """Say whose log shows a traceback, and its first lines."""
    for name, path in logs.items():
        text = path.read_text(errors="replace") if path.exists() else ""
        found = [match.start() for match in TRACEBACK.finditer(text)]
        if found:
            last_line = text[found[0] :].split("\n\n")[0].strip().splitlines()[-1]
            yield f"{name}'s log shows {len(found)} tracebacks; of the first: {last_line}"


def check_homes(before: dict[str, set[str]], homes: dict[str, Path]) -> Iterator[str]:
    """Say what lies in a home that did not lie there before."""
    for name, home in homes.items():
        extra = {path.name for path in home.iterdir()} - before[name] - NEEDED
        if extra:
            yield f"{name}'s home holds files that nobody expects: {', '.join(sorted(extra))}"


def check_processes(folder: Path) -> Iterator[str]:
    """Say which processes of a run are left, where the system tells us."""
    mark = f"{MARK}={folder}".encode()
    for environment in Path("/proc").glob("[0-9]*/environ"):
        try:
            is_ours = mark in environment.read_bytes().split(b"\0")
        except OSError:
            continue  # It has ended, or is somebody else's.
        if is_ours and int(environment.parent.name) != os.getpid():
            command = (environment.parent / "cmdline").read_bytes().replace(b"\0", b" ").decode()[:120]
            yield f"A process is left: {environment.parent.name} ({command.strip()})"
