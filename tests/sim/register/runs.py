"""One run of a register, for processes that share the work."""

from p2pcouncil.domain.register.quorum import liars_tolerated
from p2pcouncil.domain.register.sayings import PageProposal, Precommit, Prevote
from tests.sim.register.play import play

SIZES = (1, 2, 3, 4, 5, 7, 10)


def one(seed: int, above: int) -> tuple[int, int, int, int, tuple[str, ...]]:
    """Play one seed; its number, members, crashes, rounds and what was violated.

    Args:
        seed: of everything.
        above: so many more lie than a register of that size promises to stand.
    """
    size = SIZES[seed % len(SIZES)]
    world, violated = play(seed, size, min(size - 1, liars_tolerated(size) + above))
    rounds = max(
        saying.round
        for laptop in world.tellers.values()
        for saying in laptop.own()
        if isinstance(saying, PageProposal | Prevote | Precommit)
    )
    return seed, size, world.crashes, rounds, violated
