"""Openings: what puts a proposal to the vote, and which opening stands when there are several.

An opening fixes text, terms and roll by what it embeds and lists, so it can be judged by itself. *Only the proposer
opens*, and their first one stands (lowest generation, sequence number, hash). A feed has one writer and an order, so
nobody else can put another opening before the one that people vote on already; a proposer who keeps two feeds going
could, by opening in the older one last. Once pages of a register enter openings, that ends, and others may open, too.
"""

from hashlib import sha256

import msgspec

from crdt.ids import ChangeHash, MemberId
from p2pcouncil.domain.entries import Leave, Open, Propose, Second, Vouch
from p2pcouncil.domain.facts import Fact, Facts
from p2pcouncil.domain.membership import roll_of
from p2pcouncil.domain.proposals import counted, is_plain_version
from p2pcouncil.domain.records import Charter, Join
from p2pcouncil.domain.rejections import REFUSALS, WAITS, Rule, Verdict


class Candidate(msgspec.Struct, frozen=True):
    """An opening that is sound by itself.

    Attributes:
        rank: the lowest of a proposal's candidates stands.
        roll: who may vote.
    """

    rank: tuple[int, int, ChangeHash]
    roll: frozenset[MemberId]


def judge_open(
    fact: Fact, body: Open, facts: Facts, founders: frozenset[MemberId], charter: Charter
) -> Candidate | Verdict:
    """Judge an opening by what it embeds and lists, without its rivals."""
    if fact.hash in facts.missing:
        return (
            WAITS  # First of all: an opening that lists thousands is looked at again as each of them comes.
        )
    if len({*body.seconds, *body.vouches, *body.leaves}) != sum(
        map(len, (body.seconds, body.vouches, body.leaves))
    ):
        return REFUSALS[Rule.LISTED_TWICE]
    if not is_plain_version(body.version):
        return REFUSALS[Rule.VERSION]
    if sha256(body.text.encode()).digest() != body.version.digest:
        return REFUSALS[Rule.TEXT]
    proposal = counted(body.proposal, Propose, facts)
    if not isinstance(proposal, Propose):
        return proposal
    if facts.held[ChangeHash(body.proposal)].member != fact.member:
        return REFUSALS[Rule.OPENED_BY_OTHER]
    if (body.title, body.summary, body.method, body.options) != (
        proposal.title,
        proposal.summary,
        proposal.method,
        proposal.options,
    ):
        return REFUSALS[Rule.TERMS]
    seconders = _seconders(body, facts)
    if not isinstance(seconders, frozenset):
        return seconders
    roll = _roll(body, facts, founders, charter.vouches_needed)
    if not isinstance(roll, frozenset):
        return roll
    if len(seconders & roll) < charter.seconds_needed:
        return REFUSALS[Rule.TOO_FEW_SECONDS]
    if fact.member not in roll:
        return REFUSALS[Rule.NOT_ON_ROLL]
    return Candidate((facts.lanes[fact.lane].generation, fact.seq, fact.hash), roll)


def _seconders(body: Open, facts: Facts) -> frozenset[MemberId] | Verdict:
    members: set[MemberId] = set()
    for name in body.seconds:
        said = facts.held[ChangeHash(name)].body
        if isinstance(said, Second) and (said.proposal, said.version) != (body.proposal, body.version):
            return REFUSALS[Rule.SECONDS]
        second = counted(name, Second, facts)
        if not isinstance(second, Second):
            return second
        members.add(facts.held[ChangeHash(name)].member)
    return frozenset(members)


def _roll(
    body: Open, facts: Facts, founders: frozenset[MemberId], needed: int
) -> frozenset[MemberId] | Verdict:
    edges = []
    for name in body.vouches:
        vouch = counted(name, Vouch, facts)
        if not isinstance(vouch, Vouch):
            return vouch
        fact = facts.held[ChangeHash(name)]
        assert isinstance(fact.record, Join)  # a vouch that counts carries a join that holds
        edges.append((fact.member, MemberId(fact.record.member)))
    left = []
    for name in body.leaves:
        leave = counted(name, Leave, facts)
        if not isinstance(leave, Leave):
            return leave
        left.append(facts.held[ChangeHash(name)].member)
    return roll_of(founders, edges, needed, left)


class Openings:
    """Per proposal, the sound openings, and the one of them that stands."""

    def __init__(self) -> None:
        self._candidates: dict[ChangeHash, dict[ChangeHash, Candidate]] = {}
        self._standing: dict[ChangeHash, ChangeHash] = {}

    def standing(self, proposal: ChangeHash) -> ChangeHash | None:
        """The opening that stands; None if no sound one is held."""
        standing = self._standing.get(proposal)
        if standing is None:
            candidates = self._candidates.get(proposal)
            if not candidates:
                return None
            standing = self._standing[proposal] = min(candidates, key=lambda name: candidates[name].rank)
        return standing

    def candidate(self, proposal: ChangeHash, entry: ChangeHash) -> Candidate | None:
        """A sound opening; None if this one is not."""
        return self._candidates.get(proposal, {}).get(entry)

    def add(self, proposal: ChangeHash, entry: ChangeHash, candidate: Candidate) -> None:
        """An opening is sound. The cost does not grow with the number of its rivals."""
        candidates = self._candidates.setdefault(proposal, {})
        candidates[entry] = candidate
        standing = self._standing.get(proposal)
        if standing is not None and candidate.rank < candidates[standing].rank:
            self._standing[proposal] = entry

    def remove(self, proposal: ChangeHash, entry: ChangeHash) -> None:
        """An opening is not sound, or not held any more."""
        candidates = self._candidates.get(proposal)
        if candidates is None or candidates.pop(entry, None) is None:
            return
        if not candidates:
            del self._candidates[proposal]
        if self._standing.get(proposal) == entry:
            del self._standing[proposal]
