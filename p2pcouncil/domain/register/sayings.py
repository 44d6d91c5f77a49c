"""What tellers say: proposals of pages, the two kinds of votes on them, receipts for ballots, and seals.

A saying carries a signature of its own, apart from that of the feed that it stands in. So it proves itself wherever
it is found: in a feed that forks, carried by somebody else, inside a certificate, in a file. A saying has one
spelling, and is named by the message that is signed.

Source: DESIGN section 6; the three kinds about pages are those of Buchman, Kwon, Milosevic 2018 (arXiv 1807.04938).
"""

from functools import lru_cache
from typing import Annotated, TypeVar

import msgspec

from crdt.errors import RemoteError
from crdt.ids import DeviceId, domain_hash
from crdt.keys import Signer, is_signed
from p2pcouncil.domain.records import Hash, OptionalHash, Signature

SAYING_DOMAIN = "p2pcouncil/saying/1"
MAX_ROUND = 10_000
MAX_PAGE_NUMBER = 10_000_000
MAX_RECEIPTED = 1_024
MAX_SEAL_BYTES = 131_072
MAX_SAYING_BYTES = MAX_SEAL_BYTES + 512
SHORT_BYTES = 512
NOTHING = b""
"""The value of a vote for no page at all; called nil in the paper."""

PageNumber = Annotated[int, msgspec.Meta(ge=1, le=MAX_PAGE_NUMBER)]
Round = Annotated[int, msgspec.Meta(ge=0, le=MAX_ROUND)]
ClockMs = Annotated[int, msgspec.Meta(ge=0, le=1 << 53)]
BallotNumber = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]


class Saying(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Base of the sayings.

    Attributes:
        council: in whose register.
        member: the teller who says it.
    """

    council: Hash
    member: Hash


class PageProposal(Saying, frozen=True, array_like=True, tag="page.1", forbid_unknown_fields=True):
    """The proposer of a round puts a page to the vote.

    Attributes:
        number: of the page.
        round: whose proposer speaks.
        value: the page's hash; its bytes travel beside the saying.
        valid_round: the round in which a quorum prevoted for this very page; -1 for a page that is new.
    """

    number: PageNumber
    round: Round
    value: Hash
    valid_round: Annotated[int, msgspec.Meta(ge=-1, le=MAX_ROUND)]


class Prevote(Saying, frozen=True, array_like=True, tag="prevote.1", forbid_unknown_fields=True):
    """A teller would take this page; `value` is empty for none."""

    number: PageNumber
    round: Round
    value: OptionalHash


class Precommit(Saying, frozen=True, array_like=True, tag="precommit.1", forbid_unknown_fields=True):
    """A teller saw a quorum prevote for this page, and sticks to it; `value` is empty for none.

    Attributes:
        clock_ms: the teller's clock, milliseconds since 1970. The median of a certificate's is page time.
    """

    number: PageNumber
    round: Round
    value: OptionalHash
    clock_ms: ClockMs


class Received(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Of a member of the roll, the highest number of a ballot that came in time."""

    member: Hash
    number: BallotNumber


class Receipt(Saying, frozen=True, array_like=True, tag="receipt.1", forbid_unknown_fields=True):
    """A teller received these ballots while the vote was open by its own clock.

    Attributes:
        issue: the vote.
        ballots: what came since the teller's last receipt, members ascending.
    """

    issue: Hash
    ballots: Annotated[tuple[Received, ...], msgspec.Meta(min_length=1, max_length=MAX_RECEIPTED)]


class Seal(Saying, frozen=True, array_like=True, tag="seal.1", forbid_unknown_fields=True):
    """A teller's last word on which ballots came in time; see `sealing`.

    Attributes:
        issue: the vote.
        numbers: per member of its roll, ascending, the number of a ballot, or 0; packed (`sealing.pack_numbers`).
    """

    issue: Hash
    numbers: Annotated[bytes, msgspec.Meta(max_length=MAX_SEAL_BYTES)]


AnySaying = PageProposal | Prevote | Precommit | Receipt | Seal
SayingT = TypeVar("SayingT", PageProposal, Prevote, Precommit, Receipt, Seal)


class Said(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A saying's exact bytes, with the signature of its teller's device."""

    body: Annotated[bytes, msgspec.Meta(max_length=MAX_SAYING_BYTES)]
    signature: Signature


_decoder = msgspec.msgpack.Decoder(AnySaying)
_encoder = msgspec.msgpack.Encoder()


def encode_saying(saying: AnySaying) -> bytes:
    """Encode a saying for signing."""
    return _encoder.encode(saying)


def saying_message(body: bytes) -> bytes:
    """What a teller's device signs, 32 bytes; it names the saying as well."""
    return _short_message(body) if len(body) <= SHORT_BYTES else domain_hash(SAYING_DOMAIN, body)


@lru_cache(maxsize=16_384)
def _short_message(body: bytes) -> bytes:
    """The same votes are named again and again while a page is decided. Seals of large councils are not kept here."""
    return domain_hash(SAYING_DOMAIN, body)


def sign_saying(saying: AnySaying, signer: Signer) -> Said:
    """Sign a saying. Store it before it is sent: a teller that forgets what it said may say the opposite."""
    body = encode_saying(saying)
    return Said(body, signer.sign(saying_message(body)))


def read_saying(said: Said) -> AnySaying:
    """Read what somebody says they said, without asking for the signature.

    Raises:
        RemoteError: malformed, of an unknown kind, or spelled in another way than the one that counts.
    """
    try:
        saying: AnySaying = _decoder.decode(said.body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise RemoteError(
            "What a teller said is malformed, or of a kind that this version does not know."
        ) from error
    if encode_saying(saying) != said.body:
        raise RemoteError("What a teller said is spelled in another way than the one that counts.")
    if isinstance(saying, Prevote | Precommit) and len(saying.value) not in (0, 32):
        raise RemoteError("A teller voted for something that is no page.")
    if isinstance(saying, PageProposal) and saying.valid_round >= saying.round:
        raise RemoteError("A teller proposed a page on the strength of a round that was yet to come.")
    if isinstance(saying, Receipt) and not _ascends(saying.ballots):
        raise RemoteError("A receipt names members out of order, or twice.")
    return saying


def is_said_by(said: Said, device: DeviceId) -> bool:
    """Whether a device signed it."""
    return _is_signed(device, saying_message(said.body), said.signature)


@lru_cache(maxsize=16_384)
def _is_signed(device: DeviceId, message: bytes, signature: bytes) -> bool:
    """The same sayings stand in feeds, in certificates and in evidence, and are asked for each time."""
    return is_signed(device, message, signature)


def contradict(one: AnySaying, other: AnySaying) -> bool:
    """Whether no honest teller could have said both.

    A precommit for one page under two clocks is odd, and not a lie that could part anybody: it contradicts nothing.

    Args:
        one: a saying.
        other: another one by the same member.
    """
    if (one.council, one.member) != (other.council, other.member):
        return False
    match one, other:
        case PageProposal(), PageProposal():
            is_same = (one.value, one.valid_round) == (other.value, other.valid_round)
            return (one.number, one.round) == (other.number, other.round) and not is_same
        case Prevote(), Prevote():
            return (one.number, one.round) == (other.number, other.round) and one.value != other.value
        case Precommit(), Precommit():
            return (one.number, one.round) == (other.number, other.round) and one.value != other.value
        case Seal(), Seal():
            return one.issue == other.issue and one.numbers != other.numbers
        case _:
            return False


def _ascends(ballots: tuple[Received, ...]) -> bool:
    return all(ballots[at].member < ballots[at + 1].member for at in range(len(ballots) - 1))
