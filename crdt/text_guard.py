"""The guard of a multi-writer text: whether a received change may enter it.

Whether a change is valid is a pure function of the change and its causal past, never of arrival order nor of
what others write at the same time: else two replicas would hold different texts for ever. So every bound
counts along the lane's own sequence or inside the change's own past. A valid change does only what honest
typing does: insert one character, or delete one that its past holds. Source: DESIGN section 3.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from crdt.change_codec import Change, decode_canonical, encode_change, hash_of_raw
from crdt.change_graph import EMPTY_PAST, ChangeGraph, HeldChange, Past
from crdt.errors import LocalError, RemoteError
from crdt.ids import HASH_BYTES, ChangeHash, LaneId, TextId
from crdt.op_columns import DELETE, HEAD, MAKE_TEXT, SET, TYPE_NULL, TYPE_TEXT, Limits, Op, OpId

TEXT_KEY = "text"
MAX_CHANGE_BYTES = 65_536
"""Far above what an honest saved edit takes; the envelope's own bound for text changes."""
MAX_CHANGE_OPS = 4_096
"""One change is judged in one go, in some ten milliseconds: below what an event loop may be held up for."""
MAX_LANES = 128
"""Writers in a change's past. Each leaves one head at most: one change can always join all their heads."""
MAX_DEPS = MAX_LANES
MAX_LANE_CHANGES = 4_000
"""A saved edit is a change: more than anybody saves by hand in one text."""
MAX_PAST_OPS = 200_000
"""Insertions and deletions before a change and in it: bounds memory, and the time to build the text."""
MAX_PAST_INSERTS = 100_000
"""Code points ever inserted before a change and in it: people read a proposal before they vote on it."""

LIMITS = Limits(MAX_CHANGE_BYTES, MAX_CHANGE_OPS, MAX_DEPS, MAX_LANES, HASH_BYTES)


@dataclass(frozen=True, slots=True)
class CheckedTextChange:
    """A change found valid, which never expires; `TextGuard.commit` keeps it."""

    raw: bytes
    change: Change
    held: HeldChange


@lru_cache(maxsize=1_024)
def genesis_change(text_id: TextId) -> bytes:
    """Derive the first change of a text, which makes it: a pure function of its id, never sent nor signed."""
    make_text = Op(MAKE_TEXT, None, TEXT_KEY, False, TYPE_NULL, b"", ())
    return encode_change(Change(ChangeHash(b""), text_id, 1, 1, (), (), (make_text,)))


def is_admitted(character: str) -> bool:
    """Whether a text may hold this code point: all but surrogates and controls other than newline and tab.

    The ranges are spelled out since a Unicode database differs from one Python to the next, and peers must
    agree. Characters that only trick the eye (bidirectional controls) are shown for what they are by the
    screens.
    """
    if character < "\xa0":
        return " " <= character <= "~" or character in "\n\t"
    return not "\ud800" <= character <= "\udfff"


