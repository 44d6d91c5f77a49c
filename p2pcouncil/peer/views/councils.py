"""Councils, and those that one asked to join."""

from dataclasses import dataclass

from crdt.ids import CouncilId
from p2pcouncil.peer.views.people import JoinRequestView, MemberView


@dataclass(frozen=True, slots=True)
class CouncilView:
    """A council as this peer knows it.

    Attributes:
        depth: 0 for the society, 1 below it, …
        my_standing: as `MemberView.standing`, or 'waiting for a vouch', or 'not a member'.
        state_hash: hex; equal on peers that hold equal sets.
        entries: envelopes held.
        behind: what connected peers are known to hold and we don't; None when nobody is connected.
        rejected: (short hash, who, reason) of entries that the rules refused.
        goes_on_in: the successor that took over from it, since its register has come to an end.
    """

    id: CouncilId
    name: str
    kind: str
    level: str
    purpose: str
    parent: CouncilId | None
    depth: int
    my_standing: str
    members: tuple[MemberView, ...]
    requests: tuple[JoinRequestView, ...]
    charter: tuple[str, ...]
    entries: int
    behind: int | None
    state_hash: str
    rejected: tuple[tuple[str, str, str], ...]
    goes_on_in: CouncilId | None = None

    @property
    def is_member(self) -> bool:
        """Whether I belong to it and may write there."""
        return self.my_standing not in ("not a member", "waiting for a vouch", "left")


@dataclass(frozen=True, slots=True)
class PendingJoinView:
    """A council that I asked to join and do not belong to yet.

    Attributes:
        line: what it waits for, in a sentence.
        kept_by: how many peers keep my request until somebody vouches.
        refused: why a peer refused it, or empty.
    """

    council: CouncilId
    council_name: str
    line: str
    kept_by: int = 0
    refused: str = ""
