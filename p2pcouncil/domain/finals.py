"""Final counts: what the ballots that a page names come to.

A closed vote is counted from its sheet and from nothing else: whatever became of a ballot's author, device or feed
after the page, what counted counts.
"""

from collections.abc import Iterable

from crdt.errors import RemoteError
from crdt.ids import ChangeHash, MemberId
from p2pcouncil.domain.entries import Ballot, Open
from p2pcouncil.domain.facts import Facts
from p2pcouncil.domain.outcomes import CountedBallot
from p2pcouncil.domain.register.closing import Sheet
from p2pcouncil.domain.register.pages import Result
from p2pcouncil.domain.tally.choice import Choice, validate_choice
from p2pcouncil.domain.tally.count import Counter
from p2pcouncil.domain.tally.method import options_of
from p2pcouncil.domain.tally.outcome import Outcome, Tally, ballots_needed


def count_choices(terms: Open, roll_size: int, choices: Iterable[Choice]) -> Tally:
    """Count choices by the terms of a vote.

    Args:
        terms: the opening.
        roll_size: members who could vote.
        choices: one per ballot; each fits the terms.
    """
    counter = Counter(terms.method, terms.options, roll_size)
    for choice in choices:
        counter.add(choice, 1)
    return counter.result()


def result_of(tally: Tally) -> Result:
    """What a page says of a count."""
    return Result(tally.outcome.value, tally.winners, tally.turnout)


def named_ballots(
    terms: Open, issue: ChangeHash, roll: tuple[MemberId, ...], sheet: Sheet, facts: Facts
) -> tuple[tuple[CountedBallot, ...], int]:
    """The ballots that a sheet names, as far as they are held, by ascending member; and how many are not.

    A name that leads to anything but that member's ballot on that vote, with a choice that fits, counts as not held.
    """
    found: list[CountedBallot] = []
    named = 0
    for member, name in zip(roll, sheet, strict=False):
        if name is None:
            continue
        named += 1
        fact = facts.held.get(name)
        if fact is None or fact.member != member or not isinstance(fact.body, Ballot):
            continue
        ballot = fact.body
        if ballot.issue == issue and is_fitting(terms, ballot.choice):
            found.append(CountedBallot(member, name, ballot.number, ballot.choice, ballot.claimed_at_ms))
    return tuple(found), named - len(found)


def is_fitting(terms: Open, choice: Choice) -> bool:
    """Whether a choice fits the terms of a vote."""
    try:
        validate_choice(terms.method, terms.options, choice)
    except RemoteError:
        return False
    return True


def tally_as_told(terms: Open, roll_size: int, result: Result) -> Tally:
    """What the page says of a vote whose ballots are not all held: its outcome, without numbers."""
    options = options_of(terms.method, terms.options)
    return Tally(
        method=terms.method,
        options=options,
        roll_size=roll_size,
        turnout=result.turnout,
        quorum_reached=result.turnout >= ballots_needed(terms.method.quorum_permille, roll_size),
        counts=(0,) * len(options),
        outcome=Outcome(result.outcome),
        winners=result.winners,
    )
