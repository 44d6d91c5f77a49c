"""Chaos, in which anything may happen in any order; healing, in which everything that was said reaches everybody."""

from tests.sim.register.liars import lie, split
from tests.sim.register.teller import WINDOW_SECONDS, Laptop
from tests.sim.register.world import MS_PER_MINUTE, SKEW_MS, World, another_opening, ballot, wish

CHAOS_STEPS = (100, 300, 700)
HEALING_ROUNDS = 60
BALLOTS_MAX = 2
OPENINGS_MAX = 4
WISHES_MAX = 5


def chaos(world: World) -> None:
    """Anything happens, in any order; how often what does is drawn once per run."""
    random = world.random
    reach = random.choice((0.3, 0.7, 1.0))
    weights = {
        "time": random.choice((1, 6)),
        "ballot": 4,
        "crash": random.choice((0, 1, 3)),
        "opening": random.choice((0, 1, 3)),
        "lie": random.choice((5, 20, 40)) if world.liars else 0,
        "deliver": random.choice((80, 200, 400)),
        "time-out": random.choice((2, 6, 12)),
        "wish": random.choice((0, 2)),
        "fork": random.choice((0, 0, 0, 0.3)) if world.liars else 0,
        "meet": random.choice((1, 3)),
    }
    for what in random.choices(list(weights), list(weights.values()), k=random.choice(CHAOS_STEPS)):
        teller = random.choice(world.laptops)
        box = world.boxes[teller.me.member]
        match what:
            case "time":
                world.now_ms += random.choice((1, 5, 20)) * MS_PER_MINUTE
            case "ballot" if len(world.cast) < BALLOTS_MAX * world.size:
                world.whisper(ballot(world), reach)
            case "opening" if world.more_openings < OPENINGS_MAX:
                world.whisper(another_opening(world), 0.5)
            case "wish" if world.asked < WISHES_MAX:
                world.whisper(wish(world), 0.7)
            case "fork":
                world.fork(random.choice(world.liars))
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
                world.send(teller.hear_all(random.choice(world.laptops)))
            case "time-out" if teller.teller.waits:
                world.send(teller.time_out(random.choice(sorted(teller.teller.waits))))
            case _:
                world.send(teller.step())


def spread(world: World) -> None:
    """For a moment the network is good: most of what is on its way arrives, and an hour or less goes by."""
    for teller in world.laptops:
        member = teller.me.member
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


def heal(world: World) -> None:
    """Everything that was ever said reaches everybody; time-outs fire when nothing else can happen."""
    for laptop in world.laptops:
        world.boxes[laptop.me.member] = list(dict.fromkeys(world.said))
    world.now_ms += 2 * WINDOW_SECONDS * 1_000 + 2 * SKEW_MS
    for _ in range(HEALING_ROUNDS):
        deliver_all(world)
        if any(world.boxes[laptop.me.member] for laptop in world.laptops):
            continue
        world.now_ms += 2 * WINDOW_SECONDS * 1_000
        deliver_all(world)
        if any(world.boxes[laptop.me.member] for laptop in world.laptops):
            continue
        if all(is_done(world, laptop) for laptop in world.tellers.values()):
            return
        for laptop in world.laptops:
            for wait in sorted(laptop.teller.waits):
                world.send(laptop.time_out(wait))


def deliver_all(world: World) -> None:
    """Everything that is on its way arrives, to one laptop after the other, in an order that is drawn."""
    laptops = world.laptops
    world.random.shuffle(laptops)
    for laptop in laptops:
        box, world.boxes[laptop.me.member] = world.boxes[laptop.me.member], []
        for item in box:
            laptop.store(item)
        if laptop.teller.heard_all_ms is None:
            laptop.teller.heard_all_ms = laptop.clock_ms()
        world.send(laptop.step())


def is_done(world: World, laptop: Laptop) -> bool:
    """Whether the vote is closed for a teller, and nothing else waits for a page."""
    return (
        world.opening.issue in laptop.minutes.chain.closed and laptop.teller.draft(laptop.clock_ms()) is None
    )


def fork_and_start_anew(world: World) -> None:
    """Liars take back what they can, then every laptop goes off, and starts from its disk."""
    for liar in world.liars:
        if world.random.random() < 0.7:
            world.fork(liar)
    for _ in range(3):
        world.now_ms += MS_PER_MINUTE
        deliver_all(world)
    for member, laptop in world.tellers.items():
        before = laptop.minutes.chain
        laptop.wake()
        if laptop.minutes.chain != before:
            world.undone.append(member)
    heal(world)
