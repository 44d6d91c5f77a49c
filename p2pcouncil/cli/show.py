"""Views as text for a terminal: sentences and aligned columns, nothing that only a colour would say.

Strangers' text arrives here cleaned by the views. Lines are wrapped to the terminal, at most 100 columns, for longer
ones are hard to read.
"""

import shutil
import textwrap
import time
from collections.abc import Iterable, Sequence

from rich.cells import cell_len

WIDTH_MAX = 100
BAR_CELLS = 24
_MINUTE_MS = 60_000


def width() -> int:
    """Columns to write into."""
    return min(WIDTH_MAX, shutil.get_terminal_size().columns)


def wrap(text: str, indent: str = "") -> list[str]:
    """Wrap a paragraph, keeping its own line breaks."""
    lines: list[str] = []
    for line in text.split("\n"):
        lines += textwrap.wrap(
            line, max(20, width()), initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False
        ) or [""]
    return lines


def table(rows: Iterable[Sequence[str]], indent: str = "") -> list[str]:
    """Align cells in columns; wide characters count for what they take on the screen."""
    cells = [tuple(row) for row in rows]
    if not cells:
        return []
    widths = [max(cell_len(row[i]) for row in cells) for i in range(len(cells[0]))]
    lines = []
    for row in cells:
        padded = (cell + " " * (size - cell_len(cell)) for cell, size in zip(row, widths, strict=True))
        lines.append((indent + "  ".join(padded)).rstrip())
    return lines


def bar(count: int, most: int) -> str:
    """A row of marks as long as its share of the longest."""
    return "#" * (0 if most == 0 else -(-count * BAR_CELLS // most))


def plural(count: int, one: str, many: str = "") -> str:
    """A number and its noun: "1 entry", "3 entries"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def when(at_ms: int, now_ms: int | None = None) -> str:
    """A time as people say it, near now: "in 2 days", "3 h ago"; by this laptop's clock."""
    now_ms = int(time.time() * 1_000) if now_ms is None else now_ms
    minutes = abs(at_ms - now_ms) // _MINUTE_MS
    if minutes < 1:
        return "just now"
    if minutes < 60:
        size = f"{minutes} min"
    elif minutes < 48 * 60:
        size = f"{minutes // 60} h"
    else:
        size = f"{minutes // 1_440} days"
    return f"in {size}" if at_ms > now_ms else f"{size} ago"
