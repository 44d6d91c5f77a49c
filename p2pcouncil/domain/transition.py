"""The transition: entries come and go, and what depends on them is judged again, and nothing else.

Kinds of entries are judged in layers, each resting on the verdicts of those before it only: vouches; what
    stands by
itself; comments and seconds; openings; withdrawals; ballots. An entry that comes, goes or changes its verdict
marks those that refer to it; a member whose duty or admission changes marks their own entries. One pass over
the layers then settles everything, whatever the order in which the marks were made.
"""

from collections.abc import Callable, Iterable
from enum import IntEnum
from typing import assert_never

from crdt.ids import ChangeHash, CouncilId, LaneId, MemberId
from p2pcouncil.domain.duty import DutyBook
from p2pcouncil.domain.entries import (
    Announce,
    AnyEntry,
    AskToJoin,
    Ballot,
    Comment,
    Invite,
    Leave,
    Open,
    Propose,
    Second,
    StateDuty,
    Vouch,
    Withdraw,
)
from p2pcouncil.domain.facts import Fact, Facts
from p2pcouncil.domain.feed_entry import FeedEntry
from p2pcouncil.domain.issues import Issue, judge_ballot
from p2pcouncil.domain.membership import MAX_VOUCHES_PER_LANE, Membership
from p2pcouncil.domain.openings import Candidate, Openings, judge_open
from p2pcouncil.domain.outcomes import Subject, SubjectKind
from p2pcouncil.domain.proposals import Proposal, judge_comment, judge_propose, judge_second, judge_withdraw
from p2pcouncil.domain.records import Duty, Genesis, Join
from p2pcouncil.domain.rejections import ACCEPTED, REFUSALS, Refused, Rule, Verdict, Waits


class Layer(IntEnum):
    """In which order kinds are judged."""

    VOUCH = 0
    PLAIN = 1
    REMARK = 2
    OPEN = 3
    WITHDRAW = 4
    BALLOT = 5


_LAYER_OF: dict[type[AnyEntry] | type[None], Layer] = {
    type(None): Layer.PLAIN,
    Vouch: Layer.VOUCH,
    Comment: Layer.REMARK,
    Second: Layer.REMARK,
    Open: Layer.OPEN,
    Withdraw: Layer.WITHDRAW,
    Ballot: Layer.BALLOT,
}
TAKES_DUTY = (Vouch, Second, Open, Ballot, Leave, Invite)
"""What only the device that votes for a member can do."""


