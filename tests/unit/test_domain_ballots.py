"""Ballots: whose count, and which of a member's."""

import pytest

from p2pcouncil.domain.feed_entry import FeedEntry
from p2pcouncil.domain.rejections import Rule
from p2pcouncil.domain.tally.choice import NO, YES, Choice
from p2pcouncil.domain.tally.method import Approval, Method, Ranked
from tests.support.world import MAJORITY, World


def opened(method: Method = MAJORITY, options: tuple[str, ...] = ()) -> tuple[World, FeedEntry]:
    world = World()
    proposal = world.propose("Ada", method=method, options=options)
    return world, world.open("Ada", proposal, [world.second("Ben", proposal)])


def rules(world: World) -> list[Rule]:
    return [entry.rule for entry in world.fold().rejected]


def test_each_member_of_the_roll_counts_once() -> None:
    world, issue = opened()
    for name, choice in (("Ada", YES), ("Ben", YES), ("Cem", NO)):
        world.ballot(name, issue, choice)
    tally = world.fold().issue(issue.hash).tally
    assert (tally.turnout, tally.counts) == (3, (2, 1, 0))


def test_the_highest_number_counts_whatever_comes_first() -> None:
    world, issue = opened()
    world.ballot("Ada", issue, YES, 2)
    last = world.ballot("Ada", issue, NO, 7)
    world.ballot("Ada", issue, YES, 3)
    state = world.fold()
    assert state.issue(issue.hash).tally.counts == (0, 1, 0)
    counted = state.ballot(issue.hash, world.id("Ada"))
    assert counted is not None
    assert (counted.hash, counted.number, counted.choice) == (last.hash, 7, NO)
    assert state.ballots(issue.hash) == (counted,)
    assert state.ballot(issue.hash, world.id("Ben")) is None
    assert state.rejected == ()


def test_of_equal_numbers_the_lowest_hash_counts_and_a_contradiction_is_listed() -> None:
    world, issue = opened()
    pair = [world.ballot("Ada", issue, YES, 1), world.ballot("Ada", issue, NO, 1, generation=1)]
    world.ballot("Ben", issue, YES, 1)
    world.ballot("Ben", issue, YES, 1)
    state = world.fold()
    (contradiction,) = state.issue(issue.hash).contradictions
    assert contradiction.member == world.id("Ada")
    assert contradiction.hashes == tuple(sorted(entry.hash for entry in pair))
    counted = state.ballot(issue.hash, world.id("Ada"))
    assert counted is not None
    assert counted.hash == contradiction.hashes[0]
    state.void(pair[1].lane, 1)
    assert state.issue(issue.hash).contradictions == ()


def test_a_contradiction_under_an_overtaken_number_stays_listed() -> None:
    world, issue = opened()
    world.ballot("Ada", issue, YES, 1)
    world.ballot("Ada", issue, NO, 1)
    world.ballot("Ada", issue, NO, 2)
    state = world.fold().issue(issue.hash)
    assert state.tally.counts == (0, 1, 0)
    assert [c.number for c in state.contradictions] == [1]


def test_who_is_not_on_the_roll_does_not_vote() -> None:
    world, issue = opened()
    world.leave("Ben")
    world.ballot("Ben", issue)
    assert rules(world) == [Rule.NOT_ON_ROLL]


@pytest.mark.parametrize(
    ("method", "options", "choice"),
    [
        (MAJORITY, (), ()),
        (MAJORITY, (), ((0,), (1,))),
        (MAJORITY, (), ((3,),)),
        (Approval(quorum_permille=0), ("a", "b"), ((0,), (1,))),
        (Ranked(quorum_permille=0), ("a", "b"), ((0,), (0,))),
    ],
)
def test_a_choice_must_fit_the_method(method: Method, options: tuple[str, ...], choice: Choice) -> None:
    world, issue = opened(method, options)
    world.ballot("Ada", issue, choice)
    assert rules(world) == [Rule.CHOICE]
    assert world.fold().issue(issue.hash).tally.turnout == 0


def test_a_ballot_on_an_opening_that_does_not_stand_is_rejected() -> None:
    world, one = opened()
    proposal = world.entries[0]
    other = world.open("Ada", proposal, [world.entries[1]])
    issue, lost = sorted((one, other), key=lambda opening: opening.hash)
    world.ballot("Ben", lost)
    assert sorted(rule.name for rule in rules(world)) == ["ANOTHER_OPENING", "OPENING_VOID"]
    assert world.fold().issue(issue.hash).tally.turnout == 0


def test_a_ballot_on_something_else_is_rejected() -> None:
    world, _ = opened()
    world.ballot("Ben", world.entries[0])
    assert rules(world) == [Rule.OTHER_KIND]


def test_a_ballot_waits_for_its_opening() -> None:
    world, issue = opened()
    ballot = world.ballot("Cem", issue)
    state = world.fold([ballot])
    assert [(w.hash, w.awaited) for w in state.waiting()] == [(ballot.hash, (issue.hash,))]
    assert state.rejected == ()
    state.apply(world.entries)
    assert state.issue(issue.hash).tally.turnout == 1


def test_ranked_ballots_are_counted_as_they_change() -> None:
    world, issue = opened(Ranked(quorum_permille=0), ("a", "b", "c"))
    world.ballot("Ada", issue, ((0,), (1,)), 1)
    world.ballot("Ben", issue, ((1,), (0,)), 1)
    state = world.fold()
    state.apply([world.ballot("Ada", issue, ((2,),), 2)])
    state.apply([world.ballot("Cem", issue, ((2,), (1,)), 1)])
    tally = state.issue(issue.hash).tally
    assert tally == world.fold().issue(issue.hash).tally
    assert tally.winners == (2,)
