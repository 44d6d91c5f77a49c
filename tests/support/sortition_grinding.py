"""How much a coalition gains by keeping silent: played with the real lot, and worked out where that is possible.

The coalition sees what it could see: the outputs of its own first proposers, and what silence leads to. An honest first
proposer's output is unknown until their page. So from each page on, it knows a tree of seeds: two branches where one
of its own proposes first, an end where somebody else does. It walks that tree as its aim asks.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from crdt.ids import CouncilId, MemberId, domain_hash
from p2pcouncil.domain.register.quorum import liars_tolerated
from p2pcouncil.domain.sortition import lot

COUNCIL = CouncilId(domain_hash("tests/council/1"))
DEEPEST = 12
"""How far it looks ahead. A fifth of the lots makes a tree that deep once in some hundred thousand pages."""


@dataclass(slots=True)
class Seed:
    """A seed that the coalition knows, and what it draws."""

    number: int
    seed: bytes
    is_ours: bool
    seats: int
    branches: list["Seed"] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Gain:
    """What came of a run.

    Attributes:
        first: pages on which the coalition proposed first.
        seats: seats that it had, over all pages.
        captured: pages with more of its tellers than the committee bears.
        seeds: seeds that it could choose among, over all pages.
        pages: how many were written.
    """

    first: int
    seats: int
    captured: int
    seeds: int
    pages: int


@dataclass(slots=True)
class Play:
    """Pages of one council with one coalition, from a seed of chance.

    Attributes:
        chance: makes members and their outputs.
        on_duty: how many there are.
        ours: how many of them are the coalition's.
        tellers: size of the committee.
    """

    chance: int
    on_duty: int
    ours: int
    tellers: int
    members: list[MemberId] = field(init=False)
    bad: frozenset[MemberId] = field(init=False)

    def __post_init__(self) -> None:
        self.members = [
            MemberId(domain_hash("tests/member/1", f"{self.chance} {number}".encode()))
            for number in range(self.on_duty)
        ]
        self.bad = frozenset(self.members[: self.ours])

    def look(self, number: int, seed: bytes) -> Seed:
        """What a seed draws for the page after it."""
        tellers = lot.committee(seed, number + 1, self.members, self.tellers)
        return Seed(number, seed, tellers[0] in self.bad, len(self.bad.intersection(tellers)))

    def branches_of(self, at: Seed) -> list[Seed]:
        """The two seeds that may follow: with the proof, and with silence. A keyed hash stands in for the proof."""
        alpha = lot.lot_input(COUNCIL, at.seed, at.number + 1)
        beta = domain_hash("tests/output/1", self.chance.to_bytes(8, "big"), alpha) * 2
        return [self.look(at.number + 1, lot.next_seed(at.seed, output)) for output in (beta, None)]

    def grow(self, at: Seed, depth: int = DEEPEST) -> None:
        """Look ahead as far as the coalition can."""
        if at.is_ours and depth and not at.branches:
            at.branches = self.branches_of(at)
        for branch in at.branches:
            self.grow(branch, depth - 1)


Aim = Callable[[Seed, int], int]
"""How good it is to go to a seed, given how many seats capture a committee; the coalition takes the best branch."""


def honest_aim(_at: Seed, _needed: int) -> int:
    """Prove as one should: both branches are as good, and the first one is the proof's."""
    return 0


def seats_aim(at: Seed, _needed: int) -> int:
    """As many seats in the next committee as possible."""
    return at.seats


def longest_aim(at: Seed, _needed: int) -> int:
    """Propose first on as many pages in a row as possible."""
    return int(at.is_ours) + max((longest_aim(branch, 0) for branch in at.branches), default=0)


def capture_aim(at: Seed, needed: int) -> int:
    """A committee with too many of ours, wherever one can be reached; else to new seeds as fast as possible."""
    if _captures(at, needed):
        return 1_000 + _nearest(at, needed)
    return -_shallowest(at)


def _captures(at: Seed, needed: int) -> bool:
    return at.seats >= needed or any(_captures(branch, needed) for branch in at.branches)


def _nearest(at: Seed, needed: int) -> int:
    if at.seats >= needed:
        return 0
    return -1 + max((_nearest(b, needed) for b in at.branches if _captures(b, needed)), default=-DEEPEST)


def _shallowest(at: Seed) -> int:
    return 1 + min((_shallowest(branch) for branch in at.branches), default=-1)


AIMS: dict[str, Aim] = {
    "honest": honest_aim,
    "seats": seats_aim,
    "longest": longest_aim,
    "capture": capture_aim,
}


def play(setting: Play, aim: Aim, pages: int) -> Gain:
    """Write pages, with a coalition that chooses.

    Args:
        setting: who is there.
        aim: what the coalition wants.
        pages: how many to write.
    """
    needed = liars_tolerated(setting.tellers) + 1
    at = setting.look(0, domain_hash("tests/seed/1", setting.chance.to_bytes(8, "big")))
    first = seats = captured = seeds = 0
    for _ in range(pages):
        # Seeds are counted when they come to be known: all of a tree at once, and an honest page's one when it comes.
        known = sum(1 for _ in _tree(at))
        setting.grow(at)
        seeds += sum(1 for _ in _tree(at)) - known
        first += at.is_ours
        if at.is_ours:
            branches = at.branches or setting.branches_of(at)
            at = max(branches, key=lambda branch: aim(branch, needed))
        else:
            at = setting.branches_of(at)[0]
            seeds += 1
        seats += at.seats
        captured += at.seats >= needed
    return Gain(first, seats, captured, seeds, pages)


def _tree(at: Seed) -> Iterator[Seed]:
    yield at
    for branch in at.branches:
        yield from _tree(branch)


def longest_share(bad: Fraction) -> float:
    """The share of pages on which a coalition proposes first if it wants nothing else.

    A run of its own turns lasts as long as the deepest path of its tree. It lasts at most `d` pages if both branches
    end there, or go on for at most `d - 1`: P(d) = ((1 - a) + a P(d - 1))². Runs of others last 1 / a pages.
    """
    share, within, run = float(bad), 0.0, 0.0
    for _ in range(100):
        run += 1 - within
        within = (1 - share + share * within) ** 2
    return run / (run + 1 / share)


def seeds_per_page(bad: Fraction) -> float:
    """How many seeds a coalition sees per page if it takes the shortest way to the next ones.

    The shortest path of its tree is longer than `d` pages if both branches are its own, and so on:
    P(d) = (a P(d - 1))².
    """
    share, longer, way = float(bad), 1.0, 0.0
    for _ in range(20):
        way += longer
        longer = (share * longer) ** 2
    return (1 / share + 2 / (1 - 2 * share)) / (1 / share + way)
