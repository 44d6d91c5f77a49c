"""The verifiable random function: the standard's examples, and everything close to a proof that is none."""

import hashlib
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from nacl import bindings as sodium
from nacl.signing import SigningKey

from crdt.errors import RemoteError
from crdt.ids import CouncilId
from p2pcouncil.domain.records import read_genesis, read_join
from p2pcouncil.domain.sortition import ecvrf
from p2pcouncil.domain.sortition.ecvrf import VrfSeed, is_vrf_key, proof_to_hash, prove, verify, vrf_public
from p2pcouncil.domain.sortition.lot import first_seed, lot_input
from p2pcouncil.identity.keys import DeviceKey, MemberKey
from p2pcouncil.identity.keystore import Identity
from p2pcouncil.peer import commands as c
from p2pcouncil.peer.core import Peer
from p2pcouncil.peer.doing.desk import Desk
from p2pcouncil.peer.doing.membership import _signed_join
from p2pcouncil.peer.doing.work_out import work_out
from p2pcouncil.peer.events import Keep
from p2pcouncil.runtime.session import me_of

FILE = Path(__file__).parent.parent / "vectors" / "ecvrf_edwards25519_sha512_tai.json"
VECTORS = [
    {name: bytes.fromhex(value) for name, value in vector.items()}
    for vector in json.loads(FILE.read_text(encoding="utf-8"))["vectors"]
]
ORDER = 2**252 + 27742317777372353535851937790883648493
FIELD = 2**255 - 19
NEUTRAL = b"\x01" + bytes(31)
ORDER_EIGHT = bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")
SEED = VrfSeed(bytes(range(32)))
PUBLIC = vrf_public(SEED)
ALPHA = b"page 7"
PROOF = prove(SEED, ALPHA)


def _multiples() -> list[bytes]:
    """The eight points of small order."""
    points = [NEUTRAL]
    for _ in range(7):
        points.append(sodium.crypto_core_ed25519_add(points[-1], ORDER_EIGHT))
    return points


SMALL = _multiples()


def _flips(data: bytes) -> Iterator[bytes]:
    for bit in range(8 * len(data)):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        yield bytes(changed)


def _is_refused(public: bytes, alpha: bytes, proof: bytes) -> bool:
    try:
        verify(public, alpha, proof)
    except RemoteError:
        return True
    return False


def test_there_are_the_three_examples_of_the_standard() -> None:
    assert [vector["alpha"].hex() for vector in VECTORS] == ["", "72", "af82"]


@pytest.mark.parametrize("vector", VECTORS, ids=["16", "17", "18"])
def test_the_examples_of_the_standard(vector: dict[str, bytes]) -> None:
    seed = VrfSeed(vector["sk"])
    assert vrf_public(seed) == vector["pk"]
    assert prove(seed, vector["alpha"]) == vector["pi"]
    assert verify(vector["pk"], vector["alpha"], vector["pi"]) == vector["beta"]
    assert proof_to_hash(vector["pi"]) == vector["beta"]


@pytest.mark.parametrize("vector", VECTORS, ids=["16", "17", "18"])
def test_every_flipped_bit_is_noticed(vector: dict[str, bytes]) -> None:
    public, alpha, proof = vector["pk"], vector["alpha"], vector["pi"]
    assert [flip.hex() for flip in _flips(proof) if not _is_refused(public, alpha, flip)] == []
    assert [flip.hex() for flip in _flips(alpha) if not _is_refused(public, flip, proof)] == []
    assert [flip.hex() for flip in _flips(public) if not _is_refused(flip, alpha, proof)] == []


def test_every_flipped_bit_of_a_pages_input_is_noticed() -> None:
    council, seed = CouncilId(bytes([7] * 32)), first_seed(CouncilId(bytes([7] * 32)))
    alpha = lot_input(council, seed, 1)
    proof = prove(SEED, alpha)
    assert len(verify(PUBLIC, alpha, proof)) == ecvrf.BETA_BYTES
    assert [flip.hex() for flip in _flips(alpha) if not _is_refused(PUBLIC, flip, proof)] == []


def test_a_proof_is_for_one_key() -> None:
    other = vrf_public(VrfSeed(bytes(32)))
    with pytest.raises(RemoteError, match="does not hold"):
        verify(other, ALPHA, PROOF)


