"""Where attacks on a shared text are played: a store with a text in it, a hostile member, and the wire between them."""

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import replace
from hashlib import sha256

from automerge.core import ROOT, Document, Message, SyncState

from crdt.change_codec import Change, decode_change, encode_change, hash_of_raw
from crdt.envelope import Envelope, EnvelopeGroup, decode_groups, encode_groups, signed_message
from crdt.errors import RemoteError
from crdt.ids import ChangeHash, LaneId, TextId
from crdt.keys import LaneHeader, lane_id
from crdt.leb128 import encode_unsigned
from crdt.op_columns import DELETE, HEAD, SET, TYPE_NULL, TYPE_TEXT, Op, OpId, encode_ops, prefixed
from crdt.store.accept import AcceptReport, accept
from crdt.store.append import append_text
from crdt.store.rows import export_groups
from crdt.store.schema import IN_MEMORY, open_store
from crdt.store.texts import load_text
from crdt.text import TextDocument
from crdt.text_guard import TEXT_KEY, genesis_change
from tests.store_support import COUNCIL, Writer, everyone, writer
from tests.text_sessions import with_actor_table

TEXT = TextId(b"t" * 32)
OBJECT: OpId = (1, bytes(TEXT))
GENESIS = hash_of_raw(genesis_change(TEXT))
ALICE, BOB, MALLORY = (writer(name) for name in ("alice", "bob", "mallory"))
MAX_FRAME_BYTES = 1 << 20
MAGIC, PLAIN, DEFLATED = b"\x85\x6f\x4a\x83", b"\x01", b"\x02"


def lane_of(author: Writer) -> LaneId:
    return lane_id(author.text_header(TEXT))


def insertion(after: OpId = HEAD, character: bytes = b"x") -> Op:
    return Op(SET, OBJECT, after, True, TYPE_TEXT, character, ())


def deletion(element: OpId) -> Op:
    return Op(DELETE, OBJECT, element, False, TYPE_NULL, b"", (element,))


def chunk(body: bytes, kind: bytes = PLAIN) -> bytes:
    """A chunk with a right length and checksum."""
    tail = kind + prefixed(body)
    return MAGIC + sha256(tail).digest()[:4] + tail


def body_of(change: Change, columns: Mapping[int, bytes]) -> bytes:
    """A change as Automerge would write it, with some columns in other bytes."""
    actors = (change.actor, *change.other_actors)
    written = {**dict(encode_ops(change.ops, actors)), **columns}
    table = [part for number in sorted(written) for part in (number, len(written[number]))]
    return b"".join(
        [
            encode_unsigned(len(change.deps)),
            *change.deps,
            prefixed(change.actor),
            encode_unsigned(change.seq) + encode_unsigned(change.start_op) + b"\x00\x00",
            encode_unsigned(len(change.other_actors)),
            *map(prefixed, change.other_actors),
            encode_unsigned(len(written)),
            *map(encode_unsigned, table),
            *(written[number] for number in sorted(written)),
        ]
    )


class Scene:
    """A text that says "hello", by Alice; Mallory's device is admitted too."""

    def __init__(self) -> None:
        self.conn: sqlite3.Connection = open_store(IN_MEMORY)
        self.write(ALICE, "hello")
        self.first = self.document().heads()[0]

    # The honest side.

    def document(self) -> TextDocument:
        return load_text(self.conn, COUNCIL, TEXT)

    def write(self, author: Writer, text: str) -> None:
        def make(document: TextDocument, lane: LaneId) -> list[bytes]:
            return document.edit(lane, text)

        append_text(self.conn, author, COUNCIL, TEXT, author.certificate, 0, make, 1)

    def letter(self, number: int) -> OpId:
        """The id of one of Alice's letters, from 0."""
        return number + 2, lane_of(ALICE)

    # The hostile side.

    def change(self, *ops: Op, **fields: object) -> Change:
        """A change by Mallory in its place, but for the fields named."""
        held = decode_change(self.document().raw(self.first))
        start_op, deps = held.max_op + 1, (self.first,)
        made = Change(ChangeHash(b""), lane_of(MALLORY), 1, start_op, deps, (), ops)
        return replace(with_actor_table(made), **fields)

    def craft(self, *ops: Op, **fields: object) -> bytes:
        return encode_change(self.change(*ops, **fields))

    def envelope(
        self,
        raw: bytes,
        seq: int = 1,
        prev: ChangeHash | None = None,
        author: Writer = MALLORY,
        signer: Writer = MALLORY,
    ) -> EnvelopeGroup:
        """Any bytes as a text change of somebody's, rightly signed over the hash that Automerge would give them."""
        header: LaneHeader = author.text_header(TEXT)
        change = hash_of_raw(raw)
        signature = signer.sign(signed_message(lane_id(header), change))
        return EnvelopeGroup(header, (Envelope(lane_id(header), seq, prev, raw, signature, change),))

    def send(self, groups: Iterable[EnvelopeGroup]) -> AcceptReport:
        """Over the wire and into the store.

        Raises:
            RemoteError: the frame is refused as a whole.
        """
        decoded = decode_groups(encode_groups(groups), MAX_FRAME_BYTES)
        return accept(self.conn, decoded, everyone, 1)

    def attack(self, raw: bytes, **place: object) -> None:
        """Send one change to a scene of its own; whatever becomes of it, the text is none the worse for it."""
        with closing(Scene()) as fresh:
            try:
                fresh.send([fresh.envelope(raw, **place)])
            except RemoteError:
                assert fresh.rows() == 1
            assert fresh.document().text() == "hello"
            try:
                taken = fresh.document().apply(lane_of(MALLORY), raw)
            except RemoteError:
                taken = False
            assert not taken, (
                "what is left out of the text when it is read from the store, it takes by itself"
            )
            fresh.check()

    def rows(self) -> int:
        (found,) = self.conn.execute("SELECT count(*) FROM envelope").fetchone()
        return found

    # Afterwards.

    def close(self) -> None:
        self.conn.close()

    def check(self) -> None:
        """The text loads and saves, in Automerge too, takes honest edits, and reads the same on another peer."""
        before = self.document().text()
        assert in_automerge(self.document()) == before
        self.write(ALICE, before + " again")
        self.write(BOB, "We say: " + before + " again")
        document = self.document()
        assert document.text() == in_automerge(document) == f"We say: {before} again"
        other = open_store(IN_MEMORY)
        try:
            for groups in export_groups(self.conn, COUNCIL):
                accept(other, decode_groups(encode_groups(groups), MAX_FRAME_BYTES), everyone, 1)
            assert load_text(other, COUNCIL, TEXT).version() == document.version()
        finally:
            other.close()


def in_automerge(document: TextDocument) -> str:
    """How Automerge itself reads the document's changes after it has saved and loaded them."""
    raws = [genesis_change(TEXT), *(document.raw(edit.hash) for edit in document.history())]
    blob = b"".join(raws)
    automerge = Document(bytes(TEXT))
    automerge.receive_sync_message(
        SyncState(), Message.decode(b"\x43\x00\x00\x00\x01" + encode_unsigned(len(blob)) + blob)
    )
    loaded = Document.load(automerge.save())
    assert tuple(sorted(loaded.get_heads())) == document.heads()
    found = loaded.get(ROOT, TEXT_KEY)
    assert found is not None
    return loaded.text(found[1])
