"""The register's book: what tellers said in the entries that are held, and what the pages say of votes and members.

Sayings, pages and sheets prove themselves, so they count whoever carries them, and whatever becomes of the carrier. A
carrier that is taken back (its feed forked below it) takes with it what nobody else carries; the minutes are then made
anew from the rest, so that the state is a function of the entries that are held.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest

import msgspec

from crdt.ids import ChangeHash, CouncilId, MemberId
from p2pcouncil.domain.entries import Tell
from p2pcouncil.domain.facts import Fact
from p2pcouncil.domain.records import Genesis
from p2pcouncil.domain.register.chain import Chain, OpenVote, first_chain
from p2pcouncil.domain.register.closing import Sheet
from p2pcouncil.domain.register.minutes import Minutes
from p2pcouncil.domain.register.pages import Closed, page_hash, read_page
from p2pcouncil.domain.register.sayings import saying_message


class Entering(msgspec.Struct, frozen=True):
    """Where a vote stands in the register.

    Attributes:
        vote: as the last page that knew it running has it.
        closed: what the page that closed it says; None while it is not closed.
        page: number of the page that closed or lapsed it; 0 while it runs.
    """

    vote: OpenVote
    closed: Closed | None
    page: int

    @property
    def has_lapsed(self) -> bool:
        """Whether too few tellers sealed it."""
        return bool(self.page) and self.closed is None


@dataclass(frozen=True, slots=True)
class Turned:
    """What changed by new pages.

    Attributes:
        issues: votes that were entered, told their end, closed or lapsed, or that are so no longer; each with its
            proposal.
        plans: planning periods of which that is so, with the numbers of the rounds that began, or that are there no
            longer or with another roll; None for all rounds.
        members: whose place on the roll changed.
        has_turned: whether the last page is another than before, or the register broke.
    """

    issues: Mapping[ChangeHash, ChangeHash]
    plans: Mapping[ChangeHash, frozenset[int] | None]
    members: frozenset[MemberId]
    has_turned: bool

    @property
    def has_roll_changed(self) -> bool:
        """Whether the roll is another than before."""
        return bool(self.members)


class RegisterBook:
    """What is held of a council's register."""

    def __init__(self, council: CouncilId, genesis: Genesis) -> None:
        """Begin with the founding alone."""
        self._first = first_chain(council, genesis)
        self._tells: dict[ChangeHash, Fact] = {}
        self._carriers: dict[bytes, dict[ChangeHash, MemberId]] = {}
        self._to_hear: list[Fact] = []
        self._must_begin_again = False
        self._known: dict[ChangeHash, Entering] = {}
        self._seen = 0
        self._seen_chain = self._first
        self._seen_broken = 0
        self.minutes = Minutes(self._first)

    @property
    def chain(self) -> Chain:
        """The register up to its last page."""
        return self.minutes.chain

    def come(self, fact: Fact, body: Tell) -> None:
        """An entry came that carries sayings; they are heard when the book is settled."""
        self._tells[fact.hash] = fact
        self._to_hear.append(fact)
        for name in _carried(body):
            self._carriers.setdefault(name, {})[fact.hash] = fact.member

    def go(self, fact: Fact, body: Tell) -> None:
        """Such an entry was taken back."""
        del self._tells[fact.hash]
        self._must_begin_again = True
        for name in _carried(body):
            self._carriers[name].pop(fact.hash, None)
            if not self._carriers[name]:
                del self._carriers[name]

    def carriers(self, name: bytes) -> frozenset[MemberId]:
        """Members in whose feeds a saying or a page of this name stands."""
        return frozenset(self._carriers.get(name, {}).values())

    def settle(self) -> Turned | None:
        """Hear what came, and say what new pages changed; None if nothing came."""
        if self._must_begin_again:
            self.minutes = Minutes(self._first)
            self._to_hear = list(self._tells.values())
            self._must_begin_again = False
        elif not self._to_hear:
            return None
        for fact in self._to_hear:
            self._hear(fact)
        self._to_hear.clear()
        return self._look()

    def entering(self, issue: ChangeHash) -> Entering | None:
        """Where a vote stands; None while no page has entered it."""
        return self._known.get(issue)

    def entered(self) -> Iterable[ChangeHash]:
        """Every vote that a page entered, planning rounds aside, in no particular order."""
        return (name for name, entering in self._known.items() if not entering.vote.round)

    def rounds(self) -> Iterable[ChangeHash]:
        """Every planning round that a page began, in no particular order."""
        return (name for name, entering in self._known.items() if entering.vote.round)

    def sheet(self, issue: ChangeHash) -> Sheet | None:
        """Which ballots count in a closed vote; None while it is not closed, or its sheet is not held."""
        entering = self._known.get(issue)
        if entering is None or entering.closed is None:
            return None
        return self.minutes.sheet(entering.closed.sheets)

    def _hear(self, fact: Fact) -> None:
        assert isinstance(fact.body, Tell)
        for sheet in fact.body.sheets:
            ballots = tuple(ChangeHash(name) if name else None for name in sheet.ballots)
            self.minutes.hold_sheet_part(sheet.issue, sheet.part, ballots)
        for page in fact.body.pages:
            self.minutes.hold_page(page)
        for said in fact.body.said:
            self.minutes.hear(said)

    def _look(self) -> Turned:
        """Compare with what was known before: by new pages alone while none of those seen is gone."""
        minutes = self.minutes
        before, before_chain = self._known, self._seen_chain
        is_longer = self._seen <= minutes.chain.number and minutes.chains[self._seen] is before_chain
        known = dict(before) if is_longer else {}
        for chain in minutes.chains[self._seen + 1 if is_longer else 1 :]:
            known |= {ChangeHash(issue): Entering(vote, None, 0) for issue, vote in chain.votes.items()}
            known |= dict(self._ended(chain, known))
        self._known, self._seen, self._seen_chain = known, minutes.chain.number, minutes.chain
        was_broken, self._seen_broken = self._seen_broken, minutes.broken
        if minutes.chain is before_chain:
            return Turned({}, {}, frozenset(), was_broken != minutes.broken)
        changed: dict[ChangeHash, ChangeHash] = {}
        for name in {**before, **known}:
            vote = (known.get(name) or before[name]).vote
            if known.get(name) != before.get(name) and not vote.round:
                changed[name] = ChangeHash(vote.proposal)
        rolls = (before_chain.roll, minutes.chain.roll)
        members = {m for roll in rolls for m in roll if rolls[0].get(m) != rolls[1].get(m)}
        return Turned(
            changed, _replanned(before_chain, minutes.chain, before, known), frozenset(members), True
        )

    def _ended(
        self, chain: Chain, known: dict[ChangeHash, Entering]
    ) -> Iterator[tuple[ChangeHash, Entering]]:
        """The votes that a page closed or lapsed."""
        ended = [
            issue for ends in (chain.closed, chain.lapsed) for issue, at in ends.items() if at == chain.number
        ]
        if not ended:
            return
        data = self.minutes.page(chain.page)
        assert data is not None, "a page that stands is held"
        closed = {part.issue: part for part in read_page(data).closed}
        for issue in ended:
            name = ChangeHash(issue)
            yield name, Entering(known[name].vote, closed.get(issue), chain.number)


