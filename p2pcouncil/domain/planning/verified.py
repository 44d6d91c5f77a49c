"""Floating point proposes, whole numbers verify: the quick way to exactly rounded solutions of K y = b.

1. *Proposal.* Floating point solves for y and for a certificate w: K w = c with c > 0. Whatever comes out, not a number
   included, is only a proposal.
2. *Certificate.* w is made whole, and g = K w summed exactly. K has nothing positive off its diagonal; if w > 0 and
   g > 0, then K has an inverse, and nothing in that is negative: the table is productive (Berman and Plemmons,
   "Nonnegative Matrices in the Mathematical Sciences", theorem 6.2.3, conditions I27 and N38).
3. *Bound.* For whole q near y · scale, r = b · scale − K q is summed exactly. If |r| ≤ η g in every row then
   |y · scale − q| = |K⁻¹ r| ≤ η K⁻¹ g = η w in every row.
4. *Rounding.* Where both ends of q ± η w round to the same number, that is the number. Else r is solved for again, and
   q corrected, as long as that helps.

The scale is a power of ten, so a solution with few decimals, ties included, is met exactly, with r = 0.

What this returns does not depend on how floating point behaves; whether it returns all may.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from p2pcouncil.domain.planning.quantities import round_half_even
from p2pcouncil.domain.planning.system import System

Floats: TypeAlias = npt.NDArray[np.floating]
_REFINEMENTS_MAX = 12
_SCALE_DIGITS_MAX = 300
"""A table that needs more is as good as singular, and is solved exactly."""
SPARE_DIGITS = 12
"""Decimals of q beyond those that are rounded to, if errors did not grow."""
_W_BITS = 40
_ETA_BITS = 64
_FLOAT_BITS = 900
"""Numbers of more bits are cut before they become floating point, which ends at 1,023."""
_FIRST_GUESSES = 4


@dataclass(frozen=True, slots=True)
class Rounding:
    """How a solution becomes whole numbers: y_i · numerator_i / denominator, rounded half to even.

    Attributes:
        numerators: per row, above 0.
        denominator: above 0.
    """

    numerators: tuple[int, ...]
    denominator: int

    def of(self, row: int, top: int, bottom: int) -> int:
        """Round y = top / bottom."""
        return round_half_even(top * self.numerators[row], bottom * self.denominator)


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found quickly.

    Attributes:
        values: per row; None where the interval holds a tie.
        is_productive: whether a certificate was found; if not, nothing is known.
        refinements: how often the residual was solved for; depends on the machine.
    """

    values: tuple[int | None, ...]
    is_productive: bool
    refinements: int

    @property
    def open(self) -> list[int]:
        """Rows without a value."""
        return [row for row, value in enumerate(self.values) if value is None]


def solve_verified(system: System, right: Sequence[int], rounding: Rounding) -> Verified:
    """Solve and round, as far as floating point leads.

    Args:
        system: K.
        right: b, from 0 up.
        rounding: what of the solution is wanted.

    Returns:
        Values, each the only right one, or None.
    """
    nothing = Verified((None,) * system.size, False, 0)
    if min(system.diagonal) <= 0:
        return nothing
    with np.errstate(all="ignore"):
        preconditioner = _Preconditioner(system)
        b = _as_floats(right) / preconditioner.diagonal
        first = preconditioner.solve(b, _guess(preconditioner, b))
        if first is None:
            return nothing
        y, w = first
        certificate = _certificate(system, w)
        if certificate is None:
            return nothing
        return _refine(system, right, rounding, preconditioner, y, certificate)


class _Preconditioner:
    """K in floating point, with rows divided by the diagonal so that units make no difference."""

    def __init__(self, system: System) -> None:
        self.diagonal = _as_floats(system.diagonal)
        self.matrix = np.zeros((system.size, system.size))
        self.matrix[system.rows, system.columns] = system.values / self.diagonal[system.rows]
        self._inverse: Floats | None = None

    def solve(self, *rights: Floats) -> Floats | None:
        """Solve for some right-hand sides, one per row; None if floating point gives up."""
        try:
            found = np.linalg.solve(np.eye(len(self.matrix)) - self.matrix, np.stack(rights, axis=1)).T
        except np.linalg.LinAlgError:
            return None
        return found if np.isfinite(found).all() else None

    def correct(self, residual: Floats) -> Floats | None:
        """Solve for a residual; the inverse is made once, for there may be several."""
        if self._inverse is None:
            try:
                self._inverse = np.linalg.inv(np.eye(len(self.matrix)) - self.matrix)
            except np.linalg.LinAlgError:
                return None
        found: Floats = self._inverse @ residual
        return found if np.isfinite(found).all() else None


