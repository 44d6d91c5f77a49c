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
from functools import partial
from typing import Any

from crdt.errors import LocalError
from crdt.ids import MemberId
from p2pcouncil.domain.effects import OpenPlan
from p2pcouncil.domain.plain_text import clean_line
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
    TermsError,
    validate_goods_and_units,
)
from p2pcouncil.plan_files.terms_places import Places
from p2pcouncil.text_files.errors import TextFileError
from p2pcouncil.text_files.lines import Bounds, lines_of, quoted

BOUNDS = Bounds(1 << 20, 20_000, 2_000, "Plan fewer goods at once.", "Break the line.")
ROUNDS = 25
TOLERANCE = "5 %"
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_BASIS_POINTS = 100
_MESSAGE_CELLS = 300

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
    lines = lines_of(data, BOUNDS)
    try:
        found = tomllib.loads("\n".join(lines))
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        raise TextFileError(
            f"It is no TOML: {str(error)[:200]}.",
            "Put texts and amounts in quotation marks; begin goods with [[good]].",
            int(line[1]) if line else 0,
        ) from error
    places = Places(lines)
    whole = _Table(found, "The file", places.of_file)
    whole.refuse_unknown({"title", "summary", "round", "rounds", "tolerance", "good", "council"})
    goods = _tables(found, "good", MAX_GOODS, places)
    councils = _tables(found, "council", MAX_UNITS, places)
    names = [str(council.values.get("name", "")) for council in councils]
    terms = OpenPlan(
        tuple(_good(good) for good in goods),
        tuple(_unit(council, names, speaker) for council in councils),
        _seconds(whole),
        _whole(whole, "rounds", ROUNDS, MAX_ROUNDS),
        _tolerance(whole),
    )
    try:
        validate_goods_and_units(terms.goods, terms.units)
    except TermsError as error:
        tables, at = (goods, error.good) if error.good >= 0 else (councils, error.unit)
        line_number = tables[at].line(error.key) if at >= 0 else 0
        told = clean_line(str(error), _MESSAGE_CELLS)
        raise TextFileError(told, "Correct it there, and try again.", line_number) from error
    return TermsFile(whole.text("title"), whole.text("summary"), terms)


@dataclass(frozen=True, slots=True)
class _Table:
    """A table of the file, with the line of each of its keys.

    Attributes:
        values: as TOML has them.
        what: the table in a sentence.
        line: where a key stands, or the table; 0 if that is not known.
    """

    values: Mapping[str, Any]
    what: str
    line: Callable[[str], int]

    def wrong(self, key: str, message: str, hint: str) -> TextFileError:
        return TextFileError(message, hint, self.line(key))

    def text(self, key: str, allowed: tuple[str, ...] = ()) -> str:
        value = self.values.get(key)
        if not isinstance(value, str) or not value.strip():
            is_there = value is not None and not isinstance(value, str)
            told = f"{self.what} has {f'a {key} without quotation marks' if is_there else f'no {key}'}."
            raise self.wrong(key, told, f'Write {key} = "…", in quotation marks.')
        if allowed and value not in allowed:
            told = f"{self.what} has the {key} {quoted(value)}."
            raise self.wrong(key, told, f"Write one of {', '.join(allowed)}.")
        limit = {"name": 64, "unit": 16, "title": 120, "summary": 600}.get(key, 64)
        if len(value) > limit:
            told = f"{self.what} has a {key} of {len(value):,} characters."
            raise self.wrong(key, told, f"Use at most {limit}.")
        return value.strip()

    def amount(self, key: str) -> int:
        value = self.values[key]
        if isinstance(value, bool) or not isinstance(value, str | int):
            told = f"{self.what} has a {key} without quotation marks."
            raise self.wrong(key, told, f'Write {key} = "12.5".')
        try:
            return read_quantity(str(value))
        except QuantityError as error:
            told = f"{self.what} has the {key} {quoted(str(value))}, and {error}."
            raise self.wrong(key, told, error.hint) from error

    def refuse_unknown(self, known: set[str]) -> None:
        for key in sorted(self.values):
            if key not in known:
                told = f"{self.what} has {quoted(key)}, which means nothing here."
                raise self.wrong(key, told, f"It can have: {', '.join(sorted(known))}.")


