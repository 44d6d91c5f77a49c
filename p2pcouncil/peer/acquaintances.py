"""Whom others know.

Each device that connects is asked once for addresses worth dialling, so that nobody depends on the one peer that
invited them.
"""

from crdt.ids import DeviceId
from p2pcouncil.peer import shelf
from p2pcouncil.peer.events import Ask, Connect, Effect, Reply
from p2pcouncil.peer.wire import MAX_ADDRESSES, Kind, KnowsAnswer, pack, read_body
from p2pcouncil.peer.world import World

ASK_TIMEOUT_MS = 10_000


class Acquaintances:
    """Addresses asked for and given out."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._asks: dict[int, DeviceId] = {}

    def connected(self, device: DeviceId) -> list[Effect]:
        """Ask a device that just connected whom it knows."""
        ask = self._world.next_number()
        self._asks[ask] = device
        return [Ask(ask, device, pack(Kind.KNOWS), ASK_TIMEOUT_MS)]

    def asked_of(self, ask: int) -> DeviceId | None:
        """Whom we asked this; None when the question was not ours."""
        return self._asks.get(ask)

    def answered(self, ask: int, data: bytes | None) -> list[Effect]:
        """Dial what was named and is not ours; the network keeps the number of connections small.

        Raises:
            RemoteError: the answer is malformed.
        """
        del self._asks[ask]
        if not data or data[0] != Kind.KNOWS:
            return []
        known = self._known() | set(self._world.addresses)
        return [Connect(a) for a in read_body(data[1:], KnowsAnswer).addresses if a not in known]

    def question(self, number: int) -> list[Effect]:
        """Say whom we know, ourselves first."""
        addresses = [*self._world.addresses, *sorted(self._known() - set(self._world.addresses))]
        return [Reply(number, pack(Kind.KNOWS, KnowsAnswer(tuple(addresses[:MAX_ADDRESSES]))))]

    def _known(self) -> set[str]:
        return {key.decode("utf-8", "replace") for key in self._world.items(shelf.ADDRESS)}
