"""Somebody who does not keep to the rules: what all kinds have in common.

Every so often it acts, and between its acts it answers what it likes. It knows what its node has come to hold, and
signs with as many keys as it needs. All of it follows from its own generator: the same seed, the same misdeeds.
"""

import random
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from crdt.errors import LocalError, RemoteError
from crdt.ids import ChangeHash, CouncilId, LaneId, TextId
from crdt.keys import LaneHeader, LaneKind
from crdt.store.append import append_feed, current_generation
from crdt.store.rows import Cursor, StoredEnvelope, read_new
from crdt.store.schema import transaction
from crdt.store.sign import append_payloads
from p2pcouncil.domain.entries import AnyEntry, Ballot, Comment, Leave, encode_entry
from p2pcouncil.domain.outcomes import ProposalState
from p2pcouncil.peer.place import Place
from tests.sim.hostile import craft
from tests.sim.hostile.presence import Presence
from tests.sim.node import Key, Node, certify

if TYPE_CHECKING:
    from tests.sim.simulation import Simulation

Attack = Callable[[], str]
TRIES = 4


class Hostile(Presence):
    """Somebody who does not keep to the rules, on the simulated network."""

    kind: ClassVar[str] = ""
    needs_member: ClassVar[bool] = False

    def __init__(
        self, simulation: "Simulation", council: CouncilId, rng: random.Random, node: Node | None, name: str
    ) -> None:
        """Make somebody hostile; see `Presence` for what is given."""
        if node is None and self.needs_member:
            raise ValueError(f"only a member can be a {self.kind}")
        super().__init__(simulation, council, rng, node, name)
        self.is_resting = False
        self.loot: list[StoredEnvelope] = []
        self.tips: dict[LaneId, StoredEnvelope] = {}
        self._cursor = Cursor()

    # what the runner asks of it

    def act(self) -> str:
        """Do one hostile thing.

        Returns:
            A line for the story; empty when there was nothing to be done.
        """
        if self.is_resting or not self.node.online:
            return ""
        self.look_around()
        self.call_somebody()
        for _ in range(TRIES):
            told = self.rng.choice(self.attacks())()
            if told:
                self.counts["acts"] += 1
                return f"{self.name} {told}"
        return ""

    def rest(self) -> None:
        """From now on write and flood nothing new, but go on answering as before."""
        self.is_resting = True

    def wake(self) -> None:
        """The quiet is over."""
        self.is_resting = False

    def attacks(self) -> Sequence[Attack]:
        """What it can do; each does one thing and says it, or says nothing when it could not."""
        raise NotImplementedError

    # what it knows

    @property
    def place(self) -> Place:
        """The council as its node holds it."""
        return self.node.place(self.council)

    def look_around(self) -> None:
        """Take note of what its node has come to hold."""
        new = read_new(self.node.conn, self._cursor, 1_000)
        self._cursor = new.cursor
        for row in new.envelopes:
            if row.header.council == self.council:
                self.loot.append(row)
                tip = self.tips.get(row.envelope.lane)
                if tip is None or tip.envelope.seq <= row.envelope.seq:
                    self.tips[row.envelope.lane] = row

    def said_by(self, wanted: Callable[[StoredEnvelope], bool]) -> StoredEnvelope | None:
        """Some envelope that it heard of the wanted sort."""
        if not self.loot:
            return None
        begin = self.rng.randrange(len(self.loot))
        return next((row for row in (*self.loot[begin:], *self.loot[:begin]) if wanted(row)), None)

    def is_honest(self, row: StoredEnvelope) -> bool:
        """Whether somebody else wrote it."""
        return row.header.device not in self.devices

    def honest_tip(self, kind: LaneKind = LaneKind.FEED) -> StoredEnvelope | None:
        """The last envelope of somebody else's lane."""
        tips = [
            tip for _, tip in sorted(self.tips.items()) if tip.header.kind is kind and self.is_honest(tip)
        ]
        return self.rng.choice(tips) if tips else None

    def member_name(self, header: LaneHeader) -> str:
        """What the council calls the author of a lane."""
        state = self.place.state
        return {each.member: each.name for each in state.members()}.get(header.member, "a stranger")

    def proposal(self) -> ProposalState | None:
        """Some proposal."""
        proposals = self.place.state.proposals()
        return self.rng.choice(proposals) if proposals else None

    def issue(self) -> ChangeHash | None:
        """Some vote that is open."""
        issues = [found.issue for found in self.place.state.proposals() if found.issue is not None]
        return self.rng.choice(issues) if issues else None

    def text_id(self, *, real: bool | None = None) -> TextId:
        """Some text: one that a proposal names, or one that nobody ever proposed."""
        found = self.proposal() if (self.rng.random() < 0.7 if real is None else real) else None
        return found.text_id if found is not None else TextId(self.rng.randbytes(32))

    # what it writes

    @property
    def sign(self) -> craft.Sign:
        """Its own device's signature."""
        return self.node.signer.sign

    def another_device(self, number: int) -> tuple[Key, craft.Sign]:
        """A further device of its own."""
        key = self.add_key(self.simulation.key(f"{self.name}'s device {number}"))
        return key, key.sign

    def header(
        self, generation: int = 0, text: bytes = b"", key: Key | None = None, member: str = ""
    ) -> LaneHeader:
        """A lane of its own: of its device unless told otherwise, and under its own member key."""
        certificate = certify(member or self.node.name, key.device) if key else self.node.me.certificate
        kind = LaneKind.TEXT if text else LaneKind.FEED
        return LaneHeader(kind, self.council, text, certificate, generation)

    def own_feed(self) -> LaneHeader | None:
        """The feed in which its node writes now; None when all its generations have ended."""
        try:
            return self.header(current_generation(self.node.conn, self.council, self.node.signer.device))
        except LocalError:
            return None

    def any_entry(self) -> AnyEntry:
        """Something that members say."""
        now_ms, issue, proposal = self.node.now_ms, self.issue(), self.proposal()
        if issue is not None and self.rng.random() < 0.6:
            return Ballot(now_ms, issue, self.rng.randrange(1, 1_000_000), ((self.rng.randrange(2),),))
        if proposal is not None:
            return Comment(now_ms, proposal.hash, b"", f"Words {self.rng.randrange(1 << 30)}")
        return Leave(now_ms, f"Reason {self.rng.randrange(1 << 30)}")

    def write(self, *entries: AnyEntry, tell: bool = True) -> bool:
        """Write entries into its own feed as an honest peer does; False when its feeds have ended.

        Args:
            entries: what to write.
            tell: whether its node hears of it now, and gossips it.
        """
        header, node = self.own_feed(), self.node
        if header is None:
            return False
        where = (node.conn, node.signer, self.council, header.certificate, header.generation)
        try:
            append_feed(*where, [encode_entry(entry) for entry in entries], node.now_ms)
        except LocalError:
            return False
        self.counts["written"] += len(entries)
        if tell:
            node.refresh()
        return True

    def write_payloads(self, header: LaneHeader, *payloads: bytes, key: Key | None = None) -> bool:
        """Write payloads that no honest peer makes, rightly signed, behind a lane of its own."""
        node = self.node
        try:
            with transaction(node.conn, write=True):
                append_payloads(node.conn, key or node.signer, header, payloads, node.now_ms)
        except (LocalError, RemoteError):
            return False
        self.counts["written"] += len(payloads)
        node.refresh()
        return True
