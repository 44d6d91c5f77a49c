"""A society in virtual time: real peers and real stores over the seeded in-memory network, without asyncio.

The node carries out a peer's effects as `p2pcouncil.runtime.engine` does, one after the other, so that one seed
replays a whole run. Every wait is bounded in virtual time.
"""

import random
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import assert_never

from nacl.signing import SigningKey

from crdt.envelope import Envelope, EnvelopeGroup, encode_groups
from crdt.ids import ChangeHash, CouncilId, DeviceId, LaneId, MemberId
from crdt.keys import DeviceCertificate, certificate_message
from crdt.store.accept import accept
from crdt.store.append import append_feed, append_text, current_generation
from crdt.store.rows import Cursor, read_groups, read_new
from crdt.store.schema import open_store
from crdt.store.shelf import shelf_delete, shelf_dump, shelf_put
from crdt.text import TextDocument
from net.memory import MemoryNetwork
from net.memory_links import Conditions
from net.memory_peers import Answered, Connected, Delivery, Failed
from net.transport import PeerFound, PeerKey, TransportError
from p2pcouncil.domain.entries import encode_entry
from p2pcouncil.domain.records import (
    Charter,
    Founder,
    Genesis,
    Signed,
    encode_record,
    genesis_message,
)
from p2pcouncil.peer import commands as c
from p2pcouncil.peer import shelf
from p2pcouncil.peer.core import Peer
from p2pcouncil.peer.events import (
    Accept,
    AddressesKnown,
    AnswerHeard,
    Append,
    AppendEdit,
    Ask,
    BatchAccepted,
    Connect,
    Drop,
    Effect,
    Event,
    Keep,
    Listen,
    Publish,
    ReadAgain,
    Reply,
    ReplyWithEnvelopes,
    Row,
    RowsRead,
    ShelfRead,
    Show,
    Tick,
)
from p2pcouncil.peer.place import Place
from p2pcouncil.peer.planning.desk import Desk
from p2pcouncil.peer.planning.planner import plan as plan_command
from p2pcouncil.peer.shelf import SETTING
from p2pcouncil.peer.world import Me
from p2pcouncil.runtime.wiring import translate

EPOCH_MS = 1_700_000_000_000
TICK_MS = 500
GENERATION = b"generation:"


class Key:
    """A device's key that follows from a name; a `crdt.keys.Signer`."""

    def __init__(self, name: str) -> None:
        self._key = SigningKey(sha256(b"device " + name.encode()).digest())
        self.device = DeviceId(bytes(self._key.verify_key))

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message).signature


