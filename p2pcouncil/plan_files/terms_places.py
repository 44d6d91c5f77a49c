"""Where things stand in a file of terms: TOML is read as a whole, and whoever corrects it needs a line."""

import re
from collections.abc import Sequence

_TABLE = re.compile(r"\s*\[\[\s*([A-Za-z_]+)\s*\]\]")
_OTHER_TABLE = re.compile(r"\s*\[")


class Places:
    """The lines of a file's tables and keys; 0 for what was not written as a table of its own."""

    def __init__(self, lines: Sequence[str]) -> None:
        """Look through a file.

        Args:
            lines: of it, in order.
        """
        self._lines = lines
        self._heads: dict[str, list[int]] = {}
        self._first_head = len(lines)
        for number, line in enumerate(lines):
            found = _TABLE.match(line)
            if found is not None:
                self._heads.setdefault(found[1], []).append(number)
            if _OTHER_TABLE.match(line):
                self._first_head = min(self._first_head, number)

    def of_file(self, key: str) -> int:
        """The line, from 1, in which a key stands that belongs to no table."""
        return self._find(key, 0, self._first_head)

    def of_table(self, name: str, at: int, key: str = "") -> int:
        """The line of a key of a table, from 1; of the table itself, if it has no such key.

        Args:
            name: like ``good``, of ``[[good]]``.
            at: which of them, from 0.
            key: of the table.
        """
        heads = self._heads.get(name, [])
        if at >= len(heads):
            return 0
        begin = heads[at] + 1
        end = next(
            (n for n in range(begin, len(self._lines)) if _OTHER_TABLE.match(self._lines[n])),
            len(self._lines),
        )
        return self._find(key, begin, end) or heads[at] + 1

    def _find(self, key: str, begin: int, end: int) -> int:
        written = re.compile(rf"""\s*["']?{re.escape(key)}["']?\s*=""")
        return next((n + 1 for n in range(begin, end) if key and written.match(self._lines[n])), 0)
