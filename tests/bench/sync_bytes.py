"""What two peers say to each other to find out that they hold the same, and to pass on one entry of 100,000."""

from crdt.envelope import Envelope, EnvelopeGroup, encode_groups
from crdt.ids import ChangeHash, CouncilId, LaneId
from crdt.index import LaneIndex
from crdt.keys import lane_id
from crdt.sync import MAX_RESPONSE_BYTES, Pull, answer
from p2pcouncil.peer.wire import Kind, pack
from tests.bench.peers import comment_bytes
from tests.store_support import COUNCIL, chain, writer

FEEDS = 1_000
EACH = 100
REQUEST_HEADER_BYTES = 4
ANSWER_HEADER_BYTES = 1
"""What the request protocol adds to each message (`net.libp2p.requests`); framing below it is not counted."""


def measure() -> dict[str, object]:
    """Run."""
    author = writer("behind")
    lane = chain(author, [comment_bytes(number) for number in range(EACH)])
    ours, theirs = LaneIndex(), LaneIndex()
    for number in range(FEEDS - 1):
        header = author.header(council=CouncilId(number.to_bytes(32, "big")))
        name = lane_id(header)
        for seq in range(1, EACH + 1):
            change = ChangeHash(name[:16] + seq.to_bytes(16, "big"))
            for index in (ours, theirs):
                index.add(header, Envelope(name, seq, None, b"", b"", change))
    for envelope in lane:
        theirs.add(author.header(), envelope)
        if envelope.seq < EACH:
            ours.add(author.header(), envelope)
    held = {lane_id(author.header()): (author.header(), lane)}
    behind_bytes, behind_rounds, got = _pull(ours, theirs, held)
    equal_bytes, equal_rounds, _ = _pull(theirs, theirs, held)
    return {
        "entries held": theirs.total,
        "equal peers, bytes both ways": equal_bytes,
        "equal peers, rounds": equal_rounds,
        "1 behind, bytes both ways, its envelope included (target ≤ 8192)": behind_bytes,
        "1 behind, rounds": behind_rounds,
        "entries fetched (must be 1)": got,
    }


def _pull(
    ours: LaneIndex, theirs: LaneIndex, held: dict[LaneId, tuple[object, list[Envelope]]]
) -> tuple[int, int, int]:
    """Bytes, rounds and envelopes of one pull."""
    pull = Pull(COUNCIL, ours)
    total = rounds = got = 0
    while (question := pull.next_request()) is not None:
        rounds += 1
        total += REQUEST_HEADER_BYTES + len(pack(Kind.SYNC, COUNCIL + question))
        head, wants = answer(theirs, question)
        groups = []
        for want in wants:
            header, lane = held[want.lane]
            groups.append(EnvelopeGroup(header, tuple(lane[want.first - 1 : want.last])))  # type: ignore[arg-type]
        body = head + (encode_groups(groups) if groups else b"")
        assert len(body) <= MAX_RESPONSE_BYTES
        total += ANSWER_HEADER_BYTES + len(pack(Kind.SYNC, body))
        for group in pull.receive(body):
            for envelope in group.envelopes:
                ours.add(group.header, envelope)
                got += 1
    return total, rounds, got
