"""Marks: which entries are to be judged (again), in layers.

Kinds of entries are judged in layers, each resting on the verdicts of those before it only. Marks therefore
go upwards, and one pass over the layers settles everything, in whatever order the marks were made.
"""

from collections.abc import Iterable
from enum import IntEnum

from crdt.ids import ChangeHash
from p2pcouncil.domain.entries import (
    AnyEntry,
    Ballot,
    Comment,
    Feedback,
    Open,
    Progress,
    Review,
    Second,
    Vouch,
    Withdraw,
)
from p2pcouncil.domain.facts import Fact, Facts
from p2pcouncil.domain.planning.said import ProposePlan, ReportResult


class Layer(IntEnum):
    """In which order kinds are judged."""

    VOUCH = 0
    PLAIN = 1
    """What refers to no entry; what could not be read as well."""
    REMARK = 2
    """Comments and seconds, which rest on proposals."""
    OPEN = 3
    WITHDRAW = 4
    BALLOT = 5
    """Ballots, proposals in planning rounds, and what is said of votes that are closed."""


_LAYER_OF: dict[type[AnyEntry] | type[None], Layer] = {
    Vouch: Layer.VOUCH,
    Comment: Layer.REMARK,
    Second: Layer.REMARK,
    Open: Layer.OPEN,
    Withdraw: Layer.WITHDRAW,
    Ballot: Layer.BALLOT,
    Progress: Layer.BALLOT,
    Feedback: Layer.BALLOT,
    Review: Layer.BALLOT,
    ProposePlan: Layer.BALLOT,
    ReportResult: Layer.BALLOT,
}


def layer_of(fact: Fact) -> Layer:
    """The layer in which an entry is judged."""
    return _LAYER_OF.get(type(fact.body), Layer.PLAIN)


class Marks:
    """The entries to be judged, by layer."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._marked: list[set[ChangeHash]] = [set() for _ in Layer]

    def add(self, fact: Fact) -> None:
        """Judge an entry."""
        self._marked[layer_of(fact)].add(fact.hash)

    def add_all(self, facts: Iterable[Fact]) -> None:
        """Judge entries."""
        for fact in facts:
            self.add(fact)

    def drop(self, fact: Fact) -> None:
        """Don't judge an entry: it goes."""
        self._marked[layer_of(fact)].discard(fact.hash)

    def came_or_goes(self, name: ChangeHash) -> None:
        """Judge everything that refers to an entry, for now it is held, or is no more."""
        for referrer in self._facts.referrers.get(name, ()):
            self.add(self._facts.held[referrer])

    def changed(self, fact: Fact) -> None:
        """Judge what rests on the verdict on an entry.

        Whatever refers to an entry of its own or a later layer refers to the wrong kind, whatever the
        verdict.
        """
        referrers = self._facts.referrers.get(fact.hash)
        if referrers is None:
            return  # Most entries are ballots and comments to which nobody refers.
        layer = layer_of(fact)
        for name in referrers:
            referrer = self._facts.held[name]
            if layer_of(referrer) > layer:
                self.add(referrer)

    def marked(self, layer: Layer) -> set[ChangeHash]:
        """What is marked in a layer; not to be changed."""
        return self._marked[layer]

    def take(self, layer: Layer) -> set[ChangeHash]:
        """What is marked in a layer; the marks are gone afterwards."""
        marked, self._marked[layer] = self._marked[layer], set()
        return marked
