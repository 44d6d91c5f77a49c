"""Entries and the fold over them, records that prove themselves, and entries put together from parts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from itertools import takewhile
from typing import Any

import msgspec
from msgspec.structs import replace

from crdt.errors import LocalError, RemoteError
from crdt.feed_change import MAX_PAYLOAD_BYTES
from crdt.ids import ChangeHash, LaneId
from crdt.parts import MAX_ENTRY_BYTES, PartsReader, split_entry
from p2pcouncil.domain import records
from p2pcouncil.domain.entries import Review, Tell, decode_entry, encode_entry
from p2pcouncil.domain.feed_entry import FeedEntry
from p2pcouncil.domain.records import read_duty, read_genesis, read_join
from p2pcouncil.domain.state import CouncilState, fold
from p2pcouncil.domain.tally.choice import YES
from tests.fuzz.choices import Choices, edit_bytes, edit_tree, encode_tree
from tests.fuzz.people import remembered_signatures, sign
from tests.fuzz.target import Target
from tests.support.copies import Copies
from tests.support.decoding import remembered_pages
from tests.support.tellers import Tellers
from tests.support.world import World, genesis_of, key_of

NAMES = ("Ada", "Ben", "Cem", "Dora", "Eve")
"""Three founders, one who is vouched for, one who is not."""


def base_world() -> World:
    """A council in which something of each kind was said."""
    world = World(NAMES[:3])
    invite = key_of("invite")
    world.invite("Ada", invite, "for Dora")
    world.vouch("Ada", "Dora", world.join("Dora", invite_key=invite))
    proposal = world.propose("Ada")
    second = world.second("Ben", proposal)
    issue = world.open("Ada", proposal, [second])
    world.ballot("Ben", issue, YES)
    world.comment("Dora", proposal, "Yes.")
    world.state_duty("Cem", 1, 0)
    return world


@lru_cache(maxsize=1 << 16)
def hash_of(lane: LaneId, seq: int, data: bytes | None) -> ChangeHash:
    """A name for an entry; the fold takes it from the replica."""
    return ChangeHash(sha256(lane + seq.to_bytes(4, "big") + (data or b"broken")).digest())


def told_page_by_page(entries: Sequence[FeedEntry]) -> list[FeedEntry]:
    """The same entries, but what a teller says of one page stands in one of them: half as many have to be folded."""
    found: list[FeedEntry] = []
    for entry in entries:
        told = decode_entry(entry.data or b"")
        before = decode_entry(found[-1].data or b"") if found else None
        if isinstance(told, Tell) and isinstance(before, Tell) and not told.pages:
            whole = encode_entry(
                replace(before, said=before.said + told.said, sheets=before.sheets + told.sheets)
            )
            found[-1] = replace(entry, hash=hash_of(entry.lane, entry.seq, whole), data=whole)
        else:
            found.append(entry)
    return found


def told_pages() -> list[Any]:
    """What the tellers of that council would say, each page with all that is said of it: the vote runs, then closes."""
    world = base_world()
    held, tellers = len(world.entries), Tellers(world, NAMES[:3])
    tellers.tell()
    tellers.tell(70_000)
    return [msgspec.msgpack.decode(told.data or b"") for told in told_page_by_page(world.entries[held:])]


WORLD = base_world()
ISSUE = WORLD.entries[4].hash
PEOPLE = [WORLD.person(name) for name in NAMES]
ENTRIES: list[Any] = [msgspec.msgpack.decode(entry.data or b"") for entry in WORLD.entries]
ENTRIES += [
    ["withdraw.1", 1, WORLD.entries[2].hash, "No."],
    ["leave.1", 1, "Away."],
    ["announce.1", 1, genesis_of(PEOPLE[:2], name="Below", parent=WORLD.council)],
    ["ask.1", 1, PEOPLE[4].join(WORLD.council)],
    ["comment.1", 1, WORLD.entries[2].hash, WORLD.entries[6].hash, "Again."],
    ["ballot.1", 1, ISSUE, 2, [[1]]],
    ["propose.2", 1, b"n" * 16, "T", "S", ["t"], "", {"type": "ranked", "quorum_permille": 1}, ["a", "b"]],
    ["propose.2", 1, b"m" * 16, "T", "S", [], "", {"type": "approval", "quorum_permille": 0}, ["a", "b"]],
    ["later.9", 1, {"what": "nobody knows"}],
    *told_pages(),
    ["pledge.1", 1, b"v" * 32, False],
    ["object.1", 1, PEOPLE[3].id, "A stranger."],
    ["progress.1", 1, ISSUE, True, "Done."],
    ["feedback.1", 1, ISSUE, False, "No."],
    ["review.1", 1, ISSUE, b"p" * 32, True, "I looked."],
    ["succeed.1", 1, b"s" * 32, sign(PEOPLE[0].member_key, records.succession_message(b"s" * 32)), b""],
    ["technique.1", 1, "oven", "bread", "loaf", 100, [["flour", "kg", 60]], [["baking", "h", 5]]],
    ["plan.1", 1, ISSUE, 1, 1, [[0, [], [[0, 1]]]]],
    ["result.1", 1, ISSUE, 0, 0, 1, "Made."],
]
KNOWN: list[Any] = [entry.hash for entry in WORLD.entries]
KNOWN += [person.join(WORLD.council) for person in PEOPLE]
KNOWN += [PEOPLE[2].duty(WORLD.council, number, 1, [(0, 0, number)], [0]) for number in (1, 2)]
KNOWN += [PEOPLE[3].join(WORLD.council, invite_key=key_of("invite")), PEOPLE[4].join(WORLD.council, 1)]
KNOWN += [[[0]], [[1]], [[2]], [], WORLD.genesis, WORLD.council]
ADDED_MAX = 5


@dataclass(frozen=True)
class Base:
    """What a chronicle begins with.

    Attributes:
        world: with its entries.
        samples: entries to begin from, as trees.
        known: what references and values may be replaced by.
    """

    world: World
    samples: Sequence[Any]
    known: Sequence[Any]
    _copies: dict[object, Copies[CouncilState]] = field(default_factory=dict)

    def founded(self) -> CouncilState:
        """The council with its founding alone."""
        return self.lane_after_lane(())

    def whole(self) -> CouncilState:
        """The council with all of the world's entries, taken in at once."""
        if None not in self._copies:
            self._copies[None] = _copies_of(fold(self.world.genesis, self.world.entries))
        return self._copies[None].make()

    def lane_after_lane(self, lanes: tuple[LaneId, ...]) -> CouncilState:
        """The council with some lanes of the world, whole, one after the other."""
        if lanes not in self._copies:
            state = self.lane_after_lane(lanes[:-1]) if lanes else CouncilState(self.world.genesis)
            state.apply(entry for entry in self.world.entries if entry.lane in lanes[-1:])
            self._copies[lanes] = _copies_of(state)
        return self._copies[lanes].make()


