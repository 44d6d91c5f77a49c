"""The 48 attacks that were tried on the Automerge binding, each as a remote member can mount it here.

Left to itself the binding panicked, aborted, hung, ran out of memory or kept a document that never loads again on many
of them. Here each goes over the wire as a text change of an admitted device, into the store and into the text. Those
that took a program in the same process (a transaction left open, a document merged with itself) are tried in the
nearest way that the binding's one user in this program offers.

Run as a program it plays all of them, or those named, in this one process, and prints a line of JSON for each: an
abort then shows as lines that are missing.
"""

import json
import random
import resource
import sys
import traceback
import zlib
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256

from crdt.automerge_binding import TextReplica
from crdt.change_codec import hash_of_raw
from crdt.columns import encode_runs
from crdt.errors import LocalError, RemoteError
from crdt.ids import ChangeHash
from crdt.leb128 import encode_signed, encode_unsigned
from crdt.op_columns import DELETE, HEAD, MAKE_TEXT, SET, TYPE_BYTES, TYPE_NULL, TYPE_TEXT, Op, prefixed
from crdt.store.schema import IN_MEMORY, open_store
from crdt.text import TextDocument
from crdt.text_edit import Splice
from tests.support.attack_scene import (
    ALICE,
    BOB,
    DEFLATED,
    GENESIS,
    MAGIC,
    MALLORY,
    OBJECT,
    TEXT,
    Scene,
    body_of,
    chunk,
    deletion,
    insertion,
    lane_of,
)

Case = Callable[[Scene], None]
CASES: dict[str, Case] = {}
MEMORY_BYTES = 2 << 30
INCREMENT, MARK = 5, 7
UNSIGNED, COUNTER, TIMESTAMP, UNKNOWN = 3, 8, 9, 11
BOMB_ROWS = 50_000_000
BOMB_BYTES = 8_000_000


def case(play: Case) -> Case:
    CASES[play.__name__] = play
    return play


def ops_case(name: str, make: Callable[[Scene], Op]) -> None:
    """An attack that is one operation."""
    CASES[name] = lambda scene: scene.attack(scene.craft(make(scene)))


def field_case(name: str, **fields: object) -> None:
    """An attack that is one wrong field of a change's head."""
    CASES[name] = lambda scene: scene.attack(scene.craft(insertion(), **fields))


def put(key: str, value_type: int, value: bytes) -> Op:
    return Op(SET, None, key, False, value_type, value, ())


@case
def baseline_craft(scene: Scene) -> None:
    """A change made by hand and not by Automerge, but as Automerge would: taken like any other."""
    scene.send([scene.envelope(scene.craft(insertion()))])
    assert scene.document().text() == "xhello"


@case
def delete_others_keys(scene: Scene) -> None:
    """Others' letters anybody may delete; the text itself nobody may."""
    scene.attack(scene.craft(Op(DELETE, None, "text", False, TYPE_NULL, b"", (OBJECT,))))
    scene.send([scene.envelope(scene.craft(deletion(scene.letter(0))))])
    assert scene.document().text() == "ello"


@case
def actor_spoof(scene: Scene) -> None:
    """Under Alice's actor: in Mallory's lane, and in Alice's without her signature."""
    raw = scene.craft(insertion(), actor=lane_of(ALICE), seq=2)
    scene.attack(raw)
    report = scene.send([scene.envelope(raw, 2, scene.first, author=ALICE, signer=MALLORY)])
    assert report.refused
    assert scene.rows() == 1


@case
def malformed_checksum(scene: Scene) -> None:
    raw = scene.craft(insertion())
    scene.attack(raw[:-1] + bytes([raw[-1] ^ 1]))


@case
def malformed_then_valid(scene: Scene) -> None:
    """A frame with garbage in it is refused whole, and nothing of it is remembered against what is valid."""
    valid, garbage = scene.envelope(scene.craft(insertion())), scene.envelope(b"garbage" * 5)
    for frame in ([garbage, valid], [valid, garbage]):
        try:
            scene.send(frame)
        except RemoteError:
            continue
        raise AssertionError("garbage was let in")
    assert scene.document().text() == "hello"
    assert scene.send([valid]).accepted == 1


