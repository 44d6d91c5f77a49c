"""Sneaker-net: councils carried by hand, in both directions, with the same checks as over the network."""

import sqlite3
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from crdt.envelope import EnvelopeGroup, decode_groups, encode_groups
from crdt.errors import LocalError, RemoteError
from crdt.ids import ChangeHash, CouncilId
from crdt.store.keepsakes import read_keepsakes
from crdt.store.rows import export_groups
from p2pcouncil.domain.plain_text import clean_line
from p2pcouncil.domain.records import read_genesis, read_join
from p2pcouncil.peer import shelf
from p2pcouncil.peer.commands import Done
from p2pcouncil.peer.events import Accept, Keep
from p2pcouncil.runtime.bundle import (
    ENVELOPES,
    GENESIS,
    JOIN,
    MAX_RECORD_BYTES,
    read_bundle,
    write_bundle,
)
from p2pcouncil.runtime.clock import now_ms
from p2pcouncil.runtime.engine import Engine

MAX_PASSES = 64
"""Each pass lets in at least one more link of a chain of vouches, or it is the last."""


async def export_to(engine: Engine, path: Path, council: CouncilId | None) -> Done:
    """Write what is held into a bundle.

    Raises:
        LocalError: nothing is held, or the file can't be written.
    """
    world = engine.peer.world
    chosen = [place for place in world.places.values() if council in (None, place.council)]
    joins = [
        shelf.read(value, shelf.PendingJoin).join
        for key, value in sorted(world.items(shelf.JOIN).items())
        if council in (None, key)
    ]
    joins += [signed for place in chosen for _, signed in engine.peer.lobby.waiting(place.council)]
    if not chosen and not joins:
        raise LocalError(
            "There is nothing to export: this laptop holds no council.", "Found one, or ask to join one."
        )
    chunks: list[list[EnvelopeGroup]] = []
    for place in chosen:
        chunks += await engine.store.run(all_groups, place.council, place.state.named_ballots())

    def records() -> Iterator[tuple[bytes, bytes]]:
        for place in chosen:
            yield GENESIS, place.genesis_bytes
        for join in joins:
            yield JOIN, join
        for chunk in chunks:
            yield ENVELOPES, encode_groups(chunk)

    size = write_bundle(path, records())
    entries = sum(len(group.envelopes) for chunk in chunks for group in chunk)
    councils = "1 council" if len(chosen) == 1 else f"{len(chosen)} councils"
    return Done(f"Wrote {entries} entries of {councils} to {path} ({size:,} bytes).")


def all_groups(
    conn: sqlite3.Connection, council: CouncilId, ballots: Collection[ChangeHash]
) -> list[list[EnvelopeGroup]]:
    """All of a council, in chunks of about half a megabyte.

    Args:
        conn: a connection of `open_store`.
        council: which.
        ballots: those that pages count. What forks took away of them comes last, if it was held before.
    """
    kept_aside = read_keepsakes(conn, council, ballots)
    return [*export_groups(conn, council), *([kept_aside] if kept_aside else [])]


async def import_from(engine: Engine, path: Path) -> Done:
    """Take in a bundle: what verifies is kept, the rest is counted and named.

    Raises:
        LocalError: it can't be read or is damaged; what came before the damage was kept.
    """
    damage: LocalError | None = None
    records: list[tuple[bytes, bytes]] = []
    try:
        records.extend(read_bundle(path))
    except LocalError as error:
        damage = error
    refused: dict[str, int] = {}
    for kind, body in records:
        try:
            await keep_record(engine, kind, body)
        except RemoteError as error:
            refused[str(error)] = refused.get(str(error), 0) + 1
    await engine.refresh(shelf=True)
    groups = unpack_groups(records, refused)
    new = await accept_all(engine, groups, refused)
    await engine.refresh(shelf=True)
    if damage is not None and not records:
        raise damage
    message = f"Took in {new} new {'entry' if new == 1 else 'entries'} from {path}."
    if damage is not None:
        raise LocalError(f"{message} {damage}", damage.hint)
    lines = tuple(f"Refused {count}: {clean_line(reason, 300)}" for reason, count in sorted(refused.items()))
    return Done(message, b"", lines)


def unpack_groups(records: Iterable[tuple[bytes, bytes]], refused: dict[str, int]) -> list[EnvelopeGroup]:
    """The envelopes of a bundle's records; those that can't be read are counted in `refused`, by reason."""
    groups: list[EnvelopeGroup] = []
    for kind, body in records:
        if kind == ENVELOPES:
            try:
                groups += decode_groups(body, MAX_RECORD_BYTES)
            except RemoteError as error:
                refused[str(error)] = refused.get(str(error), 0) + 1
    return groups


async def keep_record(engine: Engine, kind: bytes, body: bytes) -> None:
    """Keep a founding or a join of a bundle; other records are passed over.

    Raises:
        RemoteError: it does not verify.
    """
    world = engine.peer.world
    if kind == GENESIS:
        council, _ = read_genesis(body)
        if council not in world.places:
            await engine.carry_out([Keep(shelf.COUNCIL, council, body)])
    elif kind == JOIN:
        join = read_join(body)
        key = join.council + join.member
        place = world.places.get(CouncilId(join.council))
        is_me = world.me is not None and join.member == world.me.member
        if is_me or place is None or world.item(shelf.LOBBY, key) is not None:
            return
        refused = engine.peer.lobby.refusal(place, join)
        if refused:
            raise RemoteError(refused)
        await engine.carry_out([Keep(shelf.LOBBY, key, shelf.write(shelf.LobbyRecord(body, now_ms())))])


async def accept_all(engine: Engine, groups: list[EnvelopeGroup], refused: dict[str, int]) -> int:
    """Offer envelopes until no more of them are let in, for those let in may let in others.

    Returns:
        How many are new. What is refused is counted in `refused`, by reason.
    """
    new = 0
    for _ in range(MAX_PASSES):
        report = await engine.accept([Accept(0, None, tuple(groups))])
        new += report.accepted
        if not report.accepted or not (report.unknown_members or report.orphans):
            for refusal in report.refused:
                refused[refusal.reason] = refused.get(refusal.reason, 0) + 1
            break
    return new
