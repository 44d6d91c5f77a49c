"""Counting 100,000 ranked ballots on paper, nearly all different, from the bytes of a file to the report."""

import random
import time

from p2pcouncil.ballot_files.counting import count_ballots
from p2pcouncil.ballot_files.reading import read_ballots
from p2pcouncil.domain.tally.explain import explain
from p2pcouncil.domain.tally.method import Ranked

BALLOTS = 100_000
OPTIONS = 12


def table() -> bytes:
    """A table of numbered ballots that each rank some of the options."""
    rng = random.Random(1)
    lines = ["ballot," + ",".join(f"Option {option}" for option in range(OPTIONS))]
    for ballot in range(BALLOTS):
        cells = [""] * OPTIONS
        for rank, option in enumerate(rng.sample(range(OPTIONS), rng.randint(1, OPTIONS)), start=1):
            cells[option] = str(rank)
        lines.append(f"{ballot}," + ",".join(cells))
    return "\n".join(lines).encode()


def measure() -> dict[str, object]:
    """Run."""
    data = table()
    begun = time.perf_counter()
    file = read_ballots(data, "paper.csv")
    read = time.perf_counter()
    counted = count_ballots(file, Ranked(0), BALLOTS)
    explain(counted.tally)
    done = time.perf_counter()
    assert counted.tally.turnout == BALLOTS
    return {
        "100,000 ranked ballots on paper, read and counted, s (target ≤ 5)": round(done - begun, 2),
        "reading them, s": round(read - begun, 2),
        "ways in which they are filled in": len(file.groups),
    }
