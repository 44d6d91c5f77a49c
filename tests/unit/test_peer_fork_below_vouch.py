"""A member vouches, then forks below the vouch: whom it let in goes with it, on every peer, whatever came first."""

from collections.abc import Sequence
from itertools import permutations

import pytest

from crdt.envelope import Envelope, EnvelopeGroup, make_envelope, signed_message
from crdt.ids import ChangeHash, CouncilId
from crdt.keys import LaneHeader, LaneKind
from crdt.store.accept import accept
from crdt.store.rows import Cursor, read_new
from crdt.store.schema import IN_MEMORY, open_store
from p2pcouncil.domain.entries import AnyEntry, Comment, Vouch, encode_entry
from p2pcouncil.domain.records import Charter, Founder, Genesis, Signed, encode_record, genesis_message
from p2pcouncil.peer.core import Peer
from p2pcouncil.peer.events import ReadAgain, Row, RowsRead, ShelfRead
from tests.support.world import Person

ADA, MIA, XENIA, YAN = Person("Ada"), Person("Mia"), Person("Xenia"), Person("Yan")
FOUNDERS = tuple(Founder(p.id, p.device(), p.certificate().signature, p.vrf, p.name) for p in (ADA, MIA))
BODY = encode_record(Genesis("Bread", "society", "society", "", b"", Charter(), FOUNDERS, bytes(16)))
COUNCIL = CouncilId(genesis_message(BODY))
GENESIS = encode_record(Signed(BODY, tuple(p.device_key().sign(COUNCIL).signature for p in (ADA, MIA))))


def header(person: Person) -> LaneHeader:
    return LaneHeader(LaneKind.FEED, COUNCIL, b"", person.certificate(), 0)


def signed(person: Person, seq: int, prev: ChangeHash | None, entry: AnyEntry) -> Envelope:
    payload = b"\0" + encode_entry(entry)
    blank = make_envelope(header(person), seq, prev, payload, bytes(64))
    signature = person.device_key().sign(signed_message(blank.lane, blank.hash)).signature
    return make_envelope(header(person), seq, prev, payload, signature)


def said(text: str) -> Comment:
    return Comment(1, bytes(32), b"", text)


FIRST = signed(MIA, 1, None, said("one story"))
OTHER = signed(MIA, 1, None, said("another story"))
VOUCH = signed(MIA, 2, FIRST.hash, Vouch(2, XENIA.join(COUNCIL)))
BY_XENIA = signed(XENIA, 1, None, Vouch(3, YAN.join(COUNCIL)))
BY_YAN = signed(YAN, 1, None, said("here through Xenia"))
FRAMES: list[tuple[Person, Sequence[Envelope]]] = [
    (MIA, [FIRST, VOUCH]),
    (MIA, [OTHER]),
    (XENIA, [BY_XENIA]),
    (YAN, [BY_YAN]),
]


class Laptop:
    """A store and the peer that folds it."""

    def __init__(self) -> None:
        self.conn = open_store(IN_MEMORY)
        self.peer = Peer()
        self.peer.handle(ShelfRead((("council", COUNCIL, GENESIS),)), 0)
        self.cursor = Cursor()

    def take_in(self, person: Person, envelopes: Sequence[Envelope]) -> None:
        place = self.peer.world.places[COUNCIL]
        groups = [EnvelopeGroup(header(person), tuple(envelopes))]
        accept(self.conn, groups, lambda _, member: place.state.is_admitted(member), 0)
        self.fold()

    def fold(self) -> None:
        for _ in range(3):
            new = read_new(self.conn, self.cursor)
            self.cursor = new.cursor
            rows = tuple(Row(e.header, e.envelope, 0) for e in new.envelopes)
            effects = self.peer.handle(RowsRead(rows, tuple(new.forks)), 0)
            if ReadAgain() not in effects:
                return
            self.cursor = Cursor()
        raise AssertionError("it reads again without end")

    def seen(self) -> tuple[int, str, tuple[bytes, ...]]:
        place = self.peer.world.places[COUNCIL]
        members = tuple(m.member for m in place.state.members())
        return place.index.total, place.state_hash().hex(), members


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_equal_whatever_came_first(order: tuple[int, ...]) -> None:
    laptop = Laptop()
    for _ in range(3):
        for number in order:
            laptop.take_in(*FRAMES[number])
    never_saw_the_vouch = Laptop()
    never_saw_the_vouch.take_in(MIA, [FIRST])
    never_saw_the_vouch.take_in(MIA, [OTHER])
    assert laptop.seen() == never_saw_the_vouch.seen()
    assert laptop.seen()[2] == tuple(sorted([ADA.id, MIA.id]))


def test_another_vouch_brings_them_back_with_what_they_wrote() -> None:
    laptop, fresh = Laptop(), Laptop()
    for frame in (FRAMES[0], FRAMES[2], FRAMES[3], FRAMES[1]):
        laptop.take_in(*frame)
    assert laptop.seen()[0] == 2
    again = signed(ADA, 1, None, Vouch(5, XENIA.join(COUNCIL)))
    laptop.take_in(ADA, [again])
    for frame in ((ADA, [again]), FRAMES[2], FRAMES[3], (MIA, [FIRST]), FRAMES[1]):
        fresh.take_in(*frame)
    assert laptop.seen() == fresh.seen()
    assert laptop.seen()[0] == 5
    assert len(laptop.seen()[2]) == 4


def test_the_same_after_a_restart() -> None:
    laptop = Laptop()
    for frame in (FRAMES[0], FRAMES[2], FRAMES[3], FRAMES[1]):
        laptop.take_in(*frame)
    before = laptop.seen()
    restarted = Laptop()
    restarted.conn = laptop.conn
    restarted.fold()
    assert restarted.seen() == before
