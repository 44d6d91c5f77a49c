"""How a count went, for methods that take more than one sum: stages, purchases, and where a lot would decide.

They are kept so that anyone can follow a count by hand. They follow from the ballots, so no hash covers them.
"""

import enum
from dataclasses import dataclass

VOTE = 100_000
"""A whole vote in the units in which transferred votes are counted: hundred-thousandths, as in Scottish law."""


class Move(enum.StrEnum):
    """What a stage of a transferable vote began with."""

    FIRST = "first"
    """Each ballot went to the option that it ranks first."""
    SURPLUS = "surplus"
    """What an elected option had above the quota went on."""
    EXCLUSION = "exclusion"
    """The option with the fewest votes was excluded, and they went on."""
    VOTELESS = "voteless"
    """Options without any vote were excluded; nothing moved."""
    LAST = "last"
    """No more options were left than seats, so all of them were elected."""
    LEVEL = "level"
    """Options without any vote were more than the seats that were left for them, and nothing told them apart."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of a count by transferable vote.

    Attributes:
        move: what it began with.
        whose: options whose votes moved or who were excluded, ascending; empty at the first stage and the last. Of
            LEVEL, the options that are level.
        looked_back: whether an earlier stage had to decide whose turn it was.
        votes: what each option had at its end, in hundred-thousandths of a vote.
        lost: what went to nobody in it, in the same unit: papers that rank no further option, and remainders.
        elected: options elected at its end, ascending.
    """

    move: Move
    whose: tuple[int, ...]
    looked_back: bool
    votes: tuple[int, ...]
    lost: int
    elected: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Purchase:
    """One project that its supporters paid for.

    Attributes:
        option: the project.
        payers: ballots that paid the full part.
        part: that part in units of money, as numerator and denominator in lowest terms.
        rho: the part divided by the cost, in the same form; the factor ρ of the method.
        poorer: ballots that had less than the part left, and paid that.
        paid_by_poorer: what those paid together, in units of money, in the same form as `part`.
    """

    option: int
    payers: int
    part: tuple[int, int]
    rho: tuple[int, int]
    poorer: int
    paid_by_poorer: tuple[int, int]


Step = Stage | Purchase


@dataclass(frozen=True, slots=True)
class Way:
    """What a count comes to if a lot falls on one of the tied options.

    Attributes:
        option: whom the lot falls on.
        winners: options that win for certain then, ascending.
        tied: options that win only if further lots fall well for them, ascending.
        steps: how the count goes on, up to its end or to the next lot.
    """

    option: int
    winners: tuple[int, ...]
    tied: tuple[int, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Lot:
    """Where a lot would decide if this were a rule that draws lots; the last of the rounds.

    Attributes:
        ways: one for each option that it could fall on, ascending by option.
    """

    ways: tuple[Way, ...]


Round = Step | Lot
