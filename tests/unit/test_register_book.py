"""The register in the fold: pages written by the product's own tellers, and what they do to votes and members."""

import pytest

from p2pcouncil.domain.effects import ChangeCharter, Promise, RemoveMember
from p2pcouncil.domain.entries import Feedback, Object, Progress, Propose, Review, Tell
from p2pcouncil.domain.feed_entry import FeedEntry
from p2pcouncil.domain.outcomes import ProposalStatus, Status
from p2pcouncil.domain.records import Charter
from p2pcouncil.domain.register.sayings import Prevote
from p2pcouncil.domain.rejections import ACCEPTED, REFUSALS, WAITS, Rule
from p2pcouncil.domain.state import fold
from p2pcouncil.domain.tally.choice import NO
from p2pcouncil.domain.tally.outcome import Outcome
from tests.support.orders import same_in_any_order
from tests.support.tellers import Tellers, say
from tests.support.world import MAJORITY, World, digest_of

WINDOW_MS = 60_000
"""As `World.opening` has it."""
OVER_MS = WINDOW_MS + 5_000


def opened(world: World, effect: object = None, name: str = "Ada") -> FeedEntry:
    """A proposal that Ben seconded, and its opening."""
    nonce = digest_of(f"{effect} {len(world.entries)}")[:16]
    terms = Propose(world.now_ms(), nonce, "Oven", "An oven", (), "", MAJORITY, (), effect)  # type: ignore[arg-type]
    proposal = world.write(name, terms)
    seconder = "Ben" if name != "Ben" else "Cem"
    return world.open(name, proposal, [world.second(seconder, proposal)])


def test_a_vote_is_entered_told_its_end_sealed_and_closed() -> None:
    world = World()
    opening = opened(world)
    tellers = Tellers(world)
    state = tellers.tell()
    issue = state.issue(opening.hash)
    assert issue.status is Status.RUNNING
    assert issue.register is not None
    assert issue.register.closes_ms == tellers.clock_ms + WINDOW_MS
    for name in ("Ada", "Ben"):
        world.ballot(name, opening)
    late = world.ballot("Cem", opening, NO)
    state = tellers.tell()
    assert state.issue(opening.hash).tally.turnout == 3
    state = tellers.tell(OVER_MS)
    issue = state.issue(opening.hash)
    assert issue.status is Status.CLOSED
    assert (issue.tally.outcome, issue.tally.counts, issue.missing) == (Outcome.PASSED, (2, 1, 0), 0)
    assert issue.register is not None
    assert issue.register.result is not None
    assert issue.register.result.turnout == 3
    after = world.ballot("Cem", opening, number=2)
    state = tellers.tell()
    assert state.issue(opening.hash).tally.counts == (2, 1, 0), "what comes after the page changes nothing"
    counted = state.ballot(opening.hash, world.id("Cem"))
    assert counted is not None
    assert counted.hash == late.hash
    assert state.verdict(after.hash) is ACCEPTED, "it is held, and counts for nothing any more"
    same_in_any_order(world)


def test_whoever_comes_after_the_page_has_no_vote_and_whoever_leaves_keeps_it() -> None:
    world = World()
    opening = opened(world)
    tellers = Tellers(world)
    tellers.tell()
    world.vouch("Ada", "Dan")
    dans = world.ballot("Dan", opening)
    world.leave("Ben")
    bens = world.ballot("Ben", opening)
    state = tellers.tell(1)
    assert state.verdict(dans.hash) == REFUSALS[Rule.NOT_ON_ROLL]
    assert state.verdict(bens.hash) is ACCEPTED
    assert world.id("Dan") in state.register.chain.roll
    assert world.id("Ben") not in state.register.chain.roll
    same_in_any_order(world)


def test_a_newcomer_waits_for_a_page_and_an_objection_for_a_vote() -> None:
    world = World()
    tellers = Tellers(world)
    world.vouch("Ada", "Dan")
    world.vouch("Ada", "Eve")
    world.write("Cem", Object(world.now_ms(), world.id("Eve"), "She is the landlord."))
    state = tellers.tell()
    assert state.member(world.id("Dan")).page_roll
    eve = state.member(world.id("Eve"))
    assert (eve.page_roll, eve.objectors) == (False, (world.id("Cem"),))
    same_in_any_order(world)