def _copies_of(state: CouncilState) -> Copies[CouncilState]:
    """Copies of a state of which all was read: what is added makes some of it change, and the rest is known."""
    state.state_hash()
    read_everything(state)
    return Copies(state)


BASE = Base(WORLD, ENTRIES, KNOWN)


class Chronicle:
    """The base world's entries, and further ones by members, strangers and devices without duty."""

    def __init__(self, choices: Choices, base: Base = BASE) -> None:
        self.choices = choices
        self.base = base
        self.entries = list(base.world.entries)
        self.known = list(base.known)
        for _ in range(1 + choices.number(ADDED_MAX)):
            self._add()

    @property
    def added(self) -> list[FeedEntry]:
        """The entries that are not of the base world."""
        return self.entries[len(self.base.world.entries) :]

    def _add(self) -> None:
        choices = self.choices
        person, device, generation = choices.pick(PEOPLE), choices.number(8) // 7, choices.number(8) // 7
        writer = self.base.world.lane(person.name, device, generation)
        seq = (
            1
            + choices.number(8) // 7
            + max((e.seq for e in self.entries if e.lane == writer.lane), default=0)
        )
        data = self._data()
        broken = "" if data is not None else "The parts of an entry do not follow each other."
        name = hash_of(writer.lane, seq, data)
        entry = FeedEntry(name, writer.lane, person.id, writer.device, generation, seq, data, broken)
        self.entries.append(entry)
        self.known.append(name)

    def _data(self) -> bytes | None:
        choices = self.choices
        match choices.number(8):
            case 0:
                return choices.take(choices.number(64))
            case 1:
                return edit_bytes(choices, encode_tree(choices.pick(self.base.samples)))
            case 2:
                return None
            case _:
                return encode_tree(edit_tree(choices, choices.pick(self.base.samples), self.known))


def run_entries(data: bytes) -> None:
    with remembered_signatures(), remembered_pages():
        chronicle = Chronicle(Choices(data))
        take_back(chronicle, fold_both_ways(chronicle))


