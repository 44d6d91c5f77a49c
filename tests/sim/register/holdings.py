"""What a simulated laptop holds beside the minutes, as `peer.register.held.Held` asks for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from crdt.ids import ChangeHash, MemberId
from p2pcouncil.domain.agenda import Newcomer
from p2pcouncil.domain.register.chain import OpenVote
from p2pcouncil.domain.register.closing import Sheet
from p2pcouncil.domain.register.pages import Entered, Pledged, Result
from tests.sim.register.people import Person


@dataclass(slots=True)
class Holdings:
    """What is held; whoever plays with it fills the fields.

    Attributes:
        person: whose laptop.
        opened: sound openings.
        cast: ballots by vote, member and number.
        came_ms: when each of them was on the disk, by this laptop's clock.
        forked: members whose feeds fork.
        asking, gone, moved, pledged: what waits for a page, by member.
        feeds: by name of a saying or page, in whose feeds it stands.
    """

    person: Person
    opened: dict[bytes, Entered] = field(default_factory=dict)
    cast: dict[tuple[bytes, MemberId], dict[int, ChangeHash]] = field(default_factory=dict)
    came_ms: dict[tuple[bytes, MemberId, int], int] = field(default_factory=dict)
    forked: set[MemberId] = field(default_factory=set)
    asking: dict[MemberId, Newcomer] = field(default_factory=dict)
    gone: dict[MemberId, ChangeHash] = field(default_factory=dict)
    moved: dict[MemberId, bytes] = field(default_factory=dict)
    pledged: dict[MemberId, Pledged] = field(default_factory=dict)
    feeds: dict[bytes, set[MemberId]] = field(default_factory=dict)

    def openings(self) -> Mapping[bytes, Entered]:
        return self.opened

    def ballots(self, issue: bytes, member: MemberId) -> Mapping[int, ChangeHash]:
        return self.cast.get((issue, member), {})

    def came_by(self, issue: bytes, until_ms: int) -> Mapping[MemberId, int]:
        came: dict[MemberId, int] = {}
        for (of, member, number), at_ms in self.came_ms.items():
            if of == issue and at_ms < until_ms:
                came[member] = max(number, came.get(member, 0))
        return came

    def is_forked(self, member: MemberId) -> bool:
        return member in self.forked

    def result(self, vote: OpenVote, sheet: Sheet) -> Result:
        return Result("passed", (), sum(name is not None for name in sheet))

    def newcomers(self) -> Mapping[MemberId, Newcomer]:
        return self.asking

    def leaves(self) -> Mapping[MemberId, ChangeHash]:
        return self.gone

    def statements(self) -> Mapping[MemberId, bytes]:
        return self.moved

    def pledges(self) -> Mapping[MemberId, Pledged]:
        return self.pledged

    def carriers(self, name: bytes) -> frozenset[MemberId]:
        return frozenset(self.feeds.get(name, set()) - self.forked)

    def prove(self, alpha: bytes) -> bytes:
        return self.person.prove(alpha)

    def hold_ballot(self, issue: bytes, member: MemberId, number: int, name: ChangeHash, at_ms: int) -> None:
        """A ballot is on the disk since then."""
        self.cast.setdefault((issue, member), {})[number] = name
        self.came_ms.setdefault((issue, member, number), at_ms)

    def hold_vouch(self, member: MemberId, join: bytes, voucher: MemberId, vouch: ChangeHash) -> None:
        """A vouch is held; of one member's several for a newcomer the one with the lowest hash counts."""
        known = self.asking.get(member, Newcomer(join, {}, frozenset()))
        lowest = min(vouch, known.vouches.get(voucher, vouch))
        self.asking[member] = known._replace(vouches={**known.vouches, voucher: lowest})

    def hold_objection(self, member: MemberId, join: bytes, by: MemberId) -> None:
        """Somebody objects to a newcomer."""
        known = self.asking.get(member, Newcomer(join, {}, frozenset()))
        self.asking[member] = known._replace(objectors=known.objectors | {by})
