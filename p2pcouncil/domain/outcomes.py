"""What the fold comes to, as plain read-only data: members, proposals, issues and what hangs on them.

Everything here is a function of the set of entries. Texts are strangers' texts: clean them before they are
shown. `claimed_at_ms` is what an author's clock said, handed through for display.
"""

from enum import StrEnum, unique
from typing import NamedTuple

import msgspec

from crdt.ids import ChangeHash, CouncilId, DeviceId, LaneId, MemberId, TextId
from p2pcouncil.domain.effects import Effect
from p2pcouncil.domain.entries import TextVersionRef
from p2pcouncil.domain.records import Duty, Genesis, Join
from p2pcouncil.domain.register.pages import Result
from p2pcouncil.domain.tally.choice import Choice
from p2pcouncil.domain.tally.method import Method
from p2pcouncil.domain.tally.outcome import Tally


@unique
class SubjectKind(StrEnum):
    """The things that views show and that an entry can touch."""

    COUNCIL = "council"
    """Invitations, wishes to join, councils below, and the lists of rejected and waiting entries."""
    MEMBER = "member"
    PROPOSAL = "proposal"
    ISSUE = "issue"
    REGISTER = "register"
    """The pages, and who is on them."""
    PLAN = "plan"
    """A planning period, by the vote that began it."""


class Subject(NamedTuple):
    """One such thing: a council id, member, proposal hash or issue hash, by kind."""

    kind: SubjectKind
    id: bytes


@unique
class ProposalStatus(StrEnum):
    """Where a proposal stands."""

    DISCUSSED = "discussed"
    WITHDRAWN = "withdrawn"
    OPEN = "open"


@unique
class Status(StrEnum):
    """How far a vote has come. Until a page closes it, every count is provisional."""

    WAITING = "waiting"
    """No page has entered it yet: nobody knows who may vote, and until when."""
    RUNNING = "running"
    """A page entered it. Whether its time is over is for tellers to seal, by their own clocks."""
    CLOSED = "closed"
    """A page closed it, for good."""
    LAPSED = "lapsed"
    """Too few tellers sealed it in time. It may be opened once more."""


class DutyState(msgspec.Struct, frozen=True):
    """Which device votes for a member.

    Attributes:
        member: whom it is about.
        device: the device that votes now; None while neither a founding, a vouched join nor a statement names
            one, or vouched joins name different ones.
        number: of the statement that counts; 0 when the founding or the join names the device.
        statement: the statement that counts, None for number 0.
        contested: every statement of this number, if there are several; the first one counts.
    """

    member: MemberId
    device: DeviceId | None
    number: int
    statement: Duty | None
    contested: tuple[Duty, ...]


class MemberState(msgspec.Struct, frozen=True):
    """A member as the council knows them.

    Attributes:
        member: the member key.
        name: from the founding, or the join that counts.
        vrf: VRF key, from the same place.
        device: the device that votes for them now; None while vouched joins name different ones.
        is_founder: on the first roll.
        is_admitted: may read, write, comment and propose.
        is_grounded: enough grounded members vouched for them, whether or not they have left.
        has_left: they said so themselves.
        on_roll: may vote in what a page enters next: on the roll of the last page, or about to be, for enough members
            vouched for them.
        page_roll: on the roll of the last page.
        is_teller: on duty as a teller by the last page.
        is_convicted: a page says that they were caught in a lie.
        objectors: members who object to their coming, ascending.
        vouchers: members whose vouches for them count, ascending.
        joins: how many different joins of theirs are vouched for; the one with the lowest hash counts.
        invite_key: the invitation that the counting join used; empty if none.
        invite_shared: another vouched newcomer used the same one-time invitation: look twice.
    """

    member: MemberId
    name: str
    vrf: bytes
    device: DeviceId | None
    is_founder: bool
    is_admitted: bool
    is_grounded: bool
    has_left: bool
    on_roll: bool
    page_roll: bool
    is_teller: bool
    is_convicted: bool
    objectors: tuple[MemberId, ...]
    vouchers: tuple[MemberId, ...]
    joins: int
    invite_key: bytes
    invite_shared: bool


class SecondedVersion(msgspec.Struct, frozen=True):
    """One exact version of a proposal, and who seconds it.

    Attributes:
        version: which.
        members: who, ascending.
        hashes: the seconds to list in an opening: one per member who is on the known roll, in the same order.
            Those of others don't count.
        is_enough: as many of those as the charter asks for.
    """

    version: TextVersionRef
    members: tuple[MemberId, ...]
    hashes: tuple[ChangeHash, ...]
    is_enough: bool


