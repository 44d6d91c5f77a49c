"""Who is connected: dialling, coming and going, refusing, redialling and noticing the silent.

libp2p dials one address, caches failures, never redials and takes minutes to notice a black hole. So the
keeper here dials every address of a peer at once and keeps a few of the remembered
peers connected: not all of them, because gossip needs a handful of links and all-to-all was measured to fail.
"""

import logging
import time
from collections.abc import Callable, Iterator
from random import Random

import trio
from libp2p.abc import IHost, INetConn, INetStream, INetwork, INotifee
from libp2p.network.connection.swarm_connection import SwarmConn
from libp2p.network.exceptions import SwarmException
from libp2p.peer.id import ID
from libp2p.rcmgr import Direction
from multiaddr import Multiaddr

from net.address_book import AddressBook
from net.libp2p.hardening import swarm_of
from net.peer_id import decode_peer_id, encode_peer_id, split_address
from net.transport import (
    DialFailed,
    PeerDown,
    PeerKey,
    PeerRefused,
    PeerUp,
    TransportError,
    TransportEvent,
)

TARGET_PEERS = 6
MAX_KEPT_PEERS = 8
MAX_INBOUND_CONNECTIONS = 64
MAX_CONNECTIONS = MAX_INBOUND_CONNECTIONS + 32
DIAL_TIMEOUT_S = 10.0
CLOSE_TIMEOUT_S = 2.0
KEEP_INTERVAL_S = 0.5
WIDEN_INTERVAL_S = 60.0
REFUSAL_S = 60.0
MAX_REFUSED = 1024
DIALABLE = ("ip4", "ip6", "dns", "dns4", "dns6")

_log = logging.getLogger("p2pcouncil.net")


def now_ms() -> int:
    """Return Unix time in milliseconds, for the address book that outlives the process."""
    return time.time_ns() // 1_000_000


def parse_place(place: str) -> Multiaddr:
    """Return a place as a multiaddr that this node can dial.

    Raises:
        TransportError: not TCP over an IP address or a host name.
    """
    try:
        address = Multiaddr(place)
        names = [protocol.name for protocol in address.protocols()]
    except Exception as error:
        # The library raises a dozen kinds of errors on malformed text; each means the same to the user.
        raise TransportError(f"“{place[:120]}” is not an address.") from error
    if len(names) != 2 or names[0] not in DIALABLE or names[1] != "tcp":
        raise TransportError(f"“{place[:120]}” can't be dialled: use /ip4/<address>/tcp/<port>.")
    return address


