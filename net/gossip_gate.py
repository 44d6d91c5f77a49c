"""Which gossip a node lets through, before it checks, passes on or shows any of it.

Gossip spreads: what one node lets through, its neighbours have to deal with, and they see only who handed it over.
So each node limits publishers before it forwards. Those whom the program knows have a rate each; all others share a
small one, for anybody can make up publishers without end, and what is shed here a pull makes good. No honest node
then hands on a flood, and who does hand one on may be held to account for it (`p2pcouncil.peer.rates`).
"""

from collections.abc import Collection
from dataclasses import dataclass

from net.libp2p.rates import TokenBucket
from net.transport import GossipShed, PeerKey

KNOWN_PER_SECOND = 100.0
KNOWN_BURST = 200.0
KNOWN_BYTES_PER_SECOND = 256.0 * 1024
KNOWN_BYTES_BURST = 4.0 * 1024 * 1024
"""What is let through stays in memory for two minutes, for those who missed it."""
STRANGERS_PER_SECOND = 5.0
STRANGERS_BURST = 50.0
STRANGERS_BYTES_PER_SECOND = 16.0 * 1024
STRANGERS_BYTES_BURST = 256.0 * 1024
"""Of all strangers together."""
MAX_PUBLISHERS = 4_096
MAX_SENDERS = 256
TELL_EVERY_S = 0.5


class _Rate:
    """Messages and bytes of a publisher."""

    def __init__(self, messages: TokenBucket, size: TokenBucket) -> None:
        self._messages = messages
        self._size = size

    def is_allowed(self, size_bytes: int, now_s: float) -> bool:
        return self._messages.is_allowed(1, now_s) and self._size.is_allowed(size_bytes, now_s)


@dataclass(slots=True)
class _Shed:
    """What one peer handed over in vain since it was last told."""

    since_s: float
    own: int = 0
    strangers: int = 0
    others: int = 0


class GossipGate:
    """The rates of publishers, and a count of what was shed; sans-I/O, times in seconds on any steady clock."""

    def __init__(self) -> None:
        self._known: frozenset[PeerKey] | None = None
        self._shunned: frozenset[PeerKey] = frozenset()
        self._publishers: dict[tuple[PeerKey, bool], _Rate] = {}
        self._strangers = _Rate(
            TokenBucket(STRANGERS_PER_SECOND, STRANGERS_BURST),
            TokenBucket(STRANGERS_BYTES_PER_SECOND, STRANGERS_BYTES_BURST),
        )
        self._shed: dict[PeerKey, _Shed] = {}

    def know(self, peers: Collection[PeerKey], shunned: Collection[PeerKey] = ()) -> None:
        """Say whose gossip has a rate of its own, until then everybody's has; and whose is let fall altogether."""
        self._known, self._shunned = frozenset(peers), frozenset(shunned)

    def is_open(self, sender: PeerKey, origin: PeerKey, size_bytes: int, now_s: float) -> bool:
        """Count one message; False when it is more than its publisher may have passed on.

        What a publisher hands over itself and what others pass on of theirs is counted apart, lest somebody use up a
        publisher's rate by repeating what they once said.
        """
        if origin in self._shunned:
            return False
        if self._known is not None and origin not in self._known:
            return self._strangers.is_allowed(size_bytes, now_s)
        key = (origin, sender == origin)
        rate = self._publishers.get(key)
        if rate is None:
            if len(self._publishers) >= MAX_PUBLISHERS:
                del self._publishers[next(iter(self._publishers))]
            rate = self._publishers[key] = _Rate(
                TokenBucket(KNOWN_PER_SECOND, KNOWN_BURST),
                TokenBucket(KNOWN_BYTES_PER_SECOND, KNOWN_BYTES_BURST),
            )
        return rate.is_allowed(size_bytes, now_s)

    def shed(self, sender: PeerKey, origin: PeerKey, now_s: float) -> GossipShed | None:
        """Count a message that is shed; now and then, what there was of that sender in all."""
        count = self._shed.get(sender)
        if count is None:
            if len(self._shed) >= MAX_SENDERS:
                del self._shed[next(iter(self._shed))]
            count = self._shed[sender] = _Shed(now_s)
        if sender == origin:
            count.own += 1
        elif self._known is not None and origin not in self._known:
            count.strangers += 1
        else:
            count.others += 1
        if now_s - count.since_s < TELL_EVERY_S:
            return None
        del self._shed[sender]
        return GossipShed(sender, count.own, count.strangers, count.others)
