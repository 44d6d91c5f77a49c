"""Which layout a table's file is in: its first line says so."""

from p2pcouncil.plan_files.listing import PRODUCT, QUANTITY, read_list
from p2pcouncil.plan_files.matrix import COEFFICIENTS, FLOWS, read_matrix
from p2pcouncil.plan_files.table_file import TableFile
from p2pcouncil.text_files.errors import TextFileError
from p2pcouncil.text_files.lines import Bounds, delimiter_of, is_remark, lines_of, quoted, split_cells

BOUNDS = Bounds(
    file_bytes=64 * 1024 * 1024,
    lines=500_000,
    line_chars=200_000,
    smaller="Put products or workplaces together.",
    shorter="Put products together, or give them shorter names.",
)


def read_table_file(data: bytes) -> TableFile:
    """Read a table of what goods take.

    Args:
        data: the whole file.

    Returns:
        Its techniques.

    Raises:
        TextFileError: what is wrong, where, and what to do.
    """
    lines = lines_of(data, BOUNDS)
    start = next((n for n, line in enumerate(lines, 1) if not is_remark(line)), None)
    if start is None:
        raise TextFileError(
            "There is nothing in the file.", "`p2pcouncil price solve --example list` prints one."
        )
    cells = [cell.casefold() for cell in split_cells(lines[start - 1], delimiter_of(lines[start - 1]), start)]
    if cells[0] in (COEFFICIENTS, FLOWS):
        return read_matrix(lines, start)
    if PRODUCT in cells or QUANTITY in cells:
        return read_list(lines, start)
    raise TextFileError(
        f"The first line begins with {quoted(cells[0])}, so its layout is not known.",
        f"Begin a matrix with {COEFFICIENTS} or {FLOWS}; for a list see `p2pcouncil price solve --example list`.",
        start,
    )
