"""The change codec, and the guard of texts with what it lets through to the real Automerge."""

from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256

from automerge.core import Document, Message, SyncState

from crdt.change_codec import (
    MAX_OP_NUMBER,
    Change,
    ChangeHead,
    decode_canonical,
    decode_change,
    encode_change,
    read_change_head,
)
from crdt.errors import LocalError, RemoteError
from crdt.ids import ChangeHash, LaneId
from crdt.leb128 import Reader, encode_unsigned
from crdt.op_columns import DELETE, HEAD, MAKE_TEXT, SET, TYPE_BYTES, TYPE_NULL, TYPE_TEXT, Op, OpId
from crdt.text import TextDocument
from crdt.text_guard import LIMITS, TextGuard, genesis_change
from tests.fuzz.choices import Choices, edit_bytes
from tests.fuzz.target import Target
from tests.support.decoding import read_head_once, remembered_decoding
from tests.text_sessions import LANES, TEXT, play_session, with_actor_table

SESSION, _ = play_session(7, 4, writers=3)
"""Four edits by three writers, some apart: small, so that thousands of histories a minute can be tried."""
ADDED_MAX = 4
CHARACTERS = tuple(
    text.encode("utf-8", "surrogatepass")
    for text in ("a", "é", "😀", "\n", "\0", "", "xy", "\ud800", "\x7f", "\u0301")
)
OBJECT: OpId = (1, bytes(TEXT))
HONEST = LaneId(b"\7" * 32)
"""Somebody who never forges."""


def sealed(body: bytes) -> bytes:
    """The body of a change with the magic, length and checksum that belong to it."""
    chunk = b"\x01" + encode_unsigned(len(body)) + body
    return b"\x85\x6f\x4a\x83" + sha256(chunk).digest()[:4] + chunk


def body_of(raw: bytes) -> bytes:
    """What `sealed` sealed."""
    reader = Reader(raw)
    reader.take(9)
    return reader.take(reader.unsigned())


def run_codec(data: bytes) -> None:
    choices = Choices(data)
    match choices.number(4):
        case 0:
            raw = choices.rest()
        case 1:
            raw = sealed(choices.rest())
        case 2:
            raw = rewritten(choices)
        case _:
            raw = sealed(edit_bytes(choices, body_of(choices.pick(SESSION)[1])))
    check_codec(raw)


def rewritten(choices: Choices) -> bytes:
    """A real change with some parts in another order, twice, or with numbers at their bounds."""
    change = decode_change(choices.pick(SESSION)[1])
    first_op = change.ops[0]
    for _ in range(1 + choices.number(3)):
        name = choices.pick(("deps", "other_actors", "ops", "seq", "start_op"))
        value = getattr(change, name)
        if isinstance(value, int):
            changed: object = choices.pick(
                (0, 1, MAX_OP_NUMBER - 1, MAX_OP_NUMBER, MAX_OP_NUMBER + 1, 1 << 63)
            )
        else:
            extra = choices.pick((change.actor, LANES[5], b"\xff" * 32)) if name != "ops" else first_op
            changed = choices.pick((value[::-1], value * 2, (*value, extra), (extra, *value), value[1:], ()))
        change = replace(change, **{name: changed})
    try:
        return encode_change(change)
    except LocalError:
        return b""


def check_codec(raw: bytes) -> None:
    """Both readers agree, and what is decoded means the same when it is written again."""
    head = read(read_change_head, raw)
    change = read(decode_change, raw)
    canonical = read(decode_canonical, raw)
    if head is not None:
        assert head.hash == sha256(raw[8:]).digest()
    if change is None:
        assert canonical is None
        return
    assert list(change.deps) == sorted(set(change.deps))
    assert list(change.other_actors) == sorted(set(change.other_actors) - {change.actor})
    assert 1 <= change.seq <= MAX_OP_NUMBER
    assert 1 <= change.start_op <= change.max_op + 1 <= MAX_OP_NUMBER + 1
    assert head == ChangeHead(change.hash, change.actor, change.seq, change.start_op, change.deps)
    again = encode_change(change)
    assert (again == raw) == (canonical is not None)
    rewritten = decode_canonical(again)
    assert replace(rewritten, hash=change.hash) == change


