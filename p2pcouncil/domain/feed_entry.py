"""What the fold is fed: one entry of one lane, with where it stands.

The replica has checked signatures, chains and sizes before it hands an entry over; the fold judges what it
says.
"""

import msgspec

from crdt.ids import ChangeHash, DeviceId, LaneId, MemberId


class FeedEntry(msgspec.Struct, frozen=True, gc=False):
    """One entry as the replica read it out of a feed.

    Entries of one lane are handed over in the order of their sequence numbers; lanes interleave in any way.

    Attributes:
        hash: the entry's name: the change hash of the (last) envelope that carries it.
        lane: the feed that it stands in.
        member: whose feed it is.
        device: which of the member's devices writes the feed.
        generation: 0, and one more each time the device had to start anew.
        seq: sequence number of its last envelope; entries in parts leave gaps.
        data: the payload, put together; None when that failed.
        broken: why the payload could not be put together; empty when it could.
    """

    hash: ChangeHash
    lane: LaneId
    member: MemberId
    device: DeviceId
    generation: int
    seq: int
    data: bytes | None
    broken: str = ""
