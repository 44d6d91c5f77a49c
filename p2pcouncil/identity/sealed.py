"""A member seed under a passphrase: argon2id makes guessing slow, and a secret box notices any change.

The cost stands in the file, so that it can be raised later without locking anybody out.

Source: RFC 9106 (argon2id); libsodium's `crypto_pwhash` and `crypto_secretbox`.
"""

import unicodedata
from dataclasses import dataclass

import msgspec
import nacl.utils
from nacl.exceptions import CryptoError
from nacl.exceptions import RuntimeError as OutOfMemory
from nacl.pwhash import argon2id
from nacl.secret import SecretBox

from crdt.errors import LocalError

PASSPHRASE_CHARS_MIN = 8
_OPSLIMIT_MAX = 16
_MEMLIMIT_BYTES_MAX = 1 << 30


@dataclass(frozen=True, slots=True)
class Cost:
    """What one guess of the passphrase costs.

    Attributes:
        opslimit: passes over the memory.
        memlimit_bytes: memory to fill.
    """

    opslimit: int
    memlimit_bytes: int


MODERATE = Cost(argon2id.OPSLIMIT_MODERATE, argon2id.MEMLIMIT_MODERATE)
"""256 MiB and about a second on a laptop."""
FASTEST = Cost(argon2id.OPSLIMIT_MIN, argon2id.MEMLIMIT_MIN)
"""No protection at all: for tests."""


class SealedSeed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the file of a sealed seed says.

    Attributes:
        kdf: how the passphrase became a key; "argon2id13".
        opslimit: see `Cost`.
        memlimit_bytes: see `Cost`.
        salt: hexadecimal, 16 bytes.
        box: hexadecimal; nonce, tag and encrypted seed, as libsodium's secret box writes them.
    """

    kdf: str
    opslimit: int
    memlimit_bytes: int
    salt: str
    box: str


def validate_passphrase(passphrase: str) -> None:
    """Refuse a new passphrase that would be guessed in no time.

    Raises:
        LocalError: it is too short.
    """
    if len(passphrase) < PASSPHRASE_CHARS_MIN:
        raise LocalError(
            f"The passphrase has fewer than {PASSPHRASE_CHARS_MIN} characters.",
            "Take four or five words that don't belong together; nobody limits the length.",
        )


def seal_seed(seed: bytes, passphrase: str, cost: Cost) -> SealedSeed:
    """Encrypt a seed under a passphrase.

    Args:
        seed: 32 bytes.
        passphrase: as typed; Unicode's composed and decomposed forms count as equal.
        cost: of one guess.

    Returns:
        What to write into the file.
    """
    salt = nacl.utils.random(argon2id.SALTBYTES)
    box = SecretBox(_stretch(passphrase, salt, cost)).encrypt(seed)
    return SealedSeed("argon2id13", cost.opslimit, cost.memlimit_bytes, salt.hex(), bytes(box).hex())


def open_seed(sealed: SealedSeed, passphrase: str) -> bytes:
    """Decrypt a seed.

    Args:
        sealed: from the file.
        passphrase: as typed.

    Returns:
        32 bytes.

    Raises:
        LocalError: the passphrase is wrong, or there is too little memory to try it.
        ValueError: the file says something impossible.
    """
    validate_sealed(sealed)
    cost = Cost(sealed.opslimit, sealed.memlimit_bytes)
    salt, box = bytes.fromhex(sealed.salt), bytes.fromhex(sealed.box)
    key = _stretch(passphrase, salt, cost)
    try:
        return SecretBox(key).decrypt(box)
    except CryptoError:
        raise LocalError(
            "The passphrase does not open the member key.",
            "Check capitals and the keyboard's layout. If it is lost, recover with the 24 words.",
        ) from None


def validate_sealed(sealed: SealedSeed) -> None:
    """Check that a file says something possible, as far as that shows without the passphrase.

    Raises:
        ValueError: it does not.
    """
    is_possible = (
        sealed.kdf == "argon2id13"
        and argon2id.OPSLIMIT_MIN <= sealed.opslimit <= _OPSLIMIT_MAX
        and argon2id.MEMLIMIT_MIN <= sealed.memlimit_bytes <= _MEMLIMIT_BYTES_MAX
        and len(bytes.fromhex(sealed.salt)) == argon2id.SALTBYTES
        and len(bytes.fromhex(sealed.box)) == SecretBox.NONCE_SIZE + SecretBox.MACBYTES + 32
    )
    if not is_possible:
        raise ValueError("the parameters of the sealed seed are out of range")


def _stretch(passphrase: str, salt: bytes, cost: Cost) -> bytes:
    secret = unicodedata.normalize("NFC", passphrase).encode("utf-8", "surrogatepass")
    try:
        return argon2id.kdf(
            SecretBox.KEY_SIZE, secret, salt, opslimit=cost.opslimit, memlimit=cost.memlimit_bytes
        )
    except OutOfMemory:
        raise LocalError(
            f"The passphrase needs {cost.memlimit_bytes >> 20} MiB of memory, and there is less.",
            "Close other programs, then try again.",
        ) from None
