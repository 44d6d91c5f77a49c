"""Small bounds, so that a short run reaches them: what holds for 40 orphans holds for 4,096."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

from tests.support.decoding import remembered_decoding, remembered_frames

SMALL = {
    "crdt.store.orphans.MAX_LANE_ORPHANS": 12,
    "crdt.store.orphans.MAX_ORPHANS": 40,
    "crdt.lane_bounds.MAX_DEVICES_PER_MEMBER": 4,
    "crdt.lane_bounds.MAX_TEXT_LANES_PER_DEVICE": 24,
    "crdt.store.room.MAX_DEVICES_PER_MEMBER": 4,
    "crdt.store.room.MAX_TEXT_LANES_PER_DEVICE": 24,
    "p2pcouncil.runtime.intake.MAX_WAITING_FRAMES": 8,
    "p2pcouncil.runtime.strangers.MAX_BYTES": 100_000,
    "p2pcouncil.runtime.strangers.MAX_BYTES_PER_MEMBER": 30_000,
    "p2pcouncil.peer.lobby.MAX_LOBBY": 16,
    "p2pcouncil.peer.lobby.MAX_PER_INVITATION": 4,
}
"""Every bound that a run makes smaller, and to what. Honest members stay far below each."""


@contextmanager
def small_limits() -> Iterator[None]:
    """Make the bounds small for as long as the context lasts."""
    with ExitStack() as stack:
        for target, value in SMALL.items():
            stack.enter_context(patch(target, value))
        stack.enter_context(remembered_decoding())
        stack.enter_context(remembered_frames())
        stack.enter_context(without_pictures())
        yield


@contextmanager
def without_pictures() -> Iterator[None]:
    """Draw no QR codes: nobody looks at those of a simulated society's invitations, and they take long to draw."""
    with patch("p2pcouncil.peer.doing.membership.qr_text", lambda invitation: ""):
        yield
