"""What two peers say to each other to find out that they hold the same, and to pass on 1 or 10,000 of 100,000 entries.

Bytes are of both directions, and of one peer's pull; the other's costs what it costs equal peers.
"""

from collections.abc import Callable

from crdt.envelope import Envelope, EnvelopeGroup, encode_groups, payload_hash
from crdt.ids import LaneId
from crdt.index import LaneIndex
from crdt.keys import LaneHeader, lane_id
from crdt.store.rows import ENVELOPE_OVERHEAD_BYTES, GROUP_OVERHEAD_BYTES
from crdt.sync import MAX_ANSWER_BYTES, MAX_RESPONSE_BYTES, Pull, answer
from p2pcouncil.peer.wire import Kind, pack
from tests.bench.peers import ENTRY_BYTES, comment_bytes
from tests.store_support import COUNCIL, writer

Lane = tuple[LaneHeader, tuple[Envelope, ...]]

ENVELOPE_BYTES = ENTRY_BYTES + ENVELOPE_OVERHEAD_BYTES
FEEDS = 1_000
EACH = 100
REQUEST_HEADER_BYTES = 4
ANSWER_HEADER_BYTES = 1
"""What the request protocol adds to each message (`net.libp2p.requests`); framing below it is not counted."""


def measure() -> dict[str, object]:
    """Run."""
    lanes = [_lane(number) for number in range(FEEDS)]
    held = {lane_id(header): (header, envelopes) for header, envelopes in lanes}
    theirs = _index(lanes, lambda number: EACH)
    equal_bytes, equal_rounds, _ = _pull(theirs, theirs, held)
    one_bytes, one_rounds, one = _pull(_index(lanes, lambda number: EACH - (number == 7)), theirs, held)
    feeds_bytes, feeds_rounds, feeds = _pull(
        _index(lanes, lambda number: EACH * (number % 10 > 0)), theirs, held
    )
    tails_bytes, tails_rounds, tails = _pull(_index(lanes, lambda number: EACH * 9 // 10), theirs, held)
    raw = sum(len(encode_groups([EnvelopeGroup(*lane)])) for lane in lanes[::10])
    return {
        "entries held": theirs.total,
        "equal peers, bytes (target ≤ 200)": equal_bytes,
        "equal peers, rounds": equal_rounds,
        "1 behind, bytes, its envelope included (target ≤ 8192)": one_bytes,
        "1 behind, rounds": one_rounds,
        "entries fetched (must be 1)": one,
        "every tenth feed lacking, bytes": feeds_bytes,
        "every tenth feed lacking, bytes ÷ those of the envelopes (target ≤ 1.1)": round(
            feeds_bytes / raw, 3
        ),
        "every tenth feed lacking, rounds": feeds_rounds,
        "a tenth of every feed lacking, bytes": tails_bytes,
        "a tenth of every feed lacking, bytes ÷ those of the envelopes (target ≤ 1.2)": round(
            tails_bytes / raw, 3
        ),
        "a tenth of every feed lacking, rounds": tails_rounds,
        "entries fetched (must be 10,000 each)": (feeds + tails) // 2,
    }


def _lane(number: int) -> Lane:
    """A feed of real envelopes; only their signatures are made up, which sync never looks at."""
    header = writer(f"behind {number % 20}").header(generation=number // 20)
    name, prev, envelopes = lane_id(header), None, []
    for seq in range(1, EACH + 1):
        payload = b"\0" + comment_bytes(seq)
        change = payload_hash(header, seq, prev, payload)
        envelopes.append(Envelope(name, seq, prev, payload, bytes(64), change))
        prev = change
    return header, tuple(envelopes)


def _index(lanes: list[Lane], count: Callable[[int], int]) -> LaneIndex:
    """The index of a peer that holds so many of each lane."""
    index = LaneIndex()
    for number, (header, envelopes) in enumerate(lanes):
        for envelope in envelopes[: count(number)]:
            index.add(header, envelope)
    return index


def _pull(ours: LaneIndex, theirs: LaneIndex, held: dict[LaneId, Lane]) -> tuple[int, int, int]:
    """Bytes, rounds and envelopes of one pull."""
    pull = Pull(COUNCIL, ours)
    total = rounds = got = 0
    while (question := pull.next_request()) is not None:
        rounds += 1
        total += REQUEST_HEADER_BYTES + len(pack(Kind.SYNC, COUNCIL + question))
        head, wants = answer(theirs, question)
        groups, room_bytes = [], MAX_RESPONSE_BYTES
        for want in wants:
            header, lane = held[want.lane]
            fitting = lane[
                want.first - 1 : min(want.last, want.first - 1 + max(0, room_bytes) // ENVELOPE_BYTES)
            ]
            room_bytes -= len(fitting) * ENVELOPE_BYTES + GROUP_OVERHEAD_BYTES
            if fitting:
                groups.append(EnvelopeGroup(header, fitting))
        body = head + (encode_groups(groups) if groups else b"")
        assert len(body) <= MAX_ANSWER_BYTES
        total += ANSWER_HEADER_BYTES + len(pack(Kind.SYNC, body))
        for group in pull.receive(body):
            for envelope in group.envelopes:
                ours.add(group.header, envelope)
                got += 1
    return total, rounds, got