@pytest.mark.parametrize("length", [0, 79, 81, 160])
def test_a_proof_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(RemoteError, match="bytes instead of 80"):
        verify(PUBLIC, ALPHA, (PROOF * 2)[:length])


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_key_of_another_length_is_refused(length: int) -> None:
    assert not is_vrf_key((PUBLIC * 2)[:length])
    with pytest.raises(RemoteError, match="VRF key"):
        verify((PUBLIC * 2)[:length], ALPHA, PROOF)


def test_points_of_small_order_are_refused_as_key_and_as_gamma() -> None:
    assert len(set(SMALL)) == 8
    for point in SMALL:
        with pytest.raises(RemoteError, match="VRF key"):
            verify(point, ALPHA, PROOF)
        with pytest.raises(RemoteError, match="large subgroup"):
            verify(PUBLIC, ALPHA, point + PROOF[32:])
        with pytest.raises(RemoteError, match="large subgroup"):
            proof_to_hash(point + PROOF[32:])


def test_second_encodings_of_points_are_refused() -> None:
    # Only 19 heights have a second encoding, and of their points that exist, none lies in the large subgroup.
    others = [
        (height + FIELD | sign << 255).to_bytes(32, "little") for height in range(19) for sign in (0, 1)
    ]
    others += [(height | 1 << 255).to_bytes(32, "little") for height in (1, FIELD - 1)]
    for point in others:
        assert _is_refused(point, ALPHA, PROOF)
        assert _is_refused(PUBLIC, ALPHA, point + PROOF[32:])


def test_points_off_the_curve_are_refused() -> None:
    off = (2).to_bytes(32, "little")
    assert _is_refused(off, ALPHA, PROOF)
    assert _is_refused(PUBLIC, ALPHA, off + PROOF[32:])


@pytest.mark.parametrize("times", range(1, 15))
def test_a_response_has_one_spelling(times: int) -> None:
    response = int.from_bytes(PROOF[48:], "little") + times * ORDER
    with pytest.raises(RemoteError, match="not reduced"):
        verify(PUBLIC, ALPHA, PROOF[:48] + response.to_bytes(32, "little"))


@pytest.mark.parametrize("proof", [PROOF[:48] + bytes(32), PROOF[:32] + bytes(16) + PROOF[48:]])
def test_a_zero_is_refused(proof: bytes) -> None:
    with pytest.raises(RemoteError, match="zero"):
        verify(PUBLIC, ALPHA, proof)


def _times(number: int, point: bytes) -> bytes:
    """A multiple of any point of the curve; libsodium's own refuses those outside the large subgroup."""
    result = NEUTRAL
    for bit in bin(number)[2:]:
        result = sodium.crypto_core_ed25519_add(result, result)
        if bit == "1":
            result = sodium.crypto_core_ed25519_add(result, point)
    return result


def _holds_by_the_standard(public: bytes, proof: bytes) -> bool:
    """RFC 9381, section 5.3, which admits keys and gammas with a part of small order."""
    gamma, challenge = proof[:32], int.from_bytes(proof[32:48], "little")
    response = int.from_bytes(proof[48:], "little")
    point = ecvrf._hash_to_curve(public, ALPHA)
    base = sodium.crypto_scalarmult_ed25519_base_noclamp((1).to_bytes(32, "little"))
    u = sodium.crypto_core_ed25519_sub(_times(response, base), _times(challenge, public))
    v = sodium.crypto_core_ed25519_sub(_times(response, point), _times(challenge, gamma))
    return ecvrf._challenge(public, point, gamma, u, v) == proof[32:48] and _times(8, public) != NEUTRAL


def _proof_with_small_parts(key_part: bytes, gamma_part: bytes) -> tuple[bytes, bytes]:
    """A key and a proof that only its owner can make, with parts of small order that the equations don't see."""
    secret = int.from_bytes(ecvrf._expand(SEED)[0], "little")
    public = sodium.crypto_core_ed25519_add(PUBLIC, key_part)
    point = ecvrf._hash_to_curve(public, ALPHA)
    gamma = sodium.crypto_core_ed25519_add(_times(secret, point), gamma_part)
    for nonce in range(1, 200):
        scalar = nonce.to_bytes(32, "little")
        u = sodium.crypto_scalarmult_ed25519_base_noclamp(scalar)
        challenge = ecvrf._challenge(public, point, gamma, u, _times(nonce, point))
        if challenge[0] % 8 == 0:
            response = (nonce + int.from_bytes(challenge, "little") * secret) % ORDER
            return public, gamma + challenge + response.to_bytes(32, "little")
    raise AssertionError("one nonce in eight does it")


