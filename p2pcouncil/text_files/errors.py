"""What is wrong with a file, and where: people correct these files by hand."""

from crdt.errors import LocalError


class TextFileError(LocalError):
    """A file can't be used as it stands.

    Attributes:
        message: what is wrong, without the place.
        line: where, from 1; 0 if it concerns the whole file.
        column: the cell of a table, or the character of a line of an order, from 1; 0 if it is the whole line.
    """

    def __init__(self, message: str, hint: str, line: int = 0, column: int = 0) -> None:
        where = f"Line {line}, column {column}: " if line and column else f"Line {line}: " if line else ""
        super().__init__(where + message, hint)
        self.message = message
        self.line = line
        self.column = column
