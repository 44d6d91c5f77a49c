"""A tally of 10,000 ballots that may each be cast again: from scratch, and one more."""

import time

from p2pcouncil.domain.state import CouncilState
from p2pcouncil.domain.tally.choice import NO, YES
from tests.bench.peers import median_and_p95
from tests.support.world import World

MEMBERS = 2_000
BALLOTS = 10_000
MORE = 200
VOUCHES_PER_FOUNDER = 31


def voted() -> tuple[World, int, bytes]:
    """A council of two thousand in which everybody votes five times, and how many entries came before."""
    names = [f"Member {number:04}" for number in range(MEMBERS)]
    founders = names[: -(-MEMBERS // (VOUCHES_PER_FOUNDER + 1))]
    world = World(founders)
    rest = names[len(founders) :]
    vouches = [world.vouch(founders[at // VOUCHES_PER_FOUNDER], name) for at, name in enumerate(rest)]
    proposal = world.propose(names[0])
    seconds = [world.second(name, proposal) for name in names[1:4]]
    issue = world.open(names[0], proposal, seconds, vouches)
    before = len(world.entries)
    for at in range(BALLOTS + MORE):
        world.ballot(names[at % MEMBERS], issue, YES if at % 3 else NO, at // MEMBERS + 1)
    return world, before, issue.hash


def measure() -> dict[str, object]:
    """Run."""
    world, before, name = voted()
    state = CouncilState(world.genesis)
    state.apply(world.entries[:before])
    begun = time.perf_counter()
    state.apply(world.entries[before : before + BALLOTS])
    folded = time.perf_counter()
    first = state.issue(name)
    counted = time.perf_counter()
    assert first.tally.turnout == MEMBERS
    more = []
    for entry in world.entries[before + BALLOTS :]:
        at = time.perf_counter()
        state.apply([entry])
        state.issue(name)
        more.append((time.perf_counter() - at) * 1000)
    median, p95 = median_and_p95(more)
    return {
        "tally of 10,000 ballots held, ms (target ≤ 50)": round((counted - folded) * 1000, 2),
        "reading, judging and booking the same, ms": round((folded - begun) * 1000, 1),
        "one more ballot to a new tally, median ms (target ≤ 1)": round(median, 3),
        "one more ballot to a new tally, p95 ms": round(p95, 3),
    }
