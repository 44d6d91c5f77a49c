"""From two texts to the splices that turn one into the other, as few as is cheap to find.

Small splices merge well: what an author left alone stays free for others to edit. The texts are compared by
lines, then changed lines by words, then changed words by characters. Comparing costs the product of the
lengths at worst, so that beyond a bound a stretch is replaced as a whole.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

MAX_COMPARISONS = 1_000_000
"""Product of the lengths, in tokens, that one comparison may cost: tens of milliseconds."""

_WORD = re.compile(r"\S+\s*|\s+")


@dataclass(frozen=True, slots=True)
class Splice:
    """At a position, in code points, delete so many and insert a string."""

    position: int
    deleted: int
    inserted: str

    @property
    def ops(self) -> int:
        """How many Automerge operations it takes: one per code point."""
        return self.deleted + len(self.inserted)


def find_splices(old: str, new: str) -> list[Splice]:
    """Find the splices that turn `old` into `new`, the last position first.

    From the last to the first, each position holds in the old text and in the text spliced so far.
    """
    return sorted(_refine(old, new, 0, _LEVELS), key=lambda splice: splice.position, reverse=True)


def batch_splices(splices: Sequence[Splice], max_ops: int) -> list[list[Splice]]:
    """Distribute splices, in order, over batches of at most `max_ops` operations, cutting large ones."""
    batches: list[list[Splice]] = [[]]
    room = max_ops
    for splice in splices:
        position, deleted, inserted = splice.position, splice.deleted, splice.inserted
        while deleted or inserted:
            if not room:
                batches.append([])
                room = max_ops
            cut_deleted = min(deleted, room)
            cut_inserted = inserted[: room - cut_deleted]
            batches[-1].append(Splice(position, cut_deleted, cut_inserted))
            room -= cut_deleted + len(cut_inserted)
            deleted -= cut_deleted
            inserted = inserted[len(cut_inserted) :]
            position += len(cut_inserted)
    return [batch for batch in batches if batch]


def apply_splices(text: str, splices: Sequence[Splice]) -> str:
    """Apply splices one after the other."""
    for splice in splices:
        end = splice.position + splice.deleted
        text = text[: splice.position] + splice.inserted + text[end:]
    return text


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def _words(text: str) -> list[str]:
    return _WORD.findall(text)


_LEVELS: tuple[Callable[[str], list[str]], ...] = (_lines, _words, list)


def _refine(
    old: str, new: str, offset: int, levels: Sequence[Callable[[str], list[str]]]
) -> Iterator[Splice]:
    """Compare two stretches, the old one at `offset`, by the first level, and what differs by the next."""
    prefix = _common_prefix(old, new)
    suffix = _common_prefix(old[prefix:][::-1], new[prefix:][::-1])
    old, new = old[prefix : len(old) - suffix], new[prefix : len(new) - suffix]
    offset += prefix
    if not old or not new or not levels:
        if old or new:
            yield Splice(offset, len(old), new)
        return
    old_tokens, new_tokens = levels[0](old), levels[0](new)
    if len(old_tokens) * len(new_tokens) > MAX_COMPARISONS:
        yield Splice(offset, len(old), new)
        return
    matcher = SequenceMatcher(None, old_tokens, new_tokens)
    starts = [0]
    for token in old_tokens:
        starts.append(starts[-1] + len(token))
    for tag, old_start, old_end, new_start, new_end in matcher.get_opcodes():
        if tag != "equal":
            old_part = "".join(old_tokens[old_start:old_end])
            new_part = "".join(new_tokens[new_start:new_end])
            yield from _refine(old_part, new_part, offset + starts[old_start], levels[1:])


def _common_prefix(first: str, second: str) -> int:
    """Length of the longest common prefix, by bisection: slices compare at the speed of memory."""
    low, high = 0, min(len(first), len(second))
    while low < high:
        middle = (low + high + 1) // 2
        if first[low:middle] == second[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
