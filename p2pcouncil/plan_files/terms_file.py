"""The terms of a planning period as people write them: a TOML file of goods, councils and how rounds go.

=========================  =========================================================================
``title``, ``summary``     of the proposal to plan
``round``                  how long a round takes proposals: ``90m``, ``36h``, ``3d``
``rounds``                 how many there can be; 25 if left out
``tolerance``              how far supply and demand may be apart: ``5 %`` if left out
``[[good]]``               ``name``, ``unit``, ``kind`` (product, labour or resource); ``stock``, ``start_price``;
                           of labour ``weight``: how much an hour counts in labour values, 1 if left out
``[[council]]``            ``name``, ``kind`` (workers or consumers), ``speaker``; ``within`` (a council above)
=========================  =========================================================================

Amounts and prices are written in quotation marks, for TOML's own decimals are binary fractions.
"""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from crdt.errors import RemoteError
from crdt.ids import MemberId
from p2pcouncil.domain.effects import OpenPlan
from p2pcouncil.domain.planning.quantities import QuantityError, read_quantity
from p2pcouncil.domain.planning.terms import (
    GOOD_KINDS,
    HOUR,
    MAX_GOODS,
    MAX_ROUNDS,
    MAX_UNITS,
    MAX_WEIGHT_MICRO,
    MICRO,
    START_PRICE_MILLI,
    UNIT_KINDS,
    PlanGood,
    PlanUnit,
    validate_goods_and_units,
)
from p2pcouncil.text_files.errors import TextFileError
from p2pcouncil.text_files.lines import Bounds, lines_of, quoted

BOUNDS = Bounds(1 << 20, 20_000, 2_000, "Plan fewer goods at once.", "Break the line.")
ROUNDS = 25
TOLERANCE = "5 %"
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_BASIS_POINTS = 100

TEMPLATE = """\
title = "Spring"
summary = "What we bake, mill and eat from March to May."
round = "2d"
rounds = 12
tolerance = "5 %"

[[good]]
name = "bread"
unit = "loaf"
kind = "product"

[[good]]
name = "flour"
unit = "kg"
kind = "product"

[[good]]
name = "baking"
unit = "h"
kind = "labour"

[[good]]
name = "field"
unit = "ha"
kind = "resource"
stock = "12"

[[council]]
name = "Bakery"
kind = "workers"
speaker = "Ada"

[[council]]
name = "Mill Lane"
kind = "consumers"
speaker = "Ben"

[[council]]
name = "Household Meyer"
kind = "consumers"
speaker = "Cem"
within = "Mill Lane"
"""


@dataclass(frozen=True, slots=True)
class TermsFile:
    """A terms file, read: the proposal to plan, and what it decides."""

    title: str
    summary: str
    terms: OpenPlan


def read_terms(data: bytes, speaker: Callable[[str], MemberId]) -> TermsFile:
    """Read the terms of a planning period.

    Args:
        data: the file.
        speaker: the member that is called so; raises an error of its own if nobody is.

    Raises:
        TextFileError: what is wrong, and where.
    """
    text = "\n".join(lines_of(data, BOUNDS))
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        raise TextFileError(
            f"It is no TOML: {str(error)[:200]}.",
            "Put texts and amounts in quotation marks; begin goods with [[good]].",
            int(line[1]) if line else 0,
        ) from error
    known = {"title", "summary", "round", "rounds", "tolerance", "good", "council"}
    _refuse_unknown(found, known, "The file")
    goods = _tables(found, "good", MAX_GOODS)
    councils = _tables(found, "council", MAX_UNITS)
    names = [str(council.get("name", "")) for council in councils]
    terms = OpenPlan(
        tuple(_good(good) for good in goods),
        tuple(_unit(council, names, speaker) for council in councils),
        _seconds(_text(found, "round", "The file")),
        _whole(found, "rounds", ROUNDS, MAX_ROUNDS),
        _tolerance(str(found.get("tolerance", TOLERANCE))),
    )
    try:
        validate_goods_and_units(terms.goods, terms.units)
    except RemoteError as error:
        raise TextFileError(str(error), "Change it, and try again.") from error
    return TermsFile(_text(found, "title", "The file"), _text(found, "summary", "The file"), terms)


