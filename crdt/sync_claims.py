"""Which peer is being asked for which lane: several pulls of one council share the work and fetch nothing twice.

Every pull compares for itself, which costs little. Envelopes are shared out: a lane is asked of one peer at a
time, and for no more than an answer holds. What an answer brought is *marked* until it is checked and folded,
so that the next peer goes on behind it. Nobody can keep a lane from the others: a claim ends with the answer,
and when that takes too long the claim is no longer *firm*: who finds nothing else to do takes it over. Who was
too slow, or hands over a handful at a time, makes no firm claims until it has served well again.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from crdt.ids import DeviceId, LaneId

MAX_CLAIM_ENTRIES = 2_048
"""Envelopes asked of one peer at a time; some three quarters of a megabyte, as much as an answer holds."""
MIN_CLAIM_ENTRIES = 32
"""What a peer is asked for that is ever too slow."""
MAX_MARKED_LANES = 65_536
"""What is forgotten beyond that may be fetched twice."""
MAX_LET_DOWN_LANES = 4_096


class Taken(IntEnum):
    """Whether somebody else is being asked for a lane."""

    FREE = 0
    LOOSELY = 1
    FIRMLY = 2


@dataclass(slots=True)
class Mark:
    """What came of a lane and is not yet to be seen in the index.

    Attributes:
        upto: seq of the last envelope that came.
        is_checked: the store has taken of it what it could.
        closed: the count at which it was folded; 0 before. Pulls that began before still pass over it, for
            what is not held by then was set aside or left out, and would be again.
    """

    upto: int
    is_checked: bool = False
    closed: int = 0


class Claims:
    """What is asked and what has come, for all pulls of one council.

    Attributes:
        version: grows when a lane becomes free, or when there is no more need to wait for one.
    """

    def __init__(self) -> None:
        self.version = 0
        self._count = 0
        self._running: dict[DeviceId, int] = {}
        self._asked: dict[LaneId, DeviceId] = {}
        self._asked_of: dict[DeviceId, list[LaneId]] = {}
        self._loose: set[LaneId] = set()
        self._allowed: dict[DeviceId, int] = {}
        self._stalled: set[DeviceId] = set()
        self._served: set[DeviceId] = set()
        self._let_down: dict[LaneId, None] = {}
        self._marks: dict[LaneId, Mark] = {}
        self._unfolded: list[tuple[LaneId, Mark]] = []
        self._closed: deque[tuple[LaneId, Mark]] = deque()

    def begin(self, device: DeviceId) -> int:
        """Begin a pull from a device; returns a number that grows from pull to pull."""
        self._count += 1
        self._running[device] = self._count
        return self._count

    def end(self, device: DeviceId) -> None:
        """End the device's pull: what was asked of it is free."""
        self.answered(device)
        self._running.pop(device, None)
        oldest = min(self._running.values(), default=self._count + 1)
        while self._closed and self._closed[0][1].closed <= oldest:
            lane, mark = self._closed.popleft()
            if self._marks.get(lane) is mark:
                del self._marks[lane]

    def forget(self, device: DeviceId) -> None:
        """A device has gone: how it served is forgotten, too."""
        self.end(device)
        self._allowed.pop(device, None)
        self._stalled.discard(device)
        self._served.discard(device)

    def allowed(self, device: DeviceId) -> int:
        """How many envelopes to ask of a device at a time."""
        return self._allowed.get(device, MAX_CLAIM_ENTRIES)

    def taken(self, lane: LaneId, device: DeviceId) -> Taken:
        """Whether somebody else than this device is being asked for a lane."""
        if self._asked.get(lane, device) == device:
            return Taken.FREE
        return Taken.LOOSELY if lane in self._loose else Taken.FIRMLY

    def ask(self, lane: LaneId, device: DeviceId) -> None:
        """A device is asked for a lane.

        A lane that somebody was too slow to serve is entrusted firmly only to who has served something: else
        many devices of one liar could hold it up one after the other.
        """
        is_poor = device in self._stalled or self.allowed(device) <= MIN_CLAIM_ENTRIES
        self._asked[lane] = device
        self._asked_of.setdefault(device, []).append(lane)
        self._loose.discard(lane)
        if is_poor or (lane in self._let_down and device not in self._served):
            self._loose.add(lane)

    def answered(self, device: DeviceId) -> None:
        """Nothing is asked of a device any more: what it did not serve is free."""
        lanes = self._lanes_asked_of(device)
        for lane in lanes:
            del self._asked[lane]
            self._loose.discard(lane)
        self._asked_of.pop(device, None)
        self.version += bool(lanes)

    def served(self, device: DeviceId, tops: Mapping[LaneId, int], count: int, asked: int) -> None:
        """A device has handed over some of what it was asked for; the rest is free.

        Args:
            device: who.
            tops: per lane the last envelope of those that came of it.
            count: how many came in all.
            asked: how many it was asked for. Who hands over a handful of them is asked for little the next time,
                so that it keeps little from the others.
        """
        self.answered(device)
        for lane, top in tops.items():
            self._let_down.pop(lane, None)
            mark = self._marks.get(lane)
            if mark is None or mark.upto < top:
                self._marks.pop(lane, None)
                self._marks[lane] = Mark(top)
        while len(self._marks) > MAX_MARKED_LANES:
            del self._marks[next(iter(self._marks))]
        self._served.add(device)
        self._stalled.discard(device)
        able = self.allowed(device) if count >= asked else count
        self._allowed[device] = min(max(2 * able, MIN_CLAIM_ENTRIES), MAX_CLAIM_ENTRIES)

    def lapse(self, device: DeviceId) -> None:
        """A device is being too slow: others need not wait for what it was asked for."""
        lanes = self._lanes_asked_of(device)
        self._loose.update(lanes)
        self._let_down.update(dict.fromkeys(lanes))
        while len(self._let_down) > MAX_LET_DOWN_LANES:
            del self._let_down[next(iter(self._let_down))]
        self._stalled.add(device)
        self.version += 1

    def failed(self, device: DeviceId) -> None:
        """A device served nothing of what it was asked for: it is asked for less from now on."""
        self.lapse(device)
        self.answered(device)
        self._allowed[device] = max(self.allowed(device) // 2, MIN_CLAIM_ENTRIES)

    def mark(self, lane: LaneId, began: int) -> Mark | None:
        """What came of a lane, as far as it matters to a pull of this number; None when nothing did."""
        mark = self._marks.get(lane)
        return None if mark is None or 0 < mark.closed <= began else mark

    def checked(self, tops: Mapping[LaneId, int]) -> None:
        """The store took what it could of an answer, and it waits to be folded."""
        for lane, top in tops.items():
            mark = self._marks.get(lane)
            if mark is not None and mark.upto == top:
                mark.is_checked = True
                self._unfolded.append((lane, mark))
        self.version += 1

    def folded(self) -> bool:
        """All that the store took is to be seen in the index; returns whether anything waited for that."""
        waiting, self._unfolded = self._unfolded, []
        if not waiting:
            return False
        self._count += 1
        for lane, mark in waiting:
            mark.closed = self._count
            self._closed.append((lane, mark))
        self.version += 1
        return True

    def lost(self, tops: Mapping[LaneId, int]) -> None:
        """An answer came to nothing: it was refused, or could not be kept. It is to be fetched anew."""
        for lane in tops:
            self._marks.pop(lane, None)
        self.version += 1

    def _lanes_asked_of(self, device: DeviceId) -> list[LaneId]:
        return [lane for lane in self._asked_of.get(device, ()) if self._asked.get(lane) == device]
