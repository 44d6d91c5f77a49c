"""A table: one combined technique for each product, checked, with names replaced by indexes, ready for sums.

Products stand in the order of their names' code points, so that a table does not depend on who entered what first.
"""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from p2pcouncil.domain.planning.combining import combine
from p2pcouncil.domain.planning.faults import FAULTS_MAX, Fault, FaultKind, TableError
from p2pcouncil.domain.planning.quantities import Micro
from p2pcouncil.domain.planning.technique import Technique, faults_of

PRODUCTS_MAX = 2_000
TECHNIQUES_MAX = 20_000
KINDS_MAX = 64
"""Kinds of work in one table."""
_NAMED_MAX = 5
"""Products that a sentence names; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Column:
    """What one product takes.

    Attributes:
        unit: of the product.
        output: how much is made, in millionths of the unit; above 0.
        inputs: indexes of the products that are used, ascending, in 64 bits each: large tables have millions.
        quantities: how much of each, in millionths of its unit; above 0.
        hours: direct labour, for each of the table's kinds of work, in millionths of an hour.
        techniques: how many ways of making it were added up.
    """

    unit: str
    output: Micro
    inputs: "array[int]"
    quantities: "array[int]"
    hours: tuple[Micro, ...]
    techniques: int


@dataclass(frozen=True, slots=True)
class Table:
    """All products with what they take.

    Attributes:
        products: names, sorted.
        kinds: kinds of work, sorted.
        columns: for each product.
    """

    products: tuple[str, ...]
    kinds: tuple[str, ...]
    columns: tuple[Column, ...]

    def index(self, product: str) -> int:
        """Where a product stands; -1 if the table hasn't it."""
        return self.products.index(product) if product in self.products else -1


def make_table(techniques: Sequence[Technique], *, is_part: bool = False) -> Table:
    """Combine techniques into a table.

    Args:
        techniques: in any order; several for one product are averaged by output.
        is_part: whether others make the rest: what nobody in it makes is left out of it, and a product may have no
            hours, for they may come in with that. Such a table shows whether it can be productive, and no values.

    Returns:
        The table, equal for every order. Whether it is productive is not known yet.

    Raises:
        TableError: something is wrong with them; it says all that is, up to a limit.
    """
    _refuse(islice(_faults_apart(techniques), FAULTS_MAX))
    by_product: dict[str, list[int]] = {}
    for at, technique in enumerate(techniques):
        by_product.setdefault(technique.product, []).append(at)
    _refuse(islice(_faults_together(techniques, by_product, is_part=is_part), FAULTS_MAX))
    products = tuple(sorted(by_product))
    combined = [combine([techniques[at] for at in by_product[product]]) for product in products]
    added = [technique for technique in combined if len(by_product[technique.product]) > 1]
    _refuse(islice((fault for technique in added for fault in faults_of(technique)), FAULTS_MAX))
    kinds = tuple(sorted({work.kind for technique in combined for work in technique.hours if work.hours}))
    index = {product: at for at, product in enumerate(products)}
    columns = []
    for technique in combined:
        used = [
            (index[item.name], item.quantity)
            for item in technique.inputs
            if item.quantity and item.name in index
        ]
        worked = {work.kind: work.hours for work in technique.hours}
        columns.append(
            Column(
                technique.unit,
                technique.output,
                array("q", (at for at, _ in used)),
                array("q", (quantity for _, quantity in used)),
                tuple(worked.get(kind, Micro(0)) for kind in kinds),
                len(by_product[technique.product]),
            )
        )
    table = Table(products, kinds, tuple(columns))
    if not is_part:
        _refuse(_faults_of_labour(table))
    return table


def name_some(products: Sequence[str]) -> str:
    """Name products in a sentence; of many the first few, and how many more there are."""
    some = [f"“{product}”" for product in products[:_NAMED_MAX]]
    if len(products) > _NAMED_MAX:
        some.append(f"{len(products) - _NAMED_MAX:,} more")
    return some[0] if len(some) == 1 else f"{', '.join(some[:-1])} and {some[-1]}"


