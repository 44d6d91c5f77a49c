"""The engine: one peer, its store, and the network when there is one, on asyncio's loop.

The store is the only way into the state. Whatever is written (by us, by a device that sent it, by another process of
this home) is read back from there in the order of its commits, so all processes of a laptop agree, and nothing is
folded or passed on before it is on disk.
"""

import asyncio
import gc
import logging
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import groupby
from typing import Any, assert_never

from crdt.envelope import Envelope
from crdt.errors import LocalError
from crdt.ids import ChangeHash, CouncilId, TextId
from crdt.keys import Signer
from crdt.store.accept import AcceptReport
from crdt.store.append import current_generation
from crdt.store.rows import data_version
from crdt.store.shell import AsyncStore
from net.transport import Transport
from p2pcouncil.peer.core import Peer
from p2pcouncil.peer.events import (
    Accept,
    Append,
    AppendEdit,
    Ask,
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
    Show,
    Tick,
)
from p2pcouncil.runtime.clock import now_ms
from p2pcouncil.runtime.figures_beside import FiguresBeside
from p2pcouncil.runtime.folding import Folding
from p2pcouncil.runtime.intake import Intake
from p2pcouncil.runtime.keeping import Keeping
from p2pcouncil.runtime.network import Network
from p2pcouncil.runtime.writing import generation_of, prepare_write, write_all

log = logging.getLogger("p2pcouncil")

