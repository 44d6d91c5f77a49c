"""Options and numbers inside the sentences that explain a count."""

from collections.abc import Iterable

from p2pcouncil.domain.plain_text import clean_line
from p2pcouncil.domain.tally.outcome import Tally

OPTION_CELLS_MAX = 40
"""Terminal cells that an option's text may take inside a sentence."""


def name(tally: Tally, option: int) -> str:
    """An option in quotation marks, safe for a terminal."""
    return f"“{clean_line(tally.options[option], OPTION_CELLS_MAX)}”"


def names(tally: Tally, options: Iterable[int]) -> str:
    """Some options, at least one."""
    each = [name(tally, option) for option in options]
    return each[0] if len(each) == 1 else f"{', '.join(each[:-1])} and {each[-1]}"


def ballots(count: int) -> str:
    """A number of ballots."""
    return f"{count} ballot" if count == 1 else f"{count} ballots"
