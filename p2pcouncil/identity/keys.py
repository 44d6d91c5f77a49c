"""A member's and a device's secret keys, in wrappers that sign and never show what they hold.

The member key certifies devices and is then best kept on paper. The device key signs everything else. Its
VRF key is derived from it under a domain of its own, because a VRF must never share a key with signatures:
one signature over the same hash would leak it.

Source: RFC 8032 (Ed25519); RFC 9381, section 5.5: ECVRF-EDWARDS25519 keys are generated as Ed25519 keys are.
"""

from collections.abc import Sequence
from typing import NoReturn, Self

from nacl.signing import SigningKey

from crdt.ids import DeviceId, MemberId, domain_hash
from crdt.keys import DeviceCertificate, certificate_message
from p2pcouncil.domain.fingerprint import fingerprint
from p2pcouncil.domain.sortition.ecvrf import VrfSeed, prove, vrf_public
from p2pcouncil.identity.phrase import decode_phrase, member_seed

VRF_SEED_DOMAIN = "p2pcouncil/vrf-seed/1"


class _SecretKey:
    """An Ed25519 key that shows its public half only, and refuses to be pickled."""

    __slots__ = ("_key",)

    def __init__(self, seed: bytes) -> None:
        """Wrap a seed.

        Args:
            seed: 32 secret bytes.

        Raises:
            ValueError: another number of bytes.
        """
        self._key = SigningKey(seed)

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte Ed25519 signature of a message."""
        return self._key.sign(message).signature

    def secret_seed(self) -> bytes:
        """The 32 secret bytes, for the key store and the transport; they are for nobody's eyes."""
        return bytes(self._key)

    @property
    def _public(self) -> bytes:
        return bytes(self._key.verify_key)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._public.hex()[:8]}…)"

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} holds a secret and can't be pickled")


class MemberKey(_SecretKey):
    """A person's key: certifies that a device writes for them."""

    __slots__ = ()

    @classmethod
    def from_entropy(cls, entropy: bytes) -> Self:
        """The key that a recovery phrase's entropy stands for."""
        return cls(member_seed(entropy))

    @classmethod
    def from_phrase(cls, phrase: str | Sequence[str]) -> Self:
        """The key that a recovery phrase stands for.

        Raises:
            LocalError: the phrase has a slip; the message says which.
        """
        return cls.from_entropy(decode_phrase(phrase))

    @property
    def member(self) -> MemberId:
        """The public key, which is the member's id."""
        return MemberId(self._public)

    def certify(self, device: DeviceId) -> DeviceCertificate:
        """Sign that a device writes for this member."""
        return DeviceCertificate(self.member, device, self.sign(certificate_message(self.member, device)))

    def __repr__(self) -> str:
        return f"MemberKey({fingerprint(self.member)})"


class DeviceKey(_SecretKey):
    """A laptop's key; a `crdt.keys.Signer`."""

    __slots__ = ()

    @classmethod
    def generate(cls) -> Self:
        """A new key from the operating system's randomness."""
        return cls(bytes(SigningKey.generate()))

    @property
    def device(self) -> DeviceId:
        """The public key, which is the device's id and its libp2p identity."""
        return DeviceId(self._public)

    def vrf_seed(self) -> VrfSeed:
        """The 32 secret bytes of this device's VRF key: the one way to a `VrfSeed`, which proofs are made with."""
        return VrfSeed(domain_hash(VRF_SEED_DOMAIN, bytes(self._key)))

    def prove_lot(self, alpha: bytes) -> bytes:
        """This device's VRF proof over an input, 80 bytes."""
        return prove(self.vrf_seed(), alpha)

    @property
    def vrf_public(self) -> bytes:
        """The public key that this device's VRF proofs are checked with, 32 bytes."""
        return vrf_public(self.vrf_seed())
