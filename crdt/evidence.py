"""Forks, and what is kept of a forked lane: pure rules that every replica applies alike.

Two validly signed envelopes at one (lane, seq) are a *fork*. Of a forked lane every replica keeps what is
below the lowest fork and the two lowest hashes there, and nothing above. Lower forks and lower hashes replace
higher ones and never come back, and what a replica needs to judge an envelope, the chain below it, is never
dropped; so the order of arrival leaves no trace. Source: DESIGN section 3, "Equivocation".

What a lane may weigh counts along its own chain, so that it too is a function of the chain alone.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from crdt.envelope import Envelope, is_authentic, payload_hash
from crdt.errors import RemoteError
from crdt.ids import ChangeHash
from crdt.keys import LaneHeader, LaneKind, lane_id, validate_header
from crdt.lane_bounds import max_bytes_of, may_be_too_heavy

BRANCHES_KEPT = 2
"""Two branches prove a fork; a third proves nothing more."""


@dataclass(frozen=True, slots=True)
class ForkEvidence:
    """Proof that a device signed two changes for one place in its lane; `first` has the lower hash."""

    header: LaneHeader
    first: Envelope
    second: Envelope


def verify_evidence(evidence: ForkEvidence) -> None:
    """Check a proof from its own bytes alone.

    Raises:
        RemoteError: it proves nothing, and says why.
    """
    header, first, second = evidence.header, evidence.first, evidence.second
    validate_header(header)
    if first.seq != second.seq or not first.hash < second.hash:
        raise RemoteError("The two envelopes do not contradict each other at one place of a lane.")
    for envelope in (first, second):
        if envelope.lane != lane_id(header):
            raise RemoteError("An envelope belongs to another lane than the proof says.")
        if payload_hash(header, envelope.seq, envelope.prev, envelope.payload) != envelope.hash:
            raise RemoteError("An envelope's hash is not that of its payload.")
        if not is_authentic(header.device, envelope):
            raise RemoteError("An envelope of the proof was not signed by the device.")


def weighs_nothing(seq: int) -> int:
    """What stands below any place of an empty lane."""
    return 0


@dataclass(frozen=True, slots=True)
class LaneState:
    """What a replica holds of a lane, as far as the envelopes on offer touch it.

    Attributes:
        head_seq: seq of the last envelope below any fork; 0 for an empty lane.
        fork_seq: seq of the lowest known fork; None while there is none.
        held: per seq the hashes held, at least at the place of every envelope on offer and the one before.
        kind: what the lane's changes are changes of.
        bytes_below: what the payloads held below a place weigh; asked for in long lanes only.
    """

    head_seq: int = 0
    fork_seq: int | None = None
    held: Mapping[int, tuple[ChangeHash, ...]] = field(default_factory=dict)
    kind: LaneKind = LaneKind.FEED
    bytes_below: Callable[[int], int] = weighs_nothing


@dataclass(slots=True)
class LanePlan:
    """What to do with the envelopes on offer for one lane.

    Attributes:
        insert: rows to add first, in the order of the chain; the first branch of a new fork may be among
            them.
        fork_seq: where the lane is forked now; None while it is not.
        branches: hashes to hold at `fork_seq`, the lowest first; filled only when they change.
        branch_envelopes: those of `branches` to add.
        orphans: rightly signed, but what they follow is not held yet.
        duplicates: how many were held already.
        dropped: how many stand at or above a fork and are not kept.
        too_heavy: what no chain of this kind may hold, for all that stands below it.
    """

    insert: list[Envelope] = field(default_factory=list)
    fork_seq: int | None = None
    branches: tuple[ChangeHash, ...] = ()
    branch_envelopes: list[Envelope] = field(default_factory=list)
    orphans: list[Envelope] = field(default_factory=list)
    duplicates: int = 0
    dropped: int = 0
    too_heavy: set[ChangeHash] = field(default_factory=set)


def plan_lane(state: LaneState, offered: Iterable[Envelope]) -> LanePlan:
    """Decide what a lane holds after envelopes were offered. The order of `offered` does not matter.

    Args:
        state: what is held.
        offered: envelopes of this lane, signatures verified.

    Returns:
        The plan; following it makes the lane what it would be had all envelopes ever offered come at once.
    """
    plan = LanePlan(fork_seq=state.fork_seq)
    fresh: dict[int, ChangeHash] = {}
    scales = _Scales(state)
    for envelope in sorted(offered, key=_place):
        seq, change = envelope.seq, envelope.hash
        here = (fresh[seq],) if seq in fresh else state.held.get(seq, ())
        if plan.fork_seq == seq and plan.branches:
            here = plan.branches
        if plan.fork_seq is not None and seq > plan.fork_seq:
            _beyond(plan, envelope, here)
        elif change in here:
            plan.duplicates += 1
        elif envelope.prev in plan.too_heavy:
            plan.too_heavy.add(change)
        elif not _follows(state, fresh, envelope):
            _unrooted(plan, state.head_seq + len(fresh), envelope)
        elif not scales.bear(envelope):
            plan.too_heavy.add(change)
        elif here:
            plan.fork_seq = seq
            _branch(plan, envelope, here)
        else:
            plan.insert.append(envelope)
            fresh[seq] = change
            scales.add(envelope)
    return plan


def lowest_branches(hashes: Iterable[ChangeHash]) -> tuple[ChangeHash, ...]:
    """Return the branches that are kept of all that are known at one place."""
    return tuple(sorted(set(hashes))[:BRANCHES_KEPT])


class _Scales:
    """Weighs chains along their own sequence, where they are long enough to be too heavy."""

    def __init__(self, state: LaneState) -> None:
        self._state = state
        self._held: int | None = None
        self._fresh: dict[int, int] = {}

    def bear(self, envelope: Envelope) -> bool:
        """Whether a lane may hold an envelope, which follows what is held or was added."""
        kind, seq = self._state.kind, envelope.seq
        if not may_be_too_heavy(kind, seq):
            return True
        below = self._fresh.get(seq - 1, 0) + self._held_below(seq)
        return below + len(envelope.payload) <= max_bytes_of(kind)

    def add(self, envelope: Envelope) -> None:
        """Put on the next of the chain."""
        self._fresh[envelope.seq] = self._fresh.get(envelope.seq - 1, 0) + len(envelope.payload)

    def _held_below(self, seq: int) -> int:
        if seq <= self._state.head_seq:
            return self._state.bytes_below(seq)
        if self._held is None:
            self._held = self._state.bytes_below(self._state.head_seq + 1)
        return self._held


def _place(envelope: Envelope) -> tuple[int, ChangeHash, bytes]:
    return envelope.seq, envelope.hash, envelope.prev or b""


def _follows(state: LaneState, fresh: Mapping[int, ChangeHash], envelope: Envelope) -> bool:
    """Whether the envelope's predecessor is held at the place before it."""
    if envelope.seq == 1:
        return True
    before = envelope.seq - 1
    return envelope.prev == fresh[before] if before in fresh else envelope.prev in state.held.get(before, ())


def _unrooted(plan: LanePlan, head_seq: int, envelope: Envelope) -> None:
    if envelope.seq > head_seq + 1:
        if plan.orphans and _place(plan.orphans[-1]) == _place(envelope):
            plan.duplicates += 1
        else:
            plan.orphans.append(envelope)
    else:
        # Another envelope is held where its predecessor belongs. Should that one come too, the fork lies
        # below this envelope, which therefore can never be kept.
        plan.dropped += 1


def _beyond(plan: LanePlan, envelope: Envelope, here: tuple[ChangeHash, ...]) -> None:
    if envelope.hash in here:
        plan.duplicates += 1
    else:
        plan.dropped += 1


def _branch(plan: LanePlan, envelope: Envelope, known: tuple[ChangeHash, ...]) -> None:
    if envelope.hash in known:
        plan.duplicates += 1
        return
    kept = lowest_branches((*known, envelope.hash))
    if envelope.hash not in kept:
        plan.dropped += 1
        return
    plan.branch_envelopes.append(envelope)
    plan.branches = kept
