"""Somebody who does not keep to the rules: what all of them have in common.

Each has a real node behind it, which follows along as an honest peer would, so that it knows what others know and
that others take it for one of them. In front of the node it answers what it likes, and every so often it acts. When
everybody has dropped it, it comes back behind another front: a fresh key, which costs nothing. All of it follows from
its own generator: the same seed, the same misdeeds.
"""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from crdt.envelope import Envelope, EnvelopeGroup, encode_groups
from crdt.errors import LocalError, RemoteError
from crdt.ids import ChangeHash, CouncilId, DeviceId, LaneId, TextId
from crdt.keys import LaneHeader, LaneKind
from crdt.store.rows import Cursor, StoredEnvelope, read_groups, read_new
from crdt.store.schema import transaction
from crdt.store.sign import append_payloads
from net.memory_peers import Answered, Delivery, Failed
from net.transport import (
    MAX_GOSSIP_BYTES,
    MAX_REQUEST_BYTES,
    MAX_RESPONSE_BYTES,
    GossipReceived,
    PeerKey,
    RequestReceived,
)
from p2pcouncil.domain.entries import AnyEntry, Ballot, Comment, Leave
from p2pcouncil.domain.outcomes import ProposalState
from p2pcouncil.peer import shelf
from p2pcouncil.peer.events import Append, QuestionHeard, Reply, ReplyWithEnvelopes
from p2pcouncil.peer.place import Place
from p2pcouncil.peer.wire import GossipKind, Kind, topic_of
from tests.sim.hostile import craft
from tests.sim.node import Key, Node, certify

if TYPE_CHECKING:
    from tests.sim.simulation import Simulation

Attack = Callable[[], str]
ASK_TIMEOUT_MS = 10_000
TRIES = 4
MAX_FRAMES_KEPT = 64
MAX_FRONTS = 12
"""The network of a run bears a few; each of them is refused for a while by those who dropped it."""


