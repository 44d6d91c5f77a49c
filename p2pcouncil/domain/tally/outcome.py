"""What a count comes to: the numbers, the outcome, and what a reader needs to do the sum again by hand."""

import enum
from dataclasses import dataclass

from p2pcouncil.domain.tally.method import PERMILLE, Method
from p2pcouncil.domain.tally.rounds import Round


class Outcome(enum.StrEnum):
    """How a vote ends."""

    PASSED = "passed"
    """Yes exceeded the threshold."""
    REJECTED = "rejected"
    """Yes did not exceed the threshold, an exact hit included."""
    ELECTED = "elected"
    """`Tally.winners` won; they can be fewer than the seats when no ballot named the rest."""
    TIED = "tied"
    """`Tally.tied` share the first place, the last seats or the last money; a run-off between them is due."""
    NO_QUORUM = "no-quorum"
    """Too few of the roll cast a ballot."""
    NOBODY = "nobody"
    """No ballot expressed a preference: none was cast, or all were blank or abstained. Under equal shares also if
    nothing that was approved could be paid for."""


@dataclass(frozen=True, slots=True)
class Tally:
    """The result of a count; equal for equal ballots, on every peer.

    Attributes:
        method: what decided.
        options: what the indexes below stand for; yes, no, abstain under yes/no. Text of strangers: clean it
            before it is shown.
        roll_size: members who could vote.
        turnout: ballots cast, blank ones and abstentions included.
        quorum_reached: whether the turnout sufficed.
        counts: per option: ballots for it (yes/no), approving it (approval, equal shares), listing it in
            their first tier (ranked, STV), or its points (score).
        outcome: how the vote ended.
        winners: indexes of the options that won for certain, ascending; empty under yes/no.
        tied: indexes of the options that tie, ascending; empty unless the outcome is TIED.
        pairwise: ranked only: ``pairwise[a][b]`` ballots rank option a above option b.
        paths: ranked only: ``paths[a][b]`` is the strength of the strongest path from a to b, in ballots.
        ranking: ranked only: tiers of option indexes from best to worst by the Schulze relation.
        rounds: STV and equal shares only: how the count went. No hash covers it: it follows from the rest.
    """

    method: Method
    options: tuple[str, ...]
    roll_size: int
    turnout: int
    quorum_reached: bool
    counts: tuple[int, ...]
    outcome: Outcome
    winners: tuple[int, ...] = ()
    tied: tuple[int, ...] = ()
    pairwise: tuple[tuple[int, ...], ...] = ()
    paths: tuple[tuple[int, ...], ...] = ()
    ranking: tuple[tuple[int, ...], ...] = ()
    rounds: tuple[Round, ...] = ()

    def essence(self) -> dict[str, object]:
        """What a hash covers, by name: all but the rounds."""
        return {name: getattr(self, name) for name in self.__slots__ if name != "rounds"}


def ballots_needed(quorum_permille: int, roll_size: int) -> int:
    """The fewest ballots that reach the quorum.

    Args:
        quorum_permille: share of the roll, 0 to 1000.
        roll_size: members who may vote.

    Returns:
        The share rounded up to whole ballots.
    """
    return -(-quorum_permille * roll_size // PERMILLE)
