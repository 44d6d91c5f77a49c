"""Gossip: telling everybody at once of what was just written here, and reading what others tell.

It is quick and promises nothing: what it does not bring, the next pull does.
"""

from collections.abc import Iterable

from crdt.envelope import EnvelopeGroup, decode_groups, encode_groups
from crdt.errors import RemoteError
from crdt.ids import CouncilId
from p2pcouncil.peer.events import Effect, Publish
from p2pcouncil.peer.rates import RATES, What
from p2pcouncil.peer.wire import GossipKind, topic_of

MAX_GOSSIP_ENVELOPES_BYTES = 32_768
"""Larger news is announced and pulled, not pushed."""


class Spreading:
    """What goes out of what we write, as fast as others take it."""

    def __init__(self) -> None:
        self._bucket = RATES[What.GOSSIP].of_our_own()
        self._unspread: set[CouncilId] = set()

    def spread(self, groups: Iterable[EnvelopeGroup], now_ms: int) -> list[Effect]:
        """Gossip what was just written here: the envelopes when they are small, else that there is news."""
        by_council: dict[CouncilId, list[EnvelopeGroup]] = {}
        for group in groups:
            by_council.setdefault(group.header.council, []).append(group)
        effects: list[Effect] = []
        for council, some in by_council.items():
            if self._bucket.take(1, now_ms):
                self._unspread.add(council)
                continue
            data = encode_groups(some)
            small = len(data) <= MAX_GOSSIP_ENVELOPES_BYTES
            message = bytes([GossipKind.ENVELOPES]) + data if small else bytes([GossipKind.NEWS])
            effects.append(Publish(topic_of(council), message))
        return effects

    def tick(self, now_ms: int) -> list[Effect]:
        """Say that there is news of what was written too fast to be gossiped."""
        effects: list[Effect] = []
        for council in sorted(self._unspread):
            if not self._bucket.take(1, now_ms):
                self._unspread.discard(council)
                effects.append(Publish(topic_of(council), bytes([GossipKind.NEWS])))
        return effects


def read_gossip(data: bytes) -> list[EnvelopeGroup]:
    """The groups in a gossip message; none when it is no such message."""
    if data[:1] != bytes([GossipKind.ENVELOPES]):
        return []
    try:
        return decode_groups(data[1:], MAX_GOSSIP_ENVELOPES_BYTES * 2)
    except RemoteError:
        return []