def test_an_entered_vote_outlives_its_opener_its_proposal_and_its_rivals() -> None:
    world = World(charter=Charter(seconds_needed=0))
    proposal = world.propose("Ada")
    rivals = [world.open(name, proposal) for name in ("Ada", "Ben")]
    tellers = Tellers(world)
    state = tellers.tell()
    (issue,) = state.issues()
    assert issue.hash == min(rival.hash for rival in rivals)
    ballot = world.ballot("Cem", next(rival for rival in rivals if rival.hash == issue.hash))
    withdrawal = world.withdraw("Ada", proposal)
    lower = [world.open("Cem", proposal) for _ in range(8)]
    for name in ("Ada", "Ben"):
        world.state_duty(name, 1, 1, disowned=[0])
    state = tellers.tell()
    assert [issue.hash for issue in state.issues()] == [issue.hash], "devices that are disowned undo no page"
    assert ACCEPTED not in {state.verdict(entry.hash) for entry in lower}
    assert state.verdict(ballot.hash) is ACCEPTED
    assert state.verdict(withdrawal.hash) != ACCEPTED
    assert state.proposal(proposal.hash).status is ProposalStatus.OPEN
    same_in_any_order(world)


def test_a_withdrawal_before_the_page_keeps_the_vote_from_being_entered() -> None:
    world = World(charter=Charter(seconds_needed=0))
    proposal = world.propose("Ada")
    world.open("Ada", proposal)
    withdrawal = world.withdraw("Ada", proposal)
    state = Tellers(world).tell()
    assert state.register.chain.number == 0, "nothing waits for a page"
    assert state.verdict(withdrawal.hash) is ACCEPTED
    assert state.proposal(proposal.hash).status is ProposalStatus.WITHDRAWN


def test_decisions_run_on_the_page_and_a_charter_change_touches_no_running_vote() -> None:
    world = World()
    first = opened(world, ChangeCharter("seconds_needed", 2))
    tellers = Tellers(world)
    tellers.tell()
    world.ballot("Ada", first)
    second = opened(world)
    state = tellers.tell(1)
    assert state.issue(second.hash).status is Status.RUNNING
    state = tellers.tell(OVER_MS)
    assert state.charter.seconds_needed == 2
    assert state.issue(second.hash).status in (Status.RUNNING, Status.CLOSED), (
        "it was entered with one second"
    )
    third = opened(world)
    state = tellers.tell(1)
    assert state.verdict(third.hash) == REFUSALS[Rule.TOO_FEW_SECONDS]
    same_in_any_order(world)


def test_a_member_who_is_removed_while_a_vote_runs_votes_in_it_and_in_no_other() -> None:
    world = World(("Ada", "Ben", "Cem", "Dan"))
    names = ("Ada", "Ben", "Cem", "Dan")
    removal = opened(world, RemoveMember(world.id("Dan")))
    tellers = Tellers(world, names)
    tellers.tell()
    world.ballot("Ada", removal)
    other = opened(world)
    tellers.tell(OVER_MS - 10_000)
    dans = world.ballot("Dan", other)
    state = tellers.tell(10_000)
    assert state.issue(removal.hash).status is Status.CLOSED
    assert world.id("Dan") not in state.register.chain.roll
    assert state.verdict(dans.hash) is ACCEPTED
    later = opened(world)
    nothing = world.ballot("Dan", later)
    state = tellers.tell(OVER_MS)
    assert state.issue(other.hash).status is Status.CLOSED
    assert state.issue(other.hash).tally.turnout == 1
    assert state.verdict(nothing.hash) == REFUSALS[Rule.NOT_ON_ROLL]
    same_in_any_order(world)


def test_what_is_said_of_a_vote_waits_until_it_is_closed_and_only_those_drawn_review_it() -> None:
    world = World(("Ada", "Ben", "Cem", "Dan"))
    tellers = Tellers(world, ("Ada", "Ben", "Cem", "Dan"))
    opening = opened(world, Promise(world.id("Ben"), 1))
    world.ballot("Ada", opening)
    done = world.write("Ben", Progress(world.now_ms(), opening.hash, True, "It stands."))
    fine = world.write("Cem", Feedback(world.now_ms(), opening.hash, True, "Good bread."))
    state = tellers.tell()
    assert {state.verdict(entry.hash) for entry in (done, fine)} == {WAITS}
    state = tellers.tell(OVER_MS)
    assert {state.verdict(entry.hash) for entry in (done, fine)} == {ACCEPTED}
    issue = state.issue(opening.hash)
    assert issue.register is not None
    assert set(issue.register.overseers) == {world.id("Cem"), world.id("Dan")}, (
        "Ada opened it, and Ben seconded"
    )
    page = state.register.minutes.chains[issue.register.end_page].page
    reviews = [
        world.write(name, Review(world.now_ms(), opening.hash, named, True, ""))
        for name, named in (("Cem", page), ("Ada", page), ("Dan", bytes(32)))
    ]
    state = tellers.tell()
    expected = [ACCEPTED, *[REFUSALS[Rule.NOT_AN_OVERSEER]] * 2]
    assert [state.verdict(entry.hash) for entry in reviews] == expected
    assert [fact.member for fact in state.said_of(opening.hash, Review)] == [world.id("Cem")]
    same_in_any_order(world)


