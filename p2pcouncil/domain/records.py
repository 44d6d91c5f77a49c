"""Records that prove themselves: signed by whom they concern, whoever carries them.

A genesis founds a council, a join asks to belong to one, and a duty statement says, under the member key, which of
a member's devices votes. Entries embed them as the very bytes that were signed. A council whose register has come to
an end goes on in another one, whose genesis says so and is signed by member keys.

A record has one spelling, and is named by the message that is signed. Otherwise anybody could carry a member's
statement in other bytes, and make it look as if the member had made two.
"""

from functools import lru_cache
from typing import Annotated, TypeVar

import msgspec

from crdt.errors import RemoteError
from crdt.ids import CouncilId, DeviceId, MemberId, domain_hash
from crdt.keys import DeviceCertificate, is_certified, is_signed

Hash = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
OptionalHash = Annotated[bytes, msgspec.Meta(max_length=32)]
Signature = Annotated[bytes, msgspec.Meta(min_length=64, max_length=64)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Nonce = Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]

RULES_VERSION = 3
MAX_FOUNDERS = 128
MAX_UNTIL = 512
MAX_DISOWNED = 64
MAX_STATEMENTS = 1_000_000
MAX_RECORD_BYTES = 64_000
"""Room for the largest genesis that the other bounds allow; joins and duty statements are far smaller."""
MAX_SIGNED_BYTES = MAX_RECORD_BYTES + MAX_FOUNDERS * 66 + 8
RecordBytes = Annotated[bytes, msgspec.Meta(max_length=MAX_SIGNED_BYTES)]
YEAR_SECONDS = 31_536_000
Seconds = Annotated[int, msgspec.Meta(ge=1, le=YEAR_SECONDS)]
OptionalSeconds = Annotated[int, msgspec.Meta(ge=0, le=YEAR_SECONDS)]
KINDS = ("society", "workers", "consumers")
LEVELS = {
    "society": ("society",),
    "workers": ("individual", "workplace", "industry", "region"),
    "consumers": ("individual", "household", "neighbourhood", "city", "region"),
}


