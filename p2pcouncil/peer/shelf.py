"""What stands on the store's shelf beside the envelopes: plain records, kept on this laptop and never replicated.

=========  =====================  ==========================================================
kind       key                    value
=========  =====================  ==========================================================
council    council id             the signed genesis
lobby      council id + member    a `LobbyRecord`: somebody who asked us to let them in
join       council id             a `PendingJoin`: a council that we asked to join
holding    device + lane          how many envelopes of our lane that device holds, 4 bytes
setting    name                   a setting of this laptop
address    multiaddr              when it last worked, 8 bytes, milliseconds
=========  =====================  ==========================================================
"""

from typing import Annotated, TypeVar

import msgspec

from crdt.errors import UNREADABLE, DamagedError
from crdt.ids import CouncilId
from p2pcouncil.domain.records import Hash

COUNCIL = "council"
LOBBY = "lobby"
JOIN = "join"
HOLDING = "holding"
SETTING = "setting"
ADDRESS = "address"
SEEN_BY_NETWORK = b"seen by network"
"""A setting: when (milliseconds, a line) and how many peers the process that runs the network had connected."""


CONDUCT = b"conduct"
"""A setting: which devices are throttled or refused, and why, as `p2pcouncil.peer.courtesy` writes it."""


def off_duty(council: CouncilId) -> bytes:
    """The setting that says whether we don't want to tell in a council."""
    return b"off duty " + council


class LobbyRecord(msgspec.Struct, frozen=True, array_like=True):
    """A join that waits for a vouch."""

    join: bytes
    since_ms: int


class PendingJoin(msgspec.Struct, frozen=True, array_like=True):
    """A council that we asked to join.

    Attributes:
        join: our signed join.
        name: the council's name, as the invitation says it.
        sponsor: who invited us, as the invitation says it; empty when nobody did.
        addresses: where to find its members.
        kept_by: fingerprints or short keys of the devices that keep our request.
        refused: why the last device refused it, or empty.
    """

    council: Hash
    join: Annotated[bytes, msgspec.Meta(max_length=8_192)]
    name: str
    sponsor: str
    addresses: tuple[str, ...]
    kept_by: tuple[bytes, ...] = ()
    refused: str = ""


T = TypeVar("T")


def read(value: bytes, shape: type[T]) -> T:
    """Decode a record of the shelf.

    Raises:
        DamagedError: no program of ours wrote it.
    """
    try:
        return msgspec.msgpack.decode(value, type=shape)
    except UNREADABLE as error:
        raise DamagedError(
            f"A record in this laptop's store can't be read: {error}.",
            "Run `p2pcouncil doctor --repair`: it leaves out what can't be read.",
        ) from error


def write(record: msgspec.Struct) -> bytes:
    """Encode a record for the shelf."""
    return msgspec.msgpack.encode(record)
