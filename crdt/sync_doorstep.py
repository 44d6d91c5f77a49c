"""Lanes that peers offer and that are not kept here: those of strangers, and those for which there is no room.

A summary names a lane by its id, and only its envelopes show whose it is. So such a lane is fetched once, and its
header remembered: it is passed over from then on, by every pull, until its member is admitted, and does not count as
missing. The other side may hold it in good faith, for it may know of a vouch, or not know of a lower lane.
"""

from collections.abc import Callable

from crdt.ids import LaneId, MemberId
from crdt.index import LaneIndex
from crdt.keys import LaneHeader

MAX_DOORSTEP_LANES = 16_384
"""Some ten megabytes; the earliest is forgotten first, and may then be fetched once more."""
MAX_STRANGER_BYTES = 32 * 1024 * 1024
"""What one pull fetches of strangers: as much as can be set aside until somebody vouches for them."""


def everybody_is_admitted(member: MemberId) -> bool:
    """Who compares sets without knowing any members admits all."""
    return True


class Doorstep:
    """The lanes of one council that were offered and not let in."""

    def __init__(
        self, index: LaneIndex, is_admitted: Callable[[MemberId], bool] = everybody_is_admitted
    ) -> None:
        """Begin with nobody waiting.

        Args:
            index: what we hold of the council.
            is_admitted: whether a member's lanes are kept.
        """
        self._index = index
        self._is_admitted = is_admitted
        self._lanes: dict[LaneId, LaneHeader] = {}

    def is_stranger(self, header: LaneHeader) -> bool:
        """Whether the lane's member is not admitted, and may be at any moment."""
        return not self._is_admitted(header.member)

    def turns_away(self, lane: LaneId, header: LaneHeader) -> bool:
        """Whether a lane of which nothing is held is not kept at the moment; it is remembered then."""
        if not self.is_stranger(header) and self._index.has_room(header):
            return False
        self._lanes[lane] = header
        if len(self._lanes) > MAX_DOORSTEP_LANES:
            del self._lanes[next(iter(self._lanes))]
        return True

    def keeps_out(self, lane: LaneId) -> bool:
        """Whether a lane was turned away, and would be again."""
        header = self._lanes.get(lane)
        if header is None:
            return False
        if self.is_stranger(header) or not self._index.has_room(header):
            return True
        del self._lanes[lane]
        return False
