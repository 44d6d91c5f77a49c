"""A laptop that breaks: it loses power at any write, its disk fills up, an old backup is put back, its clock jumps."""

import random
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from crdt.envelope import Envelope, EnvelopeGroup
from net.memory_peers import Delivery
from net.transport import KnownAddress
from p2pcouncil.peer import commands as c
from p2pcouncil.peer.events import AddressesKnown, Effect, Event, RowsRead
from tests.sim.disk import Crashed, Disk, Image
from tests.sim.ledger import Ledger
from tests.sim.node import Node

if TYPE_CHECKING:
    from tests.sim.simulation import Simulation


class PowerCut(Exception):
    """The laptop went off while somebody was doing something on it."""


class Laptop(Node):
    """A node on a simulated disk. What it signs, acknowledges and hears is noted in the run's ledger."""

    def __init__(
        self,
        simulation: "Simulation",
        ledger: Ledger,
        name: str,
        disk: Disk,
        device: str = "",
    ) -> None:
        self.disk = disk
        self.ledger = ledger
        self.is_off = False
        self.is_copy = False
        self._known: tuple[KnownAddress, ...] = ()
        self._port = 0
        super().__init__(simulation, name, device=device)

    @property
    def title(self) -> str:
        """What the story calls it."""
        return self.signer.name

    def _open(self, path: Path | str) -> sqlite3.Connection:
        return self.disk.open()

    def go_online(self) -> str:
        """Appear on the network, where it was before and with the addresses that it knew."""
        network = self.simulation.network
        address = network.attach(self.key, self._port, self._known)
        self._port = network.port(self.key)
        self.simulation.online[self.key] = self
        self.online = True
        for council in self.peer.world.places:
            self._listen(council)
        with self._power():
            self.handle(AddressesKnown((address,)))
        return address

    def go_offline(self) -> None:
        """Leave the network in good order."""
        self._known = self.simulation.network.known(self.key)
        super().go_offline()

    def heard(self, delivery: Delivery) -> None:
        """Take what the network delivers."""
        try:
            super().heard(delivery)
        except Crashed:
            self._go_dark()

    def tick(self) -> None:
        """Some time has passed."""
        try:
            super().tick()
        except Crashed:
            self._go_dark()

    def submit(self, command: c.Command) -> c.Done:
        """Do what its owner wants; what is returned is acknowledged.

        Raises:
            LocalError: a rule, or the disk, is in the way.
            PowerCut: the laptop went off before it was acknowledged.
        """
        with self._power():
            done = super().submit(command)
        if self.is_off:
            raise PowerCut
        self.ledger.acknowledge(self.title, done.entries)
        return done

    def append(self, effects: Sequence[Effect]) -> None:
        """Write what was planned elsewhere; see `submit`."""
        written: list[Envelope] = []
        with self._power():
            written = [envelope for envelopes in self._append(effects) for envelope in envelopes]
        if self.is_off:
            raise PowerCut
        self.ledger.acknowledge(self.title, [envelope.hash for envelope in written])

    def take_in(self, groups: Sequence[EnvelopeGroup]) -> None:
        """Take in a bundle."""
        with self._power():
            super().take_in(groups)

    def handle(self, event: Event) -> None:
        """Give the core an event; what its store gives it is noted."""
        if isinstance(event, RowsRead):
            self.ledger.note(self, event)
        super().handle(event)

    def _carry_on(self, action: Callable[[], None]) -> None:
        if not self.is_off:
            with self._power():
                super()._carry_on(action)

    def fall(self) -> None:
        """Lose power: everything is gone that the disk did not promise to keep."""
        self.disk.crash()
        self._go_dark()

    def boot(self) -> None:
        """Start again from what the disk holds."""
        self.disk.reboot()
        self._start()

    def _start(self) -> None:
        self.conn = self.disk.open()
        self.is_off = False
        self._begin()
        self.go_online()

    def put_back(self, image: Image) -> None:
        """Put an old backup in place of what the disk holds, and start from it."""
        self.disk.reboot()
        self.disk.restore(image)
        self.is_copy = True
        self.ledger.replace_disk(self.title)
        self._start()

    def _go_dark(self) -> None:
        self.is_off = True
        if self.online:
            self.online = False
            network = self.simulation.network
            if network.is_attached(self.key):
                self._known = network.known(self.key)
                network.vanish(self.key)
            self.simulation.online.pop(self.key, None)

    @contextmanager
    def _power(self) -> Iterator[None]:
        """Do something as long as there is power."""
        try:
            yield
        except Crashed:
            self._go_dark()


def fresh_laptop(
    simulation: "Simulation", ledger: Ledger, rng: random.Random, name: str, device: str = ""
) -> Laptop:
    """A laptop with an empty disk."""
    return Laptop(simulation, ledger, name, Disk.fresh(random.Random(rng.random())), device)
