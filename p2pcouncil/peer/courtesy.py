"""What a device may ask of us, and what becomes of one that asks for more: throttled, then dropped with a reason.

Below its rates a device notices nothing. Above them its gossip is shed, which a pull makes good, and its questions are
answered with how long to wait, which costs next to nothing. A device that goes on at several times the rate is dropped
and refused for a minute, the next time for two, up to an hour; after a good day all is forgotten.

Nobody is blamed for what others did. Questions are the asker's. Gossip that a device hands over under its own name is
its own; gossip of others is only shed, up to amounts that no honest peer lets through to begin with (`net`'s gate, and
what `Pulling` itself publishes), for else whoever floods could have whoever forwards it dropped.
"""

from typing import Annotated

import msgspec

from crdt.errors import UNREADABLE
from crdt.ids import DeviceId
from p2pcouncil.domain.records import Hash
from p2pcouncil.peer.rates import RATES, Meter, What

REFUSED_MS = 60_000
MAX_REFUSED_MS = 3_600_000
FORGOTTEN_AFTER_MS = 86_400_000
MAX_OFFENDERS = 1_000
"""Devices that were dropped and are remembered; the earliest is forgotten first."""
MAX_METERED = 256
"""Devices whose rates are kept, more than can be connected: who comes back finds no clean slate, and memory ends."""
MAX_KEPT = 64
"""Devices of which the other processes of this home are told."""


class Conduct(msgspec.Struct, frozen=True, array_like=True):
    """How a device stands, as it is shown and kept.

    Attributes:
        habit: what it does too much while it is throttled, or empty.
        since_ms: since when it is throttled, or when it was dropped.
        reason: why it was dropped, or empty.
        refused_until_ms: until when it is refused; 0 when it is not.
        times: how often it was dropped within a day.
    """

    device: Hash
    habit: str = ""
    since_ms: int = 0
    reason: str = ""
    refused_until_ms: int = 0
    times: int = 0


Kept = Annotated[tuple[Conduct, ...], msgspec.Meta(max_length=MAX_KEPT)]


