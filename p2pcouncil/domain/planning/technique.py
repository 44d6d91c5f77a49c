"""A technique: one way of making one product, as those who work by it publish it.

What is entered are quantities for some output: 60 kg of flour and 12 hours for 100 loaves. So a table of coefficients
(for an output of 1) and a table of flows (for the output of a year) are the same thing, and nobody has to divide.

*Pollutants* are recorded beside, and carry no value: hours are worked for the product, whatever goes up the chimney, so
a pollutant takes no share of them, and none are added for it. Work that cleans up is an input like any other.

*By-products* are refused (joint production): how hours that make two products at once are shared between them is not a
matter of arithmetic. Enter them as one product, or share inputs and hours by a rule that the council votes on and enter
two techniques.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from p2pcouncil.domain.planning.faults import Fault, FaultKind
from p2pcouncil.domain.planning.quantities import QUANTITY_MAX, UNITS_MAX, Micro

NAME_CHARS_MAX = 200
"""Of a product, a unit, a kind of work."""
_SPACES = " \t\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
"""Listed here, so that no version of Python knows more of them than another."""
ITEMS_MAX = 2_100
"""Inputs, kinds of work and pollutants of one technique together."""


@dataclass(frozen=True, slots=True)
class Item:
    """Some of a product or pollutant.

    Attributes:
        name: what.
        unit: in which unit.
        quantity: how much, in millionths of the unit.
    """

    name: str
    unit: str
    quantity: Micro


@dataclass(frozen=True, slots=True)
class Hours:
    """Direct labour.

    Attributes:
        kind: kind of work.
        hours: in millionths of an hour.
    """

    kind: str
    hours: Micro


@dataclass(frozen=True, slots=True)
class Technique:
    """One way of making one product.

    Attributes:
        product: what is made.
        unit: its unit.
        output: how much is made with the rest, in millionths of the unit.
        inputs: what is used up, of the same or other products.
        hours: direct labour by kind of work.
        pollutants: what else comes out; recorded, without value.
        by_products: other products that come out; there must be none.
    """

    product: str
    unit: str
    output: Micro
    inputs: tuple[Item, ...] = ()
    hours: tuple[Hours, ...] = ()
    pollutants: tuple[Item, ...] = ()
    by_products: tuple[Item, ...] = ()


def faults_of(technique: Technique, at: int = -1) -> Iterator[Fault]:
    """Say what is wrong with a technique by itself.

    Args:
        technique: as entered.
        at: its place among others, for `Fault.technique`.
    """
    product = technique.product
    entered = (
        (product, technique.unit, technique.output),
        *((item.name, item.unit, item.quantity) for item in technique.inputs),
        *((work.kind, "h", work.hours) for work in technique.hours),
        *((item.name, item.unit, item.quantity) for item in technique.pollutants),
    )
    if len(entered) > ITEMS_MAX + 1:
        yield Fault(
            FaultKind.TOO_MANY,
            f"“{product}” has {len(entered) - 1:,} inputs, kinds of work and pollutants; at most {ITEMS_MAX:,} can be "
            "counted.",
            "Sum up those that matter least.",
            (product,),
            technique=at,
        )
        return
    for name, unit, quantity in entered:
        yield from _faults_of_entry(product, at, name, unit, quantity)
    if technique.output == 0:
        yield Fault(
            FaultKind.NO_OUTPUT,
            f"The output of “{product}” is 0.",
            "Say how much is made with the inputs and hours, or leave the product out.",
            (product,),
            technique=at,
        )
    if technique.by_products:
        other = technique.by_products[0].name
        yield Fault(
            FaultKind.JOINT,
            f"“{product}” and “{other}” are made together; hours can't be split between them by arithmetic.",
            "Enter them as one product, or share inputs and hours by a rule that you vote on, as two techniques.",
            (product,),
            other,
            at,
        )
    for what, names in (
        ("input", [item.name for item in technique.inputs]),
        ("kind of work", [work.kind for work in technique.hours]),
        ("pollutant", [item.name for item in technique.pollutants]),
    ):
        if len(set(names)) < len(names):
            name = next(name for position, name in enumerate(names) if name in names[:position])
            yield Fault(
                FaultKind.TWICE,
                f"The {what} “{name}” of “{product}” is there twice.",
                "Add the two up, and keep one.",
                (product,),
                name,
                at,
            )


def _faults_of_entry(product: str, at: int, name: str, unit: str, quantity: int) -> Iterator[Fault]:
    """What is wrong with the output, an input, a kind of work or a pollutant."""
    if not (is_name(name) and is_name(unit)):
        yield Fault(
            FaultKind.NAME,
            f"A name or unit at “{product}” is empty or has more than {NAME_CHARS_MAX} characters, spaces around it, a "
            "control inside, or a # in front.",
            "Give each product, unit and kind of work a short name in one line.",
            (product,),
            name,
            at,
        )
    if quantity < 0:
        yield Fault(
            FaultKind.NEGATIVE,
            f"The quantity of “{name}” at “{product}” is negative.",
            "Write what is used or made as a number above 0.",
            (product,),
            name,
            at,
        )
    elif quantity > QUANTITY_MAX:
        yield Fault(
            FaultKind.MAGNITUDE,
            f"The quantity of “{name}” at “{product}” is more than {UNITS_MAX:,}.",
            "Choose a larger unit: tonnes instead of grams, say.",
            (product,),
            name,
            at,
        )


@lru_cache(maxsize=8_192)
def is_name(text: str) -> bool:
    """Whether a text can name a product, a unit or a kind of work.

    A table of a thousand products names each of them a thousand times, so answers are remembered.

    Only what every Python agrees on is looked at; for the screen, names are cleaned like all text of strangers. A # in
    front would make a remark of its line in a file.
    """
    return (
        0 < len(text) <= NAME_CHARS_MAX
        and text == text.strip(_SPACES)
        and not text.startswith("#")
        and all(character >= " " and character != "\x7f" for character in text)
    )
