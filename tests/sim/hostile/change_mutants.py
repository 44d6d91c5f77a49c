"""Edits that no honest editor makes: each reaches further than the one before it, up to the door of Automerge.

Envelopes carry them with a right checksum, the right actor and sequence number and a right signature, so they are
kept by everybody; the guard of the text has to leave them out.
"""

import random
from collections.abc import Callable, Sequence

import msgspec

from crdt.change_codec import decode_change
from crdt.errors import RemoteError
from crdt.ids import ChangeHash, LaneId, TextId
from crdt.op_columns import DELETE, HEAD, MAKE_TEXT, SET, TYPE_BYTES, TYPE_NULL, TYPE_TEXT, Op, OpId
from tests.sim.hostile import craft

Make = Callable[[random.Random, LaneId, TextId, Sequence[bytes]], list[bytes]]
"""Makes the payloads of a lane from its first: given the generator, the lane, its text, and changes by others."""


def _past(rng: random.Random, text_id: TextId, others: Sequence[bytes]) -> tuple[ChangeHash, int, list[OpId]]:
    """A change to build on, the number that follows it, and the characters that it typed."""
    if others:
        try:
            change = decode_change(rng.choice(others))
        except RemoteError:
            return craft.genesis_hash(text_id), 2, []
        typed = [(number, change.actor) for number, op in enumerate(change.ops, change.start_op) if op.insert]
        return change.hash, change.max_op + 1, typed
    return craft.genesis_hash(text_id), 2, []


def _with_ops(ops: Callable[[random.Random, LaneId, TextId, int, list[OpId]], list[Op]]) -> Make:
    def make(rng: random.Random, lane: LaneId, text_id: TextId, others: Sequence[bytes]) -> list[bytes]:
        dep, start, typed = _past(rng, text_id, others)
        made = ops(rng, lane, text_id, start, typed)
        return [craft.text_change(lane, text_id, made, 1, start, [dep])]

    return make


def _altered(**changes: object) -> Make:
    """One insertion among good ones differs in some fields."""

    def ops(rng: random.Random, lane: LaneId, text_id: TextId, start: int, typed: list[OpId]) -> list[Op]:
        made = craft.insertions(lane, text_id, "abc", start)
        at = rng.randrange(3)
        made[at] = msgspec.structs.replace(made[at], **changes)
        return made

    return _with_ops(ops)


def _typed(text: str) -> Make:
    return _with_ops(lambda rng, lane, text_id, start, typed: craft.insertions(lane, text_id, text, start))


def _delete(text_id: TextId, element: OpId, **changes: object) -> Op:
    op = Op(DELETE, (1, text_id), element, False, TYPE_NULL, b"", (element,))
    return msgspec.structs.replace(op, **changes)


def _delete_unknown(
    rng: random.Random, lane: LaneId, text_id: TextId, start: int, typed: list[OpId]
) -> list[Op]:
    return [_delete(text_id, (rng.randrange(1, 1 << 20), rng.choice((lane, text_id, rng.randbytes(32)))))]


def _delete_twice(
    rng: random.Random, lane: LaneId, text_id: TextId, start: int, typed: list[OpId]
) -> list[Op]:
    made = craft.insertions(lane, text_id, "ab", start)
    element = rng.choice(typed) if typed else (start, lane)
    return [*made, _delete(text_id, element), _delete(text_id, element)]


def _delete_head(
    rng: random.Random, lane: LaneId, text_id: TextId, start: int, typed: list[OpId]
) -> list[Op]:
    return [_delete(text_id, HEAD, preds=()), *craft.insertions(lane, text_id, "a", start + 1)]


def _many_preds(rng: random.Random, lane: LaneId, text_id: TextId, start: int, typed: list[OpId]) -> list[Op]:
    made = craft.insertions(lane, text_id, "abcd", start)
    preds = tuple((start + at, lane) for at in range(4))
    return [*made, _delete(text_id, (start, lane), preds=preds)]


def _insert_after_unknown(
    rng: random.Random, lane: LaneId, text_id: TextId, start: int, typed: list[OpId]
) -> list[Op]:
    return craft.insertions(lane, text_id, "a", start, after=(rng.randrange(1, 99), rng.randbytes(32)))


def _insert_after_later(
    rng: random.Random, lane: LaneId, text_id: TextId, start: int, typed: list[OpId]
) -> list[Op]:
    return craft.insertions(lane, text_id, "a", start, after=(start + 1, lane)) + craft.insertions(
        lane, text_id, "b", start + 1
    )