class Transition:
    """Facts, the verdicts on them, and the books that accepted entries make."""

    def __init__(self, council: CouncilId, genesis: Genesis) -> None:
        """Begin with the founding alone."""
        self.charter = genesis.charter
        self.facts = Facts(council)
        self.duty = DutyBook(genesis.roll)
        self.membership = Membership(
            (MemberId(f.member) for f in genesis.roll), genesis.charter.vouches_needed
        )
        self.proposals: dict[ChangeHash, Proposal] = {}
        self.openings = Openings()
        self.issues: dict[ChangeHash, Issue] = {}
        self.accepted: dict[type[AnyEntry], set[ChangeHash]] = {
            kind: set() for kind in (Invite, Vouch, Announce, AskToJoin)
        }
        self.refused: set[ChangeHash] = set()
        self.waiting: set[ChangeHash] = set()
        self.touched: set[Subject] = set()
        self.judged: set[ChangeHash] = set()
        self.recast: set[tuple[ChangeHash, MemberId]] = set()
        self._marked: list[set[ChangeHash]] = [set() for _ in Layer]
        self._moved: set[MemberId] = set()
        self._linked: dict[ChangeHash, tuple[MemberId, MemberId]] = {}
        self._contested: dict[ChangeHash, ChangeHash | None] = {}
        self._recount: set[tuple[ChangeHash, MemberId]] = set()

    # -- what comes and goes -----------------------------------------------------------------------

    def add(self, entry: FeedEntry) -> Fact | None:
        """Take in an entry; None if it is held already. Settle before anything is read.

        Raises:
            LocalError: it stands at or below the end of its lane.
        """
        if entry.hash in self.facts.held:
            return None
        lane, is_new = self.facts.lane_for(entry)
        if is_new:
            self.duty.set_limits(lane)
        fact = self.facts.add(entry, lane)
        if fact.record is not None:
            self._carry(fact)
        self._mark(fact)
        self._mark_referrers(fact.hash)
        return fact

    def remove_from(self, lane_id: LaneId, from_seq: int) -> None:
        """Take back a lane's entries at or above a sequence number. Settle before anything is read."""
        lane = self.facts.lanes.get(lane_id)
        while lane is not None and lane.facts and lane.facts[-1].seq >= from_seq:
            fact = lane.facts[-1]
            self._set_verdict(fact, None)
            if fact.record is not None:
                self._uncarry(fact)
            self._unlink(fact)
            if isinstance(fact.body, Open):
                self._contest(ChangeHash(fact.body.proposal))
                self.openings.remove(ChangeHash(fact.body.proposal), fact.hash)
            self._marked[_layer(fact)].discard(fact.hash)
            self.facts.pop(lane)
            self._mark_referrers(fact.hash)

    def settle(self) -> None:
        """Judge everything that is marked, layer by layer."""
        for member in self._moved:
            self._move_duty(member)
        self._moved.clear()
        self._settle_vouches()
        self._settle_layer(Layer.PLAIN, self._judge)
        self._settle_layer(Layer.REMARK, self._judge)
        self._settle_openings()
        self._settle_layer(Layer.WITHDRAW, self._judge)
        self._settle_layer(Layer.BALLOT, self._judge)
        for name, member in self._recount:
            if (issue := self.issues.get(name)) is not None:
                issue.recount(member, self.facts)
        self.recast |= self._recount
        self._recount.clear()

    # -- marks -------------------------------------------------------------------------------------

    def _mark(self, fact: Fact) -> None:
        self._marked[_layer(fact)].add(fact.hash)

    def _mark_referrers(self, name: ChangeHash, above: int = -1) -> None:
        for referrer in self.facts.referrers.get(name, ()):
            fact = self.facts.held[referrer]
            layer = _layer(fact)
            if layer > above:
                self._marked[layer].add(referrer)

    def _mark_entries_of(self, member: MemberId) -> None:
        for lane in self.facts.lanes_of.get(member, ()):
            for fact in self.facts.lanes[lane].facts:
                self._mark(fact)

    # -- joins and duty ----------------------------------------------------------------------------

    def _carry(self, fact: Fact) -> None:
        match fact.body, fact.record:
            case Vouch(join=data), Join(member=member, council=self.facts.council) as join:
                if self.duty.joins.add(MemberId(member), data, join, fact.hash):
                    self._moved.add(MemberId(member))
                    self._touch_members(self.duty.use_invite(join, 1))
            case StateDuty(statement=data), Duty(member=member) as duty if fact.fault is None:
                if self.duty.statements.add(MemberId(member), data, duty, fact.hash):
                    self._moved.add(MemberId(member))

    def _uncarry(self, fact: Fact) -> None:
        match fact.body, fact.record:
            case Vouch(join=data), Join(member=member, council=self.facts.council) as join:
                if self.duty.joins.remove(MemberId(member), data, fact.hash):
                    self._moved.add(MemberId(member))
                    self._touch_members(self.duty.use_invite(join, -1))
            case StateDuty(statement=data), Duty(member=member) if fact.fault is None:
                if self.duty.statements.remove(MemberId(member), data, fact.hash):
                    self._moved.add(MemberId(member))

    def _move_duty(self, member: MemberId) -> None:
        before = self.duty.of(member)
        self.duty.forget(member)
        self.touched.add(Subject(SubjectKind.MEMBER, member))
        if self.duty.of(member) == before:
            return
        for name in self.facts.lanes_of.get(member, ()):
            self.duty.set_limits(self.facts.lanes[name])
        self._mark_entries_of(member)

    def _touch_members(self, members: Iterable[MemberId]) -> None:
        self.touched.update(Subject(SubjectKind.MEMBER, member) for member in members)

    # -- judging -----------------------------------------------------------------------------------

    def _settle_layer(self, layer: Layer, judge: Callable[[Fact, AnyEntry], Verdict]) -> None:
        marked, self._marked[layer] = self._marked[layer], set()
        for name in marked:
            fact = self.facts.held[name]
            if fact.fault is not None:
                self._set_verdict(fact, fact.fault)
                continue
            assert fact.body is not None  # without a body there is a fault
            self._set_verdict(fact, self._judge_author(fact) or judge(fact, fact.body))

    def _settle_vouches(self) -> None:
        marked = self._marked[Layer.VOUCH]
        for name in marked:
            fact = self.facts.held[name]
            assert fact.body is not None
            if self._judge_vouch(fact) is not None:
                self._unlink(fact)
            elif name not in self._linked:
                assert isinstance(fact.record, Join)
                link = self._linked[name] = (fact.member, MemberId(fact.record.member))
                self.membership.add_vouch(*link, name)
        admitted, grounded = self.membership.settle()
        for member in admitted:
            self._mark_entries_of(member)
        self._touch_members(admitted | grounded)
        self._settle_layer(Layer.VOUCH, lambda fact, _: self._judge_vouch(fact) or ACCEPTED)

    def _unlink(self, fact: Fact) -> None:
        link = self._linked.pop(fact.hash, None)
        if link is not None:
            self.membership.remove_vouch(*link, fact.hash)

    def _judge_vouch(self, fact: Fact) -> Refused | None:
        """Judge a vouch by everything but its voucher's admission, on which vouches themselves decide."""
        if fact.fault is not None:
            return fact.fault
        lane = self.facts.lanes[fact.lane]
        if fact.seq > lane.counts_until:
            return REFUSALS[Rule.DISOWNED]
        if fact.seq > lane.duty_until:
            return REFUSALS[Rule.NOT_ON_DUTY]
        if fact.ordinal >= MAX_VOUCHES_PER_LANE:
            return REFUSALS[Rule.TOO_MANY_VOUCHES]
        if lane.left_at and fact.seq > lane.left_at:
            return REFUSALS[Rule.VOUCH_AFTER_LEAVING]
        return None

    def _judge_author(self, fact: Fact) -> Refused | None:
        if isinstance(fact.body, StateDuty):
            return None  # It proves itself, so nothing about its carrier matters.
        lane = self.facts.lanes[fact.lane]
        if fact.seq > lane.counts_until:
            return REFUSALS[Rule.DISOWNED]
        if fact.member not in self.membership.admitted:
            return REFUSALS[Rule.NOT_ADMITTED]
        if fact.seq > lane.duty_until and isinstance(fact.body, TAKES_DUTY):
            return REFUSALS[Rule.NOT_ON_DUTY]
        return None

    def _judge(self, fact: Fact, body: AnyEntry) -> Verdict:
        match body:
            case Ballot():
                return judge_ballot(fact, body, self.facts, self.issues.get(ChangeHash(body.issue)))
            case Comment():
                return judge_comment(fact, body, self.facts)
            case Second():
                return judge_second(fact, body, self.facts)
            case Propose():
                return judge_propose(fact, body)
            case Withdraw():
                is_open = self.openings.standing(ChangeHash(body.proposal)) is not None
                return judge_withdraw(fact, body, self.facts, is_open)
            case Invite() | Leave() | StateDuty() | Announce() | AskToJoin():
                return ACCEPTED
            case Vouch() | Open():
                raise AssertionError("vouches and openings have layers of their own")
            case _:
                assert_never(body)

    def _settle_openings(self) -> None:
        marked = self._marked[Layer.OPEN]
        for name in marked:
            fact = self.facts.held[name]
            assert isinstance(fact.body, Open)
            proposal = ChangeHash(fact.body.proposal)
            finding = self._judge_author(fact) or judge_open(
                fact, fact.body, self.facts, self.membership.founders, self.charter
            )
            self._contest(proposal)
            if isinstance(finding, Candidate):
                self.openings.add(proposal, name, finding)
            else:
                self.openings.remove(proposal, name)
                self._set_verdict(fact, finding)
        affected = set(marked)
        for proposal, before in self._contested.items():
            after = self.openings.standing(proposal)
            affected.update(name for name in (before, after) if name is not None and name in self.facts.held)
            if before != after:
                self._mark_withdrawals(proposal)
        self._contested.clear()
        self._marked[Layer.OPEN] = set()
        for name in affected:
            fact = self.facts.held[name]
            assert isinstance(fact.body, Open)
            proposal = ChangeHash(fact.body.proposal)
            if self.openings.candidate(proposal, name) is not None:
                stands = self.openings.standing(proposal) == name
                self._set_verdict(fact, ACCEPTED if stands else REFUSALS[Rule.ANOTHER_OPENING])

    def _contest(self, proposal: ChangeHash) -> None:
        if proposal not in self._contested:
            self._contested[proposal] = self.openings.standing(proposal)

    def _mark_withdrawals(self, proposal: ChangeHash) -> None:
        for referrer in self.facts.referrers.get(proposal, ()):
            if isinstance(self.facts.held[referrer].body, Withdraw):
                self._marked[Layer.WITHDRAW].add(referrer)

    # -- verdicts and what follows from them -------------------------------------------------------

    def _set_verdict(self, fact: Fact, verdict: Verdict | None) -> None:
        """Change a verdict (None: the entry goes), keep the books, and mark whoever refers to it."""
        before = self.facts.verdicts.get(fact.hash)
        if before is verdict or (before is not None and before == verdict):
            return
        if verdict is None:
            del self.facts.verdicts[fact.hash]
        else:
            self.facts.verdicts[fact.hash] = verdict
        self.judged.add(fact.hash)
        if verdict is not ACCEPTED or not (before is None or before is ACCEPTED):
            self._list(fact.hash, verdict)
        if before is ACCEPTED or verdict is ACCEPTED:
            assert fact.body is not None
            self._book(fact, fact.body, verdict is ACCEPTED)
        if fact.hash in self.facts.referrers:
            # A reference to an entry of the same or a later layer is to the wrong kind, whatever its verdict.
            self._mark_referrers(fact.hash, _layer(fact))

    def _list(self, name: ChangeHash, verdict: Verdict | None) -> None:
        """Keep the lists of what does not count."""
        (self.refused.add if isinstance(verdict, Refused) else self.refused.discard)(name)
        (self.waiting.add if isinstance(verdict, Waits) else self.waiting.discard)(name)
        self._touch_council()

    def _touch_council(self) -> None:
        self.touched.add(Subject(SubjectKind.COUNCIL, self.facts.council))

    def _book(self, fact: Fact, body: AnyEntry, enters: bool) -> None:
        """An accepted entry enters the books, or leaves them."""
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
                self.touched.add(Subject(SubjectKind.MEMBER, fact.member))
            case Invite() | Vouch() | Announce() | AskToJoin():
                accepted = self.accepted[type(body)]
                (accepted.add if enters else accepted.discard)(fact.hash)
                if isinstance(fact.record, Join):
                    self.touched.add(Subject(SubjectKind.MEMBER, fact.record.member))
                self._touch_council()
            case StateDuty():
                pass
            case _:
                assert_never(body)

    def _book_ballot(self, fact: Fact, body: Ballot, enters: bool) -> None:
        name = ChangeHash(body.issue)
        self._recount.add((name, fact.member))
        self.touched.add(Subject(SubjectKind.ISSUE, name))
        issue = self.issues.get(name)
        if issue is None:
            return  # The vote is gone, and its ballots with it.
        if enters:
            issue.add(fact, body, self.facts)
        else:
            issue.remove(fact, body, self.facts)

    def _book_remark(self, fact: Fact, body: Comment | Second | Withdraw, enters: bool) -> None:
        name = ChangeHash(body.proposal)
        self.touched.add(Subject(SubjectKind.PROPOSAL, name))
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

    def _book_opening(self, fact: Fact, body: Open, enters: bool) -> None:
        proposal = ChangeHash(body.proposal)
        self.touched.add(Subject(SubjectKind.PROPOSAL, proposal))
        self.touched.add(Subject(SubjectKind.ISSUE, fact.hash))
        if not enters:
            issue = self.issues.pop(fact.hash)
            self._recount.update((fact.hash, member) for member in issue.voters)
            return
        candidate = self.openings.candidate(proposal, fact.hash)
        assert candidate is not None  # only a sound opening stands
        self.issues[fact.hash] = Issue(fact, body, candidate.roll)


def _layer(fact: Fact) -> Layer:
    return _LAYER_OF.get(type(fact.body), Layer.PLAIN)
