"""What is wrong with a table of techniques, as data: whoever read the table knows where each part of it stood."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass

from crdt.errors import RemoteError

FAULTS_MAX = 20
"""More are not looked for."""


class FaultKind(enum.Enum):
    """What kind of fault it is, for programs."""

    NAME = "name"
    NEGATIVE = "negative"
    MAGNITUDE = "magnitude"
    NO_OUTPUT = "no-output"
    UNIT = "unit"
    TWICE = "twice"
    MISSING = "missing"
    JOINT = "joint-production"
    NO_LABOUR = "no-labour"
    NOT_PRODUCTIVE = "not-productive"
    TOO_MANY = "too-many"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong.

    Attributes:
        kind: what.
        message: a sentence that says what is wrong, with the names in it as they were entered: text of strangers.
        hint: a sentence that says what to do.
        products: the products that it concerns; the first one is where to look.
        item: the input, kind of work, pollutant or by-product that it concerns; empty if none.
        technique: the place of the technique in the sequence that was given; -1 if it is no single one.
    """

    kind: FaultKind
    message: str
    hint: str
    products: tuple[str, ...] = ()
    item: str = ""
    technique: int = -1


class TableError(RemoteError):
    """A table can't be calculated with; `faults` says why, at most `FAULTS_MAX` of them, at least one."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(faults[0].message)
        self.faults = tuple(faults[:FAULTS_MAX])
