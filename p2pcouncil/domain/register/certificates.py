"""Certificates: a quorum of precommits for one page, as an object that anybody can check by itself.

All precommits of a certificate agree on council, page and round, so those stand in it once; what differs is who signed
and what their clock said.
"""

from collections.abc import Iterable
from typing import Annotated

import msgspec

from crdt.errors import RemoteError
from crdt.ids import MemberId
from p2pcouncil.domain.records import Hash, Signature
from p2pcouncil.domain.register.committees import Committee
from p2pcouncil.domain.register.sayings import (
    ClockMs,
    PageNumber,
    Precommit,
    Round,
    Said,
    encode_saying,
    is_said_by,
)

MAX_SIGNERS = 512
"""Above any committee: 400 are drawn where a fifth of 10,000 may be bad."""


class Signer(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One precommit of a certificate."""

    member: Hash
    clock_ms: ClockMs
    signature: Signature


class Certificate(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What makes a page stand.

    Attributes:
        council: whose page.
        number: the page's number.
        page: its hash.
        round: in which it was decided.
        signers: tellers of its committee who precommitted to it, ascending; at least a quorum.
    """

    council: Hash
    number: PageNumber
    page: Hash
    round: Round
    signers: Annotated[tuple[Signer, ...], msgspec.Meta(min_length=1, max_length=MAX_SIGNERS)]


def make_certificate(precommits: Iterable[tuple[Precommit, Said]]) -> Certificate:
    """Put precommits together.

    Args:
        precommits: for one page in one round, by different tellers, with what was signed.
    """
    ordered = sorted(precommits, key=lambda pair: pair[0].member)
    first = ordered[0][0]
    signers = tuple(Signer(said.member, said.clock_ms, signed.signature) for said, signed in ordered)
    return Certificate(first.council, first.number, first.value, first.round, signers)


def validate_certificate(certificate: Certificate, committee: Committee) -> None:
    """Refuse a certificate that a committee did not make.

    Args:
        certificate: of the committee's page; that it names the right council and page is the caller's to ask.
        committee: drawn for the page of that number.

    Raises:
        RemoteError: too few signers, one twice, one who is not of the committee, or a signature that does not hold.
    """
    members = [signer.member for signer in certificate.signers]
    if any(members[at] >= members[at + 1] for at in range(len(members) - 1)):
        raise RemoteError("A certificate names tellers out of order, or twice.")
    if len(members) < committee.quorum:
        raise RemoteError(f"A certificate has {len(members)} signatures, and {committee.quorum} are needed.")
    for signer in certificate.signers:
        device = committee.device_of(MemberId(signer.member))
        if device is None:
            raise RemoteError("A certificate names somebody who is not of the committee.")
        if not is_said_by(precommit_of(certificate, signer), device):
            raise RemoteError("A signature in a certificate does not hold.")


def clock_of(certificate: Certificate) -> int:
    """The median of the clocks in a certificate, milliseconds since 1970; the lower one of two.

    More than f tellers of a quorum say this or less, and more than f say this or more. So it lies between what two
    honest clocks say, whatever the liars' say.
    """
    clocks = sorted(signer.clock_ms for signer in certificate.signers)
    return clocks[(len(clocks) - 1) // 2]


def precommit_of(certificate: Certificate, signer: Signer) -> Said:
    """What one of a certificate's signers said; evidence, should they have said something else as well."""
    said = Precommit(
        certificate.council,
        signer.member,
        certificate.number,
        certificate.round,
        certificate.page,
        signer.clock_ms,
    )
    return Said(encode_saying(said), signer.signature)
