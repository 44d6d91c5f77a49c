"""A council of a hundred that has proposed, discussed, seconded, opened and voted for years."""

from collections.abc import Sequence

from crdt.ids import LaneId
from crdt.keys import DeviceCertificate, LaneHeader, LaneKind
from p2pcouncil.domain.tally.choice import NO, YES
from tests.support.world import World

FOUNDERS = 20
MEMBERS = 100
PER_PROPOSAL = 100
"""Entries about one proposal: itself, two seconds, the opening, sixty ballots, the rest comments."""
BALLOTS = 60


def mixed(count: int) -> World:
    """So many entries or a few more, of kinds and weights that a council would write, in order of writing."""
    names = [f"Member {number:03}" for number in range(MEMBERS)]
    world = World(names[:FOUNDERS])
    for number in range(FOUNDERS, MEMBERS):
        world.vouch(names[number % FOUNDERS], names[number])
    about = 0
    while len(world.entries) < count:
        _discuss(world, names, about)
        about += 1
    return world


def _discuss(world: World, names: Sequence[str], about: int) -> None:
    """One proposal from beginning to end."""
    turn = [names[(about + step) % MEMBERS] for step in range(MEMBERS)]
    proposal = world.propose(turn[0], f"Proposal {about}: " + "what we might do about it " * 2)
    remarks = PER_PROPOSAL - BALLOTS - 4
    for number in range(remarks):
        text = f"Remark {number}: " + "something that took a minute to write " * 4
        world.comment(turn[number % MEMBERS], proposal, text)
    seconds = [world.second(turn[1], proposal), world.second(turn[2], proposal)]
    issue = world.open(turn[0], proposal, seconds)
    for number in range(BALLOTS):
        world.ballot(turn[number], issue, YES if number % 3 else NO)


def headers(world: World) -> dict[LaneId, LaneHeader]:
    """The header of each lane that somebody of this world has begun."""
    people = {person.id: person for person in world.people.values()}
    found: dict[LaneId, LaneHeader] = {}
    for entry in world.entries:
        if entry.lane not in found:
            certificate: DeviceCertificate = people[entry.member].certificate()
            found[entry.lane] = LaneHeader(LaneKind.FEED, world.council, b"", certificate, 0)
    return found
