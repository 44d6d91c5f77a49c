"""The state of a council: a fold over the set of its entries, incremental, with cheap read-only views.

`state = fold(set of entries)`: equal for every order of arrival. Nothing in it reads a clock, an author's
clock, randomness or the order of a dictionary.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar, assert_never, cast

from crdt.errors import LocalError
from crdt.ids import ChangeHash, CouncilId, LaneId, MemberId, domain_hash
from p2pcouncil.domain.canonical import LeafTree, encode_canonical
from p2pcouncil.domain.entries import Announce, AskToJoin, Comment, Invite, Vouch
from p2pcouncil.domain.facts import Fact, Founding
from p2pcouncil.domain.feed_entry import FeedEntry
from p2pcouncil.domain.membership import MAX_VOUCHES_PER_LANE, Admission
from p2pcouncil.domain.outcomes import (
    AskMade,
    ChildCouncil,
    CommentMade,
    CountedBallot,
    DutyState,
    InviteMade,
    IssueState,
    KnownRoll,
    MemberState,
    ProposalState,
    Subject,
    SubjectKind,
    VouchMade,
)
from p2pcouncil.domain.records import RULES_VERSION, Genesis, Join, read_genesis
from p2pcouncil.domain.rejections import Accepted, Refused, Rejected, Verdict, Waiting, Waits
from p2pcouncil.domain.transition import Transition

STATE_DOMAIN = "p2pcouncil/state/1"
SUBJECT_DOMAIN = "p2pcouncil/subject/1"
VOTER = "voter"

StateT = TypeVar("StateT")


class CouncilState:
    """Everything that a council's entries come to.

    Attributes:
        council: its id.
        genesis: its founding, with the charter.
    """

    def __init__(self, genesis_bytes: bytes) -> None:
        """Begin with the founding alone.

        Args:
            genesis_bytes: the signed genesis.

        Raises:
            RemoteError: it does not verify.
            LocalError: it asks for rules that this version does not know.
        """
        self.council: CouncilId
        self.genesis: Genesis
        self.council, self.genesis = read_genesis(genesis_bytes)
        if self.genesis.charter.rules_version > RULES_VERSION:
            raise LocalError(
                f"This council follows version {self.genesis.charter.rules_version} of the rules, "
                f"and this program knows version {RULES_VERSION}.",
                "Upgrade p2pcouncil.",
            )
        founders = [MemberId(founder.member) for founder in self.genesis.roll]
        self._books = Transition(self.council, self.genesis)
        self._admission = Admission(founders)
        self._views: dict[Subject, object] = {}
        self._comments: dict[ChangeHash, tuple[CommentMade, ...]] = {}
        self._entries = LeafTree("entries")
        self._outcomes = LeafTree("outcomes")
        self._rejected: tuple[Rejected, ...] | None = None
        self._stale = {Subject(SubjectKind.MEMBER, founder) for founder in founders}

    # -- what comes and goes -----------------------------------------------------------------------

    def apply(self, entries: Iterable[FeedEntry]) -> frozenset[Subject]:
        """Take in entries; those held already are passed over.

        Args:
            entries: each lane's in the order of its sequence; lanes interleaved in any way.

        Returns:
            What changed, for views. A subject may name a proposal or issue that does not count (any more).

        Raises:
            LocalError: an entry stands at or below the end of its lane; those before it are in.
        """
        try:
            for entry in entries:
                fact = self._books.add(entry)
                if fact is not None and isinstance(fact.record, Join):
                    self._admit(fact, fact.record)
        finally:
            touched = self._settle()
        return touched

    def void(self, lane: LaneId, from_seq: int) -> frozenset[Subject]:
        """A fork was found: take back everything of a lane at or above a sequence number.

        Afterwards the state is what it would be if those entries had never come, admission by vouch excepted;
        see `is_admitted`. The fold keeps no memory of the fork: not handing over what stands above it, now or
        later, is the replica's part.

        Returns:
            What changed, for views.
        """
        self._books.remove_from(lane, from_seq)
        return self._settle()

    def is_admitted(self, member: MemberId) -> bool:
        """Whether the replica takes entries of a member. Once true, it stays true."""
        return member in self._admission

    # -- one hash for all --------------------------------------------------------------------------

    def state_hash(self) -> bytes:
        """Hash of every entry with its verdict, and of all that follows from them.

        Returns:
            32 bytes; equal for equal sets of entries, in whatever order they came and on every peer.
        """
        facts = self._books.facts
        for name in self._books.judged:
            verdict = facts.verdicts.get(name)
            if verdict is None:
                self._entries.drop(name)
            else:
                self._entries.put(name, _encode_verdict(verdict))
        self._books.judged.clear()
        for subject in self._stale:
            self._put_outcome((subject.kind.value, subject.id), self._encode_subject(subject))
        self._stale.clear()
        for issue, member in self._books.recast:
            self._put_outcome((VOTER, issue, member), self._encode_voter(issue, member))
        self._books.recast.clear()
        return domain_hash(STATE_DOMAIN, self.council, self._entries.root(), self._outcomes.root())

    # -- members -----------------------------------------------------------------------------------

    def members(self) -> tuple[MemberState, ...]:
        """Everybody who is admitted, those who left included, by ascending key."""
        return tuple(self.member(member) for member in sorted(self._books.membership.admitted))

    def member(self, member: MemberId) -> MemberState:
        """A member, or somebody for whom a vouch is held.

        Raises:
            LocalError: nothing is known about them here.
        """
        return self._view(Subject(SubjectKind.MEMBER, member), lambda: self._member(member))

    def known_roll(self) -> KnownRoll:
        """Who an honest opening made now would list, with the vouches and leaves to list."""
        return self._books.membership.known_roll()

    def duty(self, member: MemberId) -> DutyState:
        """Which device votes for a member; its `device` is None for a stranger."""
        return self._books.duty.of(member)

    def vouches(self) -> tuple[VouchMade, ...]:
        """The vouches that count, by ascending hash."""
        made = []
        for fact in self._accepted(Vouch):
            assert isinstance(fact.record, Join)
            assert isinstance(fact.body, Vouch)
            made.append(VouchMade(fact.hash, fact.member, fact.record, fact.body.join))
        return tuple(made)

    def invites(self) -> tuple[InviteMade, ...]:
        """The invitations that count, by ascending hash."""
        return tuple(
            InviteMade(fact.hash, fact.member, fact.body.invite_key, fact.body.note)
            for fact in self._accepted(Invite)
            if isinstance(fact.body, Invite)
        )

    def asks(self) -> tuple[AskMade, ...]:
        """Members' wishes to belong to councils below, by ascending hash."""
        return tuple(
            AskMade(fact.hash, fact.member, fact.record, fact.body.join)
            for fact in self._accepted(AskToJoin)
            if isinstance(fact.body, AskToJoin) and isinstance(fact.record, Join)
        )

    def children(self) -> tuple[ChildCouncil, ...]:
        """The councils below this one that members announced, by ascending id."""
        announced: dict[CouncilId, list[Fact]] = {}
        for fact in self._accepted(Announce):
            assert isinstance(fact.record, Founding)
            announced.setdefault(fact.record.council, []).append(fact)
        return tuple(_child(announced[council]) for council in sorted(announced))

    # -- proposals and issues ----------------------------------------------------------------------

    def proposals(self) -> tuple[ProposalState, ...]:
        """The proposals that count, withdrawn ones included, by ascending hash."""
        return tuple(self.proposal(name) for name in sorted(self._books.proposals))

    def proposal(self, name: ChangeHash) -> ProposalState:
        """A proposal that counts.

        Raises:
            LocalError: none of this hash counts here.
        """
        return self._view(Subject(SubjectKind.PROPOSAL, name), lambda: self._proposal(name))

    def comments(self, proposal: ChangeHash) -> tuple[CommentMade, ...]:
        """The comments on a proposal that count, by ascending hash; none for an unknown proposal.

        People read them by `claimed_at_ms`: ordering by an author's clock is the view's part.
        """
        made = self._comments.get(proposal)
        if made is None:
            held = self._books.proposals.get(proposal)
            facts = self._books.facts.held
            made = tuple(_comment(facts[name]) for name in sorted(held.comments)) if held else ()
            self._comments[proposal] = made
        return made

    def issues(self) -> tuple[IssueState, ...]:
        """The votes whose opening stands, by ascending hash."""
        return tuple(self.issue(name) for name in sorted(self._books.issues))

    def issue(self, name: ChangeHash) -> IssueState:
        """A vote whose opening stands.

        Raises:
            LocalError: no opening of this hash stands here.
        """
        return self._view(Subject(SubjectKind.ISSUE, name), lambda: self._issue(name))

    def ballot(self, issue: ChangeHash, member: MemberId) -> CountedBallot | None:
        """The ballot that counts for a member on an issue; None while they cast none."""
        held = self._books.issues.get(issue)
        return held.counted(member, self._books.facts) if held else None

    def ballots(self, issue: ChangeHash) -> tuple[CountedBallot, ...]:
        """The ballots that count on an issue, by ascending member."""
        held = self._books.issues.get(issue)
        counted = (held.counted(member, self._books.facts) for member in sorted(held.voters)) if held else ()
        return tuple(ballot for ballot in counted if ballot is not None)

    # -- what does not count -----------------------------------------------------------------------

    @property
    def rejected(self) -> tuple[Rejected, ...]:
        """The entries that break a rule, by lane and sequence."""
        if self._rejected is None:
            facts = self._books.facts
            made = []
            for name in self._books.refused:
                fact, verdict = facts.held[name], facts.verdicts[name]
                assert isinstance(verdict, Refused)
                made.append(Rejected(name, fact.member, fact.lane, fact.seq, verdict.rule, verdict.reason))
            self._rejected = tuple(sorted(made, key=lambda entry: (entry.lane, entry.seq)))
        return self._rejected

    def waiting(self) -> tuple[Waiting, ...]:
        """The entries that wait for others, by lane and sequence."""
        facts = self._books.facts
        made = []
        for name in self._books.waiting:
            fact = facts.held[name]
            awaited = facts.missing.get(name) or fact.references
            made.append(Waiting(name, fact.member, fact.lane, fact.seq, tuple(sorted(awaited))))
        return tuple(sorted(made, key=lambda entry: (entry.lane, entry.seq)))

    def verdict(self, name: ChangeHash) -> Verdict | None:
        """What became of an entry; None if it is not held."""
        return self._books.facts.verdicts.get(name)

    # -- inside ------------------------------------------------------------------------------------

    def _settle(self) -> frozenset[Subject]:
        self._books.settle()
        touched = frozenset(self._books.touched)
        self._books.touched.clear()
        for subject in touched:
            self._views.pop(subject, None)
            self._stale.add(subject)
            if subject.kind is SubjectKind.PROPOSAL:
                self._comments.pop(ChangeHash(subject.id), None)
            elif subject.kind is SubjectKind.COUNCIL:
                self._rejected = None
        return touched

    def _admit(self, fact: Fact, join: Join) -> None:
        if isinstance(fact.body, Vouch) and fact.fault is None and fact.ordinal < MAX_VOUCHES_PER_LANE:
            self._admission.vouch(fact.member, MemberId(join.member))

    def _view(self, subject: Subject, derive: Callable[[], StateT]) -> StateT:
        state = self._views.get(subject)
        if state is None:
            state = self._views[subject] = derive()
        return cast(StateT, state)

    def _accepted(self, kind: type[Invite] | type[Vouch] | type[Announce] | type[AskToJoin]) -> list[Fact]:
        return [self._books.facts.held[name] for name in sorted(self._books.accepted[kind])]

    def _member(self, member: MemberId) -> MemberState:
        origin = self._books.duty.origin(member)
        if origin is None:
            raise LocalError(
                "Nobody with this key is known here.", "Catch up with other peers, then look again."
            )
        membership = self._books.membership
        return MemberState(
            member=member,
            name=origin.name,
            vrf=origin.vrf,
            device=self._books.duty.of(member).device,
            is_founder=member in membership.founders,
            is_admitted=member in membership.admitted,
            is_grounded=member in membership.grounded,
            has_left=member in membership.left,
            on_roll=membership.is_on_roll(member),
            vouchers=membership.vouchers_of(member),
            joins=len(self._books.duty.joins.of(member)),
            invite_key=origin.invite_key,
            invite_shared=self._books.duty.is_shared(origin.invite_key),
        )

    def _proposal(self, name: ChangeHash) -> ProposalState:
        proposal = self._books.proposals.get(name)
        if proposal is None:
            raise LocalError("There is no such proposal here.", "Catch up with other peers, then look again.")
        issue = self._books.openings.standing(name)
        facts = self._books.facts
        return proposal.state(facts.held[name], facts, issue, self.genesis.charter.seconds_needed)

    def _issue(self, name: ChangeHash) -> IssueState:
        issue = self._books.issues.get(name)
        if issue is None:
            raise LocalError("There is no such vote here.", "Catch up with other peers, then look again.")
        return issue.state()

    def _put_outcome(self, subject: tuple[object, ...], value: bytes) -> None:
        key = domain_hash(SUBJECT_DOMAIN, encode_canonical(*subject))
        if value:
            self._outcomes.put(key, value)
        else:
            self._outcomes.drop(key)

    def _encode_subject(self, subject: Subject) -> bytes:
        """What a subject comes to, in canonical bytes; empty if it comes to nothing."""
        match subject.kind:
            case SubjectKind.COUNCIL:
                return b""  # The verdicts on entries say it all.
            case SubjectKind.MEMBER:
                member = MemberId(subject.id)
                duty = self._books.duty.of(member)
                known = self._books.duty.origin(member) is not None
                if not known and duty.statement is None:
                    return b""
                return encode_canonical(self.member(member) if known else None, duty)
            case SubjectKind.PROPOSAL:
                if subject.id not in self._books.proposals:
                    return b""
                return encode_canonical(self.proposal(ChangeHash(subject.id)))
            case SubjectKind.ISSUE:
                issue = self._books.issues.get(ChangeHash(subject.id))
                return encode_canonical(issue.roll_ascending, issue.tally()) if issue else b""
            case _:
                assert_never(subject.kind)

    def _encode_voter(self, issue: ChangeHash, member: MemberId) -> bytes:
        held = self._books.issues.get(issue)
        voter = held.voters.get(member) if held else None
        return encode_canonical(voter.counted, tuple(sorted(voter.contested))) if voter else b""


