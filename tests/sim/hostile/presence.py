"""How somebody hostile stands on the network: a real node, and fronts before it that say what they like.

The node follows along as an honest peer would, so that others take it for one of them. When everybody has dropped it,
it comes back behind another front: a fresh key, which costs nothing.
"""

import random
from collections import Counter
from typing import TYPE_CHECKING

from crdt.envelope import Envelope, EnvelopeGroup, encode_groups
from crdt.ids import CouncilId, DeviceId
from crdt.keys import LaneHeader
from crdt.store.rows import read_groups
from net.memory_peers import Answered, Delivery, Failed
from net.transport import (
    MAX_GOSSIP_BYTES,
    MAX_REQUEST_BYTES,
    MAX_RESPONSE_BYTES,
    GossipReceived,
    PeerKey,
    RequestReceived,
)
from p2pcouncil.peer import shelf
from p2pcouncil.peer.events import QuestionHeard, Reply, ReplyWithEnvelopes
from p2pcouncil.peer.wire import GossipKind, Kind, topic_of
from tests.sim.hostile import craft
from tests.sim.node import Key, Node

if TYPE_CHECKING:
    from tests.sim.simulation import Simulation

ASK_TIMEOUT_MS = 10_000
MAX_FRAMES_KEPT = 64
MAX_FRONTS = 12
"""The network of a run bears a few; each of them is refused for a while by those who dropped it."""


