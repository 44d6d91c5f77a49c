"""Comparing one lane on two sides: what the other holds of it that we lack.

A hash in a chain stands for all before it. So a lane that is a prefix of the other is settled by its count
and the hash of its tip, and where two chains part is found by asking for hashes at some places, sixteen at a
time.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from crdt.errors import RemoteError
from crdt.ids import HASH_BYTES
from crdt.index import HeldLane
from crdt.sync_wire import MAX_PROBE_SEQS, Summary


@dataclass(slots=True)
class Stretch:
    """Envelopes to be fetched of one lane.

    Attributes:
        first: the next one.
        last: the last one.
        is_branch: they stand where we hold another, and prove a fork; else they extend our chain.
        tail: hash of the envelope received last; empty before the first.
        has_forked: two envelopes came for one place.
    """

    first: int
    last: int
    is_branch: bool
    tail: bytes = b""
    has_forked: bool = False


@dataclass(slots=True)
class Search:
    """Looks for the first place at which two chains differ.

    Attributes:
        equal: a place at which they are known to be equal; 0 is before the first.
        differs: a place at which they are known to differ, or, with `at_fork`, the one above our own fork.
        at_fork: the other side has passed the place of our fork: is its branch one that we should hold?
    """

    equal: int
    differs: int
    at_fork: bool = False

    def seqs(self) -> list[int]:
        """Places to ask for next; none when the place is found."""
        if self.at_fork:
            return [seq for seq in (self.differs - 2, self.differs - 1) if seq > 0]
        gap = self.differs - self.equal
        steps = min(gap, MAX_PROBE_SEQS + 1)
        return [self.equal + gap * step // steps for step in range(1, steps)]


Step = Stretch | Search | None


def validate_summary(summary: Summary) -> None:
    """Check that a summary could be true.

    Raises:
        RemoteError: it could not.
    """
    if len(summary.tip) != (HASH_BYTES if summary.count else 0):
        raise RemoteError("A peer summed up a lane that cannot be.")
    if list(summary.above) != sorted(set(summary.above)) or any(
        seq <= summary.count for seq, _ in summary.above
    ):
        raise RemoteError("A peer summed up a fork that cannot be.")


def first_step(held: HeldLane | None, summary: Summary) -> Step:
    """What to ask for, given what the other side holds; None when we lack nothing of the lane."""
    ours = 0 if held is None else held.count
    if summary.count > ours:
        if held is not None and held.fork_seq is not None:
            return Search(0, ours + 2, at_fork=True)
        return Stretch(ours + 1, top_of(summary), is_branch=False)
    if held is not None and summary.count and held.hash_at(summary.count) != summary.tip:
        return _found_or(Search(0, summary.count))
    lacking = [seq for seq, change in summary.above if lacks(held, seq, change)]
    return Stretch(lacking[0], lacking[-1], is_branch=True) if lacking else None


def next_step(held: HeldLane | None, search: Search, hashes: Sequence[bytes]) -> Step:
    """Go on with a search.

    Args:
        held: the lane as we hold it now.
        search: where the search stands.
        hashes: what the other side holds at `search.seqs()`; empty for a place where it holds nothing any
            more.

    Returns:
        What to ask for next. None when there is nothing to fetch, or one side has changed meanwhile: then the
        next pull sees to it.

    Raises:
        RemoteError: another number of hashes than was asked for.
    """
    seqs = search.seqs()
    if len(hashes) != len(seqs):
        raise RemoteError("A peer answered other places of a lane than it was asked for.")
    if held is None or not all(hashes):
        return None
    if search.at_fork:
        return _at_fork(held, dict(zip(seqs, hashes, strict=True)))
    equal, differs = search.equal, search.differs
    for seq, change in zip(seqs, hashes, strict=True):
        if held.hash_at(seq) == change:
            equal = seq
        else:
            differs = seq
            break
    return _found_or(Search(equal, differs))


def lacks(held: HeldLane | None, seq: int, change: bytes) -> bool:
    """Whether an envelope that the other side holds would be kept by us, and is not held."""
    if held is None:
        return True
    here = held.hashes_at(seq)
    if change in here:
        return False
    if held.fork_seq is None or seq < held.fork_seq:
        return True
    return seq == held.fork_seq and change < max(here)


def count_missing(held: HeldLane | None, summary: Summary) -> int:
    """How many envelopes the other side holds of a lane that we lack, as far as the summary alone tells."""
    missing = sum(lacks(held, seq, change) for seq, change in summary.above)
    if held is None:
        return missing + summary.count
    return missing + (max(0, summary.count - held.count) if held.fork_seq is None else 0)


def top_of(summary: Summary) -> int:
    """The highest place at which the other side holds something."""
    return summary.above[-1][0] if summary.above else summary.count


def _found_or(search: Search) -> Step:
    if search.differs - search.equal > 1:
        return search
    return Stretch(search.differs, search.differs, is_branch=True)


def _at_fork(held: HeldLane, theirs: dict[int, bytes]) -> Step:
    if held.fork_seq is None:
        return None
    below = held.fork_seq - 1
    if held.fork_seq not in theirs:
        return None
    if below and theirs[below] != held.hash_at(below):
        return _found_or(Search(0, below))
    if lacks(held, held.fork_seq, theirs[held.fork_seq]):
        return Stretch(held.fork_seq, held.fork_seq, is_branch=True)
    return None
