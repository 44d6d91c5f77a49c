"""Pages: what a council decided together, one after the other, each naming the one before and its certificate.

A page is small. What it rests on is inside it where a reader could not go on without it (joins, statements, evidence),
and pinned by hash where it is large (openings, seals, sheets). Page 0 is the founding; its hash is the council's id.

Source: DESIGN section 6, "Writing a page".
"""

from typing import Annotated

import msgspec

from crdt.errors import RemoteError
from crdt.ids import domain_hash
from p2pcouncil.domain.effects import Effect
from p2pcouncil.domain.planning.terms import MAX_GOODS, Figures
from p2pcouncil.domain.records import RULES_VERSION, Hash, Record, RecordBytes, Seconds, encode_record
from p2pcouncil.domain.register.certificates import Certificate
from p2pcouncil.domain.register.sayings import PageNumber, Said
from p2pcouncil.domain.sortition.ecvrf import PROOF_BYTES

PAGE_DOMAIN = "p2pcouncil/page/1"
MAX_PAGE_BYTES = 200_000
"""A page goes into one entry, with its proposal and what justifies it."""
MAX_CHANGES = 256
MAX_VOUCHERS = 20
MAX_OPENINGS = 64
MAX_CLOSINGS = 64
MAX_SEALS = 512
MAX_SHEETS = 64
MAX_CONVICTIONS = 32


class Joined(Record, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A newcomer comes onto the roll.

    Attributes:
        join: the signed join.
        vouchers: members who vouch for them, ascending.
        vouches: the hashes of the vouch entries, in the same order.
    """

    join: RecordBytes
    vouchers: Annotated[tuple[Hash, ...], msgspec.Meta(max_length=MAX_VOUCHERS)]
    vouches: Annotated[tuple[Hash, ...], msgspec.Meta(max_length=MAX_VOUCHERS)]


class Left(Record, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A member left: the hash of their `Leave`."""

    member: Hash
    leave: Hash


class Pledged(Record, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A member goes on duty as a teller, or off it.

    Attributes:
        member: who.
        vrf: the key that their device will prove lots with from the next page on, 32 bytes.
        is_on: whether they tell from now on.
        entry: the hash of the entry in which they say so.
    """

    member: Hash
    vrf: Hash
    is_on: bool
    entry: Hash


class Entered(Record, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A vote opens: roll and committee are fixed by this page, and by nobody's choice.

    Attributes:
        issue: hash of the `Open`.
        proposal: what it puts to the vote. A proposal is entered once.
        window_seconds: how long the vote runs, as the opening says.
        effect: what it does if it comes out for it, as the opening says.
    """

    issue: Hash
    proposal: Hash
    window_seconds: Seconds
    effect: Effect | None = None


class Result(Record, frozen=True, array_like=True, forbid_unknown_fields=True):
    """How a vote came out, for whoever has this page and nothing else.

    Attributes:
        outcome: as `tally.outcome.Outcome` has it; of a planning round as `plan_rounds.RoundOutcome` has it.
        winners: indexes of the options that won, ascending; of the last planning round the one round that is taken,
            counted from 0.
        turnout: ballots counted.
        goods: of a planning round, what it came to for each good of the plan, in its order; empty for a vote.
    """

    outcome: Annotated[str, msgspec.Meta(max_length=16)]
    winners: Annotated[tuple[Annotated[int, msgspec.Meta(ge=0, le=64)], ...], msgspec.Meta(max_length=64)]
    turnout: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
    goods: Annotated[tuple[Figures, ...], msgspec.Meta(max_length=MAX_GOODS)] = ()


class Closed(Record, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A vote is closed.

    Attributes:
        issue: which.
        tellers: whose seals it rests on, ascending; at least a quorum of the vote's committee.
        seals: the messages that those signed (`sayings.saying_message`), in the same order.
        sheets: hashes of the parts of its sheet: which ballot of each member of the roll counts.
        result: what the ballots of the sheet come to.
    """

    issue: Hash
    tellers: Annotated[tuple[Hash, ...], msgspec.Meta(min_length=1, max_length=MAX_SEALS)]
    seals: Annotated[tuple[Hash, ...], msgspec.Meta(min_length=1, max_length=MAX_SEALS)]
    sheets: Annotated[tuple[Hash, ...], msgspec.Meta(min_length=1, max_length=MAX_SHEETS)]
    result: Result


class Convicted(Record, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A teller said two things that no honest teller could both have said."""

    member: Hash
    device: Hash
    one: Said
    other: Said


class Page(Record, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One page.

    Attributes:
        rules_version: what it was made under.
        council, number: whose, and which.
        previous: hash of the page before; the council's id for page 1.
        certificate: of the page before; None for page 1 alone.
        proof: the VRF proof of its committee's first proposer, 80 bytes; empty if they were silent. It makes the seed.
        joined: ascending by member.
        left: ascending by member.
        moved: signed duty statements, ascending by member.
        pledged: ascending by member.
        entered: votes that open, ascending.
        closed: votes that close, ascending.
        lapsed: votes that too few tellers sealed in time, ascending.
        convicted: ascending by member.
    """

    rules_version: Annotated[int, msgspec.Meta(ge=1, le=1_000)]
    council: Hash
    number: PageNumber
    previous: Hash
    certificate: Certificate | None
    proof: Annotated[bytes, msgspec.Meta(max_length=PROOF_BYTES)]
    joined: Annotated[tuple[Joined, ...], msgspec.Meta(max_length=MAX_CHANGES)] = ()
    left: Annotated[tuple[Left, ...], msgspec.Meta(max_length=MAX_CHANGES)] = ()
    moved: Annotated[tuple[RecordBytes, ...], msgspec.Meta(max_length=MAX_CHANGES)] = ()
    pledged: Annotated[tuple[Pledged, ...], msgspec.Meta(max_length=MAX_CHANGES)] = ()
    entered: Annotated[tuple[Entered, ...], msgspec.Meta(max_length=MAX_OPENINGS)] = ()
    closed: Annotated[tuple[Closed, ...], msgspec.Meta(max_length=MAX_CLOSINGS)] = ()
    lapsed: Annotated[tuple[Hash, ...], msgspec.Meta(max_length=MAX_CLOSINGS)] = ()
    convicted: Annotated[tuple[Convicted, ...], msgspec.Meta(max_length=MAX_CONVICTIONS)] = ()

    @property
    def is_empty(self) -> bool:
        """Whether it changes nothing but the time and the seed."""
        return not (
            self.joined
            or self.left
            or self.moved
            or self.pledged
            or self.entered
            or self.closed
            or self.lapsed
            or self.convicted
        )


_decoder = msgspec.msgpack.Decoder(Page)


def page_hash(data: bytes) -> bytes:
    """The name of a page, 32 bytes: what tellers vote for."""
    return domain_hash(PAGE_DOMAIN, data)


def encode_page(page: Page) -> bytes:
    """The one spelling of a page."""
    return encode_record(page)


def read_page(data: bytes) -> Page:
    """Read a page; whether it may follow another one is `following.follow`'s to say.

    Raises:
        RemoteError: malformed, too large, under other rules, or spelled in another way than the one that counts.
    """
    if len(data) > MAX_PAGE_BYTES:
        raise RemoteError("A page is larger than any may be.")
    try:
        page = _decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise RemoteError("A page is malformed.") from error
    if encode_page(page) != data:
        raise RemoteError("A page is spelled in another way than the one that counts.")
    if page.rules_version != RULES_VERSION:
        raise RemoteError(
            f"A page was made under rules {page.rules_version}; this program knows {RULES_VERSION}."
        )
    return page
