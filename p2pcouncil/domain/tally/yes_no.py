"""Yes or no: a motion passes when yes exceeds its share of the ballots that took a side."""

from p2pcouncil.domain.tally.method import PERMILLE
from p2pcouncil.domain.tally.outcome import Outcome


def decide_yes_no(yes: int, no: int, threshold_permille: int) -> Outcome:
    """Judge a motion whose quorum was reached.

    The threshold has to be *exceeded*: at 500 permille five of ten are not enough. Products of integers are
    compared, so nothing is ever rounded.

    Args:
        yes: ballots for it.
        no: ballots against it.
        threshold_permille: share of yes among yes and no to exceed, 0 to 999.

    Returns:
        PASSED, REJECTED, or NOBODY when no ballot took a side.
    """
    if yes + no == 0:
        return Outcome.NOBODY
    return Outcome.PASSED if yes * PERMILLE > threshold_permille * (yes + no) else Outcome.REJECTED
