"""libp2p behind lines: a peer that reaches the others through proxies only, so that what is cut stays cut."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
from libp2p.peer.id import ID
from libp2p.peer.peerstore import PeerStore
from multiaddr import Multiaddr

from net.libp2p.transport import Libp2pTransport
from net.peer_id import format_peer_id, split_address
from net.transport import AddressesChanged, KnownAddress, PeerKey, TransportEvent
from p2pcouncil.identity.keystore import Identity
from p2pcouncil.runtime.home import Home
from p2pcouncil.runtime.session import PeerSession, open_session
from p2pcouncil.runtime.transports import NetworkOptions


class Config(msgspec.Struct, frozen=True):
    """How a peer under fire is started.

    Attributes:
        home: its folder.
        council: the society, in hex.
        port: where it listens.
        lines: the port on which it dials each other peer, by peer id.
        public: the port that it tells others of.
        seed: of what it writes.
    """

    home: str
    council: str
    port: int
    lines: dict[str, int]
    public: int
    seed: str


class LinedTransport(Libp2pTransport):
    """libp2p, behind lines: others are dialled through them, and others are told nothing else."""

    config: Config

    async def remember(self, address: str) -> None:
        await super().remember(self._lined(address))

    async def dial(self, address: str) -> PeerKey:
        return await super().dial(self._lined(address))

    def _lined(self, address: str) -> str:
        name = format_peer_id(split_address(address)[1])
        return address_of(self.config.lines[name], name) if name in self.config.lines else address

    def _on_event(self, event: TransportEvent) -> None:
        if isinstance(event, AddressesChanged):
            event = AddressesChanged((address_of(self.config.public, format_peer_id(self.key)),))
        super()._on_event(event)


def address_of(port: int, name: str) -> str:
    """A port of this machine as libp2p writes it."""
    return f"/ip4/127.0.0.1/tcp/{port}/p2p/{name}"


def keep_to_lines(config: Config) -> None:
    """Have libp2p forget every address but the lines: peers tell it their own when they meet, and it dials those."""
    ports = {str(port) for port in (*config.lines.values(), config.port)}
    learn = PeerStore.add_addrs

    def learn_lines(self: PeerStore, peer_id: ID, addrs: Sequence[Multiaddr], ttl: int = 0) -> None:
        learn(self, peer_id, [a for a in addrs if a.value_for_protocol("tcp") in ports], ttl)

    PeerStore.add_addrs = learn_lines  # type: ignore[method-assign]


@asynccontextmanager
async def open_lined_session(config: Config) -> AsyncIterator[PeerSession]:
    """A session of this process that knows nobody but through the lines."""
    keep_to_lines(config)

    def make(
        identity: Identity, network: NetworkOptions, known: Sequence[tuple[bytes, bytes]]
    ) -> LinedTransport:
        addresses = [KnownAddress(a.decode(), int.from_bytes(at, "big")) for a, at in known]
        seed = identity.device_key.secret_seed()
        transport = LinedTransport(seed, network.listen_host, network.port, addresses)
        transport.config = config
        return transport

    dial = tuple(address_of(port, name) for name, port in sorted(config.lines.items()))
    network = NetworkOptions("127.0.0.1", config.port, mdns=False, dial=dial)
    async with open_session(Home(Path(config.home)), network, make_transport=make) as session:
        yield session