def test_the_standard_admits_parts_of_small_order_and_we_do_not() -> None:
    """Otherwise one output has eight proofs, and a key eight spellings."""
    assert _holds_by_the_standard(PUBLIC, PROOF)
    for part in SMALL[1:]:
        public, proof = _proof_with_small_parts(NEUTRAL, part)
        assert public == PUBLIC
        assert _holds_by_the_standard(public, proof)
        with pytest.raises(RemoteError, match="large subgroup"):
            verify(public, ALPHA, proof)
        public, proof = _proof_with_small_parts(part, NEUTRAL)
        assert _holds_by_the_standard(public, proof)
        with pytest.raises(RemoteError, match="VRF key"):
            verify(public, ALPHA, proof)


def test_whoever_makes_another_proof_gets_the_same_output() -> None:
    """The nonce is the prover's to choose, the output is not: that is what a signature would lack."""
    public, proof = _proof_with_small_parts(NEUTRAL, NEUTRAL)
    assert proof != PROOF
    assert verify(public, ALPHA, proof) == verify(PUBLIC, ALPHA, PROOF)


def test_the_search_for_a_point_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ecvrf, "MAX_TRIES", 1)
    inputs = (bytes([number]) for number in range(64))  # Every other one needs a second try.
    with pytest.raises(RemoteError, match="in 1 tries"):
        list(map(partial(prove, SEED), inputs))


def test_a_seed_of_another_length_is_our_mistake() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        prove(VrfSeed(bytes(31)), ALPHA)


def test_the_key_in_foundings_and_joins_checks_proofs_of_the_device() -> None:
    device = DeviceKey(bytes(range(32)))
    assert device.vrf_public == vrf_public(device.vrf_seed())
    assert verify(device.vrf_public, ALPHA, prove(device.vrf_seed(), ALPHA)) == proof_to_hash(
        prove(device.vrf_seed(), ALPHA)
    )


def test_the_key_that_a_founding_and_a_join_name_checks_what_that_laptop_proves() -> None:
    device = DeviceKey(bytes(range(32)))
    member = MemberKey(bytes(32))
    me = me_of(Identity("Ada", member.certify(device.device), device))
    peer = Peer()
    peer.world.me = me
    desk = Desk(peer, device, lambda size: bytes(range(size)), 0)
    founding = work_out(desk, c.FoundCouncil("Bakery", "society", "society", ""))
    (kept,) = (effect for effect in founding.effects if isinstance(effect, Keep))
    council, genesis = read_genesis(kept.value)
    alpha = lot_input(council, first_seed(council), 1)
    proof = prove(device.vrf_seed(), alpha)
    assert verify(genesis.roll[0].vrf, alpha, proof) == proof_to_hash(proof)
    join = read_join(_signed_join(desk, council, None))
    assert join.vrf == genesis.roll[0].vrf != join.device


def test_a_devices_signing_key_proves_nothing_of_its_own() -> None:
    device = DeviceKey(bytes(range(32)))
    assert device.vrf_seed() != device.secret_seed()
    with pytest.raises(RemoteError, match="does not hold"):
        verify(device.device, ALPHA, prove(device.vrf_seed(), ALPHA))


def test_why_a_signing_key_must_not_prove() -> None:
    """One signature over the point that a proof is made of shares the proof's nonce, and gives the secret away."""
    point = ecvrf._hash_to_curve(PUBLIC, ALPHA)
    signature = SigningKey(bytes(SEED)).sign(point).signature
    hashed = hashlib.sha512(signature[:32] + PUBLIC + point).digest()
    signed = int.from_bytes(hashed, "little") - int.from_bytes(PROOF[32:48], "little")
    differ = int.from_bytes(signature[32:], "little") - int.from_bytes(PROOF[48:], "little")
    secret = differ * pow(signed, -1, ORDER) % ORDER
    assert sodium.crypto_scalarmult_ed25519_base_noclamp(secret.to_bytes(32, "little")) == PUBLIC