class ProposalState(msgspec.Struct, frozen=True):
    """A proposal and how far it has come.

    Attributes:
        hash: its id.
        text_id: the document in which its text is edited.
        proposer: who made it, in `lane` at `seq`.
        title, summary, tags, scope, method, options, effect, reopens: as proposed.
        status: discussed, withdrawn or open.
        versions: seconded versions, most seconded first.
        comments: how many count.
        issue: hash of the opening that stands; None while it is not open.
        withdrawn_because: the reason given, if it is withdrawn.
    """

    hash: ChangeHash
    text_id: TextId
    proposer: MemberId
    lane: LaneId
    seq: int
    claimed_at_ms: int
    title: str
    summary: str
    tags: tuple[str, ...]
    scope: str
    method: Method
    options: tuple[str, ...]
    effect: Effect | None
    reopens: ChangeHash | None
    status: ProposalStatus
    versions: tuple[SecondedVersion, ...]
    comments: int
    issue: ChangeHash | None
    withdrawn_because: str


class CommentMade(msgspec.Struct, frozen=True):
    """A comment; `reply_to` is the comment that it answers, None for none."""

    hash: ChangeHash
    proposal: ChangeHash
    member: MemberId
    reply_to: ChangeHash | None
    text: str
    claimed_at_ms: int


class CountedBallot(msgspec.Struct, frozen=True):
    """The ballot that counts for a member."""

    member: MemberId
    hash: ChangeHash
    number: int
    choice: Choice
    claimed_at_ms: int


class Contradiction(msgspec.Struct, frozen=True):
    """Ballots of one member with one number and different choices; the first, of the lowest hash, counts."""

    member: MemberId
    number: int
    hashes: tuple[ChangeHash, ...]


class RegisterOf(msgspec.Struct, frozen=True):
    """Where a vote stands in the register.

    Attributes:
        page: number of the page that entered it.
        closes_ms: page time at which it ends; None until the page after its own tells.
        tellers: who seals it, ascending.
        quorum: how many seals close it.
        sealed_by: tellers whose seals are held, ascending.
        closed_by: of a closed vote, the tellers whose seals its page names, ascending.
        end_page: number of the page that closed or lapsed it; 0 while it runs.
        result: what the page says; None while it is not closed.
        overseers: of a closed vote, who was drawn to review it, in the order of their lots.
    """

    page: int
    closes_ms: int | None
    tellers: tuple[MemberId, ...]
    quorum: int
    sealed_by: tuple[MemberId, ...]
    closed_by: tuple[MemberId, ...]
    end_page: int
    result: Result | None
    overseers: tuple[MemberId, ...]


class IssueState(msgspec.Struct, frozen=True):
    """A vote as it stands.

    Attributes:
        hash: its id, the opening's hash.
        proposal: what is voted on.
        opener: who opened it.
        version: the exact version, and `text` its text.
        title, summary, method, options: the terms.
        roll: who may vote, ascending.
        window_seconds: how long it is meant to be open.
        effect: what the decision does by itself.
        status: how far it has come.
        tally: of a closed vote, the count of the ballots that its page names; before, that of those held.
        missing: ballots that the page of a closed vote names and that are not held: `tally` is then what the page
            says of the outcome, and counts none of the ballots.
        register: where it stands in the register; None while no page has entered it.
        contradictions: members who said two things under one number, ascending.
    """

    hash: ChangeHash
    proposal: ChangeHash
    opener: MemberId
    claimed_at_ms: int
    version: TextVersionRef
    text: str
    title: str
    summary: str
    method: Method
    options: tuple[str, ...]
    roll: tuple[MemberId, ...]
    window_seconds: int
    effect: Effect | None
    status: Status
    tally: Tally
    missing: int
    register: RegisterOf | None
    contradictions: tuple[Contradiction, ...]


class VouchMade(msgspec.Struct, frozen=True):
    """A vouch that counts: `voucher` vouches for `join.member`; `record` is the signed join, to vouch again."""

    hash: ChangeHash
    voucher: MemberId
    join: Join
    record: bytes


class InviteMade(msgspec.Struct, frozen=True):
    """An invitation by a member: the public half of a one-time key."""

    hash: ChangeHash
    member: MemberId
    invite_key: bytes
    note: str


class AskMade(msgspec.Struct, frozen=True):
    """A member asks to belong to a council below; `record` is the signed join, to embed in a vouch there."""

    hash: ChangeHash
    member: MemberId
    join: Join
    record: bytes


class ChildCouncil(msgspec.Struct, frozen=True):
    """A council below this one, as announced; `record` is its signed genesis."""

    council: CouncilId
    genesis: Genesis
    record: bytes
    announced_by: tuple[MemberId, ...]
