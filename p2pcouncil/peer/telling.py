"""Telling: what this member says as a teller, given what is held. Nothing is signed or sent here.

A teller does its part on its own while its peer runs: it receipts ballots, seals votes that are over, and takes part in
writing pages. What it says follows from the minutes, which hold what it said before; so it may be asked again at any
time, after a crash or a week asleep, and never says two things. Each saying has to be on disk, and back in the minutes,
before the next one is asked for.

Source: DESIGN section 6.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from crdt.ids import ChangeHash, DeviceId, MemberId
from p2pcouncil.domain.records import RULES_VERSION
from p2pcouncil.domain.register.belonging import is_convictable
from p2pcouncil.domain.register.certificates import clock_of
from p2pcouncil.domain.register.chain import MS_PER_SECOND, OpenVote
from p2pcouncil.domain.register.closing import Ballots, Sheet, close, look_at_closing
from p2pcouncil.domain.register.minutes import Minutes
from p2pcouncil.domain.register.pages import (
    MAX_CLOSINGS,
    MAX_CONVICTIONS,
    MAX_OPENINGS,
    Closed,
    Convicted,
    Entered,
    Page,
    Pledged,
    Result,
    encode_page,
    page_hash,
    read_page,
)
from p2pcouncil.domain.register.sayings import (
    MAX_RECEIPTED,
    AnySaying,
    PageProposal,
    Precommit,
    Prevote,
    Receipt,
    Received,
    Seal,
)
from p2pcouncil.domain.register.sealing import numbers_to_seal, pack_numbers
from p2pcouncil.domain.register.shot import Look, Propose, Step, Vote, Wait
from p2pcouncil.domain.sortition import lot

CONVICTIONS_BYTES = 40_000
"""Room for evidence on a page that we propose; a page that is too large would be proposed for ever."""
CLOSINGS_SEALS = 1_000
"""Seals that the votes name which a page of ours closes; each takes 68 bytes."""


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody who asks to come onto the roll.

    Attributes:
        join: the signed join, the one that counts.
        vouches: per member who vouches for them, the vouch of the lowest hash.
        objectors: members who object.
    """

    join: bytes
    vouches: Mapping[MemberId, ChangeHash]
    objectors: frozenset[MemberId]


class Held(Protocol):
    """What a teller asks its peer: what it holds beside the minutes."""

    def openings(self) -> Mapping[bytes, Entered]:
        """Openings that are sound, by issue."""
        ...

    def ballots(self, issue: bytes, member: MemberId) -> Mapping[int, ChangeHash]:
        """A member's ballots on a vote, by number."""
        ...

    def came_by(self, issue: bytes, until_ms: int) -> Mapping[MemberId, int]:
        """Per member, the highest number of a ballot that was on this laptop's disk by then, by its own clock."""
        ...

    def is_forked(self, member: MemberId) -> bool:
        """Whether a feed of theirs is known to be forked, so that a ballot of theirs may never come."""
        ...

    def result(self, vote: OpenVote, sheet: Sheet) -> Result:
        """What the ballots of a sheet come to; all of them are held."""
        ...

    def newcomers(self) -> Mapping[MemberId, Newcomer]:
        """Who asks to come onto the roll, with whoever vouches for them or objects."""
        ...

    def leaves(self) -> Mapping[MemberId, ChangeHash]:
        """Members who left, with the leave that counts."""
        ...

    def statements(self) -> Mapping[MemberId, bytes]:
        """Per member, the signed duty statement that counts."""
        ...

    def pledges(self) -> Mapping[MemberId, Pledged]:
        """Per member, the pledge that counts: their last one."""
        ...

    def prove(self, alpha: bytes) -> bytes:
        """This device's VRF proof, 80 bytes."""
        ...


