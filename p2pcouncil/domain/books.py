"""Books: what the entries that count add up to, kept as entries come to count and cease to.

Nothing is judged here. Each kind has one place where it enters and leaves, and says what it touches.
"""

from collections import Counter
from collections.abc import Iterable
from typing import assert_never

from crdt.ids import ChangeHash, CouncilId, MemberId
from p2pcouncil.domain.duty import DutyBook
from p2pcouncil.domain.effects import OpenPlan
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
)
from p2pcouncil.domain.facts import Fact, Facts
from p2pcouncil.domain.issues import Issue
from p2pcouncil.domain.membership import Membership
from p2pcouncil.domain.openings import Openings
from p2pcouncil.domain.outcomes import Subject, SubjectKind
from p2pcouncil.domain.planning.round_book import RoundBook
from p2pcouncil.domain.planning.round_figures import Figuring, RoundFigures
from p2pcouncil.domain.planning.said import ProposePlan, PublishTechnique, ReportResult
from p2pcouncil.domain.proposals import Proposal
from p2pcouncil.domain.records import Charter, Genesis, Join
from p2pcouncil.domain.register.plan_rounds import round_id
from p2pcouncil.domain.register_book import RegisterBook
from p2pcouncil.domain.rejections import Refused, Verdict, Waits
from p2pcouncil.domain.voter import Voter


