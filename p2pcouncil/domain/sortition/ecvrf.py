"""A verifiable random function: for each key and input one output, which only the key's owner can make.

A signature would not do. Whoever signs can make many valid signatures of one message and keep the one whose hash
suits them; here, there is one output per key and input, and a proof that it is the one.

This is ECVRF-EDWARDS25519-SHA512-TAI on libsodium's arithmetic. It is stricter than the standard in one point: key and
gamma have to lie in the subgroup of prime order. The standard admits gammas with a small-order part, which prove the
same output in other bytes.

Source: RFC 9381, sections 5 and 5.5; names are the standard's.
"""

import hashlib
from functools import lru_cache
from typing import NewType

from nacl import bindings as sodium
from nacl.exceptions import CryptoError

from crdt.errors import RemoteError
from crdt.ids import KEY_BYTES

VrfSeed = NewType("VrfSeed", bytes)
"""32 secret bytes that are good for proofs and for nothing else. `DeviceKey.vrf_seed` makes them, and a device's
signing seed is none: one signature over a point that a proof was made of gives the secret away."""

PROOF_BYTES = 80
BETA_BYTES = 64
MAX_TRIES = 256
"""The counter of the tries has one byte. An input that needs them all turns up once in 2²⁵⁶."""

_SUITE = b"\x03"
_POINT_BYTES = 32
_CHALLENGE_BYTES = 16
_FIELD = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_NEUTRAL = b"\x01" + bytes(31)
_DOUBLINGS = 3
"""Doubling so often multiplies by the cofactor, 8."""


def vrf_public(seed: VrfSeed) -> bytes:
    """The key that proofs made with a seed are checked with, 32 bytes."""
    return sodium.crypto_scalarmult_ed25519_base_noclamp(_expand(seed)[0])


def prove(secret_seed: VrfSeed, alpha: bytes) -> bytes:
    """Prove what the output for an input is.

    The public key is made anew from the seed each time: a proof for somebody else's public key would give the secret
    away (RFC 9381, section 7.8).

    Args:
        secret_seed: 32 bytes that never signed anything.
        alpha: the input, of any length.

    Returns:
        80 bytes, the same for the same seed and input: gamma, challenge, response.
    """
    secret, prefix = _expand(secret_seed)
    public = sodium.crypto_scalarmult_ed25519_base_noclamp(secret)
    point = _hash_to_curve(public, alpha)
    gamma = sodium.crypto_scalarmult_ed25519_noclamp(secret, point)
    nonce = sodium.crypto_core_ed25519_scalar_reduce(_sha512(prefix, point))
    challenge = _challenge(
        public,
        point,
        gamma,
        sodium.crypto_scalarmult_ed25519_base_noclamp(nonce),
        sodium.crypto_scalarmult_ed25519_noclamp(nonce, point),
    )
    reduced = sodium.crypto_core_ed25519_scalar_reduce(secret + bytes(32))
    product = sodium.crypto_core_ed25519_scalar_mul(_scalar(challenge), reduced)
    return gamma + challenge + sodium.crypto_core_ed25519_scalar_add(nonce, product)


# A page's proof is asked for whenever the page is looked at: in its shot, in a draft, in a verification.
@lru_cache(maxsize=1_024)
def verify(public_key: bytes, alpha: bytes, proof: bytes) -> bytes:
    """Check a proof.

    Args:
        public_key: the prover's, 32 bytes.
        alpha: the input that it is about.
        proof: 80 bytes.

    Returns:
        The output, called beta: 64 bytes that nobody can tell from chance before the proof is shown.

    Raises:
        RemoteError: the proof is not of this key and input, or the key or the proof is none.
    """
    if not is_vrf_key(public_key):
        raise RemoteError("A VRF key is no point of the curve's large subgroup.")
    gamma, challenge, response = _decode(proof)
    point = _hash_to_curve(public_key, alpha)
    scalar = _scalar(challenge)
    try:
        u = sodium.crypto_core_ed25519_sub(
            sodium.crypto_scalarmult_ed25519_base_noclamp(response),
            sodium.crypto_scalarmult_ed25519_noclamp(scalar, public_key),
        )
        v = sodium.crypto_core_ed25519_sub(
            sodium.crypto_scalarmult_ed25519_noclamp(response, point),
            sodium.crypto_scalarmult_ed25519_noclamp(scalar, gamma),
        )
    except CryptoError as error:  # libsodium multiplies by no zero; such a proof could not hold either.
        raise RemoteError("A proof of a lot has a challenge or a response of zero.") from error
    if _challenge(public_key, point, gamma, u, v) != challenge:
        raise RemoteError("A proof of a lot does not hold for this key and page.")
    return _beta(gamma)