@dataclass(frozen=True, slots=True)
class Telling:
    """What to say next.

    Attributes:
        saying: to be signed by this device.
        page: the bytes of a new page, to be stored beside its proposal; empty for none.
        sheets: those that the page pins, by issue.
    """

    saying: AnySaying
    page: bytes = b""
    sheets: tuple[tuple[bytes, Sheet], ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """A page that a teller would propose, with the sheets that it pins."""

    page: Page
    sheets: tuple[tuple[bytes, Sheet], ...]


@dataclass(slots=True)
class Teller:
    """One member's part in a register.

    Attributes:
        me: the member.
        device: this laptop's. While it is not the one that the roll names, it says nothing.
        minutes: what was said; grows as entries come.
        held: what else is held.
        came: ballots that came since the last receipt, by issue and member; from the network, not from the disk.
        waits: the time-outs that run. The peer starts their clocks, and tells by `expire` that one is over.
    """

    me: MemberId
    device: DeviceId
    minutes: Minutes
    held: Held
    came: dict[bytes, dict[MemberId, int]] = field(default_factory=dict)
    waits: frozenset[Wait] = frozenset()
    _expired: set[Wait] = field(default_factory=set)
    _expired_of: int = 0

    def receive(self, issue: bytes, member: MemberId, number: int) -> None:
        """A ballot came. One that was read from this laptop's own disk did not: nobody knows when it had come."""
        numbers = self.came.setdefault(issue, {})
        numbers[member] = max(number, numbers.get(member, 0))

    def expire(self, number: int, wait: Wait) -> None:
        """A time-out is over, which began while the page of this number was the next one."""
        if number == self.minutes.number and wait in self.waits:
            self._expired_now().add(wait)

    def next_telling(self, clock_ms: int) -> Telling | None:
        """What to say next; None if there is nothing at the moment, and `waits` says for what time-outs to wait.

        Args:
            clock_ms: this laptop's clock, milliseconds since 1970.
        """
        if self.minutes.broken:
            return None
        saying = self._receipt(clock_ms) or self._seal(clock_ms)
        return Telling(saying) if saying is not None else self._move(clock_ms)

    def round(self) -> int:
        """Which round of the next page this teller is in; for people who watch."""
        return self.minutes.shot.round_of(self.me, self._expired_now())

    def draft(self) -> Draft | None:
        """The page that is due by what is held; None if nothing waits for one."""
        minutes, chain = self.minutes, self.minutes.chain
        closings = self._closings()
        page = Page(
            RULES_VERSION,
            chain.council,
            minutes.number,
            chain.page,
            minutes.certificate(),
            self._proof(),
            entered=self._entering(),
            closed=tuple(closed for closed, _ in closings),
            convicted=self._convicting(),
        )
        needs_time = any(vote.closes_ms is None for vote in chain.votes.values())
        if page.is_empty and not needs_time:
            return None
        return Draft(page, tuple((closed.issue, sheet) for closed, sheet in closings))

    def look(self, value: bytes) -> Look:
        """What this teller thinks of a new page: whether what it claims agrees with what is held.

        Args:
            value: hash of a page that is held and valid.
        """
        data = self.minutes.page(value)
        assert data is not None, "only pages that are held are looked at"
        page = read_page(data)
        if page.joined or page.left or page.pledged or any(closed.outcome for closed in page.closed):
            return Look.BAD  # We can't look these up yet, and a page must not claim what nobody looked at.
        if self._proof() and not page.proof:
            return Look.BAD  # The first proposer spoke; leaving that out would be a choice of seeds.
        openings = self.held.openings()
        for entered in page.entered:
            if openings.get(entered.issue) != entered:
                return Look.BAD if entered.issue in openings else Look.UNKNOWN
        for closed in page.closed:
            vote = self.minutes.chain.votes[closed.issue]
            seen = look_at_closing(vote, closed, self.minutes.seal, self._ballots(vote))
            if seen is Look.GOOD and self.minutes.sheet(closed.sheets) is None:
                seen = Look.UNKNOWN  # Others will need it, so it has to be with us.
            if seen is not Look.GOOD:
                return seen
        return Look.GOOD

    def _expired_now(self) -> set[Wait]:
        if self._expired_of != self.minutes.number:
            self._expired, self._expired_of = set(), self.minutes.number
        return self._expired

    def _is_over(self, vote: OpenVote, clock_ms: int) -> bool:
        """Whether a vote is over by our clock. Before a page tells its end, the certificate of its own page does."""
        if vote.closes_ms is not None:
            return clock_ms >= vote.closes_ms
        certificate = self.minutes.certificate()
        assert certificate is not None, "a page entered the vote, and was certified"
        return clock_ms >= clock_of(certificate) + vote.window_seconds * MS_PER_SECOND

    def _tells(self, vote: OpenVote) -> bool:
        return vote.committee.device_of(self.me) == self.device

    def _receipt(self, clock_ms: int) -> Receipt | None:
        """A receipt for what came while a vote was open. Before its page is known, a vote can't be over."""
        for issue in sorted(self.came):
            vote = self.minutes.vote(issue)
            if vote is None:
                continue  # Its page is still to come, and says who tells.
            numbers = self.came.pop(issue)
            is_open = issue in self.minutes.chain.votes and not self._is_over(vote, clock_ms)
            if not is_open or not self._tells(vote):
                continue
            members = sorted(member for member in numbers if member in vote.roll)
            now, later = members[:MAX_RECEIPTED], members[MAX_RECEIPTED:]
            if later:
                self.came[issue] = {member: numbers[member] for member in later}
            if now:
                received = tuple(Received(member, numbers[member]) for member in now)
                return Receipt(self.minutes.chain.council, self.me, issue, received)
        return None

    def _seal(self, clock_ms: int) -> Seal | None:
        """A seal, once, for a vote whose end a page told. What this teller receipted is what it received in time."""
        for issue, vote in sorted(self.minutes.chain.votes.items()):
            if (
                vote.closes_ms is None
                or not self._is_over(vote, clock_ms)
                or not self._tells(vote)
                or self.me in self.minutes.seals(issue)
            ):
                continue
            receipts = self.minutes.receipts(issue)
            own: dict[MemberId, int] = {}
            for receipt in receipts:
                for received in receipt.ballots if receipt.member == self.me else ():
                    member = MemberId(received.member)
                    own[member] = max(received.number, own.get(member, 0))
            numbers = numbers_to_seal(vote.roll, own, receipts, vote.committee.liars)
            return Seal(self.minutes.chain.council, self.me, issue, pack_numbers(numbers))
        return None

    def _closings(self) -> list[tuple[Closed, Sheet]]:
        """Votes that can be closed, as many as fit on a page."""
        made: list[tuple[Closed, Sheet]] = []
        room = CLOSINGS_SEALS
        for _, vote in sorted(self.minutes.chain.votes.items()):
            closing = self._closing(vote)
            if closing is not None and len(closing[0].tellers) <= room and len(made) < MAX_CLOSINGS:
                made.append(closing)
                room -= len(closing[0].tellers)
        return made

    def _closing(self, vote: OpenVote) -> tuple[Closed, Sheet] | None:
        seals = self.minutes.seals(vote.issue)
        if vote.closes_ms is None or len(seals) < vote.committee.quorum:
            return None
        return close(vote, seals, self._ballots(vote), b"")

    def _ballots(self, vote: OpenVote) -> Ballots:
        return lambda member: self.held.ballots(vote.issue, member)

    def _entering(self) -> tuple[Entered, ...]:
        """Openings that wait: of one proposal the one with the lowest hash."""
        chain, openings = self.minutes.chain, self.held.openings()
        proposals = set(chain.proposals)
        entering = []
        for issue in sorted(openings):
            entered = openings[issue]
            if entered.proposal not in proposals and issue not in chain.closed and issue not in chain.lapsed:
                proposals.add(entered.proposal)
                entering.append(entered)
        return tuple(entering[:MAX_OPENINGS])

    def _convicting(self) -> tuple[Convicted, ...]:
        """Liars whose evidence is held and stands on no page yet."""
        convicting: list[Convicted] = []
        room = CONVICTIONS_BYTES
        for conviction in self.minutes.convictions():
            size = len(conviction.one.body) + len(conviction.other.body)
            if size <= room and is_convictable(self.minutes.chain, conviction):
                convicting.append(conviction)
                room -= size
        return tuple(convicting[:MAX_CONVICTIONS])

    def _proof(self) -> bytes:
        """The first proposer's proof, ours or one that a page brought; empty if there is none."""
        chain, first = self.minutes.chain, self.minutes.shot.committee.proposer(0)
        if first.member == self.me and first.vrf:
            return self.held.prove(lot.lot_input(chain.council, chain.seed, self.minutes.number))
        return self.minutes.proof()

    def _move(self, clock_ms: int) -> Telling | None:
        """Our part in deciding the next page. While nothing waits for one, nobody waits for a proposal."""
        minutes = self.minutes
        if minutes.shot.committee.device_of(self.me) != self.device:
            self.waits = frozenset()
            return None
        draft = self.draft()
        move = minutes.shot.next_move(self.me, self._expired_now(), self.look, draft is not None)
        is_idle = draft is None and not any(True for _ in minutes.said_about(minutes.number))
        self.waits = frozenset() if is_idle else move.waits
        place = (minutes.chain.council, self.me, minutes.number)
        match move.say:
            case Propose(round=round_, value=None):
                assert draft is not None, "a new page is asked for only if there is one"
                data = encode_page(draft.page)
                return Telling(PageProposal(*place, round_, page_hash(data), -1), data, draft.sheets)
            case Propose(round=round_, value=bytes(value), valid_round=valid_round):
                return Telling(PageProposal(*place, round_, value, valid_round))
            case Vote(step=Step.PREVOTE, round=round_, value=value):
                return Telling(Prevote(*place, round_, value))
            case Vote(round=round_, value=value):
                return Telling(Precommit(*place, round_, value, clock_ms))
            case _:
                return None
