"""The linear equations behind prices and plans, in whole numbers, and sums over them that are exact.

Both are K y = b, where row i says: diagonal_i · y_i less what the others of the row take is b_i. Nothing off the
diagonal is positive in K. For labour values y are hours per unit, and a row is a product's balance of hours; for
outputs y are multiples of the entered output, and a row is a product's balance of use.

Sums are made of 64-bit integers in pieces so small that nothing overflows, so they are exact in any order, by any
number of threads.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from p2pcouncil.domain.planning.quantities import ONE
from p2pcouncil.domain.planning.table import PRODUCTS_MAX, Table

Ints: TypeAlias = npt.NDArray[np.int64]
Words: TypeAlias = npt.NDArray[np.uint64]
WORD_BITS = 32
"""Of the vector's pieces."""
PIECE_BITS = 21
"""Of the matrix's pieces: 2^32 · 2^21 · 2^11 terms stay within 64 bits."""
assert PRODUCTS_MAX <= 2 ** (64 - WORD_BITS - PIECE_BITS)


@dataclass(frozen=True, eq=False)
class System:
    """K y = b.

    Attributes:
        diagonal: of K, per row; may be 0 or less, and then there is no solution that makes sense.
        starts: where each row's entries off the diagonal begin, and at the end how many there are.
        columns: column of each entry, ascending within a row, never the row's own.
        values: what is taken, above 0, so the entry of K is its negative.
    """

    diagonal: tuple[int, ...]
    starts: Ints
    columns: Ints
    values: Ints

    @property
    def size(self) -> int:
        """Rows, and columns."""
        return len(self.diagonal)

    @cached_property
    def rows(self) -> Ints:
        """Row of each entry off the diagonal."""
        return np.repeat(np.arange(self.size), np.diff(self.starts))

    @cached_property
    def _pieces(self) -> list[Words]:
        """The entries in base 2^21, lowest piece first."""
        left, pieces = self.values.astype(np.uint64), []
        while left.any():
            pieces.append(left & np.uint64(2**PIECE_BITS - 1))
            left >>= np.uint64(PIECE_BITS)
        return pieces

    def times(self, vector: Sequence[int]) -> list[int]:
        """K times a vector of whole numbers from 0 up, exactly."""
        taken = self.taken(vector)
        return [d * y - t for d, y, t in zip(self.diagonal, vector, taken, strict=True)]

    def taken(self, vector: Sequence[int]) -> list[int]:
        """What the entries off the diagonal come to, for a vector of whole numbers from 0 up, exactly."""
        sums = [0] * self.size
        filled = np.flatnonzero(np.diff(self.starts))
        if not len(filled):
            return sums
        size = -(-max(vector).bit_length() // WORD_BITS) or 1
        packed = b"".join(y.to_bytes(size * WORD_BITS // 8, "little") for y in vector)
        words = np.frombuffer(packed, dtype="<u4").reshape(-1, size).T.astype(np.uint64)
        begins = self.starts[filled]
        for high, word in enumerate(words):
            spread = word[self.columns]
            for low, piece in enumerate(self._pieces):
                shift = high * WORD_BITS + low * PIECE_BITS
                parts = np.add.reduceat(spread * piece, begins).tolist()
                for row, part in zip(filled.tolist(), parts, strict=True):
                    sums[row] += part << shift
        return sums

    def narrowed(self, kept: Sequence[int]) -> "System":
        """The rows and columns of some, ascending; what they take of others is left out."""
        place = np.full(self.size, -1, dtype=np.int64)
        place[list(kept)] = np.arange(len(kept))
        inside = (place[self.rows] >= 0) & (place[self.columns] >= 0)
        counts = np.bincount(place[self.rows[inside]], minlength=len(kept))
        return System(
            tuple(self.diagonal[at] for at in kept),
            np.concatenate(([0], np.cumsum(counts))),
            place[self.columns[inside]],
            self.values[inside],
        )

    def needed_by(self, wanted: Sequence[int]) -> list[int]:
        """The rows that the solution of some rows depends on, themselves included, ascending."""
        reached = np.zeros(self.size, dtype=bool)
        reached[list(wanted)] = True
        before = 0
        while before < (before := int(reached.sum())):
            reached[self.columns[reached[self.rows]]] = True
        return np.flatnonzero(reached).tolist()


def value_system(table: Table) -> System:
    """The balance of hours: what a product's output is worth is what its inputs are worth, and its direct hours."""
    indexes, values = _entries(table)
    owners = np.repeat(np.arange(len(table.columns)), [len(column.inputs) for column in table.columns])
    return _without_own(table, owners, indexes, values)


def use_system(table: Table) -> System:
    """The balance of use: what is made of a product is what others use of it, and what is left for final demand."""
    indexes, values = _entries(table)
    owners = np.repeat(np.arange(len(table.columns)), [len(column.inputs) for column in table.columns])
    order = np.argsort(indexes, kind="stable")
    return _without_own(table, indexes[order], owners[order], values[order])


def weighted_hours(table: Table, weights: Sequence[int]) -> list[int]:
    """Direct hours of each product, each kind of work times its weight.

    Args:
        table: the table.
        weights: for each of its kinds of work, in millionths.

    Returns:
        For each product, in millionths of millionths of an hour.
    """
    if all(weight == ONE for weight in weights):
        return [sum(column.hours) * ONE for column in table.columns]
    return [sum(h * w for h, w in zip(column.hours, weights, strict=True)) for column in table.columns]


def _entries(table: Table) -> tuple[Ints, Ints]:
    indexes = b"".join(column.inputs.tobytes() for column in table.columns)
    quantities = b"".join(column.quantities.tobytes() for column in table.columns)
    return np.frombuffer(indexes, np.int64), np.frombuffer(quantities, np.int64)


def _without_own(table: Table, rows: Ints, columns: Ints, values: Ints) -> System:
    """What a product takes of itself is taken from the diagonal."""
    diagonal = [int(column.output) for column in table.columns]
    own = np.flatnonzero(rows == columns)
    for row, value in zip(rows[own].tolist(), values[own].tolist(), strict=True):
        diagonal[row] -= value
    rows, columns, values = (np.delete(entries, own) for entries in (rows, columns, values))
    counts = np.bincount(rows, minlength=len(diagonal))
    return System(tuple(diagonal), np.concatenate(([0], np.cumsum(counts))), columns, values)
