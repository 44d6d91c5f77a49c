"""A whole peer that hears gossip, questions and answers of strangers, with a real store behind it."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from functools import cache
from typing import Any

import msgspec

from crdt.envelope import EnvelopeGroup, encode_groups
from crdt.ids import CouncilId, DeviceId, MemberId
from crdt.keys import LaneKind
from crdt.store.accept import AcceptReport, accept
from crdt.store.rows import Cursor, NewRows, read_groups, read_new
from crdt.sync import answer
from net.transport import MAX_GOSSIP_BYTES, MAX_REQUEST_BYTES, MAX_RESPONSE_BYTES
from p2pcouncil.peer import shelf
from p2pcouncil.peer.core import Peer
from p2pcouncil.peer.events import (
    Accept,
    AddressesKnown,
    AnswerHeard,
    Ask,
    BatchAccepted,
    Connect,
    Drop,
    Effect,
    Event,
    GossipHeard,
    Keep,
    PeerConnected,
    PeerGone,
    Publish,
    QuestionHeard,
    ReadAgain,
    Reply,
    ReplyWithEnvelopes,
    Row,
    RowsRead,
    ShelfRead,
    Tick,
)
from p2pcouncil.peer.place import Place
from p2pcouncil.peer.wire import (
    MAX_ADDRESS_CHARS,
    GenesisQuestion,
    GossipKind,
    Kind,
    KnowsAnswer,
    LobbyAnswer,
    LobbyQuestion,
    TipsAnswer,
    TipsQuestion,
    pack,
    topic_of,
    unpack,
)
from tests.fuzz.choices import Choices, edit_bytes, edit_tree, encode_tree
from tests.fuzz.council import BRANCHES, COUNCIL, GENESIS_BYTES, GROUPS, PEOPLE, TEXT, me
from tests.fuzz.people import check_remembered, remembered_signatures
from tests.fuzz.stores import new_store
from tests.fuzz.target import Target
from tests.store_support import index_of
from tests.support.copies import Copies
from tests.support.world import genesis_of, key_of

ADA, BEN, CEM, DORA, EVE = PEOPLE
DEVICES = (BEN.device(), CEM.device(), EVE.device())
"""Two members and a stranger; Ada's is the peer under test."""
HELD = GROUPS[:2]
"""What Ada's store holds to begin with: her own feed and Ben's."""
OTHER = genesis_of([BEN], name="Another society")
OTHER_ID = CouncilId(Place(OTHER).council)
EVENTS_MAX = 8
START_MS = 1_000_000
THEIRS = index_of(GROUPS)
QUESTIONS: tuple[tuple[Kind, Any], ...] = (
    (Kind.GENESIS, GenesisQuestion(COUNCIL)),
    (Kind.LOBBY, LobbyQuestion(COUNCIL, EVE.join(COUNCIL, invite_key=key_of("invite")))),
    (Kind.LOBBY, LobbyQuestion(COUNCIL, DORA.join(COUNCIL))),
    (Kind.TIPS, TipsQuestion(COUNCIL, tuple(e.envelopes[0].lane for e in GROUPS))),
)


def _initial_store() -> bytes:
    with closing(new_store()) as conn:
        accept(conn, HELD, lambda council, member: True, 1)
        return conn.serialize()


INITIAL = _initial_store()