@case
def empty_doc_partial(scene: Scene) -> None:
    """A peer that holds nothing yet loses nothing to garbage either, and no flipped bit is loaded."""
    raw = scene.document().raw(scene.first)
    honest, garbage = scene.envelope(raw, author=ALICE, signer=ALICE), scene.envelope(b"garbage" * 5)
    scene.conn.close()
    scene.conn = open_store(IN_MEMORY)
    damaged = [
        raw[:at] + bytes([raw[at] ^ 0x55]) + raw[at + 1 :] for at in (3, 20, len(raw) // 2, len(raw) - 3)
    ]
    frames = [scene.envelope(some, author=ALICE, signer=ALICE) for some in [*damaged, raw[:-5]]]
    for frame in ([honest, garbage], *([some] for some in frames)):
        try:
            scene.send(frame)
        except RemoteError:
            continue
        raise AssertionError("garbage was let in")
    assert scene.document().text() == ""
    scene.send([honest])
    assert scene.document().text() == "hello"


@case
def missing_deps(scene: Scene) -> None:
    """It may come later, so it is kept, bounded by its lane; and left out of the text."""
    prev = None
    for seq in range(1, 30):
        deps = tuple(sorted({ChangeHash(b"\7" * 32), *([prev] if prev else [])}))
        raw = scene.craft(insertion(), deps=deps, seq=seq)
        scene.send([scene.envelope(raw, seq, prev)])
        prev = hash_of_raw(raw)
    assert scene.document().text() == "hello"
    assert len(scene.document().refused) == 29


@case
def equivocation(scene: Scene) -> None:
    """Two changes at one place: both are kept as evidence, neither is part of the text, in whatever order."""
    one, two = (scene.craft(insertion(HEAD, letter)) for letter in (b"1", b"2"))
    for raw in (one, two):
        scene.send([scene.envelope(raw)])
    assert scene.document().text() == "hello"
    assert scene.document().excluded == {hash_of_raw(one), hash_of_raw(two)}


@case
def equivocation_same_batch(scene: Scene) -> None:
    """What an honest member sent in the same frame is taken all the same."""
    forks = [scene.envelope(scene.craft(insertion(HEAD, letter))) for letter in (b"1", b"2")]
    honest = scene.craft(insertion(HEAD, b"h"), actor=lane_of(BOB))
    scene.send([*forks, scene.envelope(honest, author=BOB, signer=BOB)])
    assert scene.document().text() == "hhello"


@case
def equivocation_queued(scene: Scene) -> None:
    """Both branches wait for an honest change, which then comes."""
    dep = scene.craft(insertion(HEAD, b"d"), actor=lane_of(BOB))
    start = scene.change().start_op + 1
    for letter in (b"1", b"2"):
        raw = scene.craft(insertion(HEAD, letter), deps=(hash_of_raw(dep),), start_op=start)
        scene.send([scene.envelope(raw)])
    scene.send([scene.envelope(dep, author=BOB, signer=BOB)])
    assert scene.document().text() == "dhello"


@case
def seq_gap(scene: Scene) -> None:
    scene.attack(scene.craft(insertion(), seq=5), seq=5, prev=scene.first)
    scene.attack(scene.craft(insertion(), seq=5))


@case
def seq_zero(scene: Scene) -> None:
    scene.attack(scene.craft(insertion(), seq=0), seq=0)
    scene.attack(scene.craft(insertion(), seq=0))


@case
def seq_huge(scene: Scene) -> None:
    scene.attack(scene.craft(insertion(), seq=1 << 63), seq=1 << 63, prev=scene.first)
    scene.attack(scene.craft(insertion(), seq=1 << 63))


field_case("start_op_reuse", start_op=1)
field_case("start_op_max", start_op=(1 << 32) - 1)
field_case("start_op_2_31", start_op=1 << 31)


@case
def start_op_collide_self(scene: Scene) -> None:
    """An operation number that its own lane used before."""
    first = scene.craft(insertion())
    scene.send([scene.envelope(first)])
    raw = scene.craft(insertion(HEAD, b"2"), seq=2, deps=(hash_of_raw(first),))
    scene.send([scene.envelope(raw, 2, hash_of_raw(first))])
    assert scene.document().text() == "xhello"


@case
def start_op_over(scene: Scene) -> None:
    for start_op in ((1 << 32) - 2, (1 << 31) - 3):
        scene.attack(scene.craft(*[insertion()] * 5, start_op=start_op))


ops_case("counter_value", lambda scene: put("ctr", COUNTER, b"\x05"))
ops_case("unknown_value", lambda scene: put("u", UNKNOWN, b"\x05\x06"))
ops_case("timestamp_range", lambda scene: put("ts", TIMESTAMP, encode_signed(1 << 62)))
ops_case(
    "unknown_object", lambda scene: Op(SET, (999_999, lane_of(MALLORY)), HEAD, True, TYPE_TEXT, b"x", ())
)
ops_case("put_in_text", lambda scene: Op(SET, OBJECT, "x", False, TYPE_TEXT, b"y", ()))
ops_case("insert_unknown_elem", lambda scene: insertion((777_777, lane_of(ALICE))))
ops_case("pred_unknown", lambda scene: deletion((888_888, lane_of(MALLORY))))
ops_case("del_without_pred", lambda scene: Op(DELETE, OBJECT, scene.letter(1), False, TYPE_NULL, b"", ()))
ops_case("inc_noncounter", lambda scene: Op(INCREMENT, None, "text", False, 4, b"\x01", (OBJECT,)))
ops_case("mark_end_before_start", lambda scene: Op(MARK, OBJECT, HEAD, True, TYPE_NULL, b"", ()))


@case
def pred_cross_object(scene: Scene) -> None:
    """Under cover of one letter, or of a key of her own, it supersedes another's."""
    one, other = scene.letter(1), scene.letter(2)
    scene.attack(scene.craft(Op(DELETE, OBJECT, one, False, TYPE_NULL, b"", (other,))))
    scene.attack(scene.craft(Op(SET, None, "mine", False, TYPE_TEXT, b"y", (other,))))


def _written_otherwise(scene: Scene, columns: dict[int, bytes]) -> bytes:
    letters = [insertion(HEAD, b"abcd"[at : at + 1]) for at in range(4)]
    return chunk(body_of(scene.change(*letters), columns))


@case
def noncanonical_rle(scene: Scene) -> None:
    """Four rows as two runs of two: Automerge would write it back in other bytes, under another hash."""
    run = encode_signed(2) + encode_unsigned(SET)
    scene.attack(_written_otherwise(scene, {0x42: run + run}))


@case
def noncanonical_cols(scene: Scene) -> None:
    scene.attack(_written_otherwise(scene, {0xF2: encode_runs([1], encode_unsigned)}))


@case
def deps_dup_unsorted(scene: Scene) -> None:
    scene.attack(scene.craft(insertion(), deps=(scene.first, scene.first)))
    scene.attack(scene.craft(insertion(), deps=tuple(sorted((scene.first, GENESIS), reverse=True))))


@case
def redundant_deps(scene: Scene) -> None:
    scene.attack(scene.craft(insertion(), deps=tuple(sorted((scene.first, GENESIS)))))


@case
def own_prev_not_in_deps(scene: Scene) -> None:
    """A second change beside its lane's first, not after it."""
    first = scene.craft(insertion())
    scene.send([scene.envelope(first)])
    raw = scene.craft(insertion(HEAD, b"2"), seq=2)
    for prev in (hash_of_raw(first), scene.first):
        try:
            scene.send([scene.envelope(raw, 2, prev)])
        except RemoteError:
            continue
    assert scene.document().text() == "xhello"


field_case("others_unused_actor", other_actors=tuple(sorted((bytes(TEXT), b"\1" * 32, b"\2" * 32))))


@case
def actor_in_others(scene: Scene) -> None:
    actors = tuple(sorted((bytes(TEXT), bytes(lane_of(MALLORY)))))
    scene.attack(chunk(body_of(scene.change(insertion(), other_actors=actors), {})))


field_case("empty_actor", actor=b"")
field_case("long_actor", actor=b"z" * 50_000)
CASES["zero_ops"] = lambda scene: scene.attack(scene.craft())


@case
def rle_bomb(scene: Scene) -> None:
    """Some hundred bytes that stand for fifty million operations."""
    run = encode_signed(BOMB_ROWS)
    columns = {
        0x15: run + prefixed(b"x"),
        0x34: encode_unsigned(BOMB_ROWS),
        0x42: run + encode_unsigned(DELETE),
        0x56: run + encode_unsigned(0),
        0x70: run + encode_unsigned(0),
    }
    raw = chunk(body_of(scene.change(insertion()), columns))
    assert len(raw) < 300
    scene.attack(raw)


@case
def deflate_bomb(scene: Scene) -> None:
    """A compressed chunk, of which Automerge allocates what it unpacks to."""
    letters = Op(SET, OBJECT, HEAD, True, TYPE_TEXT, bytes(BOMB_BYTES), ())
    body = body_of(scene.change(letters), {})
    packed = zlib.compress(body, 9, -15)
    raw = MAGIC + sha256(b"\x01" + prefixed(body)).digest()[:4] + DEFLATED + prefixed(packed)
    assert len(raw) < 20_000
    scene.attack(raw)


@case
def sync_msg_garbage(scene: Scene) -> None:
    """No message of Automerge's own sync is ever read; here its bytes come as a change."""
    rng = random.Random(1)
    for round_ in range(40):
        scene.attack(bytes([0x42 + round_ % 2]) + rng.randbytes(60))


@case
def sync_msg_len_bomb(scene: Scene) -> None:
    for message in (
        b"\x42" + encode_unsigned(1 << 40),
        b"\x42\x00\x00\x00\x01" + encode_unsigned(1 << 40),
        b"\x42\x00\x00" + encode_unsigned(1 << 60),
        MAGIC + bytes(4) + b"\x01" + encode_unsigned(1 << 60),
    ):
        scene.attack(message)


@case
def self_merge(scene: Scene) -> None:
    """All that is held comes back from somebody: nothing changes."""
    raw, version = scene.document().raw(scene.first), scene.document().version()
    report = scene.send([scene.envelope(raw, author=ALICE, signer=ALICE)] * 3)
    assert (report.accepted, report.duplicates) == (0, 3)
    document = scene.document()
    assert document.apply(lane_of(ALICE), raw)
    assert document.version() == version


@case
def drop_open_tx(scene: Scene) -> None:
    """Documents thrown away while something is being written into them; one that is bad fails by itself."""
    raw = scene.document().raw(scene.first)
    for _ in range(200):
        replica = TextReplica(TEXT)
        replica.add(scene.first, (GENESIS,), raw)
        try:
            replica.write(lane_of(MALLORY), [[Splice(0, 0, "v" * 50), Splice(999, 9, "")]])
        except LocalError:
            assert replica.text() == "hello"


@case
def use_while_tx(scene: Scene) -> None:
    """A document from which an edit was made, and not kept, reads and writes as if there had been none."""
    document = scene.document()
    (once,), (again,) = document.edit(lane_of(BOB), "hello you"), document.edit(lane_of(BOB), "hello you")
    assert once == again
    assert document.text() == "hello"
    assert document.apply(lane_of(BOB), once)
    assert document.text() == "hello you"


@case
def wrong_types(scene: Scene) -> None:
    """Values that are no letters: bytes, numbers, nothing, another text; a lone surrogate, also from our own user."""
    for value_type, value in (
        (TYPE_BYTES, b"x"),
        (UNSIGNED, b"\x01"),
        (COUNTER, b"\x05"),
        (TYPE_NULL, b""),
        (TYPE_TEXT, b"\xed\xa0\x80"),
        (TYPE_TEXT, b""),
    ):
        scene.attack(scene.craft(Op(SET, OBJECT, HEAD, True, value_type, value, ())))
    scene.attack(scene.craft(Op(MAKE_TEXT, OBJECT, HEAD, True, TYPE_NULL, b"", ())))
    try:
        scene.write(BOB, "\ud800")
    except LocalError as error:
        if error.hint:
            return
    raise AssertionError("a lone surrogate was written")


@case
def text_bounds(scene: Scene) -> None:
    """Beyond the end, before the beginning, and code points of which others count two or four."""
    for op in (
        insertion((99, lane_of(ALICE))),
        deletion((99, lane_of(ALICE))),
        deletion(OBJECT),
        Op(DELETE, OBJECT, HEAD, False, TYPE_NULL, b"", ()),
    ):
        scene.attack(scene.craft(op))
    document = TextDocument(TEXT)
    for text in ("é😀abc", "😀", "", "x"):
        for raw in document.edit(lane_of(BOB), text):
            document.apply(lane_of(BOB), raw)
        assert document.text() == text


def play(name: str) -> None:
    """Mount one attack, and see that the text is none the worse for it."""
    with closing(Scene()) as scene:
        CASES[name](scene)
        scene.check()


def main(names: list[str]) -> None:
    """Play attacks within a bound on memory, and say of each how it went."""
    if sys.platform == "linux":  # Elsewhere the limit is not to be had, or not kept.
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    for name in names or CASES:
        trouble = ""
        try:
            play(name)
        except BaseException:
            # A panic of the binding is no Exception, and this is where it must be seen.
            trouble = traceback.format_exc()
        print(json.dumps([name, trouble]), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
