"""What we rely on when Automerge itself misbehaves, or is not the one that we pinned."""

from types import SimpleNamespace

import pytest

from crdt import automerge_binding
from crdt.automerge_binding import AutomergeFailure, TextReplica, check_binding
from crdt.change_codec import decode_change, hash_of_raw
from crdt.errors import LocalError
from crdt.feed_change import derive_change
from crdt.ids import ChangeHash
from crdt.text_edit import Splice
from crdt.text_guard import genesis_change
from tests.text_sessions import LANES, TEXT, play_session

ALICE = LANES[0]


class PanicException(BaseException):
    """Stands for pyo3's, which has this name and this base and can't be imported."""


def replica_of(seed: int) -> tuple[TextReplica, str]:
    replica = TextReplica(TEXT)
    changes, text = play_session(seed, 30)
    for _, raw in changes:
        change = decode_change(raw)
        replica.add(change.hash, change.deps, raw)
    return replica, text


def test_the_installed_automerge_is_the_one_we_know() -> None:
    check_binding()


@pytest.mark.parametrize("golden", ["GOLDEN_FEED_HASH", "GOLDEN_TEXT_HASH"])
def test_another_automerge_is_refused_with_what_to_do(monkeypatch: pytest.MonkeyPatch, golden: str) -> None:
    monkeypatch.setattr(automerge_binding, golden, bytes(32))
    with pytest.raises(LocalError) as refusal:
        check_binding()
    assert "constraints.txt" in refusal.value.hint


def test_the_golden_hash_is_of_a_change_that_we_derive() -> None:
    lane = type(ALICE)(bytes(range(32)))
    first, _ = derive_change(lane, 1, None, b"p2pcouncil")
    assert derive_change(lane, 2, first, b"")[0] == automerge_binding.GOLDEN_FEED_HASH


def test_a_text_is_built_in_bulk_and_grows_in_bulk() -> None:
    replica, text = replica_of(3)
    assert replica.text() == text
    for raw in replica.write(ALICE, [[Splice(0, 0, "one ")], [Splice(0, 0, "two ")]]):
        change = decode_change(raw)
        replica.add(change.hash, change.deps, raw)
    assert replica.text() == "two one " + text


def test_writing_leaves_the_text_as_it_is() -> None:
    replica, text = replica_of(4)
    (raw,) = replica.write(ALICE, [[Splice(0, 0, "never signed")]])
    assert decode_change(raw).actor == ALICE
    assert replica.text() == text


def test_heads_that_are_not_held_are_never_read_as_an_empty_text() -> None:
    replica, _ = replica_of(5)
    with pytest.raises(LocalError, match="not held"):
        replica.text([ChangeHash(bytes(32))])
    assert replica.text([hash_of_raw(genesis_change(TEXT))]) == ""


def test_a_change_that_automerge_drops_in_silence_is_noticed() -> None:
    """It queues what misses a dependency, and skips what it can't read, without a word."""
    author = TextReplica(TEXT)
    _, second = author.write(ALICE, [[Splice(0, 0, "one ")], [Splice(0, 0, "two ")]])
    for raw in (second, b"not a change"):
        replica = TextReplica(TEXT)
        replica.add(hash_of_raw(raw), (), raw)
        with pytest.raises(AutomergeFailure):
            replica.text()


@pytest.mark.parametrize("failure", [PanicException("index out of bounds"), ValueError("bad change")])
def test_a_panic_costs_the_document_and_not_the_text(
    monkeypatch: pytest.MonkeyPatch, failure: BaseException
) -> None:
    replica, text = replica_of(6)
    failures = [failure]
    decode = automerge_binding.Message.decode

    def fail_once(message: bytes) -> object:
        if failures:
            raise failures.pop()
        return decode(message)

    monkeypatch.setattr(automerge_binding, "Message", SimpleNamespace(decode=fail_once))
    assert replica.text() == text
    assert not failures


def test_a_panic_that_comes_again_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    replica, _ = replica_of(6)

    def fail(message: bytes) -> object:
        raise PanicException("index out of bounds")

    monkeypatch.setattr(automerge_binding, "Message", SimpleNamespace(decode=fail))
    with pytest.raises(AutomergeFailure, match="index out of bounds"):
        replica.text()


def test_an_interrupt_is_not_taken_for_a_panic(monkeypatch: pytest.MonkeyPatch) -> None:
    replica, _ = replica_of(6)

    def interrupt(message: bytes) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr(automerge_binding, "Message", SimpleNamespace(decode=interrupt))
    with pytest.raises(KeyboardInterrupt):
        replica.text()
