"""The table by which pulls share the work: who is asked for what, what has come, and how large it may grow."""

import pytest

from crdt import sync_claims
from crdt.ids import DeviceId, LaneId
from crdt.sync_claims import MAX_CLAIM_ENTRIES, MIN_CLAIM_ENTRIES, Claims, Taken

ADA, BEN, CEM = (DeviceId(name * 32) for name in (b"a", b"b", b"c"))
LANE, OTHER = LaneId(b"\1" * 32), LaneId(b"\2" * 32)


def lane(number: int) -> LaneId:
    return LaneId(number.to_bytes(32, "big"))


def test_a_lane_is_asked_of_one_device_until_it_answers() -> None:
    claims = Claims()
    claims.ask(LANE, ADA)
    assert claims.taken(LANE, ADA) is Taken.FREE
    assert claims.taken(LANE, BEN) is Taken.FIRMLY
    assert claims.taken(OTHER, BEN) is Taken.FREE
    claims.answered(ADA)
    assert claims.taken(LANE, BEN) is Taken.FREE


def test_who_is_too_slow_keeps_nobody_from_asking_until_it_serves() -> None:
    claims = Claims()
    claims.ask(LANE, ADA)
    claims.lapse(ADA)
    assert claims.taken(LANE, BEN) is Taken.LOOSELY
    claims.ask(OTHER, ADA)
    assert claims.taken(OTHER, BEN) is Taken.LOOSELY
    claims.served(ADA, {OTHER: 5}, 5, 5)
    claims.ask(OTHER, ADA)
    assert claims.taken(OTHER, BEN) is Taken.FIRMLY


def test_who_took_a_lane_over_keeps_it_when_the_slow_one_answers() -> None:
    claims = Claims()
    claims.ask(LANE, ADA)
    claims.lapse(ADA)
    claims.served(BEN, {}, 1, 1)
    claims.ask(LANE, BEN)
    claims.answered(ADA)
    assert claims.taken(LANE, CEM) is Taken.FIRMLY


def test_a_lane_that_was_let_down_is_not_held_up_by_one_unknown_device_after_the_other() -> None:
    claims = Claims()
    claims.ask(LANE, ADA)
    claims.lapse(ADA)
    claims.ask(LANE, BEN)
    assert claims.taken(LANE, CEM) is Taken.LOOSELY
    claims.served(CEM, {OTHER: 1}, 1, 1)
    claims.ask(LANE, CEM)
    assert claims.taken(LANE, BEN) is Taken.FIRMLY


def test_who_hands_over_a_handful_is_asked_for_little_and_claims_nothing_firmly() -> None:
    claims = Claims()
    claims.served(ADA, {LANE: 1}, 1, MAX_CLAIM_ENTRIES)
    assert claims.allowed(ADA) == MIN_CLAIM_ENTRIES
    claims.ask(OTHER, ADA)
    assert claims.taken(OTHER, BEN) is Taken.LOOSELY
    claims.served(ADA, {OTHER: MIN_CLAIM_ENTRIES}, MIN_CLAIM_ENTRIES, MIN_CLAIM_ENTRIES)
    claims.ask(OTHER, ADA)
    assert claims.allowed(ADA) == 2 * MIN_CLAIM_ENTRIES
    assert claims.taken(OTHER, BEN) is Taken.FIRMLY


def test_what_came_matters_until_it_is_folded_and_to_pulls_that_began_before_that_for_longer() -> None:
    claims = Claims()
    early = claims.begin(ADA)
    claims.served(BEN, {LANE: 7}, 7, 7)
    mark = claims.mark(LANE, early)
    assert mark is not None
    assert (mark.upto, mark.is_checked) == (7, False)
    claims.checked({LANE: 7})
    assert mark.is_checked
    assert claims.folded()
    assert not claims.folded()
    late = claims.begin(CEM)
    assert claims.mark(LANE, early) is mark
    assert claims.mark(LANE, late) is None


def test_what_was_lost_is_to_be_fetched_again() -> None:
    claims = Claims()
    began = claims.begin(ADA)
    claims.served(ADA, {LANE: 7}, 7, 7)
    version = claims.version
    claims.lost({LANE: 7})
    assert claims.mark(LANE, began) is None
    assert claims.version > version


def test_marks_go_when_no_pull_needs_them(monkeypatch: pytest.MonkeyPatch) -> None:
    claims = Claims()
    for number in range(100):
        claims.begin(ADA)
        claims.served(ADA, {lane(number): 1}, 1, 1)
        claims.checked({lane(number): 1})
        claims.folded()
        claims.end(ADA)
    assert not claims._marks
    assert not claims._closed


def test_memory_is_bounded_whatever_devices_claim_and_withhold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sync_claims, "MAX_MARKED_LANES", 50)
    monkeypatch.setattr(sync_claims, "MAX_LET_DOWN_LANES", 20)
    claims = Claims()
    for number in range(500):
        device = DeviceId(number.to_bytes(32, "little"))
        claims.begin(device)
        claims.ask(lane(number), device)
        claims.lapse(device)
        claims.served(device, {lane(number + 1_000): 1}, 1, 1)
        claims.checked({lane(number + 1_000): 1})
        claims.forget(device)
    claims.folded()
    claims.end(ADA)
    assert len(claims._marks) <= 50
    assert len(claims._let_down) <= 20
    for table in (claims._asked, claims._asked_of, claims._loose, claims._allowed, claims._running):
        assert not table
    assert not claims._stalled | claims._served
    assert not claims._unfolded
    assert not claims._closed
