"""What laptops were seen to hold and what people were promised: kept beside all laptops, for the checkers."""

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from crdt.ids import ChangeHash, LaneId
from p2pcouncil.peer.events import RowsRead

if TYPE_CHECKING:
    from tests.sim.laptop import Laptop


class Where(NamedTuple):
    """A place in a lane."""

    lane: LaneId
    seq: int


class Ledger:
    """Remembers what each laptop, by its title, ever took in, and who was told of which entry that it is kept."""

    def __init__(self) -> None:
        self.acknowledged: dict[ChangeHash, str] = {}
        self.where: dict[ChangeHash, Where] = {}
        self.perished: set[ChangeHash] = set()
        self._kept: dict[str, set[ChangeHash]] = {}

    def note(self, laptop: "Laptop", event: RowsRead) -> None:
        """Note what a laptop's store gave its core: it was committed, so it is to stay."""
        kept = self._kept.setdefault(laptop.title, set())
        for row in event.rows:
            kept.add(row.envelope.hash)
            self.where[row.envelope.hash] = Where(row.envelope.lane, row.envelope.seq)

    def acknowledge(self, title: str, entries: Iterable[ChangeHash]) -> None:
        """Note that somebody was told: this is done."""
        for entry in entries:
            self.acknowledged.setdefault(entry, title)

    def kept(self, title: str) -> Collection[ChangeHash]:
        """All that a laptop took in, since its disk was last replaced."""
        return self._kept.get(title, set())

    def replace_disk(self, title: str) -> None:
        """A laptop loses its disk's content: what was nowhere else has perished, and nobody can bring it back."""
        mine = self._kept.pop(title, set())
        elsewhere = set[ChangeHash]().union(*self._kept.values()) if self._kept else set()
        self.perished |= mine - elsewhere

    def doubles(self) -> Mapping[Where, list[ChangeHash]]:
        """Places at which laptops between them took in more than one envelope."""
        by_place: dict[Where, set[ChangeHash]] = {}
        for kept in self._kept.values():
            for change in kept:
                by_place.setdefault(self.where[change], set()).add(change)
        return {place: sorted(changes) for place, changes in by_place.items() if len(changes) > 1}
