"""Carrying: what others said and we rely on, kept where no fork of theirs takes it away.

A store drops what stands in a feed above a fork. Whoever forks theirs would take back a precommit on which a page
stands, a seal that a page names, or the page itself. So what a decided page rests on is put into the feeds of more
tellers than may lie; and what a lock rests on is said again by whoever is locked as soon as it is in no feed any more.

Source: DESIGN section 3, "Equivocation".
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from crdt.ids import MemberId
from p2pcouncil.domain.register.belonging import is_convictable
from p2pcouncil.domain.register.certificates import precommit_of
from p2pcouncil.domain.register.closing import Sheet
from p2pcouncil.domain.register.minutes import Minutes
from p2pcouncil.domain.register.pages import Page, read_page
from p2pcouncil.domain.register.sayings import Precommit, Prevote, Said, saying_message
from p2pcouncil.peer.register.alarm import Alarm
from p2pcouncil.peer.register.held import Held

CARRY_PAUSE_MS = 2_000
"""Between one group of f + 1 tellers and the next: the first of them do, unless they are away."""
CARRIED_BYTES = 140_000
"""Of sayings in one telling: a seal of the largest council fits."""
CARRIED_SAYINGS = 512

Sheets = tuple[tuple[bytes, Sheet], ...]


@dataclass(frozen=True, slots=True)
class Load:
    """What to carry: others' sayings, and a page with its sheets; both may be empty."""

    said: tuple[Said, ...] = ()
    page: bytes = b""
    sheets: Sheets = ()


@dataclass(slots=True)
class Carrier:
    """One teller's part in keeping what everybody relies on.

    Attributes:
        me: the teller.
        minutes, held: what was said, and what else is held.
    """

    me: MemberId
    minutes: Minutes
    held: Held
    _carried: set[bytes] = field(default_factory=set)
    _since_ms: tuple[int, int] = (0, 0)

    def load(self, clock_ms: int, alarm: Alarm, is_pressing: bool = False) -> Load | None:
        """What to carry now; None for nothing. Each thing is carried once.

        Args:
            clock_ms: this laptop's clock.
            alarm: is set to when our turn comes.
            is_pressing: whether we are about to build on the last page, so that the others are waited for no more.
        """
        lock = self._lock()
        if lock is not None:
            return lock
        last = self.minutes.last_page()
        relied_on = [] if last is None else [*self._precommits(), *self._seals(last)]
        said = tuple(self._within_bounds(self._scarce([*relied_on, *self._evidence()])))
        value = (
            self.minutes.chain.page if last is not None and self._is_scarce(self.minutes.chain.page) else b""
        )
        if not said and not value:
            return None
        if not is_pressing and clock_ms < (due_ms := self._turn_ms(clock_ms)):
            alarm.set(due_ms)
            return None
        return self._load(said, value)

    def load_of_break(self) -> Load | None:
        """What proves that two pages of a number are certified, one page after the other; None if all is carried.

        Who knows only one of them goes on as if it stood, until somebody shows them the other.
        """
        for decision in self.minutes.shot.decisions():
            said = [
                said
                for saying, said in self.minutes.originals(self.minutes.broken)
                if isinstance(saying, Precommit)
                and (saying.value, saying.round) == (decision.value, decision.round)
            ]
            said = list(self._within_bounds(self._scarce(said)))
            value = decision.value if self._is_scarce(decision.value) else b""
            if said or value:
                return self._load(said, value)
        return None

    def seals_of(self, page: Page) -> tuple[Said, ...]:
        """Seals that a new page of ours names and too few feeds hold."""
        return self._taken(self._within_bounds(self._scarce(self._seals(page))))

    def prevotes_for(self, value: bytes, round_: int) -> tuple[Said, ...]:
        """Prevotes that let us propose a page again and that too few feeds hold."""
        return self._taken(self._within_bounds(self._scarce(self._prevotes(value, round_))))

    def _scarce(self, sayings: Iterable[Said]) -> list[Said]:
        """Of some sayings those that neither our feed holds nor, for sure, an honest teller's."""
        return [said for said in sayings if self._is_scarce(saying_message(said.body))]

    def _is_scarce(self, name: bytes) -> bool:
        if name in self._carried:
            return False
        carriers = self.held.carriers(name)
        committee = self.minutes.shot.committee
        tellers = sum(teller.member in carriers for teller in committee.tellers)
        return self.me not in carriers and tellers <= committee.liars

    def _turn_ms(self, clock_ms: int) -> int:
        """When our turn is: tellers carry in groups of f + 1, in the order in which they propose."""
        number, since_ms = self._since_ms
        if number != self.minutes.number or since_ms > clock_ms:
            self._since_ms = self.minutes.number, clock_ms
        committee = self.minutes.shot.committee
        rank = [teller.member for teller in committee.tellers].index(self.me)
        return self._since_ms[1] + rank // (committee.liars + 1) * CARRY_PAUSE_MS

    def _load(self, said: Iterable[Said], value: bytes) -> Load:
        data = self.minutes.page(value) if value else None
        if data is None:
            return Load(self._taken(said))
        self._carried.add(value)
        held = [(closed.issue, self.minutes.sheet(closed.sheets)) for closed in read_page(data).closed]
        sheets = tuple((issue, sheet) for issue, sheet in held if sheet is not None)
        return Load(self._taken(said), data, sheets)

    def _taken(self, said: Iterable[Said]) -> tuple[Said, ...]:
        taken = tuple(said)
        self._carried.update(saying_message(one.body) for one in taken)
        return taken

    def _within_bounds(self, said: Iterable[Said]) -> Iterator[Said]:
        """As many as go into one telling; the others go into the next."""
        room = CARRIED_BYTES
        for at, one in enumerate(said):
            room -= len(one.body)
            if at == CARRIED_SAYINGS or (room < 0 and at):
                return
            yield one

    def _precommits(self) -> list[Said]:
        """A quorum of those of the last page: the ones that stand in most feeds."""
        certificate, committee = self.minutes.certificate(), self.minutes.chain.committee
        if certificate is None or committee is None:
            return []
        precommits = [precommit_of(certificate, signer) for signer in certificate.signers]
        precommits.sort(key=lambda said: -len(self.held.carriers(saying_message(said.body))))
        return precommits[: committee.quorum]

    def _seals(self, page: Page) -> Iterator[Said]:
        for closed in page.closed:
            for name in closed.seals:
                said = self.minutes.original(closed.issue, name)
                if said is not None:
                    yield said

    def _evidence(self) -> Iterator[Said]:
        """Against liars whom no page has convicted yet."""
        for conviction in self.minutes.convictions():
            if is_convictable(self.minutes.chain, conviction):
                yield conviction.one
                yield conviction.other

    def _prevotes(self, value: bytes, round_: int) -> Iterator[Said]:
        for saying, said in self.minutes.originals(self.minutes.number):
            if isinstance(saying, Prevote) and (saying.value, saying.round) == (value, round_):
                yield said

    def _lock(self) -> Load | None:
        """The page that we are locked on and the prevotes for it, if that is in nobody's feed any more."""
        value, round_ = self.minutes.shot.lock_of(self.me)
        if not value:
            return None
        lost = [said for said in self._prevotes(value, round_) if self._is_lost(saying_message(said.body))]
        is_page_lost = self._is_lost(value) and self.minutes.page(value) is not None
        if not lost and not is_page_lost:
            return None
        return self._load(self._within_bounds(lost), value if is_page_lost else b"")

    def _is_lost(self, name: bytes) -> bool:
        return name not in self._carried and not self.held.carriers(name)
