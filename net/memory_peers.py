"""Who is on the in-memory network and who is connected to whom: dialling, parting, cuts, redialling."""

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import partial

from net.address_book import AddressBook
from net.gossip_gate import GossipGate
from net.memory_links import Conditions, Links
from net.peer_id import format_peer_id, split_address
from net.transport import (
    DialFailed,
    KnownAddress,
    PeerDown,
    PeerKey,
    PeerUp,
    TransportError,
    TransportEvent,
)

REFUSAL_MS = 60_000


@dataclass(frozen=True, slots=True)
class Answered:
    """A request came back with an answer."""

    ticket: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Connected:
    """A dial succeeded."""

    ticket: int
    peer: PeerKey


@dataclass(frozen=True, slots=True)
class Failed:
    """A dial or a request failed."""

    ticket: int
    error: TransportError


@dataclass(frozen=True, slots=True)
class Delivery:
    """Something that reaches one peer at the time of `MemoryNetwork.now_ms`."""

    to: PeerKey
    event: TransportEvent | Answered | Connected | Failed


@dataclass(slots=True)
class Endpoint:
    """One attached peer."""

    port: int
    book: AddressBook
    topics: set[str] = field(default_factory=set)
    neighbours: set[PeerKey] = field(default_factory=set)
    seen: dict[int, None] = field(default_factory=dict)
    refused_until_ms: dict[PeerKey, int] = field(default_factory=dict)
    dialling: set[PeerKey] = field(default_factory=set)
    next_redial_ms: int | None = None
    gate: GossipGate = field(default_factory=GossipGate)


