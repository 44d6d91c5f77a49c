"""The changes of one document as a graph: who builds on whom, by vector clocks.

A lane is a sequence, so that a change's whole past is told by one number per lane: the last seq that it has
seen. The graph holds no two changes at one place of a lane; forks are judged elsewhere.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from crdt.errors import LocalError, RemoteError
from crdt.ids import ChangeHash, LaneId


class MissingDependency(RemoteError):
    """A change builds on changes not held yet: keep it aside and ask for `missing`."""

    def __init__(self, missing: Iterable[ChangeHash]) -> None:
        self.missing = frozenset(missing)
        super().__init__(f"it builds on changes that have not arrived yet: {len(self.missing)}")


class ForkedLane(RemoteError):
    """A valid change stands where another valid change of its lane is held: the writer made two."""

    def __init__(self, lane: LaneId, seq: int, held: ChangeHash, other: ChangeHash) -> None:
        self.lane, self.seq, self.held, self.other = lane, seq, held, other
        super().__init__(f"a writer made two different changes number {seq}")


@dataclass(frozen=True, slots=True)
class Past:
    """Everything before a change."""

    clock: Mapping[LaneId, int]
    """The last seq seen of every *other* lane. Leaving out its own lets a lane that writes alone share one
    clock among all its changes."""
    own_seq: int
    """The last seq seen of its own lane; 0 when it is the lane's first."""
    ops: int
    inserts: int
    max_op: int
    """The largest operation number."""


@dataclass(frozen=True, slots=True)
class HeldChange:
    """What is kept of a change to judge those that build on it."""

    hash: ChangeHash
    lane: LaneId
    seq: int
    deps: tuple[ChangeHash, ...]
    start_op: int
    inserted: int
    deleted: int
    past: Past
    lane_ops: int
    """Operations of its lane up to this change, itself included; `lane_inserts` counts the insertions."""
    lane_inserts: int

    @property
    def ops(self) -> int:
        """How many operations it holds; the genesis, which only makes the text, has one too."""
        return self.inserted + self.deleted or 1

    @property
    def max_op(self) -> int:
        """The number of its last operation."""
        return self.start_op + self.ops - 1

    def sees(self, lane: LaneId) -> int:
        """The last seq of a lane that this change holds in its past or is; 0 for none."""
        return self.seq if lane == self.lane else self.past.clock.get(lane, 0)


EMPTY_PAST = Past({}, 0, 0, 0, 0)


class ChangeGraph:
    """Changes by hash and by place, with the current heads. Grows by `add` alone."""

    def __init__(self) -> None:
        self._by_hash: dict[ChangeHash, HeldChange] = {}
        self._lanes: dict[LaneId, list[HeldChange]] = {}
        self._heads: set[ChangeHash] = set()

    def copy(self) -> "ChangeGraph":
        """Copy the graph; the changes themselves are shared."""
        twin = ChangeGraph()
        twin._by_hash = self._by_hash.copy()
        twin._lanes = {lane: changes.copy() for lane, changes in self._lanes.items()}
        twin._heads = self._heads.copy()
        return twin

    @property
    def heads(self) -> tuple[ChangeHash, ...]:
        """The changes that no other builds on, ascending."""
        return tuple(sorted(self._heads))

    def in_order(self) -> list[HeldChange]:
        """Every change after those that it builds on, in an order that depends on the set of changes only.

        A change numbers its operations above all of its past, which makes `start_op` such an order.
        """
        return sorted(self._by_hash.values(), key=lambda held: (held.start_op, held.hash))

    def lane(self, lane: LaneId) -> Sequence[HeldChange]:
        """The changes of a lane, by seq from 1."""
        return self._lanes.get(lane, ())

    def max_op_at(self, lane: LaneId, seq: int) -> int:
        """The largest operation number of a lane up to a held seq; 0 when there is none."""
        return self._lanes[lane][seq - 1].max_op if seq else 0

    def require(self, hashes: Iterable[ChangeHash]) -> list[HeldChange]:
        """Look changes up.

        Raises:
            MissingDependency: not all are held; it names those that are not.
        """
        wanted = list(hashes)
        missing = [change for change in wanted if change not in self._by_hash]
        if missing:
            raise MissingDependency(missing)
        return [self._by_hash[change] for change in wanted]

    def past_of(self, deps: Sequence[HeldChange], lane: LaneId) -> Past:
        """Join the pasts of a change's dependencies, themselves included, as seen from its own lane."""
        first = deps[0]
        max_op = max(dep.max_op for dep in deps)
        if len(deps) == 1 and first.lane == lane:
            past = first.past
            return Past(past.clock, first.seq, past.ops + first.ops, past.inserts + first.inserted, max_op)
        clock = dict(first.past.clock)
        clock[first.lane] = first.seq
        for dep in deps[1:]:
            for other, seq in (*dep.past.clock.items(), (dep.lane, dep.seq)):
                if seq > clock.get(other, 0):
                    clock[other] = seq
        tips = [self._lanes[other][seq - 1] for other, seq in clock.items()]
        ops = sum(tip.lane_ops for tip in tips)
        inserts = sum(tip.lane_inserts for tip in tips)
        own_seq = clock.pop(lane, 0)
        return Past(clock, own_seq, ops, inserts, max_op)

    def past_hashes(self, heads: Iterable[ChangeHash]) -> set[ChangeHash]:
        """Everything that held heads build on, themselves included."""
        reached: set[ChangeHash] = set()
        waiting = list(heads)
        while waiting:
            change = waiting.pop()
            if change not in reached:
                reached.add(change)
                waiting.extend(self._by_hash[change].deps)
        return reached

    def is_covered(self, change: HeldChange, by: Iterable[HeldChange]) -> bool:
        """Whether another of these changes has this one in its past."""
        return any(other.hash != change.hash and other.sees(change.lane) >= change.seq for other in by)

    def add(self, held: HeldChange) -> None:
        """Keep a change.

        Raises:
            ForkedLane: its place is taken by another change.
            LocalError: it is held already, or something before it is not.
        """
        lane = self._lanes.get(held.lane, [])
        if held.hash in self._by_hash:
            raise LocalError("the change is held already")
        if held.seq <= len(lane):
            raise ForkedLane(held.lane, held.seq, lane[held.seq - 1].hash, held.hash)
        if held.seq != len(lane) + 1 or any(dep not in self._by_hash for dep in held.deps):
            raise LocalError("the change was checked against another document")
        lane.append(held)
        self._lanes[held.lane] = lane
        self._by_hash[held.hash] = held
        self._heads.difference_update(held.deps)
        self._heads.add(held.hash)
