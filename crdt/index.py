"""What a replica holds of one council, in memory: hashes by lane and place, fingerprints of ranges of lanes.

The fingerprint of a set of entries is the sum modulo 2**256 of one SHA-256 per entry, hashed with their
number (as in Negentropy): adding an entry costs one hash and one addition, and two replicas that hold the
same set have the same fingerprint in whatever order it came. A hash takes 32 bytes here, so 100,000 entries
take some 4 MB.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import accumulate
from typing import NamedTuple

from crdt.envelope import Envelope
from crdt.errors import RemoteError
from crdt.ids import HASH_BYTES, ChangeHash, DeviceId, LaneId
from crdt.keys import LaneHeader
from crdt.lane_bounds import Writers
from crdt.parts import PartsReader

FINGERPRINT_BYTES = 16
_MODULUS_MASK = (1 << 256) - 1


@dataclass(frozen=True, slots=True)
class Want:
    """Envelopes of one lane that somebody asks for, from seq `first` to `last`, both included."""

    lane: LaneId
    first: int
    last: int


class HeldLane:
    """One lane as it is held: the chain's hashes, and what stands at or above a fork."""

    __slots__ = ("_hashes", "above", "header", "lane", "total")

    def __init__(self, lane: LaneId, header: LaneHeader) -> None:
        self.lane = lane
        self.header = header
        self.above: list[tuple[int, ChangeHash]] = []
        """The branches at the fork, ascending. Empty for an unforked lane."""
        self.total = 0
        """Sum of the items' hashes, modulo 2**256."""
        self._hashes = bytearray()

    @property
    def count(self) -> int:
        """How many envelopes the chain holds; below the fork where there is one."""
        return len(self._hashes) // HASH_BYTES

    @property
    def tip(self) -> bytes:
        """Hash of the chain's last envelope; empty for an empty chain."""
        return bytes(self._hashes[-HASH_BYTES:])

    @property
    def size(self) -> int:
        """How many envelopes are held of the lane in all."""
        return self.count + len(self.above)

    @property
    def fork_seq(self) -> int | None:
        """Seq of the lowest fork, or None."""
        return self.above[0][0] if self.above else None

    def hash_at(self, seq: int) -> bytes:
        """Hash of the chain's envelope at `seq`; empty where the chain holds none."""
        return bytes(self._hashes[(seq - 1) * HASH_BYTES : seq * HASH_BYTES]) if seq > 0 else b""

    def hashes_at(self, seq: int) -> tuple[bytes, ...]:
        """All hashes held at a place, those of a fork included."""
        if 1 <= seq <= self.count:
            return (self.hash_at(seq),)
        return tuple(change for at, change in self.above if at == seq)

    def add(self, seq: int, change: ChangeHash) -> bool:
        """Take in a row; False when it was there already."""
        if not self.above and (seq - 1) * HASH_BYTES == len(self._hashes):
            self._hashes += change
        elif change in self.hashes_at(seq):
            return False
        else:
            if seq <= self.count:
                # A second branch: the first one leaves the chain, and so does all that followed it.
                first = ChangeHash(self.hash_at(seq))
                self.truncate(seq)
                self._hold_above(seq, first)
            self._hold_above(seq, change)
            return True
        self.total = self.total + _item(self.lane, seq, change) & _MODULUS_MASK
        return True

    def truncate(self, seq: int) -> None:
        """Forget everything from `seq` on."""
        gone = [(at, ChangeHash(self.hash_at(at))) for at in range(seq, self.count + 1)]
        gone += [(at, change) for at, change in self.above if at >= seq]
        self.above = [(at, change) for at, change in self.above if at < seq]
        del self._hashes[(seq - 1) * HASH_BYTES :]
        self.total = self.total - sum(_item(self.lane, at, change) for at, change in gone) & _MODULUS_MASK

    def seq_of(self, change: ChangeHash) -> int | None:
        """Where in the lane an envelope stands, or None."""
        at = self._hashes.find(change)
        while at >= 0 and at % HASH_BYTES:
            at = self._hashes.find(change, at + 1)
        if at >= 0:
            return at // HASH_BYTES + 1
        return next((seq for seq, other in self.above if other == change), None)

    def _hold_above(self, seq: int, change: ChangeHash) -> None:
        insort(self.above, (seq, change))
        self.total = self.total + _item(self.lane, seq, change) & _MODULUS_MASK


