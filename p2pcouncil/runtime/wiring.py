"""The network's events in the core's words."""

from typing import assert_never

from crdt.ids import DeviceId
from net.transport import (
    AddressesChanged,
    GossipReceived,
    GossipShed,
    PeerDown,
    PeerRefused,
    PeerUp,
    RequestReceived,
)
from p2pcouncil.peer import events
from p2pcouncil.peer.events import (
    AddressesKnown,
    Event,
    GossipHeard,
    PeerConnected,
    PeerGone,
    QuestionHeard,
)

Heard = PeerUp | PeerDown | PeerRefused | GossipReceived | GossipShed | RequestReceived | AddressesChanged


def translate(event: Heard) -> Event:
    """Say a network event in the core's words."""
    match event:
        case PeerUp(peer):
            return PeerConnected(DeviceId(peer))
        case PeerDown(peer, _):
            return PeerGone(DeviceId(peer), "")
        case PeerRefused(peer, reason):
            return PeerGone(DeviceId(peer), reason)
        case GossipReceived(sender, topic, data, origin):
            return GossipHeard(DeviceId(sender), topic, data, DeviceId(origin))
        case GossipShed(sender, own, strangers, others):
            return events.GossipShed(DeviceId(sender), own, strangers, others)
        case RequestReceived(sender, request_id, data):
            return QuestionHeard(DeviceId(sender), request_id, data)
        case AddressesChanged(addresses):
            return AddressesKnown(addresses)
        case _:
            assert_never(event)
