"""A register in trouble, from a seed: laptops crash, clocks differ, messages come in any order or not at all, some lie.

First comes chaos, in which anything may happen; then the network heals, everything that was said reaches everybody,
and time-outs fire only when nothing else can happen. The checkers look at both.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

import msgspec

from crdt.ids import ChangeHash, MemberId, domain_hash
from p2pcouncil.domain.register.pages import Closed, Entered, Result, encode_page, page_hash
from p2pcouncil.domain.register.quorum import liars_tolerated
from p2pcouncil.domain.register.sayings import (
    AnySaying,
    PageProposal,
    Precommit,
    Prevote,
    Receipt,
    Received,
    Seal,
)
from p2pcouncil.domain.register.sealing import pack_numbers
from tests.sim.register.people import Person, founded
from tests.sim.register.teller import WINDOW_SECONDS, CastBallot, Item, Laptop, Opening, Told

ACTS = 4
CHAOS_STEPS = (100, 300, 700)
HEALING_ROUNDS = 120
MS_PER_MINUTE = 60_000
START_MS = 1_800_000_000_000
SKEW_MS = 20 * MS_PER_MINUTE
BALLOTS_MAX = 2
OPENINGS_MAX = 4


@dataclass(slots=True)
class World:
    """One society and its network.

    Attributes:
        tellers: the honest ones; the others are `liars`.
        boxes: per honest teller, what is on its way to it.
        cast: every ballot that anybody cast.
        now_ms: the true time, which nobody knows.
    """

    seed: int
    size: int
    lying: int
    random: Random
    tellers: dict[MemberId, Laptop] = field(default_factory=dict)
    liars: list[Person] = field(default_factory=list)
    boxes: dict[MemberId, list[Item]] = field(default_factory=dict)
    cast: list[CastBallot] = field(default_factory=list)
    said: list[Item] = field(default_factory=list)
    opening: Entered = field(init=False)
    now_ms: int = START_MS
    crashes: int = 0
    more_openings: int = 0

    def __post_init__(self) -> None:
        chain, people = founded(self.size)
        shuffled = list(people)
        self.random.shuffle(shuffled)
        self.liars = shuffled[: self.lying]
        for person in shuffled[self.lying :]:
            skew = self.random.randint(-SKEW_MS, SKEW_MS)
            self.tellers[person.member] = Laptop(person, chain, lambda skew=skew: self.now_ms + skew)
            self.boxes[person.member] = []
        self.opening = Entered(
            domain_hash("test/issue", b"bread"), domain_hash("test/proposal", b"bread"), WINDOW_SECONDS
        )
        self.send([Opening(self.opening)])

    @property
    def members(self) -> list[MemberId]:
        return sorted(founded(self.size)[0].roll)

    def send(self, items: list[Item]) -> None:
        """Put something on its way to all honest tellers."""
        for item in items:
            self.said.append(item)
            for box in self.boxes.values():
                box.append(item)

    def whisper(self, item: Item, share: float) -> None:
        """A liar says something to some of them only, until the network heals."""
        self.said.append(item)
        for box in self.boxes.values():
            if self.random.random() < share:
                box.append(item)


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


def chaos(world: World) -> None:
    """Anything happens, in any order; how often what does is drawn once per run."""
    random = world.random
    tellers = list(world.tellers.values())
    reach = random.choice((0.3, 0.7, 1.0))
    weights = {
        "time": random.choice((1, 6)),
        "ballot": 4,
        "crash": random.choice((0, 1, 3)),
        "opening": random.choice((0, 1, 3)),
        "lie": random.choice((5, 20, 40)) if world.liars else 0,
        "deliver": random.choice((80, 200, 400)),
        "time-out": random.choice((2, 6, 12)),
        "meet": random.choice((1, 3)),
    }
    for what in random.choices(list(weights), list(weights.values()), k=random.choice(CHAOS_STEPS)):
        teller = random.choice(tellers)
        box = world.boxes[teller.me.member]
        match what:
            case "time":
                world.now_ms += random.choice((1, 5, 20)) * MS_PER_MINUTE
            case "ballot" if len(world.cast) < BALLOTS_MAX * world.size:
                world.whisper(ballot(world), reach)
            case "opening" if world.more_openings < OPENINGS_MAX:
                world.more_openings += 1
                name = bytes([world.more_openings])
                issue, proposal = domain_hash("test/issue", name), domain_hash("test/proposal", name)
                world.whisper(Opening(Entered(issue, proposal, WINDOW_SECONDS)), 0.5)
            case "crash":
                crash(world, teller)
            case "lie":
                (lie if random.random() < 0.7 else split)(world)
            case "deliver" if box:
                item = box.pop(random.randrange(len(box)))
                if random.random() < 0.1:
                    box.append(item)
                world.send(teller.take(item))
            case "meet":
                world.send(teller.hear_all(random.choice(tellers)))
            case "time-out" if teller.teller.waits:
                world.send(teller.time_out(random.choice(sorted(teller.teller.waits))))
            case _:
                world.send(teller.step())


def spread(world: World) -> None:
    """For a moment the network is good: most of what is on its way arrives, and an hour or less goes by."""
    for member, teller in world.tellers.items():
        box, world.boxes[member] = world.boxes[member], []
        for item in box:
            if world.random.random() < 0.9:
                world.send(teller.take(item))
            else:
                world.boxes[member].append(item)
    world.now_ms += world.random.randrange(60) * MS_PER_MINUTE


def crash(world: World, teller: Laptop) -> None:
    """The laptop goes off between two things, or just after it stored what it has not sent yet."""
    world.crashes += 1
    if world.random.random() < 0.5:
        unsent = teller.step()
        world.said.extend(unsent)
    teller.wake()


def lie(world: World) -> None:
    """Liars say whatever could hurt, and different things to different tellers."""
    random = world.random
    liar = random.choice(world.liars)
    teller = random.choice(list(world.tellers.values()))
    chain = teller.minutes.chain
    number, issue = chain.number + 1, world.opening.issue
    round_ = teller.teller.round() + random.randrange(2)
    said = teller.minutes.said_about(number)
    values = [b"", *sorted({s.value for s in said if isinstance(s, PageProposal)})]
    told: list[AnySaying] = []
    match random.randrange(5):
        case 0:
            told.append(Prevote(chain.council, liar.member, number, round_, random.choice(values)))
        case 1:
            clock = world.now_ms + random.choice((-1, 1)) * random.randrange(10**9)
            told.append(Precommit(chain.council, liar.member, number, round_, random.choice(values), clock))
        case 2:
            data = forged_page(world, teller)
            if data is not None:
                world.whisper(Told(liar.member, (data,)), 0.5)
                turns = [
                    r
                    for r in (round_, round_ + 1)
                    if teller.minutes.shot.committee.proposer(r).member == liar.member
                ]
                round_ = turns[0] if turns else round_
                valid_round = random.choice((-1, -1, random.randint(-1, round_ - 1)))
                told.append(
                    PageProposal(chain.council, liar.member, number, round_, page_hash(data), valid_round)
                )
        case 3:
            numbers = [random.choice((0, 1, 2, 9)) for _ in world.members]
            told.append(Seal(chain.council, liar.member, issue, pack_numbers(numbers)))
        case _:
            cast = random.choice(world.cast) if world.cast and random.random() < 0.8 else None
            member = cast.member if cast else random.choice(world.members)
            received = Received(member, cast.number if cast else random.randint(1, 9))
            told.append(Receipt(chain.council, liar.member, issue, (received,)))
    for saying in told:
        if random.random() < 0.1:  # In the name of somebody else.
            saying = msgspec.structs.replace(saying, member=teller.me.member)
        world.whisper(Told(liar.member, (liar.sign(saying),)), random.choice((0.5, 1.0)))


def split(world: World) -> None:
    """A liar helps one teller alone over the line: to a lock, or to a decision that nobody else knows of."""
    random = world.random
    liar = random.choice(world.liars)
    laptop = random.choice(list(world.tellers.values()))
    chain, number = laptop.minutes.chain, laptop.minutes.number
    votes = [s for s in laptop.minutes.said_about(number) if isinstance(s, Prevote | Precommit) and s.value]
    if not votes:
        return
    vote = max(votes, key=lambda s: (isinstance(s, Precommit), s.round, s.value))
    saying: AnySaying = Prevote(chain.council, liar.member, number, vote.round, vote.value)
    if isinstance(vote, Precommit):
        saying = Precommit(chain.council, liar.member, number, vote.round, vote.value, world.now_ms)
    said = Told(liar.member, (liar.sign(saying),))
    world.said.append(said)
    world.send(laptop.take(said))


def forged_page(world: World, teller: Laptop) -> bytes | None:
    """A page by a liar: an honest draft, with what suits the liars of it."""
    drafted = teller.teller.draft(teller.clock_ms())
    if drafted is None:
        return None
    draft = drafted.page
    random = world.random
    closed: tuple[Closed, ...] = draft.closed
    vote = teller.minutes.chain.votes.get(world.opening.issue)
    if vote is not None and vote.closes_ms is not None and random.random() < 0.5:
        seals = teller.minutes.seals(vote.issue)
        some = sorted(seals)[: vote.committee.quorum]
        names = tuple(seals[t][0] for t in some)
        sheets = (domain_hash("test/sheet", bytes([random.randrange(256)])),)
        closed = (Closed(vote.issue, tuple(some), names, sheets, Result("passed", (), 1)),) if some else ()
    entered = draft.entered if random.random() < 0.5 else ()
    proof = draft.proof if random.random() < 0.5 else b""
    return encode_page(
        msgspec.structs.replace(draft, proof=proof, entered=entered, closed=closed, convicted=())
    )


def heal(world: World) -> None:
    """Everything that was ever said reaches everybody; time-outs fire when nothing else can happen."""
    tellers = list(world.tellers.values())
    for teller in tellers:
        world.boxes[teller.me.member] = list(dict.fromkeys(world.said))
    world.now_ms += 2 * WINDOW_SECONDS * 1_000 + 2 * SKEW_MS
    for _ in range(HEALING_ROUNDS):
        for teller in tellers:
            box, world.boxes[teller.me.member] = world.boxes[teller.me.member], []
            for item in box:
                world.send(teller.take(item))
            teller.teller.heard_all_ms = teller.clock_ms()
            world.send(teller.step())
        if not any(world.boxes.values()):
            world.now_ms += 2 * WINDOW_SECONDS * 1_000
            for teller in tellers:
                world.send(teller.step())
            if any(world.boxes.values()):
                continue
            if all(is_done(world, teller) for teller in tellers):
                return
            for teller in tellers:
                for wait in sorted(teller.teller.waits):
                    world.send(teller.time_out(wait))


def is_done(world: World, teller: Laptop) -> bool:
    return world.opening.issue in teller.minutes.chain.closed


def make(seed: int, size: int, lying: int | None = None) -> World:
    """A world for a seed.

    Args:
        seed: of everything that happens.
        size: members, all on duty.
        lying: how many of them lie; as many as the register promises to stand if None.
    """
    return World(seed, size, liars_tolerated(size) if lying is None else lying, Random(seed * 1_000 + size))


def violations(world: World) -> Iterator[str]:
    """What should never be, as letters of the checkers; see `checkers`."""
    from tests.sim.register.checkers import CHECKERS

    for name, checker in CHECKERS.items():
        if not checker(world):
            yield name


def play(seed: int, size: int, lying: int | None = None) -> tuple[World, tuple[str, ...]]:
    """Chaos, then healing, then the checkers."""
    world = make(seed, size, lying)
    for _ in range(ACTS):
        chaos(world)
        spread(world)
    heal(world)
    return world, tuple(violations(world))
