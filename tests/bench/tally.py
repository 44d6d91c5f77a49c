"""A tally of 10,000 ballots that may each be cast again, from scratch and one more; and 100,000 rankings."""

import gc
import random
import time
from collections import Counter as Multiset

from p2pcouncil.domain.state import CouncilState
from p2pcouncil.domain.tally.choice import NO, YES, Choice
from p2pcouncil.domain.tally.count import Counter
from p2pcouncil.domain.tally.method import Method, Ranked, Stv
from tests.bench.peers import median_and_p95
from tests.support.world import World

MEMBERS = 2_001
VOTERS = MEMBERS - 1
BALLOTS = 10_000
MORE = 200
ROUNDS = 5
"""The least disturbed of them counts: it takes milliseconds, and the machine has other things to do."""
VOUCHES_PER_FOUNDER = 31
RANKINGS = 100_000
RANKED_OPTIONS = 12


def voted() -> tuple[World, int, bytes]:
    """A council of two thousand in which everybody votes five times, and how many entries come before the ballots."""
    names = [f"Member {number:04}" for number in range(MEMBERS)]
    founders = names[: -(-MEMBERS // (VOUCHES_PER_FOUNDER + 1))]
    world = World(founders)
    rest = names[len(founders) :]
    for at, name in enumerate(rest):
        world.vouch(founders[at // VOUCHES_PER_FOUNDER], name)
    proposal = world.propose(names[0])
    seconds = [world.second(name, proposal) for name in names[1:4]]
    issue = world.open(names[0], proposal, seconds)
    before = len(world.entries)
    for at in range(BALLOTS + MORE):
        # The opener does not vote, so that the opening can come after all ballots: it is the last of its lane.
        world.ballot(names[1 + at % VOTERS], issue, YES if at % 3 else NO, at // VOTERS + 1)
    return world, before, issue.hash


def rankings() -> Multiset[Choice]:
    """Many rankings, nearly all different, in which some options are liked more than others."""
    rng = random.Random(1)
    liking = [rng.random() + 0.05 for _ in range(RANKED_OPTIONS)]
    cast: Multiset[Choice] = Multiset()
    for _ in range(RANKINGS):
        order = sorted(range(RANKED_OPTIONS), key=lambda option: rng.random() ** (1 / liking[option]))
        cast[tuple((option,) for option in order[-rng.randint(3, RANKED_OPTIONS) :])] += 1
    return cast


def seconds_to_count(method: Method, cast: Multiset[Choice]) -> float:
    """From the ballots to the result."""
    begun = time.perf_counter()
    counter = Counter(method, tuple(map(str, range(RANKED_OPTIONS))), RANKINGS)
    for choice, times in cast.items():
        counter.add(choice, times)
    counter.result()
    return time.perf_counter() - begun


def measure() -> dict[str, object]:
    """Run."""
    world, before, name = voted()
    opening = before - 1
    ballots = world.entries[before : before + BALLOTS]
    reading, counting = [], []
    for _ in range(ROUNDS):
        state = CouncilState(world.genesis)
        state.apply(world.entries[:opening])
        # The ballots come first and wait; when the opening comes, each is judged and counted: from scratch.
        begun = time.perf_counter()
        state.apply(ballots)
        read = time.perf_counter()
        gc.freeze()  # As the engine does with what it has folded.
        from_scratch = time.perf_counter()
        state.apply(world.entries[opening:before])
        first = state.issue(name)
        counting.append((time.perf_counter() - from_scratch) * 1000)
        reading.append((read - begun) * 1000)
        assert first.tally.turnout == VOTERS
    more = []
    for entry in world.entries[before + BALLOTS :]:
        at = time.perf_counter()
        state.apply([entry])
        state.issue(name)
        more.append((time.perf_counter() - at) * 1000)
    median, p95 = median_and_p95(more)
    cast = rankings()
    return {
        "tally of 10,000 ballots held, each judged and counted, ms (target ≤ 50)": round(min(counting), 1),
        "reading the same from their bytes, ms": round(min(reading), 1),
        "one more ballot to a new tally, median ms (target ≤ 1)": round(median, 3),
        "one more ballot to a new tally, p95 ms": round(p95, 3),
        "100,000 rankings of 12 options by Schulze, s (target ≤ 5)": round(
            seconds_to_count(Ranked(0), cast), 2
        ),
        "100,000 rankings of 12 options for 3 seats by transfer, s (target ≤ 5)": round(
            seconds_to_count(Stv(0, 3), cast), 2
        ),
    }
