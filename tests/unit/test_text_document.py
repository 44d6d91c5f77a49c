"""What people rely on when they write a text together, and when they vote on one."""

import hashlib
from dataclasses import replace

import pytest

from crdt.change_codec import decode_change, read_change_head
from crdt.change_graph import ForkedLane, MissingDependency
from crdt.errors import LocalError, RemoteError
from crdt.ids import ChangeHash, LaneId, TextId
from crdt.leb128 import encode_unsigned
from crdt.text import TextDocument, TextVersion
from crdt.text_guard import MAX_CHANGE_BYTES, MAX_CHANGE_OPS, MAX_PAST_INSERTS
from tests.text_sessions import LANES, TEXT, document_of, play_session

ALICE, BOB, CARO = LANES[:3]


def save(document: TextDocument, lane: LaneId, text: str) -> list[bytes]:
    raws = document.edit(lane, text)
    for raw in raws:
        assert document.apply(lane, raw)
    return raws


def test_two_who_write_apart_end_with_both_their_edits() -> None:
    alice, bob = TextDocument(TEXT), TextDocument(TEXT)
    for raw in save(alice, ALICE, "Build a bridge.\nCost 100.\n"):
        bob.apply(ALICE, raw)
    from_alice = save(alice, ALICE, "Build a wooden bridge.\nCost 100.\n")
    from_bob = save(bob, BOB, "Build a bridge.\nCost 900.\n")
    for raw in from_bob:
        alice.apply(BOB, raw)
    for raw in from_alice:
        bob.apply(ALICE, raw)
    assert alice.text() == bob.text() == "Build a wooden bridge.\nCost 900.\n"
    assert alice.version() == bob.version()


def test_an_edit_leaves_the_document_alone_until_it_is_applied() -> None:
    document = TextDocument(TEXT)
    first = document.edit(ALICE, "draft")
    assert document.text() == ""
    assert document.edit(ALICE, "draft") == first
    assert document.edit(BOB, "") == []


def test_an_edit_of_an_older_version_does_not_undo_what_came_meanwhile() -> None:
    document = TextDocument(TEXT)
    save(document, ALICE, "one two three")
    seen = document.heads()
    save(document, BOB, "one TWO three four")
    for raw in document.edit(ALICE, "zero one two three", base=seen):
        document.apply(ALICE, raw)
    assert document.text() == "zero one TWO three four"
    with pytest.raises(LocalError, match="since you opened it"):
        document.edit(ALICE, "other", base=seen)
    with pytest.raises(LocalError, match="not held"):
        document.edit(CARO, "other", base=[ChangeHash(bytes(32))])


def test_line_ends_are_folded() -> None:
    document = TextDocument(TEXT)
    save(document, ALICE, "a\r\nb\rc")
    assert document.text() == "a\nb\nc"


@pytest.mark.parametrize(
    ("text", "reason"),
    [("one\ntwo\x1b[31m", "line 2.*U\\+001B"), ("\ud800", "U\\+D800"), ("x" * 100_001, "most")],
)
def test_what_a_text_cannot_hold_is_said_to_its_author(text: str, reason: str) -> None:
    with pytest.raises(LocalError, match=reason) as refusal:
        TextDocument(TEXT).edit(ALICE, text)
    assert refusal.value.hint


def test_a_full_text_says_so_to_its_author() -> None:
    document = TextDocument(TEXT)
    save(document, ALICE, "x" * (MAX_PAST_INSERTS - 10))
    save(document, ALICE, "")
    with pytest.raises(LocalError, match="full") as refusal:
        document.edit(BOB, "much too late")
    assert "new text" in refusal.value.hint
    save(document, BOB, "just fits.")


def test_a_large_edit_is_cut_into_changes_that_others_accept() -> None:
    document, other = TextDocument(TEXT), TextDocument(TEXT)
    text = "Ünïcödé 和平 😀 words.\n" * 1000
    raws = save(document, ALICE, text)
    assert len(raws) > 1
    for raw in raws:
        assert len(raw) <= MAX_CHANGE_BYTES
        assert len(decode_change(raw).ops) <= MAX_CHANGE_OPS
        other.apply(ALICE, raw)
    assert other.text() == text


