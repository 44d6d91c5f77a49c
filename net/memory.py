"""A network in memory: seeded, deterministic, in virtual time, without I/O, threads or asyncio.

A simulator calls methods for what peers do, and `advance` for what time does; it gets back deliveries in an
order that the seed alone decides. Faults are drawn from the same seed: delay, loss, duplication, reordering,
one-way cuts that go unnoticed for a while, as on real networks, and disconnections. `net.memory_transport`
puts asyncio around it.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from net.limits import validate_gossip, validate_request, validate_response, validate_topic
from net.memory_links import Conditions
from net.memory_peers import Answered, Delivery, Failed, MemoryPeers
from net.transport import GossipReceived, PeerKey, RequestReceived, TransportError

MAX_SEEN_MESSAGES = 4096


@dataclass(frozen=True, slots=True)
class _Exchange:
    """A request under way, with the numbers under which it has arrived (two when it was duplicated)."""

    asker: PeerKey
    asked: PeerKey
    request_ids: list[int] = field(default_factory=list)


class MemoryNetwork(MemoryPeers):
    """Any number of peers, their gossip and their requests."""

    def __init__(self, seed: int, conditions: Conditions = Conditions()) -> None:  # noqa: B008 (frozen)
        """Make an empty network.

        Args:
            seed: decides every draw.
            conditions: how it behaves at first; assign `links.conditions` to change it.
        """
        super().__init__(seed, conditions)
        self._exchanges: dict[int, _Exchange] = {}
        self._tickets: dict[int, int] = {}

    def next_due_ms(self) -> int | None:
        """Return when something happens next, or None when nothing ever will by itself."""
        if self._out:
            return self.now_ms
        return self.links.next_due_ms()

    def advance(self, to_ms: int) -> list[Delivery]:
        """Let time pass and return what reached whom, in order.

        Args:
            to_ms: the new time; going back does nothing. To answer in virtual time, go from one `next_due_ms`
            to
                the next.
        """
        self.links.run_until(to_ms)
        out, self._out = self._out, []
        return out

    def join_topic(self, key: PeerKey, topic: str) -> None:
        """Subscribe a peer."""
        validate_topic(topic)
        self._endpoints[key].topics.add(topic)

    def leave_topic(self, key: PeerKey, topic: str) -> None:
        """Unsubscribe a peer."""
        self._endpoints[key].topics.discard(topic)

    def know(self, key: PeerKey, peers: Collection[PeerKey], shunned: Collection[PeerKey] = ()) -> None:
        """Say whose gossip a peer passes on at its own rate, and whose not at all; all others share a small one."""
        self._endpoints[key].gate.know(peers, shunned)

    def publish(self, key: PeerKey, topic: str, data: bytes) -> None:
        """Gossip from a peer to all subscribers that a chain of subscribers connects to it.

        Raises:
            TransportError: oversized, or the topic was not joined.
        """
        validate_gossip(data)
        if topic not in self._endpoints[key].topics:
            raise TransportError("Join a topic before publishing on it.")
        number = self.links.number()
        self._endpoints[key].seen[number] = None
        self._forward(key, None, number, topic, data, key)

    def request(self, key: PeerKey, peer: PeerKey, data: bytes, timeout_ms: int) -> int:
        """Send a request; `Answered` or `Failed` with this ticket follows.

        Raises:
            TransportError: oversized.
        """
        validate_request(data, timeout_ms)
        ticket = self.links.number()
        self._exchanges[ticket] = _Exchange(key, peer)
        if peer not in self._endpoints[key].neighbours:
            self._fail(ticket, "The peer is not connected.")
            return ticket
        self.links.after(
            timeout_ms,
            lambda: self._fail(ticket, f"The peer did not answer within {timeout_ms / 1000:g} seconds."),
        )
        self._send(key, peer, lambda: self._arrive(key, peer, ticket, data))
        return ticket

    def respond(self, key: PeerKey, request_id: int, data: bytes) -> None:
        """Answer a request; in silence when nobody waits for it any more.

        Raises:
            TransportError: oversized.
        """
        validate_response(data)
        ticket = self._tickets.get(request_id)
        if ticket is not None:
            self._send(key, self._exchanges[ticket].asker, lambda: self._finish(ticket, data))

    def disconnect(self, one: PeerKey, other: PeerKey, reason: str) -> None:
        """Cut the connection between two peers so that both notice; what they were asking each other fails."""
        super().disconnect(one, other, reason)
        for ticket, exchange in list(self._exchanges.items()):
            if {exchange.asker, exchange.asked} == {one, other}:
                self._fail(ticket, "The peer broke off the exchange.")

    def _send(self, sender: PeerKey, receiver: PeerKey, arrive: Callable[[], None]) -> None:
        """Let something travel over a connection, if that still stands when it arrives."""

        def arrive_if_connected() -> None:
            endpoint = self._endpoints.get(receiver)
            if endpoint is not None and sender in endpoint.neighbours:
                arrive()

        self.links.send(sender, receiver, arrive_if_connected)

    def _forward(
        self, key: PeerKey, source: PeerKey | None, number: int, topic: str, data: bytes, origin: PeerKey
    ) -> None:
        for peer in sorted(self._endpoints[key].neighbours):
            if peer != source:

                def arrive(peer: PeerKey = peer) -> None:
                    self._gossip(key, peer, number, topic, data, origin)

                self._send(key, peer, arrive)

    def _gossip(
        self, sender: PeerKey, receiver: PeerKey, number: int, topic: str, data: bytes, origin: PeerKey
    ) -> None:
        endpoint = self._endpoints[receiver]
        if topic not in endpoint.topics or number in endpoint.seen:
            return
        endpoint.seen[number] = None
        if len(endpoint.seen) > MAX_SEEN_MESSAGES:
            del endpoint.seen[next(iter(endpoint.seen))]
        if not endpoint.gate.is_open(sender, origin, len(data), self.now_ms / 1_000):
            shed = endpoint.gate.shed(sender, origin, self.now_ms / 1_000)
            if shed is not None:
                self._deliver(receiver, shed)
            return
        news = GossipReceived(sender, topic, data, origin)
        self._deliver(receiver, news)
        again_ms = self.links.draw_replay_ms()
        if again_ms is not None:
            # Real gossip repeats itself when its memory of what it has seen runs out.
            self.links.after(again_ms, lambda: self._deliver(receiver, news))
        self._forward(receiver, sender, number, topic, data, origin)

    def _arrive(self, asker: PeerKey, asked: PeerKey, ticket: int, data: bytes) -> None:
        if ticket in self._exchanges:
            request_id = self.links.number()
            self._exchanges[ticket].request_ids.append(request_id)
            self._tickets[request_id] = ticket
            self._deliver(asked, RequestReceived(asker, request_id, data))

    def _finish(self, ticket: int, data: bytes) -> None:
        exchange = self._close_exchange(ticket)
        if exchange is not None:
            self._deliver(exchange.asker, Answered(ticket, data))

    def _fail(self, ticket: int, reason: str) -> None:
        exchange = self._close_exchange(ticket)
        if exchange is not None:
            self._deliver(exchange.asker, Failed(ticket, TransportError(reason)))

    def _close_exchange(self, ticket: int) -> _Exchange | None:
        exchange = self._exchanges.pop(ticket, None)
        if exchange is not None:
            for request_id in exchange.request_ids:
                del self._tickets[request_id]
        return exchange
