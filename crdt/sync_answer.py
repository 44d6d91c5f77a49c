"""The side of sync that answers: each question by itself, out of the index, keeping nothing of the asker."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from crdt.errors import RemoteError
from crdt.ids import LaneId
from crdt.index import HeldLane, LaneIndex, Want
from crdt.sync_wire import (
    MAX_ABOVE,
    MAX_SPLITS,
    MAX_SUMMARIES,
    Probe,
    Range,
    RangeAnswer,
    Response,
    Split,
    Summary,
    decode_request,
    encode_response,
)


def answer(index: LaneIndex, request: bytes) -> tuple[bytes, list[Want]]:
    """Answer another peer's question about a council.

    Args:
        index: what we hold of the council.
        request: the question's bytes.

    Returns:
        The head of the answer, and what to serve. The caller reads that (`read_groups`, up to
        `MAX_RESPONSE_BYTES`) and appends it to the head with `encode_groups`; with nothing to serve the head
        is the whole answer.

    Raises:
        RemoteError: the question is malformed or out of bounds.
    """
    asked = decode_request(request)
    wants, withdrawn = [], []
    for want in asked.wants:
        if want.first > want.last:
            raise RemoteError("A peer asked for envelopes from behind.")
        if _top(index.lane(LaneId(want.lane))) < want.first:
            withdrawn.append(want.lane)
        else:
            wants.append(Want(LaneId(want.lane), want.first, want.last))
    response = Response(
        [_answer_range(index, asked_range) for asked_range in asked.ranges],
        [_answer_probe(index, probe) for probe in asked.probes],
        withdrawn,
    )
    return encode_response(response), wants


def _answer_range(index: LaneIndex, asked: Range) -> RangeAnswer:
    if asked.high and not asked.low < asked.high:
        raise RemoteError("A peer asked for a range that ends before it begins.")
    lanes = index.lanes_between(asked.low, asked.high)
    fingerprint, _ = index.fingerprint(asked.low, asked.high)
    if fingerprint == asked.fingerprint:
        return RangeAnswer(True, [], [])
    if len(lanes) <= MAX_SUMMARIES:
        held = [index.lane(lane) for lane in lanes]
        return RangeAnswer(False, [], [_summary(lane) for lane in held if lane is not None and lane.size])
    return RangeAnswer(False, list(_splits(index, lanes, asked)), [])


def _splits(index: LaneIndex, lanes: Sequence[LaneId], asked: Range) -> Iterator[Split]:
    cuts = [len(lanes) * part // MAX_SPLITS for part in range(1, MAX_SPLITS)]
    bounds = [_separator(lanes[cut - 1], lanes[cut]) for cut in cuts]
    for low, high in pairwise([asked.low, *bounds, asked.high]):
        yield Split(high, *index.fingerprint(low, high))


def _separator(below: LaneId, above: LaneId) -> bytes:
    """The shortest prefix of `above` that is greater than `below`; random ids need some three bytes."""
    length = next(at for at, (a, b) in enumerate(zip(below, above, strict=True)) if a != b)
    return above[: length + 1]


def _summary(held: HeldLane) -> Summary:
    return Summary(held.lane, held.count, held.tip, list(held.above[:MAX_ABOVE]))


def _answer_probe(index: LaneIndex, probe: Probe) -> list[bytes]:
    held = index.lane(LaneId(probe.lane))
    if held is None:
        return [b""] * len(probe.seqs)
    return [min(held.hashes_at(seq), default=b"") for seq in probe.seqs]


def _top(held: HeldLane | None) -> int:
    if held is None:
        return 0
    return held.above[-1][0] if held.above else held.count
