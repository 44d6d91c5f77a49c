"""Where an entry that can't be read goes wrong: for people, who may have to tell its author; no rule depends on it."""

import re
from functools import cache
from typing import get_args

import msgspec
from msgspec import inspect

from crdt.errors import RemoteError
from p2pcouncil.domain.entries import AnyEntry, decode_entry
from p2pcouncil.domain.plain_text import clean_line

_PATH = re.compile(r"`\$((?:\[[0-9]{1,6}\])+)`$")
_CLASSES = {str(cls.__struct_config__.tag): cls for cls in get_args(AnyEntry)}
_NAME_CELLS = 24
_NUMBER_MAX = 10**24
"""Longer numbers are not written out."""


def where_malformed(data: bytes) -> str:
    """Say which part of an entry is not what its kind has there, and what stands there instead.

    Args:
        data: of an entry that `decode_entry` refuses.

    Returns:
        A sentence; empty if no part of it can be named.
    """
    try:
        decode_entry(data)
    except RemoteError as error:
        # Of the library's words only the place is taken; what stands there is told in ours.
        path = _PATH.search(str(error.__cause__))
    else:
        path = None
    if path is None:
        return ""
    try:
        whole = msgspec.msgpack.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, TypeError, ValueError):
        return ""
    if not isinstance(whole, list) or not whole or not isinstance(whole[0], str) or whole[0] not in _CLASSES:
        return ""
    return _told(
        whole, _shape(_CLASSES[whole[0]]), [int(number) for number in re.findall(r"[0-9]+", path[1])]
    )


@cache
def _shape(cls: type) -> inspect.Type:
    return inspect.type_info(cls)


def _told(whole: list[object], shape: inspect.Type, places: list[int]) -> str:
    words: list[str] = []
    value: object = whole
    for place in places:
        if not isinstance(value, list) or place >= len(value):
            return ""
        if isinstance(shape, inspect.UnionType):
            shape = _member(shape, value[0])
        match shape:
            case inspect.StructType(fields=fields, tag=tag) if 0 <= place - (tag is not None) < len(fields):
                field = fields[place - (tag is not None)]
                words.append(field.name)
                shape = field.type
            case inspect.VarTupleType(item_type=item) if words:
                words[-1] += f" {place + 1}{_called(value[place])}"
                shape = item
            case _:
                pass
        value = value[place]
    return f"In {whole[0]}, {', '.join(words)} {_stands(value)}." if words else ""


def _called(item: object) -> str:
    """What a part of a list is called, where its first field says so; harmless for a terminal."""
    if isinstance(item, list) and item and isinstance(item[0], str) and item[0]:
        return f" (“{clean_line(item[0], _NAME_CELLS)}”)"
    return ""


def _member(shape: inspect.UnionType, tag: object) -> inspect.Type:
    """Which of several structs a value is, by its tag."""
    structs = (found for found in shape.types if isinstance(found, inspect.StructType))
    return next((found for found in structs if found.tag == tag), shape)


def _stands(value: object) -> str:
    """What stands there, in words that don't depend on a library."""
    match value:
        case bool() | None:
            return "is no value that fits"
        case int():
            return f"is {value:,}, which is out of bounds" if abs(value) < _NUMBER_MAX else "is out of bounds"
        case float():
            return "is no whole number"
        case str():
            return f"is a text of {len(value):,} characters, which does not fit"
        case list():
            return f"has {len(value):,} parts, which does not fit"
        case _:
            return "is of another form"
