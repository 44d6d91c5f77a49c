"""One bounded queue from the network to the program, filled from any thread and read by one asyncio task.

When the reader falls behind, gossip is shed first, because pull sync repairs what gossip loses. Comings and
goings of peers and requests are never shed: their number is bounded by the limits on connections and on
requests in flight, and a peer that comes and goes unread is folded into its last going.
"""

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator

from net.transport import GossipReceived, GossipShed, PeerDown, PeerUp, TransportError, TransportEvent

MAX_GOSSIP_EVENTS = 4096
MAX_GOSSIP_QUEUED_BYTES = 16 * 1024 * 1024


class EventQueue:
    """A queue that any thread may fill and one asyncio task reads.

    Attributes:
        shed: how many gossip messages were dropped because the reader was behind.
    """

    def __init__(
        self, max_gossip_events: int = MAX_GOSSIP_EVENTS, max_gossip_bytes: int = MAX_GOSSIP_QUEUED_BYTES
    ) -> None:
        self.shed = 0
        self._max_gossip_events = max_gossip_events
        self._max_gossip_bytes = max_gossip_bytes
        self._lock = threading.Lock()
        self._events: deque[TransportEvent] = deque()
        self._gossip_events = 0
        self._gossip_bytes = 0
        self._closed = False
        self._error: TransportError | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake: asyncio.Event | None = None

    @property
    def is_closed(self) -> bool:
        """Whether the stream of events has been ended."""
        return self._closed

    def put(self, event: TransportEvent) -> None:
        """Append an event; sheds it instead when it is gossip and the queue holds its fill. Never blocks."""
        with self._lock:
            if self._closed:
                return
            if isinstance(event, GossipReceived):
                if (
                    self._gossip_events >= self._max_gossip_events
                    or self._gossip_bytes + len(event.data) > self._max_gossip_bytes
                ):
                    self.shed += 1
                    return
                self._gossip_events += 1
                self._gossip_bytes += len(event.data)
            elif isinstance(event, GossipShed) and len(self._events) >= self._max_gossip_events:
                return
            elif isinstance(event, PeerDown) and len(self._events) >= self._max_gossip_events:
                self._fold_unread_visit(event)
                return
            self._events.append(event)
            self._notify()

    def close(self, error: TransportError | None = None) -> None:
        """End the stream of events once what is queued has been read; with an error, raise it there."""
        with self._lock:
            if not self._closed:
                self._closed, self._error = True, error
                self._notify()

    async def events(self) -> AsyncIterator[TransportEvent]:
        """Yield events in order until the queue is closed.

        Raises:
            TransportError: the network broke down; the message says how.
        """
        with self._lock:
            self._loop, self._wake = asyncio.get_running_loop(), asyncio.Event()
        while True:
            with self._lock:
                event = self._pop()
                if event is None:
                    self._wake.clear()
            if event is not None:
                yield event
            elif self._closed:
                if self._error is not None:
                    raise self._error
                return
            else:
                await self._wake.wait()

    def _pop(self) -> TransportEvent | None:
        if not self._events:
            return None
        event = self._events.popleft()
        if isinstance(event, GossipReceived):
            self._gossip_events -= 1
            self._gossip_bytes -= len(event.data)
        return event

    def _fold_unread_visit(self, down: PeerDown) -> None:
        """Drop an unread `PeerUp` of the same peer together with this `PeerDown`; else keep the news."""
        for index in range(len(self._events) - 1, -1, -1):
            event = self._events[index]
            if isinstance(event, PeerUp | PeerDown) and event.peer == down.peer:
                if isinstance(event, PeerUp):
                    del self._events[index]
                    return
                break
        self._events.append(down)
        self._notify()

    def _notify(self) -> None:
        """Wake the reader, once per quiet spell, so that a flood can't fill asyncio's own queue."""
        if self._loop is None or self._wake is None or self._wake.is_set():
            return
        try:
            self._loop.call_soon_threadsafe(self._wake.set)
        except RuntimeError:
            # The reader's loop is closed, so nobody is left to tell.
            self._loop = None