def _guess(preconditioner: _Preconditioner, b: Floats) -> Floats:
    """A vector above 0, about as large as y in every row, so that the bound is tight in every row."""
    guess = b
    for _ in range(_FIRST_GUESSES):
        guess = b + preconditioner.matrix @ guess
    largest = guess.max()
    return np.maximum(guess, largest * 1e-9) if largest > 0 else np.ones_like(guess)


@dataclass(frozen=True, slots=True)
class _Certificate:
    """w > 0 with g = K w > 0."""

    w: list[int]
    g: list[int]


def _certificate(system: System, w: Floats) -> _Certificate | None:
    smallest = float(w.min())
    if not smallest > 0:
        return None
    scaled = w / smallest * 2.0**_W_BITS
    if not np.isfinite(scaled).all():
        return None
    whole = [int(x) for x in scaled.tolist()]
    g = system.times(whole)
    return _Certificate(whole, g) if min(g) > 0 else None


def _refine(
    system: System,
    right: Sequence[int],
    rounding: Rounding,
    preconditioner: _Preconditioner,
    y: Floats,
    certificate: _Certificate,
) -> Verified:
    values: list[int | None] = [None] * system.size
    digits = _scale_digits(system, rounding, certificate)
    if digits > _SCALE_DIGITS_MAX:
        return Verified(tuple(values), True, 0)
    scale = 10**digits
    b = [part * scale for part in right]
    q = _proposed(y, digits)
    least = -1
    refinements = 0
    while True:
        residual = [one - two for one, two in zip(b, system.times(q), strict=True)]
        eta = max(-((abs(r) << _ETA_BITS) // -g) for r, g in zip(residual, certificate.g, strict=True))
        _round_more(values, q, eta, certificate.w, scale, rounding)
        if None not in values or refinements == _REFINEMENTS_MAX or (least >= 0 and 2 * eta > least):
            break
        least = eta
        cut = max(0, max(map(int.bit_length, residual)) - _FLOAT_BITS)
        step = preconditioner.correct(_as_floats([r >> cut for r in residual]) / preconditioner.diagonal)
        if step is None:
            break
        q = [max(0, part + (round(change) << cut)) for part, change in zip(q, step.tolist(), strict=True)]
        refinements += 1
    return Verified(tuple(values), True, refinements)


def _round_more(
    values: list[int | None], q: Sequence[int], eta: int, w: Sequence[int], scale: int, rounding: Rounding
) -> None:
    """Round what was not yet, where the interval leaves no choice."""
    bottom = scale * rounding.denominator
    for row, value in enumerate(values):
        if value is None:
            error = (eta * w[row] >> _ETA_BITS) + (eta > 0)
            low = round_half_even((q[row] - error) * rounding.numerators[row], bottom)
            high = round_half_even((q[row] + error) * rounding.numerators[row], bottom) if error else low
            values[row] = low if low == high else None


def _scale_digits(system: System, rounding: Rounding, certificate: _Certificate) -> int:
    """How many decimals q needs: if each part were right to its last one, the bound would be far below the rounding."""
    taken = system.taken([1] * system.size)
    bits = max(
        (diagonal + part).bit_length() - g.bit_length() + 1
        for diagonal, part, g in zip(system.diagonal, taken, certificate.g, strict=True)
    )
    bits += max(
        (numerator * w // rounding.denominator).bit_length()
        for numerator, w in zip(rounding.numerators, certificate.w, strict=True)
    )
    return max(0, bits * 30_103 // 100_000 + 1) + SPARE_DIGITS


def _proposed(y: Floats, digits: int) -> list[int]:
    """A solution in floating point, times the scale, as whole numbers from 0 up."""
    ratios = (part.as_integer_ratio() for part in y.tolist())
    return [max(0, top * 10**digits // bottom) for top, bottom in ratios]


def _as_floats(numbers: Sequence[int]) -> Floats:
    return np.array([float(number) for number in numbers])
