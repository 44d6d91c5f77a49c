"""Frames at every limit and just beyond it."""

from collections.abc import Sequence

import msgspec

from crdt.envelope import (
    MAX_ENVELOPES_PER_FRAME,
    MAX_GROUPS_PER_FRAME,
    MAX_LANE_ENVELOPES,
    MAX_TEXT_CHANGE_BYTES,
    EnvelopeGroup,
    encode_groups,
)
from crdt.feed_change import MAX_PAYLOAD_BYTES
from crdt.keys import lane_id
from crdt.parts import MAX_PARTS, PART, PART_BYTES, WHOLE
from crdt.sync_wire import (
    MAX_ABOVE,
    MAX_ANSWER_BYTES,
    MAX_PROBE_SEQS,
    MAX_PROBES,
    MAX_RANGES,
    MAX_SPLITS,
    MAX_SUMMARIES,
    MAX_WANTS,
)
from crdt.text_guard import MAX_CHANGE_OPS
from net.transport import MAX_GOSSIP_BYTES, MAX_REQUEST_BYTES, MAX_RESPONSE_BYTES, PeerKey
from p2pcouncil.domain.entries import MAX_COMMENT_CHARS, MAX_OPTIONS, Comment, Propose, Vouch, encode_entry
from p2pcouncil.domain.records import MAX_SIGNED_BYTES
from p2pcouncil.domain.tally.method import Ranked
from p2pcouncil.peer.wire import MAX_ADDRESS_CHARS, MAX_ADDRESSES, MAX_LANES_PER_QUESTION, GossipKind, Kind
from tests.sim.hostile import craft
from tests.sim.hostile.hostile import Attack, Hostile

pack = msgspec.msgpack.encode
LIE_PERMILLE = 400
HEAVY_PERMILLE = 60
"""What takes a peer milliseconds to refuse comes seldom: the attack is in the size, not in the number."""


