"""The side of sync that asks: a machine of its own for each pull, bounded whatever the other side says.

It goes down into ranges whose fingerprints differ, compares the lanes that it finds there (`crdt.sync_lane`),
and fetches what is lacking, as far as no other pull fetches it already (`crdt.sync_claims`). A peer that lies
(false fingerprints, endless ranges, claims without envelopes, envelopes not asked for) ends the pull with a
`RemoteError`, or wastes a bounded number of rounds.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from crdt.envelope import Envelope, EnvelopeGroup, decode_groups
from crdt.errors import RemoteError
from crdt.ids import CouncilId, DeviceId, LaneId
from crdt.index import LaneIndex
from crdt.keys import lane_id
from crdt.sync_claims import Claims, Taken
from crdt.sync_doorstep import MAX_STRANGER_BYTES, Doorstep
from crdt.sync_lane import (
    Search,
    Step,
    Stretch,
    count_missing,
    first_step,
    next_step,
    validate_summary,
)
from crdt.sync_wire import (
    MAX_ANSWER_BYTES,
    MAX_PROBES,
    MAX_RANGES,
    MAX_WANTS,
    Probe,
    Range,
    RangeAnswer,
    Request,
    Summary,
    WireWant,
    decode_response,
    encode_request,
)

ALONE = DeviceId(b"")
"""Whom a pull asks that shares its work with no other."""
MAX_OPEN_LANES = 4_096
"""Lanes being fetched at a time; further ranges wait until some are done, so that memory stays bounded."""
MAX_SHOWN_LANES = 65_536
"""Lanes that the other side claims to hold more of and that never came to be held here."""
FEW_LANES = 1_024
"""So many shown lanes are kept before it is looked which of them have come; then twice as many, and so on."""
ENVELOPE_WEIGHT_BYTES = 500
"""What an envelope of a stranger costs beside its payload: its way here, and its place in memory."""
MAX_IDLE_ROUNDS = 3
"""Answers that bring nothing asked for. An honest peer may give one, when a fork took back what it offered."""
FREE_RANGES = 1_024
"""Ranges that may be asked for before the first lane shows up; an honest tree of 16 ** 8 lanes needs fewer."""
RANGES_PER_LANE = 4
"""Every part of an honest peer's range holds a lane, so ranges can't outnumber the lanes by much."""


@dataclass(frozen=True, slots=True)
class _Open:
    """A range that differs and was not looked into yet; the other side holds at least `missing` more."""

    range: Range
    missing: int


class Pull:
    """One pull from one peer: ask `next_request`, give the answer to `receive`, take the groups in, and so on.

    The pull has ended when it `is_done`; while it is not and there is no request, it waits for what other
    pulls are fetching. It may be dropped at any time; a new one goes on from whatever was taken in. After a
    `RemoteError` it is not to be used any more.
    """

    def __init__(
        self,
        council: CouncilId,
        index: LaneIndex,
        claims: Claims | None = None,
        device: DeviceId = ALONE,
        doorstep: Doorstep | None = None,
    ) -> None:
        """Begin.

        Args:
            council: the council that is reconciled.
            index: what we hold of it; read while the pull runs, so it should follow what is taken in.
            claims: what the council's other pulls are fetching; None when there are no others.
            device: whom this pull asks.
            doorstep: which lanes are not kept here; None when all are for which there is room.
        """
        self._council = council
        self._index = index
        self._claims = claims or Claims()
        self._device = device
        self._doorstep = doorstep or Doorstep(index)
        self.stranger_bytes = 0
        """What was fetched of lanes that are not kept at the moment."""
        self._began = self._claims.begin(device)
        fingerprint, _ = index.fingerprint()
        self._open = [_Open(Range(b"", b"", fingerprint), 0)]
        self._stretches: dict[LaneId, Stretch] = {}
        self._searches: dict[LaneId, Search] = {}
        self._shown: dict[LaneId, Summary] = {}
        self._asked: Request | None = None
        self._asked_open: list[_Open] = []
        self._nothing_free_at = -1
        self._look_through_at = FEW_LANES
        self._ranges_seen = 0
        self._lanes_seen = 0
        self._idle_rounds = 0

    @property
    def is_done(self) -> bool:
        """Whether all that the other side showed was fetched, by this pull or another."""
        return not (self._open or self._searches or self._stretches or self._asked)

    @property
    def is_fetching(self) -> bool:
        """Whether envelopes are on their way."""
        return self._asked is not None and bool(self._asked.wants)

    @property
    def behind(self) -> int:
        """How many envelopes the other side has shown to hold that we do not hold, as of now.

        A lower bound while the pull runs; what was received but not accepted still counts.
        """
        return sum(item.missing for item in self._open) + self._forget_what_is_held()

    def next_request(self, *, fetch: bool = True) -> bytes | None:
        """The next question, at most `MAX_REQUEST_BYTES`; the same one again when its answer was lost.

        Args:
            fetch: whether to ask for envelopes, too.

        Returns:
            None when there is nothing to ask: for good if the pull `is_done`, else for now.
        """
        room = MAX_RANGES if len(self._stretches) + len(self._searches) < MAX_OPEN_LANES else 0
        # The last ones first: going into depth keeps the list short.
        self._asked_open = self._open[len(self._open) - min(room, len(self._open)) :]
        request = Request(
            [item.range for item in self._asked_open],
            [Probe(lane, search.seqs()) for lane, search in islice(self._searches.items(), MAX_PROBES)],
            self._next_wants() if fetch else [],
        )
        is_empty = not (request.ranges or request.probes or request.wants)
        self._asked = None if is_empty else request
        return None if is_empty else encode_request(request)

    def receive(self, response: bytes) -> list[EnvelopeGroup]:
        """Take in the answer to the last question.

        Returns:
            Groups of envelopes that were asked for. Their signatures are not checked yet: that is `accept`'s.

        Raises:
            RemoteError: the answer is malformed, or is none to the question; give this pull up.
        """
        asked, self._asked = self._asked, None
        if asked is None:
            raise RemoteError("A peer answered a question that was not asked.")
        head, tail = decode_response(response)
        if len(head.ranges) > len(asked.ranges) or len(head.probes) > len(asked.probes):
            raise RemoteError("A peer answered more than it was asked.")
        if self._asked_open:
            del self._open[-len(self._asked_open) :]
        unanswered = self._asked_open[len(head.ranges) :]
        for item, found in zip(self._asked_open, head.ranges, strict=False):
            self._take_range(item.range, found)
        self._open += unanswered
        for probe, hashes in zip(asked.probes, head.probes, strict=False):
            self._take_probe(LaneId(probe.lane), hashes)
        wanted = {LaneId(want.lane): want.last for want in asked.wants}
        withdrawn = {LaneId(lane) for lane in head.withdrawn}
        if not withdrawn <= wanted.keys():
            raise RemoteError("A peer withdrew what it was not asked for.")
        for lane in withdrawn:
            self._stretches.pop(lane, None)
            self._shown.pop(lane, None)
        groups = decode_groups(tail, MAX_ANSWER_BYTES) if tail else []
        kept = [kept for group in groups for kept in self._take_group(group, wanted)]
        if self.stranger_bytes > MAX_STRANGER_BYTES:
            self._fetch_what_is_known()
        self._notice_idling(bool(head.ranges or head.probes or head.withdrawn or groups))
        if groups:
            count = sum(len(group.envelopes) for group in groups)
            asked_for = sum(want.last - want.first + 1 for want in asked.wants)
            self._claims.served(self._device, tops_of(kept), count, asked_for)
        elif withdrawn == wanted.keys():
            self._claims.answered(self._device)
        else:
            self._claims.failed(self._device)
        return kept

    def _take_range(self, asked: Range, found: RangeAnswer) -> None:
        self._ranges_seen += 1
        if found.is_equal:
            return
        low = asked.low
        for split in found.splits:
            is_last = split is found.splits[-1]
            fits = split.high == asked.high if is_last else _is_between(split.high, low, asked.high)
            if not fits:
                raise RemoteError("A peer divided a range into parts that do not make it up.")
            fingerprint, size = self._index.fingerprint(low, split.high)
            if split.size and fingerprint != split.fingerprint:
                self._open.append(_Open(Range(low, split.high), max(0, split.size - size)))
            low = split.high
        if len(found.splits) == 1:
            raise RemoteError("A peer divided a range into nothing but itself.")
        before = b""
        for summary in found.lanes:
            if not before < summary.lane or not _is_between(summary.lane, asked.low, asked.high, or_low=True):
                raise RemoteError("A peer summed up lanes out of order or out of range.")
            before = summary.lane
            self._take_summary(summary)
        if self._ranges_seen > FREE_RANGES + RANGES_PER_LANE * self._lanes_seen:
            raise RemoteError("A peer divides its ranges without end.")

    def _take_summary(self, summary: Summary) -> None:
        validate_summary(summary)
        lane = LaneId(summary.lane)
        held = self._index.lane(lane)
        step = first_step(held, summary)
        if held is not None or step is not None:
            self._lanes_seen += 1
        if step is not None and not (held is None and self._doorstep.keeps_out(lane)):
            self._shown[lane] = summary
            self._take_step(lane, step)
        if len(self._shown) >= self._look_through_at:
            self._forget_what_is_held()
            if len(self._shown) > MAX_SHOWN_LANES:
                raise RemoteError("A peer shows lanes without end.")
            self._look_through_at = min(max(FEW_LANES, 2 * len(self._shown)), MAX_SHOWN_LANES + 1)

    def _take_probe(self, lane: LaneId, hashes: Sequence[bytes]) -> None:
        search = self._searches.pop(lane, None)
        if search is not None:
            self._take_step(lane, next_step(self._index.lane(lane), search, hashes))

    def _take_step(self, lane: LaneId, step: Step) -> None:
        match step:
            case Stretch():
                self._stretches[lane] = step
                self._nothing_free_at = -1
            case Search():
                self._searches[lane] = step
            case None:
                self._shown.pop(lane, None)

    def _take_group(self, group: EnvelopeGroup, wanted: Mapping[LaneId, int]) -> Iterator[EnvelopeGroup]:
        lane = lane_id(group.header)
        stretch = self._stretches.get(lane)
        is_asked = lane in wanted and group.header.council == self._council
        if stretch is None or not is_asked or not group.envelopes:
            raise RemoteError("A peer sent envelopes that it was not asked for.")
        held = self._index.lane(lane)
        for envelope in group.envelopes:
            _take_envelope(stretch, envelope, wanted[lane])
        first = group.envelopes[0]
        ours = b"" if held is None else held.hash_at(first.seq - 1)
        if ours and ours != first.prev:
            # Our chains part below what was to extend ours: look for the place, and fetch the other branch
            # there.
            del self._stretches[lane]
            self._take_step(lane, _part_below(first.seq))
            return
        is_over = stretch.first > stretch.last or stretch.has_forked
        if held is None and self._doorstep.turns_away(lane, group.header):
            self.stranger_bytes += sum(map(_weight_bytes, group.envelopes))
            if not self._doorstep.is_stranger(group.header):
                del self._stretches[lane]
                return
        if is_over:
            del self._stretches[lane]
        yield group

    def _fetch_what_is_known(self) -> None:
        """Look for no more lanes: enough of strangers has come, who are passed over by the next pull."""
        self._open.clear()
        known = {lane: s for lane, s in self._stretches.items() if self._index.lane(lane) is not None}
        self._stretches = known

    def _notice_idling(self, has_progress: bool) -> None:
        self._idle_rounds = 0 if has_progress else self._idle_rounds + 1
        if self._idle_rounds >= MAX_IDLE_ROUNDS:
            raise RemoteError("A peer does not serve what it claims to hold.")

    def _next_wants(self) -> list[WireWant]:
        """Choose what to fetch: no more than an answer holds, and nothing that another pull fetches."""
        if self._nothing_free_at == self._claims.version:
            return []
        for lane in [lane for lane, stretch in self._stretches.items() if self._is_settled(lane, stretch)]:
            del self._stretches[lane]
        wants = self._choose(Taken.FREE) or self._choose(Taken.LOOSELY)
        for want in wants:
            self._claims.ask(LaneId(want.lane), self._device)
        self._nothing_free_at = -1 if wants else self._claims.version
        return wants

    def _choose(self, at_most: Taken) -> list[WireWant]:
        """Choose among the stretches that nobody else is asked for, or only somebody who is too slow."""
        wants: list[WireWant] = []
        room = self._claims.allowed(self._device)
        for lane, stretch in self._stretches.items():
            if not room or len(wants) == MAX_WANTS:
                break
            if stretch.first <= stretch.last and self._claims.taken(lane, self._device) <= at_most:
                last = min(stretch.last, stretch.first + room - 1)
                wants.append(WireWant(lane, stretch.first, last))
                room -= last - stretch.first + 1
        return wants

    def _is_settled(self, lane: LaneId, stretch: Stretch) -> bool:
        """Whether there is no more need of a stretch; else it goes on behind what has come by now."""
        held = self._index.lane(lane)
        if stretch.is_branch:
            return False
        if held is not None and held.fork_seq is not None:
            return True
        mark = self._claims.mark(lane, self._began)
        count = 0 if held is None else held.count
        first = 1 + (count if mark is None else max(count, mark.upto))
        if first != stretch.first:
            stretch.first, stretch.tail = first, b""
        return first > stretch.last and (count >= stretch.last or mark is None or mark.is_checked)

    def _forget_what_is_held(self) -> int:
        """Leave out lanes that were shown and have come by now, whoever brought them; count what is missing."""
        missing = {lane: self._missing(lane, summary) for lane, summary in self._shown.items()}
        for lane in [lane for lane, count in missing.items() if not count]:
            del self._shown[lane]
        return sum(missing.values())

    def _missing(self, lane: LaneId, summary: Summary) -> int:
        """Envelopes lacking of a lane; a branch that is being looked for counts as one."""
        is_open = lane in self._stretches or lane in self._searches
        if self._doorstep.keeps_out(lane) and self._index.lane(lane) is None:
            return 0
        return max(count_missing(self._index.lane(lane), summary), int(is_open))


def tops_of(groups: Iterable[EnvelopeGroup]) -> dict[LaneId, int]:
    """The highest place of each lane of which envelopes came."""
    tops: dict[LaneId, int] = {}
    for group in groups:
        for envelope in group.envelopes:
            tops[envelope.lane] = max(envelope.seq, tops.get(envelope.lane, 0))
    return tops


def _take_envelope(stretch: Stretch, envelope: Envelope, last: int) -> None:
    """Check that an envelope is the next of its stretch: in sequence, or a second branch at the same place."""
    is_next = envelope.seq == stretch.first or (stretch.has_forked and envelope.seq > stretch.first)
    is_second_branch = bool(stretch.tail) and envelope.seq == stretch.first - 1
    if not (is_next or is_second_branch) or envelope.seq > last:
        raise RemoteError("A peer sent envelopes that it was not asked for.")
    if is_second_branch:
        stretch.has_forked = True
    elif stretch.tail and not stretch.has_forked and envelope.prev != stretch.tail:
        raise RemoteError("A peer sent envelopes that do not follow each other.")
    stretch.first = envelope.seq + 1
    stretch.tail = envelope.hash


def _weight_bytes(envelope: Envelope) -> int:
    return len(envelope.payload) + ENVELOPE_WEIGHT_BYTES


def _part_below(seq: int) -> Step:
    """The step that finds where chains part that are known to differ at `seq` - 1."""
    if seq == 2:
        return Stretch(1, 1, is_branch=True)
    return Search(0, seq - 1)


def _is_between(bound: bytes, low: bytes, high: bytes, *, or_low: bool = False) -> bool:
    """Whether a bound lies inside a range; an empty `high` is the end of all ids."""
    return (low < bound or (or_low and low == bound)) and (not high or bound < high)
