"""Random votes, from a seed: mostly small ones, in which ties are frequent, and some large ones."""

import random
from collections import Counter as Multiset
from collections.abc import Callable
from dataclasses import dataclass

from p2pcouncil.domain.tally.choice import Choice
from p2pcouncil.domain.tally.count import Counter
from p2pcouncil.domain.tally.method import Approval, EqualShares, Method, Ranked, Score, Stv
from p2pcouncil.domain.tally.outcome import Tally

Ballots = dict[Choice, int]


@dataclass(frozen=True, slots=True)
class Vote:
    """A method with ballots."""

    method: Method
    size: int
    ballots: Ballots

    def count(self) -> Tally:
        """What we make of it."""
        counter = Counter(self.method, names(self.size), sum(self.ballots.values()))
        for choice, times in self.ballots.items():
            counter.add(choice, times)
        return counter.result()


def names(size: int) -> tuple[str, ...]:
    """Options."""
    return tuple(f"option {option}" for option in range(size))


def random_vote(method: str, seed: int, number: int) -> Vote:
    """One vote of a method.

    Args:
        method: its tag.
        seed: of the run.
        number: of the vote in the run.
    """
    rng = random.Random(f"{seed}/{method}/{number}")
    is_small = rng.random() < 0.8
    size = rng.randrange(2, 6) if is_small else rng.randrange(6, 12)
    voters = rng.randrange(1, 13) if is_small else rng.randrange(20, 200)
    return _MAKERS[method](rng, size, voters)


def _ranking(rng: random.Random, size: int) -> Choice:
    """A ranking with equal ranks, of some or all options."""
    order = rng.sample(range(size), rng.randrange(size + 1))
    tiers: list[list[int]] = []
    for option in order:
        if tiers and rng.random() < 0.3:
            tiers[-1].append(option)
        else:
            tiers.append([option])
    return tuple(tuple(sorted(tier)) for tier in tiers)


def _approvals(rng: random.Random, size: int) -> Choice:
    approved = tuple(option for option in range(size) if rng.random() < 0.5)
    return (approved,) if approved else ()


def _points(rng: random.Random, size: int, highest: int) -> Choice:
    given = [rng.randrange(highest + 1) for _ in range(size)]
    lowest = min((points for points in given if points), default=highest + 1)
    return tuple(
        tuple(option for option in range(size) if given[option] == points)
        for points in range(highest, lowest - 1, -1)
    )


def _cast(voters: int, draw: Callable[[], Choice]) -> Ballots:
    return dict(Multiset(draw() for _ in range(voters)))


def _ranked(rng: random.Random, size: int, voters: int) -> Vote:
    return Vote(Ranked(0), size, _cast(voters, lambda: _ranking(rng, size)))


def _approval(rng: random.Random, size: int, voters: int) -> Vote:
    seats = rng.randrange(1, size + 1)
    return Vote(Approval(0, seats), size, _cast(voters, lambda: _approvals(rng, size)))


def _score(rng: random.Random, size: int, voters: int) -> Vote:
    highest = rng.randrange(1, 11)
    winners = rng.randrange(1, size + 1)
    return Vote(Score(0, highest, winners), size, _cast(voters, lambda: _points(rng, size, highest)))


def _stv(rng: random.Random, size: int, voters: int) -> Vote:
    seats = rng.randrange(1, size)
    # Some options are liked more than others, as people are: else nobody ever has a surplus.
    liking = [rng.random() ** 2 + 0.05 for _ in range(size)]

    def draw() -> Choice:
        order = sorted(range(size), key=lambda option: rng.random() ** (1 / liking[option]), reverse=True)
        return tuple((option,) for option in order[: rng.randrange(size + 1)])

    return Vote(Stv(0, seats), size, _cast(voters, draw))


def _shares(rng: random.Random, size: int, voters: int) -> Vote:
    scale = rng.choice((1, 100))
    costs = tuple(rng.randrange(1, 11) * scale for _ in range(size))
    budget = rng.randrange(1, 31) * scale
    return Vote(EqualShares(0, budget, costs), size, _cast(voters, lambda: _approvals(rng, size)))


_MAKERS: dict[str, Callable[[random.Random, int, int], Vote]] = {
    "ranked": _ranked,
    "approval": _approval,
    "score": _score,
    "stv": _stv,
    "equal-shares": _shares,
}
METHODS = tuple(_MAKERS)
