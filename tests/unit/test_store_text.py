"""Texts in the store."""

from contextlib import closing
from dataclasses import replace

import pytest
from msgspec import structs

from crdt.envelope import decode_groups, encode_groups
from crdt.errors import LocalError
from crdt.ids import LaneId, TextId
from crdt.store.accept import accept
from crdt.store.append import append_text, current_generation
from crdt.store.rows import Cursor, count, export_groups, read_new
from crdt.store.schema import IN_MEMORY, open_store
from crdt.store.texts import load_text
from crdt.text import TextDocument
from tests.store_support import COUNCIL, Writer, everyone, group, writer
from tests.sync_support import Replica, pull

ALICE, BOB = writer("alice"), writer("bob")
TEXT = TextId(b"t" * 32)


def write(replica: Replica, author: Writer, text: str, generation: int = 0) -> None:
    def make(document: TextDocument, lane: LaneId) -> list[bytes]:
        return document.edit(lane, text)

    append_text(replica.conn, author, COUNCIL, TEXT, author.certificate, generation, make, 1)
    replica.follow()


def read(replica: Replica) -> str:
    return load_text(replica.conn, COUNCIL, TEXT).text()


def test_two_write_offline_and_both_read_the_same() -> None:
    ours, theirs = Replica(), Replica()
    write(ours, ALICE, "Bread for all.\n")
    pull(theirs, ours.serve)
    write(ours, ALICE, "Bread and roses for all.\n")
    write(theirs, BOB, "Bread for all.\nTomorrow.\n")
    pull(theirs, ours.serve)
    pull(ours, theirs.serve)
    assert read(ours) == read(theirs) == "Bread and roses for all.\nTomorrow.\n"
    assert ours.fingerprint() == theirs.fingerprint()


def test_an_edit_is_written_whole_or_not_at_all() -> None:
    ours = Replica()
    write(ours, ALICE, "Bread.")

    def make(document: TextDocument, lane: LaneId) -> list[bytes]:
        return [*document.edit(lane, "Bread and roses."), b"nonsense"]

    with pytest.raises(LocalError, match="cannot be made"):
        append_text(ours.conn, ALICE, COUNCIL, TEXT, ALICE.certificate, 0, make, 1)
    assert count(ours.conn) == 1
    assert read(ours) == "Bread."


def test_a_relayed_change_under_a_wrong_predecessor_keeps_nothing_out() -> None:
    """A text change does not sign which of its dependencies is its own predecessor."""
    ours, theirs = Replica(), Replica()
    write(ours, ALICE, "a")
    pull(theirs, ours.serve)
    write(theirs, BOB, "ab")
    pull(ours, theirs.serve)
    write(ours, ALICE, "abc")
    rows = [row.envelope for row in read_new(ours.conn, Cursor()).envelopes]
    last, bobs = rows[-1], next(row for row in rows if row.lane != rows[-1].lane)
    relabelled = [group(ALICE, [structs.replace(last, prev=bobs.hash)], ALICE.text_header(TEXT))]
    with closing(open_store(IN_MEMORY)) as fresh:
        accept(fresh, decode_groups(encode_groups(relabelled), 100_000), everyone, 1)
        assert accept(fresh, [group(ALICE, [last], ALICE.text_header(TEXT))], everyone, 1).orphans == 2
        for some in next(export_groups(ours.conn, COUNCIL)):
            others = tuple(envelope for envelope in some.envelopes if envelope != last)
            accept(fresh, [replace(some, envelopes=others)], everyone, 1)
        assert load_text(fresh, COUNCIL, TEXT).text() == "abc"
        assert fresh.execute("SELECT count(*) FROM orphan").fetchone() == (0,)


def test_a_forked_lane_leaves_the_same_text_whatever_came_first() -> None:
    """A restored backup makes a member write two things at one place; another one has built on the first."""
    before, copy, bob = Replica(), Replica(), Replica()
    write(before, ALICE, "One. ")
    pull(copy, before.serve)
    write(before, ALICE, "One. Two. ")
    pull(bob, before.serve)
    write(bob, BOB, "One. Two. Three. ")
    write(copy, ALICE, "One. Other. ")
    replicas = []
    for order in ((before, bob, copy), (copy, bob, before), (bob, copy, before)):
        made = Replica()
        for source in order:
            pull(made, source.serve)
        replicas.append(made)
    assert {replica.fingerprint() for replica in replicas} == {replicas[0].fingerprint()}
    assert {read(replica) for replica in replicas} == {"One. "}
    assert all(len(load_text(r.conn, COUNCIL, TEXT).excluded) >= 2 for r in replicas)
    made = replicas[0]
    with pytest.raises(LocalError):
        write(made, ALICE, "One. Again.")
    assert current_generation(made.conn, COUNCIL, ALICE.device, text=TEXT) == 1
    write(made, ALICE, "One. Again.", generation=1)
    assert read(made) == "One. Again."
