"""`make sim-mutants`: protocol code with one rule broken, on purpose; the simulator has to notice each.

A simulator that finds nothing proves nothing, unless it finds what is there to be found. Each mutant replaces one
function or constant of the product, and is caught when some seed of the stated few gives a violation.
"""

# ruff: noqa: ANN401 - what stands in for a function takes whatever that takes.

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from crdt import evidence
from crdt.envelope import Envelope
from crdt.ids import ChangeHash
from crdt.store import orphans, schema
from p2pcouncil.domain import issues
from p2pcouncil.peer import hearsay, place, pulling
from tests.sim.hunting import Mutant, hunt_all, replaced
from tests.sim.run import run


def _without_fork_rule(state: Any, offered: Iterable[Envelope]) -> evidence.LanePlan:
    """Plan a lane as if nobody ever contradicted themselves: the first to come stays, the other is a duplicate."""
    some = [e for e in offered if not state.held.get(e.seq) or e.hash in state.held[e.seq]]
    first: dict[int, Envelope] = {}
    for envelope in some:
        first.setdefault(envelope.seq, envelope)
    return evidence.plan_lane(state, first.values())


def _first_branches(hashes: Iterable[ChangeHash]) -> tuple[ChangeHash, ...]:
    return tuple(dict.fromkeys(hashes))[:2]


@contextmanager
def _ballots_by_clock() -> Iterator[None]:
    """Of a member's ballots the one with the latest claimed time counts."""
    claimed_at_ms: dict[ChangeHash, int] = {}
    judge = issues.judge_ballot

    def judge_and_note(fact: Any, body: Any, facts: Any, issue: Any) -> Any:
        claimed_at_ms[fact.hash] = body.claimed_at_ms
        return judge(fact, body, facts, issue)

    def best(self: issues.Voter) -> ChangeHash | None:
        held = (entry for _, entry in self.held)
        return max(held, key=lambda entry: (claimed_at_ms.get(entry, 0), entry), default=None)

    with (
        patch("p2pcouncil.domain.transition.judge_ballot", judge_and_note),
        patch.object(issues.Voter, "best", best),
    ):
        yield


@contextmanager
def _no_transactions() -> Iterator[None]:
    """Every statement of a writing transaction is committed by itself."""

    @contextmanager
    def by_statement(conn: Any, *, write: bool) -> Iterator[None]:
        with schema.spoken_faults():
            yield

    with (
        patch("crdt.store.accept.transaction", by_statement),
        patch("crdt.store.append.transaction", by_statement),
    ):
        yield


def _unsynced(conn: Any) -> None:
    _prepare(conn)
    conn.execute("PRAGMA synchronous = OFF")


_prepare = schema.prepare_store


def _keeps_all_orphans(conn: Any, header: Any, before: Any, after: Any) -> None:
    with patch.multiple(orphans, MAX_LANE_ORPHANS=1 << 30, MAX_ORPHANS=1 << 30, MAX_POOL_BYTES=1 << 40):
        _replace_orphans(conn, header, before, after)


_replace_orphans = orphans.replace


def _late_rows_left_out(self: Any, rows: Iterable[Any], forks: Any) -> Any:
    """Whoever heard of an entry a while after it was written leaves it out."""
    some = [row for row in rows if row.first_seen_ms % 7 or row.envelope.seq < 3]
    return _take(self, some, forks)


_take = place.Place._take


def _fork_forgets_nothing(self: Any, lane: Any, seq: int) -> bool:
    self.index.truncate(lane, seq)
    return False


def _falls_alone(self: Any, lane: Any, seq: int) -> bool:
    """A vouch is taken back, and whom it let in stays as they came."""
    _fork(self, lane, seq)
    return False


_fork = place.Place.fork


def _counts_only(total: int, size: int) -> bytes:
    return size.to_bytes(8, "big") * 2


def _blames_the_messenger(self: Any, event: Any, now_ms: int) -> Any:
    effects = _gossip(self, event, now_ms)
    if effects:
        return effects
    return [pulling.Drop(event.device, "It passed on what can't be read.")]


_gossip = hearsay.Hearsay._take_in


MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "any signature",
        "a signature is right whatever it says",
        20,
        replaced("tests.sim.signatures.check_all", lambda signed: [True] * len(signed)),
    ),
    Mutant(
        "any certificate",
        "a device writes for whom it says",
        60,
        replaced("crdt.keys.is_certified", lambda certificate: True),
    ),
    Mutant(
        "no chain",
        "an envelope needs no predecessor",
        20,
        replaced("crdt.evidence._follows", lambda state, fresh, envelope: True),
    ),
    Mutant(
        "branches by arrival",
        "of a fork's branches the first two to come are kept",
        200,
        replaced("crdt.evidence.lowest_branches", _first_branches),
    ),
    Mutant(
        "evidence dropped",
        "what contradicts what is held is passed over",
        60,
        replaced("crdt.store.accept.plan_lane", _without_fork_rule),
    ),
    Mutant(
        "a fork undoes nothing",
        "what stood above a fork goes on counting where it was folded",
        60,
        lambda: patch.object(place.Place, "fork", _fork_forgets_nothing),
    ),
    Mutant(
        "a vouch falls alone",
        "whom a vouch let in stays when it is taken back",
        200,
        lambda: patch.object(place.Place, "fork", _falls_alone),
    ),
    Mutant(
        "ballots by clock",
        "of a member's ballots the one with the latest claimed time counts",
        100,
        _ballots_by_clock,
    ),
    Mutant(
        "late entries left out",
        "whether an entry counts depends on when this laptop heard of it",
        20,
        lambda: patch.object(place.Place, "_take", _late_rows_left_out),
    ),
    Mutant(
        "orphans without bound",
        "whatever waits for its predecessor is kept",
        100,
        replaced("crdt.store.orphans.replace", _keeps_all_orphans),
    ),
    Mutant(
        "acknowledged before it is on disk",
        "a commit does not wait for the disk",
        20,
        replaced("tests.sim.disk.prepare_store", _unsynced),
    ),
    Mutant(
        "no transactions",
        "each statement is committed by itself",
        100,
        _no_transactions,
    ),
    Mutant(
        "gossip is enough",
        "nothing is pulled but what gossip points at",
        20,
        lambda: patch.object(pulling.Pulling, "start", lambda self, device, council, now_ms: []),
    ),
    Mutant(
        "sizes for fingerprints",
        "two sets are taken for equal when they are equally large",
        200,
        replaced("crdt.index.fingerprint_of", _counts_only),
    ),
    Mutant(
        "the messenger is blamed",
        "who passes on what can't be read is dropped",
        60,
        lambda: patch.object(hearsay.Hearsay, "_take_in", _blames_the_messenger),
    ),
)


def play(seed: int) -> str:
    """Play a society; what was violated, shortly."""
    result = run(seed)
    return result.shortly() if result.violations else ""


if __name__ == "__main__":
    sys.exit(hunt_all(MUTANTS, play, "sim-mutants", sys.argv[1:]))
