"""Who is in a simulated register: members with keys, and a founding that puts all of them on duty."""

from dataclasses import dataclass
from functools import lru_cache

from crdt.ids import CouncilId, DeviceId, MemberId, domain_hash
from p2pcouncil.domain.records import Charter, Founder, Genesis, Join, Signed, encode_record, join_message
from p2pcouncil.domain.register.chain import Chain, first_chain
from p2pcouncil.domain.register.sayings import AnySaying, Said, is_said_by, sign_saying
from p2pcouncil.domain.sortition import ecvrf
from p2pcouncil.identity.keys import DeviceKey, MemberKey

_holds: dict[tuple[DeviceId, bytes, bytes], bool] = {}
_proofs: dict[tuple[MemberId, bytes], bytes] = {}


@dataclass(frozen=True, slots=True)
class Person:
    """A member with one device."""

    member_key: MemberKey
    device_key: DeviceKey

    @property
    def member(self) -> MemberId:
        return self.member_key.member

    def sign(self, saying: AnySaying) -> Said:
        return sign_saying(saying, self.device_key)

    def prove(self, alpha: bytes) -> bytes:
        """Their VRF proof, which is the same each time."""
        known = _proofs.get((self.member, alpha))
        if known is None:
            known = _proofs[self.member, alpha] = ecvrf.prove(self.device_key.vrf_seed(), alpha)
        return known


@lru_cache(maxsize=64)
def person(number: int) -> Person:
    """The same person for the same number, in every run."""
    return Person(
        MemberKey(domain_hash("test/member", bytes([number]))),
        DeviceKey(domain_hash("test/device", bytes([number]))),
    )


@lru_cache(maxsize=64)
def signed_join(council: CouncilId, newcomer: Person) -> bytes:
    """Somebody's signed join."""
    device = newcomer.device_key.device
    certificate = newcomer.member_key.certify(device).signature
    vrf = newcomer.device_key.vrf_public
    body = encode_record(Join(council, newcomer.member, device, certificate, vrf, "Newcomer", b""))
    return encode_record(Signed(body, (newcomer.device_key.sign(join_message(body)),)))


@lru_cache(maxsize=64)
def founded(size: int) -> tuple[Chain, tuple[Person, ...]]:
    """A register with its founding alone, and its founders."""
    people = tuple(person(number) for number in range(size))
    roll = tuple(
        Founder(
            p.member,
            p.device_key.device,
            p.member_key.certify(p.device_key.device).signature,
            p.device_key.vrf_public,
            f"Member {number}",
        )
        for number, p in enumerate(people)
    )
    genesis = Genesis("Test", "society", "society", "", b"", Charter(), roll, bytes(16))
    return first_chain(CouncilId(domain_hash("test/council", bytes([size]))), genesis), people


def is_said(said: Said, device: DeviceId) -> bool:
    """Whether a device signed it; asked once, however many simulated peers ask."""
    key = (device, said.body, said.signature)
    if key not in _holds:
        _holds[key] = is_said_by(said, device)
    return _holds[key]
