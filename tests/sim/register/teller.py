"""One honest teller in the simulation: the product's rules, with a disk that survives and a memory that does not."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from crdt.errors import RemoteError
from crdt.ids import ChangeHash, MemberId
from p2pcouncil.domain.register.certificates import Certificate, make_certificate
from p2pcouncil.domain.register.chain import Chain
from p2pcouncil.domain.register.closing import Sheet, close, look_at_closing, sheet_hashes
from p2pcouncil.domain.register.following import follow
from p2pcouncil.domain.register.pages import Entered, Page, encode_page, page_hash, read_page
from p2pcouncil.domain.register.sayings import (
    AnySaying,
    PageProposal,
    Precommit,
    Prevote,
    Receipt,
    Received,
    Said,
    Seal,
    read_saying,
    saying_message,
)
from p2pcouncil.domain.register.sealing import numbers_to_seal, pack_numbers, unpack_numbers
from p2pcouncil.domain.register.shot import Decision, Look, Propose, Shot, Step, Vote, Wait
from p2pcouncil.domain.sortition import lot
from tests.sim.register.people import Person, is_said

WINDOW_MINUTES = 60


@dataclass(frozen=True, slots=True)
class CastBallot:
    """A member's ballot as it travels: in a feed, so with those before it."""

    issue: bytes
    member: MemberId
    number: int
    hash: ChangeHash
    before: "CastBallot | None" = None


@dataclass(frozen=True, slots=True)
class Opening:
    """An opening as it travels."""

    entered: Entered


@dataclass(frozen=True, slots=True)
class SheetOf:
    """A sheet as it travels beside the page that pins it."""

    issue: bytes
    sheet: Sheet


Item = Said | bytes | CastBallot | Opening | SheetOf
"""What is replicated: sayings, bytes of pages, ballots, openings, sheets."""


@dataclass(slots=True)
class Disk:
    """What a crash does not take: everything that was heard, in the order in which it came, and what was said."""

    heard: dict[Item, None] = field(default_factory=dict)


