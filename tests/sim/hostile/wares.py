"""What a liar shows as if it were all that it holds: true answers about an untrue set."""

from crdt.envelope import Envelope, EnvelopeGroup, encode_groups
from crdt.ids import LaneId
from crdt.index import LaneIndex
from crdt.keys import LaneHeader, lane_id
from crdt.sync import answer


class Wares:
    """Envelopes on show; production code answers questions about them."""

    def __init__(self) -> None:
        self.index = LaneIndex()
        self._rows: dict[LaneId, list[Envelope]] = {}

    def add(self, header: LaneHeader, *envelopes: Envelope) -> None:
        """Put envelopes of one lane on show, each after the one that it follows."""
        for envelope in envelopes:
            self.index.add(header, envelope)
            self._rows.setdefault(lane_id(header), []).append(envelope)

    def answer(self, question: bytes) -> bytes:
        """Answer a question of range sync.

        Raises:
            RemoteError: the question is malformed.
        """
        head, wants = answer(self.index, question)
        groups = []
        for want in wants:
            held = self.index.lane(want.lane)
            rows = [row for row in self._rows[want.lane] if want.first <= row.seq <= want.last]
            if held is not None and rows:
                rows.sort(key=lambda row: (row.seq, row.hash))
                groups.append(EnvelopeGroup(held.header, tuple(rows)))
        return head + encode_groups(groups) if groups else head
