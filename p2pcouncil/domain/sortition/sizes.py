"""How many tellers to draw, so that practically never too many of them are bad; in exact numbers.

A committee of `n` bears `f` liars. If more than `f` of those drawn are bad, they can certify two pages of one number
and count ballots that came late, and nobody drawn honestly can stop it. So the chance of such a draw has to be
negligible over all draws of years, and with the draws among which a coalition can choose by keeping silent.

Source: DESIGN section 6, "Who tells"; the tables that this comes to stand in `docs/sortition.md`.
"""

from fractions import Fraction
from functools import lru_cache
from math import comb

from p2pcouncil.domain.register.quorum import liars_tolerated, quorum_of
from p2pcouncil.domain.sortition.lot import MAX_UNDRAWN

MAX_BAD_PERMILLE = 200
"""Against a fifth, 400 of 10,000 have to tell; against a quarter more than 1,000, and no page holds their seals."""
BAD_PERMILLE = 100
"""How many of a thousand on duty are taken to be bad, unless the charter says otherwise."""
DRAWS = 10_000
"""Over how many pages the chance is counted: an hourly page for a year, or four a day for almost seven."""
ACCEPTED = Fraction(1, 1_000_000)
"""The chance, over all draws together, that one committee has more bad tellers than it bears."""
SMALLEST = 4
"""The smallest committee that bears a liar."""


def committee_size(on_duty: int, bad_permille: int = BAD_PERMILLE, draws: int = DRAWS) -> int:
    """How many to draw from those on duty: as many as it takes, and never fewer than tell without a draw.

    Otherwise the forty-first on duty would shrink the committee, and what a council assumes about its members would
    matter most where one more bad member changes their share the most.

    Args:
        on_duty: how many can be drawn; at least 1.
        bad_permille: how many of a thousand of them are bad.
        draws: how many pages are expected.
    """
    return min(on_duty, max(MAX_UNDRAWN, smallest_committee(on_duty, bad_permille, draws)))


@lru_cache(maxsize=1024)
def smallest_committee(on_duty: int, bad_permille: int, draws: int) -> int:
    """The smallest committee that is safe over all pages.

    Args:
        on_duty: how many can be drawn; at least 1.
        bad_permille: how many of a thousand of them are bad, rounded up to whole members; 1 to 200.
        draws: how many pages are expected; at least 1.

    Returns:
        The smallest size for which the chance of more than f bad tellers, in any of the committees that are drawn or
        that a coalition could have had drawn instead, is below one in a million. Everybody, if no fewer will do.
    """
    if not 1 <= bad_permille <= MAX_BAD_PERMILLE:
        raise ValueError(
            f"A committee can be made safe against 1 to {MAX_BAD_PERMILLE} bad ones of a thousand."
        )
    bad = -(-on_duty * bad_permille // 1000)
    if 3 * bad >= on_duty:
        return on_duty  # Rounded up, a share of very few is large; and they are too few to be drawn from.
    accepted = ACCEPTED / draws / seeds_seen(Fraction(bad, on_duty))
    # Sizes in between bear no more liars, and have more seats for them.
    for size in range(SMALLEST, on_duty, 3):
        if chance_of_too_many_bad(size, on_duty, bad) < accepted:
            return size
    return on_duty


def chance_of_too_many_bad(tellers: int, on_duty: int, bad: int) -> Fraction:
    """The chance that a committee has more bad tellers than it bears.

    Args:
        tellers: its size.
        on_duty: how many it is drawn from, each set of them as likely as any other.
        bad: how many of those are bad.

    Returns:
        The upper tail of the hypergeometric distribution, exactly.
    """
    least = max(liars_tolerated(tellers) + 1, tellers - (on_duty - bad))
    most = min(tellers, bad)
    if least > most:
        return Fraction(0)
    from_bad, from_good = comb(bad, least), comb(on_duty - bad, tellers - least)
    ways = from_bad * from_good
    for drawn in range(least, most):  # From one number of bad ones to the next, since binomials cost more.
        from_bad = from_bad * (bad - drawn) // (drawn + 1)
        from_good = from_good * (tellers - drawn) // (on_duty - bad - tellers + drawn + 1)
        ways += from_bad * from_good
    return Fraction(ways, comb(on_duty, tellers))


def chance_of_no_quorum(tellers: int, absent: Fraction) -> Fraction:
    """The chance that too few tellers are there at one moment to decide anything.

    Args:
        tellers: size of the committee.
        absent: the chance of each that they are not there, whatever the others do.

    Returns:
        The tail of the binomial distribution, exactly. A page then waits, and nothing is lost but time.
    """
    there = 1 - absent
    return sum(
        (comb(tellers, n) * there**n * absent ** (tellers - n) for n in range(quorum_of(tellers))),
        Fraction(0),
    )


def seeds_seen(bad: Fraction) -> Fraction:
    """Among how many seeds a coalition can choose per page, at most and on average.

    When the first proposer is theirs, they see two seeds, that of the proof and that of silence. Along each they see on
    as long as its first proposer is theirs too: 2 / (1 − 2a) seeds on average, if they hold a share a of the lots, and
    using them takes a page or more. Before that, 1 / a pages on average had an honest first proposer, who shows one
    seed. Both together show (1 / a + 2 / (1 − 2a)) seeds in at least 1 / a + 1 pages, which is what is returned.

    Args:
        bad: the coalition's share of those on duty, below a half.
    """
    return 1 / ((1 - 2 * bad) * (1 + bad))
