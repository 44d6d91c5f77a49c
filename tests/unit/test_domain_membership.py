"""Who belongs: founders, those vouched for, those who left."""

from p2pcouncil.domain.records import Charter
from p2pcouncil.domain.rejections import Rule
from tests.support.world import World, digest_of, key_of, message_of


def rules(world: World) -> list[Rule]:
    return [entry.rule for entry in world.fold().rejected]


def test_founders_belong_from_the_start() -> None:
    world = World(["Ada", "Ben"])
    state = world.fold([])
    assert [m.name for m in sorted(state.members(), key=lambda m: m.name)] == ["Ada", "Ben"]
    assert all(m.is_founder and m.is_admitted and m.on_roll and not m.vouchers for m in state.members())
    assert state.known_roll() == tuple(sorted([world.id("Ada"), world.id("Ben")]))


def test_one_vouch_admits_and_the_charters_number_grounds() -> None:
    world = World(charter=Charter(vouches_needed=2))
    world.vouch("Ada", "Dan")
    dan = world.fold().member(world.id("Dan"))
    assert dan.is_admitted
    assert not dan.is_grounded
    assert not dan.on_roll
    world.vouch("Ben", "Dan")
    state = world.fold()
    assert state.member(world.id("Dan")).on_roll
    assert state.member(world.id("Dan")).vouchers == tuple(sorted([world.id("Ada"), world.id("Ben")]))


def test_vouching_twice_counts_once() -> None:
    world = World(charter=Charter(vouches_needed=2))
    world.vouch("Ada", "Dan")
    world.vouch("Ada", "Dan")
    assert not world.fold().member(world.id("Dan")).on_roll


def test_newcomers_can_vouch_and_need_not_be_on_the_roll_for_that() -> None:
    world = World(["Ada"], Charter(vouches_needed=2))
    world.vouch("Ada", "Dan")
    world.vouch("Dan", "Eve")
    eve = world.fold().member(world.id("Eve"))
    assert eve.is_admitted
    assert not eve.is_grounded


def test_a_circle_of_newcomers_stays_outside() -> None:
    world = World()
    world.vouch("Dan", "Eve")
    world.vouch("Eve", "Dan")
    state = world.fold()
    assert not state.member(world.id("Dan")).is_admitted
    assert rules(world) == [Rule.NOT_ADMITTED] * 2


def test_a_circle_falls_when_the_vouch_that_held_it_is_taken_back() -> None:
    world = World()
    first = world.vouch("Ada", "Dan")
    world.vouch("Dan", "Eve")
    world.vouch("Eve", "Dan")
    state = world.fold()
    assert state.member(world.id("Eve")).is_admitted
    state.void(first.lane, 1)
    assert not state.member(world.id("Eve")).is_admitted
    assert not state.member(world.id("Dan")).is_admitted
    assert state.is_admitted(world.id("Eve"))


def test_a_chain_is_admitted_whichever_vouch_comes_first() -> None:
    world = World()
    world.vouch("Ada", "Dan")
    world.vouch("Dan", "Eve")
    state = world.fold(reversed(world.entries))
    assert state.member(world.id("Eve")).on_roll
    assert state.is_admitted(world.id("Eve"))


def test_nobody_vouches_for_themselves() -> None:
    world = World()
    world.vouch("Ada", "Dan")
    world.vouch("Dan", "Dan")
    assert rules(world) == [Rule.VOUCH_FOR_SELF]


def test_a_join_for_another_council_is_no_join_here() -> None:
    world = World()
    elsewhere = World(["Zoe"])
    world.vouch("Ada", "Dan", elsewhere.person("Dan").join(elsewhere.council))
    assert rules(world) == [Rule.OTHER_COUNCIL]
    assert not world.fold().is_admitted(world.id("Dan"))


def test_a_join_that_does_not_verify_admits_nobody() -> None:
    world = World()
    join = world.join("Dan")
    world.vouch("Ada", "Dan", join[:-1] + bytes([join[-1] ^ 1]))
    world.vouch("Ada", "Dan", b"no record at all")
    assert rules(world) == [Rule.RECORD] * 2
    assert not world.fold().is_admitted(world.id("Dan"))


