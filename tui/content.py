"""Styled text that can't be talked into anything.

Everything on a screen passes here: text becomes `Content` as it is, never through markup, and is cleaned once more.
Views come cleaned already; a second pass costs little and a forgotten first one would cost a lot.
"""

import re
from collections.abc import Iterable

from textual.content import Content

from p2pcouncil.domain.plain_text import clean_block, clean_line

LINE_CELLS_MAX = 400
BLOCK_CHARS_MAX = 200_000
BLOCK_LINES_MAX = 5_000

HANG_FROM_CELLS = 24
_HEAD = re.compile(r" *(?:[0-9]+\. |[·↳✗✓!…▸→] )? *(?:[^ ]+(?: [^ ]+)* {2,})?")

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


def hang(content: Content, cells: int) -> Content:
    """Wrap a text to a width so that the rows of one line stand below its words, not below its mark.

    Args:
        content: lines that may begin with spaces, a number, a mark, or a term and two spaces.
        cells: width to fill; below `HANG_FROM_CELLS` the screen wraps as it likes.
    """
    if cells < HANG_FROM_CELLS:
        return content
    rows: list[Content] = []
    for whole in content.split("\n", allow_blank=True):
        start = _HEAD.match(whole.plain)
        head = len(start[0]) if start else 0
        if whole.cell_length <= cells or 2 * head > cells:
            rows.append(whole)
            continue
        first, *others = whole[head:].wrap(cells - head)
        rows.append(whole[:head] + first)
        rows.extend(join([" " * head, other]) for other in others)
    return lines(rows)


def pad(text: str, cells: int, style: str = "") -> Content:
    """A line of anybody's text, filled with spaces to a column's width."""
    cleaned = line(text, style, cells)
    return join([cleaned, " " * (cells - cleaned.cell_length)])


def indent(content: Content, by: int = 2) -> Content:
    """Move a content's lines to the right; wrapped rows are not moved."""
    return lines(join([" " * by, row]) for row in content.split("\n", allow_blank=True))
