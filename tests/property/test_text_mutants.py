"""Whatever a writer crafts, what the guard accepts never harms Automerge, and reads the same everywhere."""

import random
from dataclasses import replace

from automerge.core import Document

from crdt.change_codec import Change, decode_change, encode_change
from crdt.change_graph import ChangeGraph
from crdt.errors import LocalError, RemoteError
from crdt.ids import ChangeHash, LaneId
from crdt.op_columns import DELETE, HEAD, SET, TYPE_NULL, TYPE_TEXT, Op, OpId
from crdt.text_guard import TextGuard, genesis_change
from tests.text_sessions import (
    LANES,
    TEXT,
    apply_raw,
    document_of,
    open_text,
    play_session,
    with_actor_table,
)

MUTANTS = 4000
MALLORY = LANES[5]
OBJECT: OpId = (1, bytes(TEXT))


class Forger:
    """Makes changes that look right but for something, by hand of the one who knows the whole text."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.changes, self.text = play_session(seed, 40)
        self.guard = TextGuard(TEXT)
        for lane, raw in self.changes:
            self.guard.commit(self.guard.check(raw, lane))
        self.graph: ChangeGraph = self.guard.graph
        self.decoded = [decode_change(raw) for _, raw in self.changes]
        self.hashes = [change.hash for change in self.decoded]
        self.elements = [element for element, _, _ in self.guard.elements()]
        self.elements += [(9999, bytes(MALLORY)), (3, bytes(MALLORY)), OBJECT]

    def op(self, change: Change, count: int) -> Op:
        own = (change.start_op + self.rng.randrange(count + 1), change.actor)
        element = self.rng.choice([*self.rng.sample(self.elements, 3), HEAD, own])
        if self.rng.random() < 0.6:
            character = self.rng.choice("abé😀\n\0").encode()
            return Op(SET, OBJECT, element, True, TYPE_TEXT, character, ())
        return Op(DELETE, OBJECT, element, False, TYPE_NULL, b"", (element,) if element != HEAD else ())

    def plausible(self) -> Change:
        """A new change by somebody, at random heads, with a consistent place and random operations."""
        rng = self.rng
        lane = rng.choice([MALLORY, MALLORY, MALLORY, *LANES[:4]])
        wanted = self.graph.heads if lane != MALLORY else rng.sample(self.hashes, rng.randrange(1, 4))
        held = self.graph.require(wanted)
        held = [dep for dep in held if not self.graph.is_covered(dep, held)]
        own = self.graph.lane(lane)
        deps = {dep.hash for dep in held} | ({own[-1].hash} if own else set())
        start_op = 1 + max(dep.max_op for dep in self.graph.require(deps))
        change = Change(ChangeHash(b""), lane, len(own) + 1, start_op, tuple(sorted(deps)), (), ())
        count = rng.randrange(1, 6)
        return with_actor_table(replace(change, ops=tuple(self.op(change, n) for n in range(count))))

    def mutated(self) -> Change:
        """An honest change of the session with one thing wrong."""
        rng = self.rng
        change = rng.choice(self.decoded)
        change = replace(change, actor=rng.choice([change.actor, MALLORY, rng.choice(LANES[:4])]))
        match rng.randrange(5):
            case 0:
                change = replace(change, seq=change.seq + rng.choice([-1, 1, 5]))
            case 1:
                change = replace(change, start_op=change.start_op + rng.choice([-1, 1, 100, 2**31]))
            case 2:
                change = replace(change, deps=tuple(sorted(rng.sample(self.hashes, rng.randrange(1, 4)))))
            case 3:
                change = replace(change, ops=(*change.ops, self.op(change, len(change.ops))))
            case _:
                change = replace(change, ops=change.ops[: rng.randrange(len(change.ops) + 1)])
        return with_actor_table(change)


def read_afresh(raws: list[bytes]) -> tuple[list[bytes], str, Document]:
    document = Document(bytes(TEXT))
    apply_raw(document, [genesis_change(TEXT), *raws])
    return sorted(document.get_heads()), document.text(open_text(document)), document


def test_accepted_mutants_are_harmless_and_read_the_same_everywhere() -> None:
    forger = Forger(11)
    document = document_of(forger.changes)
    raws = [raw for _, raw in forger.changes]
    accepted = refused = 0
    for number in range(MUTANTS):
        change = forger.plausible() if number % 2 else forger.mutated()
        try:
            raw = encode_change(change)
            checked = forger.guard.check(raw, LaneId(change.actor))
        except (RemoteError, LocalError):
            refused += 1
            continue
        if document.holds(checked.held.hash):
            continue
        accepted += 1
        if accepted > 150:
            continue
        own = forger.graph.lane(LaneId(change.actor))
        if len(own) >= change.seq:
            # A fork of an honest lane: valid, but Automerge holds only one of the two.
            continue
        heads, text, bulk = read_afresh([*raws, raw])
        assert checked.held.hash in heads
        # In another order, saved and loaded, and by our own document: the same text.
        one_by_one = read_afresh(raws)[2]
        apply_raw(one_by_one, [raw])
        assert (sorted(one_by_one.get_heads()), one_by_one.text(open_text(one_by_one))) == (heads, text)
        loaded = Document.load(bulk.save())
        assert (sorted(loaded.get_heads()), loaded.text(open_text(loaded))) == (heads, text)
        assert raw in {change.raw_bytes for change in loaded.get_changes([])}
        ours = document_of([*forger.changes, (LaneId(change.actor), raw)])
        assert ours.text() == text == "".join(run.text for run in ours.blame())
        assert list(ours.heads()) == heads
    assert accepted > 100
    assert refused > 1000
