"""What the process that works figures out is sent, and what it sends back, as bytes.

Everything is encoded piece by piece. To encode a large plan in one go would hold Python's lock for as long as that
takes, and whatever else computes in the process would wait for it.
"""

from fractions import Fraction
from typing import TypeAlias

import msgspec

from crdt.ids import ChangeHash
from p2pcouncil.domain.effects import OpenPlan
from p2pcouncil.domain.planning.hour_tree import HourNode
from p2pcouncil.domain.planning.round_figures import RoundFigures, RoundTask
from p2pcouncil.domain.planning.said import PublishTechnique
from p2pcouncil.domain.planning.standing import UnitStanding


class Question(msgspec.Struct, frozen=True, array_like=True):
    """What is asked.

    Attributes:
        terms, units, techniques: of the task, each encoded by itself; techniques with their names.
        product: of which the hours are asked for; empty to ask for the figures.
        threshold: numerator and denominator of the share of hours below which an input is part of the rest.
    """

    terms: bytes
    units: tuple[bytes, ...]
    techniques: tuple[tuple[bytes, bytes], ...]
    product: str = ""
    threshold: tuple[int, int] = (0, 1)


Answer: TypeAlias = RoundFigures | HourNode | None

_Amounts: TypeAlias = tuple[
    tuple[tuple[bytes, str], ...], tuple[tuple[int, str], ...], tuple[tuple[int, str], ...]
]
"""What a unit makes, wants and offers; as text, for sums of many do not fit into 64 bits."""

_encode = msgspec.msgpack.encode
_terms = msgspec.msgpack.Decoder(OpenPlan)
_unit = msgspec.msgpack.Decoder(_Amounts)
_technique = msgspec.msgpack.Decoder(PublishTechnique)
_question = msgspec.msgpack.Decoder(Question)


def encode_question(task: RoundTask, product: str = "", threshold: Fraction = Fraction(0)) -> bytes:
    """Put a question into bytes; see `Question`."""
    units = tuple(
        _encode(_amounts(unit) if not place.within else _amounts(UnitStanding()))
        for place, unit in zip(task.terms.units, task.units, strict=True)
    )
    techniques = tuple((name, _encode(technique)) for name, technique in task.techniques.items())
    ratio = threshold.as_integer_ratio()
    return _encode(Question(_encode(task.terms), units, techniques, product, ratio))


def decode_question(data: bytes) -> tuple[RoundTask, str, Fraction]:
    """The task, and of which product the hours are asked for from which share on."""
    asked = _question.decode(data)
    units = tuple(
        UnitStanding(
            {ChangeHash(name): int(amount) for name, amount in made},
            {good: int(amount) for good, amount in wanted},
            {good: int(amount) for good, amount in offered},
        )
        for made, wanted, offered in map(_unit.decode, asked.units)
    )
    techniques = {ChangeHash(name): _technique.decode(data) for name, data in asked.techniques}
    return RoundTask(_terms.decode(asked.terms), units, techniques), asked.product, Fraction(*asked.threshold)


def encode_answer(answer: Answer) -> bytes:
    """Put an answer into bytes."""
    return msgspec.msgpack.encode(answer, enc_hook=_of_fraction)


def decode_figures(data: bytes) -> RoundFigures:
    """Read figures.

    Raises:
        msgspec.MsgspecError: these are none.
    """
    return msgspec.msgpack.decode(data, type=RoundFigures)


def decode_hours(data: bytes) -> HourNode | None:
    """Read the hours in a product; None if it has no value.

    Raises:
        msgspec.MsgspecError: these are none.
    """
    return msgspec.msgpack.decode(data, type=HourNode | None, dec_hook=_to_fraction)


def _of_fraction(value: object) -> str:
    assert isinstance(value, Fraction)
    return str(value)


def _to_fraction(kind: type, value: object) -> Fraction:
    if kind is not Fraction or not isinstance(value, str):
        raise ValueError("only fractions are written as text")
    return Fraction(value)


def _amounts(unit: UnitStanding) -> _Amounts:
    made = tuple((name, str(amount)) for name, amount in unit.made.items())
    wanted = tuple((good, str(amount)) for good, amount in unit.wanted.items())
    return made, wanted, tuple((good, str(amount)) for good, amount in unit.offered.items())
