"""From bytes to lines and cells, within bounds: the one way in for every format.

Lines end where an editor ends them (LF, CR LF or CR) and nowhere else, so that the numbers in messages are those that
a person sees. Bytes that are no UTF-8 are refused rather than guessed at: a guess would print wrong names under a
right count.
"""

import codecs
import csv

from p2pcouncil.ballot_files.errors import BallotFileError
from p2pcouncil.domain.plain_text import clean_line

FILE_BYTES_MAX = 64 * 1024 * 1024
LINES_MAX = 3_000_000
LINE_CHARS_MAX = 20_000
"""Room for 64 options of 200 characters each in one line."""
NUMBER_DIGITS_MAX = 9
_SHOWN_CELLS = 40
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_TO_UTF_8 = "Save it as UTF-8; `iconv -f latin1 -t utf-8 OLD > NEW` turns Western European text into it."


def lines_of(data: bytes) -> list[str]:
    """Decode a file and cut it into lines; the first is line 1.

    Args:
        data: the whole file, with or without a byte order mark.

    Returns:
        Lines without their ends.

    Raises:
        BallotFileError: it is too large, or no text.
    """
    if len(data) > FILE_BYTES_MAX:
        raise BallotFileError(
            f"The file is larger than {FILE_BYTES_MAX // 2**20} MiB.",
            "Write equal ballots as one line with their number, or count it in parts.",
        )
    text = _decode(data).replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise BallotFileError("There is a zero byte: this is no text.", "Export the table as CSV.", line)
    lines = text.split("\n")
    if len(lines) > LINES_MAX:
        raise BallotFileError(
            f"The file has more than {LINES_MAX:,} lines.",
            "Write equal ballots as one line with their number, or count it in parts.",
        )
    for number, content in enumerate(lines, start=1):
        if len(content) > LINE_CHARS_MAX:
            raise BallotFileError(
                f"The line is longer than {LINE_CHARS_MAX:,} characters.",
                "Write each ballot on its own line.",
                number,
            )
    return lines


def _decode(data: bytes) -> str:
    if data.startswith(_UTF_16):
        try:
            return data.decode("utf-16")
        except UnicodeDecodeError as error:
            raise BallotFileError("The file begins like UTF-16, and is none.", _TO_UTF_8) from error
    if data.startswith(b"PK\3\4"):
        raise BallotFileError("This is a spreadsheet or an archive, and no text.", "Export the table as CSV.")
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        start = before.rfind(b"\n") + 1
        raise BallotFileError(
            f"The byte 0x{data[error.start]:02X} is no UTF-8.",
            _TO_UTF_8,
            before.count(b"\n") + 1,
            len(before[start:].decode("utf-8")) + 1,
        ) from error


def split_cells(text: str, delimiter: str, line: int) -> list[str]:
    """Cut a line of a table into its cells, without spaces around them.

    Raises:
        BallotFileError: a quotation mark is not closed on its line, or stands inside a quoted cell.
    """
    if '"' not in text:
        return [cell.strip() for cell in text.split(delimiter)]
    try:
        (cells,) = csv.reader([text], delimiter=delimiter, strict=True)
    except csv.Error as error:
        raise BallotFileError(
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
