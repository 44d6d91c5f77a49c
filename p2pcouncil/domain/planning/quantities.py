"""Quantities: decimals as people write them, kept as whole millionths.

A quantity is text on its way in and out, and an integer in between, so no peer ever rounds one that another doesn't.
Each is written in one way, the shortest.
"""

import re
from typing import NewType

from crdt.errors import RemoteError

Micro = NewType("Micro", int)
"""A quantity in millionths of its unit."""

DECIMALS_MAX = 6
ONE = Micro(10**DECIMALS_MAX)
UNITS_MAX = 10**12
QUANTITY_MAX = Micro(UNITS_MAX * ONE)
"""10^18 millionths: it fits a 64-bit integer."""
_SHOWN_CHARS = 40
_DECIMAL = re.compile(r"([0-9]+)(?:\.([0-9]+))?")
_LENGTH_MAX = 64
"""Longer digits are not looked at; leading zeros have their bounds."""


class QuantityError(RemoteError):
    """A text is no quantity; `hint` says how to write one."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def read_quantity(text: str) -> Micro:
    """Read a quantity: ``60`` or ``0.75``, in ASCII digits.

    Args:
        text: as entered, without spaces around it.

    Returns:
        It in millionths, 0 to `QUANTITY_MAX`.

    Raises:
        QuantityError: there is no digit where one should be, a sign, an exponent, a comma, too many decimals, or too
            much of it.
    """
    found = _DECIMAL.fullmatch(text) if len(text) <= _LENGTH_MAX else None
    if found is None:
        raise QuantityError(*_what_is_wrong(text))
    whole, decimals = found[1], (found[2] or "").rstrip("0")
    if len(decimals) > DECIMALS_MAX:
        raise QuantityError(
            f"it has {len(decimals)} decimals",
            f"Round it to {DECIMALS_MAX} decimals, or give quantities for a larger output.",
        )
    micro = int(whole) * ONE + int(decimals.ljust(DECIMALS_MAX, "0"))
    if micro > QUANTITY_MAX:
        raise QuantityError(
            f"it is more than {UNITS_MAX:,}", "Choose a larger unit: tonnes instead of grams, say."
        )
    return Micro(micro)


def show_quantity(micro: Micro) -> str:
    """Write a quantity in its one shortest form; `read_quantity` reads it back."""
    return show_scaled(micro, DECIMALS_MAX).rstrip("0").rstrip(".")


def show_scaled(value: int, digits: int) -> str:
    """Write an integer that counts parts of ten to the `digits`, with all its decimals.

    Args:
        value: how many parts.
        digits: how many decimals there are; 0 for none.

    Returns:
        Such as ``0.500000`` for 500,000 millionths.
    """
    sign = "-" if value < 0 else ""
    whole, rest = divmod(abs(value), 10**digits)
    return f"{sign}{whole}.{rest:0{digits}}" if digits else f"{sign}{whole}"


def round_half_even(top: int, bottom: int) -> int:
    """Round a fraction to the nearest whole number, and a tie to the even one."""
    whole, rest = divmod(top, bottom)
    return whole + (2 * rest > bottom or (2 * rest == bottom and whole & 1))


def _what_is_wrong(text: str) -> tuple[str, str]:
    if len(text) > _LENGTH_MAX:
        return f"it has {len(text):,} characters", "Write a number of fewer digits."
    if not text:
        return "it is empty", "Write a number, or 0."
    if _DECIMAL.fullmatch(text.removeprefix("-").lstrip()) and text.startswith("-"):
        return "it is negative", "Write what is used or made as a number above 0."
    if re.fullmatch(r"[0-9]+,[0-9]+", text):
        return "it has a comma", "Write a point before the decimals, and nothing between thousands: 1234.5"
    if re.fullmatch(r"[0-9.]+[eE][+-]?[0-9]+", text):
        return "it has an exponent", "Write all its digits: 0.0012 instead of 1.2E-3."
    return "it is no number", "Write digits 0 to 9, with a point before decimals if need be: 60 or 0.75"
