"""What a council proposes, or the most that it can make, as words: ``bread=400``, ``bread=300@oven``."""

from collections.abc import Mapping, Sequence

from p2pcouncil.domain.planning.quantities import QuantityError, read_quantity
from p2pcouncil.plan_files.table_file import TableFile
from p2pcouncil.plan_files.unit_file import Line
from p2pcouncil.text_files.errors import TextFileError
from p2pcouncil.text_files.lines import quoted


def lines_of_words(words: Sequence[str], kind: str) -> tuple[Line, ...]:
    """Read words like ``bread=400`` or ``bread=300@oven``.

    Raises:
        TextFileError: one of them says no amount.
    """
    found = []
    for word in words:
        good, equals, rest = word.rpartition("=")
        amount, _, how = rest.partition("@")
        if not equals or not good.strip():
            raise TextFileError(
                f"{quoted(word)} says no amount.", "Write the good, =, and how much: bread=400."
            )
        try:
            found.append(Line(kind, good.strip(), read_quantity(amount.strip()), "", how.strip()))
        except QuantityError as error:
            raise TextFileError(
                f"The amount of {quoted(good)} is {quoted(amount)}, and {error}.", error.hint
            ) from error
    return tuple(found)


def capacities_of_words(words: Sequence[str], found: TableFile) -> Mapping[str, int]:
    """The most of each product that can be made in a period, in millionths.

    Args:
        words: like ``bread=600``.
        found: the table that says how they are made.

    Raises:
        TextFileError: one of them says no amount, is of a product that the table does not make, or of the same as
            another one.
    """
    lines = lines_of_words(words, "makes")
    most = {line.good: line.amount for line in lines}
    if len(most) < len(lines):
        goods = [line.good for line in lines]
        twice = next(good for good in goods if goods.count(good) > 1)
        raise TextFileError(f"It says twice how much {quoted(twice)} can be made.", "Leave one of them out.")
    made = {technique.product for technique in found.techniques}
    unknown = sorted(most.keys() - made)
    if unknown:
        some = ", ".join(quoted(name) for name in sorted(made)[:8])
        raise TextFileError(f"The table makes no {quoted(unknown[0])}.", f"It makes {some}.")
    return most