class Stage:
    """A peer, its store, and whoever talks to it."""

    def __init__(self, choices: Choices, connected: Sequence[DeviceId] | None = DEVICES) -> None:
        """Set it up.

        Args:
            choices: what happens on it.
            connected: who is there already; None for a peer that has not even read its store.
        """
        self.choices = choices
        self.conn: sqlite3.Connection = new_store(INITIAL)
        self.now_ms = START_MS
        self.questions = 0
        self.peer, self.asks, self.cursor = (
            (Peer(me(ADA)), [], Cursor()) if connected is None else _begun(tuple(connected)).make()
        )

    def begin(self, connected: Sequence[DeviceId]) -> None:
        """Let the peer read its store, and others come."""
        pending = shelf.PendingJoin(OTHER_ID, ADA.join(OTHER_ID), "Another", "Ben", ("/ip4/127.0.0.1/tcp/1",))
        kept = ((shelf.COUNCIL, COUNCIL, GENESIS_BYTES), (shelf.JOIN, OTHER_ID, shelf.write(pending)))
        self.handle(ShelfRead(kept))
        self.read_rows()
        self.handle(AddressesKnown(("/ip4/127.0.0.1/tcp/2",)))
        for device in connected:
            self.handle(PeerConnected(device))

    def close(self) -> None:
        self.conn.close()

    def handle(self, event: Event) -> list[Effect]:
        effects = self.peer.handle(event, self.now_ms)
        for effect in effects:
            self.carry_out(effect)
        return effects

    def carry_out(self, effect: Effect) -> None:
        """Do what the engine does, and check what goes out."""
        match effect:
            case Ask():
                assert len(effect.data) <= MAX_REQUEST_BYTES
                unpack(effect.data)
                self.asks.append(effect)
            case Reply(_, data):
                assert len(data) <= MAX_RESPONSE_BYTES
                unpack(data)
            case ReplyWithEnvelopes():
                groups = read_groups(self.conn, effect.wanted, effect.max_bytes)
                assert len(effect.head) + len(encode_groups(groups)) <= MAX_RESPONSE_BYTES
            case Publish(_, data):
                assert len(data) <= MAX_GOSSIP_BYTES
            case Accept():
                self.accept(effect)
            case Keep(kind, key, value):
                self.keep(kind, key, value)
            case Connect(address):
                assert len(address) <= MAX_ADDRESS_CHARS
            case Drop(device, reason):
                assert device in DEVICES
                assert reason
                self.handle(PeerGone(device, reason))
            case ReadAgain():
                self.cursor = Cursor()
                self.read_rows()

    def take_in(self, groups: Sequence[EnvelopeGroup]) -> AcceptReport:
        return accept(self.conn, groups, self.is_admitted, self.now_ms, check=check_remembered)

    def accept(self, effect: Accept) -> None:
        report = self.take_in(effect.groups)
        self.read_rows()
        waiting = report.orphans + len(report.unknown_members)
        refused = tuple(refusal.reason for refusal in report.refused)
        self.handle(BatchAccepted(effect.batch, report.accepted, waiting, refused))

    def is_admitted(self, council: CouncilId, member: MemberId) -> bool:
        place = self.peer.world.places.get(council)
        return place is not None and place.state.is_admitted(member)

    def keep(self, kind: str, key: bytes, value: bytes) -> None:
        items = self.peer.world.shelf.setdefault(kind, {})
        if value:
            items[key] = value
        else:
            items.pop(key, None)
        if kind == shelf.COUNCIL:
            kept = tuple((k, *item) for k, some in self.peer.world.shelf.items() for item in some.items())
            self.handle(ShelfRead(kept))

    def read_rows(self) -> None:
        new = read_new(self.conn, self.cursor, 1_000)
        self.cursor = new.cursor
        rows = tuple(Row(e.header, e.envelope, e.first_seen_ms) for e in new.envelopes)
        if rows or new.forks:
            self.handle(RowsRead(rows, tuple(new.forks)))

    # What strangers do.

    def act(self) -> None:
        choices = self.choices
        device = choices.pick(DEVICES)
        match choices.number(8):
            case 0 | 1:
                council = OTHER_ID if choices.number(8) == 7 else COUNCIL
                self.handle(GossipHeard(device, topic_of(council), self.gossip()))
            case 2 | 3:
                self.questions += 1
                self.handle(QuestionHeard(device, self.questions, self.question()))
            case 4 | 5 | 6:
                if self.asks:
                    ask = self.asks.pop(choices.number(len(self.asks)))
                    self.handle(AnswerHeard(ask.ask, self.answer(ask)))
            case _:
                self.now_ms += choices.pick((1, 1_000, 6_000, 70_000))
                self.handle(choices.pick((Tick(), PeerConnected(device), PeerGone(device, ""))))

    def gossip(self) -> bytes:
        choices = self.choices
        if choices.number(8) == 7:
            return choices.take(24)
        some = [choices.pick((*GROUPS, *BRANCHES)) for _ in range(1 + choices.number(3))]
        raw = encode_groups(some)
        if choices.flag():
            raw = self.edited(raw)
        return bytes([choices.pick((GossipKind.ENVELOPES, GossipKind.ENVELOPES, GossipKind.NEWS, 9))]) + raw

    def question(self) -> bytes:
        choices = self.choices
        kind = choices.number(8)
        if kind == 7:
            return choices.take(24)
        if kind >= 4:
            return bytes([choices.pick((*Kind, 77))]) + COUNCIL + self.edited(SYNC_QUESTION)
        name, body = QUESTIONS[kind]
        raw = msgspec.msgpack.encode(body)
        return pack(name, self.edited(raw) if choices.flag() else raw)

    def answer(self, ask: Ask) -> bytes | None:
        choices = self.choices
        decision = choices.number(8)
        if decision == 7:
            return None
        if decision == 6:
            return choices.take(24)
        kind, body = unpack(ask.data)
        raw = self.honest(kind, body)
        if decision >= 3:
            raw = self.edited_answer(kind, raw)
        return bytes([Kind.UNKNOWN_COUNCIL if decision == 5 else kind]) + raw

    def honest(self, kind: Kind, body: bytes) -> bytes:
        if kind is Kind.SYNC:
            if body[:32] != COUNCIL:
                return b""
            head, wanted = answer(THEIRS, body[32:])
            return head + (encode_groups(serve(wanted)) if wanted else b"")
        answers = {
            Kind.GENESIS: OTHER,
            Kind.LOBBY: msgspec.msgpack.encode(LobbyAnswer("")),
            Kind.TIPS: msgspec.msgpack.encode(TipsAnswer((2, 1), 3)),
            Kind.KNOWS: msgspec.msgpack.encode(KnowsAnswer(("/ip4/127.0.0.1/tcp/3", "/dns/x"))),
        }
        return answers.get(kind, b"")

    def edited_answer(self, kind: Kind, raw: bytes) -> bytes:
        if kind is not Kind.SYNC or len(raw) < 4:
            return self.edited(raw)
        end = 4 + int.from_bytes(raw[:4], "big")
        head, tail = raw[4:end], raw[end:]
        if self.choices.flag():
            head = self.edited(head)
        else:
            tail = self.edited(tail or encode_groups(GROUPS[2:4]))
        return len(head).to_bytes(4, "big") + head + tail

    def edited(self, raw: bytes) -> bytes:
        if not raw or self.choices.number(4) == 3:
            return edit_bytes(self.choices, raw)
        return encode_tree(edit_tree(self.choices, msgspec.msgpack.decode(raw), KNOWN))

    def check(self) -> None:
        """What the peer holds is what its store's rows come to, and it still answers."""
        rows = read_new(self.conn, Cursor(), 1_000)
        if len(rows.envelopes) != sum(len(some.envelopes) for some in HELD) or rows.forks:
            self.check_place(rows)
        assert set(self.peer.world.places) <= {COUNCIL, OTHER_ID}
        friend = DORA.device(1)
        self.handle(PeerConnected(friend))
        told = self.handle(QuestionHeard(friend, 0, pack(Kind.GENESIS, GenesisQuestion(COUNCIL))))
        assert Reply(0, pack(Kind.GENESIS, GENESIS_BYTES)) in told

    def check_place(self, rows: NewRows) -> None:
        place, fresh = self.peer.world.places[COUNCIL], _founded().make()
        fresh.load(
            [Row(e.header, e.envelope, e.first_seen_ms) for e in rows.envelopes],
            dict(rows.forks),
        )
        assert place.state_hash() == fresh.state_hash()
        assert place.index.fingerprint() == fresh.index.fingerprint()
        if any(row.header.kind is LaneKind.TEXT for row in rows.envelopes):
            assert place.text(TEXT).version() == fresh.text(TEXT).version()