class LaneIndex:
    """All lanes of one council, fed with the rows of the store in their order; forks go before envelopes."""

    def __init__(self) -> None:
        self._lanes: dict[LaneId, HeldLane] = {}
        self._order: list[LaneId] = []
        self._sum = 0
        self._size = 0
        self._sums: list[int] = []
        self._sizes: list[int] = []
        self._writers = Writers()
        self._of_device: dict[DeviceId, dict[LaneId, None]] = {}

    @property
    def total(self) -> int:
        """How many envelopes are held in all."""
        return self._size

    def add(self, header: LaneHeader, envelope: Envelope) -> None:
        """Take in an envelope that was read from the store."""
        held = self._lanes.get(envelope.lane)
        if held is None:
            held = self._lanes[envelope.lane] = HeldLane(envelope.lane, header)
            insort(self._order, envelope.lane)
            self._writers.add(envelope.lane, header)
            self._of_device.setdefault(header.device, {})[envelope.lane] = None
        before, size = held.total, held.size
        if held.add(envelope.seq, envelope.hash):
            self._count(held, before, size)

    def truncate(self, lane: LaneId, seq: int) -> None:
        """Forget a lane from `seq` on: a fork was found there, and what stays comes again."""
        held = self._lanes.get(lane)
        if held is None:
            return
        before, size = held.total, held.size
        held.truncate(seq)
        self._count(held, before, size)
        if not held.size:
            del self._lanes[lane], self._order[bisect_left(self._order, lane)]
            self._writers.remove(lane, held.header)
            del self._of_device[held.header.device][lane]

    def has_room(self, header: LaneHeader) -> bool:
        """Whether a lane that is not held would be kept, or its member has as many as peers keep."""
        return self._writers.has_room(header)

    def lane(self, lane: LaneId) -> HeldLane | None:
        """What is held of a lane, or None for one never heard of."""
        return self._lanes.get(lane)

    def count_of(self, lane: LaneId) -> int:
        """How many envelopes a lane's chain holds; 0 for one never heard of."""
        held = self._lanes.get(lane)
        return 0 if held is None else held.count

    def find(self, change: ChangeHash) -> tuple[LaneId, int] | None:
        """Lane and seq of an envelope, or None; scans all hashes, some milliseconds for a million."""
        for lane, held in self._lanes.items():
            seq = held.seq_of(change)
            if seq is not None:
                return lane, seq
        return None

    def headers(self) -> Iterator[LaneHeader]:
        """Headers of all lanes, by ascending lane id."""
        return (self._lanes[lane].header for lane in self._order)

    def lanes_with_headers(self) -> Iterator[tuple[LaneId, LaneHeader]]:
        """All lanes and their headers, by ascending lane id."""
        return ((lane, self._lanes[lane].header) for lane in self._order)

    def lanes_of(self, device: DeviceId) -> Iterator[tuple[LaneId, HeldLane]]:
        """What a device wrote, in no particular order; it costs what that device wrote, not what is held."""
        return ((lane, self._lanes[lane]) for lane in self._of_device.get(device, ()))

    def lanes_between(self, low: bytes = b"", high: bytes = b"") -> Sequence[LaneId]:
        """Lanes with `low` <= id < `high`, ascending; an empty `high` is the end of all ids."""
        begin, end = self._span(low, high)
        return self._order[begin:end]

    def fingerprint(self, low: bytes = b"", high: bytes = b"") -> tuple[bytes, int]:
        """Fingerprint and number of the entries held in `lanes_between(low, high)`.

        A question asks for many ranges of one state, so running sums are kept from change to change: a range
        then costs two look-ups, however many lanes it spans.
        """
        if not low and not high:
            return fingerprint_of(self._sum, self._size), self._size
        if not self._sums:
            lanes = [self._lanes[lane] for lane in self._order]
            self._sums = list(accumulate((held.total for held in lanes), initial=0))
            self._sizes = list(accumulate((held.size for held in lanes), initial=0))
        begin, end = self._span(low, high)
        size = self._sizes[end] - self._sizes[begin]
        return fingerprint_of(self._sums[end] - self._sums[begin], size), size

    def _count(self, held: HeldLane, before: int, size: int) -> None:
        """Note that a lane's sum and size are no longer what they were."""
        self._sum += held.total - before
        self._size += held.size - size
        self._sums = []

    def _span(self, low: bytes, high: bytes) -> tuple[int, int]:
        end = bisect_left(self._order, high) if high else len(self._order)
        return min(bisect_left(self._order, low), end), end


class FeedItem(NamedTuple):
    """One entry of a feed, or the place where one is broken.

    Attributes:
        seq: of its last envelope.
        hash: of its last envelope; the entry's name.
        data: the entry's bytes; empty when broken.
        broken: why the payloads at this place are no entry; empty when they are one.
    """

    seq: int
    hash: ChangeHash
    data: bytes
    broken: str = ""


class FeedReader:
    """Turns a feed's envelopes, in the order of its chain, into entries."""

    def __init__(self) -> None:
        self._parts = PartsReader()

    def feed(self, envelope: Envelope) -> tuple[FeedItem, ...]:
        """Take the next envelope; return the entry that it completes, if any."""
        try:
            data = self._parts.feed(envelope.payload)
        except RemoteError as error:
            return (FeedItem(envelope.seq, envelope.hash, b"", str(error)),)
        return () if data is None else (FeedItem(envelope.seq, envelope.hash, data),)


def fingerprint_of(total: int, size: int) -> bytes:
    """Fingerprint of a set: `total` is the sum of its items' hashes, `size` their number; 16 bytes."""
    summed = (total & _MODULUS_MASK).to_bytes(HASH_BYTES, "big")
    return sha256(summed + size.to_bytes(8, "big")).digest()[:FINGERPRINT_BYTES]


def _item(lane: LaneId, seq: int, change: bytes) -> int:
    return int.from_bytes(sha256(lane + seq.to_bytes(8, "big") + change).digest(), "big")
