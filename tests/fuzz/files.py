"""What people paste or carry: invitations and bundles. What is wrong with them is said as a `LocalError`."""

import os
import sqlite3
import tempfile
import zlib
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import msgspec

from crdt.envelope import encode_groups
from crdt.errors import LocalError
from crdt.store.accept import AcceptReport
from p2pcouncil.domain.records import read_genesis, read_join
from p2pcouncil.invitation import (
    CHECKSUM_DOMAIN,
    PREFIX,
    Invitation,
    decode_invitation,
    domain_hash,
    encode_invitation,
)
from p2pcouncil.peer import shelf
from p2pcouncil.peer.core import Peer
from p2pcouncil.peer.events import Accept, Effect
from p2pcouncil.runtime.bundle import (
    END,
    ENVELOPES,
    GENESIS,
    JOIN,
    MAGIC,
    MAX_RECORD_BYTES,
    read_bundle,
    write_bundle,
)
from p2pcouncil.runtime.engine import Engine
from p2pcouncil.runtime.sneakernet import import_from
from tests.fuzz.choices import Choices, edit_bytes, edit_tree, encode_tree
from tests.fuzz.council import BRANCHES, COUNCIL, GENESIS_BYTES, GROUPS
from tests.fuzz.peers import DORA, EVE, KNOWN, OTHER, Stage
from tests.fuzz.people import remembered_signatures
from tests.fuzz.target import Target, check_hint
from tests.support.decoding import remembered_decoding
from tests.support.world import digest_of, key_of

# Invitations.

INVITATION = Invitation(
    COUNCIL,
    "Morning Bread",
    bytes(key_of("invite")),
    ("/ip4/192.168.1.5/tcp/4001/p2p/12D3KooWJWoaqZhDaoEFshF7Rh1bpY9ohihFhzcW6d69Lr2NASuq",),
    "Ada",
    digest_of("page"),
)
LINE = encode_invitation(INVITATION)


def line_of(packed: bytes) -> str:
    """Any content as a line whose length and checksum are right."""
    from base64 import b32encode

    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = compressor.compress(packed) + compressor.flush()
    framed = (len(body) & 0xFFFF).to_bytes(2, "big") + body
    whole = framed + domain_hash(CHECKSUM_DOMAIN, framed)[:4]
    return PREFIX + b32encode(whole).decode("ascii").rstrip("=").lower()


def run_invitation(data: bytes) -> None:
    choices = Choices(data)
    match choices.number(5):
        case 0:
            text = choices.rest().decode("utf-8", "replace")
        case 1:
            text = edit_bytes(choices, LINE.encode()).decode("utf-8", "replace")
        case 2:
            text = mailed(choices, LINE)
            assert decode_invitation(text) == INVITATION
        case 3:
            text = line_of(choices.rest())
        case _:
            tree = msgspec.msgpack.decode(msgspec.msgpack.encode(INVITATION))
            text = line_of(encode_tree(edit_tree(choices, tree)))
    try:
        found = decode_invitation(text)
    except LocalError as error:
        check_hint(error)
        return
    assert decode_invitation(encode_invitation(found)) == found
    assert len(found.invite_key) == 32


def mailed(choices: Choices, line: str) -> str:
    """What mail, chat and people do to a line without harming it."""
    letters = []
    for at, letter in enumerate(line.upper() if choices.flag() else line):
        if at > len(PREFIX) and choices.number(8) == 7:
            letters.append(choices.pick(("\n> ", " ", "\u200b", "*", "\t", '"')))
        letters.append(letter)
    return (
        choices.pick(("", "Dora, ", "> ", "\ufeff")) + "".join(letters) + choices.pick(("", ".", " See you!"))
    )


def invitation_seeds() -> Iterator[bytes]:
    yield b"\0" + LINE.encode()
    yield b"\0p2pc2:abc"
    yield b"\0/ip4/127.0.0.1/tcp/1"
    yield b"\0legal winner thank year wave sausage worth useful legal winner thank yellow"
    yield b"\2\1\7\1"
    yield b"\3" + msgspec.msgpack.encode(INVITATION)
    for number in range(0, 250, 5):
        yield bytes([4, 0, number % 12, number % 8, number % 36, 3])
        yield bytes([1, number, number % 5, 65])


# Bundles, and how they are taken in.