class TextGuard:
    """Judges the changes of one text, each after those that it builds on."""

    def __init__(self, text_id: TextId) -> None:
        if len(text_id) != HASH_BYTES:
            raise LocalError("a text id has 32 bytes")
        self.origin = LaneId(text_id)
        self.graph = ChangeGraph()
        genesis = hash_of_raw(genesis_change(text_id))
        self.graph.add(HeldChange(genesis, self.origin, 1, (), 1, 0, 0, EMPTY_PAST, 1, 0))
        self._object: OpId = (1, self.origin)
        self._elements: dict[OpId, Op] = {}
        self._deletions: dict[OpId, tuple[OpId, ...]] = {}

    def copy(self) -> "TextGuard":
        """Copy the guard, to try changes that may not be kept."""
        twin = TextGuard(TextId(self.origin))
        twin.graph = self.graph.copy()
        twin._elements, twin._deletions = self._elements.copy(), self._deletions.copy()
        return twin

    def elements(self) -> Iterator[tuple[OpId, Op, bool]]:
        """Every character ever inserted: its id, its insertion, and whether it still stands."""
        return ((element, op, element not in self._deletions) for element, op in self._elements.items())

    def check(self, raw: bytes, lane: LaneId) -> CheckedTextChange:
        """Judge a change; nothing of it is kept.

        Args:
            raw: the bytes of the change, from anywhere.
            lane: whose signature they carry.

        Raises:
            MissingDependency: it can't be judged before the changes that it builds on are held.
            RemoteError: it is not valid, now or ever.
        """
        change = decode_canonical(raw, LIMITS)
        if change.actor != lane or lane == self.origin:
            raise RemoteError("the change is written under another lane than its signer's")
        if change.seq > MAX_LANE_CHANGES:
            raise RemoteError(f"a lane writes {MAX_LANE_CHANGES} changes in one text at the most")
        if not change.ops or not change.deps:
            raise RemoteError("the change does nothing, or builds on nothing")
        deps = self.graph.require(change.deps)
        past = self.graph.past_of(deps, lane)
        self._check_place(change, lane, deps, past)
        inserted = self._check_ops(change, past)
        count = len(change.ops)
        if past.ops + count > MAX_PAST_OPS or past.inserts + inserted > MAX_PAST_INSERTS:
            raise RemoteError("the text is full: its history holds as much as one text may")
        before = self.graph.lane(lane)[past.own_seq - 1] if past.own_seq else None
        lane_ops, lane_inserts = (before.lane_ops, before.lane_inserts) if before else (0, 0)
        held = HeldChange(
            hash=change.hash,
            lane=lane,
            seq=change.seq,
            deps=change.deps,
            start_op=change.start_op,
            inserted=inserted,
            deleted=count - inserted,
            past=past,
            lane_ops=lane_ops + count,
            lane_inserts=lane_inserts + inserted,
        )
        return CheckedTextChange(raw, change, held)

    def commit(self, checked: CheckedTextChange) -> None:
        """Keep a checked change, so that others may build on it.

        Raises:
            ForkedLane: another valid change holds its place; nothing is kept of this one.
            LocalError: it is held already, or was checked against another text.
        """
        self.graph.add(checked.held)
        change = checked.change
        for number, op in enumerate(change.ops, change.start_op):
            op_id = (number, change.actor)
            if op.insert:
                self._elements[op_id] = op
            else:
                self._deletions[op.preds[0]] = (*self._deletions.get(op.preds[0], ()), op_id)

    def _check_place(self, change: Change, lane: LaneId, deps: list[HeldChange], past: Past) -> None:
        """Where the change stands: after its lane's previous one, on heads, numbered on from its past."""
        previous = self.graph.lane(lane)[past.own_seq - 1].hash if past.own_seq else None
        if change.seq != past.own_seq + 1 or (previous is not None and previous not in change.deps):
            raise RemoteError("the change does not build on the one before it in its lane")
        # Automerge names the heads that the writer saw, and the writer's own previous change besides.
        if any(dep.hash != previous and self.graph.is_covered(dep, deps) for dep in deps):
            raise RemoteError("the change names a dependency twice over")
        if change.start_op != past.max_op + 1:
            raise RemoteError("the change does not number its operations on from its past")
        # The clock holds the genesis and leaves out the writer, so that its length is the number of writers.
        if len(past.clock) > MAX_LANES:
            raise RemoteError(f"a text has {MAX_LANES} writers at the most")

    def _check_ops(self, change: Change, past: Past) -> int:
        """What the change does; returns how many characters it inserts."""
        is_past = self._past_test(change.actor, past)
        own: set[OpId] = set()
        gone: set[OpId] = set()
        characters: set[bytes] = set()
        named: set[bytes] = {self._object[1]}
        for number, op in enumerate(change.ops, change.start_op):
            element = op.key
            if op.obj != self._object or isinstance(element, str):
                raise RemoteError("the change writes outside the text")
            if element != HEAD:
                named.add(element[1])
                if element not in own and not (element in self._elements and is_past(element)):
                    raise RemoteError("the change names a character that its past does not hold")
            if op.insert:
                if op.action != SET or op.value_type != TYPE_TEXT or op.preds:
                    raise RemoteError(
                        "the change does something other than inserting or deleting a character"
                    )
                if op.value not in characters:
                    _check_character(op.value)
                    characters.add(op.value)
                own.add((number, change.actor))
                continue
            if op.action != DELETE or op.value_type != TYPE_NULL or op.preds != (element,):
                raise RemoteError("the change does something other than inserting or deleting a character")
            if element in gone or any(map(is_past, self._deletions.get(element, ()))):
                raise RemoteError("the change deletes a character that its past deleted already")
            gone.add(element)
        if named - {change.actor} != set(change.other_actors):
            raise RemoteError("the change lists actors that it does not name")
        return len(own)

    def _past_test(self, actor: bytes, past: Past) -> Callable[[OpId], bool]:
        """Return a test of whether a known operation lies in the past, rather than beside it."""
        limits: dict[bytes, int] = {}

        def is_past(op_id: OpId) -> bool:
            number, writer = op_id
            limit = limits.get(writer)
            if limit is None:
                lane = LaneId(writer)
                seq = past.own_seq if writer == actor else past.clock.get(lane, 0)
                limit = limits[writer] = self.graph.max_op_at(lane, seq)
            return number <= limit

        return is_past


def _check_character(value: bytes) -> None:
    try:
        character = value.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RemoteError("the change inserts something that is not UTF-8") from error
    if len(character) != 1 or not is_admitted(character):
        raise RemoteError("the change inserts something that is not one printable character")