def fold_both_ways(chronicle: Chronicle) -> CouncilState:
    """One by one and all at once, in another order, come to the same; returns it."""
    for entry in chronicle.added:
        check_entry(entry.data or b"")
    state = chronicle.base.whole()
    for entry in chronicle.added:
        state.apply([entry])
    assert lane_by_lane(chronicle).state_hash() == state.state_hash()
    read_everything(state)
    return state


def take_back(chronicle: Chronicle, state: CouncilState) -> None:
    """Taking some back, if the choices say so, comes to the same as never having had them."""
    entries = chronicle.entries
    if chronicle.choices.flag():
        return
    forked = entries[chronicle.choices.number(len(entries))]
    state.void(forked.lane, forked.seq)
    fresh = chronicle.base.founded()
    fresh.apply(e for e in entries if e.lane != forked.lane or e.seq < forked.seq)
    assert state.state_hash() == fresh.state_hash()


def lane_by_lane(chronicle: Chronicle) -> CouncilState:
    """The fold of the same entries, one whole lane after the other, in an order that the choices name."""
    choices, entries = chronicle.choices, chronicle.entries
    left = sorted({entry.lane for entry in entries})
    order = [left.pop(choices.number(len(left))) for _ in range(len(left))]
    longer = {entry.lane for entry in chronicle.added}
    known = tuple(takewhile(lambda lane: lane not in longer, order))
    state = chronicle.base.lane_after_lane(known)
    for lane in order[len(known) :]:
        state.apply(entry for entry in entries if entry.lane == lane)
    return state


def read_everything(state: CouncilState) -> None:
    """What screens and tellers read, for it must not raise either."""
    state.members(), state.known_roll(), state.vouches(), state.invites(), state.asks(), state.children()
    state.rejected, state.waiting(), state.successors(), state.named_ballots()
    agenda = state.agenda
    agenda.openings(), agenda.newcomers(), agenda.leaves(), agenda.statements(), agenda.pledges()
    for proposal in state.proposals():
        state.comments(proposal.hash)
    for issue in state.issues():
        state.ballots(issue.hash), state.passed_over(issue.hash), state.said_of(issue.hash, Review)
    state.techniques()
    for plan in state.register.chain.plans:
        state.plan(ChangeHash(plan))


def check_entry(data: bytes) -> None:
    """An entry that decodes has one canonical spelling, and means the same in it."""
    try:
        entry = decode_entry(data)
    except RemoteError:
        return
    canonical = encode_entry(entry)
    again = decode_entry(canonical)
    assert again == entry or data != canonical  # A NaN is not equal to itself, and no field takes one.
    assert encode_entry(again) == canonical


def entry_seeds() -> Iterator[bytes]:
    yield b"\0\0\0\0\0"
    for number in range(len(ENTRIES)):
        for person in range(5):
            yield bytes([0, person, 0, 0, 0, 3, number])
        for edit in range(0, 60, 6):
            yield bytes(
                [1, 0, 0, 0, 0, 3, number, 1, edit, 2, edit, 1, 0, 0, 0, 4, number, 0, edit, edit % 8, edit]
            )
    for at in range(len(WORLD.entries)):
        yield bytes([0, 1, 0, 0, 0, 0, 0, at])


# Records.

GENESIS_TREE: Any = msgspec.msgpack.decode(msgspec.msgpack.decode(WORLD.genesis)[0])
JOIN_TREE: Any = msgspec.msgpack.decode(msgspec.msgpack.decode(KNOWN[len(WORLD.entries) + 3])[0])
DUTY_TREE: Any = msgspec.msgpack.decode(
    msgspec.msgpack.decode(PEOPLE[0].duty(WORLD.council, 1, 1, [(0, 0, 3)], [0]))[0]
)
RECORD_KNOWN: list[Any] = [
    *(person.id for person in PEOPLE),
    *(person.device(number) for person in PEOPLE[:2] for number in (0, 1)),
    *(person.certificate(number).signature for person in PEOPLE[:2] for number in (0, 1)),
    bytes(key_of("invite").verify_key),
    "society",
    "workers",
    "workplace",
    GENESIS_TREE[6][1],
]
KEYS = {bytes(p.device_key(n).verify_key): p.device_key(n) for p in PEOPLE for n in (0, 1)}
KEYS |= {bytes(p.member_key.verify_key): p.member_key for p in PEOPLE}
KEYS[bytes(key_of("invite").verify_key)] = key_of("invite")


