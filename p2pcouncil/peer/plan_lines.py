"""What a council proposes, between the lines that people fill in, on any interface, and the entry that says it."""

from collections.abc import Container, Iterator, Sequence

from crdt.ids import ChangeHash
from p2pcouncil.domain.planning.said import Limit, Made, UnitPlan, Wanted
from p2pcouncil.peer.plan_figures import amount
from p2pcouncil.peer.views.plans import PlanUnitView, PlanView, TechniqueView
from p2pcouncil.plan_files.unit_file import Line
from p2pcouncil.text_files.errors import TextFileError
from p2pcouncil.text_files.lines import quoted

URGENCIES = {"must": 1, "": 2, "nice": 3}
_WORDS = {"can't be missed": "must", "would be nice": "nice"}


def part_of(
    lines: Sequence[Line], unit: int, note: str, view: PlanView, techniques: Sequence[TechniqueView]
) -> UnitPlan:
    """Put together what a unit proposes.

    Raises:
        TextFileError: something is not of the plan, or not known; with the line, if it came from a file.
    """
    made: dict[bytes, int] = {}
    wanted: dict[int, tuple[int, int]] = {}
    offered: dict[int, int] = {}
    limits: dict[tuple[str, str], int] = {}
    for line in lines:
        match line.kind:
            case "makes":
                technique = _technique(line, techniques)
                _check_planned(technique, line, view)
                made[technique.hash] = made.get(technique.hash, 0) + line.amount
            case "wants":
                if line.how not in URGENCIES:
                    raise TextFileError(
                        f"{quoted(line.how)} is no priority.", "Write must or nice, or nothing.", line.line
                    )
                good = _good(line, view)
                _check_new(good, wanted, line)
                wanted[good] = (line.amount, URGENCIES[line.how])
            case "offers":
                good = _good(line, view)
                _check_new(good, offered, line)
                offered[good] = line.amount
            case _:
                limit = (line.good, _unit_of_pollutant(line, techniques))
                _check_new(limit, limits, line)
                limits[limit] = line.amount
    return UnitPlan(
        unit,
        tuple(Made(name, made[name]) for name in sorted(made)),
        tuple(Wanted(good, *wanted[good]) for good in sorted(wanted)),
        tuple(Wanted(good, offered[good]) for good in sorted(offered)),
        tuple(Limit(name, unit_of, limits[name, unit_of]) for name, unit_of in sorted(limits)),
        note.strip(),
    )


def beyond_capacity(part: UnitPlan, techniques: Sequence[TechniqueView]) -> Iterator[str]:
    """What a unit would make more of than whoever published the technique says can be made, a phrase each.

    No rule forbids it: whoever bought a second oven knows better than the table. But a slip of the hand shows.
    """
    known = {found.hash: found for found in techniques}
    for made in part.made:
        found = known.get(ChangeHash(made.technique))
        if found is not None and found.capacity_micro and made.amount > found.capacity_micro:
            most = f"{amount(found.capacity_micro)} {found.unit}"
            yield f"{amount(made.amount)} of {found.product} by “{found.name}”, which can make {most} in a period"


def to_lines(unit: PlanUnitView) -> Iterator[Line]:
    """What a unit proposes, as lines of a table."""
    for figure in unit.figures:
        how = _WORDS.get(figure.how, "") if figure.kind == "wants" else figure.how
        yield Line(figure.kind, figure.name, figure.amount_micro, figure.unit, how)


def _technique(line: Line, techniques: Sequence[TechniqueView]) -> TechniqueView:
    fit = [t for t in techniques if t.product == line.good and line.how in ("", t.name, t.by.name)]
    # Two people may give one name to what they do; the id says which.
    fit = fit or [t for t in techniques if t.product == line.good and line.how == t.hash.hex()]
    fit = fit or [t for t in techniques if t.name == line.good and not line.how]
    if len(fit) == 1:
        return fit[0]
    if not fit:
        products = ", ".join(dict.fromkeys(t.product for t in techniques)) or "nothing yet"
        raise TextFileError(
            f"Nobody published how to make {quoted(line.good)}{f' by {quoted(line.how)}' if line.how else ''}.",
            f"See `p2pcouncil technique list`; it has {products}.",
            line.line,
        )
    ways = ", ".join(f"{line.good}=…@{t.name}" for t in fit[:8])
    raise TextFileError(
        f"There are {len(fit)} ways to make {quoted(line.good)}.", f"Say which: {ways}.", line.line
    )


def _check_new(key: object, before: Container[object], line: Line) -> None:
    """Refuse to let one line take the place of another without a word; what is made twice adds up."""
    if key in before:
        raise TextFileError(
            f"A line above {line.kind} {quoted(line.good)} already.",
            "Add the two up, and keep one.",
            line.line,
        )


def _check_planned(technique: TechniqueView, line: Line, view: PlanView) -> None:
    """Refuse a technique that makes, uses or needs what the plan has not, or counts otherwise."""
    goods = {good.name: good for good in view.goods}
    parts = [("makes", technique.product, technique.unit)]
    parts += [(item.kind, item.name, item.unit) for item in (*technique.inputs, *technique.labour)]
    for verb, name, unit in parts:
        good = goods.get(name)
        if good is None:
            raise TextFileError(
                f"{quoted(technique.name)} {verb} {quoted(name)}, which is not planned.",
                "Take another technique, or plan it in a new period.",
                line.line,
            )
        if good.unit != unit:
            raise TextFileError(
                f"{quoted(technique.name)} counts {quoted(name)} in {unit}, and the plan in {good.unit}.",
                f"Publish it in {good.unit}: `p2pcouncil technique publish`.",
                line.line,
            )


def _good(line: Line, view: PlanView) -> int:
    found = next((good for good in view.goods if good.name == line.good), None)
    if found is None:
        names = ", ".join(good.name for good in view.goods[:12])
        raise TextFileError(f"The plan has no good {quoted(line.good)}.", f"It has {names}.", line.line)
    if line.unit not in ("", found.unit):
        raise TextFileError(
            f"{quoted(line.good)} is counted in {found.unit} in this plan, and here in {quoted(line.unit)}.",
            f"Convert the amount to {found.unit}.",
            line.line,
        )
    return found.place


def _unit_of_pollutant(line: Line, techniques: Sequence[TechniqueView]) -> str:
    units = {item.unit for technique in techniques for item in technique.given_off if item.name == line.good}
    if line.unit or len(units) != 1:
        if line.unit in units:
            return line.unit
        raise TextFileError(
            f"No technique gives off {quoted(line.good)}{f' in {quoted(line.unit)}' if line.unit else ''}.",
            "See `p2pcouncil technique list` for what is given off.",
            line.line,
        )
    return units.pop()
