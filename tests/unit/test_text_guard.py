"""Attacks on a shared text that come as the bytes of a change, each of which the guard must refuse."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from crdt import text_guard
from crdt.change_codec import Change, decode_change, encode_change, hash_of_raw
from crdt.change_graph import ForkedLane, MissingDependency
from crdt.errors import LocalError, RemoteError
from crdt.ids import ChangeHash, LaneId, TextId
from crdt.op_columns import DELETE, HEAD, MAKE_TEXT, SET, TYPE_BYTES, TYPE_NULL, TYPE_TEXT, Op, OpId
from crdt.text import TextDocument
from crdt.text_guard import TextGuard, genesis_change
from tests.text_sessions import LANES, TEXT, play_session, with_actor_table

ALICE, BOB, MALLORY = LANES[:3]
OBJECT = (1, bytes(TEXT))
GENESIS = hash_of_raw(genesis_change(TEXT))


def insertion(after: OpId = HEAD, character: bytes = b"x") -> Op:
    return Op(SET, OBJECT, after, True, TYPE_TEXT, character, ())


def deletion(element: OpId) -> Op:
    return Op(DELETE, OBJECT, element, False, TYPE_NULL, b"", (element,))


def change_by(
    lane: LaneId, ops: tuple[Op, ...], deps: tuple[ChangeHash, ...], start_op: int, seq: int = 1
) -> bytes:
    change = Change(ChangeHash(b""), lane, seq, start_op, tuple(sorted(deps)), (), ops)
    return encode_change(with_actor_table(change))


FIRST = change_by(ALICE, tuple(insertion((n + 1, ALICE) if n else HEAD) for n in range(4)), (GENESIS,), 2)
SECOND = change_by(BOB, (insertion((5, ALICE)), deletion((2, ALICE))), (hash_of_raw(FIRST),), 6)
BESIDE = change_by(LANES[3], (insertion(),), (hash_of_raw(FIRST),), 6)
HEADS = (hash_of_raw(SECOND), hash_of_raw(BESIDE))


@pytest.fixture
def guard() -> TextGuard:
    """Alice wrote four characters; then Bob and Dora, apart, one each, and Bob deleted the first."""
    guard = TextGuard(TEXT)
    for lane, raw in ((ALICE, FIRST), (BOB, SECOND), (LANES[3], BESIDE)):
        guard.commit(guard.check(raw, lane))
    return guard


HONEST = change_by(MALLORY, (insertion((4, ALICE)), deletion((3, ALICE))), HEADS, 8)


def test_an_honest_change_is_accepted(guard: TextGuard) -> None:
    checked = guard.check(HONEST, MALLORY)
    guard.commit(checked)
    assert guard.graph.heads == (hash_of_raw(HONEST),)
    assert (checked.held.inserted, checked.held.deleted) == (1, 1)


def ops_attack(*ops: Op) -> bytes:
    return change_by(MALLORY, ops, HEADS, 8)


def header_attack(**fields: object) -> bytes:
    return encode_change(replace(decode_change(HONEST), **fields))


ATTACKS = {
    "an operation on the root": ops_attack(Op(SET, None, "text", False, TYPE_TEXT, b"y", ())),
    "a second text": ops_attack(Op(MAKE_TEXT, None, "text", False, TYPE_NULL, b"", ())),
    "an operation on an unknown object": ops_attack(
        Op(SET, (999_999, MALLORY), HEAD, True, TYPE_TEXT, b"x", ())
    ),
    "a map key inside the text": ops_attack(Op(SET, OBJECT, "x", False, TYPE_TEXT, b"y", ())),
    "an object inside the text": ops_attack(Op(MAKE_TEXT, OBJECT, HEAD, True, TYPE_NULL, b"", ())),
    "after an element that never was": ops_attack(insertion((777_777, ALICE))),
    "after an element of a stranger": ops_attack(insertion((3, b"\7" * 32))),
    "after an element of its own future": ops_attack(insertion((9, MALLORY)), insertion()),
    "after the text itself": ops_attack(insertion((1, bytes(TEXT)))),
    "after a deletion": ops_attack(insertion((7, BOB))),
    "deleting what never was": ops_attack(deletion((888_888, ALICE))),
    "deleting what was deleted": ops_attack(deletion((2, ALICE))),
    "deleting twice": ops_attack(deletion((4, ALICE)), deletion((4, ALICE))),
    "deleting the head": ops_attack(Op(DELETE, OBJECT, HEAD, False, TYPE_NULL, b"", ())),
    "deleting without naming the predecessor": ops_attack(
        Op(DELETE, OBJECT, (4, ALICE), False, TYPE_NULL, b"", ())
    ),
    "deleting another than it says": ops_attack(
        Op(DELETE, OBJECT, (4, ALICE), False, TYPE_NULL, b"", ((3, ALICE),))
    ),
    "deleting two at once": ops_attack(
        Op(DELETE, OBJECT, (4, ALICE), False, TYPE_NULL, b"", ((3, ALICE), (4, ALICE)))
    ),
    "an insertion that supersedes": ops_attack(
        Op(SET, OBJECT, (4, ALICE), True, TYPE_TEXT, b"x", ((4, ALICE),))
    ),
    "overwriting a character in place": ops_attack(
        Op(SET, OBJECT, (4, ALICE), False, TYPE_TEXT, b"x", ((4, ALICE),))
    ),
    "two characters in one": ops_attack(insertion(HEAD, b"xy")),
    "no character": ops_attack(insertion(HEAD, b"")),
    "bytes instead of a character": ops_attack(Op(SET, OBJECT, HEAD, True, TYPE_BYTES, b"x", ())),
    "nothing instead of a character": ops_attack(Op(SET, OBJECT, HEAD, True, TYPE_NULL, b"", ())),
    "no operations": ops_attack(),
    "another's element of a concurrent past": change_by(
        MALLORY, (insertion((6, BOB)),), (hash_of_raw(BESIDE),), 7
    ),
    "a gap in its sequence": header_attack(seq=5),
    "operation numbers used before": header_attack(start_op=2),
    "operation numbers with a gap": header_attack(start_op=9),
    "operation numbers at the limit": header_attack(start_op=2**31 - 3),
    "no dependencies": header_attack(deps=()),
    "a dependency of a dependency": header_attack(deps=tuple(sorted((*HEADS, hash_of_raw(FIRST))))),
    "the genesis beside the heads": header_attack(deps=tuple(sorted((*HEADS, GENESIS)))),
    "an actor that is not named": header_attack(other_actors=tuple(sorted((ALICE, BOB, bytes(TEXT))))),
    "an actor that does not exist": header_attack(
        other_actors=tuple(sorted((ALICE, b"\1" * 32, bytes(TEXT))))
    ),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_attacks_are_refused(guard: TextGuard, name: str) -> None:
    with pytest.raises(RemoteError) as refusal:
        guard.check(ATTACKS[name], MALLORY)
    assert not isinstance(refusal.value, MissingDependency)
    assert guard.graph.heads == tuple(sorted(HEADS))


@pytest.mark.parametrize("character", ["\0", "\r", "\x1b", "\x7f", "\x85", "\x9f"])
def test_control_characters_are_refused(guard: TextGuard, character: str) -> None:
    with pytest.raises(RemoteError, match="printable"):
        guard.check(ops_attack(insertion(HEAD, character.encode())), MALLORY)


@pytest.mark.parametrize("data", [b"\xff", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80"])
def test_what_is_not_unicode_is_refused(guard: TextGuard, data: bytes) -> None:
    with pytest.raises(RemoteError, match="UTF-8"):
        guard.check(ops_attack(insertion(HEAD, data)), MALLORY)


@pytest.mark.parametrize("character", ["\n", "\t", " ", "~", "\xa0", "é", "和", "😀", "\u0301", "\u200f"])
def test_whatever_people_write_is_accepted(guard: TextGuard, character: str) -> None:
    guard.check(ops_attack(insertion(HEAD, character.encode())), MALLORY)


def test_nobody_writes_under_anothers_lane_nor_the_texts_own(guard: TextGuard) -> None:
    with pytest.raises(RemoteError, match="lane"):
        guard.check(HONEST, BOB)
    own = change_by(LaneId(TEXT), (insertion(),), HEADS, 8, seq=2)
    with pytest.raises(RemoteError, match="lane"):
        guard.check(own, LaneId(TEXT))


def test_a_change_waits_for_what_it_builds_on(guard: TextGuard) -> None:
    unknown = ChangeHash(b"\7" * 32)
    waiting = header_attack(deps=tuple(sorted((*HEADS, unknown))))
    with pytest.raises(MissingDependency) as refusal:
        guard.check(waiting, MALLORY)
    assert refusal.value.missing == {unknown}


def test_a_lanes_changes_build_on_each_other(guard: TextGuard) -> None:
    guard.commit(guard.check(HONEST, MALLORY))
    beside_itself = change_by(MALLORY, (insertion(),), HEADS, 8, seq=2)
    with pytest.raises(RemoteError, match="before it in its lane"):
        guard.check(beside_itself, MALLORY)
    answer = change_by(LANES[4], (insertion(),), (hash_of_raw(HONEST),), 10)
    guard.commit(guard.check(answer, LANES[4]))
    over_another = change_by(MALLORY, (insertion(),), (hash_of_raw(answer),), 11, seq=2)
    with pytest.raises(RemoteError, match="before it in its lane"):
        guard.check(over_another, MALLORY)
    both = change_by(MALLORY, (insertion(),), (hash_of_raw(answer), hash_of_raw(HONEST)), 11, seq=2)
    guard.check(both, MALLORY)
    reused = change_by(MALLORY, (insertion(),), (hash_of_raw(HONEST),), 8, seq=2)
    with pytest.raises(RemoteError, match="number"):
        guard.check(reused, MALLORY)


def test_both_branches_of_a_fork_are_valid_and_only_the_first_is_kept(guard: TextGuard) -> None:
    other = ops_attack(insertion(HEAD, b"o"))
    guard.commit(guard.check(HONEST, MALLORY))
    checked = guard.check(other, MALLORY)
    with pytest.raises(ForkedLane) as fork:
        guard.commit(checked)
    assert (fork.value.lane, fork.value.seq) == (MALLORY, 1)
    assert {fork.value.held, fork.value.other} == {hash_of_raw(HONEST), hash_of_raw(other)}
    assert guard.graph.heads == (hash_of_raw(HONEST),)


def test_committing_twice_is_our_own_mistake(guard: TextGuard) -> None:
    checked = guard.check(HONEST, MALLORY)
    guard.commit(checked)
    with pytest.raises(LocalError):
        guard.commit(checked)
    with pytest.raises(LocalError):
        TextGuard(TEXT).commit(checked)
    with pytest.raises(LocalError):
        TextGuard(TextId(b"short"))


def test_a_copy_leaves_the_original_alone(guard: TextGuard) -> None:
    twin = guard.copy()
    twin.commit(twin.check(HONEST, MALLORY))
    assert guard.graph.heads == tuple(sorted(HEADS))
    guard.commit(guard.check(HONEST, MALLORY))
    assert list(guard.elements()) == list(twin.elements())


BOUNDS: dict[str, tuple[str, int, Callable[[], bytes]]] = {
    # What Mallory's past and change hold: 10 operations, of which 7 insertions and the genesis.
    "operations": ("MAX_PAST_OPS", 10, lambda: HONEST),
    "insertions": ("MAX_PAST_INSERTS", 7, lambda: HONEST),
    "writers": ("MAX_LANES", 4, lambda: HONEST),
    "changes": ("MAX_LANE_CHANGES", 1, lambda: HONEST),
}


@pytest.mark.parametrize("name", BOUNDS)
def test_bounds_count_inside_the_past(guard: TextGuard, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    constant, enough, make = BOUNDS[name]
    monkeypatch.setattr(text_guard, constant, enough)
    guard.check(make(), MALLORY)
    monkeypatch.setattr(text_guard, constant, enough - 1)
    with pytest.raises(RemoteError):
        guard.check(make(), MALLORY)


def test_a_change_counts_all_of_its_past_and_no_more() -> None:
    changes, _ = play_session(31, 60)
    guard = TextGuard(TEXT)
    for lane, raw in changes:
        guard.commit(guard.check(raw, lane))
    for held in guard.graph.in_order()[1:]:
        past = guard.graph.require(guard.graph.past_hashes(held.deps))
        assert held.past.ops == sum(change.ops for change in past)
        assert held.past.inserts == sum(change.inserted for change in past)
        assert held.past.max_op == max(change.max_op for change in past)
        seen = {change.lane: change.seq for change in sorted(past, key=lambda change: change.seq)}
        assert held.past.own_seq == seen.pop(held.lane, 0)
        assert held.past.clock == seen


def test_what_others_write_beside_it_never_changes_whether_a_change_is_valid() -> None:
    alone = TextDocument(TEXT)
    alone.apply(ALICE, FIRST)
    crowd = TextDocument(TEXT)
    for lane, raw in ((ALICE, FIRST), (BOB, SECOND), (LANES[3], BESIDE)):
        crowd.apply(lane, raw)
    late = change_by(MALLORY, (deletion((2, ALICE)), insertion((5, ALICE))), (hash_of_raw(FIRST),), 6)
    assert alone.apply(MALLORY, late)
    assert crowd.apply(MALLORY, late)