def record_of(choices: Choices) -> bytes:
    """Bytes as they come, or a real record with nodes changed, signed again by whoever it names."""
    kind = choices.number(3)
    tree = (GENESIS_TREE, JOIN_TREE, DUTY_TREE)[kind]
    if choices.number(8) == 7:
        return choices.rest()
    body = encode_tree(edit_tree(choices, tree, RECORD_KNOWN) if choices.number(16) else tree)
    message = (records.genesis_message, records.join_message, records.duty_message)[kind](body)
    names = names_in(kind, body)
    signatures = [
        sign(KEYS[name], message) if isinstance(name, bytes) and name in KEYS else bytes(64) for name in names
    ]
    match choices.number(8):
        case 7:
            signatures = [*signatures, bytes(64)]
        case 6:
            signatures = signatures[1:]
    raw = msgspec.msgpack.encode([body, signatures])
    return edit_bytes(choices, raw) if choices.number(16) == 15 else raw


def names_in(kind: int, body: bytes) -> list[bytes]:
    """Whose signatures a body asks for, as far as it can be read."""
    try:
        tree = msgspec.msgpack.decode(body)
        if kind == 0:
            return [founder[1] for founder in tree[6]]
        return [tree[2], *([tree[6]] if tree[6] else [])] if kind == 1 else [tree[1]]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, TypeError, IndexError, KeyError):
        return []


def run_records(data: bytes) -> None:
    raw = record_of(Choices(data))
    for reader in (read_genesis, read_join, read_duty):
        try:
            record = reader(raw)
        except RemoteError:
            continue
        body, signatures = msgspec.msgpack.decode(raw)
        assert records.encode_record(record[1] if isinstance(record, tuple) else record) == body
        assert msgspec.msgpack.encode([body, signatures]) == raw, "a record has one spelling"
    try:
        state = CouncilState(raw)
    except (RemoteError, LocalError):
        return
    assert len(state.members()) == len(state.genesis.roll)


def record_seeds() -> Iterator[bytes]:
    for kind in range(3):
        yield bytes([kind, 0, 0])
        for edit in range(60):
            yield bytes([kind, 0, 1, 0, edit, edit % 8, edit, edit % 5])
    yield b"\0\7" + WORLD.genesis
    yield b"\1\7" + KNOWN[len(WORLD.entries)]
    yield b"\2\7" + PEOPLE[0].duty(WORLD.council, 1, 1)


# Parts.


def run_parts(data: bytes) -> None:
    """Payloads in a row; whatever came before, the next whole entry is read as it was written."""
    choices = Choices(data)
    reader = PartsReader()
    whole = choices.take(choices.number(32)) * choices.pick((1, 1, 600, 1_100, 8_300, 9_000))
    for _ in range(choices.number(24)):
        match choices.number(4):
            case 0:
                payload = choices.take(choices.number(8))
            case 1:
                payload = bytes([1, choices.number(4), choices.number(20)]) + choices.take(2)
            case 2:
                payload = b"\0" + choices.take(3)
            case _:
                payload = edit_bytes(choices, b"\1\0\2xyz")
        try:
            found = reader.feed(payload)
        except RemoteError:
            continue
        assert found is None or len(found) <= MAX_ENTRY_BYTES
    if len(whole) > MAX_ENTRY_BYTES:
        return
    payloads = split_entry(whole)
    assert all(len(payload) <= MAX_PAYLOAD_BYTES for payload in payloads)
    try:
        first = reader.feed(payloads[0])
    except RemoteError:
        first = reader.feed(payloads[0])  # What was broken off is given up, and this begins anew.
    found = [first, *map(reader.feed, payloads[1:])]
    assert found == [*[None] * (len(payloads) - 1), whole]


def parts_seeds() -> Iterator[bytes]:
    for size in range(6):
        yield (
            bytes([9]) + b"some text" + bytes([size, 6, 1, 0, 2, 7, 7, 1, 1, 2, 8, 8, 2, 1, 2, 3, 0, 2, 9, 9])
        )


TARGETS = (
    Target(
        "entries",
        run_entries,
        (
            "p2pcouncil.domain.entries",
            "p2pcouncil.domain.facts",
            "p2pcouncil.domain.transition",
            "p2pcouncil.domain.state",
        ),
        entry_seeds,
        512,
    ),
    Target("records", run_records, ("p2pcouncil.domain.records",), record_seeds, 512),
    Target("parts", run_parts, ("crdt.parts",), parts_seeds, 256),
)
