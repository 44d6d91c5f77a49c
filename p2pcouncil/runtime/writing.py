"""Writing what a command asks for: in whole, or not at all.

A proposal is an entry and the first edit of its text. Should the disk be full in between, nobody must be left with
the one and not the other, so all that a command writes at a stretch is one transaction.
"""

import sqlite3
from collections.abc import Callable, Sequence

from crdt.envelope import Envelope
from crdt.ids import CouncilId, LaneId, TextId
from crdt.keys import DeviceCertificate, LaneHeader, LaneKind, Signer, lane_id
from crdt.store.append import append_feed, append_text
from crdt.store.schema import transaction
from crdt.text import TextDocument
from p2pcouncil.domain.entries import encode_entry
from p2pcouncil.peer.events import Append, AppendEdit
from p2pcouncil.peer.shelf import SETTING
from p2pcouncil.peer.world import World

GENERATION = b"generation:"
"""Settings of this name, alone or with a council's id, say from which generation on this device writes."""
Write = Callable[[sqlite3.Connection], list[Envelope]]


def generation_of(world: World, council: CouncilId, text: TextId | None, stored: int) -> int:
    """The generation in which we go on: the store's, or a later one where that has ended; see `Engine.generation`.

    Args:
        world: what this peer holds; it has an identity.
        council: where.
        text: the text document that is written in; None for the feed.
        stored: what `current_generation` says.
    """
    if world.me is None:
        raise AssertionError("somebody writes before there is an identity")
    settings = (world.item(SETTING, name) for name in (GENERATION, GENERATION + council))
    generation = max(stored, *(int.from_bytes(value or b"", "big") for value in settings))
    place = world.places.get(council)
    if text is not None and place is not None:
        lane = lane_id(LaneHeader(LaneKind.TEXT, council, text, world.me.certificate, generation))
        generation += place.is_left_out(text, lane)
    return generation


def prepare_write(
    effect: Append | AppendEdit,
    signer: Signer,
    certificate: DeviceCertificate,
    generation: int,
    now_ms: int,
) -> Write:
    """Say how an effect is written.

    Args:
        effect: what to write.
        signer: this device's key.
        certificate: the member's word for the device.
        generation: of our feed, or of our lane in the text.
        now_ms: this laptop's clock, kept as the first-seen time.

    Returns:
        What to run on the store; it returns the envelopes that it wrote, and raises as `append_feed` and
        `append_text` do.
    """

    def write(conn: sqlite3.Connection) -> list[Envelope]:
        if isinstance(effect, Append):
            entries = [encode_entry(entry) for entry in effect.entries]
            return append_feed(
                conn, signer, effect.council, certificate, generation, entries, now_ms, effect.once
            )

        def make_changes(document: TextDocument, lane: LaneId) -> Sequence[bytes]:
            return document.edit(lane, effect.text, effect.base or None)

        return append_text(
            conn, signer, effect.council, effect.text_id, certificate, generation, make_changes, now_ms
        )

    return write


def write_all(conn: sqlite3.Connection, writes: Sequence[Write]) -> list[list[Envelope]]:
    """Write several things in one transaction: all are kept, or none.

    Returns:
        The envelopes of each.

    Raises:
        LocalError: one of them can't be written; nothing was.
    """
    with transaction(conn, write=True):
        return [write(conn) for write in writes]
