"""Facts: entries as read, where they stand, and who refers to whom. No judgement yet.

What a fact says never changes. An entry may arrive before what it refers to, so references are indexed both
ways: `Facts.missing` knows what an entry still waits for, `Facts.referrers` whom to judge again.
"""

from functools import lru_cache
from typing import assert_never

import msgspec

from crdt.errors import LocalError, RemoteError
from crdt.ids import HASH_BYTES, ChangeHash, CouncilId, DeviceId, LaneId, MemberId
from crdt.keys import is_signed
from p2pcouncil.domain.entries import (
    Announce,
    AnyEntry,
    AskToJoin,
    Ballot,
    Comment,
    Feedback,
    Invite,
    Leave,
    Object,
    Open,
    Pledge,
    Progress,
    Propose,
    Review,
    Second,
    StateDuty,
    Succeed,
    Tell,
    Vouch,
    Withdraw,
    decode_entry,
)
from p2pcouncil.domain.feed_entry import FeedEntry
from p2pcouncil.domain.malformed import where_malformed
from p2pcouncil.domain.planning.said import ProposePlan, PublishTechnique, ReportResult
from p2pcouncil.domain.records import (
    Duty,
    Genesis,
    Join,
    SuccessorGenesis,
    genesis_message,
    read_duty,
    read_genesis,
    read_join,
    read_successor,
    succession_message,
)
from p2pcouncil.domain.rejections import REFUSALS, Refused, Rule, Verdict

_KNOWN_KINDS = frozenset(kind.__struct_config__.tag for kind in AnyEntry.__args__)


class Founding(msgspec.Struct, frozen=True):
    """A verified genesis with the council id that it makes."""

    council: CouncilId
    genesis: Genesis


Record = Join | Duty | Founding | SuccessorGenesis


class Fact(msgspec.Struct, frozen=True, gc=False):
    """An entry, read.

    Attributes:
        hash, lane, member, seq: which entry; see `FeedEntry`.
        body: what it says; None if it could not be read.
        record: the verified record that it carries, if its kind carries one.
        fault: why it can't count whatever else is held; None if it may.
        ordinal: how many entries of its kind stand before it in its lane; for vouches and proposals only.
        references: what it refers to, each once.
    """

    hash: ChangeHash
    lane: LaneId
    member: MemberId
    seq: int
    body: AnyEntry | None
    record: Record | None
    fault: Refused | None
    ordinal: int
    references: tuple[ChangeHash, ...]


class Lane:
    """One lane as far as it is held.

    Attributes:
        left_at: seq of the first `Leave` in it; 0 if there is none.
        duty_until: entries up to this seq count for what takes duty.
        counts_until: entries up to this seq count at all.
    """

    __slots__ = (
        "counts_until",
        "device",
        "duty_until",
        "facts",
        "generation",
        "left_at",
        "member",
        "proposals",
        "vouches",
    )

    def __init__(self, member: MemberId, device: DeviceId, generation: int) -> None:
        self.member = member
        self.device = device
        self.generation = generation
        self.facts: list[Fact] = []
        self.vouches = 0
        self.proposals = 0
        self.left_at = 0
        self.duty_until = 0
        self.counts_until = 0


