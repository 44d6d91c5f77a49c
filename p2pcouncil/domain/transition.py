"""The transition: entries come and go, and what depends on them is judged again, and nothing else.

An entry that comes, goes or changes its verdict marks those that refer to it; a member whose duty or
admission changes marks their own entries. `Transition.settle` then judges what is marked, layer by layer; see
`marks`.
"""

from bisect import bisect_right
from typing import assert_never

from crdt.ids import ChangeHash, CouncilId, LaneId, MemberId
from p2pcouncil.domain.authors import judge_author, judge_vouch, judge_vouch_alone
from p2pcouncil.domain.books import Books
from p2pcouncil.domain.entries import (
    Announce,
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
from p2pcouncil.domain.facts import Fact, Lane
from p2pcouncil.domain.feed_entry import FeedEntry
from p2pcouncil.domain.issues import judge_ballot
from p2pcouncil.domain.marks import Layer, Marks
from p2pcouncil.domain.openings import judge_entered, judge_open
from p2pcouncil.domain.outcomes import Subject, SubjectKind
from p2pcouncil.domain.oversight import judge_afterwards
from p2pcouncil.domain.planning.judging import judge_plan, judge_report, judge_technique
from p2pcouncil.domain.planning.round_figures import Figuring
from p2pcouncil.domain.planning.said import ProposePlan, PublishTechnique, ReportResult
from p2pcouncil.domain.proposals import judge_comment, judge_propose, judge_second, judge_withdraw
from p2pcouncil.domain.records import Duty, Genesis, Join, duty_message, encode_record, join_message
from p2pcouncil.domain.register.belonging import is_lot_key
from p2pcouncil.domain.rejections import ACCEPTED, REFUSALS, Accepted, Rule, Verdict


class Transition:
    """Takes entries in and back, judges them, and keeps the books.

    Attributes:
        books: what the entries that count add up to.
        judged: entries whose verdict changed since somebody cleared it.
    """

    def __init__(self, council: CouncilId, genesis: Genesis, figuring: Figuring) -> None:
        """Begin with the founding alone."""
        self.books = Books(council, genesis, figuring)
        self.judged: set[ChangeHash] = set()
        self._facts = self.books.facts
        self._marks = Marks(self._facts)
        self._moved: set[MemberId] = set()
        self._linked: dict[ChangeHash, tuple[MemberId, MemberId]] = {}
        self._contested: dict[ChangeHash, ChangeHash | None] = {}
        self._turned: set[ChangeHash] = set()

    def add(self, entry: FeedEntry) -> Fact | None:
        """Take in an entry; None if it is held already. Settle before anything is read.

        Raises:
            LocalError: it stands at or below the end of its lane.
        """
        if entry.hash in self._facts.held:
            return None
        lane, is_new = self._facts.lane_for(entry)
        if is_new:
            self.books.duty.set_limits(lane)
        fact = self._facts.add(entry, lane)
        if fact.record is not None:
            self._carry(fact, comes=True)
        if isinstance(fact.body, Tell):
            self.books.register.come(fact, fact.body)
        self._marks.add(fact)
        self._marks.came_or_goes(fact.hash)
        return fact

    def remove_from(self, lane_id: LaneId, from_seq: int) -> None:
        """Take back a lane's entries at or above a sequence number. Settle before anything is read."""
        lane = self._facts.lanes.get(lane_id)
        while lane is not None and lane.facts and lane.facts[-1].seq >= from_seq:
            fact = lane.facts[-1]
            self._set_verdict(fact, None)
            self._carry(fact, comes=False)
            self._unlink(fact)
            if isinstance(fact.body, Tell):
                self.books.register.go(fact, fact.body)
            if isinstance(fact.body, PublishTechnique):
                self.books.sound.clear()
            if isinstance(fact.body, Open):
                self._contest(ChangeHash(fact.body.proposal))
                self.books.openings.remove(ChangeHash(fact.body.proposal), fact.hash)
            self._marks.drop(fact)
            self._facts.pop(lane)
            self._marks.came_or_goes(fact.hash)

    def settle(self) -> None:
        """Judge everything that is marked, layer by layer. The register comes first: it rests on nobody's verdict."""
        self._settle_register()
        for member in self._moved:
            self._move_duty(member)
        self._moved.clear()
        self._settle_vouches()
        self._settle_layer(Layer.PLAIN)
        self._settle_layer(Layer.REMARK)
        self._settle_openings()
        self._settle_rolls()
        self._settle_layer(Layer.WITHDRAW)
        self._settle_layer(Layer.BALLOT)
        self.books.recount()

    def _carry(self, fact: Fact, comes: bool) -> None:
        """Note a join or duty statement that comes or goes with its carrier; see `duty`.

        Whether it counts is asked of the carrier and its lane below it alone, so it is the same on both occasions.
        """
        duty = self.books.duty
        match fact.body, fact.record:
            case Vouch(), Join() as join if fact.fault is None:
                member = MemberId(join.member)
                self.books.touch_members([member])  # The replica may let them in, whatever the fold says.
                if judge_vouch_alone(fact, self._lane(fact)) is not None:
                    return
                message = join_message(encode_record(join))
                change = duty.joins.add if comes else duty.joins.remove
                if change(member, message, join, fact.hash):
                    self._moved.add(member)
                    self.books.touch_members(duty.use_invite(join, 1 if comes else -1))
            case StateDuty(), Duty() as statement if fact.fault is None:
                member = MemberId(statement.member)
                message = duty_message(encode_record(statement))
                change_duty = duty.statements.add if comes else duty.statements.remove
                if change_duty(member, message, statement, fact.hash):
                    self._moved.add(member)

    def _move_duty(self, member: MemberId) -> None:
        """Work out a member's duty anew, and mark their entries for which it matters."""
        duty = self.books.duty
        duty.forget(member)
        self.books.touch_members([member])
        for name in self._facts.lanes_of.get(member, ()):
            lane = self._facts.lanes[name]
            before = (lane.duty_until, lane.counts_until)
            duty.set_limits(lane)
            after = (lane.duty_until, lane.counts_until)
            moved = [min(old, new) for old, new in zip(before, after, strict=True) if old != new]
            if moved:
                self._marks.add_all(lane.facts[bisect_right(lane.facts, min(moved), key=_seq) :])

    def _settle_vouches(self) -> None:
        """Find out whom vouches admit, then say which of them count."""
        for name in self._marks.marked(Layer.VOUCH):
            fact = self._facts.held[name]
            if judge_vouch(fact, self._lane(fact)) is not None:
                self._unlink(fact)
            elif name not in self._linked:
                assert isinstance(fact.record, Join)  # without a join it has a fault
                link = self._linked[name] = (fact.member, MemberId(fact.record.member))
                self.books.membership.add_vouch(*link, name)
        admitted, grounded = self.books.membership.settle()
        self.books.touch_members(admitted | grounded)
        self.books.touch_roll(grounded)
        for member in admitted:
            for lane in self._facts.lanes_of.get(member, ()):
                self._marks.add_all(self._facts.lanes[lane].facts)
        self._settle_layer(Layer.VOUCH)

    def _unlink(self, fact: Fact) -> None:
        link = self._linked.pop(fact.hash, None)
        if link is not None:
            self.books.membership.remove_vouch(*link, fact.hash)

    def _settle_layer(self, layer: Layer) -> None:
        for name in self._marks.take(layer):
            fact = self._facts.held[name]
            self._set_verdict(fact, self._judge(fact))

    def _settle_openings(self) -> None:
        """Judge openings by themselves, then against each other."""
        openings = self.books.openings
        marked = self._marks.take(Layer.OPEN)
        for name in marked:
            fact = self._facts.held[name]
            proposal = _proposal_of(fact)
            self._contest(proposal)
            verdict = self._judge_opening(fact)
            if isinstance(verdict, Accepted):
                openings.add(proposal, name)
            else:
                openings.remove(proposal, name)
                self._set_verdict(fact, verdict)
        for proposal, before in self._contested.items():
            after = openings.standing(proposal)
            marked.update(name for name in (before, after) if name in self._facts.held)
            if before != after:
                self._mark_withdrawals(proposal)
        self._contested.clear()
        for name in marked:
            fact = self._facts.held[name]
            proposal = _proposal_of(fact)
            if openings.is_sound(proposal, name):
                stands = openings.standing(proposal) == name
                self._set_verdict(fact, ACCEPTED if stands else REFUSALS[Rule.ANOTHER_OPENING])

    def _contest(self, proposal: ChangeHash) -> None:
        """Remember which opening stood before anything of this settling."""
        if proposal not in self._contested:
            self._contested[proposal] = self.books.openings.standing(proposal)

    def _mark_withdrawals(self, proposal: ChangeHash) -> None:
        for name in self._facts.referrers.get(proposal, ()):
            referrer = self._facts.held[name]
            if isinstance(referrer.body, Withdraw):
                self._marks.add(referrer)

    def _lane(self, fact: Fact) -> Lane:
        return self._facts.lanes[fact.lane]

    def _judge_opening(self, fact: Fact) -> Verdict:
        assert isinstance(fact.body, Open)
        if self.books.register.entering(fact.hash) is not None:
            return judge_entered(fact, self._facts)
        refused = judge_author(fact, self._lane(fact), fact.member in self.books.membership.admitted)
        if refused is not None:
            return refused
        return judge_open(fact, fact.body, self._facts, self.books.charter.seconds_needed)

    def _settle_register(self) -> None:
        """Hear what tellers said, and mark what new pages changed."""
        books, register = self.books, self.books.register
        seconds_needed = books.charter.seconds_needed
        turned = register.settle()
        if turned is None:
            return
        council = Subject(SubjectKind.REGISTER, self._facts.council)
        books.shown.add(council)
        # A seal may come late, or be taken back by a fork, of votes that are closed as well.
        books.shown.update(Subject(SubjectKind.ISSUE, issue) for issue in register.entered())
        books.shown.update(Subject(SubjectKind.PLAN, plan) for plan in register.chain.plans)
        if turned.has_turned:
            books.touched.add(council)
        for issue, proposal in turned.issues.items():
            self._contest(proposal)
            entering = register.entering(issue)
            entered = register.chain.proposals.get(proposal)
            has_lapsed = entering is not None and entering.has_lapsed
            books.openings.turn(proposal, ChangeHash(entered) if entered else None, issue, has_lapsed)
            self._turned.add(issue)
            books.touched.add(Subject(SubjectKind.ISSUE, issue))
            books.touched.add(Subject(SubjectKind.PROPOSAL, proposal))
            for name in (proposal, issue, *self._facts.referrers.get(issue, ())):
                if name in self._facts.held:
                    self._marks.add(self._facts.held[name])
            self._mark_withdrawals(proposal)
        for plan, rounds in turned.plans.items():
            books.touched.add(Subject(SubjectKind.PLAN, plan))
            for name in self._facts.referrers.get(plan, ()):
                fact = self._facts.held[name]
                # Whether a proposal counts in its round does not hang on what becomes of others: there may be many.
                if rounds is None or not isinstance(fact.body, ProposePlan) or fact.body.round in rounds:
                    self._marks.add(fact)
        books.is_roll_stale |= turned.has_roll_changed
        books.touch_members(turned.members)
        books.touch_roll(turned.members)
        if books.charter.seconds_needed != seconds_needed:
            self._marks.add_all(f for f in self._facts.held.values() if isinstance(f.body, Open))
            books.touched.update(Subject(SubjectKind.PROPOSAL, name) for name in books.proposals)

    def _settle_rolls(self) -> None:
        """Give votes the rolls that they have now: those that pages entered, and those that wait for one."""
        books = self.books
        turned = set(books.issues) if books.is_roll_stale else self._turned & books.issues.keys()
        for name in turned:
            if books.rebase(name):
                self._marks.add_all(self._facts.held[r] for r in self._facts.referrers.get(name, ()))
        books.is_roll_stale = False
        self._turned.clear()

    def _judge(self, fact: Fact) -> Verdict:
        """Judge an entry of any kind but openings, which also depend on their rivals."""
        if fact.fault is not None:
            return fact.fault
        body, books = fact.body, self.books
        lane = self._lane(fact)
        refused = judge_author(fact, lane, fact.member in books.membership.admitted)
        if refused is not None and not books.openings.is_entered(fact.hash):
            return refused
        match body:
            case Ballot():
                return judge_ballot(fact, body, self._facts, books.issues.get(ChangeHash(body.issue)))
            case Comment():
                return judge_comment(fact, body, self._facts)
            case Second():
                return judge_second(fact, body, self._facts)
            case Propose():
                return judge_propose(fact, body)
            case Withdraw():
                is_entered = books.openings.is_entered(ChangeHash(body.proposal))
                return judge_withdraw(fact, body, self._facts, is_entered)
            case Progress() | Feedback() | Review():
                return judge_afterwards(fact, body, books.register, self._facts)
            case PublishTechnique():
                return judge_technique(body)
            case ProposePlan():
                return judge_plan(fact, body, self._facts, books.register)
            case ReportResult():
                return judge_report(fact, body, self._facts, books.register.chain)
            case Pledge():
                return ACCEPTED if is_lot_key(body.vrf, lane.device) else REFUSALS[Rule.NO_KEY]
            case Vouch():
                return judge_vouch(fact, lane) or ACCEPTED
            case Invite() | Leave() | StateDuty() | Announce() | AskToJoin() | Object() | Tell() | Succeed():
                return ACCEPTED
            case Open() | None:
                raise AssertionError("openings have a layer of their own, and what can't be read has a fault")
            case _:
                assert_never(body)

    def _set_verdict(self, fact: Fact, verdict: Verdict | None) -> None:
        """Change a verdict (None: the entry goes), keep the books, and mark whoever refers to it."""
        before = self._facts.verdicts.get(fact.hash)
        if before is verdict or (before is not None and before == verdict):
            return
        if verdict is None:
            del self._facts.verdicts[fact.hash]
        else:
            self._facts.verdicts[fact.hash] = verdict
        self.judged.add(fact.hash)
        if before is ACCEPTED or verdict is ACCEPTED:
            assert fact.body is not None  # what could not be read never counts
            self.books.book(fact, fact.body, verdict is ACCEPTED)
        if not (verdict is ACCEPTED and before is None):
            self.books.list_verdict(fact.hash, verdict)
        self._marks.changed(fact)


def _seq(fact: Fact) -> int:
    return fact.seq


def _proposal_of(fact: Fact) -> ChangeHash:
    assert isinstance(fact.body, Open)
    return ChangeHash(fact.body.proposal)
