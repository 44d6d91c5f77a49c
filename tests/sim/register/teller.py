"""One honest teller in the simulation: the product's rules, a disk that survives, a memory that does not."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from crdt.ids import ChangeHash, MemberId
from p2pcouncil.domain.register.chain import Chain
from p2pcouncil.domain.register.closing import Sheet
from p2pcouncil.domain.register.minutes import Minutes
from p2pcouncil.domain.register.pages import Entered, page_hash
from p2pcouncil.domain.register.sayings import AnySaying, Said, read_saying, saying_message
from p2pcouncil.domain.register.shot import Wait
from p2pcouncil.peer.telling import Teller, Telling
from tests.sim.register.holdings import Holdings
from tests.sim.register.people import Person, is_said

WINDOW_SECONDS = 3_600
TELLINGS_MAX = 64


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
class Asked:
    """Somebody asks to come onto the roll, and a member vouches for them or objects."""

    member: MemberId
    join: bytes
    voucher: MemberId
    vouch: ChangeHash
    is_objection: bool = False


@dataclass(frozen=True, slots=True)
class Gone:
    """A member leaves."""

    member: MemberId
    leave: ChangeHash


@dataclass(frozen=True, slots=True)
class SheetOf:
    """A sheet as it travels beside the page that pins it."""

    issue: bytes
    sheet: Sheet


@dataclass(frozen=True, slots=True)
class Told:
    """An entry of a teller's feed: what it says or carries. It is lost with the feed if that forks."""

    carrier: MemberId
    items: tuple[Said | bytes | SheetOf, ...]


@dataclass(frozen=True, slots=True)
class Fork:
    """Evidence that a member forked their feed below whatever they told."""

    member: MemberId


Item = Told | Fork | CastBallot | Opening | Asked | Gone
"""What is replicated."""


class Laptop:
    """An honest teller's. `take`, `step` and `time_out` say what to send; `crash` forgets all but the disk.

    Attributes:
        disk: what is held, with the time by this laptop's clock when it came.
    """

    def __init__(self, me: Person, first: Chain, clock_ms: Callable[[], int]) -> None:
        self.me = me
        self.first = first
        self.clock_ms = clock_ms
        self.disk: dict[Item, int] = {}
        self.wake()

    def wake(self) -> None:
        """Start from what is on the disk."""
        self.minutes = Minutes(self.first, is_said)
        self.holdings = Holdings(self.me)
        self.teller = Teller(self.me.member, self.me.device_key.device, self.minutes, self.holdings)
        for item, came_ms in list(self.disk.items()):
            self._learn(item, came_ms)

    def take(self, item: Item) -> list[Item]:
        """Hear something; returns what to send."""
        return self.step() if self.store(item) else []

    def store(self, item: Item) -> bool:
        """Put something on the disk, and into what is known; returns whether it is new."""
        if item in self.disk or (isinstance(item, Told) and item.carrier in self.holdings.forked):
            return False
        self.disk[item] = self.clock_ms()
        self._learn(item, self.disk[item])
        return True

    def hear_all(self, of: "Laptop") -> list[Item]:
        """Catch up with another laptop; returns what to send."""
        for item in list(of.disk):
            self.store(item)
        self.teller.heard_all_ms = self.clock_ms()
        return self.step()

    def time_out(self, wait: Wait) -> list[Item]:
        self.teller.expire(self.minutes.number, wait)
        return self.step()

    def step(self) -> list[Item]:
        """Say all that there is to say now. Everything is on the disk before it is returned."""
        sent: list[Item] = []
        for _ in range(TELLINGS_MAX):
            telling = self.teller.next_telling(self.clock_ms())
            if telling is None:
                return sent
            told = self._told(telling)
            self.store(told)
            sent.append(told)
        raise AssertionError("a teller never stops talking")

    def _told(self, telling: Telling) -> Told:
        pages = [telling.page] if telling.page else []
        sheets = [SheetOf(issue, sheet) for issue, sheet in telling.sheets]
        said = [self.me.sign(telling.saying)] if telling.saying is not None else []
        return Told(self.me.member, (*pages, *sheets, *said, *telling.carried))

    def _learn(self, item: Item, came_ms: int) -> None:
        holdings = self.holdings
        match item:
            case Told():
                self._hear(item)
            case Fork():
                holdings.forked.add(item.member)
                lost = [told for told in self.disk if isinstance(told, Told) and told.carrier == item.member]
                for told in lost:
                    del self.disk[told]
            case Opening():
                holdings.opened[item.entered.issue] = item.entered
            case Asked():
                if item.is_objection:
                    holdings.hold_objection(item.member, item.join, item.voucher)
                else:
                    holdings.hold_vouch(item.member, item.join, item.voucher, item.vouch)
            case Gone():
                holdings.gone[item.member] = item.leave
            case CastBallot():
                if item.before is not None:
                    self._learn(item.before, came_ms)
                holdings.hold_ballot(item.issue, item.member, item.number, item.hash, came_ms)

    def _hear(self, told: Told) -> None:
        for item in told.items:
            match item:
                case bytes():
                    self.holdings.feeds.setdefault(page_hash(item), set()).add(told.carrier)
                    self.minutes.hold_page(item)
                case SheetOf():
                    self.minutes.hold_sheet(item.issue, item.sheet)
                case Said():
                    self.holdings.feeds.setdefault(saying_message(item.body), set()).add(told.carrier)
                    self.minutes.hear(item)

    def said(self) -> Iterator[Said]:
        """Every saying on the disk, whoever carries it."""
        for told in self.disk:
            for item in told.items if isinstance(told, Told) else ():
                if isinstance(item, Said):
                    yield item

    def own(self) -> list[AnySaying]:
        """What this teller ever said, by its disk."""
        mine = dict.fromkeys(said for said in self.said() if is_said(said, self.me.device_key.device))
        return [read_saying(said) for said in mine]