def read(reader, raw):  # noqa: ANN001, ANN201 - one of three functions, and what it returns
    try:
        return reader(raw)
    except RemoteError:
        return None


def guard_of_session() -> TextGuard:
    guard = TextGuard(TEXT)
    for lane, raw in SESSION:
        guard.commit(guard.check(raw, lane))
    return guard


GUARD = guard_of_session()


class Forger:
    """Changes that look right but for what the choices say, on top of a short real history."""

    def __init__(self, choices: Choices) -> None:
        self.choices = choices
        self.guard = GUARD.copy()
        self.given = list(SESSION)
        self.hashes = [held.hash for held in self.guard.graph.in_order()]
        self.elements: list[OpId] = [HEAD, *(element for element, _, _ in self.guard.elements())]
        self.accepted = 0

    def play(self) -> None:
        """Offer some changes to the guard; it keeps what it accepts."""
        for _ in range(1 + self.choices.number(ADDED_MAX)):
            lane = self.choices.pick(LANES)
            raw = self._raw(lane)
            head = read(lambda raw: read_head_once(raw, LIMITS), raw)
            if head is None:
                continue
            signer = LANES[0] if self.choices.number(8) == 7 else lane
            self.given.append((signer, raw))
            self.hashes.append(head.hash)
            try:
                self.guard.commit(self.guard.check(raw, signer))
            except (RemoteError, LocalError):
                continue
            self.accepted += 1
            self.elements += [e for e, _, _ in self.guard.elements() if e not in self.elements]

    def _raw(self, lane: LaneId) -> bytes:
        kind = self.choices.number(8)
        if kind == 7:
            return sealed(edit_bytes(self.choices, body_of(self.choices.pick(self.given)[1])))
        change = self._flawed(self._plausible(lane))
        try:
            raw = encode_change(change if kind == 6 else with_actor_table(change))
        except LocalError:
            return b""
        return sealed(edit_bytes(self.choices, body_of(raw))) if kind == 5 else raw

    def _plausible(self, lane: LaneId) -> Change:
        """A change in its place: on some heads, after its lane's last, numbered on."""
        choices, graph = self.choices, self.guard.graph
        known = [held.hash for held in graph.in_order()]
        some = choices.number(4)
        wanted = [choices.pick(known) for _ in range(some)] or list(graph.heads)
        held = graph.require(dict.fromkeys(wanted))
        own = graph.lane(lane)
        deps = {dep.hash for dep in held if not graph.is_covered(dep, held)}
        if own and choices.number(8) != 7:
            deps.add(own[-1].hash)
        start_op = 1 + max(dep.max_op for dep in graph.require(deps))
        seq = graph.past_of(graph.require(sorted(deps)), lane).own_seq + 1
        change = Change(ChangeHash(b""), lane, seq, start_op, tuple(sorted(deps)), (), ())
        count = 1 + choices.number(4)
        return replace(change, ops=tuple(self._op(change, number) for number in range(count)))

    def _op(self, change: Change, number: int) -> Op:
        choices = self.choices
        own: OpId = (change.start_op + choices.number(number + 2), change.actor)
        element = own if choices.number(4) == 3 else choices.pick(self.elements)
        character = CHARACTERS[0] if choices.number(4) else choices.pick(CHARACTERS)
        match choices.number(16):
            case 0 | 1 | 2 | 3 | 4 | 5 | 6:
                return Op(SET, OBJECT, element, True, TYPE_TEXT, character, ())
            case 7 | 8 | 9 | 10:
                return Op(DELETE, OBJECT, element, False, TYPE_NULL, b"", (element,))
            case 11:
                return Op(SET, OBJECT, element, False, TYPE_TEXT, character, (element,))
            case 12:
                return Op(SET, None, "text", False, TYPE_BYTES, character, (OBJECT,))
            case 13:
                return Op(MAKE_TEXT, OBJECT, element, True, TYPE_NULL, b"", ())
            case 14:
                return Op(SET, (9_999, change.actor), element, True, TYPE_TEXT, character, ())
            case _:
                return Op(DELETE, OBJECT, element, False, TYPE_NULL, b"", ())

    def _flawed(self, change: Change) -> Change:
        choices = self.choices
        match choices.number(16):
            case 11:
                return replace(change, seq=max(0, change.seq + choices.pick((1, -1, 5, 1 << 31, 1 << 63))))
            case 12:
                return replace(
                    change, start_op=max(0, change.start_op + choices.pick((1, -1, 99, 1 << 31, 1 << 32)))
                )
            case 13:
                return replace(change, deps=tuple(sorted({choices.pick(self.hashes) for _ in range(3)})))
            case 14:
                return replace(change, actor=choices.pick(LANES))
            case 15:
                return replace(change, deps=(*change.deps, ChangeHash(b"\xff" * 32)))
            case _:
                return change


