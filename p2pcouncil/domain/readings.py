"""Readings: what the books say about one member, proposal, comment or council below, as plain data.

Derived on demand; `state` keeps what was read until something touches it.
"""

from collections import Counter

from crdt.errors import LocalError
from crdt.ids import ChangeHash, CouncilId, MemberId
from p2pcouncil.domain.books import Books
from p2pcouncil.domain.entries import Announce, AnyEntry, Comment, Object, Succeed
from p2pcouncil.domain.facts import Fact, Founding
from p2pcouncil.domain.outcomes import (
    ChildCouncil,
    CommentMade,
    IssueState,
    MemberState,
    ProposalState,
    RegisterOf,
)
from p2pcouncil.domain.oversight import overseers_of
from p2pcouncil.domain.records import SuccessorGenesis
from p2pcouncil.domain.register.succession import Successor
from p2pcouncil.domain.rejections import ACCEPTED, Refused, Rejected, Waiting

MAX_SUCCESSORS_OF_A_MEMBER = 16
"""Each is compared with the last page; somebody who keeps to the rules signs one in a council's life."""
CATCH_UP = "Catch up with other peers, then look again."


def read_member(books: Books, member: MemberId) -> MemberState:
    """What is known about a member.

    Raises:
        LocalError: no founding and no vouched join names them.
    """
    origin = books.duty.origin(member)
    if origin is None:
        raise LocalError("Nobody with this key is known here.", CATCH_UP)
    membership, seat = books.membership, books.register.chain.roll.get(member)
    return MemberState(
        member=member,
        name=origin.name,
        vrf=origin.vrf,
        device=books.duty.of(member).device,
        is_founder=member in membership.founders,
        is_admitted=member in membership.admitted,
        is_grounded=member in membership.grounded,
        has_left=member in membership.left,
        on_roll=books.is_on_roll(member),
        page_roll=seat is not None,
        is_teller=seat is not None and seat.is_on_duty,
        is_convicted=member in books.register.chain.convicted,
        objectors=read_objectors(books, member),
        vouchers=membership.vouchers_of(member),
        joins=len(books.duty.joins.of(member)),
        invite_key=origin.invite_key,
        invite_shared=books.duty.is_shared(origin.invite_key),
    )


def read_proposal(books: Books, name: ChangeHash) -> ProposalState:
    """A proposal that counts.

    Raises:
        LocalError: none of this hash does.
    """
    proposal = books.proposals.get(name)
    if proposal is None:
        raise LocalError("There is no such proposal here.", CATCH_UP)
    issue = books.openings.standing(name)
    needed, is_on_roll = books.charter.seconds_needed, books.is_on_roll
    entering = books.register.entering(issue) if issue is not None else None
    has_lapsed = entering is not None and entering.has_lapsed
    fact = books.facts.held[name]
    return proposal.state(fact, books.facts, issue, needed, is_on_roll, has_lapsed=has_lapsed)


def read_issue(books: Books, name: ChangeHash) -> IssueState:
    """A vote whose opening stands.

    Raises:
        LocalError: no opening of this hash does.
    """
    issue = books.issues.get(name)
    if issue is None:
        raise LocalError("There is no such vote here.", CATCH_UP)
    return issue.state(read_register(books, name), books.register.sheet(name), books.facts)


def read_register(books: Books, issue: ChangeHash) -> RegisterOf | None:
    """Where a vote stands in the register; None while no page has entered it."""
    register = books.register
    entering = register.entering(issue)
    if entering is None:
        return None
    vote, closed = entering.vote, entering.closed
    return RegisterOf(
        page=vote.page,
        closes_ms=vote.closes_ms,
        tellers=tuple(sorted(teller.member for teller in vote.committee.tellers)),
        quorum=vote.committee.quorum,
        sealed_by=tuple(sorted(register.minutes.seals(issue))),
        closed_by=() if closed is None else tuple(MemberId(teller) for teller in closed.tellers),
        end_page=entering.page,
        result=None if closed is None else closed.result,
        overseers=overseers_of(issue, register, books.facts),
    )


def read_objectors(books: Books, newcomer: MemberId) -> tuple[MemberId, ...]:
    """Members who object to somebody's coming, ascending."""
    objections = (books.facts.held[name] for name in books.listed[Object])
    return tuple(
        sorted({f.member for f in objections if isinstance(f.body, Object) and f.body.newcomer == newcomer})
    )


