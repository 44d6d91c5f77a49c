"""Money in ballot files: exact decimals, never floats, scaled to whole units for the count."""

import re
from collections.abc import Iterable
from fractions import Fraction

from p2pcouncil.text_files.errors import TextFileError
from p2pcouncil.text_files.lines import quoted

DECIMALS_MAX = 4
_AMOUNT = re.compile(rf"([0-9]{{1,12}})(?:\.([0-9]{{1,{DECIMALS_MAX}}}))?")


def read_amount(text: str, what: str, line: int = 0, column: int = 0) -> Fraction:
    """Read an amount of money as written: ``1200`` or ``1200.50``.

    A comma is refused, for nobody can tell whether ``1,200`` is a thousand or a little more than one.

    Args:
        text: digits, and a point if need be.
        what: what it is, for the message: "The budget".
        line: where it stands.
        column: and in which cell.

    Raises:
        TextFileError: no such amount.
    """
    found = _AMOUNT.fullmatch(text)
    if found is None:
        raise TextFileError(
            f"{what} is {quoted(text)}, and that is no amount.",
            f"Write digits, at most {DECIMALS_MAX} of them after a point, no commas and no currency: 1200 or 1200.50",
            line,
            column,
        )
    decimals = found[2] or ""
    amount = Fraction(int(found[1] + decimals), 10 ** len(decimals))
    if not amount:
        raise TextFileError(f"{what} is nothing.", "Give an amount above 0.", line, column)
    return amount


def whole_units(amounts: Iterable[Fraction]) -> int:
    """How many units make one, so that all amounts are whole: 1, or 100 if there are cents, or 10,000."""
    units = 1
    for amount in amounts:
        while (amount * units).denominator != 1:
            units *= 100
    return units