def _tables(found: Mapping[str, Any], name: str, most: int, places: Places) -> list[_Table]:
    tables = found.get(name, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables) or not tables:
        raise TextFileError(f"There is no [[{name}]].", f"Begin each with [[{name}]] in a line of its own.")
    if len(tables) > most:
        raise TextFileError(
            f"There are {len(tables):,} of [[{name}]].",
            f"A period has at most {most:,}; put some together.",
            places.of_table(name, most),
        )
    return [
        _Table(table, f"The {name} {quoted(str(table.get('name', '')))}", partial(places.of_table, name, at))
        for at, table in enumerate(tables)
    ]


def _good(table: _Table) -> PlanGood:
    table.refuse_unknown({"name", "unit", "kind", "stock", "start_price", "weight"})
    kind = table.text("kind", GOOD_KINDS)
    unit = HOUR if kind == "labour" and "unit" not in table.values else table.text("unit")
    start = table.amount("start_price") if "start_price" in table.values else None
    return PlanGood(
        table.text("name"),
        unit,
        kind,
        table.amount("stock") if "stock" in table.values else 0,
        START_PRICE_MILLI if start is None else max(1, start // 1_000),
        _weight(table) if "weight" in table.values else MICRO,
    )


def _weight(table: _Table) -> int:
    weight = table.amount("weight")
    if not 1 <= weight <= MAX_WEIGHT_MICRO:
        told = f"{table.what} has a weight that is 0, or more than 100."
        raise table.wrong("weight", told, "An hour of work counts for something: 1, or 1.5.")
    return weight


def _unit(table: _Table, names: list[str], speaker: Callable[[str], MemberId]) -> PlanUnit:
    table.refuse_unknown({"name", "kind", "speaker", "within"})
    within = str(table.values.get("within", ""))
    if within and within not in names:
        told = f"{table.what} is within {quoted(within)}, which is not there."
        raise table.wrong("within", told, "Name one of [[council]].")
    who = table.text("speaker")
    try:
        member = speaker(who)
    except LocalError as error:
        raise table.wrong("speaker", str(error), error.hint) from error
    return PlanUnit(
        table.text("name"), table.text("kind", UNIT_KINDS), member, names.index(within) + 1 if within else 0
    )


def _seconds(table: _Table) -> int:
    text = table.text("round")
    found = re.fullmatch(r"([0-9]{1,6})([smhdw])", text)
    seconds = int(found[1]) * _SECONDS[found[2]] if found else 0
    if not 1 <= seconds <= 31_536_000:
        hint = "Give a time like 90m, 36h or 3d, up to a year."
        raise table.wrong("round", f"A round can't take {quoted(text)}.", hint)
    return seconds


def _whole(table: _Table, key: str, default: int, most: int) -> int:
    value = table.values.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        told = f"{key} is {quoted(str(value))}."
        raise table.wrong(key, told, f"Write a whole number from 1 to {most}.")
    return value


def _tolerance(table: _Table) -> int:
    """Hundredths of a percent."""
    text = str(table.values.get("tolerance", TOLERANCE))
    found = re.fullmatch(r"([0-9]{1,3})(?:\.([0-9]{1,2}))? ?%?", text)
    points = Fraction(f"{found[1]}.{found[2] or 0}") * _BASIS_POINTS if found else Fraction(0)
    if not 1 <= points < 20_000:
        hint = "Write it in percent, from 0.01 % to less than 200 %: 5 %."
        raise table.wrong("tolerance", f"The tolerance is {quoted(text)}.", hint)
    return int(points)
