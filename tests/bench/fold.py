"""Folding: 100,000 entries of a lively council at once, and then one by one."""

import gc
import time

from p2pcouncil.domain.state import CouncilState
from tests.bench.peers import median_and_p95
from tests.bench.society import mixed

COUNT = 100_000
ONE_BY_ONE = 2_000


def measure() -> dict[str, object]:
    """Run."""
    world = mixed(COUNT + ONE_BY_ONE)
    gc.collect()
    state = CouncilState(world.genesis)
    begun = time.perf_counter()
    state.apply(world.entries[:COUNT])
    full = time.perf_counter() - begun
    begun = time.perf_counter()
    state.state_hash()
    hashed = time.perf_counter() - begun
    singles, hashes = [], []
    for entry in world.entries[COUNT:]:
        begun = time.perf_counter()
        state.apply([entry])
        folded = time.perf_counter()
        state.state_hash()
        singles.append((folded - begun) * 1e6)
        hashes.append((time.perf_counter() - folded) * 1e6)
    median, p95 = median_and_p95(singles)
    return {
        "full fold of 100,000 mixed entries, s": round(full, 2),
        "the same per entry, µs": round(full / COUNT * 1e6, 1),
        "first state hash of them, s": round(hashed, 2),
        "one more entry, median µs": round(median, 1),
        "one more entry, p95 µs": round(p95, 1),
        "state hash after one more entry, median µs": round(median_and_p95(hashes)[0], 1),
        "entries rejected (must be none)": len(state.rejected),
    }
