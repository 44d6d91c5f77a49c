"""A register as one teller knows it, for tests of what it says next."""

from collections.abc import Iterable

from crdt.ids import MemberId
from p2pcouncil.domain.register.minutes import Minutes
from p2pcouncil.domain.register.pages import Page, encode_page, page_hash
from p2pcouncil.domain.register.sayings import AnySaying, Precommit, Said, saying_message
from p2pcouncil.peer.telling import Teller, Telling
from tests.sim.register.book import START_MS, Book
from tests.sim.register.holdings import Holdings
from tests.sim.register.people import Person


class Player(Teller):
    """A teller whose holdings are the test's to fill."""

    held: Holdings

    def saying(self, clock_ms: int) -> AnySaying | None:
        telling = self.next_telling(clock_ms)
        return None if telling is None else telling.saying


class Session:
    """A register that is written page by page, and its tellers as they know it who have heard all so far."""

    def __init__(self, size: int = 4) -> None:
        self.book = Book(size)
        self.first = self.book.chain
        self.told: list[bytes | Said] = []

    def write(self, **parts: object) -> Page:
        page = self.book.page(**parts)
        self.told.append(encode_page(page))
        self.book.write(START_MS, **parts)
        self.told += self.certified()
        return page

    def certified(self) -> list[Said]:
        council, number, page = self.book.chain.council, self.book.chain.number, self.book.chain.page
        return [p.sign(Precommit(council, p.member, number, 0, page, START_MS)) for p in self.book.founders]

    def player(self, at: int = 0) -> Player:
        me = self.book.founders[at]
        player = Player(me.member, me.device_key.device, Minutes(self.first), Holdings(me))
        hear(player, self.told)
        for told in self.told:
            name = page_hash(told) if isinstance(told, bytes) else saying_message(told.body)
            player.held.feeds[name] = {p.member for p in self.book.founders}
        return player

    def place(self, rank: int) -> int:
        """Where the teller of that rank stands among the founders."""
        member = self.book.chain.next_committee().tellers[rank].member
        return [p.member for p in self.book.founders].index(member)

    def others(self, me: MemberId) -> list[Person]:
        return [p for p in self.book.founders if p.member != me]


def hear(player: Player, told: Iterable[bytes | Said]) -> None:
    for item in told:
        if isinstance(item, bytes):
            player.minutes.hold_page(item)
        else:
            player.minutes.hear(item)


def store(player: Player, telling: Telling) -> None:
    """What a peer does with a telling."""
    said = [*telling.carried]
    if telling.saying is not None:
        said.append(player.held.person.sign(telling.saying))
    for one in said:
        player.held.feeds.setdefault(saying_message(one.body), set()).add(player.me)
    if telling.page:
        player.held.feeds.setdefault(page_hash(telling.page), set()).add(player.me)
    hear(player, [*([telling.page] if telling.page else []), *said])
