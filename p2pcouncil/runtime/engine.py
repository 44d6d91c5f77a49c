"""The engine: one peer, its store, and the network when there is one, on asyncio's loop.

The store is the only way into the state. Whatever is written (by us, by a device that sent it, by another process of
this home) is read back from there in the order of its commits, so all processes of a laptop agree, and nothing is
folded or passed on before it is on disk.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, assert_never

from crdt.envelope import Envelope, EnvelopeGroup, encode_groups
from crdt.errors import LocalError
from crdt.ids import ChangeHash, CouncilId, LaneId, MemberId, TextId
from crdt.keys import Signer
from crdt.store.accept import AcceptReport, accept
from crdt.store.append import append_feed, append_text, current_generation
from crdt.store.rows import Cursor, NewRows, data_version, read_groups, read_new
from crdt.store.shelf import shelf_delete, shelf_dump, shelf_put
from crdt.store.shell import AsyncStore
from crdt.text import TextDocument
from net.transport import PeerFound, PeerKey, Transport, TransportError
from p2pcouncil.domain.entries import encode_entry
from p2pcouncil.peer.core import Peer
from p2pcouncil.peer.events import (
    Accept,
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
    Reply,
    ReplyWithEnvelopes,
    Row,
    RowsRead,
    ShelfRead,
    Show,
    Tick,
)
from p2pcouncil.peer.shelf import ADDRESS, SETTING
from p2pcouncil.peer.wire import topic_of
from p2pcouncil.runtime.signature_check import SignatureCheck
from p2pcouncil.runtime.strangers import Strangers
from p2pcouncil.runtime.wiring import translate

log = logging.getLogger("p2pcouncil")

GENERATION = b"generation:"
READ_ROWS = 5_000
FOLD_ROWS = 500
"""Rows folded in one go: some ten milliseconds, so that the interface stays alive during a long catch-up."""
WATCH_SECONDS = 0.15
TICK_SECONDS = 0.5
KEEP_ADDRESSES_SECONDS = 5.0
ACCEPT_BATCHES = 64
"""Frames taken in by one transaction: a burst of small gossip costs one commit, not one each."""


NOTHING_ACCEPTED = AcceptReport(0, 0, frozenset(), 1, 0, ())
"""What a failed write comes to: the envelopes wait, and the next pull brings them again."""


def now_ms() -> int:
    """This laptop's clock, milliseconds since 1970. Shown, and used for time-outs; no rule reads it."""
    return time.time_ns() // 1_000_000


