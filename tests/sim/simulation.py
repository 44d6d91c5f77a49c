"""A society in virtual time: real peers and real stores over the seeded in-memory network, without asyncio.

The node carries out a peer's effects as `p2pcouncil.runtime.engine` does, one after the other, so that one seed
replays a whole run. Every wait is bounded in virtual time.
"""

import random
from collections.abc import Callable, Iterable
from pathlib import Path

from crdt.ids import ChangeHash, CouncilId
from net.memory import MemoryNetwork
from net.memory_links import Conditions
from net.transport import PeerKey
from p2pcouncil.domain.records import (
    Charter,
    Founder,
    Genesis,
    Signed,
    encode_record,
    genesis_message,
)
from p2pcouncil.domain.tally.method import YesNo
from p2pcouncil.peer import commands as c
from p2pcouncil.peer import shelf
from tests.sim.limits import without_pictures
from tests.sim.node import Key, Node
from tests.sim.signatures import Signatures

EPOCH_MS = 1_700_000_000_000
TICK_MS = 500
"""As the engine ticks."""


class Simulation:
    """Nodes, a network and a clock, all from one seed."""

    def __init__(self, seed: int = 0, conditions: Conditions = Conditions()) -> None:  # noqa: B008 (frozen)
        self.network = MemoryNetwork(seed, conditions)
        self.rng = random.Random(seed)
        self.online: dict[PeerKey, Node] = {}
        self.nodes: dict[str, Node] = {}
        self.troubles: list[str] = []
        self.keys: dict[str, Key] = {}
        self.signatures = Signatures()
        self.disk_ms = 0
        """What a transaction takes; frames that arrive meanwhile go into the next one together."""
        self.do_duties = False
        """Whether peers tell registers by themselves."""
        self._next_tick_ms = 0

    @property
    def now_ms(self) -> int:
        """What everybody's clock says."""
        return EPOCH_MS + self.network.now_ms

    def key(self, name: str) -> Key:
        """The device key of that name; one object for all that use it, so that it knows all it ever signed."""
        return self.keys.setdefault(name, Key(name))

    def node(self, name: str, path: Path | str = ":memory:", shown_as: str = "") -> Node:
        """A new peer, online."""
        node = self.nodes[name] = Node(self, name, path, shown_as)
        node.go_online()
        return node

    def draw_fold_ms(self) -> int:
        """How long what was kept waits until it is folded."""
        return self.rng.randint(0, self.disk_ms) if self.disk_ms else 0

    def settle(self) -> None:
        """Hand out what is due now."""
        self._deliver(self.network.now_ms)

    def run(self, for_ms: int) -> None:
        """Let time pass."""
        self.run_until(lambda: False, for_ms)

    def run_until(self, done: Callable[[], bool], limit_ms: int = 60_000) -> bool:
        """Let time pass until something holds; False when it does not within the limit."""
        end_ms = self.network.now_ms + limit_ms
        while not done():
            due_ms = self.network.next_due_ms()
            to_ms = min(end_ms, self._next_tick_ms, end_ms if due_ms is None else due_ms)
            self._deliver(to_ms)
            if to_ms >= self._next_tick_ms:
                self._next_tick_ms = to_ms + TICK_MS
                for node in list(self.online.values()):
                    node.tick()
            if to_ms >= end_ms:
                return done()
        return True

    def society(self, *names: str, name: str = "Morning Bread") -> tuple[CouncilId, list[Node]]:
        """Found a society by the first, and let the others in."""
        nodes = [self.node(each) for each in names]
        made = nodes[0].submit(c.FoundCouncil(name, "society", "society", "To test"))
        council = CouncilId(made.id)
        for newcomer in nodes[1:]:
            self.let_in(council, nodes[0], newcomer)
        return council, nodes

    def found_by(self, node: Node, charter: Charter) -> CouncilId:
        """A society under any charter, also one that a careful planner would not found."""
        me = node.peer.world.me
        assert me is not None
        founder = Founder(me.member, me.device, me.certificate.signature, me.vrf, me.name)
        body = encode_record(Genesis("A", "society", "society", "", b"", charter, (founder,), bytes(16)))
        council = CouncilId(genesis_message(body))
        signed = encode_record(Signed(body, (node.signer.sign(council),)))
        node._keep(shelf.COUNCIL, council, signed)
        return council

    def let_in(self, council: CouncilId, sponsor: Node, newcomer: Node) -> None:
        """Invite, join and vouch; returns when the newcomer belongs and sponsor and newcomer are equal."""
        with without_pictures():
            line = sponsor.submit(c.MakeInvitation(council)).lines[0]
        newcomer.submit(c.JoinByInvitation(line))
        member = newcomer.member

        def asked() -> bool:
            return any(join.member == member for join, _ in sponsor.peer.requests(council))

        assert self.run_until(asked), "the join did not reach the sponsor"
        sponsor.submit(c.VouchFor(council, member))

        def joined() -> bool:
            place = newcomer.peer.world.places.get(council)
            return (
                place is not None
                and place.state.is_admitted(member)
                and self.equal(council, [sponsor, newcomer])
            )

        assert self.run_until(joined), "the vouch did not reach the newcomer"

    def equal(self, council: CouncilId, nodes: Iterable[Node] | None = None) -> bool:
        """Whether all hold the council in the same state."""
        some = list(self.nodes.values() if nodes is None else nodes)
        if any(council not in node.peer.world.places for node in some):
            return False
        return len({node.place(council).state_hash() for node in some}) == 1

    def converge(
        self, council: CouncilId, nodes: Iterable[Node] | None = None, limit_ms: int = 180_000
    ) -> None:
        """Let time pass until all are equal."""
        some = list(self.nodes.values() if nodes is None else nodes)
        is_equal = self.run_until(lambda: self.equal(council, some), limit_ms)
        totals = {node.name: node.place(council).index.total for node in some}
        assert is_equal, f"not equal after {limit_ms} ms; entries held: {totals}"

    def _deliver(self, to_ms: int) -> None:
        for delivery in self.network.advance(to_ms):
            node = self.online.get(delivery.to)
            if node is not None:
                node.heard(delivery)


def proposal_of(node: Node, council: CouncilId, title: str, text: str = "As it is.\n") -> ChangeHash:
    """Propose something that needs a yes from a majority."""
    command = c.MakeProposal(council, title, f"About {title}.", text, YesNo(quorum_permille=0))
    return ChangeHash(node.submit(command).id)
