"""Openings: what makes one sound, and which of several stands."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from p2pcouncil.domain.effects import ChangeCharter
from p2pcouncil.domain.entries import Open, TextVersionRef
from p2pcouncil.domain.feed_entry import FeedEntry
from p2pcouncil.domain.outcomes import ProposalStatus, Status
from p2pcouncil.domain.records import Charter
from p2pcouncil.domain.rejections import REFUSALS, Rule
from p2pcouncil.domain.tally.method import YesNo
from tests.support.world import World, version_of


def rules(world: World) -> list[Rule]:
    return [entry.rule for entry in world.fold().rejected]


def seconded(charter: Charter | None = None) -> tuple[World, FeedEntry, FeedEntry]:
    """A world with Ada's proposal, seconded by Ben."""
    world = World(charter=charter)
    proposal = world.propose("Ada")
    return world, proposal, world.second("Ben", proposal)


def test_an_opening_makes_an_issue_with_the_proposals_terms() -> None:
    world, proposal, second = seconded()
    entry = world.open("Ada", proposal, [second])
    state = world.fold()
    (issue,) = state.issues()
    assert issue.hash == entry.hash
    assert (issue.proposal, issue.opener, issue.text) == (proposal.hash, world.id("Ada"), "The text")
    assert issue.roll == tuple(sorted(world.id(name) for name in ("Ada", "Ben", "Cem")))
    assert issue.status is Status.WAITING
    assert issue.register is None, "no page has entered it"
    assert issue.window_seconds == 60
    assert state.proposal(proposal.hash).status is ProposalStatus.OPEN
    assert state.proposal(proposal.hash).issue == entry.hash


SPOILT: list[tuple[Callable[[Open], Open], Rule]] = [
    (lambda o: replace(o, text="Another text"), Rule.TEXT),
    (lambda o: replace(o, title="Another title"), Rule.TERMS),
    (lambda o: replace(o, summary="Another summary"), Rule.TERMS),
    (lambda o: replace(o, method=YesNo(quorum_permille=1)), Rule.TERMS),
    (lambda o: replace(o, options=("one", "two")), Rule.TERMS),
    (lambda o: replace(o, seconds=()), Rule.TOO_FEW_SECONDS),
    (lambda o: replace(o, seconds=o.seconds * 2), Rule.LISTED_TWICE),
    (lambda o: replace(o, seconds=(o.proposal,)), Rule.OTHER_KIND),
    (lambda o: replace(o, effect=ChangeCharter("seconds_needed", 2)), Rule.TERMS),
    (lambda o: replace(o, proposal=o.seconds[0], seconds=()), Rule.OTHER_KIND),
    (lambda o: replace(o, version=TextVersionRef(o.version.heads * 2, o.version.digest)), Rule.VERSION),
]


@pytest.mark.parametrize(("spoil", "rule"), SPOILT)
def test_an_opening_that_twists_anything_is_rejected(spoil: Callable[[Open], Open], rule: Rule) -> None:
    world, proposal, second = seconded()
    world.write("Ada", spoil(world.opening(proposal, [second])))
    assert rules(world) == [rule]
    assert world.fold().issues() == ()


def test_seconds_must_be_for_this_version_of_this_proposal() -> None:
    world, proposal, second = seconded()
    other = world.propose("Ada", "Other")
    world.open("Ada", proposal, [world.second("Ben", other)])
    world.open("Ada", proposal, [world.second("Ben", proposal, "Earlier text")])
    assert rules(world) == [Rule.SECONDS] * 2
    assert second.hash not in {entry.hash for entry in world.fold().rejected}


def test_as_many_distinct_members_must_second_as_the_charter_says() -> None:
    world, proposal, second = seconded(Charter(seconds_needed=2))
    world.open("Ada", proposal, [second, world.second("Ben", proposal)])
    assert rules(world) == [Rule.TOO_FEW_SECONDS]
    world.open("Ada", proposal, [second, world.second("Cem", proposal)])
    assert len(world.fold().issues()) == 1


