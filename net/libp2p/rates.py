"""Token buckets: how much a peer may send, by count and by bytes, before what it sends is dropped."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class TokenBucket:
    """Refills steadily up to a burst; sans-I/O, times in seconds on any steady clock.

    Attributes:
        per_second: tokens gained each second.
        burst: the most that it holds, and what it starts with.
    """

    per_second: float
    burst: float
    _tokens: float | None = None
    _updated_s: float = 0.0

    def is_allowed(self, cost: float, now_s: float) -> bool:
        """Take `cost` tokens if they are there; else take none and return False."""
        tokens = self._refill(now_s)
        if cost > tokens:
            return False
        self._tokens = tokens - cost
        return True

    def charge(self, cost: float, now_s: float) -> float:
        """Take `cost` tokens, on credit if need be; return the seconds to pause until that is repaid."""
        self._tokens = self._refill(now_s) - cost
        return max(0.0, -self._tokens / self.per_second)

    def _refill(self, now_s: float) -> float:
        if self._tokens is None:
            self._tokens, self._updated_s = self.burst, now_s
        self._tokens = min(self.burst, self._tokens + (now_s - self._updated_s) * self.per_second)
        self._updated_s = now_s
        return self._tokens


class PeerRates:
    """One pair of buckets, messages and bytes, for each peer that is connected."""

    def __init__(self, new_messages: Callable[[], TokenBucket], new_bytes: Callable[[], TokenBucket]) -> None:
        self._new_messages = new_messages
        self._new_bytes = new_bytes
        self._buckets: dict[bytes, tuple[TokenBucket, TokenBucket]] = {}

    def is_allowed(self, peer: bytes, size_bytes: int, now_s: float) -> bool:
        """Count one message of a peer; False when it exceeds its rate."""
        if peer not in self._buckets:
            self._buckets[peer] = (self._new_messages(), self._new_bytes())
        messages, size = self._buckets[peer]
        return messages.is_allowed(1, now_s) and size.is_allowed(size_bytes, now_s)

    def forget(self, peer: bytes) -> None:
        """Drop the buckets of a peer that has gone."""
        self._buckets.pop(peer, None)
