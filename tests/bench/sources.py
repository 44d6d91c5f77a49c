"""A newcomer catches up 20,000 entries from one peer, from four, and after a cut; in virtual time, bytes are exact."""

from tests.support.crowd import Crowd, Serving, crowd

LANES, EACH = 200, 100
SOURCES = 4


def measure() -> dict[str, object]:
    """Run."""
    one, one_ms = _caught_up(crowd(LANES, EACH, *[Serving] * SOURCES), 1)
    four, four_ms = _caught_up(crowd(LANES, EACH, *[Serving] * SOURCES), SOURCES)
    cut, cut_ms = _caught_up(crowd(LANES, EACH, *[Serving] * SOURCES), 1, is_cut=True)
    shares = sorted(four.newcomer.fetched.entries_from.values())
    lacking = sum(shares) - four.newcomer.fetched.again
    one_bytes, four_bytes = one.newcomer.fetched.total_bytes, four.newcomer.fetched.total_bytes
    return {
        "entries lacking": lacking,
        "one source, bytes": one_bytes,
        "four sources, bytes ÷ one source's (target ≤ 1.05)": round(four_bytes / one_bytes, 3),
        "four sources, entries fetched twice or more (target ≤ 0)": four.newcomer.fetched.again,
        "four sources, the smallest share, % (target ≥ 10)": round(100 * shares[0] / lacking),
        "four sources, the largest share, %": round(100 * shares[-1] / lacking),
        "four sources, time ÷ one source's (target ≤ 1.1)": round(four_ms / one_ms, 2),
        "cut half-way and resumed, bytes ÷ uninterrupted (target ≤ 1.1)": round(
            cut.newcomer.fetched.total_bytes / one_bytes, 3
        ),
        "cut half-way and resumed, entries fetched twice (target ≤ 0)": cut.newcomer.fetched.again,
        "cut half-way and resumed, time without the pause ÷ uninterrupted": round(cut_ms / one_ms, 2),
    }


def _caught_up(made: Crowd, sources: int, *, is_cut: bool = False) -> tuple[Crowd, int]:
    """Catch up; returns also how many virtual milliseconds it took, those without a connection left out."""
    simulation, newcomer, holders = made.simulation, made.newcomer, made.holders[:sources]
    begun_ms, away_ms = simulation.now_ms, 0
    made.connect(*holders)
    if is_cut:
        half = made.entries // 2
        assert simulation.run_until(lambda: newcomer.place(made.council).index.total >= half)
        simulation.network.disconnect(holders[0].key, newcomer.key, "cut")
        simulation.settle()
        cut_ms = simulation.now_ms
        assert simulation.run_until(lambda: bool(newcomer.peer.world.connected))
        away_ms = simulation.now_ms - cut_ms
    assert simulation.run_until(made.is_whole)
    return made, simulation.now_ms - begun_ms - away_ms