def _refuse(faults: Iterator[Fault]) -> None:
    found = list(faults)
    if found:
        raise TableError(found)


def _faults_apart(techniques: Sequence[Technique]) -> Iterator[Fault]:
    if not techniques:
        yield Fault(FaultKind.EMPTY, "The table has no product.", "Enter what at least one product takes.")
    if len(techniques) > TECHNIQUES_MAX:
        yield Fault(
            FaultKind.TOO_MANY,
            f"There are {len(techniques):,} techniques; at most {TECHNIQUES_MAX:,} can be counted.",
            "Add up the workplaces of each region first.",
        )
        return
    first: dict[str, int] = {}
    for at, technique in enumerate(techniques):
        first.setdefault(technique.product, at)
    if len(first) > PRODUCTS_MAX:
        product, place = list(first.items())[PRODUCTS_MAX]
        yield Fault(
            FaultKind.TOO_MANY,
            f"There are {len(first):,} products; at most {PRODUCTS_MAX:,} can be counted.",
            "Put products together that are made alike.",
            (product,),
            technique=place,
        )
        return
    for at, technique in enumerate(techniques):
        yield from faults_of(technique, at)


def _faults_together(
    techniques: Sequence[Technique], by_product: dict[str, list[int]], *, is_part: bool
) -> Iterator[Fault]:
    """What is wrong between techniques that are right by themselves."""
    kinds = {work.kind for technique in techniques for work in technique.hours}
    if len(kinds) > KINDS_MAX:
        yield Fault(
            FaultKind.TOO_MANY,
            f"There are {len(kinds):,} kinds of work; at most {KINDS_MAX} can be counted.",
            "Put kinds of work together.",
        )
    units = {product: techniques[places[0]].unit for product, places in by_product.items()}
    pollutant_units: dict[str, str] = {}
    for at, technique in enumerate(techniques):
        product = technique.product
        if technique.unit != units[product]:
            yield Fault(
                FaultKind.UNIT,
                f"“{product}” is counted in “{technique.unit}” here, and in “{units[product]}” elsewhere.",
                "Use one unit for a product, and convert its quantities.",
                (product,),
                technique=at,
            )
        for item in technique.inputs:
            unit = units.get(item.name)
            if unit is None and is_part:
                continue
            if unit is None:
                yield Fault(
                    FaultKind.MISSING,
                    f"“{product}” uses “{item.name}”, which nobody in the table makes.",
                    "Enter what it takes to make it, or correct its name.",
                    (product,),
                    item.name,
                    at,
                )
            elif item.unit != unit:
                yield Fault(
                    FaultKind.UNIT,
                    f"“{product}” uses “{item.name}” in “{item.unit}”, and it is made in “{unit}”.",
                    f"Convert the quantity to “{unit}”.",
                    (product,),
                    item.name,
                    at,
                )
        for item in technique.pollutants:
            unit = pollutant_units.setdefault(item.name, item.unit)
            if item.unit != unit:
                yield Fault(
                    FaultKind.UNIT,
                    f"“{item.name}” is counted in “{item.unit}” at “{product}”, and in “{unit}” elsewhere.",
                    "Use one unit for a pollutant, and convert its quantities.",
                    (product,),
                    item.name,
                    at,
                )


def _faults_of_labour(table: Table) -> Iterator[Fault]:
    """A product into which no hour goes, on whatever way, would have the value 0."""
    users: list[list[int]] = [[] for _ in table.products]
    without = {at for at, column in enumerate(table.columns) if not any(column.hours)}
    if not without:
        return
    for at in without:
        for used in table.columns[at].inputs:
            users[used].append(at)
    reached = [at for at in range(len(table.products)) if at not in without]
    while reached:
        for user in users[reached.pop()]:
            if user in without:
                without.remove(user)
                reached.append(user)
    if without:
        names = [table.products[at] for at in sorted(without)]
        yield Fault(
            FaultKind.NO_LABOUR,
            f"No labour goes into {name_some(names)}, neither directly nor through what is used.",
            "Enter the hours of work for at least one of them.",
            tuple(names),
        )
