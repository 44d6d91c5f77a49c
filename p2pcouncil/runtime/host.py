"""What the engine's parts may ask of it: the intake and the network know this port, and not the engine."""

from collections.abc import Coroutine, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from crdt.ids import CouncilId
from crdt.store.shell import AsyncStore
from p2pcouncil.peer.core import Peer
from p2pcouncil.peer.events import Effect, Event


class Host(Protocol):
    """The engine, as its parts see it."""

    @property
    def peer(self) -> Peer:
        """The core."""
        ...

    @property
    def store(self) -> AsyncStore:
        """Writes, one transaction after the other."""
        ...

    @property
    def reader(self) -> AsyncStore:
        """Reads beside the writer."""
        ...

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something beside; when it fails the interface shows it, for it must not fail."""
        ...

    def troubles(self) -> AbstractContextManager[None]:
        """Keep working when this laptop stands in the way, and say so."""
        ...

    def wrote(self) -> None:
        """Something was written: what stood in the way does so no more."""
        ...

    async def handle(self, event: Event) -> None:
        """Give the core an event and carry out what follows."""
        ...

    async def carry_out(self, effects: Sequence[Effect]) -> None:
        """Do what the core wants done."""
        ...

    async def refresh(self) -> None:
        """Read what is new in the store, and fold it."""
        ...

    async def keep(self, kind: str, key: bytes, value: bytes) -> None:
        """Put a value on the store's shelf; an empty one takes it off."""
        ...

    async def generation(self, council: CouncilId) -> int:
        """The generation of our feed in a council that is written to now."""
        ...
