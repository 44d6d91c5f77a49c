"""What a forked lane takes with it out of a text.

Automerge can't hold two changes at one seq of an actor, and whom to believe must not depend on who came
first. So of a forked lane only what is below its lowest fork stays, and whatever builds on the rest goes with
it. All of this is a function of the set of changes alone.
"""

from collections.abc import Iterable, Mapping

from crdt.change_codec import ChangeHead
from crdt.ids import ChangeHash, LaneId


def find_forks(changes: Iterable[ChangeHead], known: Mapping[LaneId, int]) -> dict[LaneId, int]:
    """Find, by lane, the lowest seq at which two changes stand, among those given and the forks known."""
    forked = dict(known)
    places: dict[tuple[LaneId, int], ChangeHash] = {}
    for change in changes:
        lane = LaneId(change.actor)
        if places.setdefault((lane, change.seq), change.hash) != change.hash:
            forked[lane] = min(change.seq, forked.get(lane, change.seq))
    return forked


def is_forked(change: ChangeHead, forked: Mapping[LaneId, int]) -> bool:
    """Whether a change stands at or above the lowest fork of its lane."""
    lowest = forked.get(LaneId(change.actor))
    return lowest is not None and change.seq >= lowest


def reach_of_forks(changes: Iterable[ChangeHead], forked: Mapping[LaneId, int]) -> set[ChangeHash]:
    """Gather the changes at or above a fork of their lane, and all that build on them."""
    builders: dict[ChangeHash, list[ChangeHash]] = {}
    waiting: list[ChangeHash] = []
    for change in changes:
        for dep in change.deps:
            builders.setdefault(dep, []).append(change.hash)
        if is_forked(change, forked):
            waiting.append(change.hash)
    reached: set[ChangeHash] = set()
    while waiting:
        change_hash = waiting.pop()
        if change_hash not in reached:
            reached.add(change_hash)
            waiting.extend(builders.get(change_hash, ()))
    return reached
