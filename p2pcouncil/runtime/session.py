"""A session: one process that uses a home, with or without its network.

It implements the port that the terminal interface and the command line hold (`p2pcouncil.peer.session.Session`) and
adds what only the command line needs.
"""

import asyncio
import logging
import re
import secrets
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path

from crdt.automerge_binding import check_binding
from crdt.errors import LocalError
from crdt.ids import ChangeHash, CouncilId
from crdt.store.shelf import shelf_list
from crdt.store.shell import AsyncStore
from net.transport import TransportError
from p2pcouncil.domain.planning.hour_tree import HourNode
from p2pcouncil.identity.keystore import Identity, Keystore
from p2pcouncil.peer.commands import Command, DisownDevice, Done, GoOn, MakeProposal, OpenVote, TakeOverDuty
from p2pcouncil.peer.core import Peer
from p2pcouncil.peer.doing.desk import Deed, Desk
from p2pcouncil.peer.doing.going_on import to_go_on
from p2pcouncil.peer.doing.work_out import work_out
from p2pcouncil.peer.events import Append, AppendEdit
from p2pcouncil.peer.shelf import ADDRESS
from p2pcouncil.peer.showing.network import NetworkRole, show_identity, show_network, show_status
from p2pcouncil.peer.views.network import NetworkView, StatusView
from p2pcouncil.peer.views.people import IdentityView
from p2pcouncil.peer.world import Me
from p2pcouncil.runtime.clock import now_ms
from p2pcouncil.runtime.duty import member_key, to_change_duty
from p2pcouncil.runtime.engine import Engine, hashes
from p2pcouncil.runtime.history import LogLine, read_log
from p2pcouncil.runtime.home import Home
from p2pcouncil.runtime.reading import Reading
from p2pcouncil.runtime.sneakernet import export_to, import_from
from p2pcouncil.runtime.transports import MakeTransport, NetworkOptions, make_libp2p_transport
from p2pcouncil.runtime.user_files import read_user_file, write_user_file
from p2pcouncil.runtime.verify import verify_bundle, verify_store
from p2pcouncil.verification.verify import Verification

log = logging.getLogger("p2pcouncil")

KNOW_OWN_FEEDS_MS = 3_000
"""How long after a peer connected a command waits at most until it was compared with."""

SWITCH_SECONDS = 0.001
"""How long one thread computes before another gets Python's lock. The network's, the store's and the interface's take
turns during a catch-up; with Python's own five milliseconds it is slower by a tenth and the interface waits longer."""


