"""Several peers that hold the same, and one who lacks it, in virtual time: what comes from whom, and how often."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from crdt.envelope import EnvelopeGroup
from crdt.ids import ChangeHash, CouncilId, DeviceId
from crdt.store.append import append_feed
from crdt.store.rows import export_groups
from net.memory_links import Conditions
from p2pcouncil.peer import commands as c
from p2pcouncil.peer.events import Accept, AnswerHeard, Ask, Effect, Reply, ReplyWithEnvelopes
from tests.bench.peers import comment_bytes
from tests.sim.node import Node
from tests.sim.simulation import Simulation


class Serving(Node):
    """A peer whose answers take their time on the line."""

    bytes_per_ms = 10_000
    """An upload of 80 megabits a second."""
    delay_ms = 0
    line_free_ms = 0

    def _tell(self, effect: Effect) -> None:  # type: ignore[override]
        if not isinstance(effect, Reply | ReplyWithEnvelopes):
            super()._tell(effect)  # type: ignore[arg-type]
            return
        network = self.simulation.network
        weight = effect.max_bytes if isinstance(effect, ReplyWithEnvelopes) else len(effect.data)
        if isinstance(effect, ReplyWithEnvelopes):
            entries = sum(want.last - want.first + 1 for want in effect.wanted)
            weight = min(weight, entries * 500)
        self.line_free_ms = max(self.line_free_ms, network.now_ms) + weight // self.bytes_per_ms
        wait_ms = self.line_free_ms - network.now_ms + self.delay_ms
        tell = super()._tell
        network.links.after(wait_ms, lambda: tell(effect) if self.online else None)


@dataclass
class Fetched:
    """What the newcomer was sent.

    Attributes:
        times: how often each envelope came.
        entries_from: how many envelopes came from each device.
        bytes_from: bytes of answers from each device.
        asked_bytes: bytes of questions.
    """

    times: Counter[ChangeHash] = field(default_factory=Counter)
    entries_from: Counter[DeviceId] = field(default_factory=Counter)
    bytes_from: Counter[DeviceId] = field(default_factory=Counter)
    asked_bytes: int = 0

    @property
    def again(self) -> int:
        """Envelopes that came although they had come before."""
        return sum(times - 1 for times in self.times.values())

    @property
    def total_bytes(self) -> int:
        """Both directions."""
        return self.asked_bytes + sum(self.bytes_from.values())


class Fetching(Node):
    """A peer that takes its time to check what comes, and counts it."""

    fetched: Fetched
    checked_per_ms = 5
    """About what a laptop checks and folds."""
    busy_until_ms = 0
    waiting = 0
    """Answers that are being checked, or wait for it."""

    def handle(self, event: object) -> None:  # type: ignore[override]
        if isinstance(event, AnswerHeard) and event.data is not None:
            device = self.peer.pulling.asked_of(event.ask)
            if device is not None:
                self.fetched.bytes_from[device] += len(event.data)
        super().handle(event)  # type: ignore[arg-type]

    def _tell(self, effect: Effect) -> None:  # type: ignore[override]
        if isinstance(effect, Ask):
            self.fetched.asked_bytes += len(effect.data)
        super()._tell(effect)  # type: ignore[arg-type]

    def _take_in(self, batch: Sequence[Accept]) -> None:
        count = sum(len(group.envelopes) for effect in batch for group in effect.groups)
        for effect in batch:
            if effect.device is not None:
                envelopes = [envelope for group in effect.groups for envelope in group.envelopes]
                self.fetched.entries_from[effect.device] += len(envelopes)
                self.fetched.times.update(envelope.hash for envelope in envelopes)
        network = self.simulation.network
        self.busy_until_ms = max(self.busy_until_ms, network.now_ms) + count // self.checked_per_ms
        self.waiting += 1
        take_in = super()._take_in

        def check() -> None:
            self.waiting -= 1
            take_in(batch)

        network.links.after(self.busy_until_ms - network.now_ms, check)


@dataclass
class Crowd:
    """A council that some hold and a newcomer lacks, all offline but the newcomer.

    Attributes:
        simulation: where they live.
        council: what it is about.
        newcomer: belongs to the council, and holds nothing but its founding and the vouches.
        holders: hold all of it.
        entries: how many envelopes the holders hold.
    """

    simulation: Simulation
    council: CouncilId
    newcomer: Fetching
    holders: list[Serving]
    entries: int

    def connect(self, *holders: Node) -> None:
        """Let holders appear, and the newcomer dial them."""
        for holder in holders:
            address = holder.go_online()
            self.newcomer.submit(c.Dial(address))

    def is_whole(self) -> bool:
        """Whether the newcomer holds all."""
        return self.newcomer.place(self.council).index.total == self.entries

    def device(self, node: Node) -> DeviceId:
        """A node's device."""
        return node.signer.device


def crowd(
    lanes: int, each: int, *kinds: type[Serving], newcomer: type[Fetching] = Fetching, seed: int = 1
) -> Crowd:
    """Make holders of so many lanes of so many entries each, and one who lacks them; nobody is online."""
    simulation = Simulation(seed, Conditions(min_latency_ms=10, max_latency_ms=30))
    founder = simulation.node("Founder")
    council = CouncilId(founder.submit(c.FoundCouncil("Crowd", "society", "society", "To test")).id)
    fetching = newcomer(simulation, "Newcomer")
    fetching.fetched = Fetched()
    holders = [kind(simulation, f"Holder {number}") for number, kind in enumerate(kinds)]
    for node in (fetching, *holders):
        simulation.nodes[node.name] = node
        node.go_online()
        simulation.let_in(council, founder, node)
    simulation.converge(council)
    for node in simulation.nodes.values():
        node.go_offline()
    groups = _lanes(founder, holders, council, lanes, each)
    for holder in holders:
        Node.take_in(holder, groups)
    fetching.fetched = Fetched()
    fetching.go_online()
    return Crowd(simulation, council, fetching, holders, holders[0].place(council).index.total)


def _lanes(
    founder: Node, holders: Sequence[Node], council: CouncilId, lanes: int, each: int
) -> list[EnvelopeGroup]:
    """Have the members write so many lanes of so many entries each, into the founder's store."""
    authors = [founder, *holders]
    for number in range(lanes):
        author, generation = authors[number % len(authors)], 1 + number // len(authors)
        entries = [comment_bytes(entry) for entry in range(each)]
        append_feed(founder.conn, author.signer, council, author.me.certificate, generation, entries, 1)
    return [group for chunk in export_groups(founder.conn, council) for group in chunk]