def test_a_lane_vouches_at_most_32_times() -> None:
    world = World()
    for number in range(33):
        world.vouch("Ada", f"Newcomer {number}")
    state = world.fold()
    assert rules(world) == [Rule.TOO_MANY_VOUCHES]
    assert len(state.known_roll()) == 3 + 32
    assert not state.is_admitted(world.id("Newcomer 32"))


def test_leaving_takes_a_member_off_the_roll_and_keeps_those_they_vouched_for() -> None:
    world = World()
    world.vouch("Ada", "Dan")
    world.leave("Ada")
    state = world.fold()
    roll = state.known_roll()
    assert world.id("Ada") not in roll
    assert world.id("Dan") in roll
    ada = state.member(world.id("Ada"))
    assert ada.has_left
    assert ada.is_admitted
    assert not ada.on_roll


def test_a_vouch_after_ones_own_leave_does_not_count() -> None:
    world = World()
    world.leave("Ada")
    world.vouch("Ada", "Dan")
    assert rules(world) == [Rule.VOUCH_AFTER_LEAVING]
    assert world.id("Dan") not in {member.member for member in world.fold().members()}


def test_of_two_joins_the_one_with_the_lowest_hash_names_the_member() -> None:
    world = World()
    joins = [world.join("Dan", display="Dan"), world.join("Dan", display="Daniel")]
    world.vouch("Ada", "Dan", joins[0])
    world.vouch("Ben", "Dan", joins[1])
    first = min((0, 1), key=lambda number: message_of(joins[number]))
    dan = world.fold().member(world.id("Dan"))
    assert dan.name == ("Dan", "Daniel")[first]
    assert dan.device == world.person("Dan").device()
    assert dan.joins == 2


def test_an_invitation_used_by_two_is_shown_on_both_and_voids_neither() -> None:
    world = World()
    key = key_of("invitation")
    world.invite("Ada", key)
    world.vouch("Ada", "Dan", world.join("Dan", invite_key=key))
    state = world.fold()
    assert not state.member(world.id("Dan")).invite_shared
    other = world.vouch("Ben", "Eve", world.join("Eve", invite_key=key))
    state.apply([other])
    for name in ("Dan", "Eve"):
        assert state.member(world.id(name)).invite_shared
        assert state.member(world.id(name)).on_roll
    assert [invite.invite_key for invite in state.invites()] == [bytes(key.verify_key)]


def test_strangers_can_say_nothing() -> None:
    world = World()
    world.propose("Zoe")
    world.invite("Zoe", key_of("invitation"))
    assert rules(world) == [Rule.NOT_ADMITTED] * 2


def test_what_a_newcomer_said_counts_once_somebody_vouches() -> None:
    world = World()
    proposal = world.propose("Dan")
    state = world.fold()
    assert state.proposals() == ()
    state.apply([world.vouch("Ada", "Dan")])
    assert [p.hash for p in state.proposals()] == [proposal.hash]
    assert state.rejected == ()


def test_councils_below_and_wishes_to_join_them_are_listed() -> None:
    from p2pcouncil.domain.entries import Announce, AskToJoin
    from tests.support.world import genesis_of

    world = World()
    below = genesis_of([world.person("Ada")], name="Bakery", parent=world.council)
    stranger = genesis_of([world.person("Ada")], name="Elsewhere", parent=digest_of("x"))  # type: ignore[arg-type]
    world.write("Ada", Announce(1, below))
    world.write("Ben", Announce(2, below))
    world.write("Ben", Announce(3, stranger))
    (child,) = world.fold().children()
    assert child.genesis.name == "Bakery"
    assert child.announced_by == tuple(sorted([world.id("Ada"), world.id("Ben")]))
    join = world.person("Cem").join(child.council)
    world.write("Cem", AskToJoin(4, join))
    world.write("Ada", AskToJoin(5, join))
    world.write("Cem", AskToJoin(6, world.join("Cem")))
    (ask,) = world.fold().asks()
    assert (ask.member, ask.record) == (world.id("Cem"), join)
    assert sorted(rule.name for rule in rules(world)) == ["OTHER_COUNCIL", "OTHER_COUNCIL", "OTHER_MEMBER"]
