"""Takes what was well formed and puts it a little out of shape, at every depth."""

from collections.abc import Callable, Sequence

import msgspec

from crdt.change_codec import hash_of_raw
from crdt.envelope import Envelope, EnvelopeGroup
from crdt.errors import RemoteError
from crdt.ids import ChangeHash
from crdt.keys import LaneHeader, LaneKind, lane_id
from crdt.parts import PART, WHOLE
from net.transport import PeerKey
from p2pcouncil.domain.entries import encode_entry
from p2pcouncil.peer.wire import GossipKind, Kind
from tests.sim.hostile import craft
from tests.sim.hostile.change_mutants import CHANGE_MUTANTS, MAYBE_VALID
from tests.sim.hostile.hostile import Attack, Hostile

LIE_PERMILLE = 250
ODD_VALUES: tuple[object, ...] = (
    *(0, -1, 1, 10_001, 1 << 31, (1 << 64) - 1, -(1 << 63), 1.5, None, True, "", "x" * 300, b"", b"x" * 31),
    *(b"x" * 33, [], [[]], {}, {"a": 1}, msgspec.msgpack.Ext(1, b"x")),
)


class Mutator(Hostile):
    """Mutates frames, envelopes, entries, edits, questions and answers; signs what it can."""

    kind = "mutator"
    needs_member = True

    def __init__(self, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self.bad_edits: set[ChangeHash] = set()
        """Changes of its own that must never become part of a text."""

    def attacks(self) -> Sequence[Attack]:
        return (
            *(self.mutate_frame, self.mutate_shape, self.mutate_envelope, self.mutate_question),
            *(self.sign_mutant_entry, self.sign_mutant_entry, self.sign_mutant_payload),
            *(self.sign_mutant_edit, self.sign_mutant_edit, self.sign_mutant_edit),
        )

    def mutate_frame(self) -> str:
        """Bytes of a frame that it heard."""
        if not self.frames:
            return ""
        self.gossip(craft.scramble(self.rng, self.rng.choice(self.frames)))
        return "gossips a mutated frame"

    def mutate_shape(self) -> str:
        """One field of an envelope or its header of another type or size, behind which all is well."""
        row = self.said_by(lambda row: True)
        if row is None:
            return ""
        header, envelopes = craft.shape_of(row.header, [row.envelope])
        group: list[object] = [header, envelopes]
        target = self.rng.choice((group, header, envelopes[0]))
        match self.rng.randrange(4):
            case 0:
                target.append(self.rng.choice(ODD_VALUES))
            case 1:
                del target[-1]
            case _:
                target[self.rng.randrange(len(target))] = self.rng.choice(ODD_VALUES)
        data = msgspec.msgpack.encode([group])
        self.gossip(bytes([GossipKind.ENVELOPES]) + data)
        return "gossips an envelope with an odd field"

    def mutate_envelope(self) -> str:
        """An honest envelope with other words under the same signature, or in another place."""
        row = self.said_by(self.is_honest)
        if row is None:
            return ""
        e, rng = row.envelope, self.rng
        payload = craft.scramble(rng, e.payload) if rng.random() < 0.6 else e.payload
        prev = ChangeHash(rng.randbytes(32)) if e.prev and rng.random() < 0.4 else e.prev
        if row.header.kind is LaneKind.TEXT:
            payload = craft.with_body(craft.scramble(rng, craft.body_of(e.payload), begin=80))
        signature = craft.scramble(rng, e.signature)[:64].ljust(64, b"\0")
        mutant = Envelope(e.lane, e.seq, prev, payload, rng.choice((e.signature, signature)), e.hash)
        self.gossip_group(row.header, mutant)
        return f"mutates an entry of {self.member_name(row.header)}"

    def mutate_question(self) -> str:
        """A question out of shape; whoever is asked drops it."""
        victim = self.victim()
        if victim is None:
            return ""
        asked = (
            bytes([self.rng.choice(tuple(Kind))])
            + self.council
            + b"\x93\x91\x93\xc4\x00\xc4\x00\xc4\x00\x90\x90"
        )
        self.ask(victim, craft.scramble(self.rng, asked, begin=self.rng.choice((0, 33))))
        return "asks a mutated question"

    def sign_mutant_entry(self) -> str:
        """An entry of its own with a field of another type or out of range."""
        fields = msgspec.msgpack.decode(encode_entry(self.any_entry()))
        match self.rng.randrange(5):
            case 0:
                fields.append(self.rng.choice(ODD_VALUES))
            case 1:
                del fields[self.rng.randrange(len(fields))]
            case 2:
                fields[0] = self.rng.choice(
                    ("vote.9", "ballot.2", "", 7, "x" * 40, "open.2", "duty.1", "vouch.1")
                )
            case _:
                fields[self.rng.randrange(1, len(fields))] = self.rng.choice(ODD_VALUES)
        return self._sign(bytes([WHOLE]) + msgspec.msgpack.encode(fields), "signs an entry with an odd field")

    def sign_mutant_payload(self) -> str:
        """A payload that is no entry, or a part that fits nowhere."""
        rng = self.rng
        payload = rng.choice(
            (
                b"",
                bytes([WHOLE]),
                bytes([WHOLE]) + rng.randbytes(40),
                bytes([WHOLE]) + b"\x91" * 5_000,
                bytes([PART, 0, 2]) + rng.randbytes(20),
                bytes([PART, 1, 2]) + rng.randbytes(20),
                bytes([PART, 0, 17]),
                bytes([PART, 3]),
                b"\x02" + rng.randbytes(8),
                craft.scramble(rng, craft.payload_of(self.any_entry()), begin=1),
            )
        )
        return self._sign(payload, "signs a payload that is no entry")

    def sign_mutant_edit(self) -> str:
        """An edit of its own that no honest editor makes, with a right checksum and a right signature."""
        text_id = self.text_id()
        generation = self.rng.randrange(64)
        header = self.header(generation, text_id, self.another_device(self.rng.randrange(4))[0])
        name, make = self.rng.choice(CHANGE_MUTANTS)
        key = next(k for _, k in sorted(self._keys.items()) if k.device == header.device)
        held = self.tips.get(lane_id(header))
        if held is not None:
            return ""
        others = [
            tip.envelope.payload
            for _, tip in sorted(self.tips.items())
            if tip.header.subject == text_id and self.is_honest(tip)
        ]
        payloads = make(self.rng, lane_id(header), text_id, others)
        if name not in MAYBE_VALID:
            self.bad_edits |= {hash_of_raw(payload) for payload in payloads}
        if not self._keep_edit(header, payloads, key.sign):
            return ""
        self.counts[f"edit: {name}"] += 1
        return f"signs an edit with {name}"

    def answer(self, asker: PeerKey, question: bytes) -> bytes | None:
        """At times an answer out of shape."""
        said = self.truth(asker, question)
        if said is None or self.rng.randrange(1_000) >= LIE_PERMILLE:
            return said
        self.counts["lied"] += 1
        return craft.scramble(self.rng, said, begin=self.rng.choice((0, 1, 5)))

    def _sign(self, payload: bytes, told: str) -> str:
        header = self.own_feed()
        return told if header is not None and self.write_payloads(header, payload) else ""

    def _keep_edit(
        self, header: LaneHeader, payloads: Sequence[bytes], sign: Callable[[bytes], bytes]
    ) -> bool:
        """Sign changes, put them into its node's store, where others find them, and gossip them."""
        try:
            made = craft.follow(header, None, payloads, sign)
        except RemoteError:
            # Not even its place can be read, so there is no hash to sign.
            shape = [craft.shape_of(header, [])[0], [[1, b"", payloads[0], self.rng.randbytes(64)]]]
            return self.gossip(bytes([GossipKind.ENVELOPES]) + msgspec.msgpack.encode([shape]))
        self.node.take_in([EnvelopeGroup(header, tuple(made))])
        return self.gossip_group(header, *made)
