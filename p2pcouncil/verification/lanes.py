"""What a bundle holds of each lane: what is signed and in place, what is damaged, what is missing, what forks.

A replica stops at the first gap of a lane, for it can't know what it will hold. Whoever verifies a file knows all that
will ever come, so here what follows a gap is kept as well, apart: each envelope names the one before it and is signed,
so a ballot that was altered or left out hides nothing that its author wrote afterwards.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from crdt.envelope import Envelope, EnvelopeGroup, signed_message
from crdt.evidence import LaneState, plan_lane
from crdt.ids import ChangeHash, CouncilId, DeviceId, LaneId, MemberId
from crdt.index import FeedReader
from crdt.keys import LaneHeader, LaneKind, lane_id
from crdt.lane_bounds import MAX_DEVICES_PER_MEMBER, MAX_TEXT_LANES_PER_DEVICE
from crdt.signatures import CheckAll, Signed
from p2pcouncil.domain.feed_entry import FeedEntry


class Gap(NamedTuple):
    """Places of a lane at which nothing stands that holds, though something stands above.

    Attributes:
        first, last: the places.
        name: hash of what belongs at the last of them, as its successor names it.
    """

    first: int
    last: int
    name: ChangeHash | None


@dataclass(slots=True)
class LaneRead:
    """One lane of a bundle.

    Attributes:
        header: whose.
        kept: the chain from its beginning, as every replica keeps it.
        beyond: what stands above the first gap, in sequence.
        gaps: what is missing between them.
        forged: envelopes that the device did not sign as they stand here.
        forked_at: the place of the lowest fork; 0 for none.
        unkept: signed, but kept by no replica or as evidence only: at and above a fork, or out of place.
    """

    header: LaneHeader
    kept: list[Envelope] = field(default_factory=list)
    beyond: list[Envelope] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    forged: list[Envelope] = field(default_factory=list)
    forked_at: int = 0
    unkept: list[Envelope] = field(default_factory=list)

    @property
    def lane(self) -> LaneId:
        """Its id."""
        return lane_id(self.header)

    @property
    def is_whole(self) -> bool:
        """Whether nothing is damaged or missing, as far as its own envelopes tell."""
        return not self.gaps and not self.forged

    def entries(self) -> Iterator[FeedEntry]:
        """Put the parts of its entries together, those above gaps too."""
        reader, seq, is_torn = FeedReader(), 0, False
        for envelope in (*self.kept, *self.beyond):
            if envelope.seq != seq + 1:
                reader, is_torn = FeedReader(), True
            seq = envelope.seq
            for done in reader.feed(envelope):
                if is_torn and done.broken:
                    continue  # The end of an entry whose beginning is missing.
                is_torn = False
                yield FeedEntry(
                    hash=done.hash,
                    lane=envelope.lane,
                    member=self.header.member,
                    device=self.header.device,
                    generation=self.header.generation,
                    seq=done.seq,
                    data=None if done.broken else done.data,
                    broken=done.broken,
                )


def read_lanes(groups: Iterable[EnvelopeGroup], check: CheckAll) -> dict[CouncilId, dict[LaneId, LaneRead]]:
    """Check every signature once, and put each lane in order.

    Args:
        groups: with certified headers, in any order; the same envelope may come several times.
        check: checks the signatures.

    Returns:
        Per council the lanes, by ascending id.
    """
    offered: dict[LaneId, tuple[LaneHeader, dict[tuple[int, bytes, bytes, bytes], Envelope]]] = {}
    for group in groups:
        of_lane = offered.setdefault(lane_id(group.header), (group.header, {}))[1]
        for envelope in group.envelopes:
            of_lane[envelope.seq, envelope.hash, envelope.prev or b"", envelope.signature] = envelope
    lanes = sorted(offered.items())
    signed = [
        Signed(header.device, signed_message(lane, envelope.hash), envelope.signature)
        for lane, (header, envelopes) in lanes
        for envelope in envelopes.values()
    ]
    answers = iter(check(signed))
    found: dict[CouncilId, dict[LaneId, LaneRead]] = {}
    for lane, (header, envelopes) in lanes:
        good: list[Envelope] = []
        forged: list[Envelope] = []
        for envelope in envelopes.values():
            (good if next(answers) else forged).append(envelope)
        found.setdefault(header.council, {})[lane] = _order(header, good, forged)
    return {council: _with_room(of_council) for council, of_council in found.items()}


def _order(header: LaneHeader, good: Sequence[Envelope], forged: list[Envelope]) -> LaneRead:
    """Apply the rules of forks to what stands at the beginning of the lane, then go on above gaps."""
    read = LaneRead(header)
    names = {envelope.hash for envelope in good}
    # A copy of a good envelope under a false signature takes nothing away.
    read.forged = sorted((e for e in forged if e.hash not in names), key=_place)
    plan = plan_lane(LaneState(kind=header.kind), good)
    read.forked_at = plan.fork_seq or 0
    read.kept = [e for e in plan.insert if not read.forked_at or e.seq < read.forked_at]
    head = read.kept[-1] if read.kept else None
    for envelope in plan.orphans:
        if head is not None and envelope.seq == head.seq:
            read.forked_at = head.seq
            read.beyond.pop()
            break
        after = head.seq if head is not None else 0
        if envelope.seq > after + 1:
            read.gaps.append(Gap(after + 1, envelope.seq - 1, envelope.prev))
        elif head is not None and envelope.prev != head.hash:
            break
        read.beyond.append(envelope)
        head = envelope
    if len(read.kept) + len(read.beyond) < len(names):
        taken = {envelope.hash for envelope in (*read.kept, *read.beyond)}
        read.unkept = sorted({e.hash: e for e in good if e.hash not in taken}.values(), key=_place)
    return read


def _with_room(lanes: Mapping[LaneId, LaneRead]) -> dict[LaneId, LaneRead]:
    """Leave out lanes for which their members leave no room: the lowest devices, and texts of each, stay."""
    devices: dict[MemberId, set[DeviceId]] = {}
    texts: dict[DeviceId, list[LaneId]] = {}
    for lane, read in lanes.items():
        if read.kept:
            devices.setdefault(read.header.member, set()).add(read.header.device)
            if read.header.kind is LaneKind.TEXT:
                texts.setdefault(read.header.device, []).append(lane)
    kept = {member: set(sorted(of)[:MAX_DEVICES_PER_MEMBER]) for member, of in devices.items()}
    put_out = {lane for of in texts.values() for lane in sorted(of)[MAX_TEXT_LANES_PER_DEVICE:]}
    return {
        lane: read
        for lane, read in lanes.items()
        if lane not in put_out and (not read.kept or read.header.device in kept[read.header.member])
    }


def _place(envelope: Envelope) -> tuple[int, bytes]:
    return envelope.seq, envelope.hash