def run_text(data: bytes) -> None:
    with remembered_decoding():
        play_text(data)


def play_text(data: bytes) -> None:
    forger = Forger(Choices(data))
    forger.play()
    if len(forger.given) == len(SESSION):
        return  # No envelope would have carried it.
    one = TextDocument.rebuild(TEXT, forger.given)
    other = TextDocument.rebuild(TEXT, reversed(forger.given))
    assert one.heads() == other.heads()
    assert one.excluded == other.excluded
    assert one.refused.keys() == other.refused.keys()
    assert one.blame() == other.blame()
    if forger.accepted:
        check_incremental(forger, one)
        check_automerge(one)


def check_incremental(forger: Forger, whole: TextDocument) -> None:
    """Taking changes in one by one comes to the same document; after a refusal, callers build it anew from all."""
    document = TextDocument(TEXT)
    for lane, raw in forger.given:
        try:
            assert document.apply(lane, raw)
        except RemoteError:
            return
    assert document.heads() == whole.heads()
    assert document.text() == other_reading(whole)


def other_reading(document: TextDocument) -> str:
    """The text as our own index of elements has it, without Automerge."""
    return "".join(run.text for run in document.blame())


def check_automerge(document: TextDocument) -> None:
    """Automerge reads what we read, saves and loads it, and the document takes an honest edit afterwards."""
    text = document.text()
    assert text == other_reading(document)
    raws = [genesis_change(TEXT), *(document.raw(edit.hash) for edit in document.history())]
    automerge = Document(bytes(TEXT))
    blob = b"".join(raws)
    message = b"\x43\x00\x00\x00\x01" + encode_unsigned(len(blob)) + blob
    automerge.receive_sync_message(SyncState(), Message.decode(message))
    loaded = Document.load(automerge.save())
    assert tuple(sorted(loaded.get_heads())) == document.heads()
    found = loaded.get(b"\0", "text")
    assert found is not None
    assert loaded.text(found[1]) == text
    assert {change.raw_bytes for change in loaded.get_changes([])} == set(raws)
    for raw in document.edit(HONEST, text + "!"):
        assert document.apply(HONEST, raw)
    assert document.text() == text + "!"


def codec_seeds() -> Iterator[bytes]:
    for _, raw in [*SESSION, (None, genesis_change(TEXT))]:
        yield b"\0" + raw
        yield b"\1" + body_of(raw)
    yield from (bytes([3, n, n, n, n]) for n in range(5))
    yield from (bytes([2, n % 4, 0, n % 5, n // 5, n % 6, n % 3]) for n in range(40))


def text_seeds() -> Iterator[bytes]:
    yield b""
    for lane in range(6):
        for kind in range(16):
            yield bytes([lane % 4, lane, 0, 0, 0, 2, kind, 1, 0, kind, kind % 3, 2, kind, 5, 1, kind])
    yield from (sha256(bytes([n])).digest() * 2 for n in range(16))


TARGETS = (
    Target(
        "change_codec",
        run_codec,
        ("crdt.change_codec", "crdt.op_columns", "crdt.columns", "crdt.leb128"),
        codec_seeds,
    ),
    Target(
        "text_guard",
        run_text,
        ("crdt.text_guard", "crdt.change_graph", "crdt.text", "crdt.text_forks", "crdt.automerge_binding"),
        text_seeds,
        256,
    ),
)
