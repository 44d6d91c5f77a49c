"""Labour values of a plan: what each product takes, on the average of those who make it by the plan.

The table is the plan's own: how much of each product is made by all techniques together, and what that uses up. What
nature gives has no value. What is used and not made, a stock or something that nobody proposes yet, has none that is
known; nor has anything that is made from it, nor products that together need more than they make.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from crdt.ids import ChangeHash
from p2pcouncil.domain.effects import OpenPlan
from p2pcouncil.domain.planning.faults import FAULTS_MAX, Fault, FaultKind, TableError
from p2pcouncil.domain.planning.quantities import ONE, Micro
from p2pcouncil.domain.planning.said import PublishTechnique
from p2pcouncil.domain.planning.standing import UnitStanding, needed
from p2pcouncil.domain.planning.table import Table, make_table
from p2pcouncil.domain.planning.technique import Hours, Item, Technique
from p2pcouncil.domain.planning.terms import MAX_VALUE_MICRO

DIGITS = 6
NO_WEIGHTS: Mapping[str, Micro] = {}
Valued = tuple[Table | None, Mapping[str, int], tuple[Fault, ...]]
"""A table, the values of its products, and why others have none."""


def plan_techniques(
    terms: OpenPlan, units: Sequence[UnitStanding], techniques: Mapping[ChangeHash, PublishTechnique]
) -> tuple[Technique, ...]:
    """How things are made by a plan: each technique for as much as is made by it, resources left out.

    Args:
        terms: of the planning period.
        units: from `standing.standing_units`.
        techniques: those that they make things by.
    """
    made: dict[ChangeHash, int] = {}
    for unit, standing in zip(terms.units, units, strict=True):
        for name, amount in standing.made.items() if not unit.within else ():
            made[name] = made.get(name, 0) + amount
    resources = {good.name for good in terms.goods if good.kind == "resource"}
    found = []
    for name in sorted(made):
        technique, amount = techniques[name], made[name]
        if not amount:
            continue

        def used(per_output: int, amount: int = amount, output: int = technique.output) -> Micro:
            return Micro(needed(amount, per_output, output))

        found.append(
            Technique(
                technique.product,
                technique.unit,
                Micro(amount),
                tuple(
                    Item(item.name, item.unit, used(item.amount))
                    for item in technique.inputs
                    if item.name not in resources
                ),
                tuple(Hours(item.name, used(item.amount)) for item in technique.labour),
            )
        )
    return tuple(found)


def labour_weights(terms: OpenPlan) -> dict[str, Micro]:
    """How much an hour of each kind of work counts, in millionths, where that is not one: as the members voted."""
    return {good.name: Micro(good.weight_micro) for good in terms.goods if good.weight_micro != ONE}


def valued_table(techniques: Sequence[Technique], weights: Mapping[str, Micro] = NO_WEIGHTS) -> Valued:
    """The table of those products that have a value, their values, and why others have none.

    Args:
        techniques: from `plan_techniques`.
        weights: from `labour_weights`.

    Returns:
        The table (None if it is empty), per product its value in millionths of an hour, and what was wrong.
    """
    return _valued_table(tuple(techniques), tuple(sorted(weights.items())))


# A round is added up for its page, then for whoever looks at it and at the round after it, with equal tables.
@lru_cache(maxsize=4)
def _valued_table(techniques: tuple[Technique, ...], weighted: tuple[tuple[str, Micro], ...]) -> Valued:
    # Whoever plans nothing should not wait for linear algebra to be loaded.
    from p2pcouncil.domain.planning.labour_values import faults_of_groups, quick_values, settle_productive

    weights = dict(weighted)
    faults: list[Fault] = []
    left, unmade = _made_of_what_is_made(techniques)
    faults += unmade
    while left:
        try:
            table = make_table(left)
            quick = quick_values(table, DIGITS, weights)
            found = faults_of_groups(quick)
            values = () if found else settle_productive(quick).values
        except TableError as error:
            found = list(error.faults)
        if not found:
            return table, dict(zip(table.products, values, strict=True)), tuple(faults[:FAULTS_MAX])
        faults += found
        at_fault = {name for fault in found for name in fault.products}
        rest = [technique for technique in left if technique.product not in at_fault]
        left = _made_of_what_is_made(rest)[0] if len(rest) < len(left) else []
    return None, {}, tuple(faults[:FAULTS_MAX])


def _made_of_what_is_made(techniques: Sequence[Technique]) -> tuple[list[Technique], list[Fault]]:
    """Leave out what uses a product that is not made, and what is made from that, and so on.

    A table would name them as well, but a few at a time, and a hostile plan can have a long chain of them.
    """
    made = {technique.product for technique in techniques}
    users: dict[str, list[str]] = {}
    faults: list[Fault] = []
    out: list[str] = []
    for technique in techniques:
        for item in technique.inputs:
            users.setdefault(item.name, []).append(technique.product)
            if item.name not in made:
                out.append(technique.product)
                faults.append(_unmade(technique.product, item.name))
    left_out = set(out)
    while out:
        for user in users.get(out.pop(), ()):
            if user not in left_out:
                left_out.add(user)
                out.append(user)
    return [technique for technique in techniques if technique.product not in left_out], faults


def _unmade(product: str, item: str) -> Fault:
    return Fault(
        FaultKind.MISSING,
        f"“{product}” uses “{item}”, which nobody makes by this plan.",
        "Somebody has to propose to make it.",
        (product,),
        item,
    )


def values_of_goods(terms: OpenPlan, values: Mapping[str, int]) -> tuple[int | None, ...]:
    """The labour value of each good of a plan, in millionths of an hour per unit; None where there is none."""
    found = (values.get(good.name) if good.kind == "product" else None for good in terms.goods)
    return tuple(value if value is not None and value <= MAX_VALUE_MICRO else None for value in found)
