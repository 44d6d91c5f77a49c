"""Copies of a council's state or a whole peer, made in a tenth of the time that getting there takes.

Fuzzers begin at the same place each time. What changes is copied; what is frozen (entries, records, pages, chains) is
shared.
"""

import io
import pickle
from dataclasses import is_dataclass
from enum import Enum
from typing import Generic, TypeVar, cast

import msgspec

StateT = TypeVar("StateT")


class Copies(Generic[StateT]):
    """Makes copies of something as it is now."""

    def __init__(self, state: StateT) -> None:
        """Take it down; whatever becomes of it later, copies are of what it was."""
        file = io.BytesIO()
        saver = _Saver(file)
        saver.dump(state)
        self._written = file.getvalue()
        self._shared = saver.shared

    def make(self) -> StateT:
        """A copy that nobody else has."""
        loader = pickle.Unpickler(io.BytesIO(self._written))
        loader.persistent_load = self._shared.__getitem__
        return cast(StateT, loader.load())


class _Saver(pickle.Pickler):
    """Writes what changes, and only points at what is frozen.

    Attributes:
        shared: what is pointed at, by number.
    """

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self.shared: list[object] = []
        self._numbers: dict[int, int] = {}

    def persistent_id(self, obj: object) -> int | None:
        """The number of what is shared; None for what is copied."""
        if not _is_frozen(obj):
            return None
        number = self._numbers.setdefault(id(obj), len(self.shared))
        if number == len(self.shared):
            self.shared.append(obj)
        return number


def _is_frozen(obj: object) -> bool:
    """Whether nothing changes it, by its type; mappings in a frozen chain are frozen by agreement."""
    if isinstance(obj, msgspec.Struct):
        return obj.__struct_config__.frozen
    if isinstance(obj, type | Enum):
        return True
    return is_dataclass(obj) and bool(getattr(obj, "__dataclass_params__").frozen)  # noqa: B009 - no stub knows it
