"""One honest teller in the simulation: the product's rules, a disk that survives, a memory that does not."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from crdt.ids import ChangeHash, MemberId
from p2pcouncil.domain.register.chain import Chain
from p2pcouncil.domain.register.closing import Sheet
from p2pcouncil.domain.register.minutes import Minutes
from p2pcouncil.domain.register.pages import Entered
from p2pcouncil.domain.register.sayings import AnySaying, Said, read_saying
from p2pcouncil.domain.register.shot import Wait
from p2pcouncil.peer.telling import Teller, Telling
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
class SheetOf:
    """A sheet as it travels beside the page that pins it."""

    issue: bytes
    sheet: Sheet


Item = Said | bytes | CastBallot | Opening | SheetOf
"""What is replicated: sayings, bytes of pages, ballots, openings, sheets."""


@dataclass(slots=True)
class Holdings:
    """What a simulated peer holds beside the minutes."""

    person: Person
    opened: dict[bytes, Entered] = field(default_factory=dict)
    cast: dict[tuple[bytes, MemberId], dict[int, ChangeHash]] = field(default_factory=dict)

    def openings(self) -> Mapping[bytes, Entered]:
        return self.opened

    def ballots(self, issue: bytes, member: MemberId) -> Mapping[int, ChangeHash]:
        return self.cast.get((issue, member), {})

    def prove(self, alpha: bytes) -> bytes:
        return self.person.prove(alpha)


class Laptop:
    """An honest teller's. `take`, `step` and `time_out` say what to send; `crash` forgets all but the disk."""

    def __init__(self, me: Person, first: Chain, clock_ms: Callable[[], int]) -> None:
        self.me = me
        self.first = first
        self.clock_ms = clock_ms
        self.disk: dict[Item, None] = {}
        self.wake()

    def wake(self) -> None:
        """Start from what is on the disk."""
        self.minutes = Minutes(self.first, is_said)
        self.holdings = Holdings(self.me)
        self.teller = Teller(self.me.member, self.me.device_key.device, self.minutes, self.holdings)
        for item in self.disk:
            self._learn(item, is_new=False)

    def take(self, item: Item) -> list[Item]:
        """Hear something; returns what to send."""
        if item in self.disk:
            return []
        self.disk[item] = None
        self._learn(item, is_new=True)
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
            made = self._items(telling)
            for item in made:
                self.disk[item] = None
                self._learn(item, is_new=False)
            sent += made
        raise AssertionError("a teller never stops talking")

    def _items(self, telling: Telling) -> list[Item]:
        pages: list[Item] = [telling.page] if telling.page else []
        sheets = [SheetOf(issue, sheet) for issue, sheet in telling.sheets]
        return [*pages, *sheets, self.me.sign(telling.saying)]

    def _learn(self, item: Item, is_new: bool) -> None:
        match item:
            case bytes():
                self.minutes.hold_page(item)
            case SheetOf():
                self.minutes.hold_sheet(item.issue, item.sheet)
            case Said():
                self.minutes.hear(item)
            case Opening():
                self.holdings.opened[item.entered.issue] = item.entered
            case CastBallot():
                if item.before is not None:
                    self._learn(item.before, is_new)
                cast = self.holdings.cast.setdefault((item.issue, item.member), {})
                cast[item.number] = item.hash
                if is_new:
                    self.teller.receive(item.issue, item.member, item.number)

    def own(self) -> list[AnySaying]:
        """What this teller ever said, by its disk."""
        said = [item for item in self.disk if isinstance(item, Said)]
        return [read_saying(item) for item in said if is_said(item, self.me.device_key.device)]
