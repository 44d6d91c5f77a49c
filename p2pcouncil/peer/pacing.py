"""When a device is asked again about a council: soon, and later if that led nowhere."""

from crdt.ids import CouncilId, DeviceId
from p2pcouncil.peer.rates import Bucket

PULL_EVERY_MS = 15_000
"""How often a pull runs for good measure: a lost gossip message is noticed after this long at the latest."""
PULL_STRANGERS_EVERY_MS = 480_000
"""How often, at the least, from who brings nothing but lanes of strangers: each such pull doubles the pause."""
VAIN_PULLS_PER_SECOND = 1
VAIN_PULLS_BURST = 10
"""Pulls that hints led to and that brought nothing; hints without end must not make us ask without end."""

Key = tuple[DeviceId, CouncilId]


class Pacing:
    """By device and council, when the next pull is due, and how much hints are worth."""

    def __init__(self) -> None:
        self._due_ms: dict[Key, int] = {}
        self._pause_ms: dict[Key, int] = {}
        self._vain: dict[Key, Bucket] = {}

    def is_due(self, key: Key, now_ms: int) -> bool:
        """Whether it is time for a pull; it is for a device that was never pulled from."""
        return now_ms >= self._due_ms.get(key, 0)

    def heeds(self, key: Key, now_ms: int, *, is_running: bool) -> bool:
        """Whether a hint that there is news leads to a pull now.

        After hints that led nowhere it does so later: else whoever sends hints without end would have us flood those
        who only passed them on.
        """
        if self._pause_ms.get(key, 0) > PULL_EVERY_MS and not self.is_due(key, now_ms):
            return False
        wait_ms = self._vain[key].take(0, now_ms) if key in self._vain else 0
        if wait_ms and not is_running:
            due_ms = now_ms + wait_ms
            self._due_ms[key] = min(self._due_ms.get(key, due_ms), due_ms)
            return False
        return True

    def ended(self, key: Key, now_ms: int, due_in_ms: int) -> None:
        """A pull ended; the next one is due after so long."""
        self._due_ms[key] = now_ms + due_in_ms

    def ended_whole(self, key: Key, now_ms: int, *, gained: bool, has_strangers: bool) -> None:
        """A pull ran to its end; the next one is due later if all that it found was lanes of strangers.

        Args:
            key: the device and the council.
            now_ms: this laptop's clock.
            gained: whether it brought something.
            has_strangers: whether it fetched something of those who don't belong.
        """
        pause_ms = PULL_EVERY_MS
        if has_strangers and not gained:
            pause_ms = min(2 * self._pause_ms.get(key, PULL_EVERY_MS), PULL_STRANGERS_EVERY_MS)
        self._pause_ms[key] = pause_ms
        self.ended(key, now_ms, pause_ms)
        if not gained:
            vain = self._vain.setdefault(key, Bucket(VAIN_PULLS_PER_SECOND, VAIN_PULLS_BURST))
            vain.charge(1, now_ms)

    def forget(self, device: DeviceId) -> None:
        """A device is no longer connected."""
        self._due_ms = {key: due for key, due in self._due_ms.items() if key[0] != device}
        self._pause_ms = {key: pause for key, pause in self._pause_ms.items() if key[0] != device}
        self._vain = {key: bucket for key, bucket in self._vain.items() if key[0] != device}

    def reset(self) -> None:
        """Let every pull be due: what they found before may no longer hold."""
        self._due_ms.clear()
