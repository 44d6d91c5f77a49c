"""The libp2p host: TCP, Noise and yamux, with the device key as its identity, and where it can be reached."""

import socket
import sys
from collections.abc import Sequence

import ifaddr
from libp2p import create_yamux_muxer_option, new_host
from libp2p.abc import IHost
from libp2p.crypto.ed25519 import create_new_key_pair
from libp2p.crypto.x25519 import create_new_key_pair as create_noise_key_pair
from libp2p.network.config import ConnectionConfig
from libp2p.security.noise.transport import PROTOCOL_ID as NOISE
from libp2p.security.noise.transport import Transport as NoiseTransport
from multiaddr import Multiaddr

from net.discovery import EVERYWHERE
from net.libp2p.connections import MAX_CONNECTIONS
from net.transport import TransportError

SEED_BYTES = 32


def make_host(seed: bytes) -> IHost:
    """Return a host, not yet running, whose identity is the Ed25519 key of this seed.

    Args:
        seed: the 32-byte secret of the device key.

    Raises:
        TransportError: the seed has another length.
    """
    if len(seed) != SEED_BYTES:
        raise TransportError(f"A device key's seed has {SEED_BYTES} bytes; this one has {len(seed)}.")
    keys = create_new_key_pair(seed)
    config = ConnectionConfig(
        max_connections=MAX_CONNECTIONS,
        min_connections=0,
        low_watermark=0,
        high_watermark=MAX_CONNECTIONS,
        inbound_upgrade_timeout=8.0,
        outbound_upgrade_timeout=8.0,
        inbound_stream_protocol_negotiation_timeout=8.0,
        outbound_stream_protocol_negotiation_timeout=8.0,
    )
    return new_host(
        key_pair=keys,
        sec_opt={NOISE: NoiseTransport(keys, noise_privkey=create_noise_key_pair().private_key)},
        muxer_opt=create_yamux_muxer_option(),
        connection_config=config,
    )


def listen_address(host: str, port: int) -> Multiaddr:
    """Return the multiaddr to listen on.

    Args:
        host: a literal IP address; ``0.0.0.0`` or ``::`` for every interface.
        port: TCP port; 0 for any free one.

    Raises:
        TransportError: not an IP address, or a port out of range.
    """
    family = "ip6" if ":" in host else "ip4"
    try:
        socket.inet_pton(socket.AF_INET6 if family == "ip6" else socket.AF_INET, host)
    except OSError as error:
        raise TransportError(f"“{host}” is not an IP address to listen on.") from error
    if not 0 <= port <= 65535:
        raise TransportError(f"{port} is not a TCP port.")
    return Multiaddr(f"/{family}/{host}/tcp/{port}")


def probe_port(host: str, port: int) -> None:
    """Make sure that nobody listens there: libp2p shares ports, so two programs would split the callers.

    Raises:
        TransportError: the port is taken, or may not be used.
    """
    if port == 0:
        return
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        if sys.platform != "win32":
            # Without this a port just closed would count as taken for a minute. On Windows it would hide a
            # listener.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError as error:
            raise TransportError(
                f"Port {port} on {host} can't be used ({error.strerror}): another program may have it, "
                "or this program runs already. Choose another port."
            ) from error


def dialable_addresses(host: IHost, peer_id_text: str) -> tuple[str, ...]:
    """Return where this host can be dialled: on every interface when it listens on all of them."""
    found: list[str] = []
    for address in host.get_transport_addrs():
        parts = str(address).split("/")
        family, ip, port = parts[1], parts[2], parts[4]
        for reachable in _interface_addresses(family) if ip in EVERYWHERE else (ip,):
            found.append(f"/{family}/{reachable}/tcp/{port}/p2p/{peer_id_text}")
    return tuple(dict.fromkeys(found))


def _interface_addresses(family: str) -> Sequence[str]:
    """Return the addresses of this machine's interfaces, loopback last, without link-local ones."""
    found = [
        ip.ip if isinstance(ip.ip, str) else ip.ip[0]
        for adapter in ifaddr.get_adapters()
        for ip in adapter.ips
        if ip.is_IPv4 == (family == "ip4")
    ]
    usable = [ip for ip in found if not ip.startswith(("169.254.", "fe80:"))]
    return sorted(usable, key=lambda ip: (ip.startswith("127.") or ip == "::1", ip))
