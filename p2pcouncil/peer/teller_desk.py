"""The teller's desk: what a teller looks up, answered from a council as this laptop holds it."""

from collections.abc import Callable, Mapping

from crdt.ids import ChangeHash, LaneId, MemberId
from p2pcouncil.domain.agenda import Newcomer
from p2pcouncil.domain.register.chain import OpenVote
from p2pcouncil.domain.register.closing import Sheet
from p2pcouncil.domain.register.pages import Entered, Pledged, Result
from p2pcouncil.peer.place import Place


class TellerDesk:
    """What `telling.Held` asks for."""

    def __init__(self, place: Place, forks: Mapping[LaneId, int], prove: Callable[[bytes], bytes]) -> None:
        """Look things up in a council.

        Args:
            place: the council.
            forks: every forked lane that is known, grown by its owner.
            prove: makes this device's VRF proof over an input.
        """
        self._place = place
        self._agenda = place.state.agenda
        self._forks = forks
        self.prove = prove

    def openings(self) -> Mapping[bytes, Entered]:
        """Openings that a page may enter, by issue."""
        return self._agenda.openings()

    def ballots(self, issue: bytes, member: MemberId) -> Mapping[int, ChangeHash]:
        """A member's ballots on a vote, by number."""
        return self._agenda.ballots(issue, member)

    def came_by(self, issue: bytes, until_ms: int) -> Mapping[MemberId, int]:
        """Per member, the highest number of a ballot that was on this laptop's disk by then, by its own clock."""
        stands = self._place.stands
        came: dict[MemberId, int] = {}
        for member in self._agenda.voters(issue):
            for number, name in self._agenda.ballots(issue, member).items():
                if stands[name].first_seen_ms <= until_ms:
                    came[member] = max(number, came.get(member, 0))
        return came

    def is_forked(self, member: MemberId) -> bool:
        """Whether a feed of theirs is known to be forked, so that a ballot of theirs may never come."""
        return any(lane in self._forks for lane in self._place.feeds_of(member))

    def result(self, vote: OpenVote, sheet: Sheet) -> Result | None:
        """What the ballots of a sheet come to."""
        return self._agenda.result(vote, sheet)

    def newcomers(self) -> Mapping[MemberId, Newcomer]:
        """Who asks to come onto the roll."""
        return self._agenda.newcomers()

    def leaves(self) -> Mapping[MemberId, ChangeHash]:
        """Members who left."""
        return self._agenda.leaves()

    def statements(self) -> Mapping[MemberId, bytes]:
        """Per member, the signed duty statement that counts, if it is later than the roll's."""
        return self._agenda.statements()

    def pledges(self) -> Mapping[MemberId, Pledged]:
        """Per member, the pledge that counts."""
        return self._agenda.pledges()

    def carriers(self, name: bytes) -> frozenset[MemberId]:
        """Members in whose feeds a saying of this name stands."""
        return self._place.state.register.carriers(name)
