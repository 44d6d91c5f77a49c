"""Which device votes for a member, and how far earlier ones count."""

import msgspec

from p2pcouncil.domain.entries import StateDuty
from p2pcouncil.domain.membership import MAX_VOUCHES_PER_LANE
from p2pcouncil.domain.records import Signed
from p2pcouncil.domain.rejections import Rule
from tests.support.world import World, key_of, message_of


def rules(world: World) -> list[Rule]:
    return [entry.rule for entry in world.fold().rejected]


def test_the_founding_and_the_join_name_the_first_device() -> None:
    world = World()
    world.vouch("Ada", "Dan")
    state = world.fold()
    assert state.duty(world.id("Ada")).device == world.person("Ada").device()
    assert state.duty(world.id("Dan")).device == world.person("Dan").device()
    assert state.duty(world.id("Zoe")).device is None


def test_other_devices_draft_and_comment_and_do_not_vote() -> None:
    world = World()
    proposal = world.propose("Ada", device=1)
    world.comment("Ben", proposal, device=1)
    world.withdraw("Ada", proposal, device=2)
    world.second("Ben", proposal, device=1)
    world.vouch("Ada", "Dan", device=1)
    world.leave("Ada", device=1)
    state = world.fold()
    assert rules(world) == [Rule.NOT_ON_DUTY] * 3
    assert len(state.proposals()) == 1
    assert len(state.comments(proposal.hash)) == 1
    assert not state.member(world.id("Ada")).has_left


def test_duty_moves_with_a_statement_and_earlier_lanes_count_as_far_as_it_says() -> None:
    world = World()
    before = world.invite("Ada", key_of("one"))
    world.invite("Ada", key_of("two"))
    world.state_duty("Ada", 1, 1, until=[(0, 0, before.seq)])
    after = world.write("Ada", world_invite(world, "three"), device=1)
    state = world.fold()
    assert state.duty(world.id("Ada")).device == world.person("Ada").device(1)
    assert [invite.hash for invite in state.invites()] == sorted([before.hash, after.hash])
    assert rules(world) == [Rule.NOT_ON_DUTY]


def world_invite(world: World, name: str):  # type: ignore[no-untyped-def]  # noqa: ANN201
    from p2pcouncil.domain.entries import Invite

    return Invite(world.now_ms(), bytes(key_of(name).verify_key), "")


def test_an_earlier_lane_that_is_not_listed_counts_for_nothing_that_takes_duty() -> None:
    world = World()
    world.invite("Ada", key_of("one"))
    world.propose("Ada")
    world.state_duty("Ada", 1, 1)
    state = world.fold()
    assert rules(world) == [Rule.NOT_ON_DUTY]
    assert len(state.proposals()) == 1


def test_a_generation_is_limited_apart_from_others_of_its_device() -> None:
    world = World()
    world.write("Ada", world_invite(world, "one"), generation=0)
    world.write("Ada", world_invite(world, "two"), generation=1)
    assert len(world.fold().invites()) == 2
    world.state_duty("Ada", 1, 1, until=[(0, 1, 9)])
    (left,) = world.fold().invites()
    assert left.invite_key == bytes(key_of("two").verify_key)


def test_the_highest_number_counts_and_of_equals_the_lowest_hash_with_both_listed() -> None:
    world = World()
    world.state_duty("Ada", 2, 1)
    world.state_duty("Ada", 1, 2)
    assert world.fold().duty(world.id("Ada")).device == world.person("Ada").device(1)
    assert world.fold().duty(world.id("Ada")).contested == ()
    world.state_duty("Ada", 2, 2)
    statements = {device: world.person("Ada").duty(world.council, 2, device) for device in (1, 2)}
    first = min(statements, key=lambda device: message_of(statements[device]))
    duty = world.fold().duty(world.id("Ada"))
    assert duty.device == world.person("Ada").device(first)
    assert len(duty.contested) == 2


def test_anybody_carries_a_statement_even_the_device_that_it_disowns() -> None:
    world = World()
    world.state_duty("Ada", 1, 1, disowned=[0], carrier=("Ada", 0))
    world.state_duty("Ben", 1, 1, carrier=("Zoe", 0))
    state = world.fold()
    assert state.duty(world.id("Ada")).device == world.person("Ada").device(1)
    assert state.duty(world.id("Ben")).device == world.person("Ben").device(1)
    assert state.rejected == ()


def test_a_disowned_device_can_say_nothing_beyond_its_limit() -> None:
    world = World()
    kept = world.propose("Ada", "Kept")
    world.propose("Ada", "Stolen")
    world.state_duty("Ada", 1, 1, until=[(0, 0, kept.seq)], disowned=[0])
    state = world.fold()
    assert [p.hash for p in state.proposals()] == [kept.hash]
    assert rules(world) == [Rule.DISOWNED]


def test_a_later_statement_replaces_an_earlier_one_whole() -> None:
    world = World()
    world.propose("Ada")
    world.state_duty("Ada", 1, 1, disowned=[0])
    state = world.fold()
    assert state.proposals() == ()
    state.apply([world.state_duty("Ada", 2, 1)])
    assert len(state.proposals()) == 1


