"""The agenda: what waits for a page by the entries that are held, as tellers ask for it.

Everything here is a function of the set of entries and the last page. Tellers draft pages from it, and look up in it
what others' drafts claim.
"""

from collections.abc import Mapping
from typing import NamedTuple

from crdt.ids import ChangeHash, MemberId
from p2pcouncil.domain.books import Books
from p2pcouncil.domain.entries import Open, Pledge, StateDuty, Vouch
from p2pcouncil.domain.finals import count_choices, named_ballots, result_of
from p2pcouncil.domain.planning.round_result import result_of_round
from p2pcouncil.domain.readings import read_objectors
from p2pcouncil.domain.records import Join
from p2pcouncil.domain.register.belonging import is_barred
from p2pcouncil.domain.register.chain import OpenVote
from p2pcouncil.domain.register.closing import Sheet
from p2pcouncil.domain.register.pages import Entered, Pledged, Result


class Newcomer(NamedTuple):
    """Somebody who asks to come onto the roll.

    Attributes:
        join: the signed join, the one that counts.
        vouches: per member who vouches for them, the vouch of the lowest hash.
        objectors: members who object.
    """

    join: bytes
    vouches: Mapping[MemberId, ChangeHash]
    objectors: frozenset[MemberId]


class Agenda:
    """What waits in one council."""

    def __init__(self, books: Books) -> None:
        self._books = books

    def openings(self) -> dict[bytes, Entered]:
        """Openings that a page may enter, by issue: sound, not withdrawn, opened and seconded from the roll."""
        books = self._books
        chain = books.register.chain
        found: dict[bytes, Entered] = {}
        for name, issue in books.issues.items():
            terms = issue.terms
            proposal = books.proposals.get(ChangeHash(terms.proposal))
            if proposal is None or proposal.withdrawals or books.register.entering(name) is not None:
                continue
            seconders = {books.facts.held[ChangeHash(second)].member for second in terms.seconds}
            is_seconded = len(seconders & chain.roll.keys()) >= chain.charter.seconds_needed
            if issue.fact.member in chain.roll and is_seconded:
                found[name] = Entered(name, terms.proposal, terms.window_seconds, terms.effect)
        return found

    def ballots(self, issue: bytes, member: MemberId) -> dict[int, ChangeHash]:
        """A member's ballots on a vote that count or might, by number; of two under one number the lowest hash."""
        voter = self._books.voter(ChangeHash(issue), member)
        return {} if voter is None else voter.numbered()

    def voters(self, issue: bytes) -> tuple[MemberId, ...]:
        """Who cast a ballot on a vote that counts or might, ascending."""
        name = ChangeHash(issue)
        held = self._books.issues.get(name) or self._books.rounds.get(name)
        return () if held is None else tuple(sorted(held.voters))

    def result(self, vote: OpenVote, sheet: Sheet) -> Result | None:
        """What the ballots of a sheet come to; those that are not held count for nothing.

        Returns:
            None for a planning round whose earlier rounds are not all held.
        """
        if vote.round:
            return result_of_round(self._books, vote, sheet)
        opening = self._books.facts.held[ChangeHash(vote.issue)].body
        assert isinstance(opening, Open), "a vote's ballots are held only with its opening"
        ballots, _ = named_ballots(opening, ChangeHash(vote.issue), vote.roll, sheet, self._books.facts)
        return result_of(count_choices(opening, len(vote.roll), (ballot.choice for ballot in ballots)))

    def newcomers(self) -> dict[MemberId, Newcomer]:
        """Who asks to come onto the roll, with whoever vouches for them or objects."""
        books = self._books
        chain, membership = books.register.chain, books.membership
        found: dict[MemberId, Newcomer] = {}
        for member in sorted(membership.admitted - chain.roll.keys()):
            if member in membership.left or is_barred(chain, member):
                continue
            joins = books.duty.joins.of(member)
            origin = books.duty.origin(member)
            if not joins or origin is None or origin.device is None:
                continue
            vouches: dict[MemberId, ChangeHash] = {}
            signed = b""
            for voucher, name in membership.vouches_for(member).items():
                fact = books.facts.held[name]
                assert isinstance(fact.body, Vouch)
                if isinstance(fact.record, Join) and fact.record == joins[0]:
                    vouches[voucher] = name
                    signed = min(filter(None, (signed, fact.body.join)))
            if vouches:
                found[member] = Newcomer(signed, vouches, frozenset(read_objectors(books, member)))
        return found

    def leaves(self) -> dict[MemberId, ChangeHash]:
        """Members of the roll who left, with the leave of the lowest hash."""
        left, roll = self._books.membership.left, self._books.register.chain.roll
        return {member: min(left[member]) for member in sorted(left) if member in roll}

    def statements(self) -> dict[MemberId, bytes]:
        """Per member of the roll, the signed duty statement that counts, if it is later than the roll's."""
        books = self._books
        found: dict[MemberId, bytes] = {}
        for member, seat in books.register.chain.roll.items():
            duty = books.duty.of(member)
            if duty.statement is None or duty.number <= seat.duty_number:
                continue
            carrier = books.facts.held[books.duty.statements.carrier(member, duty.statement)]
            assert isinstance(carrier.body, StateDuty)
            found[member] = carrier.body.statement
        return found

    def pledges(self) -> dict[MemberId, Pledged]:
        """Per member of the roll, their last pledge that counts."""
        books = self._books
        last: dict[MemberId, tuple[int, int, ChangeHash]] = {}
        for name in books.listed[Pledge]:
            fact = books.facts.held[name]
            place = (books.facts.lanes[fact.lane].generation, fact.seq, name)
            if fact.member in books.register.chain.roll and books.facts.lanes[fact.lane].device == (
                books.register.chain.roll[fact.member].device
            ):
                last[fact.member] = max(place, last.get(fact.member, place))
        found: dict[MemberId, Pledged] = {}
        for member in sorted(last):
            name = last[member][2]
            body = books.facts.held[name].body
            assert isinstance(body, Pledge)
            found[member] = Pledged(member, body.vrf, body.is_on, name)
        return found
