"""The trio side as one service: host, gossip, requests, connections; commands go in, events come out."""

from collections.abc import Callable, Iterable
from random import SystemRandom
from typing import assert_never

import trio
from libp2p.abc import IHost
from libp2p.peer.id import ID
from libp2p.tools.anyio_service import background_trio_service

from net.address_book import AddressBook
from net.gossip_gate import GossipGate
from net.libp2p import hardening
from net.libp2p.commands import (
    Answer,
    Ask,
    Command,
    Dial,
    Drop,
    Join,
    Know,
    Leave,
    ListKnown,
    Publish,
    Remember,
    Reply,
)
from net.libp2p.connections import Connections
from net.libp2p.gossip import CouncilPubsub, new_router
from net.libp2p.host import dialable_addresses, listen_address, make_host, probe_port
from net.libp2p.requests import Requests
from net.libp2p.watch import watch
from net.peer_id import decode_peer_id, encode_peer_id
from net.transport import (
    AddressesChanged,
    GossipReceived,
    GossipShed,
    KnownAddress,
    PeerKey,
    RequestReceived,
    TransportError,
    TransportEvent,
)

ADDRESS_CHECK_S = 15.0
CLOSE_TIMEOUT_S = 4.0


class Node:
    """A `net.bridge.Service` that runs one libp2p node."""

    def __init__(
        self,
        seed: bytes,
        listen_host: str,
        port: int,
        known: Iterable[KnownAddress],
        emit: Callable[[TransportEvent], None],
    ) -> None:
        """Prepare; nothing runs yet.

        Args:
            seed: 32-byte secret of the device key.
            listen_host: literal IP address.
            port: TCP port, 0 for any.
            known: addresses remembered by an earlier run.
            emit: called in the trio thread with everything that happens.
        """
        self._seed = seed
        self._listen_host = listen_host
        self._port = port
        self._emit = emit
        self._rng = SystemRandom()
        self._book = AddressBook(self._rng)
        self._book.restore(known)
        self._gate = GossipGate()

    async def run(self, started: Callable[[], None]) -> None:
        """Run the node until cancelled, then take leave of its peers in good order.

        Raises:
            TransportError: it can't listen.
        """
        stopping = trio.Event()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._live, started, stopping)
            try:
                await trio.sleep_forever()
            finally:
                stopping.set()

    async def _live(self, started: Callable[[], None], stopping: trio.Event) -> None:
        """Run the node until told to stop.

        It is shielded from cancellation, which would kill the library's tasks before they can close a socket;
        then peers would take the silence for a black hole.
        """
        hardening.apply_process_wide()
        address = listen_address(self._listen_host, self._port)
        probe_port(self._listen_host, self._port)
        with trio.CancelScope(shield=True):
            host = make_host(self._seed)
            hardening.harden_network(hardening.swarm_of(host), self._on_offence)
            router = new_router()
            self._pubsub = CouncilPubsub(host, router, self._gate, self._emit_of_welcome, self._on_offence)
            try:
                async with host.run([address]):
                    if not host.get_transport_addrs():
                        raise TransportError(f"Can't listen on {self._listen_host}, port {self._port}.")
                    async with background_trio_service(self._pubsub), background_trio_service(router):
                        await self._pubsub.wait_until_ready()
                        hardening.contain_background_tasks(self._pubsub)
                        hardening.contain_background_tasks(router)
                        await self._work(host, started, stopping)
            finally:
                self._pubsub.stop_sweeper()

    async def _work(self, host: IHost, started: Callable[[], None], stopping: trio.Event) -> None:
        """Serve and keep connections while the library runs, and close them before it ends."""
        async with trio.open_nursery() as nursery:
            self._connections = Connections(host, nursery, self._book, self._rng, self._emit)
            self._requests = Requests(host, nursery, self._rng, self._is_connected, self._on_request)
            nursery.start_soon(self._connections.keep)
            nursery.start_soon(watch, self._connections)
            nursery.start_soon(self._announce_addresses, host, started)
            await stopping.wait()
            with trio.move_on_after(CLOSE_TIMEOUT_S):
                await self._connections.close_all()
                await host.close()
            nursery.cancel_scope.cancel()

    async def execute(self, command: Command) -> Reply:
        """Do one command of the asyncio side.

        Raises:
            TransportError: it could not be done.
        """
        match command:
            case Join(topic):
                await self._pubsub.subscribe(topic)
            case Leave(topic):
                await self._pubsub.unsubscribe(topic)
            case Publish(topic, data):
                if topic not in self._pubsub.topic_ids:
                    raise TransportError("Join a topic before publishing on it.")
                await self._pubsub.publish(topic, data)
            case Ask(peer, data, timeout_ms):
                return await self._requests.ask(ID(encode_peer_id(PeerKey(peer))), data, timeout_ms)
            case Answer(request_id, data):
                self._requests.answer(request_id, data)
            case Dial(address):
                return await self._connections.dial(address)
            case Drop(peer, reason):
                await self._connections.drop(PeerKey(peer), reason)
            case Know(peers, shunned):
                self._gate.know(peers, shunned)
            case Remember(address):
                self._connections.remember(address)
            case ListKnown():
                return self._book.known()
            case _:
                assert_never(command)
        return None

    async def _announce_addresses(self, host: IHost, started: Callable[[], None]) -> None:
        """Tell our addresses, then again whenever an interface comes or goes. Runs until cancelled."""
        told: tuple[str, ...] | None = None
        while True:
            addresses = dialable_addresses(host, host.get_id().to_base58())
            if addresses != told:
                told = addresses
                self._emit(AddressesChanged(addresses))
                started()
            await trio.sleep(ADDRESS_CHECK_S)

    def _is_connected(self, peer_id: ID) -> bool:
        return self._connections.is_up(decode_peer_id(peer_id.to_bytes()))

    def _emit_of_welcome(self, event: GossipReceived | GossipShed) -> None:
        if self._connections.is_up(event.sender):
            self._emit(event)

    def _on_request(self, peer_id: ID, request_id: int, data: bytes) -> None:
        if not self._is_connected(peer_id):
            raise TransportError("A request of a peer that is not welcome.")
        self._emit(RequestReceived(decode_peer_id(peer_id.to_bytes()), request_id, data))

    async def _on_offence(self, peer_id: ID, reason: str) -> None:
        await self._connections.refuse_offender(peer_id, reason)
