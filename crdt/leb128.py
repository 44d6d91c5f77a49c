"""Variable-length integers (LEB128), read strictly: one number, one spelling.

A number that could be spelled in two ways would give one change two hashes, so that the reader refuses every
form but the shortest. Numbers are bounded to 64 bits, as in Automerge.
"""

from crdt.errors import RemoteError

UNSIGNED_LIMIT = 1 << 64
SIGNED_LIMIT = 1 << 63
_LAST_SHIFT_BITS = 63


def encode_unsigned(number: int) -> bytes:
    """Spell a number, 0 or above, in the shortest unsigned form."""
    if number < 0x80:
        return bytes((number,))
    spelled = bytearray()
    while number >= 0x80:
        spelled.append(number & 0x7F | 0x80)
        number >>= 7
    spelled.append(number)
    return bytes(spelled)


def encode_signed(number: int) -> bytes:
    """Spell a number of either sign in the shortest signed (two's complement) form."""
    spelled = bytearray()
    while not -0x40 <= number < 0x40:
        spelled.append(number & 0x7F | 0x80)
        number >>= 7
    spelled.append(number & 0x7F)
    return bytes(spelled)


class Reader:
    """A cursor over received bytes that never reads past their end.

    Every method raises `RemoteError`, and nothing else, when the bytes don't hold what was asked for.
    """

    __slots__ = ("_data", "_offset")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._offset = 0

    @property
    def is_at_end(self) -> bool:
        """Whether every byte has been read."""
        return self._offset >= len(self._data)

    def take(self, count: int) -> bytes:
        """Read exactly `count` bytes, 0 or above."""
        end = self._offset + count
        if end > len(self._data):
            raise RemoteError("the change is cut short")
        taken = self._data[self._offset : end]
        self._offset = end
        return taken

    def rest(self) -> bytes:
        """Read everything that is left."""
        return self.take(len(self._data) - self._offset)

    def unsigned(self) -> int:
        """Read a number from 0 to 2**64 - 1."""
        data, offset = self._data, self._offset
        if offset < len(data) and data[offset] < 0x80:  # Most numbers in a change are one byte.
            self._offset = offset + 1
            return data[offset]
        number, _, last_byte = self._groups()
        if last_byte == 0:
            raise RemoteError("a number in the change is not in its shortest form")
        if number >= UNSIGNED_LIMIT:
            raise RemoteError("a number in the change is larger than 64 bits")
        return number

    def signed(self) -> int:
        """Read a number from -2**63 to 2**63 - 1."""
        data, offset = self._data, self._offset
        if offset < len(data) and data[offset] < 0x80:
            self._offset = offset + 1
            return data[offset] - 0x80 if data[offset] & 0x40 else data[offset]
        number, bits, last_byte = self._groups()
        if last_byte & 0x40:
            number -= 1 << bits
        if not -SIGNED_LIMIT <= number < SIGNED_LIMIT:
            raise RemoteError("a number in the change is larger than 64 bits")
        if encode_signed(number) != data[offset : self._offset]:
            raise RemoteError("a number in the change is not in its shortest form")
        return number

    def _groups(self) -> tuple[int, int, int]:
        """Read the 7-bit groups of one number: their value, their width in bits and the last byte."""
        data, offset = self._data, self._offset
        number = bits = 0
        while True:
            if offset >= len(data):
                raise RemoteError("the change is cut short")
            if bits > _LAST_SHIFT_BITS:
                raise RemoteError("a number in the change is larger than 64 bits")
            byte = data[offset]
            offset += 1
            number |= (byte & 0x7F) << bits
            bits += 7
            if byte < 0x80:
                self._offset = offset
                return number, bits, byte
