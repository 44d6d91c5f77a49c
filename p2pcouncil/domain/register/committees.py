"""A committee: the tellers of one page, in the order in which they propose, with the devices that speak for them."""

from dataclasses import dataclass

from crdt.ids import DeviceId, MemberId
from p2pcouncil.domain.register.quorum import liars_tolerated, quorum_of


@dataclass(frozen=True, slots=True)
class Teller:
    """One of a committee.

    Attributes:
        member: who.
        device: the device that speaks for them, as the roll had it when the committee was drawn.
        vrf: the key that their lots are checked with, 32 bytes; empty while it is too young to draw any.
    """

    member: MemberId
    device: DeviceId
    vrf: bytes


@dataclass(frozen=True, slots=True)
class Committee:
    """The tellers of a page, by rank.

    Attributes:
        tellers: the first of them proposes in round 0, the second in round 1, and so on around; at least one.
    """

    tellers: tuple[Teller, ...]

    @property
    def members(self) -> frozenset[MemberId]:
        """Who they are."""
        return frozenset(teller.member for teller in self.tellers)

    @property
    def liars(self) -> int:
        """How many of them may lie; called f."""
        return liars_tolerated(len(self.tellers))

    @property
    def quorum(self) -> int:
        """How many of them decide."""
        return quorum_of(len(self.tellers))

    def proposer(self, round_: int) -> Teller:
        """Who proposes in a round."""
        return self.tellers[round_ % len(self.tellers)]

    def teller(self, member: MemberId) -> Teller | None:
        """A member's place in it; None if they are not of it."""
        return next((teller for teller in self.tellers if teller.member == member), None)

    def device_of(self, member: MemberId) -> DeviceId | None:
        """The device that speaks for a member; None if they are not of it."""
        teller = self.teller(member)
        return None if teller is None else teller.device