def test_a_teller_who_forks_takes_no_page_back_once_others_carry_it() -> None:
    world = World(("Ada", "Ben", "Cem", "Dan"))
    names = ("Ada", "Ben", "Cem", "Dan")
    opening = opened(world)
    tellers = Tellers(world, names)
    tellers.tell()
    world.ballot("Ada", opening)
    tellers.tell(OVER_MS)
    state = tellers.tell(5_000)
    closed = state.register.chain.number
    assert state.issue(opening.hash).status is Status.CLOSED
    for liar in names:
        forked = world.fold()
        first = next(e for e in world.entries if e.member == world.id(liar) and b"tell.1" in (e.data or b""))
        forked.void(first.lane, first.seq)
        kept = [e for e in world.entries if e.lane != first.lane or e.seq < first.seq]
        assert forked.state_hash() == fold(world.genesis, kept).state_hash()
        if opening in kept:
            assert forked.register.chain.number == closed, f"{liar} undid a page"


def test_a_vote_that_too_few_seal_lapses_and_its_proposal_opens_once_more() -> None:
    world = World(("Ada", "Ben", "Cem", "Dan"), Charter(grace_seconds=60))
    opening = opened(world)
    tellers = Tellers(world, ("Ada", "Ben", "Cem", "Dan"))
    tellers.tell()
    tellers.names = ("Ada", "Ben")
    tellers.tell(OVER_MS)
    assert tellers.state.issue(opening.hash).status is Status.RUNNING, "sealed by 2, 3 needed"
    tellers.forbid_seals = True
    tellers.names = ("Ada", "Ben", "Cem", "Dan")
    for _ in range(3):
        state = tellers.tell(100_000)
    assert state.issue(opening.hash).status is Status.LAPSED
    proposal = state.issue(opening.hash).proposal
    assert state.proposal(proposal).status is ProposalStatus.DISCUSSED
    held = {entry.hash: entry for entry in world.entries}
    again = world.open("Cem", held[proposal], [e for e in world.entries if b"second.1" in (e.data or b"")])
    tellers.forbid_seals = False
    state = tellers.tell(1)
    assert state.issue(again.hash).status is Status.RUNNING
    assert state.proposal(proposal).issue == again.hash
    same_in_any_order(world)


def test_two_tongues_are_convicted_by_the_next_page() -> None:
    world = World(("Ada", "Ben", "Cem", "Dan"))
    opened(world)
    tellers = Tellers(world, ("Ada", "Ben", "Cem", "Dan"))
    # Here nobody waits until a proposer's time is over, so the liar is not the first one.
    liar = tellers.state.register.minutes.shot.committee.tellers[-1].member
    name = next(name for name in ("Ada", "Ben", "Cem", "Dan") if world.id(name) == liar)
    for value in (b"a" * 32, b"b" * 32):
        say(world, name, Prevote(world.council, liar, 1, 0, value))
    state = tellers.tell(10_000)
    assert state.member(liar).is_convicted
    assert not state.member(liar).is_teller
    assert state.member(liar).page_roll, "who lied votes, and tells no more"
    same_in_any_order(world)


@pytest.mark.parametrize("carrier", ["Zoe", "Ada"])
def test_garbage_in_a_tellers_entry_is_nothing(carrier: str) -> None:
    world = World()
    before = world.fold().register.chain
    forged = world.write("Ada", Tell(world.now_ms(), (), (b"no page",), ()))
    say(world, carrier, Prevote(world.council, world.id("Ben"), 1, 0, b"a" * 32))
    state = world.fold()
    assert state.register.chain is not before
    assert state.register.chain.number == 0
    assert state.verdict(forged.hash) is ACCEPTED
    assert list(state.register.minutes.said_about(1)) == [], "Ben never said it"
    same_in_any_order(world)
