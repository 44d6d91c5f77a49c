"""A society in a simulated register: who is honest, what is on its way to whom, what time it is, what was asked for."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from crdt.ids import ChangeHash, MemberId, domain_hash
from p2pcouncil.domain.register.pages import Entered
from p2pcouncil.domain.register.quorum import liars_tolerated
from tests.sim.register.people import Person, founded, person, signed_join
from tests.sim.register.teller import (
    WINDOW_SECONDS,
    Asked,
    CastBallot,
    Fork,
    Gone,
    Item,
    Laptop,
    Opening,
    Told,
)

MS_PER_MINUTE = 60_000
START_MS = 1_800_000_000_000
SKEW_MS = 20 * MS_PER_MINUTE
FIRST_NEWCOMER = 30


@dataclass(slots=True)
class World:
    """One society and its network.

    Attributes:
        tellers: the honest ones; the others are `liars`.
        doubles: liars who do all that an honest teller does as well, until they fork their feed.
        boxes: per laptop, what is on its way to it.
        cast: every ballot that anybody cast.
        said: everything that was ever sent.
        undone: honest tellers whose register was shorter after a start than before.
        now_ms: the true time, which nobody knows.
    """

    seed: int
    size: int
    lying: int
    random: Random
    tellers: dict[MemberId, Laptop] = field(default_factory=dict)
    liars: list[Person] = field(default_factory=list)
    doubles: dict[MemberId, Laptop] = field(default_factory=dict)
    boxes: dict[MemberId, list[Item]] = field(default_factory=dict)
    cast: list[CastBallot] = field(default_factory=list)
    said: list[Item] = field(default_factory=list)
    undone: list[MemberId] = field(default_factory=list)
    opening: Entered = field(init=False)
    now_ms: int = START_MS
    crashes: int = 0
    more_openings: int = 0
    asked: int = 0
    leaver: MemberId | None = None

    def __post_init__(self) -> None:
        chain, people = founded(self.size)
        shuffled = list(people)
        self.random.shuffle(shuffled)
        self.liars = shuffled[: self.lying]
        for at, one in enumerate(shuffled):
            skew_ms = self.random.randint(-SKEW_MS, SKEW_MS)
            laptop = Laptop(one, chain, lambda skew_ms=skew_ms: self.now_ms + skew_ms)  # type: ignore[misc]
            if at >= self.lying:
                self.tellers[one.member] = laptop
            elif self.random.random() < 0.5:
                self.doubles[one.member] = laptop
            self.boxes[one.member] = []
        self.opening = opening(b"bread")

    @property
    def members(self) -> list[MemberId]:
        return sorted(founded(self.size)[0].roll)

    @property
    def laptops(self) -> list[Laptop]:
        """Those that keep to the rules, whether their owners are honest or not."""
        return [*self.tellers.values(), *self.doubles.values()]

    def send(self, items: Sequence[Item]) -> None:
        """Put something on its way to everybody."""
        for item in items:
            self.said.append(item)
            for box in self.boxes.values():
                box.append(item)

    def whisper(self, item: Item, share: float) -> None:
        """Something reaches some of them only, until the network heals."""
        self.said.append(item)
        for box in self.boxes.values():
            if self.random.random() < share:
                box.append(item)

    def fork(self, liar: Person) -> None:
        """A liar takes everything back that stands in their feed, by forking it at its beginning."""
        self.doubles.pop(liar.member, None)
        self.send([Fork(liar.member)])


def opening(name: bytes) -> Entered:
    """An opening of that name, the same in every run."""
    return Entered(domain_hash("test/issue", name), domain_hash("test/proposal", name), WINDOW_SECONDS)


def ballot(world: World) -> CastBallot:
    """Some member votes, again perhaps."""
    member = world.random.choice(world.members)
    before = max((b for b in world.cast if b.member == member), key=lambda b: b.number, default=None)
    number = (before.number if before else 0) + 1 + world.random.randrange(2)
    made = CastBallot(
        world.opening.issue,
        member,
        number,
        ChangeHash(domain_hash("test/ballot", member, number.to_bytes(4, "big"))),
        before,
    )
    world.cast.append(made)
    return made


def another_opening(world: World) -> Opening:
    """One more proposal is ready for a vote."""
    world.more_openings += 1
    return Opening(opening(bytes([world.more_openings])))


def wish(world: World) -> Item:
    """Somebody asks to come, and a member vouches for them; or a member leaves, if those who stay can stand it."""
    random = world.random
    world.asked += 1
    can_leave = world.size > 1 and liars_tolerated(world.size - 1) >= world.lying
    if can_leave and random.random() < 0.3:
        leaver = world.leaver = world.leaver or random.choice(world.members)
        return Gone(leaver, ChangeHash(domain_hash("test/leave", leaver)))
    newcomer = person(FIRST_NEWCOMER + random.randrange(2))
    voucher = random.choice(world.members)
    join = signed_join(founded(world.size)[0].council, newcomer)
    vouch = ChangeHash(domain_hash("test/vouch", newcomer.member, voucher, bytes([random.randrange(2)])))
    return Asked(newcomer.member, join, voucher, vouch, random.random() < 0.1)


def told_by(liar: Person, *items: object) -> Told:
    """An entry of a liar's feed."""
    return Told(liar.member, tuple(items))  # type: ignore[arg-type]
