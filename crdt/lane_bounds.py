"""What one member can make every peer keep: bounds on lanes that depend on the set alone.

Every lane costs every peer disk and memory, and devices and texts cost a member nothing. So there are bounds, and
they are such that replicas end with the same lanes in whatever order they heard of them: of all devices with which a
member ever wrote in a council, the lowest keys are kept; of all text lanes of such a device, the lowest ids; of a
lane, what fits along its own chain. What is kept can only be pushed out by something lower of the same member, and
never comes back. See docs/adr/0011.
"""

from bisect import bisect_left, insort

from crdt.envelope import MAX_LANE_ENVELOPES, MAX_TEXT_CHANGE_BYTES
from crdt.feed_change import MAX_PAYLOAD_BYTES
from crdt.ids import DeviceId, LaneId, MemberId
from crdt.keys import LaneHeader, LaneKind, lane_id
from crdt.text_guard import MAX_LANE_CHANGES

MAX_DEVICES_PER_MEMBER = 32
"""Laptops of one person in one council, over all the years: far more than anybody buys."""
MAX_TEXT_LANES_PER_DEVICE = 4_096
"""A text a day for eleven years; who edits more goes on with another device."""
MAX_FEED_BYTES = 16 * 1024 * 1024
"""A full feed of ordinary entries takes 3 MB, one of the largest entries alone begins its next generation."""
MAX_TEXT_LANE_BYTES = 2 * 1024 * 1024
"""4,000 saved edits of 200 bytes, and 100,000 characters of four bytes besides."""


def max_envelopes_of(kind: LaneKind) -> int:
    """How many envelopes a lane of this kind holds at the most."""
    return MAX_LANE_ENVELOPES if kind is LaneKind.FEED else MAX_LANE_CHANGES


def max_bytes_of(kind: LaneKind) -> int:
    """What the payloads of a lane of this kind weigh together at the most."""
    return MAX_FEED_BYTES if kind is LaneKind.FEED else MAX_TEXT_LANE_BYTES


def max_payload_bytes_of(kind: LaneKind) -> int:
    """What one payload of a lane of this kind weighs at the most."""
    return MAX_PAYLOAD_BYTES if kind is LaneKind.FEED else MAX_TEXT_CHANGE_BYTES


def may_be_too_heavy(kind: LaneKind, seq: int) -> bool:
    """Whether a lane that reaches up to `seq` has to be weighed; shorter ones can't hold too much."""
    return seq * max_payload_bytes_of(kind) > max_bytes_of(kind)


class Writers:
    """Who writes in one council with which lanes, in memory: says whether there is room for another lane."""

    def __init__(self) -> None:
        self._lanes: dict[MemberId, dict[DeviceId, int]] = {}
        self._texts: dict[tuple[MemberId, DeviceId], list[LaneId]] = {}

    def add(self, lane: LaneId, header: LaneHeader) -> None:
        """Take in a lane that is kept and was not before."""
        devices = self._lanes.setdefault(header.member, {})
        devices[header.device] = devices.get(header.device, 0) + 1
        if header.kind is LaneKind.TEXT:
            insort(self._texts.setdefault((header.member, header.device), []), lane)

    def remove(self, lane: LaneId, header: LaneHeader) -> None:
        """Forget a lane that was taken in and is not kept any more."""
        devices = self._lanes[header.member]
        devices[header.device] -= 1
        if not devices[header.device]:
            del devices[header.device]
        if header.kind is LaneKind.TEXT:
            texts = self._texts[header.member, header.device]
            del texts[bisect_left(texts, lane)]

    def has_room(self, header: LaneHeader) -> bool:
        """Whether a lane that is not held would be kept."""
        devices = self._lanes.get(header.member, {})
        if (
            header.device not in devices
            and len(devices) >= MAX_DEVICES_PER_MEMBER
            and header.device > max(devices)
        ):
            return False
        texts = self._texts.get((header.member, header.device), [])
        if header.kind is LaneKind.FEED or len(texts) < MAX_TEXT_LANES_PER_DEVICE:
            return True
        return lane_id(header) < texts[MAX_TEXT_LANES_PER_DEVICE - 1]