def test_applying_a_change_again_changes_nothing() -> None:
    document = TextDocument(TEXT)
    (raw,) = save(document, ALICE, "once")
    version = document.version()
    assert document.apply(ALICE, raw)
    assert document.version() == version
    with pytest.raises(RemoteError, match="checksum"):
        document.apply(ALICE, raw[:4] + bytes(4) + raw[8:])


def test_a_version_is_the_text_whatever_is_written_later() -> None:
    document = TextDocument(TEXT)
    save(document, ALICE, "Build a bridge.")
    version = document.version()
    save(document, BOB, "Build a bridge. And a toll gate.")
    document.validate_version(version)
    assert document.text_at(version.heads) == "Build a bridge."
    assert version.sha256 == hashlib.sha256(b"Build a bridge.").digest()
    assert document.version() != version


def test_a_version_not_held_is_never_read_as_empty() -> None:
    author, late = TextDocument(TEXT), TextDocument(TEXT)
    save(author, ALICE, "Build a bridge.")
    version = author.version()
    with pytest.raises(MissingDependency) as missing:
        late.validate_version(version)
    assert missing.value.missing == set(version.heads)
    with pytest.raises(MissingDependency):
        late.text_at(version.heads)


def test_a_version_has_one_spelling() -> None:
    document = TextDocument(TEXT)
    save(document, ALICE, "one")
    first = document.heads()
    save(document, BOB, "one two")
    version = document.version()
    forged = [
        replace(version, text_id=TextId(bytes(32))),
        replace(version, sha256=bytes(32)),
        replace(version, heads=()),
        replace(version, heads=version.heads * 2),
        replace(version, heads=tuple(sorted(first + version.heads))),
    ]
    for other in forged:
        with pytest.raises(RemoteError):
            document.validate_version(other)
    document.validate_version(TextDocument(TEXT).version())


def test_blame_and_history_tell_who_wrote_what() -> None:
    document = TextDocument(TEXT)
    save(document, ALICE, "Build a bridge.")
    save(document, BOB, "Build a wooden bridge.")
    save(document, ALICE, "Build a wooden bridge!")
    assert [(run.text, run.lane) for run in document.blame()] == [
        ("Build a ", ALICE),
        ("wooden ", BOB),
        ("bridge!", ALICE),
    ]
    assert [(edit.lane, edit.seq, edit.inserted, edit.deleted) for edit in document.history()] == [
        (ALICE, 1, 15, 0),
        (BOB, 1, 7, 0),
        (ALICE, 2, 1, 1),
    ]


def test_the_runs_of_blame_join_to_the_text_after_any_session() -> None:
    for seed in range(8):
        changes, text = play_session(seed, 60)
        document = document_of(changes)
        assert document.text() == text
        assert "".join(run.text for run in document.blame()) == text


def fork_of(document: TextDocument, lane: LaneId, one: str, two: str) -> tuple[bytes, bytes]:
    (first,), (second,) = document.edit(lane, one), document.edit(lane, two)
    return first, second


def test_a_forked_lane_ends_below_its_fork_and_takes_along_what_builds_on_it() -> None:
    document = TextDocument(TEXT)
    changes = [(ALICE, raw) for raw in save(document, ALICE, "base ")]
    changes += [(BOB, raw) for raw in save(document, BOB, "base bob ")]
    one, two = fork_of(document, BOB, "base bob one", "base bob two")
    document.apply(BOB, one)
    with pytest.raises(ForkedLane):
        document.apply(BOB, two)
    on_the_fork = save(document, CARO, "base bob one caro")
    changes += [(BOB, one), (BOB, two), *((CARO, raw) for raw in on_the_fork)]
    rebuilt = TextDocument.rebuild(TEXT, changes)
    assert rebuilt.text() == "base bob "
    assert len(rebuilt.excluded) == 3
    assert rebuilt.refused == {}
    with pytest.raises(LocalError, match="fork"):
        rebuilt.edit(BOB, "more")
    save(rebuilt, CARO, "base bob and caro")
    assert rebuilt.text() == "base bob and caro"