class Connections(INotifee):
    """Keeps the connections of one host; all methods run in the trio thread."""

    def __init__(
        self,
        host: IHost,
        nursery: trio.Nursery,
        book: AddressBook,
        rng: Random,
        emit: Callable[[TransportEvent], None],
    ) -> None:
        self._network = swarm_of(host)
        self._own_key = decode_peer_id(host.get_id().to_bytes())
        self._nursery = nursery
        self._book = book
        self._rng = rng
        self._emit = emit
        self._closing = False
        self._remembered = trio.Event()
        self._up: set[PeerKey] = set()
        self._dialling: set[PeerKey] = set()
        self._refused_until_s: dict[PeerKey, float] = {}
        self._down_reasons: dict[PeerKey, str] = {}
        self._network.register_notifee(self)

    def is_up(self, peer: PeerKey) -> bool:
        """Tell whether a peer is connected and welcome."""
        if peer not in self._up:
            self.reconcile()
        return peer in self._up

    def reconcile(self) -> None:
        """Compare what the library holds with what was reported, and report the difference."""
        live = {key for key, _ in self.live()}
        for peer in sorted(live - self._up):
            if not self._is_refused(peer):
                self._up.add(peer)
                self._book.note_up(peer)
                self._emit(PeerUp(peer))
        for peer in sorted(self._up - live):
            self._up.discard(peer)
            self._book.note_down(peer, now_ms())
            self._emit(PeerDown(peer, self._down_reasons.pop(peer, "The connection ended.")))

    async def dial(self, address: str) -> PeerKey:
        """Connect to an address, and remember it once it has answered.

        Raises:
            DialFailed: nobody with that key answers there.
            TransportError: not a usable address, or our own.
        """
        place, peer = split_address(address)
        parse_place(place)
        if peer == self._own_key:
            raise TransportError("This is our own address.")
        self._refused_until_s.pop(peer, None)
        if not self.is_up(peer):
            await self._dial_places(peer, [place])
        return peer

    def remember(self, address: str) -> None:
        """Put an address into the book, and wake the keeper: somebody may be waiting to see this peer."""
        place, peer = split_address(address)
        parse_place(place)
        if peer != self._own_key:
            self._book.remember(address)
            self._remembered.set()

    async def drop(self, peer: PeerKey, reason: str) -> None:
        """Close every connection to a peer and refuse it for `REFUSAL_S`."""
        self._refuse(peer)
        self._down_reasons[peer] = reason
        await self._close_peer(ID(encode_peer_id(peer)))

    async def refuse_offender(self, peer_id: ID, reason: str) -> None:
        """Drop a peer that broke the protocol and say so; closing goes on in the background."""
        try:
            peer = decode_peer_id(peer_id.to_bytes())
        except TransportError:
            self._nursery.start_soon(self._close_peer, peer_id)
            return
        if peer == self._own_key or self._is_refused(peer):
            return
        self._refuse(peer)
        self._emit(PeerRefused(peer, reason))
        self._nursery.start_soon(self.drop, peer, reason)

    async def close_all(self) -> None:
        """Say goodbye to everyone at once and let nobody in any more."""
        self._closing = True
        async with trio.open_nursery() as nursery:
            for _, connection in self.live():
                nursery.start_soon(self._close_connection, connection)

    async def keep(self) -> None:
        """Redial remembered peers while too few are up, with growing pauses. Runs until cancelled."""
        widened_s = trio.current_time()
        while True:
            self.reconcile()
            kept = sum(peer in self._book for peer in self._up) + len(self._dialling)
            room = TARGET_PEERS - kept
            if room <= 0 and kept < MAX_KEPT_PEERS and trio.current_time() - widened_s > WIDEN_INTERVAL_S:
                # One more now and then, so that two groups that each have enough don't stay strangers for
                # ever.
                widened_s, room = trio.current_time(), 1
            due = [
                peer
                for peer in self._book.due(now_ms(), self._up | self._dialling)
                if not self._is_refused(peer)
            ]
            for peer in due[: max(0, room)]:
                self._dialling.add(peer)
                self._nursery.start_soon(self._redial, peer)
            self._remembered = trio.Event()
            with trio.move_on_after(KEEP_INTERVAL_S):
                await self._remembered.wait()

    async def connected(self, network: INetwork, conn: INetConn) -> None:
        """Library hook: a connection has come up."""
        if isinstance(conn, SwarmConn) and not self._is_welcome(conn):
            self._nursery.start_soon(self._close_connection, conn)
            return
        self.reconcile()

    async def disconnected(self, network: INetwork, conn: INetConn) -> None:
        """Library hook: a connection has gone."""
        self.reconcile()

    async def opened_stream(self, network: INetwork, stream: INetStream) -> None:
        """Library hook, unused."""

    async def closed_stream(self, network: INetwork, stream: INetStream) -> None:
        """Library hook, unused."""

    async def listen(self, network: INetwork, multiaddr: Multiaddr) -> None:
        """Library hook, unused."""

    async def listen_close(self, network: INetwork, multiaddr: Multiaddr) -> None:
        """Library hook, unused."""

    def live(self) -> Iterator[tuple[PeerKey, SwarmConn]]:
        """Yield every open connection with its peer's key."""
        for peer_id, connections in list(self._network.connections.items()):
            try:
                key = decode_peer_id(peer_id.to_bytes())
            except TransportError:
                continue
            for connection in list(connections):
                if isinstance(connection, SwarmConn) and not connection.is_closed:
                    yield key, connection

    def _is_welcome(self, connection: SwarmConn) -> bool:
        try:
            peer = decode_peer_id(connection.muxed_conn.peer_id.to_bytes())
        except TransportError:
            return False
        if self._closing or self._is_refused(peer):
            return False
        if connection.direction != Direction.INBOUND:
            return True
        inbound = [
            (key, other)
            for key, other in self.live()
            if other.direction == Direction.INBOUND and other is not connection
        ]
        if len(inbound) < MAX_INBOUND_CONNECTIONS:
            return True
        strangers = [other for key, other in inbound if key not in self._book]
        if peer not in self._book or not strangers:
            return False
        # Strangers must not be able to take every place from those whom we know.
        self._nursery.start_soon(self._close_connection, self._rng.choice(strangers))
        return True

    def _is_refused(self, peer: PeerKey) -> bool:
        return self._refused_until_s.get(peer, 0.0) > trio.current_time()

    def _refuse(self, peer: PeerKey) -> None:
        if len(self._refused_until_s) >= MAX_REFUSED:
            del self._refused_until_s[next(iter(self._refused_until_s))]
        self._refused_until_s[peer] = trio.current_time() + REFUSAL_S

    async def _redial(self, peer: PeerKey) -> None:
        try:
            await self._dial_places(peer, self._book.places(peer))
        except TransportError as error:
            _log.info("%s", error)
        finally:
            self._dialling.discard(peer)

    async def _dial_places(self, peer: PeerKey, places: list[str]) -> None:
        """Dial several places at once; the first that answers with the right key wins."""
        peer_id = ID(encode_peer_id(peer))
        winner: list[str] = []
        with trio.move_on_after(DIAL_TIMEOUT_S):
            async with trio.open_nursery() as nursery:

                async def attempt(place: str) -> None:
                    try:
                        await self._network.dial_addr(parse_place(place), peer_id)
                    except (SwarmException, OSError, TransportError) as error:
                        _log.debug("no answer at %s: %r", place, error)
                    else:
                        winner.append(place)
                        nursery.cancel_scope.cancel()

                for place in places:
                    nursery.start_soon(attempt, place)
        if winner:
            self._book.note_success(peer, winner[0], now_ms())
            self.reconcile()
        elif not self.is_up(peer):
            self._book.note_failure(peer, places, now_ms())
            raise DialFailed(
                f"Nobody with the expected key answers at {', '.join(places) or 'any known address'}."
            )

    async def _close_peer(self, peer_id: ID) -> None:
        for connection in list(self._network.connections.get(peer_id, ())):
            if isinstance(connection, SwarmConn):
                await self._close_connection(connection)

    async def close_silent(self, connection: SwarmConn) -> None:
        """Close a connection whose peer has stopped answering."""
        peer = decode_peer_id(connection.muxed_conn.peer_id.to_bytes())
        self._down_reasons[peer] = "It did not answer any more."
        await self._close_connection(connection)

    async def _close_connection(self, connection: SwarmConn) -> None:
        """Close one connection within `CLOSE_TIMEOUT_S`, whether or not its peer still takes bytes."""
        with trio.move_on_after(CLOSE_TIMEOUT_S) as scope:
            await connection.close()
        if scope.cancelled_caught:
            self._network.remove_conn(connection)
            await self._network.notify_disconnected(connection)
        self.reconcile()
