"""Goods, techniques and amounts as they are shown: strangers' words, made safe and short."""

from functools import lru_cache

from p2pcouncil.domain.plain_text import clean_block, clean_line
from p2pcouncil.peer.views.plans import FigureView

NAME_CELLS, UNIT_CELLS = 40, 12
NOTE_CHARS, NOTE_LINES = 2_000, 40
_clean = lru_cache(maxsize=4_096)(clean_line)
"""Councils name the same few hundred goods and techniques again and again."""


def named(text: str) -> str:
    """The name of a good, a council or a technique."""
    return _clean(text, NAME_CELLS)


def counted_in(text: str) -> str:
    """The name of a unit."""
    return _clean(text, UNIT_CELLS)


def noted(text: str) -> str:
    """What somebody remarks."""
    return clean_block(text, NOTE_CHARS, NOTE_LINES)


def figure(kind: str, name: str, unit: str, amount: int, how: str = "") -> FigureView:
    """A line of what somebody makes, uses or gives off."""
    return FigureView(kind, named(name), counted_in(unit), amount, named(how))
