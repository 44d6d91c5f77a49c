"""What is said about plans as tables that can be worked on elsewhere and said again, the same from every interface."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from p2pcouncil.domain.planning.quantities import Micro
from p2pcouncil.domain.planning.technique import Hours, Item, Technique
from p2pcouncil.peer.plan_lines import to_lines
from p2pcouncil.peer.views.plans import FigureView, PlanUnitView, PlanView, TechniqueView
from p2pcouncil.plan_files.listing import write_list
from p2pcouncil.plan_files.unit_file import BEFORE, write_units

_NAME_CHARS_MAX = 60


def proposals_table(view: PlanView) -> str:
    """What all councils of a plan propose, as `plan_files.unit_file.read_units` reads it."""
    rows = (
        ((unit.name, unit.speaker.name, unit.standing), line)
        for unit in view.units
        for line in to_lines(unit)
    )
    return write_units(rows, BEFORE)


def unit_table(unit: PlanUnitView) -> str:
    """What one council proposes, as `plan_files.unit_file.read_unit` reads it."""
    return write_units(((), line) for line in to_lines(unit))


def techniques_table(techniques: Sequence[TechniqueView]) -> str:
    """How things can be made, as `plan_files.listing.read_list` reads it."""
    return write_list(
        [_technique(view) for view in techniques],
        [view.name for view in techniques],
        [Micro(view.capacity_micro) for view in techniques],
        [view.note for view in techniques],
    )


def file_name(parts: Iterable[str], ending: str = "csv") -> str:
    """A name for a file that every system takes: ``Mill Lane, spring`` becomes ``mill-lane-spring.csv``."""
    plain = unicodedata.normalize("NFKD", " ".join(parts)).encode("ascii", "ignore").decode().casefold()
    words = "-".join(re.findall(r"[a-z0-9]+", plain))[:_NAME_CHARS_MAX].strip("-")
    return f"{words or 'table'}.{ending}"


def _technique(view: TechniqueView) -> Technique:
    def items(figures: tuple[FigureView, ...]) -> tuple[Item, ...]:
        return tuple(Item(f.name, f.unit, Micro(f.amount_micro)) for f in figures)

    return Technique(
        view.product,
        view.unit,
        Micro(view.output_micro),
        items(view.inputs),
        tuple(Hours(f.name, Micro(f.amount_micro)) for f in view.labour),
        items(view.given_off),
    )