@cache
def _begun(connected: tuple[DeviceId, ...]) -> Copies[tuple[Peer, list[Ask], Cursor]]:
    """A peer that has begun, what it asks, and how far it has read."""
    with closing(Stage(Choices(b""), None)) as stage:
        stage.begin(connected)
        return Copies((stage.peer, stage.asks, stage.cursor))


@cache
def _founded() -> Copies[Place]:
    return Copies(Place(GENESIS_BYTES))


def serve(wanted: Iterable[Any]) -> list[EnvelopeGroup]:
    held = {some.envelopes[0].lane: some for some in GROUPS}
    return [
        EnvelopeGroup(held[w.lane].header, tuple(held[w.lane].envelopes[w.first - 1 : w.last]))
        for w in wanted
    ]


KNOWN: Sequence[Any] = [
    *(some.envelopes[0].lane for some in GROUPS),
    *(some.envelopes[-1].hash for some in GROUPS),
    COUNCIL,
    OTHER_ID,
    *(person.join(COUNCIL, invite_key=key_of("invite")) for person in PEOPLE[3:]),
    *DEVICES,
]
SYNC_QUESTION = msgspec.msgpack.encode(
    [[[b"", b"", b""]], [[GROUPS[0].envelopes[0].lane, [1, 2]]], [[GROUPS[1].envelopes[0].lane, 1, 2]]]
)


def run_peer(data: bytes) -> None:
    choices = Choices(data)
    with remembered_signatures(), closing(Stage(choices)) as stage:
        for _ in range(1 + choices.number(EVENTS_MAX)):
            stage.act()
        stage.check()


def peer_seeds() -> Iterator[bytes]:
    yield b""
    for number in range(64):
        event = bytes(
            [number % 3, number % 8, number // 8, number % 5, number, 0, 1, number % 40, number % 8]
        )
        yield bytes([7]) + event * 6
    for number in range(8):
        yield bytes([7]) + bytes([number % 3, 4, 0, number, 0]) * 16


TARGETS = (
    Target(
        "peer",
        run_peer,
        (
            "p2pcouncil.peer.core",
            "p2pcouncil.peer.pulling",
            "p2pcouncil.peer.hearsay",
            "p2pcouncil.peer.lobby",
            "p2pcouncil.peer.holdings",
            "p2pcouncil.peer.acquaintances",
            "p2pcouncil.peer.place",
        ),
        peer_seeds,
        384,
    ),
)
