"""What sync costs: bytes and rounds."""

import pytest

from crdt.envelope import Envelope, EnvelopeGroup
from crdt.ids import ChangeHash, CouncilId
from crdt.keys import lane_id
from tests.store_support import chain, group, index_of, writer
from tests.sync_support import Replica, pull

LANES = 1_000
LANE_ENTRIES = 100
AUTHOR = writer("lagging")
LANE = chain(AUTHOR, [bytes(300) + b"%d" % i for i in range(LANE_ENTRIES)])


@pytest.fixture(scope="module")
def filler() -> list[EnvelopeGroup]:
    """The other lanes, of made-up hashes: sync compares them and never looks into the envelopes."""
    groups = []
    for number in range(LANES - 1):
        header = AUTHOR.header(council=CouncilId(number.to_bytes(32, "big")))
        lane = lane_id(header)
        hashes = [ChangeHash(lane[:16] + seq.to_bytes(16, "big")) for seq in range(1, LANE_ENTRIES + 1)]
        envelopes = [Envelope(lane, seq, None, b"", b"", change) for seq, change in enumerate(hashes, 1)]
        groups.append(EnvelopeGroup(header, tuple(envelopes)))
    return groups


def replica(filler: list[EnvelopeGroup], held: int) -> Replica:
    made = Replica(index=index_of(filler))
    made.take([group(AUTHOR, LANE[:held])])
    return made


def test_equal_peers_cost_two_hundred_bytes_at_most(filler: list[EnvelopeGroup]) -> None:
    traffic = pull(replica(filler, LANE_ENTRIES), replica(filler, LANE_ENTRIES).serve)
    assert (traffic.rounds, traffic.behind_at_end) == (1, 0)
    assert traffic.bytes <= 200


def test_one_entry_behind_among_a_hundred_thousand_costs_eight_kilobytes_at_most(
    filler: list[EnvelopeGroup],
) -> None:
    ours, theirs = replica(filler, LANE_ENTRIES - 1), replica(filler, LANE_ENTRIES)
    traffic = pull(ours, theirs.serve)
    assert ours.fingerprint() == theirs.fingerprint()
    assert traffic.bytes <= 8_192
    assert traffic.rounds <= 4


def test_who_is_ahead_asks_little(filler: list[EnvelopeGroup]) -> None:
    traffic = pull(replica(filler, LANE_ENTRIES), replica(filler, LANE_ENTRIES - 1).serve)
    assert traffic.behind_at_end == 0
    assert traffic.bytes <= 8_192


def test_an_empty_peer_asks_once_of_an_empty_one() -> None:
    assert pull(Replica(), Replica().serve).rounds == 1


def test_a_fork_deep_in_a_lane_is_found_without_fetching_the_lane() -> None:
    stem = chain(AUTHOR, [b"%d" % i for i in range(3_000)])
    branch = chain(AUTHOR, [b"other %d" % i for i in range(500)], stem[1_234])
    ours, theirs = Replica(), Replica()
    ours.take([group(AUTHOR, stem)])
    theirs.take([group(AUTHOR, stem[:1_235] + branch)])
    traffic = pull(ours, theirs.serve)
    assert traffic.bytes <= 8_192
    held = ours.index.lane(stem[0].lane)
    assert held is not None
    assert held.fork_seq == 1_236
    assert {change for _, change in held.above} == {stem[1_235].hash, branch[0].hash}
