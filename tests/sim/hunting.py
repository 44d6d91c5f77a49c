"""Hunting mutants: rules broken on purpose, and a simulator that has to notice each within a stated few seeds."""

# ruff: noqa: ANN401 - what stands in for a function takes whatever that takes.

import argparse
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from rich.console import Console
from rich.table import Table

Break = Callable[[], AbstractContextManager[object]]
Play = Callable[[int], str]
"""Plays a seed; says shortly what was violated, and nothing if all held."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One rule, broken.

    Attributes:
        name: what it is called in the table.
        breaks: how it is broken, in a sentence.
        seeds: within how many seeds, from 1 on, it has to be caught.
        apply: replaces the code as long as the context lasts.
    """

    name: str
    breaks: str
    seeds: int
    apply: Break


def replaced(target: str, new: Any) -> Break:
    """Replace a name of a module or a class."""
    return lambda: patch(target, new)


def hunt(mutant: Mutant, play: Play) -> tuple[int, str] | None:
    """Play seeds with a broken rule until one of them shows it; None when none does."""
    for seed in range(1, mutant.seeds + 1):
        with mutant.apply():
            shown = play(seed)
        if shown:
            assert not play(seed), f"seed {seed} fails without a mutant, too"
            return seed, shown
    return None


def hunt_all(mutants: Sequence[Mutant], play: Play, title: str, arguments: Sequence[str]) -> int:
    """Hunt every mutant, or those that the command line names, and print the table.

    Returns:
        0 when all were caught.
    """
    parser = argparse.ArgumentParser(prog=title)
    parser.add_argument("names", nargs="*", help="only these")
    names = parser.parse_args(arguments).names
    console = Console(highlight=False, width=150)
    table = Table("mutant", "what is broken", "caught by seed", "of", "how it showed")
    at_large = 0
    for mutant in mutants:
        if names and mutant.name not in names:
            continue
        found = hunt(mutant, play)
        at_large += found is None
        told, shown = (str(found[0]), found[1]) if found else ("NOT CAUGHT", "")
        table.add_row(mutant.name, mutant.breaks, told, str(mutant.seeds), shown)
        console.print(f"{mutant.name}: {told}", markup=False)
    console.print(table)
    console.print(f"{title}: {at_large} not caught", markup=False)
    return 1 if at_large else 0
