"""What a teller asks its peer: what that holds beside the minutes.

Whatever is asked here may grow from one call to the next, and what it says of a thing that is held may not change back.
"""

from collections.abc import Mapping
from typing import Protocol

from crdt.ids import ChangeHash, MemberId
from p2pcouncil.domain.agenda import Newcomer
from p2pcouncil.domain.register.chain import OpenVote
from p2pcouncil.domain.register.closing import Sheet
from p2pcouncil.domain.register.pages import Entered, Pledged, Result


class Held(Protocol):
    """What a teller asks its peer."""

    def openings(self) -> Mapping[bytes, Entered]:
        """Openings that are sound, by issue."""
        ...

    def ballots(self, issue: bytes, member: MemberId) -> Mapping[int, ChangeHash]:
        """A member's ballots on a vote, by number."""
        ...

    def came_by(self, issue: bytes, until_ms: int) -> Mapping[MemberId, int]:
        """Per member, the highest number of a ballot that was on this laptop's disk before then, by its own clock."""
        ...

    def is_forked(self, member: MemberId) -> bool:
        """Whether a feed of theirs is known to be forked, so that a ballot of theirs may never come."""
        ...

    def result(self, vote: OpenVote, sheet: Sheet) -> Result | None:
        """What the ballots of a sheet come to; all of them are held."""
        ...

    def newcomers(self) -> Mapping[MemberId, Newcomer]:
        """Who asks to come onto the roll, with whoever vouches for them or objects."""
        ...

    def leaves(self) -> Mapping[MemberId, ChangeHash]:
        """Members who left, with the leave that counts."""
        ...

    def statements(self) -> Mapping[MemberId, bytes]:
        """Per member, the signed duty statement that counts."""
        ...

    def pledges(self) -> Mapping[MemberId, Pledged]:
        """Per member, the pledge that counts: the last one of the device that the roll names."""
        ...

    def carriers(self, name: bytes) -> frozenset[MemberId]:
        """Members in whose feeds something stands, as far as it will stay: a saying, or a page with its sheets.

        Args:
            name: of the saying (`sayings.saying_message`) or the page (`pages.page_hash`).
        """
        ...

    def prove(self, alpha: bytes) -> bytes:
        """This device's VRF proof, 80 bytes."""
        ...
