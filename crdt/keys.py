"""Who may write: devices, the members that vouch for them, and the lanes that devices write.

A *member key* signs one certificate per device; the device key signs everything else. A *lane* is one device's own
sequence of changes in one place: a feed of a council, or its part of a text document. The lane's id is a hash of
everything that its acceptance depends on, so two replicas can never disagree on whose lane it is.
"""

from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Protocol

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from crdt.errors import RemoteError
from crdt.ids import (
    KEY_BYTES,
    SIGNATURE_BYTES,
    CouncilId,
    DeviceId,
    LaneId,
    MemberId,
    domain_hash,
)

MAX_GENERATIONS = 64
"""A device starts a new generation when its feed is full or its store turned out to be an old copy: rare events."""

CERTIFICATE_DOMAIN = "p2pcouncil/device-certificate/1"
LANE_DOMAIN = "p2pcouncil/lane/1"


class Signer(Protocol):
    """Something that signs for one device, without showing its secret."""

    @property
    def device(self) -> DeviceId:
        """The device's public key."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte Ed25519 signature of a message."""
        ...


def is_signed(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether an Ed25519 signature holds, by libsodium's strict rules (no small-order key, no malleable S)."""
    if len(key) != KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    try:
        VerifyKey(key).verify(message, signature)
    except (BadSignatureError, ValueError):
        return False
    return True


def certificate_message(member: MemberId, device: DeviceId) -> bytes:
    """What a member key signs to certify a device; 32 bytes."""
    return domain_hash(CERTIFICATE_DOMAIN, member, device)


@dataclass(frozen=True, slots=True)
class DeviceCertificate:
    """A member's word that a device writes for them. Ed25519 is deterministic: one per (member, device)."""

    member: MemberId
    device: DeviceId
    signature: bytes


@lru_cache(maxsize=4096)
def is_certified(certificate: DeviceCertificate) -> bool:
    """Whether the member key signed this certificate."""
    message = certificate_message(certificate.member, certificate.device)
    return is_signed(certificate.member, message, certificate.signature)


class LaneKind(IntEnum):
    """What a lane's changes are changes of."""

    FEED = 1
    TEXT = 2


@dataclass(frozen=True, slots=True)
class LaneHeader:
    """Whose lane it is, and of what; travels before the lane's envelopes.

    Attributes:
        kind: a council's feed, or a text document.
        council: the council that the lane belongs to.
        subject: empty for a feed; the `TextId` for a lane of a text document.
        certificate: the member's word for the device.
        generation: 0, and one more each time the device had to start anew.
    """

    kind: LaneKind
    council: CouncilId
    subject: bytes
    certificate: DeviceCertificate
    generation: int

    @property
    def member(self) -> MemberId:
        """The member who writes here."""
        return self.certificate.member

    @property
    def device(self) -> DeviceId:
        """The device that signs here."""
        return self.certificate.device


@lru_cache(maxsize=16384)
def lane_id(header: LaneHeader) -> LaneId:
    """The lane's id, and its Automerge actor id.

    The certificate's signature is left out: it proves the id's member and device and adds nothing to them.
    """
    return LaneId(
        domain_hash(
            LANE_DOMAIN,
            bytes([header.kind]),
            header.council,
            header.subject,
            header.member,
            header.device,
            header.generation.to_bytes(4, "big"),
        )
    )


def validate_header(header: LaneHeader) -> None:
    """Check a header's shape and its certificate.

    Raises:
        RemoteError: a size, the generation or the certificate is wrong.
    """
    wanted = 0 if header.kind is LaneKind.FEED else KEY_BYTES
    if len(header.council) != KEY_BYTES or len(header.subject) != wanted:
        raise RemoteError("A lane names a council or a document that cannot exist.")
    if not 0 <= header.generation < MAX_GENERATIONS:
        raise RemoteError("A lane's generation is out of range.")
    if not is_certified(header.certificate):
        raise RemoteError("A device claims to write for a member who never certified it.")
