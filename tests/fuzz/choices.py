"""Fuzz bytes read as decisions, so that what they build is nearly right and gets past sizes, hashes and signatures.

Any bytes are a valid list of decisions: when they run out, every further decision is the first one on offer. So a
fuzzer's mutations stay meaningful, and an input can be replayed without the fuzzer.
"""

from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")
Tree = Any
"""Decoded msgpack: lists, dicts and scalars."""

BROKEN_NODES = (
    msgspec.Raw(b"\x91" * 3_000 + b"\xc0"),  # nested without end
    msgspec.Raw(b"\xa2\xff\xff"),  # text that is not UTF-8
    msgspec.Raw(b"\xa3\xed\xa0\x80"),  # a surrogate
    msgspec.Raw(b"\xdd\xff\xff\xff\xff"),  # an array that claims four thousand million items
    msgspec.Raw(b"\xc6\xff\xff\xff\xff"),  # bytes that claim four gigabytes
    msgspec.Raw(b"\xc1"),  # never used by msgpack
    msgspec.Raw(b"\xd6\xff\x00\x00\x00\x00"),  # a time stamp
    msgspec.Raw(b"\xcf\x00\x00\x00\x00\x00\x00\x00\x01"),  # 1, spelled in nine bytes
    msgspec.Raw(b"\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00"),  # not a number
)
PLAIN_NODES: tuple[Any, ...] = (
    None,
    True,
    False,
    -1,
    0,
    1,
    2,
    64,
    1_000,
    10_000,
    10_001,
    (1 << 32) - 1,
    (1 << 63) - 1,
    (1 << 64) - 1,
    -(1 << 63),
    1.5,
    "",
    "a",
    "\u202e\x1b[2J\u0301",
    "x" * 700,
    b"",
    bytes(32),
    b"\xff" * 32,
    b"x" * 33,
    bytes(70_000),
    [],
    {},
    [[]],
)
MAX_EDITS = 6


class Choices:
    """A cursor over fuzz bytes."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def is_empty(self) -> bool:
        return self._at >= len(self._data)

    def number(self, limit: int) -> int:
        """A number below `limit`, in as few bytes as can tell them apart."""
        size = max(1, ((limit - 1).bit_length() + 7) // 8)
        taken = self.take(size)
        return int.from_bytes(taken, "little") % limit

    def flag(self) -> bool:
        return bool(self.number(2))

    def pick(self, options: Sequence[T]) -> T:
        return options[self.number(len(options))]

    def take(self, count: int) -> bytes:
        """Up to `count` bytes as they are."""
        taken = self._data[self._at : self._at + count]
        self._at += count
        return taken

    def rest(self) -> bytes:
        return self.take(len(self._data))


def edit_bytes(choices: Choices, data: bytes) -> bytes:
    """Change some bytes in a way that the choices name."""
    at = choices.number(len(data) + 1) if len(data) < 1 << 16 else 0
    match choices.number(5):
        case 0:
            return data[:at] + choices.take(1) + data[at + 1 :]
        case 1:
            return data[:at]
        case 2:
            return data[:at] + choices.take(choices.number(16)) + data[at:]
        case 3:
            return data[:at] + data[at + 1 + choices.number(8) :]
        case _:
            return data + data[at:]


def edit_tree(choices: Choices, tree: Tree, known: Sequence[Any] = ()) -> Tree:
    """Change some nodes of a decoded msgpack tree.

    Args:
        choices: say which nodes, and how.
        tree: lists, tuples, dicts and scalars; stays as it is.
        known: values that mean something to the decoder under test: hashes held, records signed.
    """
    for _ in range(1 + choices.number(MAX_EDITS)):
        if choices.is_empty:
            break
        paths = _paths(tree)
        tree = _edited(choices, tree, paths[choices.number(len(paths))], known)
    return tree


def encode_tree(tree: Tree) -> bytes:
    """Encode a tree as the program would; what can't be encoded (a number of 70 bits) becomes nothing."""
    try:
        return msgspec.msgpack.encode(tree)
    except (OverflowError, RecursionError):
        return b""


def _paths(tree: Tree) -> list[tuple[Any, ...]]:
    paths: list[tuple[Any, ...]] = [()]
    waiting: list[tuple[tuple[Any, ...], Any]] = [((), tree)]
    while waiting:
        path, node = waiting.pop()
        items: Any = node.items() if isinstance(node, dict) else ()
        if isinstance(node, list | tuple):
            items = enumerate(node)
        for key, child in items:
            paths.append((*path, key))
            if isinstance(child, list | tuple | dict):
                waiting.append(((*path, key), child))
    return paths


def _edited(choices: Choices, node: Tree, path: tuple[Any, ...], known: Sequence[Any]) -> Tree:
    if not path:
        return _changed(choices, node, known)
    copy = dict(node) if isinstance(node, dict) else list(node)
    copy[path[0]] = _edited(choices, node[path[0]], path[1:], known)
    return copy


def _changed(choices: Choices, node: Tree, known: Sequence[Any]) -> Tree:
    kind = choices.number(8)
    if kind == 0:
        return choices.pick(PLAIN_NODES)
    if kind == 1:
        return choices.pick(BROKEN_NODES)
    if kind == 2 and known:
        return choices.pick(known)
    if isinstance(node, list | tuple):
        return _changed_list(choices, list(node), known)
    if isinstance(node, bytes):
        return edit_bytes(choices, node)
    if isinstance(node, str):
        return edit_bytes(choices, node.encode("utf-8", "replace")).decode("utf-8", "replace")
    if isinstance(node, int):
        return node + choices.pick((1, -1, 256, -256, 1 << 20))
    return choices.pick(PLAIN_NODES)


def _changed_list(choices: Choices, node: list[Any], known: Sequence[Any]) -> Tree:
    at = choices.number(len(node)) if node else 0
    match choices.number(6):
        case 0:
            return node[:at] + node[at + 1 :]
        case 1:
            return node[:at] + node[at : at + 1] + node[at:]
        case 2:
            return node[::-1]
        case 3:
            return [*node[:at], choices.pick(known or PLAIN_NODES), *node[at:]]
        case 4:
            return node[:at] + node[at : at + 1] * choices.pick((65, 129, 300)) + node[at:]
        case _:
            return [node]
