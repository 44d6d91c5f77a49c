"""Openings: what makes one sound, and which of several stands."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from p2pcouncil.domain.entries import Open, TextVersionRef
from p2pcouncil.domain.feed_entry import FeedEntry
from p2pcouncil.domain.outcomes import ProposalStatus, Status
from p2pcouncil.domain.records import Charter
from p2pcouncil.domain.rejections import ACCEPTED, Rule
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
    assert issue.status is Status.PROVISIONAL
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
    (lambda o: replace(o, vouches=(o.proposal,)), Rule.OTHER_KIND),
    (lambda o: replace(o, leaves=(o.proposal,)), Rule.OTHER_KIND),
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


def test_the_roll_rests_on_what_is_listed_and_nothing_else() -> None:
    world, proposal, second = seconded()
    first = world.vouch("Ada", "Dan")
    chained = world.vouch("Dan", "Eve")
    leave = world.leave("Ben")
    seconds = [second, world.second("Cem", proposal)]
    whole = world.open("Ada", proposal, seconds, [first, chained], [leave])
    issue = world.fold().issue(whole.hash)
    assert issue.roll == tuple(sorted(world.id(name) for name in ("Ada", "Cem", "Dan", "Eve")))
    other = world.propose("Ada", "Other")
    part = world.open("Ada", other, [world.second("Cem", other)], [chained])
    assert world.fold().issue(part.hash).roll == tuple(sorted(world.id(n) for n in ("Ada", "Ben", "Cem")))


def test_the_known_roll_is_what_an_honest_opening_lists() -> None:
    world, proposal, second = seconded(Charter(vouches_needed=2))
    for voucher in ("Ada", "Ben", "Cem"):
        world.vouch(voucher, "Dan")
    for voucher in ("Cem", "Dan"):
        world.vouch(voucher, "Eve")
    world.leave("Cem")
    held = {entry.hash: entry for entry in world.entries}
    known = world.fold().known_roll()
    assert len(known.vouches) == 4
    opening = world.open(
        "Ada",
        proposal,
        [second],
        [held[name] for name in known.vouches],
        [held[name] for name in known.leaves],
    )
    assert world.fold().issue(opening.hash).roll == known.members


def test_the_opener_must_be_on_the_roll_that_they_make() -> None:
    world = World()
    vouch = world.vouch("Ada", "Dan")
    proposal = world.propose("Dan")
    second = world.second("Ben", proposal)
    world.open("Dan", proposal, [second])
    assert rules(world) == [Rule.NOT_ON_ROLL]
    world.open("Dan", proposal, [second], [vouch])
    assert len(world.fold().issues()) == 1


def test_a_listed_entry_that_was_rejected_rejects_the_opening() -> None:
    world, proposal, second = seconded()
    vouch = world.vouch("Ada", "Dan", device=1)
    world.open("Ada", proposal, [second], [vouch])
    assert sorted(rule.name for rule in rules(world)) == ["NOT_ON_DUTY", "REJECTED_REFERENCE"]


def test_an_opening_waits_for_what_it_lists() -> None:
    world, proposal, second = seconded()
    vouch = world.vouch("Cem", "Dan")
    opening = world.open("Ada", proposal, [second], [vouch])
    ballot = world.ballot("Ada", opening)
    mine = [entry for entry in world.entries if entry.member == world.id("Ada")]
    state = world.fold(mine)
    waits = {entry.hash: entry.awaited for entry in state.waiting()}
    assert waits == {opening.hash: tuple(sorted([second.hash, vouch.hash])), ballot.hash: (opening.hash,)}
    assert state.rejected == ()
    state.apply(world.entries)
    assert state.waiting() == ()
    assert state.issue(opening.hash).tally.turnout == 1


def test_nobody_but_the_proposer_opens() -> None:
    world, proposal, second = seconded()
    world.open("Ben", proposal, [second])
    assert rules(world) == [Rule.OPENED_BY_OTHER]
    assert world.fold().issues() == ()


def test_the_proposers_first_opening_stands() -> None:
    world, proposal, second = seconded()
    own = world.open("Ada", proposal, [second])
    world.open("Ada", proposal, [second])
    world.open("Ada", proposal, [second], generation=1)
    state = world.fold()
    assert [issue.hash for issue in state.issues()] == [own.hash]
    assert rules(world) == [Rule.ANOTHER_OPENING] * 2
    assert "another opening of this proposal stands" in state.rejected[0].reason.lower()


def test_nothing_said_later_displaces_a_vote_that_runs() -> None:
    world, proposal, second = seconded()
    own = world.open("Ada", proposal, [second])
    ballot = world.ballot("Ben", own)
    state = world.fold()
    later = [
        world.open("Ada", proposal, [second]),
        world.open("Ada", proposal, [second], generation=1),
        *(world.open(name, proposal, [second]) for name in ("Ben", "Cem")),
        world.withdraw("Ada", proposal),
    ]
    for entry in later:
        state.apply([entry])
        assert [issue.hash for issue in state.issues()] == [own.hash]
    assert state.verdict(ballot.hash) == ACCEPTED
    assert state.issue(own.hash).tally.turnout == 1


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
    own = world.open("Ada", proposal, [second])
    other = world.open("Ada", proposal, [second], generation=1)
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


def test_only_members_of_its_roll_second_an_opening() -> None:
    """Newcomers whom one vouch lets write, and no roll holds, can't put anything to the vote."""
    world = World(charter=Charter(vouches_needed=2))
    outside = [world.vouch("Ben", "Dan"), world.vouch("Ben", "Eve")]
    proposal = world.propose("Ada")
    seconds = [world.second(name, proposal) for name in ("Dan", "Eve")]
    world.open("Ada", proposal, seconds, outside)
    assert rules(world) == [Rule.TOO_FEW_SECONDS]
    more = world.vouch("Ada", "Dan")
    world.open("Ada", proposal, seconds, outside)
    assert rules(world) == [Rule.TOO_FEW_SECONDS] * 2, "the opening lists the roll on which it rests"
    world.open("Ada", proposal, seconds, [*outside, more])
    assert len(world.fold().issues()) == 1


def test_who_left_seconds_no_opening_that_lists_the_leave() -> None:
    world, proposal, second = seconded()
    leave = world.leave("Ben")
    world.open("Ada", proposal, [second], leaves=[leave])
    assert rules(world) == [Rule.TOO_FEW_SECONDS]


def test_enough_have_seconded_when_an_honest_opening_would_be_sound() -> None:
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
    known = state.known_roll()
    held = {entry.hash: entry for entry in world.entries}
    (version,) = state.proposal(proposal.hash).versions
    assert version.hashes == (bens.hash,)
    opening = world.open(
        "Ada",
        proposal,
        [held[name] for name in version.hashes],
        [held[name] for name in known.vouches],
        [held[name] for name in known.leaves],
    )
    state.apply([opening])
    assert [issue.hash for issue in state.issues()] == [opening.hash]
    assert {first.hash, dans.hash} <= set(held)