class PeerSession(Reading):
    """A running peer, as an interface sees it."""

    def __init__(
        self,
        home: Home,
        engine: Engine,
        keystore: Keystore,
        network: NetworkOptions | None,
        stack: AsyncExitStack,
        make_transport: MakeTransport,
    ) -> None:
        self.home = home
        self.engine = engine
        self._keystore = keystore
        self._network = network
        self._stack = stack
        self._make_transport = make_transport
        self._submitting = asyncio.Lock()

    @property
    def peer(self) -> Peer:
        """The core."""
        return self.engine.peer

    def identity(self) -> IdentityView | None:
        """Who I am, or None before the first run is done."""
        return show_identity(self.peer, stored=self._keystore.is_member_key_stored())

    async def create_identity(self, name: str, passphrase: str) -> tuple[str, ...]:
        """Make a member key and this laptop's device key; see the port."""
        words = await asyncio.to_thread(self._keystore.create, name, passphrase)
        await self._become(self._keystore.load())
        return words

    async def recover_identity(self, words: Sequence[str], name: str, passphrase: str) -> Done:
        """Bring a member back from the recovery phrase; see the port."""
        await asyncio.to_thread(self._keystore.recover, list(words), name, passphrase)
        identity = self._keystore.load()
        await self._become(identity)
        return Done(
            f"Welcome back, {identity.name}. This laptop is a new device of yours; it can read and draft at once. "
            "Join your councils again with any invitation (it is not used up), then take over voting with "
            "`p2pcouncil device take-over`.",
            identity.member,
        )

    def status(self) -> StatusView:
        """Everything in a glance."""
        return show_status(self.peer, self._role(), stored=self._keystore.is_member_key_stored())

    def network(self) -> NetworkView:
        """How this peer stands in the network."""
        return show_network(self.peer, self._role())

    async def hours(self, plan: ChangeHash, product: str, threshold: Fraction) -> HourNode | None:
        """The tree of hours behind a product of a planning period; see the port."""
        task = self._plan_task(plan)
        return None if task is None else await self.engine.figures.hours(task, product, threshold)

    async def submit(self, command: Command) -> Done:
        """Do something; see the port."""
        await self._know_own_feeds()
        # One at a time: what a command comes to rests on what is held, and the next must see what this one wrote.
        async with self._submitting:
            await self.engine.refresh(shelf=True)
            council = self._written_to(command)
            generation = 0 if council is None else await self.engine.generation(council)
            deed = self._work_out(command, generation)
            written = await self.engine.append(deed.effects)
            appended = [effect for effect in deed.effects if isinstance(effect, Append | AppendEdit)]
            for effect, envelopes in zip(appended, written, strict=True):
                if isinstance(effect, Append) and not envelopes:
                    raise LocalError(
                        "This was done already, by another window or command on this laptop.",
                        "Look again: it shows here by now.",
                    )
        made = deed.id
        if made is None:
            made = written[0][-1].hash if written and written[0] else b""
        return Done(deed.message, made, deed.lines, hashes(written))

    async def export_bundle(self, path: Path, council: CouncilId | None = None) -> Done:
        """Write everything held (of one council) into a file."""
        await self.engine.refresh(shelf=True)
        return await export_to(self.engine, path, council)

    async def import_bundle(self, path: Path) -> Done:
        """Take in a file made by `export_bundle`."""
        return await import_from(self.engine, path)

    async def read_file(self, path: Path, bytes_max: int) -> bytes:
        """The bytes of a file on this laptop; see the port."""
        return await asyncio.to_thread(read_user_file, path, bytes_max)

    async def write_file(self, path: Path, content: bytes, *, replace: bool = False) -> Path:
        """Write a file on this laptop; see the port."""
        return await asyncio.to_thread(write_user_file, path, content, replace=replace)

    async def changes(self) -> AsyncIterator[None]:
        """Yields whenever something may look different."""
        async for change in self.engine.changes():
            yield change

    async def wait_held(self, entries: Sequence[ChangeHash], peers: int, timeout_ms: int) -> bool:
        """Wait until so many other peers hold all of these entries of ours; False when time ran out."""

        def held() -> bool:
            return all(self.peer.holdings.holders_of(entry)[0] >= peers for entry in entries)

        return await self.engine.wait_until(held, timeout_ms)

    async def wait_joined(self, council: CouncilId, timeout_ms: int) -> bool:
        """Wait until somebody's vouch let us into a council; False when time ran out."""

        def joined() -> bool:
            place = self.peer.world.places.get(council)
            me = self.peer.world.me
            return place is not None and me is not None and place.state.is_admitted(me.member)

        return await self.engine.wait_until(joined, timeout_ms)

    async def wait_delivered(self, council: CouncilId, timeout_ms: int) -> bool:
        """Wait until at least one peer keeps our request to join, or refused it, or let us in."""

        def delivered() -> bool:
            mine = [pending for pending in self.status().pending if pending.council == council]
            return all(pending.kept_by or pending.refused for pending in mine)

        return await self.engine.wait_until(delivered, timeout_ms)

    async def verify(self, path: Path | None = None) -> Verification:
        """Check a bundle, or all that this laptop holds, anew and from the bytes alone."""
        return await (verify_bundle(path) if path is not None else verify_store(self.engine))

    async def log(self, council: CouncilId, limit: int = 100) -> tuple[LogLine, ...]:
        """The last entries of a council, oldest first."""
        self.council(council)
        return await read_log(self.engine, council, limit)

    def _role(self) -> NetworkRole:
        here = self.engine.network is not None
        engine = self.engine
        trouble = engine.trouble
        if engine.failure is not None:
            trouble = (
                f"A part of this program failed ({engine.failure!r}). Quit and start again; nothing is lost."
            )
        return NetworkRole(here, not here and self.home.network_runs(), trouble)

    def _written_to(self, command: Command) -> CouncilId | None:
        """The council whose feed a command's plan depends on, if it depends on one."""
        if isinstance(command, MakeProposal):
            return command.council
        if isinstance(command, OpenVote):
            place = self.peer.world.place_of_entry(command.proposal)
            return place.council if place else None
        return None

    def _work_out(self, command: Command, generation: int) -> Deed:
        if self.engine.signer is None:
            raise LocalError("There is no identity on this laptop yet.", "Run `p2pcouncil init` first.")
        if isinstance(command, TakeOverDuty | DisownDevice):
            return to_change_duty(self.peer, self._keystore, command, now_ms())
        desk = Desk(self.peer, self.engine.signer, secrets.token_bytes, now_ms(), generation)
        if isinstance(command, GoOn):
            key = partial(member_key, self._keystore, command.passphrase, desk.me.member)
            return to_go_on(desk, command, lambda message: key().sign(message))
        return work_out(desk, command)

    async def _become(self, identity: Identity) -> None:
        self.peer.world.me = me_of(identity)
        self.engine.signer = identity.device_key
        await self.go_online(identity)

    async def go_online(self, identity: Identity) -> None:
        """Run this home's network, if the session was opened with one.

        Raises:
            LocalError: another process runs it, or the port is taken.
        """
        if self._network is None:
            return
        self._stack.enter_context(self.home.network_lock())
        known = await self.engine.store.run(shelf_list, ADDRESS)
        port = self._network.port or self._last_port()
        try:
            if not self._network.port and port:
                try:
                    return await self._connect(identity, replace(self._network, port=port), known)
                except TransportError:
                    log.info("port %d is taken now; taking another", port)
            await self._connect(identity, self._network, known)
        except TransportError as error:
            raise LocalError(
                str(error), "Choose another --port or --listen address, or stay offline."
            ) from error

    async def _connect(
        self, identity: Identity, network: NetworkOptions, known: Sequence[tuple[bytes, bytes]]
    ) -> None:
        await self.engine.connect(self._make_transport(identity, network, known))
        self.peer.duties.begin(identity.device_key)
        self.engine.dial_all(network.dial)

    async def _know_own_feeds(self) -> None:
        """Let those who are connected give back what this device wrote, before it goes on writing.

        A store that is an old copy would else contradict what it no longer knows of. Only those who connected a moment
        ago are waited for, so that nobody is kept from writing by a peer that does not answer.
        """
        world, pulling = self.peer.world, self.peer.pulling

        def is_compared() -> bool:
            recent_ms = now_ms() - KNOW_OWN_FEEDS_MS
            fresh = [device for device, since_ms in world.connected.items() if since_ms > recent_ms]
            return all(pulling.is_compared(device, council) for device in fresh for council in world.places)

        await self.engine.wait_until(is_compared, KNOW_OWN_FEEDS_MS)

    def _last_port(self) -> int:
        """The port of the last run, so that old invitations and others' address books stay right."""
        found = re.findall(r"/tcp/(\d+)/", "\n".join(self.peer.world.reachable_at()))
        return int(found[0]) if found else 0