class Teller:
    """An honest teller. `take` and `step` say what to send; `crash` forgets all but the disk."""

    def __init__(self, me: Person, first: Chain, clock_ms: Callable[[], int]) -> None:
        self.me = me
        self.first = first
        self.clock_ms = clock_ms
        self.disk = Disk()
        self.wake()

    def wake(self) -> None:
        """Start from the disk, and go as far as what is held goes."""
        self.chain = self.first
        self.expired: set[Wait] = set()
        self.waits: frozenset[Wait] = frozenset()
        self.pages: dict[bytes, bytes] = {}
        self.said: dict[bytes, tuple[AnySaying, Said]] = {}
        self.ballots: dict[bytes, dict[MemberId, dict[int, ChangeHash]]] = {}
        self.openings: dict[bytes, Entered] = {}
        self.sheets: dict[tuple[bytes, ...], SheetOf] = {}
        self.certificates: dict[int, Certificate] = {}
        self.chains: dict[int, Chain] = {0: self.first}
        self.shots: dict[int, list[PageProposal | Prevote | Precommit]] = {}
        self.unreceipted: set[CastBallot] = set()
        self._begin()
        for item in self.disk.heard:
            self._learn(item, is_new=False)
        self._advance()

    def take(self, item: Item) -> list[Item]:
        """Hear something; returns what to send."""
        if item in self.disk.heard:
            return []
        self.disk.heard[item] = None
        self._learn(item, is_new=True)
        return self.step()

    def time_out(self, wait: Wait) -> list[Item]:
        if wait in self.waits:
            self.expired.add(wait)
        return self.step()

    def step(self, moves_max: int = 64) -> list[Item]:
        """Say all that there is to say now. Everything is on the disk before it is returned."""
        sent: list[Item] = []
        for _ in range(moves_max):
            self._advance()
            made = self._one()
            if not made:
                return sent
            for item in made:
                self.disk.heard[item] = None
                self._learn(item, is_new=False)
            sent += made
        raise AssertionError("a teller never stops talking")

    def _begin(self) -> None:
        self.expired = set()
        self._valid: dict[bytes, Chain | None] = {}
        self.shot = Shot(self.chain.next_committee(), self._is_valid)
        for saying in self.shots.get(self.chain.number + 1, ()):
            self.shot.hear(saying)

    def _advance(self) -> None:
        """Go to the next page as long as the one at hand is decided."""
        while (decision := self.shot.decision()) is not None:
            self._turn(decision)

    def _turn(self, decision: Decision) -> None:
        after = self._valid[decision.value]
        assert after is not None
        commits = [
            (saying, said)
            for saying, said in self.said.values()
            if isinstance(saying, Precommit)
            and (saying.number, saying.round, saying.value) == (after.number, decision.round, decision.value)
        ]
        by_member = {saying.member: (saying, said) for saying, said in commits}
        self.certificates[after.number] = make_certificate(by_member.values())
        self.chain = self.chains[after.number] = after
        self._begin()

    def _is_valid(self, value: bytes) -> bool | None:
        if value not in self.pages:
            return None
        if value not in self._valid:
            try:
                self._valid[value] = follow(self.chain, read_page(self.pages[value]), value)
            except RemoteError:
                self._valid[value] = None
        return self._valid[value] is not None

    def _learn(self, item: Item, is_new: bool) -> None:
        match item:
            case bytes():
                self.pages[page_hash(item)] = item
            case CastBallot():
                if item.before is not None:
                    self._learn(item.before, is_new)
                self.ballots.setdefault(item.issue, {}).setdefault(item.member, {})[item.number] = item.hash
                if is_new:
                    self.unreceipted.add(item)
            case Opening():
                self.openings[item.entered.issue] = item.entered
            case SheetOf():
                self.sheets[sheet_hashes(item.issue, item.sheet)] = item
            case Said():
                self._hear(item)

    def _hear(self, said: Said) -> None:
        try:
            saying = read_saying(said)
        except RemoteError:
            return
        seat = self.first.roll.get(MemberId(saying.member))
        if seat is None or saying.council != self.first.council or not is_said(said, seat.device):
            return
        self.said[saying_message(said.body)] = (saying, said)
        if isinstance(saying, PageProposal | Prevote | Precommit):
            self.shots.setdefault(saying.number, []).append(saying)
            if saying.number == self.chain.number + 1:
                self.shot.hear(saying)

    def _one(self) -> list[Item]:
        return self._receipts() or self._seals() or self._move()

    def _sign(self, saying: AnySaying) -> Said:
        return self.me.sign(saying)

    def _own(self) -> Iterator[AnySaying]:
        return (saying for saying, _ in self.said.values() if saying.member == self.me.member)

    def is_over(self, issue: bytes) -> bool:
        vote = self.chain.votes.get(issue)
        return vote is not None and vote.closes_ms is not None and self.clock_ms() >= vote.closes_ms

    def _receipts(self) -> list[Item]:
        ready = [b for b in self.unreceipted if b.issue in self.chain.votes or b.issue in self.openings]
        by_issue: dict[bytes, dict[MemberId, int]] = {}
        for ballot in ready:
            self.unreceipted.discard(ballot)
            if not self.is_over(ballot.issue) and ballot.issue not in self.chain.closed:
                numbers = by_issue.setdefault(ballot.issue, {})
                numbers[ballot.member] = max(ballot.number, numbers.get(ballot.member, 0))
        return [
            self._sign(
                Receipt(
                    self.chain.council,
                    self.me.member,
                    issue,
                    tuple(Received(member, numbers[member]) for member in sorted(numbers)),
                )
            )
            for issue, numbers in sorted(by_issue.items())
        ]

    def receipts(self, issue: bytes) -> list[Receipt]:
        return [s for s, _ in self.said.values() if isinstance(s, Receipt) and s.issue == issue]

    def seals(self, issue: bytes) -> dict[MemberId, tuple[bytes, tuple[int, ...]]]:
        """Seals held, one per teller: of a liar's several the one with the lowest name."""
        found: dict[MemberId, tuple[bytes, tuple[int, ...]]] = {}
        for name, (saying, _) in sorted(self.said.items()):
            if isinstance(saying, Seal) and saying.issue == issue and issue in self.chain.votes:
                numbers = self._numbers(saying)
                if numbers is not None:
                    found.setdefault(MemberId(saying.member), (name, numbers))
        return found

    def _numbers(self, seal: Seal) -> tuple[int, ...] | None:
        try:
            return unpack_numbers(seal.numbers, len(self.chain.votes[seal.issue].roll))
        except RemoteError:
            return None

    def _seals(self) -> list[Item]:
        for issue, vote in sorted(self.chain.votes.items()):
            if not self.is_over(issue) or any(isinstance(s, Seal) and s.issue == issue for s in self._own()):
                continue
            receipts = self.receipts(issue)
            own: dict[MemberId, int] = {}
            for receipt in receipts:
                if receipt.member == self.me.member:
                    for received in receipt.ballots:
                        member = MemberId(received.member)
                        own[member] = max(received.number, own.get(member, 0))
            numbers = numbers_to_seal(vote.roll, own, receipts, vote.committee.liars)
            return [self._sign(Seal(self.chain.council, self.me.member, issue, pack_numbers(numbers)))]
        return []

    def _ballots(self, issue: bytes) -> Callable[[MemberId], Mapping[int, ChangeHash]]:
        held = self.ballots.get(issue, {})
        return lambda member: held.get(member, {})

    def draft(self) -> tuple[Page, list[SheetOf]] | None:
        """The page that is due by what this teller holds, with its sheets; None if nothing waits."""
        chain = self.chain
        committee = chain.next_committee()
        proof = self._proof()
        if committee.proposer(0).member == self.me.member:
            proof = self.me.prove(lot.lot_input(chain.council, chain.seed, chain.number + 1))
        closings = [
            close(vote, seals, self._ballots(issue), b"")
            for issue, vote in sorted(chain.votes.items())
            if vote.closes_ms is not None and len(seals := self.seals(issue)) >= vote.committee.quorum
        ]
        closed = [closing for closing in closings if closing is not None]
        known = {*chain.votes, *chain.closed}
        entered = tuple(self.openings[issue] for issue in sorted(self.openings) if issue not in known)
        page = Page(
            1,
            chain.council,
            chain.number + 1,
            chain.page,
            self.certificates.get(chain.number),
            proof,
            entered=entered,
            closed=tuple(closing for closing, _ in closed),
        )
        needs_time = any(vote.closes_ms is None for vote in chain.votes.values())
        if page.is_empty and not needs_time:
            return None
        return page, [SheetOf(closing.issue, sheet) for closing, sheet in closed]

    def _proof(self) -> bytes:
        """The first proposer's proof, if any page of this number brought it; it stays theirs whoever proposes."""
        proofs = (read_page(self.pages[v]).proof for v, chain in self._valid.items() if chain is not None)
        return next((proof for proof in proofs if proof), b"")

    def look(self, value: bytes) -> Look:
        """What this teller thinks of a new page."""
        page = read_page(self.pages[value])
        if self._proof() and not page.proof:
            return Look.BAD
        if any(entered.issue not in self.openings for entered in page.entered):
            return Look.UNKNOWN
        if any(self.openings[entered.issue] != entered for entered in page.entered):
            return Look.BAD
        for closed in page.closed:
            seen = look_at_closing(
                self.chain.votes[closed.issue], closed, self._seal, self._ballots(closed.issue)
            )
            if seen is not Look.GOOD:
                return seen
            if closed.sheets not in self.sheets:
                return Look.UNKNOWN
        return Look.GOOD

    def _seal(self, teller: MemberId, name: bytes) -> tuple[int, ...] | None:
        saying, _ = self.said.get(name, (None, None))
        if not isinstance(saying, Seal) or saying.member != teller or saying.issue not in self.chain.votes:
            return None
        return self._numbers(saying)

    def _move(self) -> list[Item]:
        draft = self.draft()
        move = self.shot.next_move(self.me.member, self.expired, self.look, draft is not None)
        # While nothing waits for a page nobody waits for a proposal.
        is_idle = draft is None and not self.shots.get(self.chain.number + 1)
        self.waits = frozenset() if is_idle else move.waits
        council, me, number = self.chain.council, self.me.member, self.chain.number + 1
        match move.say:
            case Propose(round=round_, value=value, valid_round=valid_round):
                made: list[Item] = []
                if value is None:
                    assert draft is not None
                    page, sheets = draft
                    data = encode_page(page)
                    value = page_hash(data)
                    made += [data, *sheets]
                return [*made, self._sign(PageProposal(council, me, number, round_, value, valid_round))]
            case Vote(step=Step.PREVOTE, round=round_, value=value):
                return [self._sign(Prevote(council, me, number, round_, value))]
            case Vote(round=round_, value=value):
                return [self._sign(Precommit(council, me, number, round_, value, self.clock_ms()))]
            case None:
                return []
