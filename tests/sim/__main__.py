"""`make sim`: play many seeds, show the progress, and print the story of whatever went wrong."""

import argparse
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from tests.sim.faults import FAULTS
from tests.sim.processes import processes
from tests.sim.run import Result, run

MAX_STORIES = 3
CHUNK = 4


def main(arguments: Sequence[str]) -> int:
    """Play seeds as the command line says.

    Returns:
        0 when nothing was violated.
    """
    options = _options(arguments)
    switched_on = frozenset(FAULTS) - frozenset(_names(options.without))
    if options.faults:
        switched_on = frozenset(_names(options.faults))
    seeds = range(options.seed, options.seed + options.runs)
    console = Console(highlight=False, soft_wrap=True)
    results: list[Result] = []
    failed = 0
    bar = (
        TextColumn("sim"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.description}"),
        TimeRemainingColumn(),
    )
    with Progress(*bar, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=len(seeds))
        for result in _play(seeds, options.peers, switched_on, options.jobs):
            results.append(result)
            if result.violations:
                failed += 1
                if failed <= MAX_STORIES:
                    console.print(_report(result, options.peers), markup=False)
            progress.update(task, advance=1, description=f"{failed} violations")
    if options.runs == 1 and not failed:
        console.print(results[0].story, markup=False)
    console.print(_summary(results, switched_on))
    if failed > MAX_STORIES:
        for result in sorted(results, key=lambda result: result.seed):
            if result.violations:
                console.print(f"seed {result.seed}: {result.shortly()}", markup=False)
    console.print(f"sim: {len(results)} runs, {failed} violations", markup=False)
    return 1 if failed else 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.sim", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--runs", type=int, default=100, help="how many seeds; with 1, its story is printed")
    parser.add_argument("--peers", type=int, default=0, help="laptops at first; drawn from the seed when 0")
    parser.add_argument("--faults", default="", help=f"only these, with commas: {','.join(FAULTS)}")
    parser.add_argument("--without", default="", help="all but these")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    return parser.parse_args(arguments)


def _names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = sorted(set(names) - set(FAULTS))
    if unknown:
        sys.exit(f"no such fault: {', '.join(unknown)}. There are: {', '.join(FAULTS)}.")
    return names


def _play(seeds: range, peers: int, switched_on: frozenset[str], jobs: int) -> Iterator[Result]:
    play = partial(run, peers=peers, switched_on=switched_on)
    if jobs == 1 or len(seeds) == 1:
        yield from map(play, seeds)
        return
    with processes(jobs) as pool:
        yield from pool.imap_unordered(play, seeds, CHUNK)


def _report(result: Result, peers: int) -> str:
    again = f"make sim SEED={result.seed} RUNS=1" + (f" PEERS={peers}" if peers else "")
    return "\n".join(
        (result.story, *(f"VIOLATION {each}" for each in result.violations), f"again: {again}", "")
    )


def _summary(results: Sequence[Result], switched_on: frozenset[str]) -> Table:
    total = Counter[str]()
    for result in results:
        total.update(result.counts)
    cpu = sorted(result.cpu_seconds for result in results)
    table = Table("what", "in all", "a run", title=f"faults: {', '.join(sorted(switched_on)) or 'none'}")
    for name in sorted(total):
        table.add_row(name, f"{total[name]:,}", f"{total[name] / len(results):.1f}")
    table.add_row("processor seconds", f"{sum(cpu):.1f}", f"{sum(cpu) / len(cpu):.3f}")
    table.add_row("the slowest run", f"{cpu[-1]:.3f}", "")
    return table


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
