"""A table of what many councils propose: what is taken from it for those that I speak for."""

from collections.abc import Sequence
from itertools import groupby

from p2pcouncil.domain.planning.said import UnitPlan
from p2pcouncil.peer.plan_lines import part_of
from p2pcouncil.peer.views.plans import SUM, PlanUnitView, PlanView, TechniqueView
from p2pcouncil.plan_files.unit_file import CouncilLine, Line
from p2pcouncil.text_files.errors import TextFileError
from p2pcouncil.text_files.lines import quoted


def parts_of(
    lines: tuple[CouncilLine, ...], note: str, view: PlanView, techniques: tuple[TechniqueView, ...]
) -> tuple[UnitPlan, ...]:
    """What a table of many proposes for the councils that I speak for, by ascending place.

    Raises:
        TextFileError: it names a council, a good or a technique that is not there or does not fit, with the line; or
            it has nothing for me to say.
    """
    units = {unit.name: unit for unit in view.units}
    found: dict[int, UnitPlan] = {}
    for name, group in groupby(lines, key=lambda line: line.council):
        rows = list(group)
        unit = units.get(name)
        if unit is None:
            raise TextFileError(
                f"The plan has no council {quoted(name)}.", "See `p2pcouncil plan show`.", rows[0].line.line
            )
        if unit.place in found:
            raise TextFileError(
                f"{quoted(name)} stands at two places of the table.",
                "Put its lines together.",
                rows[0].line.line,
            )
        if unit.place in view.mine and rows[0].standing != SUM:
            check_kinds(unit, [row.line for row in rows])
            found[unit.place] = part_of([row.line for row in rows], unit.place, note, view, techniques)
    if not found:
        mine = ", ".join(view.units[at].name for at in view.mine)
        raise TextFileError("The table has nothing for councils that you speak for.", f"They are: {mine}.")
    return tuple(found[place] for place in sorted(found))


def check_kinds(unit: PlanUnitView, lines: Sequence[Line]) -> None:
    """Refuse a line that a council of this kind can't propose.

    Raises:
        TextFileError: which one, where it stands.
    """
    for line in lines:
        is_wrong = line.kind != "offers" and (line.kind == "makes") != (unit.kind == "workers")
        if is_wrong:
            raise TextFileError(
                f"{quoted(unit.name)} is a council of {unit.kind}, and proposes nothing of the kind “{line.kind}”.",
                "Write makes for workers, wants and limits for consumers, and offers for either.",
                line.line,
            )