class MemoryPeers:
    """Peers and the connections between them. All times are virtual milliseconds."""

    def __init__(self, seed: int, conditions: Conditions) -> None:
        self.links = Links(seed, conditions)
        self._endpoints: dict[PeerKey, Endpoint] = {}
        self._out: list[Delivery] = []

    @property
    def now_ms(self) -> int:
        """The present, in virtual milliseconds."""
        return self.links.now_ms

    def attach(self, key: PeerKey, port: int = 0, known: Collection[KnownAddress] = ()) -> str:
        """Put a peer on the network.

        Args:
            key: its public key.
            port: where it listens; 0 for a free one.
            known: addresses that it remembers; it stays connected to them by itself.

        Returns:
            Its address.

        Raises:
            TransportError: it is there already, or the port is taken.
        """
        if key in self._endpoints:
            raise TransportError("The network runs already.")
        port = port or self.links.number() + 10_000
        if any(endpoint.port == port for endpoint in self._endpoints.values()):
            raise TransportError(f"Port {port} can't be used: another program may have it.")
        book = AddressBook(self.links.rng)
        book.restore(known)
        self._endpoints[key] = Endpoint(port, book)
        self._plan_redial(key)
        return self.address(key)

    def detach(self, key: PeerKey) -> None:
        """Take a peer off the network in good order: its neighbours hear of it at once."""
        for peer in sorted(self._endpoints[key].neighbours):
            self.disconnect(key, peer, "The connection ended.")
        del self._endpoints[key]

    def vanish(self, key: PeerKey) -> None:
        """Take a peer off the network without a word, as a power cut does: its neighbours notice after a while."""
        for peer in sorted(self._endpoints.pop(key).neighbours):
            self.links.after(self.links.conditions.notice_ms, partial(self._miss, key, peer))

    def address(self, key: PeerKey) -> str:
        """Return where an attached peer can be dialled."""
        return f"/memory/{self._endpoints[key].port}/p2p/{format_peer_id(key)}"

    def is_attached(self, key: PeerKey) -> bool:
        """Tell whether a peer is on the network."""
        return key in self._endpoints

    def port(self, key: PeerKey) -> int:
        """Return where an attached peer listens."""
        return self._endpoints[key].port

    def connected(self, key: PeerKey) -> tuple[PeerKey, ...]:
        """Return the neighbours of a peer, sorted."""
        return tuple(sorted(self._endpoints[key].neighbours))

    def known(self, key: PeerKey) -> tuple[KnownAddress, ...]:
        """Return the addresses that a peer remembers."""
        return self._endpoints[key].book.known()

    def remember(self, key: PeerKey, address: str) -> None:
        """Have a peer remember an address and stay connected to it.

        Raises:
            TransportError: not an address.
        """
        if split_address(address)[1] != key:
            self._endpoints[key].book.remember(address)
            self._plan_redial(key)

    def dial(self, key: PeerKey, address: str) -> int:
        """Have a peer dial an address; `Connected` or `Failed` with this ticket follows.

        Raises:
            TransportError: not an address, or its own.
        """
        place, peer = split_address(address)
        if not place.startswith("/memory/"):
            raise TransportError(f"“{place}” can't be dialled here: addresses begin with /memory/.")
        if peer == key:
            raise TransportError("This is our own address.")
        ticket = self.links.number()
        self._endpoints[key].refused_until_ms.pop(peer, None)
        self._dial(key, place, peer, ticket)
        return ticket

    def drop(self, key: PeerKey, peer: PeerKey, reason: str) -> None:
        """Disconnect a peer and refuse it for `REFUSAL_MS`."""
        self._endpoints[key].refused_until_ms[peer] = self.now_ms + REFUSAL_MS
        self.disconnect(key, peer, reason)

    def disconnect(self, one: PeerKey, other: PeerKey, reason: str) -> None:
        """Cut the connection between two peers so that both notice."""
        for here, there in ((one, other), (other, one)):
            endpoint = self._endpoints.get(here)
            if endpoint is not None and there in endpoint.neighbours:
                endpoint.neighbours.discard(there)
                endpoint.book.note_down(there, self.now_ms)
                self._plan_redial(here)
                self._deliver(here, PeerDown(there, reason))

    def cut(self, sender: PeerKey, receiver: PeerKey) -> None:
        """Swallow everything that one peer sends to another; both notice after `Conditions.notice_ms`."""
        self.links.cut(sender, receiver)
        self.links.after(self.links.conditions.notice_ms, lambda: self._notice(sender, receiver))

    def partition(self, *groups: Collection[PeerKey]) -> None:
        """Cut every link between the groups, both ways."""
        for group in groups:
            for other in groups:
                if other is not group:
                    for sender in sorted(group):
                        for receiver in sorted(other):
                            self.cut(sender, receiver)

    def heal(self) -> None:
        """Undo every cut; what was lost meanwhile is redialled as any other connection."""
        self.links.heal()

    def _deliver(self, to: PeerKey, event: TransportEvent | Answered | Connected | Failed) -> None:
        self._out.append(Delivery(to, event))

    def _dial(self, key: PeerKey, place: str, peer: PeerKey, ticket: int | None) -> None:
        """Connect after one round trip, if the right peer listens there and bytes pass both ways."""
        round_trip_ms = self.links.draw_latency_ms() + self.links.draw_latency_ms()
        self.links.after(round_trip_ms, lambda: self._connect(key, place, peer, ticket))

    def _connect(self, key: PeerKey, place: str, peer: PeerKey, ticket: int | None) -> None:
        here, there = self._endpoints.get(key), self._endpoints.get(peer)
        if here is None:
            return
        here.dialling.discard(peer)
        if peer not in here.neighbours:
            if (
                there is None
                or place != f"/memory/{there.port}"
                or there.refused_until_ms.get(key, 0) > self.now_ms
                or here.refused_until_ms.get(peer, 0) > self.now_ms
                or self.links.is_cut(key, peer)
                or self.links.is_cut(peer, key)
            ):
                here.book.note_failure(peer, [place], self.now_ms)
                self._plan_redial(key)
                if ticket is not None:
                    sentence = f"Nobody with the expected key answers at {place}."
                    self._deliver(key, Failed(ticket, DialFailed(sentence)))
                return
            if key in there.neighbours:
                # It vanished and is back before that was noticed: the old connection is dead.
                self._deliver(peer, PeerDown(key, "It began anew."))
            here.neighbours.add(peer)
            there.neighbours.add(key)
            there.book.note_up(key)
            self._deliver(key, PeerUp(peer))
            self._deliver(peer, PeerUp(key))
            here.book.note_success(peer, place, self.now_ms)
        if ticket is not None:
            self._deliver(key, Connected(ticket, peer))

    def _plan_redial(self, key: PeerKey) -> None:
        """Wake a peer when its address book wants to dial next."""
        endpoint = self._endpoints.get(key)
        if endpoint is None:
            return
        due_ms = endpoint.book.next_dial_ms(endpoint.neighbours | endpoint.dialling)
        if due_ms is None or (endpoint.next_redial_ms is not None and endpoint.next_redial_ms <= due_ms):
            return
        endpoint.next_redial_ms = max(due_ms, self.now_ms)
        self.links.after(endpoint.next_redial_ms - self.now_ms, lambda: self._redial(key, endpoint))

    def _redial(self, key: PeerKey, endpoint: Endpoint) -> None:
        if self._endpoints.get(key) is not endpoint:
            return
        if endpoint.next_redial_ms is None or endpoint.next_redial_ms > self.now_ms:
            # An earlier one was planned since, and was done: going on here would start a second round of redials.
            return
        endpoint.next_redial_ms = None
        for peer in endpoint.book.due(self.now_ms, endpoint.neighbours | endpoint.dialling):
            endpoint.dialling.add(peer)
            for place in endpoint.book.places(peer):
                self._dial(key, place, peer, None)
        self._plan_redial(key)

    def _miss(self, gone: PeerKey, peer: PeerKey) -> None:
        """Notice that a neighbour vanished, unless it is back by now."""
        endpoint, back = self._endpoints.get(peer), self._endpoints.get(gone)
        if (
            endpoint is not None
            and gone in endpoint.neighbours
            and (back is None or peer not in back.neighbours)
        ):
            self.disconnect(gone, peer, "It did not answer any more.")

    def _notice(self, sender: PeerKey, receiver: PeerKey) -> None:
        if self.links.is_cut(sender, receiver):
            self.disconnect(sender, receiver, "It did not answer any more.")
