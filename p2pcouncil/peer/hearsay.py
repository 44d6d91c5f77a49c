"""Gossip that comes: rated, looked at, and taken in; a hint at more that is to be pulled.

Gossip is best effort and only ever a hint; what is right comes from pulls. Whoever hands it over is held to account for
what is their own, and never for what others published: see `courtesy`.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from crdt.envelope import EnvelopeGroup
from crdt.ids import CouncilId, DeviceId
from p2pcouncil.peer.events import Accept, BatchAccepted, Effect, GossipHeard, GossipShed
from p2pcouncil.peer.place import Place
from p2pcouncil.peer.pulling import Pulling
from p2pcouncil.peer.rates import What
from p2pcouncil.peer.spreading import read_gossip
from p2pcouncil.peer.wire import GossipKind, council_of
from p2pcouncil.peer.world import World

MAX_GOSSIPED = 10_000


@dataclass(frozen=True, slots=True)
class _Gossiped:
    """A gossip message that is being checked; `is_own` when whoever handed it over also published it."""

    device: DeviceId
    council: CouncilId
    is_own: bool


class Hearsay:
    """What devices hand over by gossip."""

    def __init__(self, world: World, pulling: Pulling) -> None:
        self._world = world
        self._pulling = pulling
        self._gossiped: dict[int, _Gossiped] = {}

    def heard(self, event: GossipHeard, now_ms: int) -> list[Effect]:
        """Take what a device handed over, unless it is too much."""
        courtesy, device = self._world.courtesy, event.device
        is_own = event.origin == device
        what = What.GOSSIP if is_own else self._what_is_passed_on(event)
        is_shed = courtesy.take(device, what, 1, now_ms) > 0
        is_shed |= courtesy.take(device, What.GOSSIP_BYTES, len(event.data), now_ms) > 0
        if is_own and courtesy.is_throttled(device, What.REFUSED):
            # Nobody looks any more whether it is garbage again.
            courtesy.take(device, What.REFUSED, 1, now_ms)
            is_shed = True
        # What it wrote comes by a pull, in good order; what others wrote and it passes on is none of its doing.
        is_shed |= event.origin is not None and courtesy.is_shunned(event.origin, now_ms)
        return [] if is_shed else self._take_in(event, now_ms)

    def _take_in(self, event: GossipHeard, now_ms: int) -> list[Effect]:
        """Have what is new in it checked. Only who published it is blamed for what can't be read."""
        council = CouncilId(council_of(event.topic) or b"")
        place = self._world.places.get(council)
        if place is None:
            return []
        if event.data == bytes([GossipKind.NEWS]):
            return self._pulling.hint(event.device, council, now_ms)
        groups = [group for group in read_gossip(event.data) if group.header.council == council]
        is_own = event.origin == event.device
        if not groups and is_own:
            self._world.courtesy.take(event.device, What.REFUSED, 1, now_ms)
        if _are_held(place, groups):
            # What is held already costs no more than this look, however often it comes.
            return []
        batch = self._world.next_number()
        if len(self._gossiped) < MAX_GOSSIPED:
            self._gossiped[batch] = _Gossiped(event.device, council, is_own)
        return [Accept(batch, event.device, tuple(groups))]

    def accepted(self, event: BatchAccepted, now_ms: int) -> list[Effect] | None:
        """Pull what gossip showed to be missing; None when the batch was no gossip."""
        gossiped = self._gossiped.pop(event.batch, None)
        if gossiped is None:
            return None
        if event.refused and gossiped.is_own:
            self._world.courtesy.take(gossiped.device, What.REFUSED, len(event.refused), now_ms)
        return self._pulling.hint(gossiped.device, gossiped.council, now_ms) if event.waiting else []

    def shed(self, event: GossipShed, now_ms: int) -> None:
        """Count what the network let fall before it reached us."""
        courtesy, device = self._world.courtesy, event.device
        if courtesy.is_refused(device, now_ms):
            return
        is_compared = all(self._pulling.is_compared(device, council) for council in self._world.places)
        strangers = event.strangers if is_compared else 0
        # As in `heard`: of who sends garbage, nobody looks any more whether it is garbage again.
        refused = event.own if courtesy.is_throttled(device, What.REFUSED) else 0
        for what, count in (
            (What.GOSSIP, event.own),
            (What.REFUSED, refused),
            (What.STRANGERS, strangers),
            (What.PASSED_ON, event.others + event.strangers - strangers),
        ):
            if count:
                courtesy.take(device, what, count, now_ms)

    def gone(self, device: DeviceId) -> None:
        """A device is no longer connected; what it handed over is being checked all the same."""
        self._gossiped = {n: some for n, some in self._gossiped.items() if some.device != device}

    def reset(self) -> None:
        """Forget what is being checked."""
        self._gossiped.clear()

    def _what_is_passed_on(self, event: GossipHeard) -> What:
        """Whether an honest device would have passed this on at any rate: what members gossip, as far as it knows.

        Until we have compared with it, we can't tell whom it knows and we don't.
        """
        council = CouncilId(council_of(event.topic) or b"")
        place = self._world.places.get(council)
        if place is None or event.origin is None or not self._pulling.is_compared(event.device, council):
            return What.PASSED_ON
        return What.PASSED_ON if event.origin in place.member_devices() else What.STRANGERS


def _are_held(place: Place, groups: Iterable[EnvelopeGroup]) -> bool:
    """Whether all envelopes are in the index already."""
    return all(
        (held := place.index.lane(envelope.lane)) is not None
        and envelope.hash in held.hashes_at(envelope.seq)
        for group in groups
        for envelope in group.envelopes
    )
