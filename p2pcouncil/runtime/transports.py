"""Which network a session runs, and how it is made: libp2p, unless somebody injects another."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from net.transport import KnownAddress, Transport
from p2pcouncil.identity.keystore import Identity


@dataclass(frozen=True, slots=True)
class NetworkOptions:
    """How to be reached, and whom to dial.

    Attributes:
        listen_host: an address of this laptop; 0.0.0.0 for all of them.
        port: TCP; 0 takes a free one, the same again next time where it can.
        mdns: whether to find peers on the local network by multicast.
        dial: addresses to dial at the start.
    """

    listen_host: str = "0.0.0.0"
    port: int = 0
    mdns: bool = True
    dial: tuple[str, ...] = ()


MakeTransport = Callable[[Identity, NetworkOptions, Sequence[tuple[bytes, bytes]]], Transport]
"""Makes the network of an identity, given addresses that worked before, with when."""


def make_libp2p_transport(
    identity: Identity, network: NetworkOptions, known: Iterable[tuple[bytes, bytes]] = ()
) -> Transport:
    """The libp2p adapter under this device's key; imported here, for it is slow to load.

    Args:
        identity: whose device key is the network's identity.
        network: how to be reached.
        known: addresses that worked before, with when (8 bytes, big-endian, milliseconds).
    """
    from net.libp2p.transport import Libp2pTransport

    addresses = [KnownAddress(a.decode("utf-8", "replace"), int.from_bytes(t, "big")) for a, t in known]
    return Libp2pTransport(
        identity.device_key.secret_seed(),
        listen_host=network.listen_host,
        port=network.port,
        known=addresses,
        mdns=network.mdns,
    )