def me_of(identity: Identity) -> Me:
    """What the core needs to know of an identity."""
    return Me(identity.certificate, identity.name, identity.device_key.vrf_public)


@asynccontextmanager
async def open_session(
    home: Home, network: NetworkOptions | None = None, *, make_transport: MakeTransport | None = None
) -> AsyncIterator[PeerSession]:
    """Use a home, and run its network when options for it are given.

    A home without an identity goes online as soon as one is made, for the device key is the network's identity, too.

    Args:
        home: where keys and store are.
        network: how to be reached; None stays offline.
        make_transport: what the network runs on; None for libp2p.

    Raises:
        LocalError: the home or its store can't be used, or another process runs its network.
    """
    check_binding()
    sys.setswitchinterval(SWITCH_SECONDS)
    home.prepare()
    keystore = Keystore(home.path)
    identity = keystore.load() if keystore.exists() else None
    peer = Peer(me_of(identity) if identity else None)
    store = await AsyncStore.open(home.store_path)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(store.close)
        reader = await AsyncStore.open(home.store_path)
        stack.push_async_callback(reader.close)
        engine = Engine(peer, store, identity.device_key if identity else None, reader)
        stack.push_async_callback(engine.stop)
        await engine.start()
        session = PeerSession(home, engine, keystore, network, stack, make_transport or make_libp2p_transport)
        if identity is not None:
            await session.go_online(identity)
        yield session