def _make_object(
    rng: random.Random, lane: LaneId, text_id: TextId, start: int, typed: list[OpId]
) -> list[Op]:
    made = Op(MAKE_TEXT, (1, text_id), HEAD, True, TYPE_NULL, b"", ())
    inside = Op(SET, (start, lane), HEAD, True, TYPE_TEXT, b"x", ())
    return [made, inside]


def _other_text(rng: random.Random, lane: LaneId, text_id: TextId, start: int, typed: list[OpId]) -> list[Op]:
    other = Op(MAKE_TEXT, None, rng.choice(("text", "other")), False, TYPE_NULL, b"", ())
    return [other, Op(SET, (start, lane), HEAD, True, TYPE_TEXT, b"x", ())]


def _huge_count(rng: random.Random, lane: LaneId, text_id: TextId, start: int, typed: list[OpId]) -> list[Op]:
    return craft.insertions(lane, text_id, "x" * 4_097, start)


def _other_start(rng: random.Random, lane: LaneId, text_id: TextId, others: Sequence[bytes]) -> list[bytes]:
    dep, start, _ = _past(rng, text_id, others)
    wrong = rng.choice((1, start + 1, start + 1_000, (1 << 31) - 4, (1 << 31) - 2))
    return [craft.text_change(lane, text_id, craft.insertions(lane, text_id, "ab", wrong), 1, wrong, [dep])]


def _no_ops(rng: random.Random, lane: LaneId, text_id: TextId, others: Sequence[bytes]) -> list[bytes]:
    dep, start, _ = _past(rng, text_id, others)
    return [craft.text_change(lane, text_id, [], 1, start, [dep])]


def _no_deps(rng: random.Random, lane: LaneId, text_id: TextId, others: Sequence[bytes]) -> list[bytes]:
    return [craft.text_change(lane, text_id, craft.insertions(lane, text_id, "a", 2), 1, 2, [])]


def _unknown_dep(rng: random.Random, lane: LaneId, text_id: TextId, others: Sequence[bytes]) -> list[bytes]:
    ops = craft.insertions(lane, text_id, "a", 9)
    return [craft.text_change(lane, text_id, ops, 1, 9, [ChangeHash(rng.randbytes(32))])]


def _dep_twice_over(
    rng: random.Random, lane: LaneId, text_id: TextId, others: Sequence[bytes]
) -> list[bytes]:
    dep, start, _ = _past(rng, text_id, others)
    ops = craft.insertions(lane, text_id, "a", start)
    deps = {dep, craft.genesis_hash(text_id)}
    first = craft.text_change(lane, text_id, ops, 1, start, [dep])
    more = craft.insertions(lane, text_id, "b", start + 1)
    deps.add(decode_change(first).hash)
    return [first, craft.text_change(lane, text_id, more, 2, start + 1, deps)]


def _listed_actor(rng: random.Random, lane: LaneId, text_id: TextId, others: Sequence[bytes]) -> list[bytes]:
    """Too many actors are listed, or one too few and its place taken by another."""
    raw = craft.first_words(lane, text_id, "abc")
    body = craft.body_of(raw)
    at = body.index(bytes(text_id), 66)
    more = sorted((bytes(text_id), rng.randbytes(32)))
    listed = b"".join(b"\x20" + actor for actor in more)
    return [craft.with_body(body[: at - 2] + b"\x02" + listed + body[at + 32 :])]


def _own_change_after_mutant(
    rng: random.Random, lane: LaneId, text_id: TextId, others: Sequence[bytes]
) -> list[bytes]:
    """A valid change that builds on one that is not."""
    (first,) = _typed("ab\x07")(rng, lane, text_id, [])
    dep = decode_change(first)
    ops = craft.insertions(lane, text_id, "good", dep.max_op + 1)
    return [first, craft.text_change(lane, text_id, ops, 2, dep.max_op + 1, [dep.hash])]


def _scrambled_body(
    rng: random.Random, lane: LaneId, text_id: TextId, others: Sequence[bytes]
) -> list[bytes]:
    """Any bytes behind the head, with a right checksum."""
    dep, start, typed = _past(rng, text_id, others)
    ops = craft.insertions(lane, text_id, "abcabc", start)
    ops += [_delete(text_id, element) for element in typed[:2]]
    body = craft.body_of(craft.text_change(lane, text_id, ops, 1, start, [dep]))
    head = 1 + 32 + 1 + 32 + 1
    return [craft.with_body(craft.scramble(rng, body, begin=head + 1))]