class Books:
    """A council's books.

    Attributes:
        facts: every entry held, with verdicts.
        duty: who votes with which device.
        membership: who belongs.
        proposals, openings, issues: by hash.
        rounds: planning rounds in which something was proposed, by name.
        listed: what counts of kinds that nothing refers to, by kind: invitations, announcements, pledges and the like.
        refused, waiting: the entries that don't count.
        touched: what changed since somebody cleared it.
        register: the pages, and what tellers said.
        shown: what looks different since somebody cleared it, without being so for any hash.
        recast: (issue, member) whose ballots changed since somebody cleared it.
        figuring: where figures of planning rounds come from.
        sound: proposals in planning rounds that can be added up, with the terms that they fit; while techniques stay.
        last_figures: per planning period those that were shown last, with the round that they are of.
        is_roll_stale: whether somebody came to be grounded or left, or ceased to, since somebody cleared it.
    """

    def __init__(self, council: CouncilId, genesis: Genesis, figuring: Figuring) -> None:
        """Begin with the founding alone."""
        self.facts = Facts(council)
        self.duty = DutyBook(genesis.roll)
        founders = (MemberId(founder.member) for founder in genesis.roll)
        self.membership = Membership(founders, genesis.charter.vouches_needed)
        self.proposals: dict[ChangeHash, Proposal] = {}
        self.register = RegisterBook(council, genesis)
        self.openings = Openings()
        self.issues: dict[ChangeHash, Issue] = {}
        self.rounds: dict[ChangeHash, RoundBook] = {}
        self.listed: dict[type[AnyEntry], set[ChangeHash]] = {
            kind: set()
            for kind in (
                Invite,
                Vouch,
                Announce,
                AskToJoin,
                Pledge,
                Object,
                Succeed,
                PublishTechnique,
                ReportResult,
            )
        }
        self.refused: set[ChangeHash] = set()
        self.waiting: set[ChangeHash] = set()
        self.touched: set[Subject] = set()
        self.shown: set[Subject] = set()
        self.figuring = figuring
        self.sound: dict[ChangeHash, OpenPlan] = {}
        self.last_figures: dict[ChangeHash, tuple[int, RoundFigures]] = {}
        self.is_roll_stale = False
        self.recast: set[tuple[ChangeHash, MemberId]] = set()
        self._this_council = Subject(SubjectKind.COUNCIL, council)
        self._to_recount: set[tuple[ChangeHash, MemberId]] = set()
        self._seconded_by: dict[MemberId, Counter[ChangeHash]] = {}

    @property
    def charter(self) -> Charter:
        """The charter as the last page has it."""
        return self.register.chain.charter

    def is_on_roll(self, member: MemberId) -> bool:
        """Whether a member may vote in what a page enters next, as far as is known."""
        chain, membership = self.register.chain, self.membership
        is_coming = member in membership.grounded and member not in chain.removed
        return (member in chain.roll or is_coming) and member not in membership.left

    def next_roll(self) -> frozenset[MemberId]:
        """Who may vote in what a page enters next, as far as is known."""
        known = {*self.register.chain.roll, *self.membership.grounded}
        return frozenset(member for member in known if self.is_on_roll(member))

    def roll_for(self, issue: ChangeHash) -> frozenset[MemberId]:
        """Who may vote: by the page that entered the vote, else by what the next page would say."""
        entering = self.register.entering(issue)
        return self.next_roll() if entering is None else frozenset(entering.vote.roll)

    def rebase(self, name: ChangeHash) -> bool:
        """Give a vote the roll that it has now; returns whether that is another one: then judge its ballots anew."""
        issue = self.issues.get(name)
        roll = self.roll_for(name)
        if issue is None or issue.roll == roll:
            return False
        rebased = self.issues[name] = Issue(issue.fact, issue.terms, roll)
        for member, voter in issue.voters.items():
            self._to_recount.add((name, member))
            for _, entry in voter.held:
                body = self.facts.held[entry].body
                assert isinstance(body, Ballot)
                rebased.add(self.facts.held[entry], body, self.facts)
        self.touched.add(Subject(SubjectKind.ISSUE, name))
        return True

    def list_verdict(self, name: ChangeHash, verdict: Verdict | None) -> None:
        """Keep the lists of what does not count; None: the entry goes."""
        was_listed = name in self.refused or name in self.waiting
        if was_listed:
            self.refused.discard(name)
            self.waiting.discard(name)
        if isinstance(verdict, Refused):
            self.refused.add(name)
        elif isinstance(verdict, Waits):
            self.waiting.add(name)
        elif not was_listed:
            return
        self._touch_council()

    def touch_members(self, members: Iterable[MemberId]) -> None:
        """Something about members changed."""
        self.touched.update(Subject(SubjectKind.MEMBER, member) for member in members)

    def touch_roll(self, members: Iterable[MemberId]) -> None:
        """Members came to stand on the known roll or ceased to: so their seconds count, or no longer do."""
        for member in members:
            self.is_roll_stale = True
            seconded = self._seconded_by.get(member, ())
            self.touched.update(Subject(SubjectKind.PROPOSAL, proposal) for proposal in seconded)

    def recount(self) -> None:
        """Find the ballot that counts for every member whose ballots changed."""
        for name, member in self._to_recount:
            issue = self.issues.get(name)
            if issue is not None:
                issue.recount(member, self.facts)
        self.recast |= self._to_recount
        self._to_recount.clear()

    def book(self, fact: Fact, body: AnyEntry, enters: bool) -> None:
        """An entry comes to count, or ceases to."""
        match body:
            case Ballot():
                self._book_ballot(fact, body, enters)
            case Comment() | Second() | Withdraw():
                self._book_remark(fact, body, enters)
            case Propose():
                if enters:
                    self.proposals[fact.hash] = Proposal()
                else:
                    del self.proposals[fact.hash]
                self.touched.add(Subject(SubjectKind.PROPOSAL, fact.hash))
            case Open():
                self._book_opening(fact, body, enters)
            case Leave():
                if enters:
                    self.membership.add_leave(fact.member, fact.hash)
                else:
                    self.membership.remove_leave(fact.member, fact.hash)
                self.touch_members([fact.member])
                self.touch_roll([fact.member])
            case ProposePlan():
                self._book_plan(fact, body, enters)
            case (
                Invite()
                | Vouch()
                | Announce()
                | AskToJoin()
                | Pledge()
                | Object()
                | Succeed()
                | PublishTechnique()
                | ReportResult()
            ):
                listed = self.listed[type(body)]
                (listed.add if enters else listed.discard)(fact.hash)
                if isinstance(fact.record, Join):
                    self.touch_members([MemberId(fact.record.member)])
                elif isinstance(body, Object):
                    self.touch_members([MemberId(body.newcomer)])
                elif isinstance(body, Pledge):
                    self.touch_members([fact.member])
                elif isinstance(body, ReportResult):
                    self.touched.add(Subject(SubjectKind.PLAN, body.plan))
                self._touch_council()
            case Progress() | Feedback() | Review():
                self.touched.add(Subject(SubjectKind.ISSUE, ChangeHash(body.issue)))
            case StateDuty() | Tell():
                pass  # What it carries counts whatever becomes of the entry.
            case _:
                assert_never(body)

    def voter(self, name: ChangeHash, member: MemberId) -> Voter | None:
        """What a member said on a vote or in a planning round; None for nothing that counts or might."""
        held = self.issues.get(name) or self.rounds.get(name)
        return None if held is None else held.voters.get(member)

    def _touch_council(self) -> None:
        self.touched.add(self._this_council)

    def _book_ballot(self, fact: Fact, body: Ballot, enters: bool) -> None:
        name = ChangeHash(body.issue)
        self._to_recount.add((name, fact.member))
        self.touched.add(Subject(SubjectKind.ISSUE, name))
        issue = self.issues.get(name)
        if issue is None:
            return  # The vote is gone, and its ballots with it.
        if enters:
            issue.add(fact, body, self.facts)
        else:
            issue.remove(fact, body)

    def _book_plan(self, fact: Fact, body: ProposePlan, enters: bool) -> None:
        name = ChangeHash(round_id(body.plan, body.round))
        self.recast.add((name, fact.member))
        self.touched.add(Subject(SubjectKind.PLAN, body.plan))
        held = self.rounds.get(name)
        if held is None:
            held = self.rounds[name] = RoundBook(ChangeHash(body.plan), body.round)
        if enters:
            held.add(fact, body)
            return
        held.remove(fact, body)
        if not held.voters:
            del self.rounds[name]

    def _book_remark(self, fact: Fact, body: Comment | Second | Withdraw, enters: bool) -> None:
        name = ChangeHash(body.proposal)
        self.touched.add(Subject(SubjectKind.PROPOSAL, name))
        if isinstance(body, Second):
            self._note_second(fact.member, name, 1 if enters else -1)
        proposal = self.proposals.get(name)
        if proposal is None:
            return  # The proposal is gone, and what was said about it with it.
        match body:
            case Comment():
                (proposal.comments.add if enters else proposal.comments.discard)(fact.hash)
            case Withdraw():
                (proposal.withdrawals.add if enters else proposal.withdrawals.discard)(fact.hash)
            case Second() if enters:
                proposal.add_second(body.version, fact.member, fact.hash)
            case Second():
                proposal.remove_second(body.version, fact.member, fact.hash)
            case _:
                assert_never(body)

    def _note_second(self, member: MemberId, proposal: ChangeHash, times: int) -> None:
        seconded = self._seconded_by.setdefault(member, Counter())
        seconded[proposal] += times
        if not seconded[proposal]:
            del seconded[proposal]
        if not seconded:
            del self._seconded_by[member]

    def _book_opening(self, fact: Fact, body: Open, enters: bool) -> None:
        proposal = ChangeHash(body.proposal)
        self.touched.add(Subject(SubjectKind.PROPOSAL, proposal))
        self.touched.add(Subject(SubjectKind.ISSUE, fact.hash))
        if not enters:
            del self.issues[fact.hash]  # Its ballots are judged again, and leave one by one.
            return
        self.issues[fact.hash] = Issue(fact, body, self.roll_for(fact.hash))
