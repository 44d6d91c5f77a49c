"""What has to hold in every simulated register, whatever its seed."""

from collections.abc import Callable
from itertools import combinations
from random import Random

from crdt.ids import ChangeHash, MemberId
from p2pcouncil.domain.register.certificates import validate_certificate
from p2pcouncil.domain.register.closing import sheet_of
from p2pcouncil.domain.register.following import follow
from p2pcouncil.domain.register.minutes import Minutes
from p2pcouncil.domain.register.pages import Closed, page_hash, read_page
from p2pcouncil.domain.register.sayings import Receipt, Said, contradict
from tests.sim.register.chaos import is_done
from tests.sim.register.people import is_said
from tests.sim.register.teller import Laptop, SheetOf, Told
from tests.sim.register.world import World


def one_page_per_number(world: World) -> bool:
    """Honest tellers never certify two pages of one number."""
    pages: dict[int, set[bytes]] = {}
    for laptop in world.tellers.values():
        if laptop.minutes.broken:
            return False
        for chain in laptop.minutes.chains:
            pages.setdefault(chain.number, set()).add(chain.page)
    return all(len(found) == 1 for found in pages.values())


def nobody_honest_is_convicted(world: World) -> bool:
    """A teller that kept to the rules, crashes or not, left no evidence against itself."""
    liars = {person.member for person in world.liars}
    for laptop in world.tellers.values():
        if any(contradict(one, other) for one, other in combinations(laptop.own(), 2)):
            return False
        if any(conviction.member not in liars for conviction in laptop.minutes.convictions()):
            return False
    return True


def all_know_the_same_evidence(world: World) -> bool:
    """What one honest teller could convict somebody of, all can."""
    return (
        len({tuple(c.member for c in laptop.minutes.convictions()) for laptop in world.tellers.values()}) == 1
    )


def pages_replay(world: World) -> bool:
    """Whoever is handed the pages alone, with their certificates, comes to the same chain."""
    for laptop in world.tellers.values():
        minutes = laptop.minutes
        chain = laptop.first
        for after in minutes.chains[1:]:
            data = minutes.page(after.page)
            assert data is not None
            page = read_page(data)
            chain = follow(chain, page, page_hash(data))
        last = minutes.certificate()
        if last is not None and chain.committee is not None:
            validate_certificate(last, chain.committee)
        if chain != minutes.chain:
            return False
    return True


def order_does_not_matter(world: World) -> bool:
    """The same things, heard in another order, come to the same chain and the same evidence."""
    laptop = next(iter(world.tellers.values()))
    items = [item for told in laptop.disk if isinstance(told, Told) for item in told.items]
    Random(world.seed).shuffle(items)
    minutes = Minutes(laptop.first, is_said)
    for item in items:
        match item:
            case bytes():
                minutes.hold_page(item)
            case Said():
                minutes.hear(item)
            case SheetOf():
                minutes.hold_sheet(item.issue, item.sheet)
    return (minutes.chains, minutes.broken, minutes.convictions()) == (
        laptop.minutes.chains,
        laptop.minutes.broken,
        laptop.minutes.convictions(),
    )


def goes_on(world: World) -> bool:
    """Once the network has healed, every honest teller sees the vote closed, and nothing waits for a page."""
    return all(is_done(world, laptop) for laptop in world.tellers.values())


def sheets_follow(world: World) -> bool:
    """What a page pins follows from the seals that it names; those were really said, and the sheet is held."""
    return all(
        _closed(world, laptop) is None or _counted(world, laptop) is not None
        for laptop in world.tellers.values()
    )


def _closed(world: World, laptop: Laptop) -> Closed | None:
    number = laptop.minutes.chain.closed.get(world.opening.issue)
    if number is None:
        return None
    data = laptop.minutes.page(laptop.minutes.chains[number].page)
    assert data is not None
    return next(closed for closed in read_page(data).closed if closed.issue == world.opening.issue)


def _counted(world: World, laptop: Laptop) -> dict[MemberId, int] | None:
    """Of each member, the number of the ballot that counts, 0 for none; None if the sheet is not what it should be.

    Whoever holds every ballot that was ever cast, late and withheld ones too, has to come to the same sheet.
    """
    closed, vote = _closed(world, laptop), laptop.minutes.vote(world.opening.issue)
    if closed is None or vote is None:
        return None
    named = zip(closed.tellers, closed.seals, strict=True)
    seals = [laptop.minutes.seal(closed.issue, MemberId(teller), name) for teller, name in named]
    sheet = laptop.minutes.sheet(closed.sheets)
    held = [numbers for numbers in seals if numbers is not None]
    cast: dict[MemberId, dict[int, ChangeHash]] = {}
    for made in world.cast:
        cast.setdefault(made.member, {})[made.number] = made.hash
    if len(held) < len(seals) or sheet is None:
        return None
    forked = laptop.holdings.forked
    expected = sheet_of(vote, held, lambda member: cast.get(member, {}), forked.__contains__)
    if expected is None or len(expected) != len(sheet):
        return None
    numbers = {(made.member, made.hash): made.number for made in world.cast}
    counted = {}
    for member, name, other in zip(vote.roll, sheet, expected, strict=True):
        if member not in forked:  # Of whoever forks, what was held has to do.
            if name != other:
                return None
            counted[member] = numbers[member, name] if name else 0
    return counted


def _timely(world: World, member: MemberId) -> list[int]:
    """Per honest teller, the highest number of a member's that it received in time."""
    found = []
    vote = next(iter(world.tellers.values())).minutes.vote(world.opening.issue)
    end_ms = vote.closes_ms if vote is not None and vote.closes_ms is not None else 0
    for laptop in world.tellers.values():
        numbers = [laptop.holdings.came_by(world.opening.issue, end_ms).get(member, 0)]
        numbers += [
            received.number
            for saying in laptop.own()
            if isinstance(saying, Receipt)
            for received in saying.ballots
            if received.member == member
        ]
        found.append(max(numbers, default=0))
    return found


def no_late_ballot_counts(world: World) -> bool:
    """What counts of a member, or a later ballot of theirs, came in time to an honest teller."""
    counted = _counted(world, next(iter(world.tellers.values()))) or {}
    return all(number <= max(_timely(world, member)) for member, number in counted.items() if number)


def every_timely_ballot_counts(world: World) -> bool:
    """A ballot that came in time to every honest teller counts, or a later one of the same member."""
    counted = _counted(world, next(iter(world.tellers.values())))
    return counted is None or all(number >= min(_timely(world, member)) for member, number in counted.items())


def nothing_is_undone(world: World) -> bool:
    """Whoever starts from their disk comes to the register that they had, though liars took back what they could."""
    return not world.undone


def nobody_is_put_out(world: World) -> bool:
    """Whoever did not leave is on the roll."""
    stay = set(world.members) - {world.leaver}
    return all(stay <= laptop.minutes.chain.roll.keys() for laptop in world.tellers.values())


CHECKERS: dict[str, Callable[[World], bool]] = {
    "one page": one_page_per_number,
    "nobody honest convicted": nobody_honest_is_convicted,
    "evidence spreads": all_know_the_same_evidence,
    "replays": pages_replay,
    "order": order_does_not_matter,
    "goes on": goes_on,
    "sheets follow": sheets_follow,
    "nothing late": no_late_ballot_counts,
    "nobody put out": nobody_is_put_out,
    "nothing undone": nothing_is_undone,
    "all timely": every_timely_ballot_counts,
}