def test_what_arrives_after_a_rebuild_is_left_out_by_the_same_rule() -> None:
    document = TextDocument(TEXT)
    changes = [(ALICE, raw) for raw in save(document, ALICE, "base ")]
    one, two = fork_of(document, BOB, "base one", "base two")
    document.apply(BOB, one)
    (late,) = save(document, CARO, "base one caro")
    rebuilt = TextDocument.rebuild(TEXT, changes, {BOB: 1})
    assert not rebuilt.apply(BOB, two)
    assert not rebuilt.apply(BOB, one)
    assert not rebuilt.apply(CARO, late)
    (later,) = document.edit(BOB, "base one caro bob")
    assert not TextDocument.rebuild(TEXT, changes, {BOB: 1}).apply(BOB, later)
    whole = TextDocument.rebuild(TEXT, [*changes, (BOB, one), (BOB, two), (CARO, late)])
    assert rebuilt.excluded == whole.excluded
    assert rebuilt.version() == whole.version()


def test_either_branch_of_a_fork_can_be_read() -> None:
    document = TextDocument(TEXT)
    one, two = fork_of(document, BOB, "one", "two")
    assert TextDocument.rebuild(TEXT, [(BOB, one)]).text() == "one"
    assert TextDocument.rebuild(TEXT, [(BOB, two)]).text() == "two"


def test_nobody_forks_anothers_lane() -> None:
    document = TextDocument(TEXT)
    one, two = fork_of(document, BOB, "one", "two")
    rebuilt = TextDocument.rebuild(TEXT, [(ALICE, two), (BOB, one), (ALICE, one)])
    assert rebuilt.text() == "one"
    assert set(rebuilt.refused) == {decode_change(two).hash}


def test_changes_that_miss_something_are_named_by_a_rebuild() -> None:
    document = TextDocument(TEXT)
    save(document, ALICE, "one")
    (second,) = save(document, ALICE, "one two")
    rebuilt = TextDocument.rebuild(TEXT, [(ALICE, second)])
    assert rebuilt.text() == ""
    assert list(rebuilt.refused) == [decode_change(second).hash]
    for raw in [document.raw(edit.hash) for edit in document.history()]:
        assert rebuilt.apply(ALICE, raw)
    assert rebuilt.version() == document.version()
    with pytest.raises(LocalError):
        document.raw(ChangeHash(bytes(32)))


def test_an_empty_text_has_a_version_too() -> None:
    version = TextDocument(TEXT).version()
    assert version == TextVersion(TEXT, version.heads, hashlib.sha256(b"").digest())
    assert len(version.heads) == 1


def reframed(raw: bytes, body: bytes) -> bytes:
    """A change chunk of another body, with a right length and checksum."""
    chunk = b"\x01" + encode_unsigned(len(body)) + body
    return raw[:4] + hashlib.sha256(chunk).digest()[:4] + chunk


def test_operations_that_nobody_can_read_are_refused_and_take_nothing_with_them() -> None:
    document = TextDocument(TEXT)
    (first,) = save(document, ALICE, "one")
    (second,) = document.edit(BOB, "one two")
    length_bytes = len(encode_unsigned(len(second)))
    unreadable = reframed(second, second[9 + length_bytes : -3] + b"\xff\xff\xff")
    head = read_change_head(unreadable)
    assert head.actor == BOB
    with pytest.raises(RemoteError):
        document.apply(BOB, unreadable)
    rebuilt = TextDocument.rebuild(TEXT, [(BOB, unreadable), (ALICE, first)])
    assert rebuilt.text() == "one"
    assert list(rebuilt.refused) == [head.hash]
