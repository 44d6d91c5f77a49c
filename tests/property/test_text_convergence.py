"""The text is a function of the set of changes: any order of arrival ends with the same text, forks too."""

import random

import pytest

from crdt.change_codec import decode_change
from crdt.change_graph import MissingDependency
from crdt.ids import LaneId
from crdt.text import TextDocument
from tests.text_sessions import LANES, SNIPPETS, TEXT, document_of, play_session

Changes = list[tuple[LaneId, bytes]]


def deliver(changes: Changes) -> TextDocument:
    """Apply changes as they come, keeping aside those that miss something, as a replica does."""
    document = TextDocument(TEXT)
    waiting = list(changes)
    while waiting:
        kept = []
        for lane, raw in waiting:
            try:
                document.apply(lane, raw)
            except MissingDependency:
                kept.append((lane, raw))
        assert len(kept) < len(waiting)
        waiting = kept
    return document


@pytest.mark.parametrize("seed", range(6))
def test_peers_converge_in_any_order_of_delivery(seed: int) -> None:
    changes, text = play_session(seed, 40)
    rng = random.Random(seed)
    peers = []
    for _ in range(3):
        rng.shuffle(changes)
        peers.append(deliver(changes + rng.sample(changes, 5)))
    for peer in peers:
        assert peer.text() == text
        assert peer.version() == peers[0].version()
        assert peer.history() == peers[0].history()
        assert peer.blame() == peers[0].blame()
        peer.validate_version(peers[0].version())


def test_every_honest_change_is_accepted() -> None:
    count = 0
    for seed in range(20, 26):
        changes, text = play_session(seed, 60, writers=5)
        assert document_of(changes).text() == text
        count += len(changes)
    assert count > 300


def play_documents(seed: int, rounds: int) -> tuple[Changes, list[TextDocument]]:
    """Let our own documents edit, exchange changes at random and be forked now and then by one writer."""
    rng = random.Random(seed)
    documents = [TextDocument(TEXT) for _ in range(3)]
    made: Changes = []
    forger = LANES[3]
    forged: Changes = []
    for _ in range(rounds):
        index = rng.randrange(3)
        document, lane = documents[index], LANES[index]
        text = document.text()
        position = rng.randrange(len(text) + 1)
        end = min(len(text), position + rng.randrange(4))
        snippet = rng.choice(SNIPPETS) or "new"
        for raw in document.edit(lane, text[:position] + snippet + text[end:]):
            document.apply(lane, raw)
            made.append((lane, raw))
        if rng.random() < 0.15:
            (raw,) = document.edit(forger, text + rng.choice("12345"))
            if all(decode_change(raw).seq != decode_change(other).seq for _, other in forged):
                document.apply(forger, raw)
            made.append((forger, raw))
            forged.append((forger, raw))
        if rng.random() < 0.4:
            exchange(documents[index], documents[rng.randrange(3)])
    return made, documents


def exchange(giver: TextDocument, taker: TextDocument) -> None:
    for edit in giver.history():
        if not taker.holds(edit.hash):
            try:
                taker.apply(edit.lane, giver.raw(edit.hash))
            except MissingDependency:
                continue


@pytest.mark.parametrize("seed", range(12))
def test_a_rebuild_depends_on_the_set_alone(seed: int) -> None:
    changes, _ = play_documents(seed, 40)
    rng = random.Random(seed)
    reference = TextDocument.rebuild(TEXT, changes)
    places = [(lane, decode_change(raw).seq) for lane, raw in changes]
    hashes = {decode_change(raw).hash for _, raw in changes}
    if len(hashes) > len(set(places)):
        assert reference.excluded
    assert reference.refused == {}
    for _ in range(4):
        rng.shuffle(changes)
        rebuilt = TextDocument.rebuild(TEXT, changes + rng.sample(changes, 3))
        assert rebuilt.version() == reference.version()
        assert rebuilt.excluded == reference.excluded
        assert rebuilt.history() == reference.history()
    kept = [(edit.lane, reference.raw(edit.hash)) for edit in reference.history()]
    assert TextDocument.rebuild(TEXT, kept).version() == reference.version()


@pytest.mark.parametrize("seed", range(4))
def test_a_document_that_hears_of_a_fork_early_or_late_ends_the_same(seed: int) -> None:
    changes, _ = play_documents(100 + seed, 40)
    reference = TextDocument.rebuild(TEXT, changes)
    forger = LANES[3]
    forked = {forger: 1} if any(lane == forger for lane, _ in changes) else {}
    early = TextDocument.rebuild(TEXT, [], forked)
    whole = TextDocument.rebuild(TEXT, changes, forked)
    waiting = list(changes)
    random.Random(seed).shuffle(waiting)
    for _ in range(len(waiting)):
        kept = []
        for lane, raw in waiting:
            try:
                early.apply(lane, raw)
            except MissingDependency:
                kept.append((lane, raw))
        waiting = kept
    assert waiting == []
    assert early.version() == whole.version()
    assert early.excluded == whole.excluded
    assert reference.excluded <= whole.excluded
