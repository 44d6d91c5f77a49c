"""Peer ids as text, without libp2p: an Ed25519 public key in the envelope that every libp2p speaks.

A peer id of an Ed25519 key is not a hash: it is the key itself, behind a fixed prefix (an identity multihash
of a protobuf with the key type), in base58. So both directions are pure functions, and a peer's address tells
its key.
"""

from functools import lru_cache

import base58

from net.transport import PeerKey, TransportError

KEY_BYTES = 32
_PREFIX = bytes.fromhex("002408011220")
"""Identity multihash (00), 36 bytes (24), protobuf: key type Ed25519 (08 01), 32 bytes of key (12 20)."""


def encode_peer_id(key: PeerKey) -> bytes:
    """Return the binary peer id of a public key.

    Args:
        key: the 32 bytes of an Ed25519 public key.

    Raises:
        TransportError: the key is not 32 bytes long.

    Source:
        libp2p specs, peer-ids: keys of up to 42 bytes are inlined with the identity hash.
    """
    if len(key) != KEY_BYTES:
        raise TransportError(f"A peer key has {KEY_BYTES} bytes; this one has {len(key)}.")
    return _PREFIX + key


def decode_peer_id(peer_id: bytes) -> PeerKey:
    """Return the Ed25519 public key inside a binary peer id.

    Raises:
        TransportError: a peer id of another key type, which this program never believes.
    """
    if len(peer_id) != len(_PREFIX) + KEY_BYTES or not peer_id.startswith(_PREFIX):
        raise TransportError("This peer id holds no Ed25519 key, so it belongs to another program.")
    return PeerKey(peer_id[len(_PREFIX) :])


@lru_cache(maxsize=4_096)
def format_peer_id(key: PeerKey) -> str:
    """Return the peer id of a public key in base58, as it stands at the end of an address."""
    return base58.b58encode(encode_peer_id(key)).decode()


@lru_cache(maxsize=4_096)
def parse_peer_id(text: str) -> PeerKey:
    """Return the public key that a base58 peer id names.

    Raises:
        TransportError: not base58, or not an Ed25519 key.
    """
    try:
        return decode_peer_id(base58.b58decode(text))
    except ValueError as error:
        raise TransportError(f"“{text[:80]}” is not a peer id.") from error


def split_address(address: str) -> tuple[str, PeerKey]:
    """Split a dialable address into the place to dial and the key that must answer there.

    Args:
        address: multiaddr text that ends in ``/p2p/<peer id>``.

    Returns:
        The part before ``/p2p/`` and the peer's key.

    Raises:
        TransportError: no peer id at the end: without it anyone could answer.
    """
    place, found, text = address.strip().rpartition("/p2p/")
    if not found or not place:
        raise TransportError(f"“{address[:120]}” names no peer: an address ends in /p2p/<peer id>.")
    return place, parse_peer_id(text)
