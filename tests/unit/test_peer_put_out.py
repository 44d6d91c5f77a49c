"""A member writes with more devices than peers keep: what is put out counts nowhere, whatever came first."""

import random
from itertools import permutations

import pytest

from crdt import lane_bounds
from crdt.envelope import EnvelopeGroup, make_envelope, signed_message
from crdt.ids import ChangeHash, CouncilId, TextId
from crdt.keys import LaneHeader, LaneKind, lane_id
from crdt.store import room
from crdt.store.accept import accept
from crdt.store.rows import Cursor, read_new
from crdt.store.schema import IN_MEMORY, open_store
from crdt.text import TextDocument
from p2pcouncil.domain.entries import AnyEntry, Comment, Vouch, encode_entry
from p2pcouncil.domain.records import Charter, Founder, Genesis, Signed, encode_record, genesis_message
from p2pcouncil.peer.core import Peer
from p2pcouncil.peer.events import ReadAgain, Row, RowsRead, ShelfRead
from tests.support.world import Person, digest_of

ADA, MIA, XENIA = Person("Ada"), Person("Mia"), Person("Xenia")
FOUNDERS = tuple(Founder(p.id, p.device(), p.certificate().signature, p.vrf, p.name) for p in (ADA, MIA))
BODY = encode_record(Genesis("Bread", "society", "society", "", b"", Charter(), FOUNDERS, bytes(16)))
COUNCIL = CouncilId(genesis_message(BODY))
GENESIS = encode_record(Signed(BODY, tuple(p.device_key().sign(COUNCIL).signature for p in (ADA, MIA))))
DEVICES = [6, 1, 10, 0]
"""Numbers of Mia's devices: by ascending key; she founded with the last."""
TEXT = TextId(digest_of("a text"))


@pytest.fixture(autouse=True)
def two_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (lane_bounds, room):
        monkeypatch.setattr(module, "MAX_DEVICES_PER_MEMBER", 2)


def written(person: Person, device: int, payload: bytes, text: TextId | None = None) -> EnvelopeGroup:
    kind = LaneKind.FEED if text is None else LaneKind.TEXT
    header = LaneHeader(kind, COUNCIL, text or b"", person.certificate(device), 0)
    prev: ChangeHash | None = None
    blank = make_envelope(header, 1, prev, payload, bytes(64))
    signature = person.device_key(device).sign(signed_message(blank.lane, blank.hash)).signature
    return EnvelopeGroup(header, (make_envelope(header, 1, prev, payload, signature),))


def said(person: Person, device: int, entry: AnyEntry) -> EnvelopeGroup:
    return written(person, device, b"\0" + encode_entry(entry))


def edited(person: Person, device: int) -> EnvelopeGroup:
    lane = lane_id(LaneHeader(LaneKind.TEXT, COUNCIL, TEXT, person.certificate(device), 0))
    (raw,) = TextDocument(TEXT).edit(lane, f"device {device}")
    return written(person, device, raw, TEXT)


class Laptop:
    """A store and the peer that folds it."""

    def __init__(self) -> None:
        self.conn = open_store(IN_MEMORY)
        self.peer = Peer()
        self.peer.handle(ShelfRead((("council", COUNCIL, GENESIS),)), 0)
        self.cursor = Cursor()

    def take_in(self, *groups: EnvelopeGroup) -> None:
        place = self.peer.world.places[COUNCIL]
        accept(self.conn, groups, lambda _, member: place.state.is_admitted(member), 0)
        for _ in range(3):
            new = read_new(self.conn, self.cursor)
            self.cursor = new.cursor
            rows = tuple(Row(e.header, e.envelope, 0) for e in new.envelopes)
            effects = self.peer.handle(RowsRead(rows, tuple(new.forks)), 0)
            if ReadAgain() not in effects:
                return
            self.cursor = Cursor()
        raise AssertionError("it reads again without end")

    def seen(self) -> tuple[object, ...]:
        place = self.peer.world.places[COUNCIL]
        members = tuple(m.member for m in place.state.members())
        devices = place.member_devices()
        fingerprint = place.index.fingerprint()
        return place.state_hash().hex(), fingerprint, members, devices, place.text(TEXT).text()


HELLO = [said(MIA, number, Comment(1, bytes(32), b"", "hello")) for number in DEVICES[:3]]
LAST = said(MIA, DEVICES[3], Vouch(2, XENIA.join(COUNCIL)))
EDITS = [edited(MIA, number) for number in DEVICES]
BY_XENIA = said(XENIA, 0, Comment(3, bytes(32), b"", "here through Mia"))


def test_a_device_that_is_put_out_takes_back_whom_it_let_in() -> None:
    laptop = Laptop()
    laptop.take_in(LAST)
    laptop.take_in(BY_XENIA, EDITS[3])
    assert XENIA.id in laptop.seen()[2]  # type: ignore[operator]
    laptop.take_in(*HELLO)
    fresh = Laptop()
    fresh.take_in(*HELLO[:2])
    assert laptop.seen() == fresh.seen()
    assert XENIA.id not in laptop.seen()[2]  # type: ignore[operator]
    assert laptop.seen()[4] == ""


@pytest.mark.parametrize("seed", range(12))
def test_equal_whatever_came_first(seed: int) -> None:
    offers = [*HELLO, LAST, *EDITS, BY_XENIA]
    random.Random(seed).shuffle(offers)
    laptop, fresh = Laptop(), Laptop()
    for _ in range(2):
        for offer in offers:
            laptop.take_in(offer)
    fresh.take_in(*offers)
    fresh.take_in(*offers)
    assert laptop.seen() == fresh.seen()
    assert laptop.peer.world.places[COUNCIL].index.total == 4


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_same_after_a_restart(order: tuple[int, ...]) -> None:
    laptop = Laptop()
    for number in order:
        laptop.take_in(HELLO[number], EDITS[number])
    before = laptop.seen()
    restarted = Laptop()
    restarted.conn = laptop.conn
    restarted.take_in()
    assert restarted.seen() == before