def read_about(books: Books, issue: ChangeHash, kind: type[AnyEntry]) -> list[Fact]:
    """What counts of one kind of what was said of a closed vote, by ascending hash."""
    held, verdicts = books.facts.held, books.facts.verdicts
    names = sorted(books.facts.referrers.get(issue, ()))
    return [held[name] for name in names if isinstance(held[name].body, kind) and verdicts[name] is ACCEPTED]


def read_comments(books: Books, proposal: ChangeHash) -> tuple[CommentMade, ...]:
    """The comments on a proposal that count, by ascending hash."""
    held = books.proposals.get(proposal)
    return tuple(_comment(books.facts.held[name]) for name in sorted(held.comments)) if held else ()


def read_listed(books: Books, kind: type[AnyEntry]) -> list[Fact]:
    """The entries of a listed kind that count, by ascending hash."""
    return [books.facts.held[name] for name in sorted(books.listed[kind])]


def read_children(books: Books) -> tuple[ChildCouncil, ...]:
    """The councils below that members announced, by ascending id."""
    announced: dict[CouncilId, list[Fact]] = {}
    for fact in read_listed(books, Announce):
        assert isinstance(fact.record, Founding)  # an announcement that counts carries a founding that holds
        announced.setdefault(fact.record.council, []).append(fact)
    return tuple(_child(announced[council]) for council in sorted(announced))


def read_successors(books: Books) -> tuple[Successor, ...]:
    """The councils that members want to go on in, by ascending id; of each member those of the lowest entries."""
    signed: dict[CouncilId, dict[MemberId, bytes]] = {}
    foundings: dict[CouncilId, tuple[bytes, SuccessorGenesis]] = {}
    times: Counter[MemberId] = Counter()
    for fact in read_listed(books, Succeed):
        assert isinstance(fact.body, Succeed)
        times[fact.member] += 1
        if times[fact.member] > MAX_SUCCESSORS_OF_A_MEMBER:
            continue
        council = CouncilId(fact.body.successor)
        signed.setdefault(council, {})[fact.member] = fact.body.signature
        if isinstance(fact.record, SuccessorGenesis):
            foundings[council] = fact.body.founding, fact.record
    found = []
    for council in sorted(signed):
        body, genesis = foundings.get(council, (b"", None))
        found.append(Successor(council, body, genesis, dict(sorted(signed[council].items()))))
    return tuple(found)


def read_rejected(books: Books) -> tuple[Rejected, ...]:
    """The entries that break a rule, by lane and sequence."""
    made = []
    for name in books.refused:
        fact, verdict = books.facts.held[name], books.facts.verdicts[name]
        assert isinstance(verdict, Refused)
        made.append(Rejected(name, fact.member, fact.lane, fact.seq, verdict.rule, verdict.reason))
    return tuple(sorted(made, key=lambda entry: (entry.lane, entry.seq)))


def read_waiting(books: Books) -> tuple[Waiting, ...]:
    """The entries that wait, by lane and sequence."""
    made = []
    for name in books.waiting:
        fact = books.facts.held[name]
        # With all its references held, an entry waits because one of them waits itself.
        awaited = tuple(sorted(books.facts.missing.get(name, fact.references)))
        made.append(Waiting(name, fact.member, fact.lane, fact.seq, awaited))
    return tuple(sorted(made, key=lambda entry: (entry.lane, entry.seq)))


def _comment(fact: Fact) -> CommentMade:
    body = fact.body
    assert isinstance(body, Comment)
    reply_to = ChangeHash(body.reply_to) if body.reply_to else None
    proposal = ChangeHash(body.proposal)
    return CommentMade(fact.hash, proposal, fact.member, reply_to, body.text, body.claimed_at_ms)


def _child(announcements: list[Fact]) -> ChildCouncil:
    """One council out of its announcements; of several signings the one in the lowest hash is shown."""
    first = min(announcements, key=lambda fact: fact.hash)
    assert isinstance(first.record, Founding)
    assert isinstance(first.body, Announce)
    members = tuple(sorted({fact.member for fact in announcements}))
    return ChildCouncil(first.record.council, first.record.genesis, first.body.genesis, members)