class Facts:
    """Every entry held, by hash, by lane and by reference."""

    def __init__(self, council: CouncilId) -> None:
        """Hold nothing yet.

        Args:
            council: whose entries these are.
        """
        self.council = council
        self.held: dict[ChangeHash, Fact] = {}
        self.verdicts: dict[ChangeHash, Verdict] = {}
        self.lanes: dict[LaneId, Lane] = {}
        self.lanes_of: dict[MemberId, list[LaneId]] = {}
        self.referrers: dict[ChangeHash, set[ChangeHash]] = {}
        self.missing: dict[ChangeHash, set[ChangeHash]] = {}

    def lane_for(self, entry: FeedEntry) -> tuple[Lane, bool]:
        """The lane that an entry belongs to, and whether it is new."""
        lane = self.lanes.get(entry.lane)
        if lane is not None:
            return lane, False
        lane = self.lanes[entry.lane] = Lane(entry.member, entry.device, entry.generation)
        self.lanes_of.setdefault(entry.member, []).append(entry.lane)
        return lane, True

    def add(self, entry: FeedEntry, lane: Lane) -> Fact:
        """Read and index an entry that is not held yet.

        Returns:
            The fact. `missing` says afterwards what it waits for, and what waited for it does no more.

        Raises:
            LocalError: the entry stands at or below the end of its lane; the caller lost the order.
        """
        if lane.facts and entry.seq <= lane.facts[-1].seq:
            raise LocalError(
                f"Entry {entry.seq} of a lane came after entry {lane.facts[-1].seq}.",
                "Hand over the entries of a lane in order, and void a fork before its other branch.",
            )
        body, record, fault = _read(entry, self.council)
        ordinal = 0
        references: tuple[ChangeHash, ...] = ()
        if body is not None:
            ordinal = _count(lane, body, entry.seq)
            references = references_of(body)
        fact = Fact(entry.hash, entry.lane, entry.member, entry.seq, body, record, fault, ordinal, references)
        lane.facts.append(fact)
        self.held[fact.hash] = fact
        for reference in references:
            self.referrers.setdefault(reference, set()).add(fact.hash)
            if reference not in self.held:
                self.missing.setdefault(fact.hash, set()).add(reference)
        for referrer in self.referrers.get(fact.hash, ()):
            awaited = self.missing[referrer]
            awaited.discard(fact.hash)
            if not awaited:
                del self.missing[referrer]
        return fact

    def pop(self, lane: Lane) -> Fact:
        """Forget the last entry of a lane, as if it had never come."""
        fact = lane.facts.pop()
        del self.held[fact.hash]
        self.verdicts.pop(fact.hash, None)
        self.missing.pop(fact.hash, None)
        if fact.body is not None:
            _uncount(lane, fact.body, fact.seq)
        for reference in fact.references:
            referrers = self.referrers[reference]
            referrers.discard(fact.hash)
            if not referrers:
                del self.referrers[reference]
        for referrer in self.referrers.get(fact.hash, ()):
            self.missing.setdefault(referrer, set()).add(fact.hash)
        return fact


def references_of(body: AnyEntry) -> tuple[ChangeHash, ...]:
    """The entries that an entry refers to, each once, in the order in which it names them."""
    match body:
        case Ballot() | Progress() | Feedback() | Review():
            named: tuple[bytes, ...] = (body.issue,)
        case Comment():
            named = (body.proposal, body.reply_to) if body.reply_to else (body.proposal,)
        case Second() | Withdraw():
            named = (body.proposal,)
        case Open():
            named = (body.proposal, *body.seconds)
        case ProposePlan():
            named = (body.plan, *(made.technique for part in body.units for made in part.made))
        case ReportResult():
            named = (body.plan,)
        case (
            Invite()
            | Vouch()
            | Leave()
            | StateDuty()
            | Announce()
            | AskToJoin()
            | Propose()
            | Pledge()
            | Object()
            | Tell()
            | Succeed()
            | PublishTechnique()
        ):
            named = ()
        case _:
            assert_never(body)
    return tuple(ChangeHash(name) for name in dict.fromkeys(named))


def _count(lane: Lane, body: AnyEntry, seq: int) -> int:
    match body:
        case Vouch():
            lane.vouches += 1
            return lane.vouches - 1
        case Propose():
            lane.proposals += 1
            return lane.proposals - 1
        case Leave() if not lane.left_at:
            lane.left_at = seq
    return 0


def _uncount(lane: Lane, body: AnyEntry, seq: int) -> None:
    match body:
        case Vouch():
            lane.vouches -= 1
        case Propose():
            lane.proposals -= 1
        case Leave() if lane.left_at == seq:
            lane.left_at = 0