def proof_to_hash(proof: bytes) -> bytes:
    """The output that a proof is for, 64 bytes. It is worth something only if `verify` said that the proof holds.

    Raises:
        RemoteError: no proof of any key.
    """
    return _beta(_decode(proof)[0])


def is_vrf_key(public_key: bytes) -> bool:
    """Whether proofs of a key can hold: a point of the large subgroup, in its one encoding."""
    return len(public_key) == KEY_BYTES and sodium.crypto_core_ed25519_is_valid_point(public_key)


def _decode(proof: bytes) -> tuple[bytes, bytes, bytes]:
    """Gamma, challenge (16 bytes) and response of a proof (RFC 9381, section 5.4.4)."""
    if len(proof) != PROOF_BYTES:
        raise RemoteError(f"A proof of a lot has {len(proof)} bytes instead of {PROOF_BYTES}.")
    gamma = proof[:_POINT_BYTES]
    challenge = proof[_POINT_BYTES : _POINT_BYTES + _CHALLENGE_BYTES]
    response = proof[_POINT_BYTES + _CHALLENGE_BYTES :]
    if not sodium.crypto_core_ed25519_is_valid_point(gamma):
        raise RemoteError("A proof of a lot names no point of the curve's large subgroup.")
    if int.from_bytes(response, "little") >= _ORDER:
        raise RemoteError(
            "A proof of a lot has a response that is not reduced: it would have a second spelling."
        )
    return gamma, challenge, response


def _hash_to_curve(public: bytes, alpha: bytes) -> bytes:
    """A point that depends on key and input, and whose logarithm nobody knows (section 5.4.1.1)."""
    for counter in range(MAX_TRIES):
        digest = _sha512(_SUITE, b"\x01", public, alpha, bytes([counter]), b"\x00")
        candidate = digest[:_POINT_BYTES]
        if int.from_bytes(candidate, "little") % 2**255 >= _FIELD:
            continue  # libsodium would reduce it, and the standard refuses it.
        try:
            point = _by_cofactor(candidate)
        except CryptoError:
            continue  # Every other hash is no point of the curve.
        if point != _NEUTRAL:
            return point
    raise RemoteError(f"The input of a lot gives no point of the curve in {MAX_TRIES} tries.")


def _by_cofactor(point: bytes) -> bytes:
    """Eight times a point of the curve, which lies in the large subgroup."""
    for _ in range(_DOUBLINGS):
        point = sodium.crypto_core_ed25519_add(point, point)
    return point


def _challenge(*points: bytes) -> bytes:
    return _sha512(_SUITE, b"\x02", *points, b"\x00")[:_CHALLENGE_BYTES]


def _beta(gamma: bytes) -> bytes:
    return _sha512(_SUITE, b"\x03", _by_cofactor(gamma), b"\x00")


def _scalar(challenge: bytes) -> bytes:
    return challenge + bytes(32 - _CHALLENGE_BYTES)


def _expand(seed: bytes) -> tuple[bytes, bytes]:
    """The secret scalar and the prefix of nonces that a seed stands for (RFC 8032, section 5.1.5)."""
    if len(seed) != KEY_BYTES:
        raise ValueError(f"A VRF seed has {KEY_BYTES} bytes.")
    digest = _sha512(seed)
    scalar = bytearray(digest[:32])
    scalar[0] &= 0b1111_1000
    scalar[31] = scalar[31] & 0b0111_1111 | 0b0100_0000
    return bytes(scalar), digest[32:]


def _sha512(*parts: bytes) -> bytes:
    return hashlib.sha512(b"".join(parts)).digest()
