"""The chain of seeds, and what is drawn from it: committees, proposers, overseers.

Each page's seed follows from the seed before and from the one output that the page's first proposer can prove. They
know it a moment earlier than the others and can't change it: all they can do is keep silent, and then the seed is
another one that everybody knew. That choice of two is all the influence there is, whatever a page says and however
often it is proposed.

One person, one ticket: nothing that a member owns, pledges or did makes a draw likelier. All functions are pure, and
none depends on the order in which it is given members.

Source: DESIGN section 6, "Who tells" and "Overseers"; `docs/sortition.md` says what influence is left.
"""

from collections.abc import Collection, Set

from crdt.ids import ChangeHash, CouncilId, MemberId, domain_hash

FIRST_SEED_DOMAIN = "p2pcouncil/first-seed/1"
SEED_DOMAIN = "p2pcouncil/seed/1"
LOT_DOMAIN = "p2pcouncil/lot/1"
RANK_DOMAIN = "p2pcouncil/rank/1"
OVERSEER_DOMAIN = "p2pcouncil/overseer/1"

MAX_UNDRAWN = 40
"""Up to so many on duty, all of them tell: a draw among few would leave more to chance than it saves in work."""
OVERSEERS = 3
"""How many review a closed vote, unless the charter says otherwise."""


def first_seed(council: CouncilId) -> bytes:
    """The seed of page 0, 32 bytes. Founders can try many; up to 40 of them nothing is drawn with it but an order."""
    return domain_hash(FIRST_SEED_DOMAIN, council)


def lot_input(council: CouncilId, seed: bytes, number: int) -> bytes:
    """What a page's first proposer makes their proof over, 32 bytes.

    Args:
        council: whose page.
        seed: of the page before.
        number: the page's, 1 and up.
    """
    return domain_hash(LOT_DOMAIN, council, seed, _number(number))


def next_seed(seed: bytes, beta: bytes | None) -> bytes:
    """The seed of a page, 32 bytes.

    Args:
        seed: of the page before.
        beta: the verified output of the page's first proposer (`ecvrf.verify`), 64 bytes; None if the page carries no
            proof of theirs. Nobody else's stands in for it: whoever could make rounds fail would have one more draw
            with every proposer.
    """
    return domain_hash(SEED_DOMAIN, seed, b"" if beta is None else beta)


def ranking(seed: bytes, number: int, members: Collection[MemberId]) -> tuple[MemberId, ...]:
    """Members in the order of their lots for a page.

    Who joins or goes off duty comes in between or drops out, and all others keep their order.

    Args:
        seed: of the page before.
        number: the page's.
        members: in any order; one who is named twice has one lot.
    """
    return _by_lot(members, RANK_DOMAIN, seed, _number(number))


def committee(seed: bytes, number: int, on_duty: Collection[MemberId], size: int) -> tuple[MemberId, ...]:
    """The tellers of a page: everyone on duty up to 40, else those with the lowest lots.

    Args:
        seed: of the page before.
        number: the page's.
        on_duty: who told the register by the page before that they tell.
        size: how many to draw if there are more than 40 (`sizes.committee_size`); at least 1.

    Returns:
        Tellers by rank. The first proposes in round 0, the next in round 1, and so on around.
    """
    ranked = ranking(seed, number, on_duty)
    return ranked if len(ranked) <= MAX_UNDRAWN else ranked[:size]


def proposer(tellers: tuple[MemberId, ...], round_: int) -> MemberId:
    """Who proposes in a round: tellers take turns, by rank.

    Args:
        tellers: a committee by rank, at least one.
        round_: 0 and up.
    """
    return tellers[round_ % len(tellers)]


def overseers(
    seed: bytes,
    issue: ChangeHash,
    roll: Collection[MemberId],
    excluded: Set[MemberId],
    wanted: int = OVERSEERS,
) -> tuple[MemberId, ...]:
    """Who reviews a closed vote.

    Args:
        seed: of the page that closed it, so that nobody knows them before the vote is over.
        issue: the vote.
        roll: who could vote in it.
        excluded: who opened it and who seconded it; they would review their own work.
        wanted: how many.

    Returns:
        By lot, lowest first; all who are eligible if they are fewer than wanted.
    """
    return _by_lot([member for member in roll if member not in excluded], OVERSEER_DOMAIN, seed, issue)[
        :wanted
    ]


def _by_lot(members: Collection[MemberId], domain: str, *drawn_with: bytes) -> tuple[MemberId, ...]:
    # The member comes last, so that no set of others can shift a lot; ids are unique, and so are their hashes.
    return tuple(sorted(set(members), key=lambda member: domain_hash(domain, *drawn_with, member)))


def _number(number: int) -> bytes:
    return number.to_bytes(8, "big")
