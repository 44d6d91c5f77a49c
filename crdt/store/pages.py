"""Reading a database file without SQLite: whatever rows still stand in its pages.

SQLite gives a table up at its first bad page, for it finds rows by way of the header, the schema and the pages above.
But a row stands whole in a leaf page and says how many fields it has, so the pages can be read one by one, whatever
became of the others. Nothing read here may be believed: pages that were freed hold rows of long ago, and damaged ones
hold anything. What the rows say is signed, and whoever reads them checks that.

Source: SQLite's file format, https://www.sqlite.org/fileformat2.html (sections 1.3, 1.6, 2.1 and 4.1).
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

MAGIC = b"SQLite format 3\0"
DEFAULT_PAGE_BYTES = 4_096
"""What every file of ours has; believed when the header says nothing possible."""
HEADER_BYTES = 100
ROW_BYTES_MAX = 512 * 1024
"""Above any row of ours; a length beyond it is damage."""

_WAL_MAGIC = (0x377F0682, 0x377F0683)
_WAL_HEADER_BYTES = 32
_FRAME_HEADER_BYTES = 24
_TABLE_LEAF, _INDEX_LEAF, _INDEX_INTERIOR = 0x0D, 0x0A, 0x02
_INT_BYTES = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
_SPARE_BYTES_MAX = 32

Value = int | str | bytes | None


class Row(NamedTuple):
    """A row as it stood in a page.

    Attributes:
        rowid: its number in a table that has them; None in an index, and in a table `WITHOUT ROWID`.
        values: its fields; a field that is the rowid's other name is None.
    """

    rowid: int | None
    values: tuple[Value, ...]


class Log(NamedTuple):
    """What a write-ahead log adds to its database.

    Attributes:
        page_bytes: the size of a page.
        committed: the pages as of the last commit that holds, by number.
        pages: the size of the database then, in pages; 0 if no commit holds.
        beyond: pages of frames that SQLite would not read: after a damage, or left over from before.
    """

    page_bytes: int
    committed: dict[int, bytes]
    pages: int
    beyond: dict[int, bytes]


def page_bytes_of(main: bytes) -> int:
    """The size of a page, as the header says it if that is possible."""
    size = int.from_bytes(main[16:18], "big")
    size = 65_536 if size == 1 else size
    is_possible = main.startswith(MAGIC) and 512 <= size <= 65_536 and size & (size - 1) == 0
    return size if is_possible else DEFAULT_PAGE_BYTES


def overlay(main: bytes, pages: dict[int, bytes], page_bytes: int, size_pages: int = 0) -> bytes:
    """The file with some of its pages replaced, filled up to whole pages.

    Args:
        main: the file.
        pages: by number, from 1.
        page_bytes: the size of a page.
        size_pages: cut or fill the file to so many pages; 0 lets it be as long as it needs.
    """
    needed = size_pages or max(-(-len(main) // page_bytes), max(pages, default=0))
    image = bytearray(main[: needed * page_bytes].ljust(needed * page_bytes, b"\0"))
    for number, page in pages.items():
        if number <= needed:
            image[(number - 1) * page_bytes : number * page_bytes] = page
    return bytes(image)


def read_log(wal: bytes, main_pages: int) -> Log:
    """Read a write-ahead log as SQLite does, and keep apart what SQLite would pass over.

    Args:
        wal: the file; empty if there is none.
        main_pages: the size of the database file; a page number far beyond it and the log is damage.
    """
    nothing = Log(DEFAULT_PAGE_BYTES, {}, 0, {})
    if len(wal) < _WAL_HEADER_BYTES:
        return nothing
    magic, _, page_bytes = struct.unpack(">III", wal[:12])
    order = ">" if magic == _WAL_MAGIC[1] else "<"
    sums = _checksum(order, wal[:24], (0, 0))
    is_sound = magic in _WAL_MAGIC and sums == struct.unpack(">II", wal[24:32])
    page_bytes = page_bytes if is_sound and page_bytes >= 512 else DEFAULT_PAGE_BYTES
    frame_bytes = _FRAME_HEADER_BYTES + page_bytes
    count = (len(wal) - _WAL_HEADER_BYTES) // frame_bytes
    committed: dict[int, bytes] = {}
    waiting: dict[int, bytes] = {}
    beyond: dict[int, bytes] = {}
    size_pages = 0
    for at in range(_WAL_HEADER_BYTES, _WAL_HEADER_BYTES + count * frame_bytes, frame_bytes):
        head = wal[at : at + _FRAME_HEADER_BYTES]
        page = wal[at + _FRAME_HEADER_BYTES : at + frame_bytes]
        number, commit_pages = struct.unpack(">II", head[:8])
        if is_sound:
            sums = _checksum(order, page, _checksum(order, head[:8], sums))
            is_sound = head[8:16] == wal[16:24] and sums == struct.unpack(">II", head[16:24]) and number > 0
        if is_sound:
            waiting[number] = page
            if commit_pages:
                committed |= waiting
                waiting = {}
                size_pages = commit_pages
        elif 1 <= number <= main_pages + count:
            beyond[number] = page
    return Log(page_bytes, committed, size_pages, waiting | beyond)


def read_rows(image: bytes, page_bytes: int) -> Iterator[Row]:
    """Read the rows of all pages, those of tables and of indexes, freed pages included.

    Args:
        image: the file; whole pages.
        page_bytes: the size of a page.
    """
    spare = image[20] if image.startswith(MAGIC) and image[20] <= _SPARE_BYTES_MAX else 0
    usable = page_bytes - spare
    for start in range(0, len(image), page_bytes):
        page = image[start : start + page_bytes]
        at = 0 if start else HEADER_BYTES
        kind = page[at]
        if kind not in (_TABLE_LEAF, _INDEX_LEAF, _INDEX_INTERIOR):
            continue
        first = at + (12 if kind == _INDEX_INTERIOR else 8)
        count = min(int.from_bytes(page[at + 3 : at + 5], "big"), (page_bytes - first) // 2)
        for pointer in range(first, first + 2 * count, 2):
            try:
                yield _read_cell(image, page_bytes, usable, page, pointer, kind)
            except (ValueError, IndexError):
                continue  # Damage inside one row costs that row.


def _read_cell(image: bytes, page_bytes: int, usable: int, page: bytes, pointer: int, kind: int) -> Row:
    """Read the row that a cell pointer of a page points to.

    Raises:
        ValueError, IndexError: what stands there is no row.
    """
    at = int.from_bytes(page[pointer : pointer + 2], "big")
    if kind == _INDEX_INTERIOR:
        at += 4
    size, at = _varint(page, at)
    rowid: int | None = None
    largest = (usable - 12) * 64 // 255 - 23
    if kind == _TABLE_LEAF:
        rowid, at = _varint(page, at)
        largest = usable - 35
    if not 0 < size <= ROW_BYTES_MAX:
        raise ValueError("no row is that long")
    local = size
    if size > largest:
        least = (usable - 12) * 32 // 255 - 23
        local = least + (size - least) % (usable - 4)
        local = local if local <= largest else least
    record = page[at : at + local]
    if size > local:
        record += _overflow(image, page_bytes, usable, page[at + local : at + local + 4], size - local)
    if len(record) != size:
        raise ValueError("the row does not fit its page")
    return Row(rowid, _decode(record))


def _overflow(image: bytes, page_bytes: int, usable: int, link: bytes, size: int) -> bytes:
    """Gather the rest of a row from the chain of pages behind it."""
    parts: list[bytes] = []
    while size > 0:
        start = (int.from_bytes(link, "big") - 1) * page_bytes
        if not 0 < start < len(image):
            raise ValueError("the chain of pages is broken")
        link = image[start : start + 4]
        parts.append(image[start + 4 : start + min(usable, 4 + size)])
        size -= usable - 4
    return b"".join(parts)


def _decode(record: bytes) -> tuple[Value, ...]:
    head_size, at = _varint(record, 0)
    body = head_size
    values: list[Value] = []
    while at < head_size:
        kind, at = _varint(record, at)
        size = _INT_BYTES.get(kind, 0) if kind < 12 else (kind - 12) // 2
        piece = record[body : body + size]
        if len(piece) != size or kind in (7, 10, 11):
            raise ValueError("no field of ours is like this")
        body += size
        if kind == 0:
            values.append(None)
        elif kind in (8, 9):
            values.append(kind - 8)
        elif kind < 12:
            values.append(int.from_bytes(piece, "big", signed=True))
        else:
            values.append(piece.decode("utf-8") if kind % 2 else piece)
    if at != head_size or body != len(record):
        raise ValueError("the fields do not fill the row")
    return tuple(values)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Read SQLite's variable-length number; returns it and where it ends."""
    value = 0
    for _ in range(8):
        byte = data[at]
        at += 1
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at
    return value << 8 | data[at], at + 1


def _checksum(order: str, data: bytes, sums: tuple[int, int]) -> tuple[int, int]:
    first, second = sums
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for even, odd in zip(words[::2], words[1::2], strict=True):
        first = (first + even + second) & 0xFFFFFFFF
        second = (second + odd + first) & 0xFFFFFFFF
    return first, second
