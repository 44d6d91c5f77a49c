"""What a table's file says, whichever layout it is in: techniques, and where each part of them stands."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from p2pcouncil.domain.plain_text import clean_line
from p2pcouncil.domain.planning.faults import Fault, TableError
from p2pcouncil.domain.planning.quantities import Micro, QuantityError, read_quantity
from p2pcouncil.domain.planning.table import Table, make_table
from p2pcouncil.domain.planning.technique import Technique
from p2pcouncil.text_files.errors import TextFileError
from p2pcouncil.text_files.lines import quoted

Place = tuple[int, int]
"""Line and column, from 1; a column of 0 is the whole line."""
_MESSAGE_CELLS = 1_500


@dataclass(frozen=True, slots=True)
class TableFile:
    """A table's file, read; whether its techniques fit together is not known yet.

    Attributes:
        layout: ``list``, ``coefficients`` or ``flows``.
        techniques: as they stand.
        names: what each is called, such as a workplace; empty for the only one of a product.
        heads: where each begins.
        items: where an item of a technique stands, for a list.
        rows: the line of an item, for a matrix; its column is that of the technique.
        capacities: the most that can be made by each technique in a period, 0 for no limit; empty for a matrix.
        notes: where the figures of each come from; likewise.
    """

    layout: str
    techniques: tuple[Technique, ...]
    names: tuple[str, ...]
    heads: tuple[Place, ...]
    items: Mapping[tuple[int, str], Place] = field(default_factory=dict)
    rows: Mapping[str, int] = field(default_factory=dict)
    capacities: tuple[Micro, ...] = ()
    notes: tuple[str, ...] = ()

    def table(self) -> Table:
        """Combine the techniques.

        Raises:
            TextFileError: what is wrong between them, and where; also if something is wrong with one of them.
        """
        try:
            return make_table(self.techniques)
        except TableError as error:
            raise self.located(error) from error

    def check_part(self) -> None:
        """Refuse techniques that can't be right, whatever others make: what nobody here makes may come from them.

        Raises:
            TextFileError: what is wrong, and where.
        """
        # Whoever plans nothing should not wait for linear algebra to be loaded.
        from p2pcouncil.domain.planning.labour_values import check_productive
        from p2pcouncil.domain.planning.system import value_system

        try:
            table = make_table(self.techniques, is_part=True)
            check_productive(table, value_system(table))
        except TableError as error:
            raise self.located(error) from error

    def located(self, error: TableError) -> TextFileError:
        """An error of a table as one of the file: the first fault, with its place."""
        fault = error.faults[0]
        return TextFileError(clean_line(fault.message, _MESSAGE_CELLS), fault.hint, *self.place_of(fault))

    def place_of(self, fault: Fault) -> Place:
        """Where a fault is to be mended; (0, 0) if it concerns the whole file."""
        at = fault.technique
        if at < 0 and fault.products:
            at = next(
                n for n, technique in enumerate(self.techniques) if technique.product == fault.products[0]
            )
        if at < 0:
            return 0, 0
        if (at, fault.item) in self.items:
            return self.items[at, fault.item]
        line, column = self.heads[at]
        return self.rows.get(fault.item, line), column


def quantity_at(text: str, what: str, line: int, column: int) -> Micro:
    """Read a quantity in a cell.

    Args:
        text: the cell.
        what: what it is, for the message: "The quantity".
        line: where it stands.
        column: and in which cell, from 1.

    Raises:
        TextFileError: it is none.
    """
    if not text:
        raise TextFileError(f"{what} is missing.", "Write a number, or 0.", line, column)
    try:
        return read_quantity(text)
    except QuantityError as error:
        raise TextFileError(f"{what} is {quoted(text)}, and {error}.", error.hint, line, column) from error
