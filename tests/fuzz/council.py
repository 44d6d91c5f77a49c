"""A small council with envelopes rightly signed, for the targets in which a whole peer hears of it."""

from functools import cache

import msgspec

from crdt.envelope import Envelope, EnvelopeGroup, payload_hash, signed_message
from crdt.ids import CouncilId, TextId
from crdt.keys import LaneHeader, LaneKind, lane_id
from crdt.parts import split_entry
from crdt.text import TextDocument
from p2pcouncil.domain.entries import Comment, Propose, encode_entry
from p2pcouncil.domain.proposals import text_id_of
from p2pcouncil.peer.world import Me
from tests.fuzz.entries import PEOPLE, WORLD
from tests.fuzz.people import sign
from tests.support.world import Person

COUNCIL: CouncilId = WORLD.council
GENESIS_BYTES: bytes = WORLD.genesis
PROPOSAL = next(entry for entry in WORLD.entries if b"propose.2" in (entry.data or b""))
TEXT: TextId = text_id_of(
    COUNCIL, PROPOSAL.lane, msgspec.msgpack.decode(PROPOSAL.data or b"", type=Propose).nonce
)


def me(person: Person) -> Me:
    return Me(person.certificate(), person.name, person.vrf)


def lane_of(person: Person, payloads: list[bytes], header: LaneHeader, device: int = 0) -> EnvelopeGroup:
    """Payloads as one lane, chained and signed."""
    lane, envelopes = lane_id(header), []
    for seq, payload in enumerate(payloads, 1):
        prev = envelopes[-1].hash if envelopes else None
        change = payload_hash(header, seq, prev, payload)
        signature = sign(person.device_key(device), signed_message(lane, change))
        envelopes.append(Envelope(lane, seq, prev, payload, signature, change))
    return EnvelopeGroup(header, tuple(envelopes))


@cache
def groups() -> tuple[EnvelopeGroup, ...]:
    """All that the world's people wrote, each lane whole, and a text by two of them."""
    made = []
    for person in PEOPLE:
        entries = [entry for entry in WORLD.entries if entry.member == person.id]
        header = LaneHeader(LaneKind.FEED, COUNCIL, b"", person.certificate(), 0)
        payloads = [payload for entry in entries for payload in split_entry(entry.data or b"")]
        if payloads:
            made.append(lane_of(person, payloads, header))
    document = TextDocument(TEXT)
    for person, text in ((PEOPLE[0], "Bread.\n"), (PEOPLE[1], "Bread and roses.\n")):
        header = LaneHeader(LaneKind.TEXT, COUNCIL, TEXT, person.certificate(), 0)
        raws = document.edit(lane_id(header), text)
        for raw in raws:
            document.apply(lane_id(header), raw)
        made.append(lane_of(person, raws, header))
    return tuple(made)


GROUPS = groups()


def branches() -> tuple[EnvelopeGroup, ...]:
    """What takes entries back when it comes: other first changes of the same lanes, as of copied laptops."""
    made = []
    for some in GROUPS:
        author = next(person for person in PEOPLE if person.id == some.header.member)
        payload = some.envelopes[0].payload
        if some.header.kind is LaneKind.TEXT:
            made.append(lane_of(author, TextDocument(TEXT).edit(lane_id(some.header), "Salt."), some.header))
        else:
            others = [payload[:1] + encode_entry(Comment(1, PROPOSAL.hash, b"", "Or not."))]
            made.append(lane_of(author, others, some.header))
            kept = [e.payload for e in some.envelopes[:-1]]
            made.append(lane_of(author, [*kept, *others], some.header))
    return tuple(made)


BRANCHES = branches()
