"""The statements that a member's program makes: none makes anything count that did not."""

import pytest

from crdt.errors import LocalError
from crdt.ids import DeviceId, LaneId
from p2pcouncil.domain import records
from p2pcouncil.domain.entries import Invite, StateDuty
from p2pcouncil.domain.feed_entry import FeedEntry
from p2pcouncil.domain.records import MAX_DISOWNED, MAX_STATEMENTS, MAX_UNTIL, Duty, Until, read_duty
from p2pcouncil.domain.rejections import Rule
from p2pcouncil.peer.world import Me
from p2pcouncil.runtime.duty import next_statement
from tests.support.world import World, digest_of, key_of, signed


def me_on(world: World, device: int) -> Me:
    ada = world.person("Ada")
    return Me(ada.certificate(device), ada.name, ada.vrf)


def held(world: World) -> dict[LaneId, Until]:
    """How far each of Ada's feeds is held."""
    found: dict[LaneId, Until] = {}
    for entry in world.entries:
        if entry.member == world.id("Ada"):
            found[entry.lane] = Until(entry.device, entry.generation, entry.seq)
    return found


def state_next(world: World, device: int, disowned: int | None = None) -> Duty:
    """What the program on a device of Ada's makes, written there."""
    lost = None if disowned is None else world.person("Ada").device(disowned)
    statement = next_statement(world.fold(), me_on(world, device), held(world), lost)
    body = records.encode_record(statement)
    record = signed(body, records.duty_message(body), world.person("Ada").member_key)
    assert read_duty(record) == statement
    world.write("Ada", StateDuty(world.now_ms(), record), device)
    return statement


def invite(world: World, name: str, device: int, generation: int = 0) -> FeedEntry:
    entry = Invite(world.now_ms(), bytes(key_of(name).verify_key), "")
    return world.write("Ada", entry, device, generation)


def refused(world: World) -> dict[bytes, Rule]:
    return {entry.hash: entry.rule for entry in world.fold().rejected}


def test_a_later_statement_gives_a_disowned_device_nothing_back() -> None:
    world = World()
    honest = invite(world, "honest", 0)
    first = state_next(world, 1, disowned=0)
    stolen = [invite(world, "stolen", 0), world.propose("Ada"), invite(world, "further", 0, generation=1)]
    assert refused(world) == {entry.hash: Rule.DISOWNED for entry in stolen}
    for device in (2, 1):
        later = state_next(world, device)
        assert later.disowned == first.disowned
        assert [u for u in later.until if u.device == honest.device] == list(first.until)
        assert refused(world) == {entry.hash: Rule.DISOWNED for entry in stolen}


def test_disowning_a_device_does_not_make_count_what_it_wrote_off_duty() -> None:
    world = World()
    draft = world.propose("Ada", device=1)
    stolen = invite(world, "stolen", 1)
    comment = world.comment("Ada", draft, device=1)
    assert refused(world) == {stolen.hash: Rule.NOT_ON_DUTY}
    state_next(world, 0, disowned=1)
    assert refused(world) == {stolen.hash: Rule.DISOWNED, comment.hash: Rule.DISOWNED}
    assert [proposal.hash for proposal in world.fold().proposals()] == [draft.hash]


def test_moving_duty_leaves_all_that_counted_and_nothing_more() -> None:
    world = World()
    first = invite(world, "first", 0)
    state_next(world, 1)
    late = invite(world, "late", 0)
    second = invite(world, "second", 1)
    state_next(world, 2)
    assert refused(world) == {late.hash: Rule.NOT_ON_DUTY}
    assert {entry.hash for entry in world.fold().invites()} == {first.hash, second.hash}


def test_what_is_not_held_here_counts_on_as_far_as_was_said() -> None:
    world = World()
    invite(world, "first", 0)
    state_next(world, 1)
    state = world.fold(entry for entry in world.entries if entry.device != world.person("Ada").device(0))
    mine = {lane: until for lane, until in held(world).items() if until.device == me_on(world, 1).device}
    statement = next_statement(state, me_on(world, 2), mine)
    assert Until(world.person("Ada").device(0), 0, 1) in statement.until


def test_of_two_statements_of_one_number_the_narrower_limit_is_kept() -> None:
    world = World()
    invite(world, "first", 0)
    invite(world, "second", 0)
    world.state_duty("Ada", 1, 1, [(0, 0, 2)], [0])
    world.state_duty("Ada", 1, 2, [(0, 0, 1)], [0])
    statement = next_statement(world.fold(), me_on(world, 1), held(world))
    assert [u.seq for u in statement.until if u.device == world.person("Ada").device(0)] == [1]
    assert statement.number == 2


def test_more_lanes_than_fit_keep_what_votes_now_and_what_counted() -> None:
    world = World()
    invite(world, "first", 0)
    invite(world, "second", 0)
    state_next(world, 1)
    now = invite(world, "third", 1)
    lanes = held(world)
    for number in range(MAX_UNTIL + 72):
        lanes[LaneId(digest_of(f"lane {number}"))] = Until(digest_of(f"device {number}"), 0, 9)
    statement = next_statement(world.fold(), me_on(world, 2), lanes)
    assert len(statement.until) == MAX_UNTIL
    assert Until(now.device, 0, now.seq) in statement.until
    assert Until(world.person("Ada").device(0), 0, 2) in statement.until


def test_a_statement_that_no_peer_would_take_is_refused_with_a_hint() -> None:
    world = World()
    ada = world.person("Ada")
    world.state_duty("Ada", 1, 0, disowned=range(2, 2 + MAX_DISOWNED))
    with pytest.raises(LocalError, match="disown at most 64") as caught:
        next_statement(world.fold(), me_on(world, 0), {}, ada.device(1))
    assert caught.value.hint
    world.state_duty("Ada", MAX_STATEMENTS, 0)
    with pytest.raises(LocalError, match="No higher statement") as caught:
        next_statement(world.fold(), me_on(world, 0), {}, DeviceId(digest_of("lost")))
    assert caught.value.hint