def _replanned(
    before: Chain,
    after: Chain,
    knew: Mapping[ChangeHash, Entering],
    known: Mapping[ChangeHash, Entering],
) -> dict[ChangeHash, frozenset[int] | None]:
    """The planning periods of which two chains tell different things, with the rounds in which proposals may count."""

    def roll(of: Mapping[ChangeHash, Entering], name: bytes) -> tuple[MemberId, ...] | None:
        entering = of.get(ChangeHash(name))
        return None if entering is None else entering.vote.roll

    found: dict[ChangeHash, frozenset[int] | None] = {}
    for plan in {**before.plans, **after.plans}:
        one, other = before.plans.get(plan), after.plans.get(plan)
        if one == other:
            continue
        if one is None or other is None or (one.terms is not other.terms and one.terms != other.terms):
            found[ChangeHash(plan)] = None
            continue
        names = zip_longest(one.rounds, other.rounds)
        found[ChangeHash(plan)] = frozenset(
            number
            for number, pair in enumerate(names, start=1)
            if pair[0] != pair[1] or roll(knew, pair[0]) != roll(known, pair[1])
        )
    return found


def _carried(body: Tell) -> set[bytes]:
    """The names of the sayings and pages that an entry carries."""
    return {saying_message(said.body) for said in body.said} | {page_hash(page) for page in body.pages}