def _tables(found: Mapping[str, Any], name: str, most: int) -> list[Mapping[str, Any]]:
    tables = found.get(name, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables) or not tables:
        raise TextFileError(f"There is no [[{name}]].", f"Begin each with [[{name}]] in a line of its own.")
    if len(tables) > most:
        raise TextFileError(f"There are {len(tables):,} of [[{name}]].", f"A period has at most {most:,}.")
    return tables


def _good(table: Mapping[str, Any]) -> PlanGood:
    what = f"The good {quoted(str(table.get('name', '')))}"
    _refuse_unknown(table, {"name", "unit", "kind", "stock", "start_price", "weight"}, what)
    kind = _text(table, "kind", what, GOOD_KINDS)
    unit = HOUR if kind == "labour" and "unit" not in table else _text(table, "unit", what)
    start = _amount(table, "start_price", what) if "start_price" in table else None
    return PlanGood(
        _text(table, "name", what),
        unit,
        kind,
        _amount(table, "stock", what) if "stock" in table else 0,
        START_PRICE_MILLI if start is None else max(1, start // 1_000),
        _weight(table, what) if "weight" in table else MICRO,
    )


def _weight(table: Mapping[str, Any], what: str) -> int:
    weight = _amount(table, "weight", what)
    if not 1 <= weight <= MAX_WEIGHT_MICRO:
        raise TextFileError(
            f"{what} has a weight that is 0, or more than 100.", "An hour of work counts for something."
        )
    return weight


def _unit(table: Mapping[str, Any], names: list[str], speaker: Callable[[str], MemberId]) -> PlanUnit:
    what = f"The council {quoted(str(table.get('name', '')))}"
    _refuse_unknown(table, {"name", "kind", "speaker", "within"}, what)
    within = str(table.get("within", ""))
    if within and within not in names:
        raise TextFileError(
            f"{what} is within {quoted(within)}, which is not there.", "Name one of [[council]]."
        )
    return PlanUnit(
        _text(table, "name", what),
        _text(table, "kind", what, UNIT_KINDS),
        speaker(_text(table, "speaker", what)),
        names.index(within) + 1 if within else 0,
    )


def _text(table: Mapping[str, Any], key: str, what: str, allowed: tuple[str, ...] = ()) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value.strip():
        raise TextFileError(f"{what} has no {key}.", f'Write {key} = "…", in quotation marks.')
    if allowed and value not in allowed:
        raise TextFileError(f"{what} has the {key} {quoted(value)}.", f"Write one of {', '.join(allowed)}.")
    limit = {"name": 64, "unit": 16, "title": 120, "summary": 600}.get(key, 64)
    if len(value) > limit:
        raise TextFileError(f"{what} has a {key} of {len(value):,} characters.", f"Use at most {limit}.")
    return value.strip()


def _amount(table: Mapping[str, Any], key: str, what: str) -> int:
    value = table[key]
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise TextFileError(f"{what} has a {key} without quotation marks.", f'Write {key} = "12.5".')
    try:
        return read_quantity(str(value))
    except QuantityError as error:
        raise TextFileError(f"{what} has the {key} {quoted(str(value))}, and {error}.", error.hint) from error


def _seconds(text: str) -> int:
    found = re.fullmatch(r"([0-9]{1,6})([smhdw])", text)
    seconds = int(found[1]) * _SECONDS[found[2]] if found else 0
    if not 1 <= seconds <= 31_536_000:
        raise TextFileError(
            f"A round can't take {quoted(text)}.", "Give a time like 90m, 36h or 3d, up to a year."
        )
    return seconds


def _whole(table: Mapping[str, Any], key: str, default: int, most: int) -> int:
    value = table.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise TextFileError(f"{key} is {quoted(str(value))}.", f"Write a whole number from 1 to {most}.")
    return value


def _tolerance(text: str) -> int:
    """Hundredths of a percent."""
    found = re.fullmatch(r"([0-9]{1,3})(?:\.([0-9]{1,2}))? ?%?", text)
    points = Fraction(f"{found[1]}.{found[2] or 0}") * _BASIS_POINTS if found else Fraction(0)
    if not 1 <= points < 20_000:
        raise TextFileError(
            f"The tolerance is {quoted(text)}.", "Write it in percent, from 0.01 % to less than 200 %: 5 %."
        )
    return int(points)


def _refuse_unknown(table: Mapping[str, Any], known: set[str], what: str) -> None:
    for key in sorted(table):
        if key not in known:
            raise TextFileError(
                f"{what} has {quoted(key)}, which means nothing here.",
                f"It can have: {', '.join(sorted(known))}.",
            )
