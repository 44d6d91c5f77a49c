"""Signed peer records, which the library makes for each message that it sends, and checks twice in each that it takes.

Nothing here reads them: `net.address_book` knows where peers are. But the library throws away a message whose record
does not verify, so each goes with one, as ever. It is made once a second at most, for where we are reached seldom
changes, and what somebody sends again and again is checked once. Both together were a fifth of what a message costs.
"""

import time
from hashlib import sha256
from typing import NamedTuple
from weakref import WeakKeyDictionary

from libp2p.abc import IHost
from libp2p.peer.envelope import Envelope
from libp2p.peer.id import ID
from libp2p.peer.peerstore import env_to_send_in_RPC
from libp2p.pubsub.pb.rpc_pb2 import RPC
from libp2p.pubsub.utils import maybe_consume_signed_record

FRESH_S = 1.0
MAX_REMEMBERED = 1_024
"""Peers of which the last sound record is known again, by its hash; the earliest is forgotten first."""

_ours: WeakKeyDictionary[IHost, "_Made"] = WeakKeyDictionary()
_theirs: WeakKeyDictionary[IHost, dict[ID, bytes]] = WeakKeyDictionary()


class _Made(NamedTuple):
    """A host's record, as it is sent, when it was made, and what the library holds for it."""

    record: bytes
    made_s: float
    envelope: Envelope | None


def record_to_send(host: IHost) -> tuple[bytes, bool]:
    """Return a host's record, as the library's `env_to_send_in_RPC` does, and whether it was made for this.

    The library makes records elsewhere too, when it tells a peer who we are. To one that knows the later record, the
    earlier is an unsound one, and what comes with it is thrown away; so this never goes back behind the latest.
    """
    made, latest = _ours.get(host), host.get_peerstore().get_local_record()
    now_s = time.monotonic()
    if made is not None and made.envelope is latest and now_s - made.made_s < FRESH_S:
        return made.record, False
    record, _ = env_to_send_in_RPC(host)
    _ours[host] = _Made(record, now_s, host.get_peerstore().get_local_record())
    return record, True


def is_sound(message: RPC, host: IHost, peer_id: ID) -> bool:
    """Tell whether a message's record is its sender's, as the library's `maybe_consume_signed_record` does."""
    sound = _theirs.setdefault(host, {})
    record = sha256(message.senderRecord).digest()  # A stranger's may be as long as a message.
    if sound.get(peer_id) == record:
        return True
    if not maybe_consume_signed_record(message, host, peer_id):
        return False
    if message.HasField("senderRecord"):
        sound.pop(peer_id, None)
        sound[peer_id] = record
        if len(sound) > MAX_REMEMBERED:
            del sound[next(iter(sound))]
    return True
