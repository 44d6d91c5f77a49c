"""A peer with a store of its own on the simulated network: it carries out a peer's effects as the engine does."""

import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from nacl.signing import SigningKey

from crdt.envelope import Envelope, EnvelopeGroup, encode_groups
from crdt.errors import LocalError
from crdt.ids import CouncilId, DeviceId, MemberId, TextId
from crdt.keys import DeviceCertificate, certificate_message
from crdt.store.accept import AcceptReport, accept
from crdt.store.append import current_generation
from crdt.store.rows import Cursor, read_groups, read_new
from crdt.store.schema import open_store
from crdt.store.shelf import shelf_delete, shelf_dump, shelf_put
from net.memory_peers import Answered, Connected, Delivery, Failed
from net.transport import PeerFound, PeerKey, TransportError
from p2pcouncil.domain.sortition.ecvrf import VrfSeed, prove, vrf_public
from p2pcouncil.peer import commands as c
from p2pcouncil.peer.core import Peer
from p2pcouncil.peer.doing.desk import Desk
from p2pcouncil.peer.doing.going_on import to_go_on
from p2pcouncil.peer.doing.work_out import work_out
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
from p2pcouncil.peer.shelf import SETTING
from p2pcouncil.peer.wire import topic_of
from p2pcouncil.peer.world import Me
from p2pcouncil.runtime import intake
from p2pcouncil.runtime.intake import ACCEPT_BATCHES, NOTHING_ACCEPTED
from p2pcouncil.runtime.strangers import Strangers
from p2pcouncil.runtime.wiring import translate
from p2pcouncil.runtime.writing import GENERATION, generation_of, prepare_write, write_all

if TYPE_CHECKING:
    from tests.sim.simulation import Simulation


class Key:
    """A device's key that follows from a name, and remembers what it signed; a `crdt.keys.Signer`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._key = signing_key(b"device " + name.encode())
        self.device = DeviceId(bytes(self._key.verify_key))
        self.signed: dict[bytes, bytes] = {}
        self._vrf_seed = VrfSeed(sha256(b"vrf " + name.encode()).digest())

    @property
    def vrf_public(self) -> bytes:
        """The public half of the device's key for lots."""
        return vrf_public(self._vrf_seed)

    def prove_lot(self, alpha: bytes) -> bytes:
        return prove(self._vrf_seed, alpha)

    def sign(self, message: bytes) -> bytes:
        signature = self.signed[message] = self._key.sign(message).signature
        return signature


@lru_cache(maxsize=1_024)
def signing_key(name: bytes) -> SigningKey:
    """A key that follows from a name."""
    return SigningKey(sha256(name).digest())


@lru_cache(maxsize=1_024)
def certify(member: str, device: DeviceId) -> DeviceCertificate:
    """The word of the member of that name for a device."""
    key = signing_key(b"member " + member.encode())
    who = MemberId(bytes(key.verify_key))
    return DeviceCertificate(who, device, key.sign(certificate_message(who, device)).signature)


