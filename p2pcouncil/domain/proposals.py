"""Proposals: made, commented on, seconded by version, withdrawn while they are not open."""

from collections.abc import Callable
from typing import TypeVar

from crdt.errors import RemoteError
from crdt.ids import ChangeHash, CouncilId, LaneId, MemberId, TextId, domain_hash
from p2pcouncil.domain.effects import validate_effect
from p2pcouncil.domain.entries import Comment, Propose, Second, TextVersionRef, Withdraw
from p2pcouncil.domain.facts import Fact, Facts
from p2pcouncil.domain.outcomes import ProposalState, ProposalStatus, SecondedVersion
from p2pcouncil.domain.rejections import ACCEPTED, REFUSALS, WAITS, Accepted, Refused, Rule, Verdict
from p2pcouncil.domain.tally.method import validate_method

MAX_PROPOSALS_PER_LANE = 500
TEXT_DOMAIN = "p2pcouncil/text/1"

BodyT = TypeVar("BodyT")


def text_id_of(council: CouncilId, lane: LaneId, nonce: bytes) -> TextId:
    """The document in which a proposal's text is edited, known before the proposal's own hash is."""
    return TextId(domain_hash(TEXT_DOMAIN, council, lane, nonce))


def is_plain_version(version: TextVersionRef) -> bool:
    """Whether heads ascend, each once: one version has one spelling."""
    heads = version.heads
    return all(heads[at] < heads[at + 1] for at in range(len(heads) - 1))


def judge_propose(fact: Fact, body: Propose) -> Verdict:
    """A proposal counts with a method that fits its options, within the cap of its lane."""
    if fact.ordinal >= MAX_PROPOSALS_PER_LANE:
        return REFUSALS[Rule.TOO_MANY_PROPOSALS]
    try:
        validate_method(body.method, body.options)
    except RemoteError as error:
        return Refused(Rule.METHOD, as_sentence(str(error)))
    try:
        validate_effect(body.effect, body.method, body.options)
    except RemoteError as error:
        return Refused(Rule.EFFECT, as_sentence(str(error)))
    return ACCEPTED


def judge_comment(fact: Fact, body: Comment, facts: Facts) -> Verdict:
    """A comment counts on a proposal that counts, in answer to a comment on the same one.

    The answered comment is not judged: else a chain of answers would be judged again from end to end.
    """
    if fact.hash in facts.missing:
        return WAITS
    proposal = counted(body.proposal, Propose, facts)
    if not isinstance(proposal, Propose):
        return proposal
    if body.reply_to:
        answered = facts.held[ChangeHash(body.reply_to)].body
        if not isinstance(answered, Comment) or answered.proposal != body.proposal:
            return REFUSALS[Rule.OTHER_KIND]
    return ACCEPTED


def judge_second(fact: Fact, body: Second, facts: Facts) -> Verdict:
    """A second counts on a proposal of somebody else."""
    if not is_plain_version(body.version):
        return REFUSALS[Rule.VERSION]
    if fact.hash in facts.missing:
        return WAITS
    proposal = counted(body.proposal, Propose, facts)
    if not isinstance(proposal, Propose):
        return proposal
    if facts.held[ChangeHash(body.proposal)].member == fact.member:
        return REFUSALS[Rule.OWN_PROPOSAL]
    return ACCEPTED


def judge_withdraw(fact: Fact, body: Withdraw, facts: Facts, is_open: bool) -> Verdict:
    """A withdrawal counts for the proposer's own proposal, unless a page entered a vote on it.

    Which came first, withdrawal or opening, nobody can know; the page decides. Until there is one, tellers who hold
    the withdrawal don't enter the opening.
    """
    if fact.hash in facts.missing:
        return WAITS
    proposal = counted(body.proposal, Propose, facts)
    if not isinstance(proposal, Propose):
        return proposal
    if facts.held[ChangeHash(body.proposal)].member != fact.member:
        return REFUSALS[Rule.NOT_THE_PROPOSER]
    return REFUSALS[Rule.ALREADY_OPEN] if is_open else ACCEPTED


