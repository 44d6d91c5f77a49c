"""A member who says one thing to one and another thing to another, in the same place."""

from collections.abc import Sequence
from hashlib import sha256

from crdt.envelope import Envelope
from crdt.errors import RemoteError
from crdt.ids import ChangeHash, LaneId
from crdt.keys import LaneHeader, LaneKind, lane_id
from net.transport import PeerKey
from p2pcouncil.domain.entries import Ballot, Vouch
from p2pcouncil.domain.records import Join, join_message
from p2pcouncil.peer.wire import Kind
from tests.sim.hostile import craft
from tests.sim.hostile.hostile import Attack, Hostile
from tests.sim.hostile.wares import Wares

MAX_GENERATION = 48
"""It begins a new feed after each fork, and there are 64."""
FACES = 3


class Equivocator(Hostile):
    """Has several faces. Each peer is shown one of them; gossip may show all to all."""

    kind = "equivocator"
    needs_member = True

    def __init__(self, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self._chains: dict[LaneId, tuple[LaneHeader, list[list[Envelope]]]] = {}
        self._generation = 0
        self._salt = self.rng.randbytes(8)
        self._wares: dict[int, tuple[int, Wares]] = {}

    def attacks(self) -> Sequence[Attack]:
        return (
            *(self.fork_at_tip, self.fork_at_tip, self.fork_deep, self.fork_text),
            *(self.cast_two_ballots, self.vouch_and_fork_below, self.go_on_after_fork, self.widen_fork),
        )

    def fork_at_tip(self) -> str:
        """Two or three entries at the next place of its feed."""
        header, chain = self._feed()
        if header is None:
            return ""
        self._grow(header, chain, self.rng.randrange(0, 3))
        branches = [self._next(header, chain) for _ in range(self.rng.randrange(2, FACES + 1))]
        return self._fork(header, branches, f"says {len(branches)} different things at the end of its feed")

    def fork_deep(self) -> str:
        """Another entry far below what it wrote since."""
        header, chain = self._feed()
        if header is None:
            return ""
        self._grow(header, chain, self.rng.randrange(2, 6))
        at = self.rng.randrange(len(chain))
        before = chain[at - 1] if at else None
        (other,) = craft.follow(header, before, [craft.payload_of(self.any_entry())], self.sign)
        return self._fork(header, [chain[at], other], f"takes back entry {at + 1} of {len(chain)}")

    def cast_two_ballots(self) -> str:
        """Two choices under one number, in one chain or in two branches."""
        issue = self.issue()
        header, chain = self._feed()
        if header is None or issue is None:
            return ""
        number = self.rng.randrange(1, 1_000)
        ballots = [craft.payload_of(Ballot(0, issue, number, ((choice,),))) for choice in (0, 1)]
        if self.rng.random() < 0.5:
            made = craft.follow(header, chain[-1] if chain else None, ballots, self.sign)
            chain += made
            self._show(header, made)
            return "casts two different ballots under one number"
        branches = [
            craft.follow(header, chain[-1] if chain else None, [ballot], self.sign)[0] for ballot in ballots
        ]
        return self._fork(header, branches, "shows one ballot to some and another to others")

    def vouch_and_fork_below(self) -> str:
        """Lets a puppet of its own in, which speaks, and then forks its feed below the vouch."""
        header, chain = self._feed()
        if header is None:
            return ""
        puppet = f"{self.name}'s puppet {self._generation}"
        key = self.add_key(self.simulation.key(puppet))
        theirs = self.header(key=key, member=puppet)
        certificate = theirs.certificate
        join = Join(
            *(
                self.council,
                certificate.member,
                key.device,
                certificate.signature,
                bytes(32),
                puppet[:64],
                b"",
            )
        )
        vouch = Vouch(0, craft.signed_record(join, join_message, key.sign))
        self._grow(header, chain, 1)
        made = craft.follow(header, chain[-1], [craft.payload_of(vouch)], self.sign)
        chain += made
        self._show(header, made)
        words = craft.follow(theirs, None, [craft.payload_of(self.any_entry())], key.sign)
        self._show(theirs, words)
        at = len(chain) - 2
        before = chain[at - 1] if at else None
        (other,) = craft.follow(header, before, [craft.payload_of(self.any_entry())], self.sign)
        return self._fork(header, [chain[at], other], "lets a puppet in and forks below the vouch")

    def fork_text(self) -> str:
        """Two edits in one place of its lane of a text, or one more that builds on either."""
        text_id = self.text_id()
        header = self.header(self.rng.randrange(3), text_id)
        lane = lane_id(header)
        branches = []
        for word in ("this", "that", "something else"):
            raw = craft.first_words(lane, text_id, f"{word} {self.rng.randrange(1 << 20)}\n")
            branches.append(craft.seal(header, 1, None, raw, self.sign))
        if self.rng.random() < 0.5:
            ops = craft.insertions(lane, text_id, "more", 60)
            raw = craft.text_change(lane, text_id, ops, 2, 60, [branches[0].hash])
            self._show(header, [branches[0], craft.seal(header, 2, branches[0].hash, raw, self.sign)])
        return self._fork(header, branches, "writes different edits in one place of a text")

    def go_on_after_fork(self) -> str:
        """Goes on writing on top of one branch as if nothing had happened."""
        forked = [(header, faces) for _, (header, faces) in sorted(self._chains.items())]
        if not forked:
            return ""
        header, faces = self.rng.choice(forked)
        face = self.rng.choice(faces)
        if header.kind is LaneKind.TEXT or not face or face[-1].seq > 60:
            return ""
        made = craft.follow(header, face[-1], [craft.payload_of(self.any_entry())], self.sign)
        face += made
        self._show(header, made)
        return "goes on above its own fork"

    def widen_fork(self) -> str:
        """One thing more in a place where it said several."""
        forked = [(header, faces) for _, (header, faces) in sorted(self._chains.items())]
        if not forked:
            return ""
        header, faces = self.rng.choice(forked)
        if header.kind is LaneKind.TEXT or len(faces) < 2:
            return ""
        seq = next((a.seq for a, b in zip(*faces[:2], strict=False) if a.hash != b.hash), 0)
        if not seq:
            return ""
        before = faces[0][seq - 2] if seq > 1 else None
        third = craft.follow(header, before, [craft.payload_of(self.any_entry())], self.sign)
        self._show(header, third)
        return "says one thing more in one place"

    def answer(self, asker: PeerKey, question: bytes) -> bytes | None:
        """Answer out of the face that this peer is shown."""
        if question[:1] != bytes([Kind.SYNC]) or question[1:33] != self.council:
            return self.truth(asker, question)
        face = sha256(self._salt + asker).digest()[0] % FACES
        try:
            said = self._wares_of(face).answer(question[33:])
        except RemoteError:
            return self.truth(asker, question)
        self.counts["lied"] += 1
        return bytes([Kind.SYNC]) + said

    def _feed(self) -> tuple[LaneHeader | None, list[Envelope]]:
        """A feed of its own that it did not fork yet, with what stands in it."""
        while self._generation < MAX_GENERATION:
            header = self.header(self._generation)
            lane = lane_id(header)
            held = self.place.index.lane(lane)
            if lane not in self._chains and (held is None or not held.above):
                rows = [row.envelope for row in self.loot if row.envelope.lane == lane]
                self._chains[lane] = (header, [sorted(rows, key=lambda e: e.seq)])
            if lane in self._chains and len(self._chains[lane][1]) == 1:
                return header, self._chains[lane][1][0]
            self._generation += 1
        return None, []

    def _next(self, header: LaneHeader, chain: Sequence[Envelope]) -> Envelope:
        before = chain[-1] if chain else None
        return craft.follow(header, before, [craft.payload_of(self.any_entry())], self.sign)[0]

    def _grow(self, header: LaneHeader, chain: list[Envelope], count: int) -> None:
        """Write as an honest member would."""
        payloads = [craft.payload_of(self.any_entry()) for _ in range(count)]
        made = craft.follow(header, chain[-1] if chain else None, payloads, self.sign)
        chain += made
        if made:
            self._show(header, made)

    def _fork(self, header: LaneHeader, branches: Sequence[Envelope], told: str) -> str:
        """Give each face its branch; and perhaps tell everybody of all."""
        lane, seq = branches[0].lane, branches[0].seq
        _, faces = self._chains.get(lane, (header, [[]]))
        below = [e for e in faces[0] if e.seq < seq]
        above = [e for e in faces[0] if e.seq > seq] if faces[0][seq - 1 : seq] == [branches[0]] else []
        chains = [[*below, branch] for branch in branches]
        chains[0] += above
        self._chains[lane] = (header, chains)
        self._wares.clear()
        match self.rng.randrange(3):
            case 0:
                said = list(branches)
                if header.kind is LaneKind.FEED and not above:
                    # Whether this comes before the fork is known, and is taken back, differs from peer to peer.
                    said.append(self._next(header, chains[0]))
                    chains[0].append(said[-1])
                for envelope in self.rng.sample(said, len(said)):
                    self._show(header, [envelope])
            case 1:
                self._show(header, [self.rng.choice(branches)])
                self.lure()
            case _:
                for peer in self.neighbours():
                    self.lure(peer)
        self.counts["forks"] += 1
        return told

    def _show(self, header: LaneHeader, made: Sequence[Envelope]) -> None:
        self.gossip_group(header, *made)

    def _wares_of(self, face: int) -> Wares:
        """All that its node holds of others, and its own lanes as this face has them."""
        total = len(self.loot)
        kept = self._wares.get(face)
        if kept is None or kept[0] != total:
            wares, seen = Wares(), set[ChangeHash]()
            for row in self.loot:
                if row.envelope.lane not in self._chains and row.envelope.hash not in seen:
                    seen.add(row.envelope.hash)
                    wares.add(row.header, row.envelope)
            for _, (header, faces) in sorted(self._chains.items()):
                wares.add(header, *faces[face % len(faces)])
            kept = self._wares[face] = (total, wares)
        return kept[1]