class Courtesy:
    """The rates of every device, and who is refused.

    It decides by this laptop's clock what is done and asked when, and nothing that peers have to agree on.
    """

    def __init__(self) -> None:
        self._meters: dict[DeviceId, dict[What, Meter]] = {}
        self._offenders: dict[DeviceId, Conduct] = {}
        self._to_drop: dict[DeviceId, str] = {}
        self._throttled: dict[Meter, None] = {}
        self._has_changed = False

    def take(self, device: DeviceId, what: What, cost: int, now_ms: int) -> int:
        """Count something that a device did.

        Returns:
            0 when it is within its rate; else how many milliseconds it should have waited.
        """
        meter = self._meter(device, what)
        was_throttled = meter.throttled_since_ms is not None
        wait_ms = meter.take(cost, now_ms)
        if wait_ms and not was_throttled:
            self._throttled[meter] = None
            self._has_changed = True
        reason = meter.excess(now_ms)
        if reason:
            self._to_drop.setdefault(device, reason)
        return wait_ms

    def charge(self, device: DeviceId, what: What, cost: int, now_ms: int) -> None:
        """Count what is known only afterwards, like the size of an answer."""
        self._meter(device, what).charge(cost, now_ms)

    def is_throttled(self, device: DeviceId, what: What) -> bool:
        """Whether a device did too much of this and has not calmed down since."""
        meter = self._meters.get(device, {}).get(what)
        return meter is not None and meter.throttled_since_ms is not None

    def is_shunned(self, device: DeviceId, now_ms: int) -> bool:
        """Whether nothing that a device published is taken for now, whoever hands it over.

        It is so after what it handed over itself, and nothing that others said of it or passed on.
        """
        return (
            self.is_refused(device, now_ms)
            or self.is_throttled(device, What.GOSSIP)
            or self.is_throttled(device, What.REFUSED)
        )

    def shunned(self, now_ms: int) -> tuple[DeviceId, ...]:
        """Every device that is shunned."""
        if not self._throttled and not self._offenders:
            return ()
        return tuple(d for d in (*self._meters, *self._offenders) if self.is_shunned(d, now_ms))

    def offences(self, now_ms: int) -> list[tuple[DeviceId, str]]:
        """Whom to drop now, and why; they are refused from here on."""
        if not self._to_drop:
            return []
        found = [(device, self._refuse(device, reason, now_ms)) for device, reason in self._to_drop.items()]
        self._to_drop.clear()
        return found

    def is_refused(self, device: DeviceId, now_ms: int) -> bool:
        """Whether a device was dropped a short while ago."""
        found = self._offenders.get(device)
        # A clock that was set back must not shut anybody out for as long.
        return found is not None and 0 < found.refused_until_ms - now_ms <= MAX_REFUSED_MS

    def reason(self, device: DeviceId) -> str:
        """Why a device was dropped the last time; empty if it was not, or that is forgotten."""
        found = self._offenders.get(device)
        return found.reason if found is not None else ""

    def conducts(self, now_ms: int) -> tuple[Conduct, ...]:
        """How those devices stand of whom there is something to say: who is throttled, then who is refused."""
        found = [self.conduct(device, now_ms) for device in (*self._meters, *self._offenders)]
        return tuple({c.device: c for c in found if c is not None}.values())

    def conduct(self, device: DeviceId, now_ms: int) -> Conduct | None:
        """How a device stands, if there is something to say."""
        if self.is_refused(device, now_ms):
            return self._offenders[device]
        throttled = [
            (meter.throttled_since_ms, RATES[what].habit)
            for what, meter in self._meters.get(device, {}).items()
            if meter.throttled_since_ms is not None
        ]
        return Conduct(device, min(throttled)[1], min(throttled)[0]) if throttled else None

    def tick(self, now_ms: int) -> None:
        """Let those be well again who have calmed down, and forget old offences."""
        for meter in [meter for meter in self._throttled if meter.calm_down(now_ms)]:
            del self._throttled[meter]
            self._has_changed = True
        for device in [d for d, o in self._offenders.items() if now_ms - o.since_ms > FORGOTTEN_AFTER_MS]:
            del self._offenders[device]

    def take_change(self, now_ms: int) -> bytes | None:
        """What to keep on the shelf, for other processes and the next start, if it is not what it was."""
        if not self._has_changed:
            return None
        self._has_changed = False
        throttled = [c for c in self.conducts(now_ms) if not c.refused_until_ms]
        return msgspec.msgpack.encode((*throttled, *self._offenders.values())[-MAX_KEPT:])

    def restore(self, kept: bytes) -> None:
        """Remember who was refused before this program started."""
        for conduct in read_kept(kept):
            if conduct.times:
                self._offenders.setdefault(DeviceId(conduct.device), conduct)

    def _meter(self, device: DeviceId, what: What) -> Meter:
        meters = self._meters.get(device)
        if meters is None:
            meters = self._meters[device] = {}
            if len(self._meters) > MAX_METERED:
                del self._meters[next(iter(self._meters))]
        meter = meters.get(what)
        if meter is None:
            meter = meters[what] = Meter(RATES[what])
        return meter

    def _refuse(self, device: DeviceId, reason: str, now_ms: int) -> str:
        """Refuse a device from now on; returns the reason."""
        for meter in self._meters.pop(device, {}).values():
            self._throttled.pop(meter, None)
        before = self._offenders.pop(device, None)
        times = before.times + 1 if before is not None else 1
        for_ms = min(MAX_REFUSED_MS, REFUSED_MS << min(times - 1, 10))
        self._offenders[device] = Conduct(device, "", now_ms, reason, now_ms + for_ms, times)
        if len(self._offenders) > MAX_OFFENDERS:
            del self._offenders[next(iter(self._offenders))]
        self._has_changed = True
        return reason


def read_kept(kept: bytes) -> tuple[Conduct, ...]:
    """Read what `take_change` gave; nothing if another version wrote it otherwise."""
    try:
        return msgspec.msgpack.decode(kept, type=Kept) if kept else ()
    except UNREADABLE:
        return ()
