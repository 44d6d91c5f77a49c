"""The state of a council: a fold over the set of its entries, incremental, with cheap read-only views.

`state = fold(set of entries)`: equal for every order of arrival. Nothing in it reads a clock, an author's
clock, randomness or the order of a dictionary. Texts in what it returns are strangers' texts: clean them
before showing.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar, cast

from crdt.errors import LocalError
from crdt.ids import ChangeHash, CouncilId, LaneId, MemberId
from p2pcouncil.domain.agenda import Agenda
from p2pcouncil.domain.entries import AnyEntry, AskToJoin, Invite, Vouch
from p2pcouncil.domain.facts import Fact, Facts
from p2pcouncil.domain.feed_entry import FeedEntry
from p2pcouncil.domain.finals import named_ballots
from p2pcouncil.domain.membership import MAX_VOUCHES_PER_LANE, Admission
from p2pcouncil.domain.outcomes import (
    AskMade,
    ChildCouncil,
    CommentMade,
    CountedBallot,
    DutyState,
    InviteMade,
    IssueState,
    MemberState,
    ProposalState,
    Subject,
    SubjectKind,
    VouchMade,
)
from p2pcouncil.domain.planning.reading import PlanState, read_plan, read_techniques, shown_task
from p2pcouncil.domain.planning.round_figures import FiguresHere, Figuring, RoundTask
from p2pcouncil.domain.planning.said import ProposePlan
from p2pcouncil.domain.readings import (
    read_about,
    read_children,
    read_comments,
    read_issue,
    read_listed,
    read_member,
    read_proposal,
    read_rejected,
    read_successors,
    read_waiting,
)
from p2pcouncil.domain.records import RULES_VERSION, Charter, Genesis, Join, read_genesis
from p2pcouncil.domain.register.succession import Successor
from p2pcouncil.domain.register_book import RegisterBook
from p2pcouncil.domain.rejections import Rejected, Verdict, Waiting
from p2pcouncil.domain.state_hash import StateHash
from p2pcouncil.domain.transition import Transition

StateT = TypeVar("StateT")


class CouncilState:
    """Everything that a council's entries come to.

    Attributes:
        council: its id.
        genesis: its founding, with its first charter.
        agenda: what waits for a page.
    """

    def __init__(self, genesis_bytes: bytes, figuring: Figuring | None = None) -> None:
        """Begin with the founding alone.

        Args:
            genesis_bytes: the signed genesis.
            figuring: where figures of planning rounds come from; None to work them out on the spot.

        Raises:
            RemoteError: it does not verify.
            LocalError: it asks for rules that this version does not know.
        """
        self.council: CouncilId
        self.genesis: Genesis
        self.council, self.genesis = read_genesis(genesis_bytes)
        rules = self.genesis.charter.rules_version
        if rules > RULES_VERSION:
            raise LocalError(
                f"This council follows version {rules} of the rules, and this program knows {RULES_VERSION}.",
                "Upgrade p2pcouncil.",
            )
        founders = [MemberId(founder.member) for founder in self.genesis.roll]
        self._transition = Transition(self.council, self.genesis, figuring or FiguresHere())
        self._books = self._transition.books
        self._admission = Admission(founders)
        self._hash = StateHash(self._books)
        self.agenda = Agenda(self._books)
        self._hash.note((), [Subject(SubjectKind.MEMBER, founder) for founder in founders], ())
        self._views: dict[tuple[str, bytes], object] = {}

    # What comes and goes.

    def apply(self, entries: Iterable[FeedEntry]) -> frozenset[Subject]:
        """Take in entries; those held already are passed over.

        Many at once cost less than one by one, for each entry is judged when all are in.

        Args:
            entries: each lane's in the order of its sequence; lanes interleaved in any way.

        Returns:
            What changed, for views. A subject may be a proposal or issue that does not count, or no longer.

        Raises:
            LocalError: an entry stands at or below the end of its lane; those before it are in.
        """
        try:
            for entry in entries:
                fact = self._transition.add(entry)
                if fact is not None and isinstance(fact.record, Join):
                    self._admit(fact, fact.record)
        finally:
            touched = self._settle()
        return touched

    def void(self, lane: LaneId, from_seq: int) -> frozenset[Subject]:
        """A fork was found: take back everything of a lane at or above a sequence number.

        Afterwards the state is what it would be if those entries had never come, `is_admitted` excepted. The
        fold keeps no memory of the fork: not to hand over what stands above it is the replica's part.

        Returns:
            What changed, for views.
        """
        self._transition.remove_from(lane, from_seq)
        return self._settle()

    def is_admitted(self, member: MemberId) -> bool:
        """Whether the replica takes entries of a member. Once true, it stays true; see `Admission`."""
        return member in self._admission

    def state_hash(self) -> bytes:
        """Hash of every entry with its verdict, and of all that follows from them.

        Returns:
            32 bytes; equal for equal sets of entries, in whatever order they came and on every peer.
        """
        return self._hash.root()

    def settle_hash(self, at_most: int) -> bool:
        """Hash some of what changed ahead of the next `state_hash`; returns whether there is more to do."""
        return self._hash.settle(at_most)

    # Members.

    def members(self) -> tuple[MemberState, ...]:
        """Everybody who is admitted, those who left included, by ascending key."""
        return tuple(self.member(member) for member in sorted(self._books.membership.admitted))

    @property
    def member_count(self) -> int:
        """How many are admitted, those who left included."""
        return len(self._books.membership.admitted)

    def member(self, member: MemberId) -> MemberState:
        """A member, or somebody for whom a vouch is held, counting or not.

        Raises:
            LocalError: nothing is known about them here.
        """
        return self._view(SubjectKind.MEMBER, member, lambda: read_member(self._books, member))

    def known_roll(self) -> tuple[MemberId, ...]:
        """Who may vote in what a page enters next, as far as is known; ascending."""
        return tuple(sorted(self._books.next_roll()))

    def duty(self, member: MemberId) -> DutyState:
        """Which device votes for a member; its `device` is None for a stranger."""
        return self._books.duty.of(member)

    def vouches(self) -> tuple[VouchMade, ...]:
        """The vouches that count, by ascending hash."""
        return tuple(
            VouchMade(fact.hash, fact.member, fact.record, fact.body.join)
            for fact in read_listed(self._books, Vouch)
            if isinstance(fact.body, Vouch) and isinstance(fact.record, Join)
        )

    def invites(self) -> tuple[InviteMade, ...]:
        """The invitations that count, by ascending hash."""
        return tuple(
            InviteMade(fact.hash, fact.member, fact.body.invite_key, fact.body.note)
            for fact in read_listed(self._books, Invite)
            if isinstance(fact.body, Invite)
        )

    def asks(self) -> tuple[AskMade, ...]:
        """Members' wishes to belong to councils below, by ascending hash."""
        return tuple(
            AskMade(fact.hash, fact.member, fact.record, fact.body.join)
            for fact in read_listed(self._books, AskToJoin)
            if isinstance(fact.body, AskToJoin) and isinstance(fact.record, Join)
        )

    def children(self) -> tuple[ChildCouncil, ...]:
        """The councils below this one that members announced, by ascending id."""
        return self._view(SubjectKind.COUNCIL, b"children", lambda: read_children(self._books))

    # The register.

    def successors(self) -> tuple[Successor, ...]:
        """The councils that members want to go on in, by ascending id."""
        return self._view(SubjectKind.COUNCIL, b"successors", lambda: read_successors(self._books))

    @property
    def register(self) -> RegisterBook:
        """The pages, and what tellers said; for reading only."""
        return self._books.register

    @property
    def facts(self) -> Facts:
        """Every entry held; for reading only."""
        return self._books.facts

    @property
    def charter(self) -> Charter:
        """The charter as the last page has it."""
        return self._books.charter

    def said_of(self, issue: ChangeHash, kind: type[AnyEntry]) -> tuple[Fact, ...]:
        """What counts of one kind of what was said of a closed vote, by ascending hash."""
        return tuple(read_about(self._books, issue, kind))

    # Proposals and issues.

    def proposals(self) -> tuple[ProposalState, ...]:
        """The proposals that count, withdrawn ones included, by ascending hash."""
        return tuple(self.proposal(name) for name in sorted(self._books.proposals))

    def proposal(self, name: ChangeHash) -> ProposalState:
        """A proposal that counts.

        Raises:
            LocalError: none of this hash counts here.
        """
        return self._view(SubjectKind.PROPOSAL, name, lambda: read_proposal(self._books, name))

    def comments(self, proposal: ChangeHash) -> tuple[CommentMade, ...]:
        """The comments on a proposal that count, by ascending hash; none for an unknown proposal.

        People read them by `claimed_at_ms`; to order by authors' clocks is the screen's part.
        """
        return self._view("comments", proposal, lambda: read_comments(self._books, proposal))

    def issues(self) -> tuple[IssueState, ...]:
        """The votes whose opening stands, by ascending hash."""
        return tuple(self.issue(name) for name in sorted(self._books.issues))

    def issue(self, name: ChangeHash) -> IssueState:
        """A vote whose opening stands.

        Raises:
            LocalError: no opening of this hash stands here.
        """
        return self._view(SubjectKind.ISSUE, name, lambda: read_issue(self._books, name))

    def ballot(self, issue: ChangeHash, member: MemberId) -> CountedBallot | None:
        """The ballot that counts for a member on an issue; None while they cast none."""
        if self._books.register.sheet(issue) is not None:
            return next((ballot for ballot in self.ballots(issue) if ballot.member == member), None)
        held = self._books.issues.get(issue)
        return held.counted(member, self._books.facts) if held else None

    def planned(self, name: ChangeHash, member: MemberId) -> ProposePlan | None:
        """What counts, or would count now, of what a member proposed in a planning round; None for nothing."""
        voter = self._books.voter(name, member)
        if voter is None or voter.counted is None:
            return None
        body = self._books.facts.held[voter.counted].body
        return body if isinstance(body, ProposePlan) else None

    def ballots(self, issue: ChangeHash) -> tuple[CountedBallot, ...]:
        """The ballots that count on an issue, by ascending member."""
        held = self._books.issues.get(issue)
        sheet = self._books.register.sheet(issue)
        if held is not None and sheet is not None:
            return named_ballots(held.terms, issue, held.roll_ascending, sheet, self._books.facts)[0]
        counted = (held.counted(member, self._books.facts) for member in sorted(held.voters)) if held else ()
        return tuple(ballot for ballot in counted if ballot is not None)

    def named_ballots(self) -> frozenset[ChangeHash]:
        """What results of pages rest on, held or not: ballots of votes, proposals in rounds, and their techniques."""
        register, held = self._books.register, self._books.facts.held
        sheets = (register.sheet(name) for name in (*register.entered(), *register.rounds()))
        named = {name for sheet in sheets for name in sheet or () if name is not None}
        bodies = (held[name].body for name in named if name in held)
        proposals = (body for body in bodies if isinstance(body, ProposePlan))
        techniques = {made.technique for body in proposals for part in body.units for made in part.made}
        return frozenset({*named, *map(ChangeHash, techniques)})

    def passed_over(self, issue: ChangeHash) -> tuple[CountedBallot, ...]:
        """Of a closed vote, the ballots that would count if its page named them, by ascending member."""
        held = self._books.issues.get(issue)
        sheet = self._books.register.sheet(issue)
        if held is None or sheet is None:
            return ()
        named = {name for name in sheet if name is not None}
        counted = (held.counted(member, self._books.facts) for member in sorted(held.voters))
        return tuple(ballot for ballot in counted if ballot is not None and ballot.hash not in named)

    # Plans.

    def plan(self, plan: ChangeHash) -> PlanState:
        """A planning period that a page began, by the vote that decided on it.

        Raises:
            LocalError: none of this name.
        """
        found = self._view(SubjectKind.PLAN, plan, lambda: read_plan(self._books, plan))
        if found.awaits_figures:
            del self._views[SubjectKind.PLAN, plan]
        return found

    def plan_task(self, plan: ChangeHash) -> RoundTask | None:
        """What the figures follow from that are shown of a planning period; None while something of it is missing.

        Raises:
            LocalError: none of this name.
        """
        return shown_task(self._books, plan)

    def techniques(self) -> tuple[Fact, ...]:
        """How things can be made, by what counts: of each member, product and name the last one."""
        return self._view(SubjectKind.COUNCIL, b"techniques", lambda: read_techniques(self._books))

    # What became of entries.

    def verdict(self, name: ChangeHash) -> Verdict | None:
        """What became of an entry; None if it is not held."""
        return self._books.facts.verdicts.get(name)

    @property
    def rejected(self) -> tuple[Rejected, ...]:
        """The entries that break a rule, by lane and sequence."""
        return self._view(SubjectKind.COUNCIL, b"rejected", lambda: read_rejected(self._books))

    def waiting(self) -> tuple[Waiting, ...]:
        """The entries that wait for others, by lane and sequence."""
        return read_waiting(self._books)

    # Inside.

    def _settle(self) -> frozenset[Subject]:
        transition, books = self._transition, self._books
        transition.settle()
        self._hash.note(transition.judged, books.touched, books.recast)
        touched = frozenset(books.touched | books.shown)
        books.shown.clear()
        transition.judged.clear()
        books.touched.clear()
        books.recast.clear()
        for kind, name in touched:
            self._views.pop((kind, name), None)
            if kind is SubjectKind.PROPOSAL:
                self._views.pop(("comments", name), None)
            elif kind is SubjectKind.COUNCIL:
                self._views.pop((kind, b"rejected"), None)
                self._views.pop((kind, b"children"), None)
                self._views.pop((kind, b"successors"), None)
                self._views.pop((kind, b"techniques"), None)
        return touched

    def _admit(self, fact: Fact, join: Join) -> None:
        if isinstance(fact.body, Vouch) and fact.fault is None and fact.ordinal < MAX_VOUCHES_PER_LANE:
            self._admission.vouch(fact.member, MemberId(join.member))

    def _view(self, kind: str, name: bytes, derive: Callable[[], StateT]) -> StateT:
        """What was read before, if nothing has touched it since."""
        view = self._views.get((kind, name))
        if view is None:
            view = self._views[kind, name] = derive()
        return cast(StateT, view)


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