def _read(entry: FeedEntry, council: CouncilId) -> tuple[AnyEntry | None, Record | None, Refused | None]:
    if entry.data is None:
        return None, None, Refused(Rule.BROKEN_PARTS, entry.broken)
    try:
        body = decode_entry(entry.data)
    except RemoteError:
        if _is_unknown_kind(entry.data):
            return None, None, REFUSALS[Rule.UNKNOWN_KIND]
        return None, None, _malformed(where_malformed(entry.data))
    record: Record | Refused | None = None
    match body:
        case Vouch():
            record = _read_join(body.join)
        case AskToJoin():
            record = _read_join(body.join)
        case StateDuty():
            record = _read_duty(body.statement)
        case Announce():
            record = _read_founding(body.genesis)
        case Succeed():
            record = _read_successor(body.founding) if body.founding else None
        case Comment() if body.reply_to and len(body.reply_to) != HASH_BYTES:
            return None, None, REFUSALS[Rule.MALFORMED]
        case _:
            pass
    if isinstance(record, Refused):
        return body, None, record
    return body, record, _fault(entry, body, record, council)


def _fault(entry: FeedEntry, body: AnyEntry, record: Record | None, council: CouncilId) -> Refused | None:
    """What is wrong between a record and the entry that carries it."""
    match body, record:
        case Vouch(), Join():
            if record.council != council:
                return REFUSALS[Rule.OTHER_COUNCIL]
            if record.member == entry.member:
                return REFUSALS[Rule.VOUCH_FOR_SELF]
        case AskToJoin(), Join():
            if record.council == council:
                return REFUSALS[Rule.OTHER_COUNCIL]
            if record.member != entry.member:
                return REFUSALS[Rule.OTHER_MEMBER]
        case StateDuty(), Duty():
            if record.council != council:
                return REFUSALS[Rule.OTHER_COUNCIL]
            if record.device in record.disowned:
                return Refused(Rule.RECORD, "It disowns the very device that it names.")
        case Announce(), Founding():
            if record.genesis.parent != council:
                return REFUSALS[Rule.OTHER_COUNCIL]
        case Succeed(), _:
            if not is_signed(entry.member, succession_message(body.successor), body.signature):
                return Refused(Rule.RECORD, "It is not signed by the member key of whoever wrote it.")
            if body.founding and genesis_message(body.founding) != body.successor:
                return Refused(Rule.RECORD, "It carries another founding than the one that it signs.")
            if isinstance(record, SuccessorGenesis) and record.succeeds.council != council:
                return REFUSALS[Rule.OTHER_COUNCIL]
    return None


@lru_cache(maxsize=1024)
def _malformed(where: str) -> Refused:
    """One refusal per place, so that a flood of bad entries shares its reasons."""
    return Refused(Rule.MALFORMED, where)


def _is_unknown_kind(data: bytes) -> bool:
    """Whether bytes begin like an entry: a short array, first a short string that names no kind."""
    if len(data) < 2 or not 0x91 <= data[0] <= 0x9F or not 0xA1 <= data[1] <= 0xBF:
        return False
    tag = data[2 : 2 + (data[1] & 0x1F)]
    return tag.isascii() and tag.decode("ascii") not in _KNOWN_KINDS


# One join is embedded by every member who vouches for it, and verifying it takes three signatures.
@lru_cache(maxsize=4096)
def _read_join(data: bytes) -> Join | Refused:
    try:
        return read_join(data)
    except RemoteError as error:
        return Refused(Rule.RECORD, str(error))


@lru_cache(maxsize=1024)
def _read_duty(data: bytes) -> Duty | Refused:
    try:
        return read_duty(data)
    except RemoteError as error:
        return Refused(Rule.RECORD, str(error))


@lru_cache(maxsize=64)
def _read_successor(body: bytes) -> SuccessorGenesis | Refused:
    try:
        return read_successor(body)
    except RemoteError as error:
        return Refused(Rule.RECORD, str(error))


@lru_cache(maxsize=64)
def _read_founding(data: bytes) -> Founding | Refused:
    try:
        return Founding(*read_genesis(data))
    except RemoteError as error:
        return Refused(Rule.RECORD, str(error))
