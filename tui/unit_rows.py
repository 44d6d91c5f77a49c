"""Which rows the table of a council's proposal has, and which more it could have: plain data, no widgets."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from p2pcouncil.domain.planning.said import UnitPlan
from p2pcouncil.peer.views.plans import FigureView, PlanUnitView, PlanView, TechniqueView
from p2pcouncil.plan_files.unit_file import Line

PRIORITIES = ("must", "", "nice")
"""As a table's file says them: 1, 2 and 3 in an entry."""
PRIORITY_LABELS = ("must have", "wanted", "nice to have")
WANTED = 1
_FIRST_ROWS_MAX = 12


@dataclass(frozen=True, slots=True)
class RowSpec:
    """What a row is about.

    Attributes:
        unit: the council's place in the plan.
        kind: 'makes', 'wants', 'offers' or 'limits'.
        name: of the good or the pollutant.
        unit_of: in which it is counted.
        how: the technique's name.
        id: the technique's id in hex; empty for all but 'makes'.
    """

    unit: int
    kind: str
    name: str
    unit_of: str
    how: str = ""
    id: str = ""

    @property
    def key(self) -> str:
        """Names the row in its table and in a draft."""
        return f"{self.unit}/{self.kind}/{self.id or self.name}"

    def line(self, amount: int, priority: int) -> Line:
        """The row as a line of a table's file; amounts in millionths."""
        how = PRIORITIES[priority] if self.kind == "wants" else self.id
        return Line(self.kind, self.name, amount, self.unit_of if self.kind == "limits" else "", how)


@dataclass(frozen=True, slots=True)
class Said:
    """What was said, or is suggested, in one row: an amount in millionths, and the place of its priority."""

    amount: int
    priority: int = WANTED


def said_in(unit: PlanUnitView, part: UnitPlan | None, figures: Sequence[FigureView]) -> dict[RowSpec, Said]:
    """The rows of a proposal or a suggestion; empty for a sum, which nobody said.

    Args:
        unit: whose it is.
        part: what an entry says.
        figures: the same as lines, in the order of the entry.
    """
    if part is None:
        return {}
    ids = [made.technique.hex() for made in part.made]
    priorities = [1] * len(part.made) + [wanted.priority - 1 for wanted in part.wanted]
    found = {}
    for at, figure in enumerate(figures):
        is_made = figure.kind == "makes"
        spec = RowSpec(
            unit.place,
            figure.kind,
            figure.name,
            figure.unit,
            figure.how if is_made else "",
            ids[at] if is_made else "",
        )
        found[spec] = Said(figure.amount_micro, priorities[at] if at < len(priorities) else WANTED)
    return found


def said_in_part(
    view: PlanView, unit: PlanUnitView, part: UnitPlan, techniques: Sequence[TechniqueView]
) -> dict[RowSpec, Said]:
    """The rows that a part fills, of all that a council's table can have."""
    goods = view.goods
    said = {("makes", made.technique.hex()): Said(made.amount) for made in part.made}
    said |= {("wants", goods[w.good].name): Said(w.amount, w.priority - 1) for w in part.wanted}
    said |= {("offers", goods[offered.good].name): Said(offered.amount) for offered in part.offered}
    said |= {("limits", limit.name): Said(limit.most) for limit in part.limits}
    rows = possible_rows(view, unit, techniques)
    return {
        spec: said[spec.kind, spec.id or spec.name]
        for spec in rows
        if (spec.kind, spec.id or spec.name) in said
    }


def possible_rows(
    view: PlanView, unit: PlanUnitView, techniques: Sequence[TechniqueView]
) -> Iterator[RowSpec]:
    """Every row that a council's table can have."""
    if unit.kind == "workers":
        for found in techniques:
            yield RowSpec(unit.place, "makes", found.product, found.unit, found.name, found.hash.hex())
        return
    for good in view.goods:
        if good.kind != "labour":
            yield RowSpec(unit.place, "wants", good.name, good.unit)
    for good in view.goods:
        if good.kind != "product":
            yield RowSpec(unit.place, "offers", good.name, good.unit)
    pollutants = sorted({(item.name, item.unit) for found in techniques for item in found.given_off})
    for name, unit_of in pollutants:
        yield RowSpec(unit.place, "limits", name, unit_of)


def first_rows(
    view: PlanView, unit: PlanUnitView, techniques: Sequence[TechniqueView]
) -> tuple[RowSpec, ...]:
    """Where a table begins: with what was said or is suggested; the first time with what it is likely to be about."""
    rows = {
        **said_in(unit, unit.part, unit.figures),
        **said_in(unit, unit.suggestion, unit.suggested),
    }
    if rows:
        return tuple(rows)
    mine = {found.hash.hex() for found in techniques if found.by.is_me}
    likely = [
        spec
        for spec in possible_rows(view, unit, techniques)
        if (spec.id in mine if spec.kind == "makes" else spec.kind != "limits")
    ]
    return tuple(likely) if len(likely) <= _FIRST_ROWS_MAX and "sum" not in unit.standing else ()
