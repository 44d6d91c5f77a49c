"""A damaged store: what still stands in its pages is saved, and nothing is believed that does not verify."""

import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from crdt.keys import lane_id
from crdt.store.accept import accept
from crdt.store.pages import overlay, page_bytes_of, read_log
from crdt.store.rows import Cursor, read_new
from crdt.store.salvage import gather, salvage
from crdt.store.schema import open_store
from crdt.store.shelf import shelf_put
from crdt.store.texts import load_text
from tests.fuzz.choices import Choices
from tests.fuzz.people import ALICE, COUNCIL, GROUPS, TEXT, check_remembered
from tests.fuzz.stores import is_admitted
from tests.fuzz.target import Target
from tests.store_support import chain, group

NOW_MS = 1_000
EDITS_MAX = 8
LATER = group(ALICE, chain(ALICE, [b"\0later" * 9], after=GROUPS[0].envelopes[-1]))
ORPHAN = group(ALICE, chain(ALICE, [b"\0a", b"\0b", b"\0waits"], header=ALICE.header(2))[2:], ALICE.header(2))
HASHES = {e.hash for some in (*GROUPS, LATER) for e in some.envelopes}
LANES = {lane_id(some.header) for some in (*GROUPS, ORPHAN)}


def _files() -> tuple[bytes, bytes]:
    """A store's file, and the log beside it in which the last that was written still stands."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store"
        with closing(open_store(path)) as conn:
            accept(conn, GROUPS, is_admitted, 1)
            shelf_put(conn, "setting", b"name", b"value")
        with closing(open_store(path)) as conn:
            accept(conn, [LATER, ORPHAN], is_admitted, 2)
            return path.read_bytes(), path.with_name("store-wal").read_bytes()


MAIN, LOG = _files()


def damaged(choices: Choices, data: bytes) -> bytes:
    """A file after some of what happens to files."""
    for _ in range(choices.number(EDITS_MAX)):
        at = choices.number(max(1, len(data)))
        match choices.number(6):
            case 0 | 1:
                data = data[:at] + choices.take(1) + data[at + 1 :]
            case 2:
                patch = choices.take(choices.number(12))
                data = data[:at] + patch + data[at + len(patch) :]
            case 3:
                size = choices.pick((16, 512, 4_096))
                data = data[:at] + bytes(len(data[at : at + size])) + data[at + size :]
            case 4:
                data = data[:at]
            case _:
                page, other = at // 4_096 * 4_096, choices.number(16) * 4_096
                data = data[:page] + data[other : other + 4_096] + data[page + 4_096 :]
    return data


def run_salvage(data: bytes) -> None:
    choices = Choices(data)
    main, log = damaged(choices, MAIN), damaged(choices, LOG)
    page_bytes = page_bytes_of(main)
    found = read_log(log, len(main) // page_bytes)
    pages = {**found.beyond, **found.committed} if found.page_bytes == page_bytes else {}
    remains = gather([overlay(main, {}, page_bytes), overlay(main, pages, page_bytes)], page_bytes)
    conn, report = salvage(
        remains, None, [ALICE.certificate], lambda *_: True, NOW_MS, check=check_remembered
    )
    with closing(conn):
        rows = read_new(conn, Cursor(), 10_000).envelopes
        assert report.saved == len(rows)
        assert {row.envelope.hash for row in rows} <= HASHES
        assert {row.envelope.lane for row in rows} <= LANES
        if (main, log) == (MAIN, LOG):
            assert {row.envelope.hash for row in rows} == HASHES
            assert (report.waiting, report.lost, report.dropped_values) == (1, (), ())
        load_text(conn, COUNCIL, TEXT).text()
        accept(conn, [*GROUPS, LATER], is_admitted, NOW_MS, check=check_remembered)
        assert {row.envelope.hash for row in read_new(conn, Cursor(), 10_000).envelopes} == HASHES, "it heals"


def salvage_seeds() -> Iterator[bytes]:
    yield b""
    for kind in range(6):
        for page in range(0, 16, 2):
            edit = bytes([page * 7 % 256, page * 16, 0, kind, 9, page, 255])
            yield bytes([3]) + edit * 3 + bytes([2, 1, page, kind, 3])


TARGETS = (Target("salvage", run_salvage, ("crdt.store.pages", "crdt.store.salvage"), salvage_seeds, 256),)