class Presence:
    """Somebody on the simulated network who answers what they like."""

    def __init__(
        self, simulation: "Simulation", council: CouncilId, rng: random.Random, node: Node | None, name: str
    ) -> None:
        """Stand on the network where the node stands, offline if it is offline.

        Args:
            simulation: where it lives.
            council: what it is after; somebody online holds it.
            rng: every choice is drawn from it.
            node: the peer of an admitted member who turned; None for a stranger, who knows no more than the
                council's id and where some of its peers are.
            name: what the story calls it; a stranger's keys follow from it.
        """
        self.simulation = simulation
        self.council = council
        self.rng = rng
        self.name = name
        self.is_member = node is not None
        self.counts: Counter[str] = Counter()
        self.frames: list[bytes] = []
        self._keys: dict[str, Key] = {}
        self._fronts: list[PeerKey] = []
        self._front = 0
        self._has_called = False
        self._ticked_ms = 0
        self._tickets: set[int] = set()
        self.node = node or self._stranger()
        self.add_key(self.node.signer)
        if self.node.online:
            self._appear(self.node.key)

    @property
    def key(self) -> PeerKey:
        """Its name on the network now."""
        return self._fronts[self._front] if self._fronts else self.node.key

    @property
    def keys(self) -> tuple[PeerKey, ...]:
        """Every name that it has on the network now."""
        return tuple(self._fronts)

    @property
    def devices(self) -> frozenset[DeviceId]:
        """Every key that it signs with, so far: what these sign says nothing about those who keep to the rules."""
        return frozenset(key.device for key in self._keys.values())

    def add_key(self, key: Key) -> Key:
        """Note a key that it signs with."""
        return self._keys.setdefault(key.name, key)

    def go_online(self) -> str:
        """Appear on the network; returns the address."""
        address = self.node.go_online()
        self._appear(self.node.key)
        return address

    def go_offline(self) -> None:
        """Leave the network."""
        for front in self._fronts[1:]:
            self.simulation.network.detach(front)
            del self.simulation.online[front]
        self._fronts.clear()
        self._front = 0
        self.node.go_offline()

    def tick(self) -> None:
        """Some time has passed; the node follows along, once for all its fronts."""
        if self._ticked_ms != self.simulation.now_ms:
            self._ticked_ms = self.simulation.now_ms
            self.node.tick()

    def heard(self, delivery: Delivery) -> None:
        """Take what the network delivers, to whichever of its fronts."""
        match delivery.event:
            case RequestReceived(sender, number, data):
                said = self.answer(sender, data)
                if said is not None and delivery.to in self._fronts:
                    self.counts["answered"] += 1
                    self.simulation.network.respond(delivery.to, number, said[:MAX_RESPONSE_BYTES])
            case Answered(ticket) if ticket in self._tickets:
                self._tickets.discard(ticket)
                self.counts["was answered"] += 1
            case Failed(ticket) if ticket in self._tickets:
                self._tickets.discard(ticket)
                self.counts["was not answered"] += 1
            case event:
                if isinstance(event, GossipReceived):
                    self.frames = [*self.frames[1 - MAX_FRAMES_KEPT :], event.data]
                if delivery.to == self.node.key:
                    self.node.heard(delivery)

    def answer(self, asker: PeerKey, question: bytes) -> bytes | None:
        """What to say to a question; None for silence."""
        return self.truth(asker, question)

    def truth(self, asker: PeerKey, question: bytes) -> bytes | None:
        """What an honest peer would answer; None when it would drop the asker instead."""
        node, said = self.node, None
        for effect in node.peer.handle(QuestionHeard(DeviceId(asker), 0, question), node.now_ms):
            match effect:
                case Reply(_, data):
                    said = data
                case ReplyWithEnvelopes(_, head, wanted, max_bytes):
                    said = head + encode_groups(read_groups(node.conn, wanted, max_bytes))
                case _:
                    node._carry_out([effect])
        return said

    def neighbours(self) -> tuple[PeerKey, ...]:
        """Whom it is connected with."""
        return self.simulation.network.connected(self.key)

    def victim(self) -> PeerKey | None:
        """One of them."""
        return self.rng.choice(self.neighbours()) if self.neighbours() else None

    def gossip(self, data: bytes, topic: str = "") -> bool:
        """Publish bytes; False when nobody is near."""
        if not self.neighbours():
            return False
        self.counts["gossiped"] += 1
        self.simulation.network.publish(self.key, topic or topic_of(self.council), data[:MAX_GOSSIP_BYTES])
        return True

    def gossip_group(self, header: LaneHeader, *envelopes: Envelope) -> bool:
        """Publish envelopes."""
        return self.gossip(craft.frame(EnvelopeGroup(header, envelopes)))

    def ask(self, peer: PeerKey, question: bytes) -> None:
        """Ask somebody something, whatever it is."""
        self.counts["asked"] += 1
        question = question[:MAX_REQUEST_BYTES]
        self._tickets.add(self.simulation.network.request(self.key, peer, question, ASK_TIMEOUT_MS))

    def lure(self, peer: PeerKey | None = None) -> bool:
        """Have somebody, or everybody, pull from it."""
        if peer is None:
            return self.gossip(bytes([GossipKind.NEWS]))
        self.ask(peer, bytes([Kind.NEWS]) + self.council)
        return True

    def call_somebody(self) -> None:
        """Come back to somebody who dropped it, or never heard of it; behind another front when all dropped it."""
        network, here = self.simulation.network, set(self.neighbours())
        others = [
            key
            for key, other in sorted(self.simulation.online.items())
            if other is not self and key not in here and network.is_attached(key)  # type: ignore[comparison-overlap]
        ]
        if not here and others and self._has_called:
            self._change_front()
        self._has_called = not here
        for other in others if not here else others[:1]:
            network.dial(self.key, network.address(other))

    def _stranger(self) -> Node:
        """A peer that was let in by nobody, and got the founding by asking for it, as anybody can."""
        node = Node(self.simulation, self.name)
        for _, holder in sorted(self.simulation.online.items()):
            place = holder.peer.world.places.get(self.council) if isinstance(holder, Node) else None
            if place is not None:
                node._keep(shelf.COUNCIL, self.council, place.genesis_bytes)
                break
        return node

    def _change_front(self) -> None:
        """Appear under a fresh key, or an old one again; the other fronts stay where they are."""
        if len(self._fronts) < MAX_FRONTS:
            name = f"{self.name}'s front {len(self._fronts)}"
            front = PeerKey(self.add_key(self.simulation.key(name)).device)
            self.simulation.network.attach(front)
            self._appear(front)
            self.counts["fronts"] += 1
        else:
            self._front = (self._front + 1) % MAX_FRONTS

    def _appear(self, front: PeerKey) -> None:
        self._fronts.append(front)
        self._front = len(self._fronts) - 1
        self._has_called = False
        self.simulation.online[front] = self  # type: ignore[assignment]
        self.simulation.network.join_topic(front, topic_of(self.council))