class Node:
    """One peer with a store of its own, on a simulated network."""

    def __init__(self, simulation: "Simulation", name: str, path: Path | str, shown_as: str = "") -> None:
        self.simulation = simulation
        self.name = name
        self.signer = Key(name)
        member_key = SigningKey(sha256(b"member " + name.encode()).digest())
        self.member = MemberId(bytes(member_key.verify_key))
        message = certificate_message(self.member, self.signer.device)
        certificate = DeviceCertificate(self.member, self.signer.device, member_key.sign(message).signature)
        self.key = PeerKey(self.signer.device)
        self.me = Me(certificate, shown_as or name, sha256(b"vrf " + name.encode()).digest())
        self.peer = Peer(self.me)
        self.conn: sqlite3.Connection = open_store(path)
        self.dropped: list[tuple[DeviceId, str]] = []
        self.online = False
        self._cursor = Cursor()
        self._read_again = False
        self._tickets: dict[int, int] = {}
        self._accepts: deque[Accept] = deque()
        self.refresh(shelf=True)

    def clone(self) -> "Node":
        """A copy of the whole home, keys included, offline: what a copied or restored laptop is."""
        twin = Node(self.simulation, self.name, ":memory:", self.me.name)
        self.conn.backup(twin.conn)
        twin.refresh(shelf=True)
        return twin

    def go_online(self) -> str:
        """Appear on the network; returns the address."""
        network = self.simulation.network
        address = network.attach(self.key)
        self.simulation.online[self.key] = self
        self.online = True
        for council in self.peer.world.places:
            self._listen(council)
        self.handle(AddressesKnown((address,)))
        return address

    def go_offline(self) -> None:
        """Leave the network in good order; whoever was connected is gone."""
        self.simulation.network.detach(self.key)
        self.simulation.settle()
        del self.simulation.online[self.key]
        self.online = False

    def handle(self, event: Event) -> None:
        """Give the core an event, carry out what follows, and check what came."""
        self._carry_out(self.peer.handle(event, self.simulation.now_ms))
        while self._accepts:
            self._take_in(self._accepts.popleft())

    def submit(self, command: c.Command) -> c.Done:
        """What `PeerSession.submit` does."""
        self.refresh(shelf=True)
        generation = self._generation(command.council) if isinstance(command, c.MakeProposal) else 0
        rng = self.simulation.rng
        plan = plan_command(
            Desk(self.peer, self.signer, rng.randbytes, self.simulation.now_ms, generation), command
        )
        written: list[list[Envelope]] = []
        for effect in plan.effects:
            if isinstance(effect, Append | AppendEdit):
                written.append(self._write(effect))
            else:
                self._carry_out([effect])
        self.refresh(shelf=True)
        made = plan.id
        if made is None:
            made = written[0][-1].hash if written and written[0] else b""
        entries = tuple(envelope.hash for envelopes in written for envelope in envelopes)
        return c.Done(plan.message, made, plan.lines, entries)

    def refresh(self, *, shelf: bool = False) -> None:
        """Read what is new in the store, and fold it."""
        if shelf:
            self.handle(ShelfRead(tuple(shelf_dump(self.conn))))
        more = True
        while more:
            new = read_new(self.conn, self._cursor, 500)
            self._cursor, more = new.cursor, new.more
            rows = tuple(Row(e.header, e.envelope, e.first_seen_ms) for e in new.envelopes)
            if rows or new.forks:
                self.handle(RowsRead(rows, tuple(new.forks), more))
            if self._read_again:
                self._read_again, self._cursor, more = False, Cursor(), True

    def take_in(self, groups: Sequence[EnvelopeGroup]) -> None:
        """Offer envelopes as if a peer had sent them."""
        self._take_in(Accept(0, None, tuple(groups)))

    def heard(self, delivery: Delivery) -> None:
        """Take what the network delivers."""
        match delivery.event:
            case Answered(ticket, data):
                self.handle(AnswerHeard(self._tickets.pop(ticket), data))
            case Failed(ticket, error):
                if ticket in self._tickets:
                    self.handle(AnswerHeard(self._tickets.pop(ticket), None, str(error)))
            case Connected() | PeerFound():
                pass
            case event:
                self.handle(translate(event))

    def place(self, council: CouncilId) -> Place:
        """A council that is held here."""
        return self.peer.world.places[council]

    def _carry_out(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            match effect:
                case Append() | AppendEdit():
                    self._write(effect)
                case Keep(kind, key, value):
                    self._keep(kind, key, value)
                case Accept():
                    self._accepts.append(effect)
                case ReadAgain():
                    self._read_again = True
                case Show():
                    pass
                case _:
                    if self.online:
                        self._tell(effect)

    def _tell(self, effect: Listen | Publish | Ask | Reply | ReplyWithEnvelopes | Connect | Drop) -> None:
        network = self.simulation.network
        try:
            match effect:
                case Listen(topic):
                    network.join_topic(self.key, topic)
                case Publish(topic, data):
                    network.publish(self.key, topic, data)
                case Ask(ask, device, data, timeout_ms):
                    self._tickets[network.request(self.key, PeerKey(device), data, timeout_ms)] = ask
                case Reply(question, data):
                    network.respond(self.key, question, data)
                case ReplyWithEnvelopes(question, head, wanted, max_bytes):
                    groups = read_groups(self.conn, wanted, max_bytes)
                    network.respond(self.key, question, head + encode_groups(groups))
                case Connect(address):
                    network.remember(self.key, address)
                case Drop(device, reason):
                    self.dropped.append((device, reason))
                    network.drop(self.key, PeerKey(device), reason)
                case _:
                    assert_never(effect)
        except TransportError as error:
            self.simulation.troubles.append(str(error))

    def _listen(self, council: CouncilId) -> None:
        from p2pcouncil.peer.wire import topic_of

        self._tell(Listen(topic_of(council)))

    def _keep(self, kind: str, key: bytes, value: bytes) -> None:
        shelf = self.peer.world.shelf.setdefault(kind, {})
        if value:
            shelf[key] = value
            shelf_put(self.conn, kind, key, value)
        else:
            shelf.pop(key, None)
            shelf_delete(self.conn, kind, key)
        if kind == "council" and CouncilId(key) not in self.peer.world.places:
            self._carry_out(self.peer.handle(ShelfRead(tuple(shelf_dump(self.conn))), self.simulation.now_ms))

    def _generation(self, council: CouncilId) -> int:
        kept = int.from_bytes(self.peer.world.item(SETTING, GENERATION + council) or b"", "big")
        return max(kept, current_generation(self.conn, council, self.signer.device))

    def _write(self, effect: Append | AppendEdit) -> list[Envelope]:
        council, now_ms = effect.council, self.simulation.now_ms
        generation = self._generation(council)
        if isinstance(effect, Append):
            entries = [encode_entry(entry) for entry in effect.entries]
            return append_feed(
                self.conn, self.signer, council, self.me.certificate, generation, entries, now_ms, effect.once
            )
        text, base = effect.text, effect.base
        latest = current_generation(self.conn, council, self.signer.device, text=effect.text_id)

        def make_changes(document: TextDocument, lane: LaneId) -> Sequence[bytes]:
            return document.edit(lane, text, base or None)

        return append_text(
            self.conn,
            self.signer,
            council,
            effect.text_id,
            self.me.certificate,
            max(generation, latest),
            make_changes,
            now_ms,
        )

    def _take_in(self, effect: Accept) -> None:
        now_ms = self.simulation.now_ms
        for group in effect.groups:
            if (
                self.peer.world.is_mine(group.header)
                and accept(self.conn, [group], self._admits, now_ms).accepted
            ):
                council = group.header.council
                following = max(self._generation(council), group.header.generation + 1)
                self._keep(SETTING, GENERATION + council, following.to_bytes(4, "big"))
                self.refresh()
        report = accept(self.conn, effect.groups, self._admits, now_ms)
        waiting = report.orphans + len(report.unknown_members)
        refused = tuple(refusal.reason for refusal in report.refused)
        if report.accepted:
            self.refresh()
        self.handle(BatchAccepted(effect.batch, report.accepted, waiting, refused))

    def _admits(self, council: CouncilId, member: MemberId) -> bool:
        place = self.peer.world.places.get(council)
        return place is not None and place.state.is_admitted(member)


class Simulation:
    """Nodes, a network and a clock, all from one seed."""

    def __init__(self, seed: int = 0, conditions: Conditions = Conditions()) -> None:  # noqa: B008 (frozen)
        self.network = MemoryNetwork(seed, conditions)
        self.rng = random.Random(seed)
        self.online: dict[PeerKey, Node] = {}
        self.nodes: dict[str, Node] = {}
        self.troubles: list[str] = []
        self._next_tick_ms = 0

    @property
    def now_ms(self) -> int:
        """What everybody's clock says."""
        return EPOCH_MS + self.network.now_ms

    def node(self, name: str, path: Path | str = ":memory:", shown_as: str = "") -> Node:
        """A new peer, online."""
        node = self.nodes[name] = Node(self, name, path, shown_as)
        node.go_online()
        return node

    def settle(self) -> None:
        """Hand out what is due now."""
        self._deliver(self.network.now_ms)

    def run(self, for_ms: int) -> None:
        """Let time pass."""
        self.run_until(lambda: False, for_ms)

    def run_until(self, done: Callable[[], bool], limit_ms: int = 60_000) -> bool:
        """Let time pass until something holds; False when it does not within the limit."""
        end_ms = self.network.now_ms + limit_ms
        while not done():
            due_ms = self.network.next_due_ms()
            to_ms = min(end_ms, self._next_tick_ms, end_ms if due_ms is None else due_ms)
            self._deliver(to_ms)
            if to_ms >= self._next_tick_ms:
                self._next_tick_ms = to_ms + TICK_MS
                for node in list(self.online.values()):
                    node.handle(Tick())
            if to_ms >= end_ms:
                return done()
        return True

    def society(self, *names: str, name: str = "Morning Bread") -> tuple[CouncilId, list[Node]]:
        """Found a society by the first, and let the others in."""
        nodes = [self.node(each) for each in names]
        made = nodes[0].submit(c.FoundCouncil(name, "society", "society", "To test"))
        council = CouncilId(made.id)
        for newcomer in nodes[1:]:
            self.let_in(council, nodes[0], newcomer)
        return council, nodes

    def found_by(self, node: Node, charter: Charter) -> CouncilId:
        """A society under any charter, also one that a careful planner would not found."""
        me = node.peer.world.me
        assert me is not None
        founder = Founder(me.member, me.device, me.certificate.signature, me.vrf, me.name)
        body = encode_record(Genesis("A", "society", "society", "", b"", charter, (founder,), bytes(16)))
        council = CouncilId(genesis_message(body))
        signed = encode_record(Signed(body, (node.signer.sign(council),)))
        node._keep(shelf.COUNCIL, council, signed)
        return council

    def let_in(self, council: CouncilId, sponsor: Node, newcomer: Node) -> None:
        """Invite, join and vouch; returns when the newcomer belongs and sponsor and newcomer are equal."""
        line = sponsor.submit(c.MakeInvitation(council)).lines[0]
        newcomer.submit(c.JoinByInvitation(line))
        member = newcomer.member

        def asked() -> bool:
            return any(join.member == member for join, _ in sponsor.peer.requests(council))

        assert self.run_until(asked), "the join did not reach the sponsor"
        sponsor.submit(c.VouchFor(council, member))

        def joined() -> bool:
            place = newcomer.peer.world.places.get(council)
            return (
                place is not None
                and place.state.is_admitted(member)
                and self.equal(council, [sponsor, newcomer])
            )

        assert self.run_until(joined), "the vouch did not reach the newcomer"

    def equal(self, council: CouncilId, nodes: Iterable[Node] | None = None) -> bool:
        """Whether all hold the council in the same state."""
        some = list(self.nodes.values() if nodes is None else nodes)
        if any(council not in node.peer.world.places for node in some):
            return False
        return len({node.place(council).state_hash() for node in some}) == 1

    def converge(
        self, council: CouncilId, nodes: Iterable[Node] | None = None, limit_ms: int = 180_000
    ) -> None:
        """Let time pass until all are equal."""
        some = list(self.nodes.values() if nodes is None else nodes)
        is_equal = self.run_until(lambda: self.equal(council, some), limit_ms)
        totals = {node.name: node.place(council).index.total for node in some}
        assert is_equal, f"not equal after {limit_ms} ms; entries held: {totals}"

    def _deliver(self, to_ms: int) -> None:
        for delivery in self.network.advance(to_ms):
            node = self.online.get(delivery.to)
            if node is not None:
                node.heard(delivery)


def proposal_of(node: Node, council: CouncilId, title: str, text: str = "As it is.\n") -> ChangeHash:
    """Propose something that needs a yes from a majority."""
    from p2pcouncil.domain.tally.method import YesNo

    command = c.MakeProposal(council, title, f"About {title}.", text, YesNo(quorum_permille=0))
    return ChangeHash(node.submit(command).id)
