"""Devices, members and lanes for the tests of the store, the index and sync."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from nacl.signing import SigningKey

from crdt.envelope import Envelope, EnvelopeGroup, payload_hash, signed_message
from crdt.ids import ChangeHash, CouncilId, DeviceId, MemberId, TextId
from crdt.index import LaneIndex
from crdt.keys import DeviceCertificate, LaneHeader, LaneKind, certificate_message, lane_id
from crdt.text import TextDocument

COUNCIL = CouncilId(sha256(b"council").digest())


@dataclass(frozen=True)
class Writer:
    """A member with one device; signs as a `Signer` does."""

    key: SigningKey
    certificate: DeviceCertificate

    @property
    def device(self) -> DeviceId:
        return self.certificate.device

    def sign(self, message: bytes) -> bytes:
        return self.key.sign(message).signature

    def header(self, generation: int = 0, council: CouncilId = COUNCIL) -> LaneHeader:
        return LaneHeader(LaneKind.FEED, council, b"", self.certificate, generation)

    def text_header(self, text: TextId) -> LaneHeader:
        return LaneHeader(LaneKind.TEXT, COUNCIL, text, self.certificate, 0)


def writer(name: str) -> Writer:
    member = SigningKey(sha256(b"member " + name.encode()).digest())
    device = SigningKey(sha256(b"device " + name.encode()).digest())
    member_id = MemberId(bytes(member.verify_key))
    device_id = DeviceId(bytes(device.verify_key))
    signature = member.sign(certificate_message(member_id, device_id)).signature
    return Writer(device, DeviceCertificate(member_id, device_id, signature))


def devices(name: str, count: int) -> list[Writer]:
    """As many devices of one member, by ascending key."""
    member = SigningKey(sha256(b"member " + name.encode()).digest())
    member_id = MemberId(bytes(member.verify_key))
    made = []
    for number in range(count):
        key = SigningKey(sha256(b"device %d of " % number + name.encode()).digest())
        device = DeviceId(bytes(key.verify_key))
        signature = member.sign(certificate_message(member_id, device)).signature
        made.append(Writer(key, DeviceCertificate(member_id, device, signature)))
    return sorted(made, key=lambda found: found.device)


def text_lane(author: Writer, text: TextId, count: int = 1) -> EnvelopeGroup:
    """A device's lane in a text: as many small edits."""
    header, document = author.text_header(text), TextDocument(text)
    lane, raws = lane_id(header), []
    for number in range(count):
        for raw in document.edit(lane, "x" * (number + 1)):
            document.apply(lane, raw)
            raws.append(raw)
    return EnvelopeGroup(header, tuple(chain(author, raws, header=header)))


def chain(
    author: Writer,
    payloads: Iterable[bytes],
    after: Envelope | None = None,
    header: LaneHeader | None = None,
) -> list[Envelope]:
    """Sign payloads as a chain that follows `after`."""
    header = header or author.header()
    seq, prev = (0, None) if after is None else (after.seq, after.hash)
    envelopes = []
    for payload in payloads:
        seq += 1
        envelopes.append(signed(author, header, seq, prev, payload))
        prev = envelopes[-1].hash
    return envelopes


def signed(author: Writer, header: LaneHeader, seq: int, prev: ChangeHash | None, payload: bytes) -> Envelope:
    lane = lane_id(header)
    change = payload_hash(header, seq, prev, payload)
    return Envelope(lane, seq, prev, payload, author.sign(signed_message(lane, change)), change)


def group(author: Writer, envelopes: Sequence[Envelope], header: LaneHeader | None = None) -> EnvelopeGroup:
    return EnvelopeGroup(header or author.header(), tuple(envelopes))


def everyone(council: CouncilId, member: MemberId) -> bool:
    return True


def index_of(groups: Iterable[EnvelopeGroup]) -> LaneIndex:
    index = LaneIndex()
    for some in groups:
        for envelope in some.envelopes:
            index.add(some.header, envelope)
    return index
