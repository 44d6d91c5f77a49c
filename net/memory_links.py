"""Virtual time and unreliable links: what `net.memory` is built on, drawn from one seeded generator."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from net.transport import PeerKey


@dataclass(frozen=True, slots=True)
class Conditions:
    """How the network behaves; chances are in thousandths, for each message on each link.

    Attributes:
        min_latency_ms: the least that a message takes on a link.
        max_latency_ms: the most; latencies are drawn evenly, so messages overtake each other.
        loss_permille: messages that never arrive.
        duplication_permille: messages that arrive twice.
        replay_permille: gossip that is heard again, up to `replay_ms` later.
        replay_ms: how long an old message may go round.
        notice_ms: how long a cut link goes unnoticed.
    """

    min_latency_ms: int = 2
    max_latency_ms: int = 20
    loss_permille: int = 0
    duplication_permille: int = 0
    notice_ms: int = 15_000
    replay_permille: int = 0
    replay_ms: int = 60_000


class Links:
    """A queue of things to come, and the faults that befall what travels. All times are virtual milliseconds.

    Attributes:
        now_ms: the present.
        conditions: how links behave from now on.
        rng: the generator of every draw.
    """

    def __init__(self, seed: int, conditions: Conditions) -> None:
        self.now_ms = 0
        self.conditions = conditions
        self.rng = Random(seed)
        self._cuts: set[tuple[PeerKey, PeerKey]] = set()
        self._queue: list[tuple[int, int, Callable[[], None]]] = []
        self._numbers = 0

    def next_due_ms(self) -> int | None:
        """Return when something happens next, or None when nothing ever will by itself."""
        return self._queue[0][0] if self._queue else None

    def run_until(self, to_ms: int) -> None:
        """Do everything that is due, each thing at its own time; going back does nothing."""
        while self._queue and self._queue[0][0] <= to_ms:
            due_ms, _, action = heapq.heappop(self._queue)
            self.now_ms = max(self.now_ms, due_ms)
            action()
        self.now_ms = max(self.now_ms, to_ms)

    def number(self) -> int:
        """Return a number never returned before."""
        self._numbers += 1
        return self._numbers

    def after(self, delay_ms: int, action: Callable[[], None]) -> None:
        """Do something later; what falls on the same millisecond is done in the order of asking."""
        heapq.heappush(self._queue, (self.now_ms + max(0, delay_ms), self.number(), action))

    def draw_latency_ms(self) -> int:
        """Return how long the next message takes."""
        return self.rng.randint(self.conditions.min_latency_ms, self.conditions.max_latency_ms)

    def draw_copies(self) -> int:
        """Return how often the next message arrives: once, unless it is lost or duplicated."""
        if self.rng.randrange(1000) < self.conditions.loss_permille:
            return 0
        return 2 if self.rng.randrange(1000) < self.conditions.duplication_permille else 1

    def draw_replay_ms(self) -> int | None:
        """Return after how long a gossip message is heard once more; None when it is not."""
        conditions = self.conditions
        if self.rng.randrange(1000) < conditions.duplication_permille:
            return self.draw_latency_ms()
        return (
            self.rng.randint(0, conditions.replay_ms)
            if self.rng.randrange(1000) < conditions.replay_permille
            else None
        )

    def send(self, sender: PeerKey, receiver: PeerKey, arrive: Callable[[], None]) -> None:
        """Let something travel; `arrive` is called as often as it arrives, unless the link is cut by then."""

        def pass_through() -> None:
            if (sender, receiver) not in self._cuts:
                arrive()

        for _ in range(self.draw_copies()):
            self.after(self.draw_latency_ms(), pass_through)

    def cut(self, sender: PeerKey, receiver: PeerKey) -> None:
        """Swallow everything that one peer sends to another, from now on."""
        self._cuts.add((sender, receiver))

    def is_cut(self, sender: PeerKey, receiver: PeerKey) -> bool:
        """Tell whether what one peer sends to another is swallowed."""
        return (sender, receiver) in self._cuts

    def heal(self) -> None:
        """Let everything pass again."""
        self._cuts.clear()
