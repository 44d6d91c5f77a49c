"""Approval: the most approved options win, and a tie for the last seats is left to a run-off."""

from collections.abc import Sequence

from p2pcouncil.domain.tally.outcome import Outcome


def decide_approval(counts: Sequence[int], seats: int) -> tuple[Outcome, tuple[int, ...], tuple[int, ...]]:
    """Judge an approval vote whose quorum was reached.

    An option that no ballot approves never wins, even if a seat stays empty for it.

    Args:
        counts: approvals per option.
        seats: winners to elect, at least 1.

    Returns:
        The outcome (ELECTED, TIED or NOBODY); the options elected for certain; and the options that tie for
        the seats left over. Both ascend.
    """
    approved = [option for option, count in enumerate(counts) if count > 0]
    if not approved:
        return Outcome.NOBODY, (), ()
    if len(approved) <= seats:
        return Outcome.ELECTED, tuple(approved), ()
    # The count that the last seat goes at: whoever exceeds it is in, whoever falls short is out.
    last = sorted((counts[option] for option in approved), reverse=True)[seats - 1]
    above = tuple(option for option in approved if counts[option] > last)
    level = tuple(option for option in approved if counts[option] == last)
    if len(above) + len(level) == seats:
        return Outcome.ELECTED, tuple(sorted(above + level)), ()
    return Outcome.TIED, above, level
