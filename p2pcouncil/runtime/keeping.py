"""Keeping: what the core wants on the store's shelf, and the shelf as every process of this home sees it."""

from crdt.ids import CouncilId
from crdt.store.shelf import shelf_delete, shelf_dump, shelf_put
from p2pcouncil.peer.events import Keep, ShelfRead
from p2pcouncil.peer.shelf import COUNCIL
from p2pcouncil.runtime.clock import now_ms
from p2pcouncil.runtime.host import Host


class Keeping:
    """The shelf, and what found no room on it yet."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._begun = 0
        self._open = 0
        self._put_off: dict[tuple[str, bytes], Keep] = {}

    async def keep(self, kind: str, key: bytes, value: bytes) -> None:
        """Put a value on the shelf; an empty one takes it off.

        Raises:
            LocalError: the disk, the file or another process is in the way.
        """
        world, store = self._host.peer.world, self._host.store
        shelf = world.shelf.setdefault(kind, {})
        self._put_off.pop((kind, key), None)
        self._begun += 1
        self._open += 1
        try:
            if value:
                shelf[key] = value
                await store.run(shelf_put, kind, key, value)
            else:
                shelf.pop(key, None)
                await store.run(shelf_delete, kind, key)
        finally:
            self._open -= 1
        self._host.wrote()
        if kind == COUNCIL and CouncilId(key) not in world.places:
            await self.read()

    async def read(self) -> None:
        """Take in the shelf as it is, and not as it was before something that is only now being put on it."""
        is_current = False
        while not is_current:
            begun, is_quiet = self._begun, not self._open
            items = await self._host.reader.run(shelf_dump)
            is_current = is_quiet and begun == self._begun
        await self._host.carry_out(self._host.peer.handle(ShelfRead(tuple(items)), now_ms()))

    def put_off(self, effect: Keep) -> None:
        """Remember what found no room, until it is kept or something newer is."""
        self._put_off[effect.kind, effect.key] = effect

    def due(self) -> list[Keep]:
        """What was put off."""
        return list(self._put_off.values())
