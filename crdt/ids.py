"""Names of things: 32-byte hashes and keys, each with a type of its own.

Every hash in the system is SHA-256 over a *domain string*, a zero byte and length-prefixed parts, so that no two
purposes can ever hash the same bytes.
"""

import hashlib
from typing import NewType

MemberId = NewType("MemberId", bytes)
"""A person: the Ed25519 member public key, 32 bytes."""
DeviceId = NewType("DeviceId", bytes)
"""A laptop: the Ed25519 device public key, 32 bytes; the libp2p identity too."""
CouncilId = NewType("CouncilId", bytes)
"""A council: hash of its genesis, 32 bytes."""
LaneId = NewType("LaneId", bytes)
"""A single writer's sequence of changes; also its Automerge actor id, 32 bytes."""
ChangeHash = NewType("ChangeHash", bytes)
"""An Automerge change hash, 32 bytes. The hash of an envelope, and so of an entry."""
TextId = NewType("TextId", bytes)
"""A multi-writer text document, 32 bytes."""

HASH_BYTES = 32
KEY_BYTES = 32
SIGNATURE_BYTES = 64


def domain_hash(domain: str, *parts: bytes) -> bytes:
    """Hash parts under a domain, unambiguously.

    Args:
        domain: the purpose, for instance ``p2pcouncil/lane/1``; ASCII, no zero byte.
        parts: byte strings of any length; each is prefixed by its length as 8 bytes, big-endian.

    Returns:
        32 bytes, SHA-256.
    """
    digest = hashlib.sha256(domain.encode("ascii") + b"\0")
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.digest()
