"""What a council proposes, as words of the command line."""

from collections.abc import Sequence

from p2pcouncil.cli.errors import UsageError
from p2pcouncil.domain.planning.quantities import QuantityError, read_quantity
from p2pcouncil.plan_files.unit_file import Line


def lines_of_words(words: Sequence[str], kind: str) -> tuple[Line, ...]:
    """Read words like ``bread=400`` or ``bread=300@oven``.

    Raises:
        UsageError: one of them says no amount.
    """
    found = []
    for word in words:
        good, equals, rest = word.rpartition("=")
        amount, _, how = rest.partition("@")
        if not equals or not good.strip():
            raise UsageError(f"“{word[:40]}” says no amount.", "Write the good, =, and how much: bread=400.")
        try:
            found.append(Line(kind, good.strip(), read_quantity(amount.strip()), "", how.strip()))
        except QuantityError as error:
            raise UsageError(
                f"The amount of “{good[:40]}” is “{amount[:40]}”, and {error}.", error.hint
            ) from error
    return tuple(found)
