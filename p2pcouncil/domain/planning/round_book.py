"""A planning round under way: what each speaker proposed in it, and which of it counts."""

from bisect import bisect_left, insort

from crdt.ids import ChangeHash, MemberId
from p2pcouncil.domain.entries import ProposePlan
from p2pcouncil.domain.facts import Fact, Facts
from p2pcouncil.domain.register.closing import Sheet
from p2pcouncil.domain.voter import Voter


class RoundBook:
    """The proposals of one round, by who speaks.

    Attributes:
        plan: the vote that began the planning period.
        number: of the round.
        voters: per member who proposed something that counts or might.
    """

    def __init__(self, plan: ChangeHash, number: int) -> None:
        """Begin with no proposals."""
        self.plan = plan
        self.number = number
        self.voters: dict[MemberId, Voter] = {}

    def add(self, fact: Fact, body: ProposePlan) -> None:
        """A proposal counts or might."""
        voter = self.voters.setdefault(fact.member, Voter())
        insort(voter.held, (body.number, fact.hash))
        voter.counted = voter.best()

    def remove(self, fact: Fact, body: ProposePlan) -> None:
        """A proposal was taken back."""
        voter = self.voters[fact.member]
        del voter.held[bisect_left(voter.held, (body.number, fact.hash))]
        voter.counted = voter.best()
        if voter.counted is None:
            del self.voters[fact.member]

    def counted(self) -> tuple[ChangeHash, ...]:
        """The proposals that would count if the round ended with what is held, by ascending member."""
        found = (self.voters[member].counted for member in sorted(self.voters))
        return tuple(name for name in found if name is not None)


def named_proposals(
    plan: ChangeHash, number: int, roll: tuple[MemberId, ...], sheet: Sheet, facts: Facts
) -> tuple[tuple[ChangeHash, ...], int]:
    """The proposals that a sheet names, as far as they are held, by ascending member; and how many are not.

    A name that leads to anything but that member's proposal in that round counts as not held.
    """
    found: list[ChangeHash] = []
    named = 0
    for member, name in zip(roll, sheet, strict=False):
        if name is None:
            continue
        named += 1
        fact = facts.held.get(name)
        if fact is None or fact.member != member or not isinstance(fact.body, ProposePlan):
            continue
        if (fact.body.plan, fact.body.round) == (plan, number):
            found.append(name)
    return tuple(found), named - len(found)