RECORDS: Sequence[tuple[bytes, bytes]] = (
    (GENESIS, GENESIS_BYTES),
    (JOIN, DORA.join(COUNCIL, invite_key=key_of("invite"))),
    (JOIN, EVE.join(COUNCIL, invite_key=key_of("invite"))),
    (ENVELOPES, encode_groups(GROUPS[:3])),
    (ENVELOPES, encode_groups(GROUPS[2:])),
    (GENESIS, OTHER),
    (ENVELOPES, encode_groups(BRANCHES[:3])),
)
SCRATCH = tempfile.TemporaryDirectory(
    prefix="p2pcouncil-fuzz-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None
)
"""Removed when the process ends; in memory where there is such a place, for a bundle is flushed to its disk."""


def bundle_of(choices: Choices) -> tuple[bytes, bool]:
    """A bundle's bytes, and whether they are whole: records real or changed, the file damaged or not."""
    records = []
    for _ in range(choices.number(6)):
        kind, body = choices.pick(RECORDS)
        if choices.number(3) == 2:
            tree = msgspec.msgpack.decode(body)
            body = (
                encode_tree(edit_tree(choices, tree, KNOWN)) if choices.flag() else edit_bytes(choices, body)
            )
        records.append((choices.pick((kind, kind, kind, b"E", b"?")), body[:MAX_RECORD_BYTES]))
    path = Path(SCRATCH.name) / "made"
    write_bundle(path, records)
    assert list(read_bundle(path)) == records
    raw = path.read_bytes()
    return (edit_bytes(choices, raw), False) if choices.number(4) == 3 else (raw, True)


class Carried(Stage):
    """The stage as the engine that a bundle is imported into."""

    async def accept_groups(self, batch: Sequence[Accept]) -> AcceptReport:
        """Take in envelopes, and fold them."""
        groups = [group for effect in batch for group in effect.groups]
        report = self.take_in(groups)
        self.read_rows()
        return report


class _Engine:
    """As much of the engine as `import_from` uses, on a stage."""

    def __init__(self, stage: Carried) -> None:
        self._stage = stage
        self.peer: Peer = stage.peer
        self.accept = stage.accept_groups

    async def refresh(self, *, shelf: bool = False) -> None:
        self._stage.read_rows()

    async def carry_out(self, effects: Sequence[Effect]) -> None:
        for effect in effects:
            self._stage.carry_out(effect)


def finish(work: Coroutine[Any, Any, object]) -> None:
    """Run a coroutine that waits for nothing."""
    try:
        work.send(None)
    except StopIteration:
        return
    raise AssertionError("it waits for something")


def unforked(conn: sqlite3.Connection) -> dict[bytes, set[bytes]]:
    """What is held of each lane that is not forked."""
    held: dict[bytes, set[bytes]] = {}
    for lane, name in conn.execute(
        "SELECT l.id, e.hash FROM envelope e JOIN lane l ON l.number = e.lane WHERE l.fork_seq IS NULL"
    ):
        held.setdefault(lane, set()).add(name)
    return held


def run_bundle(data: bytes) -> None:
    choices = Choices(data)
    raw, is_whole = (MAGIC + choices.rest(), False) if choices.number(8) == 7 else bundle_of(choices)
    path = Path(SCRATCH.name) / "carried"
    path.write_bytes(raw)
    with remembered_signatures(), remembered_decoding(), closing(Carried(choices, connected=())) as stage:
        before = unforked(stage.conn)
        try:
            finish(import_from(cast(Engine, _Engine(stage)), path))
        except LocalError as error:
            assert not is_whole
            check_hint(error)
        after = unforked(stage.conn)
        assert all(hashes <= after[lane] for lane, hashes in before.items() if lane in after), "it takes away"
        for key, value in stage.peer.world.items(shelf.COUNCIL).items():
            assert read_genesis(value)[0] == key
        for key, value in stage.peer.world.items(shelf.LOBBY).items():
            assert key[32:] == read_join(shelf.read(value, shelf.LobbyRecord).join).member
        stage.check()


def bundle_seeds() -> Iterator[bytes]:
    yield b""
    yield bytes([0, 5, 0, 0, 0, 1, 0, 0, 2, 0, 0, 3, 0, 0, 4, 0, 0])
    for kind in range(6):
        for number in range(0, 60, 6):
            yield bytes(
                [0, 2, kind, 2, 1, 0, number, number % 8, number % 36, 0, 3, 2, 0, number, number % 5, 7]
            )
    yield b"\7E\0\0\0\1\x90" + END


TARGETS = (
    Target("invitation", run_invitation, ("p2pcouncil.invitation",), invitation_seeds, 512),
    Target(
        "bundle",
        run_bundle,
        ("p2pcouncil.runtime.bundle", "p2pcouncil.runtime.sneakernet"),
        bundle_seeds,
        384,
    ),
)
