"""A planning round under way: what each speaker proposed in it, and which of it counts."""

from bisect import bisect_left, insort

from crdt.ids import ChangeHash, MemberId
from p2pcouncil.domain.facts import Fact
from p2pcouncil.domain.planning.said import ProposePlan
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
