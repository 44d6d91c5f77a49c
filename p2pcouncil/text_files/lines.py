"""From bytes to lines and cells, within bounds: the one way in for every format.

Lines end where an editor ends them (LF, CR LF or CR) and nowhere else, so that the numbers in messages are those that
a person sees. Bytes that are no UTF-8 are refused rather than guessed at: a guess would print wrong names under a
right count.
"""

import codecs
import csv
from dataclasses import dataclass

from p2pcouncil.domain.plain_text import clean_line
from p2pcouncil.text_files.errors import TextFileError

DELIMITERS = ",;\t"
NUMBER_DIGITS_MAX = 9
_SHOWN_CELLS = 40
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_TO_UTF_8 = "Save it as UTF-8; `iconv -f latin1 -t utf-8 OLD > NEW` turns Western European text into it."


@dataclass(frozen=True, slots=True)
class Bounds:
    """How large a kind of file may be, and what to do with a larger one.

    Attributes:
        file_bytes: of the whole file.
        lines: how many.
        line_chars: characters of a line.
        smaller: the hint for a file that is too large.
        shorter: the hint for a line that is too long.
    """

    file_bytes: int
    lines: int
    line_chars: int
    smaller: str
    shorter: str


def lines_of(data: bytes, bounds: Bounds) -> list[str]:
    """Decode a file and cut it into lines; the first is line 1.

    Args:
        data: the whole file, with or without a byte order mark.
        bounds: how large it may be.

    Returns:
        Lines without their ends.

    Raises:
        TextFileError: it is too large, or no text.
    """
    if len(data) > bounds.file_bytes:
        raise TextFileError(f"The file is larger than {bounds.file_bytes // 2**20} MiB.", bounds.smaller)
    text = _decode(data).replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise TextFileError("There is a zero byte: this is no text.", "Export the table as CSV.", line)
    lines = text.split("\n")
    if len(lines) > bounds.lines:
        raise TextFileError(f"The file has more than {bounds.lines:,} lines.", bounds.smaller)
    for number, content in enumerate(lines, start=1):
        if len(content) > bounds.line_chars:
            raise TextFileError(
                f"The line is longer than {bounds.line_chars:,} characters.", bounds.shorter, number
            )
    return lines


def is_remark(line: str) -> bool:
    """Whether a line of a table says nothing: it is empty, or begins with #."""
    # A spreadsheet that saves a remark puts quotation marks around it if there is a comma inside.
    return not line.strip() or line.lstrip().startswith(("#", '"#'))


def delimiter_of(line: str) -> str:
    """What separates cells: whichever of comma, semicolon and tab the line has most of outside quotation marks."""
    return max(DELIMITERS, key="".join(line.split('"')[::2]).count)


def _decode(data: bytes) -> str:
    if data.startswith(_UTF_16):
        try:
            return data.decode("utf-16")
        except UnicodeDecodeError as error:
            raise TextFileError("The file begins like UTF-16, and is none.", _TO_UTF_8) from error
    if data.startswith(b"PK\3\4"):
        raise TextFileError("This is a spreadsheet or an archive, and no text.", "Export the table as CSV.")
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        start = before.rfind(b"\n") + 1
        raise TextFileError(
            f"The byte 0x{data[error.start]:02X} is no UTF-8.",
            _TO_UTF_8,
            before.count(b"\n") + 1,
            len(before[start:].decode("utf-8")) + 1,
        ) from error


def split_cells(text: str, delimiter: str, line: int) -> list[str]:
    """Cut a line of a table into its cells, without spaces around them.

    Raises:
        TextFileError: a quotation mark is not closed on its line, or stands inside a quoted cell.
    """
    if '"' not in text:
        return [cell.strip() for cell in text.split(delimiter)]
    try:
        (cells,) = csv.reader([text], delimiter=delimiter, strict=True)
    except csv.Error as error:
        raise TextFileError(
            "A quotation mark is open, or stands inside a quoted cell.",
            'Close each quoted cell on its own line, and double the marks inside: "the ""old"" mill".',
            line,
        ) from error
    return [cell.strip() for cell in cells]


def whole_number(text: str) -> int:
    """Read a whole number of at most nine digits; -1 for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= NUMBER_DIGITS_MAX else -1


def quoted(text: str) -> str:
    """A piece of the file inside a message, harmless for a terminal."""
    return f"“{clean_line(text, _SHOWN_CELLS)}”"