class Record(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Base of the records: arrays on the wire, unknown fields refused."""


class Charter(Record, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What a council may tune of its own rules.

    Attributes:
        rules_version: the rules that judge its entries.
        seconds_needed: members on the roll, other than the proposer, who second a proposal before it may open.
        vouches_needed: members who vouch for a newcomer before a page may put them on the roll.
        window_seconds: how long a vote is open, unless its opening says otherwise.
        probation_seconds: how long a newcomer is on the roll before they vouch or tell, in page time.
        grace_seconds: how long a vote that is over waits for seals before a page may lapse it, in page time.
    """

    rules_version: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = RULES_VERSION
    seconds_needed: Annotated[int, msgspec.Meta(ge=0, le=50)] = 1
    vouches_needed: Annotated[int, msgspec.Meta(ge=1, le=20)] = 1
    window_seconds: Seconds = 259_200
    probation_seconds: OptionalSeconds = 1_209_600
    grace_seconds: Seconds = 1_209_600


class Founder(Record, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A member on the roll of page 0, with the device that votes for them and their VRF key."""

    member: Hash
    device: Hash
    certificate: Signature
    vrf: Hash
    name: Name


class Genesis(Record, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Page 0 of a council's register: what it is, its charter and its first roll."""

    name: Name
    kind: Annotated[str, msgspec.Meta(max_length=16)]
    level: Annotated[str, msgspec.Meta(max_length=16)]
    purpose: Annotated[str, msgspec.Meta(max_length=1_000)]
    parent: OptionalHash
    charter: Charter
    roll: Annotated[tuple[Founder, ...], msgspec.Meta(min_length=1, max_length=MAX_FOUNDERS)]
    nonce: Nonce


class Succession(Record, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Where a council goes on from.

    Attributes:
        council: whose register has come to an end.
        number: of its last page that stands; 0 for the founding.
        page: hash of that page.
        tellers: who tells at first, ascending.
    """

    council: Hash
    number: Annotated[int, msgspec.Meta(ge=0, le=10_000_000)]
    page: Hash
    tellers: Annotated[tuple[Hash, ...], msgspec.Meta(min_length=1, max_length=MAX_FOUNDERS)]


class SuccessorGenesis(Genesis, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Page 0 of a council that goes on for another: its roll is that of the other's last page.

    Founders sign with their member keys, for their devices may be lost; more than half of them have to.
    """

    succeeds: Succession


class Join(Record, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A newcomer's wish to belong. `invite_key` is empty when no invitation was used."""

    council: Hash
    member: Hash
    device: Hash
    certificate: Signature
    vrf: Hash
    name: Name
    invite_key: OptionalHash


class Until(Record, frozen=True, array_like=True, forbid_unknown_fields=True):
    """How far one lane counts: up to and with this sequence number.

    Attributes:
        device: whose feed of that generation; or, with generation 0, the id of a lane in a text. No id of a lane is a
            device's key.
        generation: of the feed.
        seq: 0 for nothing at all.
    """

    device: Hash
    generation: Annotated[int, msgspec.Meta(ge=0, le=63)]
    seq: Annotated[int, msgspec.Meta(ge=0, le=10_000)]


class Duty(Record, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Under the member key: from now on this device votes, and earlier ones count only so far.

    Attributes:
        council: where it holds.
        member: who says it.
        number: 1, 2, 3 …; the highest counts, and of equals the one with the lowest hash.
        device: the device that votes, vouches, seconds and opens from now on.
        certificate: the member's word for that device.
        until: how far the lanes of earlier duty devices count. A lane of another device that is not listed
            counts for nothing that takes duty.
        disowned: lost or stolen devices; nothing they write beyond `until` counts at all, neither in feeds nor in
            texts.
    """

    council: Hash
    member: Hash
    number: Annotated[int, msgspec.Meta(ge=1, le=MAX_STATEMENTS)]
    device: Hash
    certificate: Signature
    until: Annotated[tuple[Until, ...], msgspec.Meta(max_length=MAX_UNTIL)]
    disowned: Annotated[tuple[Hash, ...], msgspec.Meta(max_length=MAX_DISOWNED)]


class Signed(Record, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A record's exact bytes, with the signatures over them."""

    body: Annotated[bytes, msgspec.Meta(max_length=MAX_RECORD_BYTES)]
    signatures: Annotated[tuple[Signature, ...], msgspec.Meta(min_length=1, max_length=MAX_FOUNDERS)]


GENESIS_DOMAIN = "p2pcouncil/genesis/1"
NOBODY = bytes(64)
"""In the place of a signature that a founder of a successor did not give."""
JOIN_DOMAIN = "p2pcouncil/join/1"
SUCCESSION_DOMAIN = "p2pcouncil/succession/1"
DUTY_DOMAIN = "p2pcouncil/duty/1"

_OTHER_SPELLING = "A signed record is spelled in another way than the one that counts."
RecordT = TypeVar("RecordT", bound=Record)
_signed = msgspec.msgpack.Decoder(Signed)


def encode_record(record: Record) -> bytes:
    """Encode a record's body for signing."""
    return msgspec.msgpack.encode(record)


def genesis_message(body: bytes) -> bytes:
    """What each founder's device signs. It is the council's id as well, also that of a successor."""
    return domain_hash(GENESIS_DOMAIN, body)


def succession_message(council: bytes) -> bytes:
    """What a member key signs to go on in a successor, by its id."""
    return domain_hash(SUCCESSION_DOMAIN, council)


def join_message(body: bytes) -> bytes:
    """What a newcomer's device, and the invitation's one-time key, sign."""
    return domain_hash(JOIN_DOMAIN, body)


def duty_message(body: bytes) -> bytes:
    """What a member key signs."""
    return domain_hash(DUTY_DOMAIN, body)


def read_genesis(data: bytes) -> tuple[CouncilId, Genesis]:
    """Read and verify a founding.

    Raises:
        RemoteError: malformed, an unknown kind or level, or a founder who did not sign.
    """
    body, signatures, genesis = _read(data, Genesis, SuccessorGenesis)
    _check_genesis(genesis)
    if len(signatures) != len(genesis.roll):
        raise RemoteError("A founding lacks a signature, or has one too many.")
    message = genesis_message(body)
    if isinstance(genesis, SuccessorGenesis):
        signed = [signature != NOBODY for signature in signatures]
        if 2 * sum(signed) <= len(genesis.roll):
            raise RemoteError("A council that goes on for another is signed by half of its members or fewer.")
        signers = [
            (founder.member if is_given else b"")
            for founder, is_given in zip(genesis.roll, signed, strict=True)
        ]
    else:
        signers = [founder.device for founder in genesis.roll]
    signed_message = succession_message(message) if isinstance(genesis, SuccessorGenesis) else message
    for founder, signer, signature in zip(genesis.roll, signers, signatures, strict=True):
        if signer and not is_signed(signer, signed_message, signature):
            raise RemoteError(f"The founder “{founder.name}” did not sign the founding.")
    return CouncilId(message), genesis


def read_successor(body: bytes) -> SuccessorGenesis:
    """Read the founding of a successor that is not signed yet.

    Raises:
        RemoteError: malformed, or no founding of a successor.
    """
    genesis = _read_body(body, SuccessorGenesis)
    _check_genesis(genesis)
    return genesis


def _check_genesis(genesis: Genesis) -> None:
    """Refuse a founding that contradicts itself, signed or not."""
    if genesis.kind not in KINDS or genesis.level not in LEVELS[genesis.kind]:
        raise RemoteError("A council is of a kind or level that does not exist.")
    if (genesis.kind == "society") != (genesis.parent == b"") or len(genesis.parent) not in (0, 32):
        raise RemoteError("A society has no parent council, and every other council has one.")
    members = [founder.member for founder in genesis.roll]
    if len(set(members)) != len(members):
        raise RemoteError("A founding names a founder twice.")
    if isinstance(genesis, SuccessorGenesis):
        tellers = list(genesis.succeeds.tellers)
        is_ordered = members == sorted(members) and tellers == sorted(set(tellers))
        if not is_ordered or not set(tellers) <= set(members):
            raise RemoteError(
                "A council that goes on for another lists members out of order, or tellers who are none."
            )
    for founder in genesis.roll:
        _check_device(founder.member, founder.device, founder.certificate)


@lru_cache(maxsize=4_096)
def read_join(data: bytes) -> Join:
    """Read and verify a newcomer's join. It is asked for as long as it waits for a page; one that holds is small.

    Raises:
        RemoteError: malformed, not signed by its device, it does not prove the invitation it names, or it has a
            signature too many.
    """
    body, signatures, join = _read(data, Join)
    _check_number(signatures, 2 if join.invite_key else 1)
    _check_device(join.member, join.device, join.certificate)
    message = join_message(body)
    if not is_signed(join.device, message, signatures[0]):
        raise RemoteError("Somebody asks to join under a name that is not theirs.")
    if join.invite_key and not is_signed(join.invite_key, message, signatures[1]):
        raise RemoteError("A join names an invitation that it does not hold.")
    return join


def read_duty(data: bytes) -> Duty:
    """Read and verify a member's statement about their devices.

    Raises:
        RemoteError: malformed, not signed by the member key, or it has a signature too many.
    """
    body, signatures, duty = _read(data, Duty)
    _check_number(signatures, 1)
    _check_device(duty.member, duty.device, duty.certificate)
    if not is_signed(duty.member, duty_message(body), signatures[0]):
        raise RemoteError("A statement about a member's devices was not signed by the member.")
    return duty


def _read(
    data: bytes, kind: type[RecordT], longer: type[RecordT] | None = None
) -> tuple[bytes, tuple[bytes, ...], RecordT]:
    """Read a signed record of a kind, or of one that has a field more."""
    if len(data) > MAX_SIGNED_BYTES:
        raise RemoteError("A signed record is larger than any may be.")
    try:
        signed = _signed.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise RemoteError("A signed record is malformed.") from error
    if encode_record(signed) != data:
        raise RemoteError(_OTHER_SPELLING)
    # An array says in its first byte how long it is.
    is_longer = longer is not None and signed.body[:1] == bytes([0x90 + len(longer.__struct_fields__)])
    return signed.body, signed.signatures, _read_body(signed.body, longer if longer and is_longer else kind)


def _read_body(body: bytes, kind: type[RecordT]) -> RecordT:
    try:
        record = msgspec.msgpack.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise RemoteError("A signed record is malformed.") from error
    if encode_record(record) != body:
        raise RemoteError(_OTHER_SPELLING)
    return record


def _check_number(signatures: tuple[bytes, ...], needed: int) -> None:
    if len(signatures) != needed:
        raise RemoteError("A record has another number of signatures than it needs.")


def _check_device(member: bytes, device: bytes, certificate: bytes) -> None:
    if not is_certified(DeviceCertificate(MemberId(member), DeviceId(device), certificate)):
        raise RemoteError("A record names a device that its member never certified.")
