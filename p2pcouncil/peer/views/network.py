"""Who is connected, what differs, and what this laptop knows."""

from dataclasses import dataclass

from crdt.ids import DeviceId
from p2pcouncil.peer.views.councils import CouncilView, PendingJoinView
from p2pcouncil.peer.views.people import IdentityView, PersonView


@dataclass(frozen=True, slots=True)
class PeerView:
    """Another peer on the network.

    Attributes:
        behind: how many entries it was seen to hold that we lack, over the councils we share.
        ahead: how many of ours it was seen to lack; None if it has not said yet.
        last_seen_ms: our clock, milliseconds since 1970.
        problem: why it was dropped, or empty.
        throttled: what it does too much, so that we take less of it: “asks too often”; or empty.
        throttled_since_ms: since when; 0 when it is not throttled.
        refused_until_ms: until when it is refused after it was dropped; 0 when it is not.
    """

    device: DeviceId
    person: PersonView | None
    connected: bool
    behind: int
    ahead: int | None
    last_seen_ms: int
    addresses: tuple[str, ...]
    problem: str = ""
    throttled: str = ""
    throttled_since_ms: int = 0
    refused_until_ms: int = 0


@dataclass(frozen=True, slots=True)
class NetworkView:
    """How this peer stands in the network.

    Attributes:
        running: whether this process runs the network ('another process on this laptop does' is said in `line`).
        line: one sentence that never says more than is known.
        reachable: a sentence: whether others can dial us, and what to do about it.
        only_here: entries of ours that nobody else is known to hold.
    """

    running: bool
    line: str
    reachable: str
    my_addresses: tuple[str, ...]
    peers: tuple[PeerView, ...]
    only_here: int


@dataclass(frozen=True, slots=True)
class StatusView:
    """Everything in a glance; `line` is the sentence of the status bar."""

    line: str
    identity: IdentityView | None
    councils: tuple[CouncilView, ...]
    pending: tuple[PendingJoinView, ...]
    network: NetworkView
    entries: int