def fold(genesis_bytes: bytes, entries: Iterable[FeedEntry]) -> CouncilState:
    """The state that a set of entries comes to, from scratch.

    Args:
        genesis_bytes: the signed genesis.
        entries: each lane's in the order of its sequence; lanes interleaved in any way.

    Raises:
        RemoteError: the genesis does not verify.
        LocalError: it asks for newer rules, or the entries of a lane are out of order.
    """
    state = CouncilState(genesis_bytes)
    state.apply(entries)
    return state


def _encode_verdict(verdict: Verdict) -> bytes:
    match verdict:
        case Accepted():
            return b"accepted"
        case Waits():
            return b"waits"
        case Refused():
            return b"refused " + verdict.rule.name.encode("ascii")
        case _:
            assert_never(verdict)


def _comment(fact: Fact) -> CommentMade:
    body = fact.body
    assert isinstance(body, Comment)
    reply_to = ChangeHash(body.reply_to) if body.reply_to else None
    return CommentMade(
        fact.hash, ChangeHash(body.proposal), fact.member, reply_to, body.text, body.claimed_at_ms
    )


def _child(announcements: list[Fact]) -> ChildCouncil:
    """One council out of its announcements; of several signings the one in the lowest hash is shown."""
    first = min(announcements, key=lambda fact: fact.hash)
    assert isinstance(first.record, Founding)
    assert isinstance(first.body, Announce)
    members = tuple(sorted({fact.member for fact in announcements}))
    return ChildCouncil(first.record.council, first.record.genesis, first.body.genesis, members)
