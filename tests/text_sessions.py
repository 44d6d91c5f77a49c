"""Honest editing sessions in Automerge itself, to hold our own codec and guard against."""

import random
from dataclasses import replace
from hashlib import sha256

from automerge.core import ROOT, Document, Message, SyncState

from crdt.change_codec import Change
from crdt.ids import LaneId, TextId, domain_hash
from crdt.leb128 import encode_unsigned
from crdt.text import TextDocument
from crdt.text_guard import genesis_change

TEXT = TextId(domain_hash("p2pcouncil/test/text", b"one"))
LANES = [LaneId(domain_hash("p2pcouncil/test/lane", bytes([number]))) for number in range(6)]
SNIPPETS = ["a", "xyz", "é😀", "\n", "👨‍👩‍👧", "e\u0301", "", "word ", "\t", "ß和"]


def apply_raw(document: Document, raws: list[bytes]) -> None:
    blob = b"".join(raws)
    message = b"\x43\x00\x00\x00\x01" + encode_unsigned(len(blob)) + blob
    document.receive_sync_message(SyncState(), Message.decode(message))


def open_text(document: Document) -> bytes:
    found = document.get(ROOT, "text")
    assert found is not None
    return found[1]


def play_session(seed: int, rounds: int, writers: int = 4) -> tuple[list[tuple[LaneId, bytes]], str]:
    """Let several Automerge documents edit and merge at random; return their changes and the final text."""
    rng = random.Random(seed)
    documents = []
    for lane in LANES[:writers]:
        document = Document(lane)
        apply_raw(document, [genesis_change(TEXT)])
        documents.append(document)
    text = open_text(documents[0])
    for _ in range(rounds):
        document = rng.choice(documents)
        with document.transaction() as transaction:
            edits = rng.randrange(1, 4)
            for edit in range(edits):
                length = transaction.length(text)
                position = rng.randrange(length + 1)
                deleted = rng.randrange(min(4, length - position) + 1)
                # The first edit always writes, so that no round ends without a change.
                snippet = "start" if edit == 0 else rng.choice(SNIPPETS)
                transaction.splice_text(text, position, deleted, snippet)
        if rng.random() < 0.5:
            document.merge(rng.choice([other for other in documents if other is not document]))
    for document in documents[1:]:
        documents[0].merge(document)
    changes = [(LaneId(change.actor_id), change.raw_bytes) for change in documents[0].get_changes([])]
    return changes[1:], documents[0].text(text)


def document_of(changes: list[tuple[LaneId, bytes]]) -> TextDocument:
    document = TextDocument(TEXT)
    for lane, raw in changes:
        assert document.apply(lane, raw)
    return document


def reseal(raw: bytes) -> bytes:
    """Put the right checksum on bytes that were tampered with, so that they get past it."""
    return raw[:4] + sha256(raw[8:]).digest()[:4] + raw[8:]


def with_actor_table(change: Change) -> Change:
    named = {op.obj[1] for op in change.ops if op.obj}
    named |= {op.key[1] for op in change.ops if isinstance(op.key, tuple) and op.key[1]}
    named |= {actor for op in change.ops for _, actor in op.preds}
    return replace(change, other_actors=tuple(sorted(named - {change.actor})))