def counted(reference: bytes, kind: type[BodyT], facts: Facts) -> BodyT | Verdict:
    """What a held entry says if it is of a kind and counts; else the verdict on whoever refers to it.

    Args:
        reference: hash of an entry that is held.
        kind: the kind that it must be of.
        facts: what is held, with verdicts on every earlier kind.
    """
    name = ChangeHash(reference)
    body = facts.held[name].body
    if not isinstance(body, kind):
        return REFUSALS[Rule.OTHER_KIND]
    verdict = facts.verdicts[name]
    if isinstance(verdict, Accepted):
        return body
    return REFUSALS[Rule.REJECTED_REFERENCE] if isinstance(verdict, Refused) else WAITS


def as_sentence(text: str) -> str:
    """Give a lower-case clause its capital letter and full stop."""
    return f"{text[:1].upper()}{text[1:].removesuffix('.')}."


class Proposal:
    """What counts on one proposal."""

    __slots__ = ("comments", "seconds", "withdrawals")

    def __init__(self) -> None:
        self.comments: set[ChangeHash] = set()
        self.seconds: dict[TextVersionRef, dict[MemberId, set[ChangeHash]]] = {}
        self.withdrawals: set[ChangeHash] = set()

    def add_second(self, version: TextVersionRef, member: MemberId, entry: ChangeHash) -> None:
        """One more second; a member counts once per version however often they say so."""
        self.seconds.setdefault(version, {}).setdefault(member, set()).add(entry)

    def remove_second(self, version: TextVersionRef, member: MemberId, entry: ChangeHash) -> None:
        """A second counts no more."""
        members = self.seconds[version]
        members[member].discard(entry)
        if not members[member]:
            del members[member]
        if not members:
            del self.seconds[version]

    def versions(self, needed: int, is_on_roll: Callable[[MemberId], bool]) -> tuple[SecondedVersion, ...]:
        """Seconded versions, most seconded first, then by digest and heads."""
        ordered = sorted(self.seconds, key=lambda v: (-len(self.seconds[v]), v.digest, v.heads))
        return tuple(self._version(version, needed, is_on_roll) for version in ordered)

    def _version(
        self, version: TextVersionRef, needed: int, is_on_roll: Callable[[MemberId], bool]
    ) -> SecondedVersion:
        made = self.seconds[version]
        members = tuple(sorted(made))
        hashes = tuple(min(made[member]) for member in members if is_on_roll(member))
        return SecondedVersion(version, members, hashes, len(hashes) >= needed)

    def status(self, issue: ChangeHash | None) -> ProposalStatus:
        """Where it stands; withdrawals count only while no page has entered a vote on it."""
        if self.withdrawals:
            return ProposalStatus.WITHDRAWN
        return ProposalStatus.DISCUSSED if issue is None else ProposalStatus.OPEN

    def state(
        self,
        fact: Fact,
        facts: Facts,
        issue: ChangeHash | None,
        needed: int,
        is_on_roll: Callable[[MemberId], bool],
        *,
        has_lapsed: bool = False,
    ) -> ProposalState:
        """The proposal as views read it.

        Args:
            fact: the entry that proposes.
            facts: what is held.
            issue: the opening that stands.
            needed: seconds that an opening needs, of members on its roll.
            is_on_roll: whether a member may vote in what a page enters next.
            has_lapsed: whether that opening's vote lapsed, so that the proposal may be opened once more.
        """
        body = fact.body
        assert isinstance(body, Propose)
        reason = ""
        if self.withdrawals:
            withdrawal = facts.held[min(self.withdrawals)].body
            assert isinstance(withdrawal, Withdraw)
            reason = withdrawal.reason
        return ProposalState(
            hash=fact.hash,
            text_id=text_id_of(facts.council, fact.lane, body.nonce),
            proposer=fact.member,
            lane=fact.lane,
            seq=fact.seq,
            claimed_at_ms=body.claimed_at_ms,
            title=body.title,
            summary=body.summary,
            tags=body.tags,
            scope=body.scope,
            method=body.method,
            options=body.options,
            effect=body.effect,
            reopens=ChangeHash(body.reopens) if body.reopens else None,
            status=self.status(None if has_lapsed else issue),
            versions=self.versions(needed, is_on_roll),
            comments=len(self.comments),
            issue=issue,
            withdrawn_because=reason,
        )
