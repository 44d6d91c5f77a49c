"""Days of a register whose tellers' laptops are mostly closed: who meets whom, and how far the pages get.

There is no server: a laptop hears what those hold that are open at the same time, a second later. Nobody lies here,
and nothing is lost; what is looked at is patience. `sleepers` measures pages per week, `night` looks for ballots that a
vote lost though enough tellers had receipted them.
"""

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import count
from random import Random

from crdt.ids import ChangeHash, domain_hash
from p2pcouncil.domain.register.pages import Entered, Result, read_page
from p2pcouncil.domain.register.shot import Wait, wait_ms
from tests.sim.register.people import founded
from tests.sim.register.teller import CastBallot, Item, Laptop, Opening

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
START_MS = 1_800_000_000_000
SKEW_MS = MINUTE_MS


@dataclass(slots=True)
class Days:
    """Laptops, which of them are open, and what will happen when.

    Attributes:
        laptops: one per member.
        awake: places of the open ones.
        now_ms: the true time.
    """

    size: int
    random: Random
    laptops: list[Laptop] = field(default_factory=list)
    awake: set[int] = field(default_factory=set)
    now_ms: int = START_MS
    _events: list[tuple[int, int, str, int, Wait | None, int]] = field(default_factory=list)
    _number: "count[int]" = field(default_factory=count)
    _clocks: set[tuple[int, int, Wait]] = field(default_factory=set)
    _asked: set[tuple[int, int]] = field(default_factory=set)

    def __post_init__(self) -> None:
        chain, people = founded(self.size)
        for one in people:
            skew_ms = self.random.randint(-SKEW_MS, SKEW_MS)
            self.laptops.append(Laptop(one, chain, lambda skew_ms=skew_ms: self.now_ms + skew_ms))  # type: ignore[misc]

    def at(self, time_ms: int, what: str, place: int, wait: Wait | None = None, number: int = 0) -> None:
        heapq.heappush(self._events, (time_ms, next(self._number), what, place, wait, number))

    def open_daily(self, place: int, days: range, minutes: int) -> None:
        """Somebody opens their laptop once on each of these days, at any hour, for so long."""
        for day in days:
            opens_ms = START_MS + day * DAY_MS + self.random.randrange(DAY_MS - minutes * MINUTE_MS)
            self.at(opens_ms, "open", place)
            self.at(opens_ms + minutes * MINUTE_MS, "close", place)

    def close(self, places: Iterable[int]) -> None:
        """Laptops go to sleep; what they have heard is no longer all that there is."""
        for place in places:
            self.awake.discard(place)
            self.laptops[place].teller.heard_all_ms = None

    def run(self, until_ms: int) -> None:
        """Let everything happen that is due by then."""
        self.settle()
        while self._events and self._events[0][0] <= until_ms:
            time_ms, _, what, place, wait, number = heapq.heappop(self._events)
            self.now_ms = max(self.now_ms, time_ms)
            match what:
                case "open":
                    self.awake.add(place)
                    self.laptops[place].step()  # Before it hears anything.
                case "close":
                    self.close([place])
                case "time-out" if wait is not None:
                    self._clocks.discard((place, number, wait))
                    if place in self.awake:
                        self.laptops[place].teller.expire(number, wait)
                    else:
                        self.at(time_ms + MINUTE_MS, what, place, wait, number)
                case _:
                    pass
            self.settle()
        self.now_ms = max(self.now_ms, until_ms)

    def settle(self) -> None:
        """Those who are open say and hear what there is, a second for each turn, until nothing comes any more."""
        is_news = True
        while is_news:
            is_news = False
            open_now = [self.laptops[place] for place in sorted(self.awake)]
            everything = dict.fromkeys(item for laptop in open_now for item in laptop.disk)
            for laptop in open_now:
                for item in everything:
                    is_news |= laptop.store(item)
                if len(open_now) > 1 and laptop.teller.heard_all_ms is None:
                    laptop.teller.heard_all_ms = laptop.clock_ms()
            for laptop in open_now:
                is_news |= bool(laptop.step())
            self.now_ms += SECOND_MS if is_news else 0
        self._start_clocks()

    def _start_clocks(self) -> None:
        for place in self.awake:
            laptop = self.laptops[place]
            number = laptop.minutes.number
            for wait in laptop.teller.waits:
                if (place, number, wait) not in self._clocks:
                    self._clocks.add((place, number, wait))
                    self.at(self.now_ms + wait_ms(wait), "time-out", place, wait, number)
            again_ms = laptop.teller.ask_again_ms
            if again_ms is not None and (place, again_ms) not in self._asked:
                self._asked.add((place, again_ms))
                self.at(self.now_ms + again_ms - laptop.clock_ms(), "ask", place)

    def give(self, places: Iterable[int], item: Item) -> None:
        for place in places:
            self.laptops[place].store(item)


