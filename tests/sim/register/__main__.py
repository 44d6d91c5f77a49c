"""`make sim-register`: play registers from seeds, and say what was violated."""

import argparse
import os
import sys
from collections import Counter
from collections.abc import Sequence
from functools import partial

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tests.sim.processes import processes
from tests.sim.register.days import sleepers
from tests.sim.register.runs import one

CHUNK = 4
SLEEPERS_DAYS = 14


def main(arguments: Sequence[str]) -> int:
    """Play seeds as the command line says.

    Returns:
        0 when nothing was violated.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.sim.register", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--runs", type=int, default=100, help="how many seeds")
    parser.add_argument(
        "--above", type=int, default=0, help="how many more lie than may; then the checkers fire"
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument(
        "--sleepers", action="store_true", help="pages per week, by how many laptops are always on"
    )
    options = parser.parse_args(arguments)
    console = Console(highlight=False, soft_wrap=True)
    if options.sleepers:
        return tell_sleepers(console, options.seed)
    seeds = range(options.seed, options.seed + options.runs)
    crashes, failed, fired = 0, 0, Counter[str]()
    rounds: Counter[int] = Counter()
    bar = (TextColumn("sim-register"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with (
        Progress(*bar, console=console, disable=not console.is_terminal) as progress,
        processes(options.jobs) as pool,
    ):
        task = progress.add_task("", total=len(seeds))
        for seed, size, crashed, round_, violated in pool.imap_unordered(
            partial(one, above=options.above), seeds, CHUNK
        ):
            crashes += crashed
            rounds[round_] += 1
            fired.update(violated)
            if violated:
                failed += 1
                console.print(f"seed {seed}, {size} members: {', '.join(violated)}", markup=False)
            progress.advance(task)
    contested = sum(count for round_, count in rounds.items() if round_ > 0)
    console.print(f"{crashes} crashes; {contested} runs went beyond round 0, the longest to {max(rounds)}")
    console.print(f"sim-register: {len(seeds)} runs, {failed} violations", markup=False)
    return 1 if failed else 0


def tell_sleepers(console: Console, seed: int) -> int:
    """Print how many pages a week brings when some laptops are always on, and the others five minutes a day."""
    for size in (5, 7):
        for always_on in range(size + 1):
            pages, closed = sleepers(seed, size, always_on, SLEEPERS_DAYS)
            console.print(
                f"{size} tellers, {always_on} always on: {pages:.1f} pages a week, "
                f"{closed} of {4 * SLEEPERS_DAYS} votes closed in {SLEEPERS_DAYS} days",
                markup=False,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
