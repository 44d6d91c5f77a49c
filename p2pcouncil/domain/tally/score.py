"""Score: points are added up, and the sums decide as approvals do.

A sum of 0 never wins, as an option that nobody approves never does: see `decide_approval`.
"""

from p2pcouncil.domain.tally.choice import Choice


def add_points(counts: list[int], choice: Choice, highest: int, times: int) -> None:
    """Add the points of ballots that say the same.

    Args:
        counts: points per option so far; changed in place.
        choice: a valid score choice: tier k holds the options with ``highest - k`` points.
        highest: most points that an option can get from a ballot.
        times: how many such ballots; negative removes ballots added before.
    """
    for points, tier in zip(range(highest, 0, -1), choice, strict=False):
        for option in tier:
            counts[option] += points * times