def opening(at: int, window_ms: int) -> Opening:
    """The vote of that number."""
    name = at.to_bytes(4, "big")
    issue, proposal = domain_hash("test/issue", name), domain_hash("test/proposal", name)
    return Opening(Entered(issue, proposal, window_ms // SECOND_MS))


def sleepers(seed: int, size: int, always_on: int, days: int = 14, minutes: int = 5) -> tuple[float, int]:
    """How far a register gets while somebody has something to decide every six hours, a day for each vote.

    Returns:
        Pages per week, and how many votes were closed.
    """
    world = Days(size, Random(seed))
    world.awake = set(range(always_on))
    for place in range(always_on, size):
        world.open_daily(place, range(days), minutes)
    for quarter in range(days * 4):
        world.give([world.random.randrange(size)], opening(quarter, DAY_MS))
        world.run(START_MS + (quarter + 1) * DAY_MS // 4)
    furthest = max((laptop.minutes.chain for laptop in world.laptops), key=lambda chain: chain.number)
    return furthest.number * 7 / days, len(furthest.closed)


NIGHT_SIZE = 5
NIGHT_DAYS = 3


def night(seed: int) -> tuple[str, ...]:
    """A vote while most laptops are closed; one of the two that are open is lost for good when it ends.

    Returns:
        What went wrong: the vote was never closed, or a ballot that two tellers had receipted does not count.
    """
    world = Days(NIGHT_SIZE, Random(seed))
    everybody = set(range(NIGHT_SIZE))
    vote = opening(0, DAY_MS)
    issue, voters = vote.entered.issue, sorted(founded(NIGHT_SIZE)[0].roll)
    world.awake = set(everybody)
    world.give(everybody, vote)
    world.run(START_MS + MINUTE_MS)
    world.close(range(2, NIGHT_SIZE))
    world.run(START_MS + 12 * HOUR_MS)
    for voter in voters:
        world.give((0, 1), CastBallot(issue, voter, 1, ChangeHash(domain_hash("test/ballot", voter))))
    world.run(START_MS + 23 * HOUR_MS)
    world.close([world.random.randrange(2)])
    for place in range(2, NIGHT_SIZE):
        world.open_daily(place, range(1, NIGHT_DAYS), 30)
    world.run(START_MS + NIGHT_DAYS * DAY_MS)
    world.awake |= set(range(2, NIGHT_SIZE))
    world.run(START_MS + (NIGHT_DAYS + 1) * DAY_MS)
    result = _result(max(world.laptops, key=lambda laptop: laptop.minutes.chain.number), issue)
    if result is None:
        return ("goes on",)
    return ("receipted lost",) if result.turnout < len(voters) else ()


def _result(laptop: Laptop, issue: bytes) -> Result | None:
    number = laptop.minutes.chain.closed.get(issue)
    data = None if number is None else laptop.minutes.page(laptop.minutes.chains[number].page)
    if data is None:
        return None
    return next(closed.result for closed in read_page(data).closed if closed.issue == issue)
