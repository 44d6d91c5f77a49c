"""The state as a whole: what can't be read, order, hashes, looking things up."""

import pytest

from crdt.errors import LocalError, RemoteError
from crdt.ids import ChangeHash
from p2pcouncil.domain.outcomes import Subject, SubjectKind
from p2pcouncil.domain.records import RULES_VERSION, Charter
from p2pcouncil.domain.rejections import Rule
from p2pcouncil.domain.state import CouncilState
from tests.support.world import World, digest_of


def test_what_cannot_be_read_is_rejected_with_a_reason_and_stops_nothing() -> None:
    world = World()
    lane = world.lane("Ada")
    lane.write_broken("The parts of an entry do not follow each other.")
    lane.write_bytes(b"")
    lane.write_bytes(b"\xff\xff")
    lane.write_bytes(b"\x92\xa8future.9\x00")
    lane.write_bytes(b"\x95\xa9comment.1\x01\xc4\x20" + b"a" * 32 + b"\xc4\x00\xa2\xff\xfe")
    lane.write_bytes(b"\x91" * 5_000)
    proposal = world.propose("Ada")
    state = world.fold()
    assert [entry.rule for entry in state.rejected] == [
        Rule.BROKEN_PARTS,
        Rule.MALFORMED,
        Rule.MALFORMED,
        Rule.UNKNOWN_KIND,
        Rule.MALFORMED,
        Rule.MALFORMED,
    ]
    assert [entry.seq for entry in state.rejected] == [1, 2, 3, 4, 5, 6]
    assert "do not follow each other" in state.rejected[0].reason
    assert [p.hash for p in state.proposals()] == [proposal.hash]


def test_every_rule_is_a_sentence() -> None:
    for rule in Rule:
        assert rule.value[0].isupper()
        assert rule.value.endswith(".")


def test_entries_of_a_lane_must_come_in_order() -> None:
    world = World()
    first, second = world.propose("Ada"), world.propose("Ada")
    state = world.fold([second])
    with pytest.raises(LocalError, match="came after"):
        state.apply([world.propose("Ben"), first])
    assert len(state.proposals()) == 2


def test_a_genesis_that_does_not_verify_or_asks_for_newer_rules_makes_no_state() -> None:
    world = World()
    with pytest.raises(RemoteError):
        CouncilState(world.genesis[:-1])
    newer = World(charter=Charter(rules_version=RULES_VERSION + 1))
    with pytest.raises(LocalError) as error:
        CouncilState(newer.genesis)
    assert "Upgrade" in error.value.hint


def test_looking_up_what_is_not_there_says_what_to_do() -> None:
    world = World()
    state = world.fold()
    nothing = ChangeHash(digest_of("nothing"))
    for look_up in (state.proposal, state.issue):
        with pytest.raises(LocalError) as error:
            look_up(nothing)
        assert error.value.hint
    with pytest.raises(LocalError):
        state.member(world.id("Zoe"))
    assert state.comments(nothing) == ()
    assert state.ballots(nothing) == ()
    assert state.verdict(nothing) is None


def test_apply_and_void_say_what_they_touched() -> None:
    world = World()
    proposal = world.propose("Ada")
    second = world.second("Ben", proposal)
    opening = world.open("Ada", proposal, [second])
    ballot = world.ballot("Cem", opening)
    state = CouncilState(world.genesis)
    about_proposal = Subject(SubjectKind.PROPOSAL, proposal.hash)
    about_issue = Subject(SubjectKind.ISSUE, opening.hash)
    assert state.apply([proposal]) == {about_proposal}
    assert state.apply([second]) == {about_proposal}
    assert state.apply([opening]) == {about_proposal, about_issue}
    assert state.apply([ballot]) == {about_issue}
    assert state.apply([ballot]) == frozenset()
    assert state.void(ballot.lane, 1) == {about_issue}
    assert Subject(SubjectKind.MEMBER, world.id("Dan")) in state.apply([world.vouch("Ada", "Dan")])


def test_voiding_what_is_not_there_does_nothing() -> None:
    world = World()
    entry = world.propose("Ada")
    state = world.fold()
    before = state.state_hash()
    assert state.void(entry.lane, entry.seq + 1) == frozenset()
    assert state.void(world.lane("Ben").lane, 1) == frozenset()
    assert state.state_hash() == before


def test_a_lane_may_end_and_go_on_with_another_branch() -> None:
    world, twin = World(), World()
    shared = world.propose("Ada")
    twin.propose("Ada")
    lost = world.propose("Ada", "One branch")
    other = twin.propose("Ada", "Other branch")
    state = world.fold()
    state.void(lost.lane, lost.seq)
    state.apply([other])
    assert state.state_hash() == twin.fold().state_hash()
    assert {p.hash for p in state.proposals()} == {shared.hash, other.hash}


def test_the_state_hash_covers_every_entry_and_every_verdict() -> None:
    world = World()
    hashes = {world.fold([]).state_hash()}
    proposal = world.propose("Ada")
    opening = world.open("Ada", proposal, [world.second("Ben", proposal)])
    world.ballot("Cem", opening)
    world.lane("Cem").write_broken()
    world.comment("Zoe", proposal)
    for count in range(1, len(world.entries) + 1):
        hashes.add(world.fold(world.entries[:count]).state_hash())
    assert len(hashes) == len(world.entries) + 1


def test_an_entry_may_be_as_long_as_its_parts_allow() -> None:
    world = World()
    proposal = world.propose("Ada")
    text = "Bread. " * 7_000
    opening = world.open("Ada", proposal, [world.second("Ben", proposal, text)], text=text)
    assert opening.seq > 2
    assert world.fold().issue(opening.hash).text == text
