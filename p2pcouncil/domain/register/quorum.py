"""How many tellers decide, and how many of them may lie.

Any two quorums of a committee share more tellers than may lie, so they share an honest one: that is all that keeps
two pages of one number, or two results of one vote, apart.
"""

SMALL_COMMITTEE = 3
"""Up to here everybody has to sign: there is no room for a liar, and a silent one holds all up until they return."""


def liars_tolerated(tellers: int) -> int:
    """How many of a committee may lie or be silent for ever, and its pages still hold and go on.

    Args:
        tellers: size of the committee, at least 1.

    Source: Lamport, Shostak, Pease 1982: less than a third. Called f everywhere.
    """
    return (tellers - 1) // 3


def quorum_of(tellers: int) -> int:
    """How many tellers make a page, or close a vote.

    Args:
        tellers: size of the committee, at least 1.

    Returns:
        ``(n + f) // 2 + 1``; all of a committee of up to three.
    """
    if tellers <= SMALL_COMMITTEE:
        return tellers
    return (tellers + liars_tolerated(tellers)) // 2 + 1
