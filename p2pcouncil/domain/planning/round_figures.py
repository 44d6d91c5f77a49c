"""The figures of a round: supply, demand and labour values, as a function of what its units propose and nothing else.

Nothing in planning takes longer, and the fold needs none of it: what a round came to stands on the page that closes it.
Only tellers, who write or check that page, and people who look ask for figures. So they ask through a port, `Figuring`.
Whoever has time works them out on the spot. A peer that others talk to has them worked out elsewhere, answers "not yet"
meanwhile, and whoever asked asks again. What waits is done later and not otherwise: no answer depends on when it comes.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Protocol, TypeAlias

from crdt.ids import ChangeHash
from p2pcouncil.domain.effects import OpenPlan
from p2pcouncil.domain.planning.faults import Fault
from p2pcouncil.domain.planning.plan_values import (
    labour_weights,
    plan_techniques,
    valued_table,
    values_of_goods,
)
from p2pcouncil.domain.planning.said import PublishTechnique
from p2pcouncil.domain.planning.standing import (
    Entries,
    Totals,
    UnitStanding,
    technique_of,
    totals_of,
)
from p2pcouncil.domain.planning.table import Table

REMEMBERED_MAX = 128
"""Figures of so many rounds are kept. Tellers ask again and again for those that end: at most 64 on one page, and what
it says of them may rest on other proposals than what their own would."""

GIVEN_OFF_MAX = 200
"""So many of the things given off are told, the first ones by name: no rule rests on them."""

RoundKey: TypeAlias = tuple[OpenPlan, tuple[tuple[ChangeHash, ...], ...]]
"""Terms of a period, and per round up to the one that is asked for the proposals that count in it. Proposals and their
techniques are named by what they say, so equal keys have equal figures."""


@dataclass(frozen=True, slots=True)
class RoundTask:
    """What the figures of a round follow from.

    Attributes:
        terms: of the planning period.
        units: what each unit proposes, in the order of the plan's list; of those within others it makes no difference.
        techniques: those that they make things by.
    """

    terms: OpenPlan
    units: tuple[UnitStanding, ...]
    techniques: Mapping[ChangeHash, PublishTechnique]


@dataclass(frozen=True, slots=True)
class RoundFigures:
    """What a round adds up to.

    Attributes:
        totals: supply and demand; of what is given off at most `GIVEN_OFF_MAX`, the first ones by name.
        values: the labour value of each good of the plan, in millionths of an hour per unit; None where there is none.
        faults: why some products have none.
    """

    totals: Totals
    values: tuple[int | None, ...]
    faults: tuple[Fault, ...]


class FiguresAwaited(Exception):
    """Figures are being worked out elsewhere; what needs them is to be done again when they are there."""


class Figuring(Protocol):
    """Where figures of rounds come from."""

    def figures(self, asker: bytes, key: RoundKey, task: Callable[[], RoundTask]) -> RoundFigures | None:
        """The figures of a round.

        Args:
            asker: who wants them, a round or a period by name: what they asked for before is no longer wanted.
            key: what the figures follow from, by name.
            task: the same, in full.

        Returns:
            None while they are worked out elsewhere; then ask again later.
        """
        ...


class FiguresHere:
    """Works figures out on the spot."""

    def __init__(self) -> None:
        self._known: OrderedDict[RoundKey, RoundFigures] = OrderedDict()

    def figures(self, asker: bytes, key: RoundKey, task: Callable[[], RoundTask]) -> RoundFigures:
        """The figures of a round; see the port."""
        found = self._known.get(key) or work_out(task())
        self._known[key] = found
        self._known.move_to_end(key)
        if len(self._known) > REMEMBERED_MAX:
            self._known.popitem(last=False)
        return found


def round_task(terms: OpenPlan, units: Sequence[UnitStanding], entries: Entries) -> RoundTask:
    """Put together what the figures of a round follow from.

    Args:
        terms: of the planning period.
        units: from `standing.standing_units`.
        entries: has the techniques.
    """
    named = {
        name
        for unit, standing in zip(terms.units, units, strict=True)
        if not unit.within
        for name in standing.made
    }
    return RoundTask(terms, tuple(units), {name: technique_of(name, entries) for name in named})


def work_out(task: RoundTask) -> RoundFigures:
    """Add a round up, and find the labour values."""
    totals = totals_of(task.terms, task.units, task.techniques)
    techniques = plan_techniques(task.terms, task.units, task.techniques)
    _, values, faults = valued_table(techniques, labour_weights(task.terms))
    given_off = dict(islice(totals.given_off.items(), GIVEN_OFF_MAX))
    return RoundFigures(replace(totals, given_off=given_off), values_of_goods(task.terms, values), faults)


def table_of(task: RoundTask) -> Table | None:
    """What goods take by a round; None if nothing has a value."""
    techniques = plan_techniques(task.terms, task.units, task.techniques)
    return valued_table(techniques, labour_weights(task.terms))[0]
