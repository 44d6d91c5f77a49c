"""The network's events in the core's words."""

from crdt.ids import DeviceId
from net.transport import (
    AddressesChanged,
    GossipReceived,
    PeerDown,
    PeerFound,
    PeerRefused,
    PeerUp,
    RequestReceived,
    TransportEvent,
)
from p2pcouncil.peer.events import (
    AddressesKnown,
    Event,
    GossipHeard,
    PeerConnected,
    PeerGone,
    QuestionHeard,
)


def translate(event: TransportEvent) -> tuple[Event, ...]:
    """Say a network event in the core's words; an address found nearby is the adapter's to dial."""
    match event:
        case PeerUp(peer):
            return (PeerConnected(DeviceId(peer)),)
        case PeerDown(peer, reason):
            return (PeerGone(DeviceId(peer), ""),)
        case PeerRefused(peer, reason):
            return (PeerGone(DeviceId(peer), reason),)
        case GossipReceived(sender, topic, data):
            return (GossipHeard(DeviceId(sender), topic, data),)
        case RequestReceived(sender, request_id, data):
            return (QuestionHeard(DeviceId(sender), request_id, data),)
        case AddressesChanged(addresses):
            return (AddressesKnown(addresses),)
        case PeerFound():
            return ()