def test_until_a_page_enters_it_whoever_may_expect_to_be_on_the_roll_may_vote() -> None:
    world, proposal, second = seconded(Charter(vouches_needed=2))
    opening = world.open("Ada", proposal, [second])
    state = world.fold()

    def roll() -> set[str]:
        known = {world.id(name): name for name in ("Ada", "Ben", "Cem", "Dan", "Eve")}
        assert state.issue(opening.hash).roll == state.known_roll()
        assert state.state_hash() == world.fold().state_hash()
        return {known[member] for member in state.issue(opening.hash).roll}

    assert roll() == {"Ada", "Ben", "Cem"}
    state.apply([world.vouch("Ada", "Dan"), ballot := world.ballot("Dan", opening)])
    assert state.verdict(ballot.hash) == REFUSALS[Rule.NOT_ON_ROLL]
    state.apply([world.vouch("Ben", "Dan")])
    assert roll() == {"Ada", "Ben", "Cem", "Dan"}
    assert state.issue(opening.hash).tally.turnout == 1, "her ballot counts now, as far as is known"
    leave = world.leave("Dan")
    state.apply([leave])
    assert roll() == {"Ada", "Ben", "Cem"}
    state.void(leave.lane, leave.seq)
    assert state.issue(opening.hash).tally.turnout == 1


def test_an_opening_waits_for_what_it_lists() -> None:
    world, proposal, second = seconded()
    other = world.second("Cem", proposal)
    opening = world.open("Ada", proposal, [second, other])
    ballot = world.ballot("Ada", opening)
    mine = [entry for entry in world.entries if entry.member == world.id("Ada")]
    state = world.fold(mine)
    waits = {entry.hash: entry.awaited for entry in state.waiting()}
    assert waits == {opening.hash: tuple(sorted([second.hash, other.hash])), ballot.hash: (opening.hash,)}
    assert state.rejected == ()
    state.apply(world.entries)
    assert state.waiting() == ()
    assert state.issue(opening.hash).tally.turnout == 1


def test_anybody_opens_and_the_lowest_hash_stands_until_a_page_says_otherwise() -> None:
    world, proposal, second = seconded()
    made = [world.open(name, proposal, [second]) for name in ("Ada", "Ben", "Cem")]
    state = world.fold()
    assert [issue.hash for issue in state.issues()] == [min(opening.hash for opening in made)]
    assert rules(world) == [Rule.ANOTHER_OPENING] * 2
    assert "another opening of this proposal stands" in state.rejected[0].reason.lower()


def test_an_opening_that_waited_and_was_taken_back_waits_for_nothing_old() -> None:
    world, proposal, second = seconded()
    opening = world.open("Ada", proposal, [second], generation=1)
    state = world.fold([opening])
    state.void(opening.lane, 1)
    assert state.waiting() == ()
    state.apply([proposal, second])
    state.apply([opening])
    assert [issue.hash for issue in state.issues()] == [opening.hash]


def test_when_the_standing_opening_is_taken_back_the_next_one_stands() -> None:
    world, proposal, second = seconded()
    own, other = sorted(
        (world.open("Ada", proposal, [second], generation=g) for g in (0, 1)),
        key=lambda opening: opening.hash,
    )
    world.ballot("Ben", own)
    world.ballot("Ben", other, number=2)
    state = world.fold()
    assert state.issue(own.hash).tally.turnout == 1
    state.void(own.lane, own.seq)
    assert [issue.hash for issue in state.issues()] == [other.hash]
    assert state.issue(other.hash).tally.turnout == 1


def test_a_version_of_several_heads_is_opened_as_seconded() -> None:
    world = World(charter=Charter(seconds_needed=0))
    proposal = world.propose("Ada")
    version = TextVersionRef((b"a" * 32, b"b" * 32), version_of("The text").digest)
    world.write("Ada", replace(world.opening(proposal), version=version))
    assert world.fold().issues()[0].version == version


def test_enough_have_seconded_when_those_who_may_vote_have() -> None:
    world = World(charter=Charter(vouches_needed=2))
    first = world.vouch("Ada", "Dan")
    proposal = world.propose("Ada")
    dans = world.second("Dan", proposal)
    state = world.fold()

    def enough() -> tuple[bool, int, int]:
        (version,) = state.proposal(proposal.hash).versions
        assert state.state_hash() == world.fold().state_hash()
        return version.is_enough, len(version.members), len(version.hashes)

    assert enough() == (False, 1, 0)
    second = world.vouch("Ben", "Dan")
    assert proposal.hash in {name for _, name in state.apply([second])}
    assert enough() == (True, 1, 1)
    bens = world.second("Ben", proposal)
    state.apply([bens, world.leave("Dan")])
    assert enough() == (True, 2, 1)
    (version,) = state.proposal(proposal.hash).versions
    assert version.hashes == (bens.hash,)
    opening = world.open("Ada", proposal, [bens])
    state.apply([opening])
    assert [issue.hash for issue in state.issues()] == [opening.hash]
    assert {first.hash, dans.hash} <= {entry.hash for entry in world.entries}