class Hostile:
    """Somebody who does not keep to the rules, on the simulated network."""

    kind: ClassVar[str] = ""
    needs_member: ClassVar[bool] = False

    def __init__(
        self, simulation: "Simulation", council: CouncilId, rng: random.Random, node: Node | None, name: str
    ) -> None:
        """Make somebody hostile, offline unless the node is online.

        Args:
            simulation: where it lives.
            council: what it is after; somebody in the simulation holds it.
            rng: every choice is drawn from it.
            node: the peer of an admitted member who turned; None for a stranger, who knows no more than the
                council's id and where some of its peers are.
            name: what the story calls it; a stranger's keys follow from it.
        """
        if node is None and self.needs_member:
            raise ValueError(f"only a member can be a {self.kind}")
        self.simulation = simulation
        self.council = council
        self.rng = rng
        self.name = name
        self.is_member = node is not None
        self.is_resting = False
        self.counts: Counter[str] = Counter()
        self.loot: list[StoredEnvelope] = []
        self.tips: dict[LaneId, StoredEnvelope] = {}
        self.frames: list[bytes] = []
        self._keys: dict[str, Key] = {}
        self._fronts: list[PeerKey] = []
        self._front = 0
        self._has_called = False
        self._ticked_ms = 0
        self._tickets: set[int] = set()
        self._cursor = Cursor()
        self.node = node or self._stranger()
        self.add_key(self.node.signer)
        if self.node.online:
            self._appear(self.node.key)

    def _stranger(self) -> Node:
        """A peer that was let in by nobody, and got the founding by asking for it, as anybody can."""
        node = Node(self.simulation, self.name)
        for _, holder in sorted(self.simulation.online.items()):
            place = holder.peer.world.places.get(self.council) if isinstance(holder, Node) else None
            if place is not None:
                node._keep(shelf.COUNCIL, self.council, place.genesis_bytes)
                break
        return node

    # who it is

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
        """Every key that it signs with: what these sign proves nothing about those who keep to the rules."""
        return frozenset(key.device for key in self._keys.values())

    @property
    def sign(self) -> craft.Sign:
        """Its own device's signature."""
        return self.node.signer.sign

    @property
    def place(self) -> Place:
        """The council as its node holds it."""
        return self.node.place(self.council)

    def add_key(self, key: Key) -> Key:
        """Note a key that it signs with."""
        return self._keys.setdefault(key.name, key)

    def another_device(self, number: int) -> tuple[Key, craft.Sign]:
        """A further device of its own."""
        key = self.add_key(self.simulation.key(f"{self.name}'s device {number}"))
        return key, key.sign

    def header(
        self, generation: int = 0, text: bytes = b"", key: Key | None = None, member: str = ""
    ) -> LaneHeader:
        """A lane of its own: of its device unless told otherwise, and under its own member key."""
        certificate = certify(member or self.node.name, key.device) if key else self.node.me.certificate
        kind = LaneKind.TEXT if text else LaneKind.FEED
        return LaneHeader(kind, self.council, text, certificate, generation)

    # what the runner asks of it

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

    def rest(self) -> None:
        """From now on write and flood nothing new, but go on answering as before."""
        self.is_resting = True

    def wake(self) -> None:
        """The quiet is over."""
        self.is_resting = False

    def tick(self) -> None:
        """Some time has passed; the node follows along, once for all its fronts."""
        if self._ticked_ms != self.simulation.now_ms:
            self._ticked_ms = self.simulation.now_ms
            self.node.tick()

    def act(self) -> str:
        """Do one hostile thing.

        Returns:
            A line for the story; empty when there was nothing to be done.
        """
        if self.is_resting or not self.node.online:
            return ""
        self._look_around()
        self._call_somebody()
        for _ in range(TRIES):
            told = self.rng.choice(self.attacks())()
            if told:
                self.counts["acts"] += 1
                return f"{self.name} {told}"
        return ""

    def attacks(self) -> Sequence[Attack]:
        """What it can do; each does one thing and says it, or says nothing when it could not."""
        raise NotImplementedError

    def heard(self, delivery: Delivery) -> None:
        """Take what the network delivers, to whichever of its fronts."""
        match delivery.event:
            case RequestReceived(sender, number, data):
                said = self.answer(sender, data)
                if said is not None and delivery.to in self._fronts:
                    self.counts["answered"] += 1
                    self.simulation.network.respond(delivery.to, number, said[:MAX_RESPONSE_BYTES])
            case Answered(ticket, data) if ticket in self._tickets:
                self._tickets.discard(ticket)
                self.counts["was answered"] += 1
                self.was_answered(data)
            case Failed(ticket, _) if ticket in self._tickets:
                self._tickets.discard(ticket)
                self.counts["was not answered"] += 1
            case event:
                if isinstance(event, GossipReceived):
                    self.frames = [*self.frames[1 - MAX_FRAMES_KEPT :], event.data]
                if delivery.to == self.node.key:
                    self.node.heard(delivery)

    def was_answered(self, data: bytes) -> None:
        """Somebody answered a question of an attack."""

    def answer(self, asker: PeerKey, question: bytes) -> bytes | None:
        """What to say to a question; None for silence."""
        return self.truth(asker, question)

    # what the kinds build on

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

    def write(self, *entries: AnyEntry) -> bool:
        """Write entries into its own feed as an honest peer does; False when its feeds have ended."""
        try:
            self.node._write(Append(self.council, entries))
        except LocalError:
            return False
        self.counts["written"] += len(entries)
        self.node.refresh()
        return True

    def write_payloads(self, header: LaneHeader, *payloads: bytes, key: Key | None = None) -> bool:
        """Write payloads that no honest peer makes, rightly signed, behind a lane of its own."""
        node = self.node
        try:
            with transaction(node.conn, write=True):
                append_payloads(node.conn, key or node.signer, header, payloads, node.now_ms)
        except (LocalError, RemoteError):
            return False
        self.counts["written"] += len(payloads)
        node.refresh()
        return True

    def own_feed(self) -> LaneHeader | None:
        """The feed in which its node writes now; None when all its generations have ended."""
        try:
            return self.header(self.node._generation(self.council))
        except LocalError:
            return None

    def member_name(self, header: LaneHeader) -> str:
        """What the council calls the author of a lane."""
        state = self.place.state
        return state.member(header.member).name if state.is_admitted(header.member) else "a stranger"

    def proposal(self) -> ProposalState | None:
        """Some proposal."""
        proposals = self.place.state.proposals()
        return self.rng.choice(proposals) if proposals else None

    def issue(self) -> ChangeHash | None:
        """Some vote that is open."""
        issues = [found.issue for found in self.place.state.proposals() if found.issue is not None]
        return self.rng.choice(issues) if issues else None

    def text_id(self, *, real: bool | None = None) -> TextId:
        """Some text: one that a proposal names, or one that nobody ever proposed."""
        found = self.proposal() if (self.rng.random() < 0.7 if real is None else real) else None
        return found.text_id if found is not None else TextId(self.rng.randbytes(32))

    def said_by(self, wanted: Callable[[StoredEnvelope], bool]) -> StoredEnvelope | None:
        """Some envelope that it heard of the wanted sort."""
        if not self.loot:
            return None
        begin = self.rng.randrange(len(self.loot))
        return next((row for row in (*self.loot[begin:], *self.loot[:begin]) if wanted(row)), None)

    def is_honest(self, row: StoredEnvelope) -> bool:
        """Whether somebody else wrote it."""
        return row.header.device not in self.devices

    def honest_tip(self, kind: LaneKind = LaneKind.FEED) -> StoredEnvelope | None:
        """The last envelope of somebody else's lane."""
        tips = [
            tip for _, tip in sorted(self.tips.items()) if tip.header.kind is kind and self.is_honest(tip)
        ]
        return self.rng.choice(tips) if tips else None

    def any_entry(self) -> AnyEntry:
        """Something that members say."""
        now_ms, issue, proposal = self.node.now_ms, self.issue(), self.proposal()
        if issue is not None and self.rng.random() < 0.6:
            return Ballot(now_ms, issue, self.rng.randrange(1, 1_000_000), ((self.rng.randrange(2),),))
        if proposal is not None:
            return Comment(now_ms, proposal.hash, b"", f"Words {self.rng.randrange(1 << 30)}")
        return Leave(now_ms, f"Reason {self.rng.randrange(1 << 30)}")

    def _look_around(self) -> None:
        """Take note of what its node has come to hold."""
        new = read_new(self.node.conn, self._cursor, 1_000)
        self._cursor = new.cursor
        for row in new.envelopes:
            if row.header.council == self.council:
                self.loot.append(row)
                tip = self.tips.get(row.envelope.lane)
                if tip is None or tip.envelope.seq <= row.envelope.seq:
                    self.tips[row.envelope.lane] = row

    def _call_somebody(self) -> None:
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