class Node:
    """One peer with a store of its own, on a simulated network."""

    def __init__(
        self,
        simulation: "Simulation",
        name: str,
        path: Path | str = ":memory:",
        shown_as: str = "",
        device: str = "",
    ) -> None:
        """Make a peer, offline.

        Args:
            simulation: where it lives.
            name: the member's; their key follows from it.
            path: the store's file.
            shown_as: the display name; the member's name unless given.
            device: which of the member's devices; the one that has the member's name unless given.
        """
        self.simulation = simulation
        self.name = name
        self.signer = simulation.key(device or name)
        certificate = certify(name, self.signer.device)
        self.member = certificate.member
        self.key = PeerKey(self.signer.device)
        self.me = Me(certificate, shown_as or name, self.signer.vrf_public)
        self.conn = self._open(path)
        self.dropped: list[tuple[DeviceId, str]] = []
        self.online = False
        self.skew_ms = 0
        self._begin()

    def _open(self, path: Path | str) -> sqlite3.Connection:
        return open_store(path)

    def _begin(self) -> None:
        """Start the program: whatever is not in the store is forgotten."""
        self.peer = Peer(self.me)
        if self.simulation.do_duties:
            self.peer.duties.begin(self.signer)
        self._strangers = Strangers()
        self._unkept: dict[tuple[str, bytes], Keep] = {}
        self._cursor = Cursor()
        self._read_again = False
        self._has_told = False
        self._tickets: dict[int, int] = {}
        self._accepts: deque[Accept] = deque()
        self._is_checking = False
        self._is_to_fold = False
        self.refresh(shelf=True)

    @property
    def now_ms(self) -> int:
        """What this laptop's clock says."""
        return self.simulation.now_ms + self.skew_ms

    @property
    def has_folded(self) -> bool:
        """Whether all that was kept is folded; in a moment it will be."""
        return not self._is_to_fold

    def clone(self) -> "Node":
        """A copy of the whole home, keys included, offline: what a copied or restored laptop is."""
        twin = Node(self.simulation, self.name, ":memory:", self.me.name, self.signer.name)
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
        self.simulation.online.pop(self.key, None)
        self.online = False

    def handle(self, event: Event) -> None:
        """Give the core an event, carry out what follows, and check what came."""
        for effect in self.peer.handle(event, self.now_ms):
            self._attempt(effect)
        self._look_at_waiting()

    def _attempt(self, effect: Effect) -> None:
        """Carry out one effect, so that one which finds no room holds up no other; it is kept at a later tick."""
        try:
            self._carry_out([effect])
        except LocalError as error:
            self.simulation.troubles.append(str(error))
            if isinstance(effect, Keep):
                self._unkept[effect.kind, effect.key] = effect

    def tick(self) -> None:
        """Some time has passed."""
        self.handle(Tick())
        if self._has_told:
            with self._troubles():
                self.refresh()
        unkept, self._unkept = self._unkept, {}
        for effect in unkept.values():
            self._attempt(effect)
        if self.online:
            places = self.peer.world.places.values()
            known = {PeerKey(device) for place in places for device in place.member_devices()}
            shunned = {PeerKey(device) for device in self.peer.world.courtesy.shunned(self.now_ms)}
            self.simulation.network.know(self.key, known, shunned)

    @contextmanager
    def _troubles(self) -> Iterator[None]:
        """Keep working when this laptop stands in the way, as the engine does."""
        try:
            yield
        except LocalError as error:
            self.simulation.troubles.append(str(error))

    def submit(self, command: c.Command) -> c.Done:
        """What `PeerSession.submit` does."""
        self.refresh(shelf=True)
        generation = self._generation(command.council) if isinstance(command, c.MakeProposal) else 0
        rng = self.simulation.rng
        desk = Desk(self.peer, self.signer, rng.randbytes, self.now_ms, generation)
        is_going_on = isinstance(command, c.GoOn)
        deed = to_go_on(desk, command, self.sign_as_member) if is_going_on else work_out(desk, command)
        written = self._append(deed.effects)
        made = deed.id
        if made is None:
            made = written[0][-1].hash if written and written[0] else b""
        entries = tuple(envelope.hash for envelopes in written for envelope in envelopes)
        return c.Done(deed.message, made, deed.lines, entries)

    def sign_as_member(self, message: bytes) -> bytes:
        """Sign under the member key, which nothing else here keeps."""
        return signing_key(b"member " + self.name.encode()).sign(message).signature

    def _append(self, effects: Iterable[Effect]) -> list[list[Envelope]]:
        """What `Engine.append` does."""
        written: list[list[Envelope]] = []
        for is_write, some in groupby(effects, lambda effect: isinstance(effect, Append | AppendEdit)):
            if is_write:
                written += self._write([e for e in some if isinstance(e, Append | AppendEdit)])
            else:
                self._carry_out(list(some))
        self.refresh(shelf=True)
        return written

    def refresh(self, *, shelf: bool = False) -> None:
        """Read what is new in the store, and fold it."""
        if shelf:
            self.handle(ShelfRead(tuple(shelf_dump(self.conn))))
        more = True
        while more or self._has_told:
            self._has_told = False
            new = read_new(self.conn, self._cursor, 500)
            self._cursor, more = new.cursor, new.more
            rows = tuple(Row(e.header, e.envelope, e.first_seen_ms) for e in new.envelopes)
            if rows or new.forks:
                self.handle(RowsRead(rows, tuple(new.forks), more))
            if self._read_again:
                self._read_again, self._cursor, more = False, Cursor(), True

    def take_in(self, groups: Sequence[EnvelopeGroup]) -> None:
        """Take in a bundle: not in the queue, as `Engine.accept` does."""
        self._take_in([Accept(0, None, tuple(groups))])
        self._fold_kept()

    def heard(self, delivery: Delivery) -> None:
        """Take what the network delivers."""
        match delivery.event:
            case Answered(ticket, data):
                # What was asked before a restart is answered to nobody.
                if ticket in self._tickets:
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
                    self._write([effect])
                    self._has_told = True  # The engine's watch reads it back in a moment.
                case Keep(kind, key, value):
                    self._keep(kind, key, value)
                case Accept() if len(self._accepts) >= intake.MAX_WAITING_FRAMES:
                    self.handle(BatchAccepted(effect.batch, 0, 1, (), lost=True))
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
        self._tell(Listen(topic_of(council)))

    def _keep(self, kind: str, key: bytes, value: bytes) -> None:
        self._unkept.pop((kind, key), None)
        shelf = self.peer.world.shelf.setdefault(kind, {})
        if value:
            shelf[key] = value
            shelf_put(self.conn, kind, key, value)
        else:
            shelf.pop(key, None)
            shelf_delete(self.conn, kind, key)
        if kind == "council" and CouncilId(key) not in self.peer.world.places:
            self._carry_out(self.peer.handle(ShelfRead(tuple(shelf_dump(self.conn))), self.now_ms))

    def _generation(self, council: CouncilId, text: TextId | None = None) -> int:
        stored = current_generation(self.conn, council, self.signer.device, text=text)
        return generation_of(self.peer.world, council, text, stored)

    def _write(self, effects: Sequence[Append | AppendEdit]) -> list[list[Envelope]]:
        writes = []
        for effect in effects:
            text = effect.text_id if isinstance(effect, AppendEdit) else None
            generation = self._generation(effect.council, text)
            writes.append(prepare_write(effect, self.signer, self.me.certificate, generation, self.now_ms))
        return write_all(self.conn, writes)

    def _look_at_waiting(self) -> None:
        """Check the frames that wait, some to a transaction; what comes while the disk is busy goes into the next."""
        if self._accepts and not self._is_checking:
            self._is_checking = True
            batch = [self._accepts.popleft() for _ in range(min(len(self._accepts), ACCEPT_BATCHES))]

            def check() -> None:
                self._is_checking = False
                self._take_in(batch)
                self._look_at_waiting()

            self._later(self.simulation.disk_ms, check)

    def _take_in(self, batch: Sequence[Accept]) -> None:
        """What `Intake.check_all` does with the frames of one transaction."""
        report = NOTHING_ACCEPTED
        with self._troubles():
            report = self._check_and_keep([group for effect in batch for group in effect.groups])
        if report.accepted and not self._is_to_fold:
            self._is_to_fold = True
            self._later(self.simulation.draw_fold_ms(), self._fold_kept)
        waiting = report.orphans + len(report.unknown_members)
        lost = report is NOTHING_ACCEPTED
        for effect in batch:
            refused = self._refused_of(effect, report, is_alone=len(batch) == 1)
            self.handle(BatchAccepted(effect.batch, report.accepted, waiting, refused, lost=lost))

    def _refused_of(self, effect: Accept, report: AcceptReport, *, is_alone: bool) -> tuple[str, ...]:
        """What `Intake` does so that nobody is blamed for what came with theirs."""
        if report.refused and not is_alone:
            report = NOTHING_ACCEPTED
            with self._troubles():
                report = self._check_and_keep(effect.groups)
        return tuple(refusal.reason for refusal in report.refused)

    def _fold_kept(self) -> None:
        """What `Intake.fold_kept` does."""
        self._is_to_fold = False
        with self._troubles():
            self.refresh()
            self.handle(RowsRead(()))
        groups = self._strangers.take_admitted(self._admits)
        if groups:
            self._accepts.append(Accept(self.peer.world.next_number(), None, groups))
            self._look_at_waiting()

    def _later(self, delay_ms: int, action: Callable[[], None]) -> None:
        """Do something when the disk is done; now, if it takes no time. A restart forgets it."""
        peer = self.peer

        def act() -> None:
            if self.peer is peer:
                self._carry_on(action)

        if delay_ms:
            self.simulation.network.links.after(delay_ms, act)
        else:
            action()

    def _carry_on(self, action: Callable[[], None]) -> None:
        action()

    def _check_and_keep(self, groups: Sequence[EnvelopeGroup]) -> AcceptReport:
        """What `Intake.check_and_keep` does."""
        check = self.simulation.signatures.check
        for group in groups:
            is_mine = self.peer.world.is_mine(group.header)
            if is_mine and accept(self.conn, [group], self._admits, self.now_ms, check=check).accepted:
                council = group.header.council
                following = max(self._generation(council), group.header.generation + 1)
                self._keep(SETTING, GENERATION + council, following.to_bytes(4, "big"))
                self.refresh()
        report = accept(self.conn, groups, self._admits, self.now_ms, check=check)
        for group in groups if report.unknown_members else ():
            who = (group.header.council, group.header.member)
            if who in report.unknown_members:
                self._strangers.set_aside(who, group)
        return report

    def _admits(self, council: CouncilId, member: MemberId) -> bool:
        place = self.peer.world.places.get(council)
        return place is not None and place.state.is_admitted(member)
