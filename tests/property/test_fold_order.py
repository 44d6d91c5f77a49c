"""The fold is a function of the set of entries: how they came makes no difference."""

import random

from hypothesis import example, given, settings
from hypothesis import strategies as st

from crdt.ids import LaneId
from p2pcouncil.domain.feed_entry import FeedEntry
from p2pcouncil.domain.state import CouncilState
from tests.support.random_world import RandomWorld
from tests.support.world import World, interleave

SEEDS = st.integers(0, 1 << 32)
ACTS = st.integers(1, 160)
BATCHES = (1, 1, 2, 10, 50)


def everything(state: CouncilState, world: World) -> tuple[object, ...]:
    """All that can be read from a state."""
    return (
        state.state_hash(),
        state.members(),
        [state.duty(person.id) for person in world.people.values()],
        state.known_roll(),
        state.vouches(),
        state.invites(),
        state.asks(),
        state.children(),
        state.proposals(),
        [state.comments(proposal.hash) for proposal in state.proposals()],
        state.issues(),
        [state.ballots(issue.hash) for issue in state.issues()],
        state.rejected,
        state.waiting(),
    )


def batches(rng: random.Random, entries: list[FeedEntry]) -> list[list[FeedEntry]]:
    """The same entries, a few at a time."""
    cut = []
    while entries:
        size = rng.choice(BATCHES)
        cut.append(entries[:size])
        entries = entries[size:]
    return cut


@settings(max_examples=40, deadline=None)
@given(SEEDS, ACTS)
def test_entry_by_entry_in_any_order_equals_all_at_once(seed: int, acts: int) -> None:
    world = RandomWorld(seed, acts).world
    rng = random.Random(seed)
    expected = everything(world.fold(), world)
    state = CouncilState(world.genesis)
    for batch in batches(rng, interleave(rng, world.entries)):
        state.apply(batch)
        if rng.random() < 0.2:  # reading on the way must not freeze anything
            everything(state, world)
    assert everything(state, world) == expected


@settings(max_examples=40, deadline=None)
@given(SEEDS, ACTS)
@example(4_340_109, 116)  # a ballot that counts in a closed vote is taken back by a fork
def test_taking_entries_back_equals_never_having_had_them(seed: int, acts: int) -> None:
    world = RandomWorld(seed, acts).world
    rng = random.Random(seed)
    held = interleave(rng, world.entries)
    state = world.fold(held)
    for _ in range(3):
        if not held:
            break
        forked = rng.choice(held)
        state.void(forked.lane, forked.seq)
        held = [entry for entry in held if entry.lane != forked.lane or entry.seq < forked.seq]
        assert everything(state, world) == everything(world.fold(held), world)


@settings(max_examples=40, deadline=None)
@given(SEEDS, ACTS)
def test_taking_entries_back_and_in_again_leaves_no_trace(seed: int, acts: int) -> None:
    world = RandomWorld(seed, acts).world
    rng = random.Random(seed)
    expected = everything(world.fold(), world)
    state = CouncilState(world.genesis)
    held: list[FeedEntry] = []
    cut: set[LaneId] = set()
    for batch in batches(rng, interleave(rng, world.entries)):
        state.apply(entry for entry in batch if entry.lane not in cut)
        held += batch
        if rng.random() < 0.2:
            forked = rng.choice(held)
            state.void(forked.lane, rng.randrange(1, forked.seq + 1))
            cut.add(forked.lane)
        if rng.random() < 0.2:
            state.apply(entry for entry in held if state.verdict(entry.hash) is None)
            cut.clear()
    state.apply(entry for entry in held if state.verdict(entry.hash) is None)
    assert everything(state, world) == expected


@settings(max_examples=20, deadline=None)
@given(SEEDS, ACTS)
def test_what_is_touched_covers_every_change_of_a_view(seed: int, acts: int) -> None:
    world = RandomWorld(seed, acts).world
    state = CouncilState(world.genesis)
    members = {member.member: member for member in state.members()}
    proposals = {proposal.hash: proposal for proposal in state.proposals()}
    for entry in world.entries:
        touched = {name for _, name in state.apply([entry])}
        fresh = world.fold(world.entries[: world.entries.index(entry) + 1])
        now_members = {member.member: member for member in fresh.members()}
        now_proposals = {proposal.hash: proposal for proposal in fresh.proposals()}
        for old, new in ((members, now_members), (proposals, now_proposals)):
            assert {name for name in old | new if old.get(name) != new.get(name)} <= touched
        members, proposals = now_members, now_proposals


@settings(max_examples=20, deadline=None)
@given(SEEDS, ACTS)
def test_entries_that_are_held_already_change_nothing(seed: int, acts: int) -> None:
    world = RandomWorld(seed, acts).world
    state = world.fold()
    before = everything(state, world)
    assert state.apply(world.entries) == frozenset()
    assert everything(state, world) == before


@settings(max_examples=20, deadline=None)
@given(SEEDS, ACTS)
def test_admission_for_the_replica_never_shrinks_and_needs_no_order(seed: int, acts: int) -> None:
    world = RandomWorld(seed, acts).world
    rng = random.Random(seed)
    everybody = [person.id for person in world.people.values()]
    admitted = {member for member in everybody if world.fold().is_admitted(member)}
    state = CouncilState(world.genesis)
    seen: set[bytes] = set()
    for batch in batches(rng, interleave(rng, world.entries)):
        state.apply(batch)
        now = {member for member in everybody if state.is_admitted(member)}
        assert seen <= now
        seen = set(now)
    assert seen == admitted
    for entry in world.entries:
        state.void(entry.lane, 1)
    assert {member for member in everybody if state.is_admitted(member)} == admitted


@settings(max_examples=20, deadline=None)
@given(SEEDS, ACTS)
def test_every_entry_counts_waits_or_is_rejected(seed: int, acts: int) -> None:
    world = RandomWorld(seed, acts).world
    state = world.fold()
    listed = {entry.hash for entry in state.rejected} | {entry.hash for entry in state.waiting()}
    for entry in world.entries:
        assert state.verdict(entry.hash) is not None
    assert listed <= {entry.hash for entry in world.entries}
    assert len(listed) == len(state.rejected) + len(state.waiting())


@settings(max_examples=20, deadline=None)
@given(SEEDS, ACTS)
def test_tallies_are_what_the_counted_ballots_say(seed: int, acts: int) -> None:
    world = RandomWorld(seed, acts).world
    state = world.fold()
    for issue in state.issues():
        ballots = state.ballots(issue.hash)
        assert issue.tally.turnout == len(ballots)
        assert issue.tally.roll_size == len(issue.roll)
        assert {ballot.member for ballot in ballots} <= set(issue.roll)
