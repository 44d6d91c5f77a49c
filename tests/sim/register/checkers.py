"""What has to hold in every simulated register, whatever its seed."""

from collections.abc import Callable
from itertools import combinations

from crdt.ids import ChangeHash, MemberId
from p2pcouncil.domain.register.certificates import validate_certificate
from p2pcouncil.domain.register.closing import sheet_of
from p2pcouncil.domain.register.following import follow
from p2pcouncil.domain.register.pages import Closed, page_hash, read_page
from p2pcouncil.domain.register.sayings import Receipt, Seal, contradict
from p2pcouncil.domain.register.sealing import unpack_numbers
from tests.sim.register.teller import Teller
from tests.sim.register.world import World


def one_page_per_number(world: World) -> bool:
    """Honest tellers never certify two pages of one number."""
    pages: dict[int, set[bytes]] = {}
    for teller in world.tellers.values():
        for number, chain in teller.chains.items():
            pages.setdefault(number, set()).add(chain.page)
    return all(len(found) == 1 for found in pages.values())


def nobody_honest_contradicts_themselves(world: World) -> bool:
    """A teller that kept to the rules, crashes or not, left no evidence against itself."""
    for teller in world.tellers.values():
        own = [saying for saying, _ in teller.said.values() if saying.member == teller.me.member]
        if any(contradict(one, other) for one, other in combinations(own, 2)):
            return False
    return True


def pages_replay(world: World) -> bool:
    """Whoever is handed the pages alone, with their certificates, comes to the same chain."""
    for teller in world.tellers.values():
        chain = teller.first
        for number in range(1, teller.chain.number + 1):
            data = teller.pages[teller.chains[number].page]
            chain = follow(chain, read_page(data), page_hash(data))
            assert chain.committee is not None
            validate_certificate(teller.certificates[number], chain.committee)
        if chain != teller.chain:
            return False
    return True


def goes_on(world: World) -> bool:
    """Once the network has healed, every honest teller sees the vote closed."""
    return all(world.opening.issue in teller.chain.closed for teller in world.tellers.values())


def sheets_follow(world: World) -> bool:
    """What a page pins follows from the seals that it names; those were really said, and the sheet is held."""
    for teller in world.tellers.values():
        if world.opening.issue in teller.chain.closed and _counted(world, teller) is None:
            return False
    return True


def _closed(world: World, teller: Teller) -> Closed | None:
    number = teller.chain.closed.get(world.opening.issue)
    if number is None:
        return None
    page = read_page(teller.pages[teller.chains[number].page])
    return next(closed for closed in page.closed if closed.issue == world.opening.issue)


def _counted(world: World, teller: Teller) -> dict[MemberId, int] | None:
    """Of each member, the number of the ballot that counts, 0 for none; None if the sheet is not what it should be.

    Whoever holds every ballot that was ever cast, late and withheld ones too, has to come to the same sheet.
    """
    closed = _closed(world, teller)
    if closed is None:
        return None
    vote = teller.chains[teller.chain.closed[world.opening.issue] - 1].votes[world.opening.issue]
    seals = []
    for member, name in zip(closed.tellers, closed.seals, strict=True):
        saying, _ = teller.said.get(name, (None, None))
        if not isinstance(saying, Seal) or saying.member != member:
            return None
        seals.append(unpack_numbers(saying.numbers, len(vote.roll)))
    held = teller.sheets.get(closed.sheets)
    if held is None:
        return None
    cast: dict[MemberId, dict[int, ChangeHash]] = {}
    for made in world.cast:
        cast.setdefault(made.member, {})[made.number] = made.hash
    if sheet_of(vote, seals, lambda member: cast.get(member, {})) != held.sheet:
        return None
    numbers = {(made.member, made.hash): made.number for made in world.cast}
    return {
        member: numbers[member, name] if name else 0
        for member, name in zip(vote.roll, held.sheet, strict=True)
    }


def _timely(world: World, member: MemberId) -> list[int]:
    """Per honest teller, the highest number of a member's that it receipted, so received in time."""
    found = []
    for teller in world.tellers.values():
        numbers = [
            received.number
            for saying, _ in teller.said.values()
            if isinstance(saying, Receipt) and saying.member == teller.me.member
            for received in saying.ballots
            if received.member == member
        ]
        found.append(max(numbers, default=0))
    return found


def no_late_ballot_counts(world: World) -> bool:
    """What counts of a member, or a later ballot of theirs, came in time to an honest teller."""
    teller = next(iter(world.tellers.values()))
    counted = _counted(world, teller)
    if counted is None:
        return True
    return all(number <= max(_timely(world, member)) for member, number in counted.items() if number)


def every_timely_ballot_counts(world: World) -> bool:
    """A ballot that came in time to every honest teller counts, or a later one of the same member."""
    teller = next(iter(world.tellers.values()))
    counted = _counted(world, teller)
    if counted is None:
        return True
    return all(counted[member] >= min(_timely(world, member)) for member in world.members)


CHECKERS: dict[str, Callable[[World], bool]] = {
    "one page": one_page_per_number,
    "no contradiction": nobody_honest_contradicts_themselves,
    "replays": pages_replay,
    "goes on": goes_on,
    "sheets follow": sheets_follow,
    "nothing late": no_late_ballot_counts,
    "all timely": every_timely_ballot_counts,
}