MODULE_OBJECTS = 100_000
"""Of the modules that a networked peer needs; more than so many stand frozen when that was done in this process."""
WATCH_SECONDS = 0.15
TICK_SECONDS = 0.5


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
        self.network: Network | None = None
        self._version = -1
        self._tasks: set[asyncio.Task[None]] = set()
        self._intake = Intake(self)
        self.figures = FiguresBeside(self)
        peer.world.figuring = self.figures
        self._folding = Folding(self)
        self._keeping = Keeping(self)
        self._refreshing = asyncio.Lock()
        self._changed: set[asyncio.Event] = set()
        self._written = asyncio.Event()
        self.failure: BaseException | None = None
        self.trouble = ""

    async def start(self) -> None:
        """Read what the store holds, then begin to watch it.

        Raises:
            LocalError: the store can't be read.
        """
        await self.refresh(shelf=True)
        self.spawn(self._intake.check_all())
        self.spawn(self._intake.fold_kept())
        self.spawn(self._watch())

    async def connect(self, transport: Transport) -> None:
        """Begin to talk to others.

        Raises:
            TransportError: the network can't start.
        """
        self.figures.begin()
        network = Network(self, transport)
        await network.start()
        self.network = network
        if gc.get_freeze_count() < MODULE_OBJECTS:
            # A full collection would look through all the modules for a twentieth of a second.
            gc.freeze()
        self.spawn(self._tick())

    def dial_all(self, addresses: Sequence[str]) -> None:
        """Dial addresses, and those that pending joins name, in the background; nothing while offline."""
        if self.network is not None:
            self.network.dial_all(addresses)

    async def stop(self) -> None:
        """Stop the network and every task. What was acknowledged is on disk already."""
        self.figures.end()
        if self.network is not None:
            await self.network.stop()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.store.close()
        if self.reader is not self.store:
            await self.reader.close()
        self._intake.close()
        # What was folded may go now: this process may go on, and use another home, or the same once more.
        gc.unfreeze()

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
                await self._keeping.read()
            await self._folding.catch_up()

    async def append(self, effects: Sequence[Effect]) -> list[list[Envelope]]:
        """Write what a command asked for, and fold it; what it writes at a stretch is kept in whole or not at all.

        Returns:
            The envelopes that each `Append` and `AppendEdit` wrote, in order.

        Raises:
            LocalError: no identity, a full or forked feed, a full disk.
        """
        written: list[list[Envelope]] = []
        for is_write, some in groupby(effects, lambda effect: isinstance(effect, Append | AppendEdit)):
            if is_write:
                written += await self._write([e for e in some if isinstance(e, Append | AppendEdit)])
            else:
                await self.carry_out(list(some))
        await self.refresh(shelf=True)
        return written

    async def carry_out(self, effects: Sequence[Effect]) -> None:
        """Do what the core wants done. Nothing in here waits for another peer."""
        for effect in effects:
            match effect:
                case Append() | AppendEdit():
                    await self._write([effect])
                case Keep(kind, key, value):
                    await self.keep(kind, key, value)
                case Accept():
                    self._intake.offer(effect)
                case Listen() | Publish() | Reply() | Drop() | Ask() | ReplyWithEnvelopes() | Connect():
                    if self.network is not None:
                        self.spawn(self.network.carry_out(effect))
                case ReadAgain():
                    raise AssertionError("only rows make the core read again, and `Folding` sees to it")
                case Show():
                    self._show()
                case _:
                    assert_never(effect)

    async def handle(self, event: Event) -> None:
        """Give the core an event and carry out what follows; a full disk is shown and tried again later."""
        with self.troubles():
            for effect in self.peer.handle(event, now_ms()):
                await self._attempt(effect)

    async def _attempt(self, effect: Effect) -> None:
        """Carry out one effect, so that one which finds no room holds up no other; it is kept at a later tick."""
        with self.troubles():
            await self.carry_out([effect])
            return
        if isinstance(effect, Keep):
            self._keeping.put_off(effect)

    @contextmanager
    def troubles(self) -> Iterator[None]:
        """Keep working when this laptop stands in the way: say so, and lose nothing that was acknowledged."""
        try:
            yield
        except LocalError as error:
            trouble = f"{error} {error.hint}".strip()
            if trouble != self.trouble:  # Every message that arrives meets the same full disk.
                self.trouble = trouble
                log.warning("%s", trouble)
                self._show()

    def wrote(self) -> None:
        """Something was written: what stood in the way does so no more."""
        if self.trouble:
            self.trouble = ""
            self._show()

    async def generation(self, council: CouncilId, text: TextId | None = None) -> int:
        """The generation of our feed in a council, or of our lane in one of its texts, that is written to now.

        It moves on when a feed is full or forked, and when others gave us back entries of our own that this store
        did not hold: then it is an old copy, and going on in the same lane could contradict what we once said. After
        a repair it has moved on in all councils, also those that nothing could be saved of. A lane of a text moves on
        when its end built on something that is left out: on a fork, or on a device that was disowned.
        """
        me = self.peer.world.me
        if me is None:
            raise LocalError("There is no identity on this laptop yet.", "Run `p2pcouncil init` first.")
        stored = await self.store.run(current_generation, council, me.device, text=text)
        return generation_of(self.peer.world, council, text, stored)

    async def _write(self, effects: Sequence[Append | AppendEdit]) -> list[list[Envelope]]:
        me = self.peer.world.me
        if me is None or self.signer is None:
            raise LocalError("There is no identity on this laptop yet.", "Run `p2pcouncil init` first.")
        writes = []
        for effect in effects:
            text = effect.text_id if isinstance(effect, AppendEdit) else None
            generation = await self.generation(effect.council, text)
            writes.append(prepare_write(effect, self.signer, me.certificate, generation, now_ms()))
        written = await self.store.run(write_all, writes)
        self._written.set()
        self.wrote()
        return written

    async def accept(self, batch: Sequence[Accept]) -> AcceptReport:
        """Take in groups of envelopes at once, without a queue, and fold what held.

        Raises:
            LocalError: the disk, the file or another process is in the way; nothing was kept.
        """
        report = await self._intake.check_and_keep(batch)
        await self.refresh()
        return report

    async def keep(self, kind: str, key: bytes, value: bytes) -> None:
        """Put a value on the store's shelf; an empty one takes it off.

        Raises:
            LocalError: the disk, the file or another process is in the way.
        """
        await self._keeping.keep(kind, key, value)

    async def _tick(self) -> None:
        while True:
            await self.handle(Tick())
            for effect in self._keeping.due():
                await self._attempt(effect)
            await asyncio.sleep(TICK_SECONDS)

    async def _watch(self) -> None:
        """Notice what other processes of this home commit."""
        while True:
            with self.troubles():
                version = await self.reader.run(data_version)
                if version != self._version:
                    await self.refresh(shelf=True)
                    self._version = version
            await self._folding.hash_ahead()
            with suppress(TimeoutError):
                async with asyncio.timeout(WATCH_SECONDS):
                    await self._written.wait()
            self._written.clear()

    def _show(self) -> None:
        for event in self._changed:
            event.set()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something beside; when it fails the interface shows it, for it must not fail."""
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