class Engine:
    """Runs a peer until it is stopped."""

    def __init__(
        self, peer: Peer, store: AsyncStore, signer: Signer | None, reader: AsyncStore | None = None
    ) -> None:
        """Prepare; nothing runs before `start`.

        Args:
            peer: the core.
            store: writes, one transaction after the other.
            signer: this device's key; None while there is no identity.
            reader: a second connection to the same file, so that folding and serving never wait for a writer's
                signature checks; None for a store in memory, which has one connection only.
        """
        self.peer = peer
        self.store = store
        self.reader = reader or store
        self.signer = signer
        self.transport: Transport | None = None
        self._cursor = Cursor()
        self._version = -1
        self._tasks: set[asyncio.Task[None]] = set()
        self._accepts: asyncio.Queue[Accept] = asyncio.Queue(maxsize=1_000)
        self._kept = asyncio.Event()
        self._strangers = Strangers()
        self._signatures = SignatureCheck()
        self._refreshing = asyncio.Lock()
        self._changed: set[asyncio.Event] = set()
        self.failure: BaseException | None = None
        self.trouble = ""

    async def start(self) -> None:
        """Read what the store holds, then begin to watch it.

        Raises:
            LocalError: the store can't be read.
        """
        await self.refresh(shelf=True)
        self._spawn(self._accept_all())
        self._spawn(self._fold_kept())
        self._spawn(self._watch())

    async def connect(self, transport: Transport) -> None:
        """Begin to talk to others.

        Raises:
            TransportError: the network can't start.
        """
        await transport.start()
        self.transport = transport
        self._spawn(self._hear(transport))
        self._spawn(self._tick())
        self._spawn(self._keep_addresses(transport))
        for place in self.peer.world.places.values():
            await transport.join_topic(topic_of(place.council))

    async def stop(self) -> None:
        """Stop the network and every task. What was acknowledged is on disk already."""
        if self.transport is not None:
            await self.transport.stop()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.store.close()
        if self.reader is not self.store:
            await self.reader.close()
        self._signatures.close()

    async def changes(self) -> AsyncIterator[None]:
        """Yield when something may look different; what happens meanwhile is one change."""
        event = asyncio.Event()
        self._changed.add(event)
        try:
            while True:
                await event.wait()
                event.clear()
                yield
        finally:
            self._changed.discard(event)

    async def refresh(self, *, shelf: bool = False) -> None:
        """Read what is new in the store, whoever wrote it, and fold it."""
        async with self._refreshing:
            if shelf:
                items = await self.reader.run(shelf_dump)
                await self.carry_out(self.peer.handle(ShelfRead(tuple(items)), now_ms()))
            more = True
            while more:
                new = await self.reader.run(read_new, self._cursor, READ_ROWS)
                self._cursor, more = new.cursor, new.more
                await self._fold(new)

    async def _fold(self, new: NewRows) -> None:
        """Fold rows in slices, so that a long catch-up leaves the interface its turns."""
        rows = [Row(e.header, e.envelope, e.first_seen_ms) for e in new.envelopes]
        forks = tuple(new.forks)
        for at in range(0, max(len(rows), bool(forks)), FOLD_ROWS):
            some = tuple(rows[at : at + FOLD_ROWS])
            more = new.more or at + FOLD_ROWS < len(rows)
            await self.carry_out(self.peer.handle(RowsRead(some, forks, more), now_ms()))
            forks = ()
            await asyncio.sleep(0)

    async def append(self, effects: Sequence[Effect]) -> list[list[Envelope]]:
        """Write what a command asked for, and fold it.

        Returns:
            The envelopes that each `Append` and `AppendEdit` wrote, in order.

        Raises:
            LocalError: no identity, a full or forked feed, a full disk.
        """
        written: list[list[Envelope]] = []
        for effect in effects:
            if isinstance(effect, Append | AppendEdit):
                written.append(await self._write(effect))
            else:
                await self.carry_out([effect])
        await self.refresh(shelf=True)
        return written

    async def carry_out(self, effects: Sequence[Effect]) -> None:
        """Do what the core wants done. Nothing in here waits for another peer."""
        for effect in effects:
            match effect:
                case Append() | AppendEdit():
                    await self._write(effect)
                case Keep(kind, key, value):
                    await self._keep(kind, key, value)
                case Accept():
                    self._offer(effect)
                case Listen() | Publish() | Reply() | Drop():
                    self._tell(effect)
                case Ask():
                    self._spawn(self._ask(effect))
                case ReplyWithEnvelopes():
                    self._spawn(self._reply(effect))
                case Connect(address):
                    self._spawn(self._dial(address))
                case Show():
                    self._show()
                case _:
                    assert_never(effect)

    async def handle(self, event: Event) -> None:
        """Give the core an event and carry out what follows; a full disk is shown and tried again later."""
        with self._troubles():
            await self.carry_out(self.peer.handle(event, now_ms()))

    @contextmanager
    def _troubles(self) -> Iterator[None]:
        """Keep working when this laptop stands in the way: say so, and lose nothing that was acknowledged."""
        try:
            yield
        except LocalError as error:
            self.trouble = f"{error} {error.hint}".strip()
            log.warning("%s", self.trouble)
            self._show()
        else:
            self.trouble = ""

    async def generation(self, council: CouncilId, text: TextId | None = None) -> int:
        """The generation of our feed in a council, or of our lane in one of its texts, that is written to now.

        It moves on when a feed is full or forked, and when others gave us back entries of our own that this store
        did not hold: then it is an old copy, and going on in the same lane could contradict what we once said.
        """
        me = self.peer.world.me
        if me is None:
            raise LocalError("There is no identity on this laptop yet.", "Run `p2pcouncil init` first.")
        kept = int.from_bytes(self.peer.world.item(SETTING, GENERATION + council) or b"", "big")
        return max(kept, await self.store.run(current_generation, council, me.device, text=text))

    async def _write(self, effect: Append | AppendEdit) -> list[Envelope]:
        me = self.peer.world.me
        if me is None or self.signer is None:
            raise LocalError("There is no identity on this laptop yet.", "Run `p2pcouncil init` first.")
        text = effect.text_id if isinstance(effect, AppendEdit) else None
        generation = await self.generation(effect.council, text)
        if isinstance(effect, Append):
            entries = [encode_entry(entry) for entry in effect.entries]
            return await self.store.run(
                append_feed,
                self.signer,
                effect.council,
                me.certificate,
                generation,
                entries,
                now_ms(),
                effect.once,
            )

        def make_changes(document: TextDocument, lane: LaneId) -> Sequence[bytes]:
            return document.edit(lane, effect.text, effect.base or None)

        return await self.store.run(
            append_text,
            self.signer,
            effect.council,
            effect.text_id,
            me.certificate,
            generation,
            make_changes,
            now_ms(),
        )

    async def _keep(self, kind: str, key: bytes, value: bytes) -> None:
        shelf = self.peer.world.shelf.setdefault(kind, {})
        if value:
            shelf[key] = value
            await self.store.run(shelf_put, kind, key, value)
        else:
            shelf.pop(key, None)
            await self.store.run(shelf_delete, kind, key)
        if kind == "council" and CouncilId(key) not in self.peer.world.places:
            items = await self.reader.run(shelf_dump)
            await self.carry_out(self.peer.handle(ShelfRead(tuple(items)), now_ms()))

    def _offer(self, effect: Accept) -> None:
        try:
            self._accepts.put_nowait(effect)
        except asyncio.QueueFull:
            log.info("shed a frame: more arrives than this laptop can check")
            self._spawn(self.handle(BatchAccepted(effect.batch, 0, 1, ())))

    async def _accept_all(self) -> None:
        """Check and keep what arrives, several frames to a transaction when they queue up."""
        while True:
            batch = [await self._accepts.get()]
            while not self._accepts.empty() and len(batch) < ACCEPT_BATCHES:
                batch.append(self._accepts.get_nowait())
            report = NOTHING_ACCEPTED
            with self._troubles():
                report = await self._check_and_keep(batch)
            if report.accepted:
                self._kept.set()
            is_one_device = len({effect.device for effect in batch}) == 1
            refused = tuple(refusal.reason for refusal in report.refused) if is_one_device else ()
            waiting = report.orphans + len(report.unknown_members)
            for effect in batch:
                await self.handle(BatchAccepted(effect.batch, report.accepted, waiting, refused))

    async def _fold_kept(self) -> None:
        """Fold what was kept, while the store's thread checks the next frames already."""
        while True:
            await self._kept.wait()
            self._kept.clear()
            with self._troubles():
                await self.refresh()
            groups = self._strangers.take_admitted(self._is_admitted)
            if groups:
                self._offer(Accept(self.peer.world.next_number(), None, groups))

    async def accept(self, batch: Sequence[Accept]) -> AcceptReport:
        """Take in groups of envelopes and fold what held."""
        report = await self._check_and_keep(batch)
        await self.refresh()
        return report

    async def _check_and_keep(self, batch: Sequence[Accept]) -> AcceptReport:
        groups = [group for effect in batch for group in effect.groups]
        mine = [group for group in groups if self.peer.world.is_mine(group.header)]
        if mine and await self._accept_mine(mine):
            await self.refresh()
        check = self._signatures.check
        report = await self.store.run(accept, groups, self._is_admitted, now_ms(), check=check)
        for group in groups if report.unknown_members else ():
            who = (group.header.council, group.header.member)
            if who in report.unknown_members:
                self._strangers.set_aside(who, group)
        return report

    async def _accept_mine(self, groups: Sequence[EnvelopeGroup]) -> bool:
        """Take back entries of our own; any that this store lacked show that it is an old copy."""
        is_old_copy = False
        for group in groups:
            report = await self.store.run(accept, [group], self._is_admitted, now_ms())
            if report.accepted:
                council = group.header.council
                following = max(await self.generation(council), group.header.generation + 1)
                log.warning(
                    "this store was an old copy of council %s: going on in a new feed", council.hex()[:8]
                )
                await self._keep(SETTING, GENERATION + council, following.to_bytes(4, "big"))
                is_old_copy = True
        return is_old_copy

    def _is_admitted(self, council: CouncilId, member: MemberId) -> bool:
        place = self.peer.world.places.get(council)
        return place is not None and place.state.is_admitted(member)

    async def _ask(self, effect: Ask) -> None:
        if self.transport is None:
            return
        try:
            data = await self.transport.request(PeerKey(effect.device), effect.data, effect.timeout_ms)
        except TransportError as error:
            await self.handle(AnswerHeard(effect.ask, None, str(error)))
            return
        await self.handle(AnswerHeard(effect.ask, data))

    async def _reply(self, effect: ReplyWithEnvelopes) -> None:
        groups = await self.reader.run(read_groups, effect.wanted, effect.max_bytes)
        if self.transport is not None:
            await self.transport.respond(effect.question, effect.head + encode_groups(groups))

    async def _dial(self, address: str) -> None:
        if self.transport is None:
            return
        try:
            await self.transport.remember(address)
        except TransportError as error:
            log.info("cannot dial %s: %s", address, error)

    def _tell(self, effect: Listen | Publish | Reply | Drop) -> None:
        if self.transport is not None:
            self._spawn(self._told(self.transport, effect))

    async def _told(self, transport: Transport, effect: Listen | Publish | Reply | Drop) -> None:
        try:
            match effect:
                case Listen(topic):
                    await transport.join_topic(topic)
                case Publish(topic, data):
                    await transport.publish(topic, data)
                case Reply(question, data):
                    await transport.respond(question, data)
                case Drop(device, reason):
                    await transport.drop(PeerKey(device), reason)
                case _:
                    assert_never(effect)
        except TransportError as error:
            log.info("network: %s", error)

    async def dial_all(self, addresses: Sequence[str]) -> None:
        """Dial addresses, and those that pending joins name, in the background."""
        pending = self.peer.addresses_of_joins()
        for address in sorted({*addresses, *pending}):
            self._spawn(self._dial(address))

    async def _hear(self, transport: Transport) -> None:
        async for event in transport.events():
            if isinstance(event, PeerFound):
                self._spawn(self._dial(event.address))
                continue
            await self.handle(translate(event))

    async def _tick(self) -> None:
        while True:
            await self.handle(Tick())
            await asyncio.sleep(TICK_SECONDS)

    async def _keep_addresses(self, transport: Transport) -> None:
        """Remember where peers were reached, so that the next start finds them without an invitation."""
        while True:
            await asyncio.sleep(KEEP_ADDRESSES_SECONDS)
            known = {
                k.address.encode(): k.last_success_ms.to_bytes(8, "big")
                for k in await transport.known_addresses()
                if k.last_success_ms
            }
            held = self.peer.world.items(ADDRESS)
            for key in set(held) - set(known):
                await self._keep(ADDRESS, key, b"")
            for key, value in known.items():
                if key not in held:
                    await self._keep(ADDRESS, key, value)

    async def _watch(self) -> None:
        """Notice what other processes of this home commit."""
        while True:
            with self._troubles():
                version = await self.reader.run(data_version)
                if version != self._version:
                    await self.refresh(shelf=True)
                    self._version = version
            await asyncio.sleep(WATCH_SECONDS)

    def _show(self) -> None:
        for event in self._changed:
            event.set()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self.failure = task.exception()
            log.error("a task of the peer failed", exc_info=self.failure)
            self._show()

    async def wait_until(self, done: Callable[[], bool], timeout_ms: int) -> bool:
        """Wait until something holds, looking again whenever anything changes; False when time ran out."""
        deadline = time.monotonic() + timeout_ms / 1_000
        while not done():
            if self.failure is not None:
                raise self.failure
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(0.05)
        return True


def hashes(written: Sequence[Sequence[Envelope]]) -> tuple[ChangeHash, ...]:
    """The hashes of all that was written."""
    return tuple(envelope.hash for envelopes in written for envelope in envelopes)
