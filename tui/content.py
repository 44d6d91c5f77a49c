"""Styled text that can't be talked into anything.

Everything on a screen passes here: text becomes `Content` as it is, never through markup, and is cleaned once more.
Views come cleaned already; a second pass costs little and a forgotten first one would cost a lot.
"""

import textwrap
from collections.abc import Iterable

from textual.content import Content

from p2pcouncil.domain.plain_text import clean_block, clean_line

LINE_CELLS_MAX = 400
BLOCK_CHARS_MAX = 200_000
BLOCK_LINES_MAX = 5_000

MUTED = "$quiet"
STRONG = "bold"
ACCENT = "$accent"
GOOD = "$success"
BAD = "$error"
WARN = "$warning"
LINK = "$primary"
HEADING = "bold $primary"


def line(text: str, style: str = "", cells: int = LINE_CELLS_MAX) -> Content:
    """One line of anybody's text, with one style.

    Args:
        text: anything.
        style: a style of ours; never text of others.
        cells: width limit in terminal cells.
    """
    return Content.styled(clean_line(text, cells), style)


def block(text: str, style: str = "") -> Content:
    """Several lines of anybody's text, with one style."""
    return Content.styled(clean_block(text, BLOCK_CHARS_MAX, BLOCK_LINES_MAX), style)


def join(parts: Iterable[Content | str], separator: str = "") -> Content:
    """Put parts together; our own words may come as plain strings."""
    return Content(separator).join(part if isinstance(part, Content) else Content(part) for part in parts)


def lines(parts: Iterable[Content | str]) -> Content:
    """Parts below each other."""
    return join(parts, "\n")


def heading(text: str) -> Content:
    """A heading of ours."""
    return Content.styled(text, HEADING)


def muted(text: str) -> Content:
    """A line that is there for whoever looks for it."""
    return line(text, MUTED)


def hanging(text: str, style: str, cells: int, by: int) -> Content:
    """A text wrapped to a width, every row moved to the right by the same."""
    rows = textwrap.wrap(clean_line(text, LINE_CELLS_MAX), max(cells - by, 20)) or [""]
    return lines(join([" " * by, Content.styled(row, style)]) for row in rows)


def pad(text: str, cells: int, style: str = "") -> Content:
    """A line of anybody's text, filled with spaces to a column's width."""
    cleaned = line(text, style, cells)
    return join([cleaned, " " * (cells - cleaned.cell_length)])


def indent(content: Content, by: int = 2) -> Content:
    """Move a content's lines to the right; wrapped rows are not moved."""
    return lines(join([" " * by, row]) for row in content.split("\n", allow_blank=True))
