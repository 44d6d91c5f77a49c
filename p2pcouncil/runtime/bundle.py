"""Bundles: councils in a file, to be carried by hand where there is no network.

A bundle is a magic line and records: one kind byte, a length of 4 bytes (big-endian) and a body. Everything in it is
signed, so a bundle needs no trust: whoever imports it checks each envelope as if a peer had sent it.

====  ====================================================================
G     a signed genesis
J     a signed join that still waits for a vouch
E     groups of envelopes, as on the wire
Z     the end: SHA-256 of all bytes before this record
====  ====================================================================
"""

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from crdt.errors import LocalError

MAGIC = b"p2pcouncil bundle 1\n"
GENESIS = b"G"
JOIN = b"J"
ENVELOPES = b"E"
END = b"Z"
MAX_RECORD_BYTES = 4 * 1024 * 1024


def write_bundle(path: Path, records: Iterable[tuple[bytes, bytes]]) -> int:
    """Write a bundle; the file appears whole or not at all.

    Args:
        path: the file to make or replace.
        records: (kind, body) in order.

    Returns:
        Bytes written.

    Raises:
        LocalError: the file can't be written.
    """
    partial = path.with_name(path.name + ".part")
    digest = hashlib.sha256()
    size = 0
    try:
        with partial.open("wb") as file:
            for piece in _pieces(records):
                digest.update(piece)
                size += file.write(piece)
            size += file.write(END + (32).to_bytes(4, "big") + digest.digest())
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise LocalError(
            f"The bundle {path} can't be written: {error.strerror or error}.",
            "Choose a folder that you may write, on a disk with room.",
        ) from error
    return size


def read_bundle(path: Path) -> Iterator[tuple[bytes, bytes]]:
    """Read a bundle's records; what comes before a damage is given out before the error is raised.

    Raises:
        LocalError: no such file, no bundle, cut short, or damaged on the way.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            magic = file.read(len(MAGIC))
            if magic != MAGIC:
                raise LocalError(
                    f"{path} is not a bundle of this version.",
                    "Make one with `p2pcouncil export FILE`; an invitation is pasted with `p2pcouncil join`.",
                )
            digest.update(magic)
            while True:
                head = file.read(5)
                kind, size = head[:1], int.from_bytes(head[1:], "big")
                if len(head) < 5 or size > MAX_RECORD_BYTES:
                    raise _damaged(path)
                body = file.read(size)
                if len(body) < size:
                    raise _damaged(path)
                if kind == END:
                    if body != digest.digest():
                        raise _damaged(path)
                    return
                digest.update(head)
                digest.update(body)
                yield kind, body
    except OSError as error:
        raise LocalError(
            f"The bundle {path} can't be read: {error.strerror or error}.", "Check the name and try again."
        ) from error


def salvage_bundle(path: Path) -> tuple[list[tuple[bytes, bytes]], str]:
    """Read a bundle's records for whoever looks for what is wrong with it.

    Returns:
        The records before any damage, and what the damage is; empty if there is none.

    Raises:
        LocalError: no such file, or nothing in it is of a bundle.
    """
    records: list[tuple[bytes, bytes]] = []
    try:
        records.extend(read_bundle(path))
    except LocalError as error:
        if isinstance(error.__cause__, OSError):
            raise
        return records, str(error)
    return records, ""


def _pieces(records: Iterable[tuple[bytes, bytes]]) -> Iterator[bytes]:
    yield MAGIC
    for kind, body in records:
        yield kind + len(body).to_bytes(4, "big") + body


def _damaged(path: Path) -> LocalError:
    return LocalError(
        f"The bundle {path} is cut short or damaged.",
        "Copy the file again, and import it again; what came before the damage and verifies is kept.",
    )
