"""What the parts of a peer share: who we are, the councils held, and a counter for asks and batches."""

from dataclasses import dataclass, field
from typing import Any

from crdt.ids import ChangeHash, CouncilId, DeviceId, LaneId, MemberId
from crdt.keys import DeviceCertificate, LaneHeader, LaneKind, lane_id
from p2pcouncil.domain.planning.round_figures import Figuring
from p2pcouncil.peer.courtesy import Courtesy
from p2pcouncil.peer.place import Place

MAX_DEVICES_REMEMBERED = 1_000


@dataclass(frozen=True, slots=True)
class Me:
    """Who this peer writes for.

    Attributes:
        certificate: the member's word for this device.
        name: display name, as it goes into foundings and joins.
        vrf: the public half of this device's VRF key, 32 bytes.
    """

    certificate: DeviceCertificate
    name: str
    vrf: bytes

    @property
    def member(self) -> MemberId:
        """Our member."""
        return self.certificate.member

    @property
    def device(self) -> DeviceId:
        """Our device."""
        return self.certificate.device


@dataclass(slots=True)
class World:
    """What this peer holds. `me` is None until there is an identity: then it only replicates and shows.

    `clock_ms` is what this laptop's clock said last, for what people are shown; `now_ms` goes on with it and
    never back, so that nobody waits for a day because a clock was put back by one. `unreadable` says of councils whose
    founding stands on the shelf why this version can't hold them. `figuring` works planning rounds out; None to do
    so on the spot.
    """

    me: Me | None = None
    places: dict[CouncilId, Place] = field(default_factory=dict)
    shelf: dict[str, dict[bytes, bytes]] = field(default_factory=dict)
    forks: dict[LaneId, int] = field(default_factory=dict)
    now_ms: int = 0
    clock_ms: int = 0
    connected: dict[DeviceId, int] = field(default_factory=dict)
    last_seen_ms: dict[DeviceId, int] = field(default_factory=dict)
    problems: dict[DeviceId, str] = field(default_factory=dict)
    unreadable: dict[CouncilId, str] = field(default_factory=dict)
    addresses: tuple[str, ...] = ()
    courtesy: Courtesy = field(default_factory=Courtesy)
    figuring: Figuring | None = None
    _counter: int = 0

    def next_number(self) -> int:
        """A number for an ask or a batch, unique in this process."""
        self._counter += 1
        return self._counter

    def pass_time(self, clock_ms: int) -> int:
        """Take what the clock says, and return a time that only ever goes on."""
        self.now_ms = self.now_ms + max(0, clock_ms - self.clock_ms) if self.clock_ms else clock_ms
        self.clock_ms = clock_ms
        return self.now_ms

    def saw(self, device: DeviceId) -> None:
        """Note that a device was heard; of those that are gone, only the latest are remembered."""
        self.last_seen_ms.pop(device, None)
        self.last_seen_ms[device] = self.clock_ms
        self._forget_oldest(self.last_seen_ms)

    def blame(self, device: DeviceId, problem: str) -> None:
        """Note why a device was dropped, for the Network screen."""
        self.problems.pop(device, None)
        self.problems[device] = problem
        self._forget_oldest(self.problems)

    def _forget_oldest(self, table: dict[DeviceId, Any]) -> None:
        """A stranger can make up devices without end."""
        while len(table) > MAX_DEVICES_REMEMBERED:
            del table[next(iter(table))]

    def reachable_at(self) -> tuple[str, ...]:
        """Where others can dial us: what this process knows, else what another process of this home last knew."""
        if self.addresses:
            return self.addresses
        kept = (self.item("setting", b"addresses") or b"").decode("utf-8", "replace")
        return tuple(address for address in kept.split("\n") if address)

    def is_mine(self, header: LaneHeader) -> bool:
        """Whether our own device writes this lane."""
        return self.me is not None and header.device == self.me.device and header.member == self.me.member

    def my_feed(self, council: CouncilId, generation: int = 0) -> LaneId:
        """Our own feed in a council."""
        if self.me is None:
            raise AssertionError("a feed of ours was asked for before there is an identity")
        return lane_id(LaneHeader(LaneKind.FEED, council, b"", self.me.certificate, generation))

    def place_of_entry(self, entry: ChangeHash) -> Place | None:
        """The council in which a proposal or an issue of this hash stands."""
        for place in self.places.values():
            if place.proposal(entry) is not None or place.issue(entry) is not None:
                return place
        return None

    def item(self, kind: str, key: bytes) -> bytes | None:
        """One value of the shelf."""
        return self.shelf.get(kind, {}).get(key)

    def items(self, kind: str) -> dict[bytes, bytes]:
        """What the shelf holds of one kind."""
        return self.shelf.setdefault(kind, {})
