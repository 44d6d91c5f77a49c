"""How much of each kind is taken from one device: a bucket of whole numbers, and a meter that says when it is too much.

The rates rest on what honest peers were measured to do (`docs/protocol.md`, section 19): a catch-up at full speed asks
8 times a second, and a script that writes as fast as it can gossips 105 messages a second.
"""

from dataclasses import dataclass
from enum import IntEnum

WINDOW_MS = 10_000
"""How long excess is looked at before a device is dropped, and how long one must be calm to count as well again."""


class Bucket:
    """Refills steadily up to a burst. Counts in thousandths, so that a millisecond adds a whole number."""

    def __init__(self, per_second: int, burst: int) -> None:
        self._per_second = per_second
        self._burst = burst
        self._thousandths = burst * 1_000
        self._at_ms = 0

    def take(self, cost: int, now_ms: int) -> int:
        """Take `cost` if it is there; else take nothing and return how many milliseconds until it is."""
        self._refill(now_ms)
        lacking = cost * 1_000 - self._thousandths
        if lacking > 0:
            return -(-lacking // self._per_second)
        self._thousandths -= cost * 1_000
        return 0

    def charge(self, cost: int, now_ms: int) -> None:
        """Take `cost`, on credit if need be: for what is known only when it is done."""
        self._refill(now_ms)
        self._thousandths -= cost * 1_000

    def _refill(self, now_ms: int) -> None:
        # A clock that was set back must not make anybody wait for as long.
        passed_ms = max(0, now_ms - self._at_ms)
        self._thousandths = min(self._burst * 1_000, self._thousandths + passed_ms * self._per_second)
        self._at_ms = now_ms


class What(IntEnum):
    """What is measured of a device."""

    SYNC = 1
    GENESIS = 2
    LOBBY = 3
    TIPS = 4
    KNOWS = 5
    NEWS = 6
    QUESTIONS = 16
    QUESTION_BYTES = 17
    SERVED_BYTES = 18
    GOSSIP = 19
    PASSED_ON = 20
    STRANGERS = 21
    GOSSIP_BYTES = 22
    REFUSED = 23


@dataclass(frozen=True, slots=True)
class Rate:
    """How much is taken.

    Attributes:
        per_second, burst: of the bucket.
        habit: what a device does that takes more, for “throttled: it …”.
        done: why it is dropped when it does not stop, with `{count}` and `{seconds}`; empty when it never is, because
            another rate says so first.
        excess: so many times the rate, for a window, is no honest peer: those keep below it by themselves.
    """

    per_second: int
    burst: int
    habit: str
    done: str = ""
    excess: int = 2

    @property
    def most(self) -> int:
        """What a throttled device may do within a window without being dropped."""
        return self.excess * self.per_second * WINDOW_MS // 1_000

    def of_our_own(self) -> Bucket:
        """What we allow ourselves towards others: a little less than they take, so that they need never complain."""
        return Bucket(self.per_second * 4 // 5, self.burst * 4 // 5)


def _questions(per_second: int, burst: int) -> Rate:
    done = f"It asked {{count}} times in {{seconds}} s; {per_second} a second are answered."
    return Rate(per_second, burst, "asks too often", done)


RATES = {
    What.SYNC: _questions(20, 200),
    What.GENESIS: _questions(5, 50),
    What.LOBBY: _questions(5, 50),
    What.TIPS: _questions(20, 200),
    What.KNOWS: _questions(5, 50),
    What.NEWS: _questions(20, 200),
    What.QUESTIONS: _questions(40, 400),
    What.QUESTION_BYTES: Rate(1 << 20, 8 << 20, "asks at too great length"),
    What.SERVED_BYTES: Rate(8 << 20, 64 << 20, "asks for too much at once"),
    What.GOSSIP: Rate(
        100,
        200,
        "gossips too much",
        "It gossiped {count} messages in {seconds} s; 100 a second are taken.",
    ),
    What.PASSED_ON: Rate(
        400,
        4_000,
        "passes on too much gossip",
        "It passed on {count} messages in {seconds} s; 400 a second are taken.",
        excess=4,
    ),
    What.STRANGERS: Rate(
        20,
        200,
        "passes on what strangers gossip",
        "It passed on {count} messages of strangers in {seconds} s; 20 a second are taken.",
    ),
    What.GOSSIP_BYTES: Rate(2 << 20, 16 << 20, "gossips too much"),
    What.REFUSED: Rate(
        2,
        50,
        "gossips what has to be refused",
        "It gossiped {count} things in {seconds} s that had to be refused; 2 a second are looked into.",
    ),
}


class Meter:
    """One device in one respect: a bucket, and how it goes on once that is empty.

    Attributes:
        throttled_since_ms: when it first took more than its share; None when it is well.
    """

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._bucket = Bucket(rate.per_second, rate.burst)
        self.throttled_since_ms: int | None = None
        self._refused_ms = 0
        self._window_ms = 0
        self._count = 0

    def take(self, cost: int, now_ms: int) -> int:
        """Count something that a device did; how many milliseconds it should have waited, 0 when all is well."""
        wait_ms = self._bucket.take(cost, now_ms)
        if self.throttled_since_ms is not None:
            if not 0 <= now_ms - self._window_ms < WINDOW_MS:
                self._window_ms, self._count = now_ms, 0
            self._count += cost
        if wait_ms:
            self._refused_ms = now_ms
            if self.throttled_since_ms is None:
                self.throttled_since_ms = self._window_ms = now_ms
                self._count = cost
        return wait_ms

    def charge(self, cost: int, now_ms: int) -> None:
        """Count what is known only afterwards; whoever is in debt by it has to wait the next time."""
        self._bucket.charge(cost, now_ms)

    def excess(self, now_ms: int) -> str:
        """Why the device is to be dropped, or empty: within a window it did what takes several."""
        if self.throttled_since_ms is None or self._count <= self._rate.most or not self._rate.done:
            return ""
        seconds = max(1, -(-(now_ms - self._window_ms) // 1_000))
        return self._rate.done.format(count=f"{self._count:,}", seconds=seconds)

    def calm_down(self, now_ms: int) -> bool:
        """Forget that it was too fast when it no longer is; whether that just happened."""
        if self.throttled_since_ms is None or 0 <= now_ms - self._refused_ms < WINDOW_MS:
            return False
        self.throttled_since_ms = None
        return True