def test_a_statement_that_disowns_its_own_device_or_is_for_elsewhere_does_not_hold() -> None:
    world = World()
    elsewhere = World(["Zoe"])
    world.state_duty("Ada", 1, 1, disowned=[1])
    world.write("Ada", StateDuty(1, world.person("Ada").duty(elsewhere.council, 1, 1)))
    assert sorted(rule.name for rule in rules(world)) == ["OTHER_COUNCIL", "RECORD"]
    assert world.fold().duty(world.id("Ada")).number == 0


def test_taking_the_carrier_back_takes_the_statement_back_unless_another_carries_it() -> None:
    world = World()
    first = world.state_duty("Ada", 1, 1, carrier=("Ben", 0))
    second = world.state_duty("Ada", 1, 1, carrier=("Cem", 0))
    state = world.fold()
    state.void(first.lane, first.seq)
    assert state.duty(world.id("Ada")).number == 1
    state.void(second.lane, second.seq)
    assert state.duty(world.id("Ada")).number == 0


def test_moving_duty_takes_ballots_back_and_gives_them_back() -> None:
    world = World()
    proposal = world.propose("Ada")
    opening = world.open("Ada", proposal, [world.second("Ben", proposal)])
    world.ballot("Cem", opening)
    state = world.fold()
    assert state.issue(opening.hash).tally.turnout == 1
    state.apply([world.state_duty("Cem", 1, 1)])
    assert state.issue(opening.hash).tally.turnout == 0
    state.apply([world.state_duty("Cem", 2, 0)])
    assert state.issue(opening.hash).tally.turnout == 1


def a_join_of_lower_hash(world: World, name: str, device: int) -> bytes:
    """A join by another device, ground until its hash is the lowest."""
    honest = message_of(world.join(name))
    ground = (world.join(name, device, display=f"{name} {number}") for number in range(1_000))
    return next(join for join in ground if message_of(join) < honest)


def test_a_stolen_second_device_can_not_vouch_itself_into_the_vote() -> None:
    """A join that only its own member, or a vouch that is void by itself, carries says nothing about devices."""
    world = World()
    world.vouch("Ada", "Dan")
    ground = a_join_of_lower_hash(world, "Dan", 1)
    proposal = world.propose("Ada")
    issue = world.open("Ada", proposal, [world.second("Ben", proposal)])
    ballot = world.ballot("Dan", issue)
    world.vouch("Dan", "Dan", ground, device=1)
    world.leave("Zoe")
    world.vouch("Zoe", "Dan", ground)
    for number in range(MAX_VOUCHES_PER_LANE):
        world.vouch("Ben", f"Newcomer {number}")
    too_many = world.vouch("Ben", "Dan", ground)
    state = world.fold()
    assert state.duty(world.id("Dan")).device == world.person("Dan").device()
    assert state.member(world.id("Dan")).joins == 1
    assert state.member(world.id("Dan")).name == "Dan"
    counted = state.ballot(issue.hash, world.id("Dan"))
    assert counted is not None
    assert counted.hash == ballot.hash
    state.void(too_many.lane, 1)
    state.void(world.lane("Zoe").lane, 1)
    assert state.duty(world.id("Dan")).device == world.person("Dan").device()


def test_when_joins_name_different_devices_none_votes_until_the_member_key_names_one() -> None:
    world = World()
    first = world.vouch("Ada", "Dan")
    invited = world.write("Dan", world_invite(world, "one"))
    second = world.vouch("Ben", "Dan", a_join_of_lower_hash(world, "Dan", 1))
    stolen = world.write("Dan", world_invite(world, "two"), device=1)
    state = world.fold()
    assert state.duty(world.id("Dan")).device is None
    assert state.member(world.id("Dan")).device is None
    assert state.member(world.id("Dan")).on_roll, "belonging rests on vouches, not on devices"
    assert {entry.hash for entry in state.rejected} == {invited.hash, stolen.hash}
    assert rules(world) == [Rule.NOT_ON_DUTY] * 2
    taken = world.fold()
    taken.void(second.lane, second.seq)
    assert taken.duty(world.id("Dan")).device == world.person("Dan").device()
    taken.void(first.lane, first.seq)
    assert taken.duty(world.id("Dan")).device is None
    state.apply([world.state_duty("Dan", 1, 0)])
    assert state.duty(world.id("Dan")).device == world.person("Dan").device()
    assert [entry.hash for entry in state.rejected] == [stolen.hash]


def test_a_vouch_by_somebody_who_may_not_vouch_still_carries_a_join() -> None:
    """Who may vouch rests on duty, so duty can't rest on who may vouch."""
    world = World()
    world.vouch("Ada", "Dan", device=1)
    assert rules(world) == [Rule.NOT_ON_DUTY]
    assert world.fold().duty(world.id("Dan")).device == world.person("Dan").device()


def test_a_founder_votes_with_the_device_of_the_founding_whatever_joins_say() -> None:
    world = World()
    world.vouch("Ben", "Ada", world.join("Ada", 1))
    assert world.fold().duty(world.id("Ada")).device == world.person("Ada").device()


def test_nobody_makes_a_statement_contested_by_carrying_it_in_other_bytes() -> None:
    world = World()
    world.state_duty("Ada", 1, 1)
    statement = msgspec.msgpack.decode(world.person("Ada").duty(world.council, 1, 1), type=Signed)
    spelled = msgspec.msgpack.encode(Signed(statement.body, (*statement.signatures, bytes(64))))
    world.write("Ben", StateDuty(1, spelled))
    duty = world.fold().duty(world.id("Ada"))
    assert duty.contested == ()
    assert rules(world) == [Rule.RECORD]