def _longer_number(rng: random.Random, lane: LaneId, text_id: TextId, others: Sequence[bytes]) -> list[bytes]:
    """A number spelled with a byte more than it needs: the number of the first operation."""
    body = craft.body_of(craft.first_words(lane, text_id, "abc"))
    at = 1 + 32 + 1 + 32 + 1
    return [craft.with_body(body[:at] + bytes([body[at] | 0x80, 0]) + body[at + 1 :])]


def _clock_and_message(
    rng: random.Random, lane: LaneId, text_id: TextId, others: Sequence[bytes]
) -> list[bytes]:
    body = craft.body_of(craft.first_words(lane, text_id, "abc"))
    at = 1 + 32 + 1 + 32 + 2
    return [craft.with_body(body[:at] + rng.choice((b"\x05\x00", b"\x00\x02hi")) + body[at + 2 :])]


def _bytes_after(rng: random.Random, lane: LaneId, text_id: TextId, others: Sequence[bytes]) -> list[bytes]:
    return [craft.with_body(craft.body_of(craft.first_words(lane, text_id, "abc")) + rng.randbytes(3))]


def _good(rng: random.Random, lane: LaneId, text_id: TextId, others: Sequence[bytes]) -> list[bytes]:
    """A change that is valid in every way, so that mutants stand beside something that lives."""
    dep, start, typed = _past(rng, text_id, others)
    ops = craft.insertions(lane, text_id, f"honestly {rng.randrange(100)}\n", start)
    ops += [_delete(text_id, element) for element in typed[:1]]
    return [craft.text_change(lane, text_id, ops, 1, start, [dep])]


MAYBE_VALID = ("nothing wrong", "a scrambled body", "a dependency named twice over")
"""A scramble may come out as another good change, and of two changes the first may be good."""
CHANGE_MUTANTS: tuple[tuple[str, Make], ...] = (
    ("nothing wrong", _good),
    ("a control character", _typed("a\x1b[2J")),
    ("an action that adds", _altered(action=5)),
    ("an action that marks", _altered(action=7)),
    ("an action that makes a map", _altered(action=0, value=b"", value_type=TYPE_NULL)),
    ("a key of a map", _altered(key="text")),
    ("a value of bytes", _altered(value_type=TYPE_BYTES)),
    ("a counter for a value", _altered(value_type=8, value=b"\x01")),
    ("a float for a value", _altered(value_type=5, value=bytes(8))),
    ("several characters at once", _altered(value=b"several")),
    ("no character", _altered(value=b"")),
    ("half a character", _altered(value=b"\xc3")),
    ("a surrogate", _altered(value=b"\xed\xa0\x80")),
    ("an overlong character", _altered(value=b"\xc0\xaf")),
    ("an operation on the root", _altered(obj=None)),
    ("an operation on another object", _altered(obj=(7, bytes(32)))),
    ("an operation that writes over", _altered(insert=False)),
    ("an insertion that supersedes", _altered(preds=((1, bytes(32)),))),
    ("a deletion of what never was", _with_ops(_delete_unknown)),
    ("a deletion of the head", _with_ops(_delete_head)),
    ("a deletion of what is gone", _with_ops(_delete_twice)),
    ("many predecessors", _with_ops(_many_preds)),
    ("an insertion after what never was", _with_ops(_insert_after_unknown)),
    ("an insertion after a later one", _with_ops(_insert_after_later)),
    ("a text inside the text", _with_ops(_make_object)),
    ("a second text", _with_ops(_other_text)),
    ("too many operations", _with_ops(_huge_count)),
    ("operations numbered wrongly", _other_start),
    ("no operations", _no_ops),
    ("no dependencies", _no_deps),
    ("a dependency that never was", _unknown_dep),
    ("a dependency named twice over", _dep_twice_over),
    ("an actor that nothing names", _listed_actor),
    ("a bad change before a good one", _own_change_after_mutant),
    ("a scrambled body", _scrambled_body),
    ("a number in a longer form", _longer_number),
    ("a clock or a message", _clock_and_message),
    ("bytes after its end", _bytes_after),
)