class Oversizer(Hostile):
    """Everything that it sends is as large as it may be, or a little larger."""

    kind = "oversizer"

    def attacks(self) -> Sequence[Attack]:
        return (
            *(self.fill_frame, self.ask_too_much, self.ask_too_much, self.lure_to_large_answer),
            *(self.ask_oversized, self.write_large_payload, self.write_large_entry, self.write_parts),
            self.write_large_edit,
        )

    def fill_frame(self) -> str:
        """A gossip message of the largest size, of small envelopes, of a large one, or of garbage."""
        if self.rng.random() < 0.6:
            return ""
        kind = bytes([GossipKind.ENVELOPES])
        header = self.header(63)
        rows = craft.follow(header, None, [bytes([WHOLE]) + b"\xa0" * 30] * 3, self.sign)
        shape = craft.shape_of(header, rows)
        match self.rng.randrange(4):
            case 0:
                data = pack([shape] * 90)
            case 1:
                data = pack([[shape[0], [[seq, b"", b"", b""] for seq in range(8_000)]]])
            case 2:
                data = pack([[shape[0], [[1, b"", bytes(16_384 + self.rng.randrange(2)), bytes(64)]]]])
            case _:
                data = pack([shape]) + bytes(MAX_GOSSIP_BYTES)
        self.gossip((kind + data)[:MAX_GOSSIP_BYTES])
        return "gossips a frame as large as can be"

    def ask_too_much(self) -> str:
        """A question with one range, probe, want or lane more than there may be."""
        victim = self.victim()
        if victim is None:
            return ""
        more, lane = self.rng.randrange(2), self.rng.randbytes(32)
        ranges = [[b"", b"", b""]] * (MAX_RANGES + more)
        probes = [[lane, [1]]] * (MAX_PROBES + more)
        wants = [[lane, 1, 1]] * (MAX_WANTS + more)
        long_probe = [[lane, [1] * (MAX_PROBE_SEQS + more)]]
        sync = bytes([Kind.SYNC]) + self.council
        questions = (
            sync + pack([ranges, [], []]),
            sync + pack([[], probes, []]),
            sync + pack([[], [], wants]),
            sync + pack([[], long_probe, []]),
            sync + pack([[], [], [[lane, 1, MAX_LANE_ENVELOPES + more]]]),
            bytes([Kind.TIPS]) + pack([self.council, [lane] * (MAX_LANES_PER_QUESTION + more)]),
            bytes([Kind.LOBBY]) + pack([self.council, bytes(4_096 + more)]),
            bytes([Kind.NEWS]) + self.council * (1 + 60 * more),
            bytes([Kind.KNOWS]) + bytes(60_000),
        )
        self.ask(victim, self.rng.choice(questions))
        return "asks as much as may be asked" + " and one more" * more

    def ask_oversized(self) -> str:
        """A request of the largest size."""
        victim = self.victim()
        if victim is None or self.rng.random() < 0.5:
            return ""
        kind = bytes([self.rng.choice((Kind.SYNC, Kind.TIPS, Kind.LOBBY, Kind.GENESIS))])
        self.ask(victim, (kind + self.council).ljust(MAX_REQUEST_BYTES, b"\x90"))
        return "asks a question as large as can be"

    def lure_to_large_answer(self) -> str:
        """Have somebody pull."""
        victim = self.victim()
        if victim is None:
            return ""
        self.lure(victim)
        return "has somebody pull large answers"

    def write_large_payload(self) -> str:
        """A payload of the largest size in its own feed, or one byte more on the wire."""
        payload = bytes([WHOLE]) + self.rng.randbytes(64).ljust(MAX_PAYLOAD_BYTES - 1, b"x")
        return self._write(payload, told="writes a payload as large as can be", seldom=True)

    def write_large_entry(self) -> str:
        """Entries at the bounds of their fields, and beyond."""
        more = self.rng.randrange(2)
        proposal = self.proposal()
        name = proposal.hash if proposal is not None else bytes(32)
        if self.rng.random() < 0.5:
            entry = Comment(0, name, b"", "\U0001f35e" * (MAX_COMMENT_CHARS + more))
            payload = craft.payload_of(entry)[:MAX_PAYLOAD_BYTES]
        else:
            options = tuple(f"{number} " + "o" * 60 for number in range(MAX_OPTIONS + more))
            entry_ = Propose(0, self.rng.randbytes(16), "t" * 120, "s" * 600, (), "", Ranked(0), options)
            payload = craft.payload_of(entry_)
        return self._write(payload, told="writes an entry at its bounds" + " and beyond" * more, seldom=True)

    def write_parts(self) -> str:
        """An entry in as many parts as there may be, one of them too few or too many."""
        count = self.rng.choice((2, MAX_PARTS, MAX_PARTS + 1))
        size = PART_BYTES if count == 2 else 64
        sent = [bytes([PART, at, count]) + bytes(size) for at in range(count)]
        if self.rng.random() < 0.5:
            del sent[self.rng.randrange(len(sent))]
        if count == 2 and self.rng.random() < 0.5:
            record = Vouch(0, bytes(MAX_SIGNED_BYTES + self.rng.randrange(2)))
            whole = encode_entry(record)
            cuts = range(0, len(whole), PART_BYTES)
            sent = [bytes([PART, i, len(cuts)]) + whole[at : at + PART_BYTES] for i, at in enumerate(cuts)]
        return self._write(*sent, told="writes an entry in many parts", seldom=count == 2)

    def write_large_edit(self) -> str:
        """A text change just at the bound, of its bytes or of its operations."""
        if self.rng.randrange(1_000) >= HEAVY_PERMILLE:
            return ""
        text_id = self.text_id()
        header = self.header(self.rng.randrange(64), text_id)
        lane = lane_id(header)
        if lane in self.tips:
            return ""
        if self.rng.random() < 0.5:
            raw = craft.first_words(lane, text_id, "y" * (MAX_CHANGE_OPS + self.rng.randrange(2)))
        else:
            body = craft.body_of(craft.first_words(lane, text_id, "z"))
            raw = craft.with_body(body.ljust(MAX_TEXT_CHANGE_BYTES - 12, b"\x00"))
        if not self.is_member:
            return ""
        told = "writes an edit as large as can be"
        return told if self.write_payloads(header, raw) else ""

    def answer(self, asker: PeerKey, question: bytes) -> bytes | None:
        """Answers at the limits and beyond."""
        if self.rng.randrange(1_000) >= LIE_PERMILLE:
            return self.truth(asker, question)
        self.counts["lied"] += 1
        kind, more = question[:1], self.rng.randrange(2)
        match question[0]:
            case Kind.KNOWS:
                address = "/memory/1/" + "x" * (MAX_ADDRESS_CHARS - 10 + more)
                return kind + pack([[address] * (MAX_ADDRESSES + more)])
            case Kind.TIPS:
                return kind + pack([[1] * (MAX_LANES_PER_QUESTION + more), 1 << 60])
            case Kind.LOBBY:
                return kind + pack(["x" * (300 + more)])
            case Kind.SYNC:
                return kind + self._large_answer(more)
            case _:
                return kind + bytes(60_000)

    def _large_answer(self, more: int) -> bytes:
        lane, mark = self.rng.randbytes(32), bytes(16)
        if self.rng.randrange(1_000) < HEAVY_PERMILLE:
            return self._heavy_answer()
        splits = [[bytes([at]), mark, 1] for at in range(1, MAX_SPLITS + 1 + more)]
        lanes = [[bytes([at]) * 32, 1, lane, []] for at in range(1, MAX_SUMMARIES + 1 + more)]
        above = [[lane, 0, b"", [[at, lane] for at in range(1, MAX_ABOVE + 1 + more)]]]
        heads = (
            [[[True, [], []]] * (MAX_RANGES + more), [], []],
            [[[False, splits, []]], [], []],
            [[[False, [], lanes]], [], []],
            [[[False, [], above]], [], []],
            [[], [[lane] * (MAX_PROBE_SEQS + more)], []],
            [[], [[lane]] * (MAX_PROBES + more), []],
            [[], [], [lane] * (MAX_WANTS + more)],
        )
        head = pack(self.rng.choice(heads))
        return len(head).to_bytes(4, "big") + head

    def _heavy_answer(self) -> bytes:
        """One that weighs a megabyte or two."""
        head = pack([[], [], []])
        begin = len(head).to_bytes(4, "big") + head
        header = self.header()
        match self.rng.randrange(4):
            case 0:
                return begin.ljust(MAX_RESPONSE_BYTES - 1, b"\x00")
            case 1:
                return begin.ljust(MAX_ANSWER_BYTES + 1, b"\x90")
            case 2:
                return begin + encode_groups([EnvelopeGroup(header, ())] * (MAX_GROUPS_PER_FRAME + 1))
            case _:
                shape, _ = craft.shape_of(header, [])
                return begin + pack([[shape, [[1, b"", b"", b""]] * (MAX_ENVELOPES_PER_FRAME + 1)]])

    def _write(self, *payloads: bytes, told: str = "", seldom: bool = False) -> str:
        if seldom and self.rng.random() < 0.7:
            return ""
        header = self.own_feed()
        if not self.is_member:
            self.gossip_group(self.header(), *craft.follow(self.header(), None, payloads[:2], self.sign))
            return told
        return told if header is not None and self.write_payloads(header, *payloads) else ""
