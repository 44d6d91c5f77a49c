"""What a planning period is about: the goods that are planned, the units that plan, and who speaks for each.

A unit is a workers' or a consumers' council as the plan sees it, or a part of one: a household, a neighbourhood above
it, a workshop. A unit that stands above others proposes the sum of what they propose, unless it says something else
itself; so plans go up from households to regions, and each figure leads to whoever entered it.

Source: DESIGN section 8; docs/planning.md.
"""

from collections.abc import Sequence
from typing import Annotated

import msgspec

from crdt.errors import RemoteError
from p2pcouncil.domain.records import Hash, OptionalHash, Record

MICRO = 1_000_000
"""Amounts are whole millionths of a good's unit: peers agree on integers, and each amount has one spelling."""
MAX_AMOUNT = 10**12 * MICRO
MAX_GOODS = 400
MAX_UNITS = 400
MAX_ROUNDS = 64
MAX_PRICE_MILLI = 10**15
MAX_VALUE_MICRO = 10**18
MAX_WEIGHT_MICRO = 100 * MICRO
START_PRICE_MILLI = 700_000
"""With which prices begin, in thousandths: 700.000, as in the published simulations."""
GOOD_KINDS = ("product", "labour", "resource")
UNIT_KINDS = ("workers", "consumers")
HOUR = "h"

Label = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
UnitOfMeasure = Annotated[str, msgspec.Meta(min_length=1, max_length=16)]
Amount = Annotated[int, msgspec.Meta(ge=0, le=MAX_AMOUNT)]
PositiveAmount = Annotated[int, msgspec.Meta(ge=1, le=MAX_AMOUNT)]


class PlanGood(Record, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Something that a plan has a supply, a demand and a price of.

    Attributes:
        name: unique in the plan.
        unit: in which it is counted; “h” for labour.
        kind: a product, a kind of labour, or a resource that nobody makes.
        stock: what is there without anybody's proposal in each period, in millionths of the unit.
        start_price_milli: its indicative price in the first round, in thousandths.
        weight_micro: of labour, how much an hour of it counts in labour values, in millionths; 1 for everything else.
    """

    name: Label
    unit: UnitOfMeasure
    kind: Annotated[str, msgspec.Meta(max_length=16)]
    stock: Amount = 0
    start_price_milli: Annotated[int, msgspec.Meta(ge=1, le=MAX_PRICE_MILLI)] = START_PRICE_MILLI
    weight_micro: Annotated[int, msgspec.Meta(ge=1, le=MAX_WEIGHT_MICRO)] = MICRO


class PlanUnit(Record, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A council, or a part of one, as a plan sees it.

    Attributes:
        name: unique in the plan.
        kind: whether it makes things or uses them up.
        speaker: the member who says what it proposes.
        within: the place of the unit above it in the plan's list, counted from 1; 0 for none. It stands before it.
        council: the council that it is; empty if it has none of its own.
    """

    name: Label
    kind: Annotated[str, msgspec.Meta(max_length=16)]
    speaker: Hash
    within: Annotated[int, msgspec.Meta(ge=0, le=MAX_UNITS)] = 0
    council: OptionalHash = b""


class Figures(Record, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What a round came to for one good, as a page says it.

    Attributes:
        supply, demand: in millionths of its unit.
        price_milli: its indicative price in this round, in thousandths.
        value_micro: its labour value, in millionths of an hour per unit; None for what is not made, or has none.
    """

    supply: Amount
    demand: Amount
    price_milli: Annotated[int, msgspec.Meta(ge=1, le=MAX_PRICE_MILLI)]
    value_micro: Annotated[int, msgspec.Meta(ge=0, le=MAX_VALUE_MICRO)] | None = None


Goods = Annotated[tuple[PlanGood, ...], msgspec.Meta(min_length=1, max_length=MAX_GOODS)]
Units = Annotated[tuple[PlanUnit, ...], msgspec.Meta(min_length=1, max_length=MAX_UNITS)]


class TermsError(RemoteError):
    """The terms of a planning period contradict themselves.

    Attributes:
        good: the place of the good that is wrong; -1 if it is none.
        unit: likewise of a unit.
        key: which of its fields.
    """

    def __init__(self, message: str, *, good: int = -1, unit: int = -1, key: str = "name") -> None:
        super().__init__(message)
        self.good = good
        self.unit = unit
        self.key = key


def validate_goods_and_units(goods: Goods, units: Units) -> None:
    """Refuse a list of goods or units that contradicts itself.

    Raises:
        TermsError: which of them, and why.
    """
    for at, good in enumerate(goods):
        if good.kind not in GOOD_KINDS:
            raise TermsError(
                f"“{good.name}” is neither a product, nor labour, nor a resource.", good=at, key="kind"
            )
        if good.kind == "labour" and good.unit != HOUR:
            raise TermsError(
                f"“{good.name}” is labour, which is counted in hours: “{HOUR}”.", good=at, key="unit"
            )
        if good.kind != "labour" and good.weight_micro != MICRO:
            raise TermsError(
                f"“{good.name}” is no labour, so its hours can't be weighed.", good=at, key="weight"
            )
    at = _repeated([good.name for good in goods])
    if at >= 0:
        raise TermsError(f"The plan names the good “{goods[at].name}” twice.", good=at)
    at = _repeated([unit.name for unit in units])
    if at >= 0:
        raise TermsError(f"The plan names the council “{units[at].name}” twice.", unit=at)
    for at, unit in enumerate(units):
        if unit.kind not in UNIT_KINDS:
            raise TermsError(f"“{unit.name}” is neither of workers nor of consumers.", unit=at, key="kind")
        if unit.within > at:
            raise TermsError(
                f"“{unit.name}” stands before the council that it belongs to.", unit=at, key="within"
            )
        if unit.within and units[unit.within - 1].kind != unit.kind:
            raise TermsError(f"“{unit.name}” belongs to a council of another kind.", unit=at, key="within")
        if len(unit.council) not in (0, 32):
            raise TermsError(f"“{unit.name}” names a council by something that is no name.", unit=at)
    if {unit.kind for unit in units} != set(UNIT_KINDS):
        raise TermsError("A plan needs somebody who makes things, and somebody who uses them.")


def _repeated(names: Sequence[str]) -> int:
    """The place of the first name that stood before; -1 if none did."""
    seen: set[str] = set()
    for at, name in enumerate(names):
        if name in seen:
            return at
        seen.add(name)
    return -1
