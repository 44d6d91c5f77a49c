"""Speaks in the name of others: with its own signature, with one from elsewhere, with records it made up."""

from collections.abc import Sequence

from crdt.envelope import Envelope, EnvelopeGroup, encode_groups
from crdt.errors import RemoteError
from crdt.ids import ChangeHash, LaneId
from crdt.index import Want
from crdt.keys import DeviceCertificate, LaneHeader, LaneKind, lane_id
from crdt.store.rows import read_groups
from crdt.sync_wire import Response, decode_request, decode_response, encode_response
from net.transport import PeerKey
from p2pcouncil.domain.entries import Announce, AnyEntry, AskToJoin, StateDuty, Vouch
from p2pcouncil.domain.records import (
    Charter,
    Duty,
    Founder,
    Genesis,
    Join,
    duty_message,
    genesis_message,
    join_message,
)
from p2pcouncil.peer.wire import Kind
from tests.sim.hostile import craft
from tests.sim.hostile.hostile import Attack, Hostile
from tests.sim.node import certify


class Forger(Hostile):
    """Makes entries, edits, certificates and records in the names of others."""

    kind = "forger"

    def attacks(self) -> Sequence[Attack]:
        return (
            *(self.forge_entry, self.forge_branch, self.forge_edit, self.forge_certificate),
            *(self.claim_device, self.respell_signature, self.forge_record, self.offer_forgeries),
        )

    def forge_entry(self) -> str:
        """The next entry of somebody's feed."""
        tip = self.honest_tip()
        if tip is None:
            return ""
        forged = self._forge(tip.header, tip.envelope.seq + 1, tip.envelope.hash)
        self.gossip_group(tip.header, forged)
        return f"forges an entry of {self.member_name(tip.header)}"

    def forge_branch(self) -> str:
        """Another entry where somebody wrote one: believed, it would convict who wrote it."""
        row = self.said_by(lambda row: self.is_honest(row) and row.header.kind is LaneKind.FEED)
        if row is None:
            return ""
        self.gossip_group(row.header, self._forge(row.header, row.envelope.seq, row.envelope.prev))
        return f"forges a contradiction of {self.member_name(row.header)}"

    def forge_edit(self) -> str:
        """Words that somebody never typed."""
        tip = self.honest_tip()
        if tip is None:
            return ""
        text_id = self.text_id()
        header = LaneHeader(LaneKind.TEXT, self.council, text_id, tip.header.certificate, 0)
        lane = lane_id(header)
        held = self.tips.get(lane)
        if held is None:
            raw, seq, prev = craft.first_words(lane, text_id, "forged"), 1, None
        else:
            seq, prev = held.envelope.seq + 1, held.envelope.hash
            ops = craft.insertions(lane, text_id, "forged", 50)
            raw = craft.text_change(lane, text_id, ops, seq, 50, [prev])
        self.gossip_group(header, craft.seal(header, seq, prev, raw, self._signature))
        return f"forges an edit of {self.member_name(header)}"

    def forge_certificate(self) -> str:
        """A device of its own that somebody is said to have certified."""
        tip = self.honest_tip()
        if tip is None:
            return ""
        member, signature = tip.header.member, tip.header.certificate.signature
        kept = signature if self.rng.random() < 0.5 else self.rng.randbytes(64)
        certificate = DeviceCertificate(member, self.node.signer.device, kept)
        header = LaneHeader(LaneKind.FEED, self.council, b"", certificate, 0)
        self.gossip_group(header, craft.seal(header, 1, None, craft.payload_of(self.any_entry()), self.sign))
        return f"says that its device is {self.member_name(tip.header)}'s"

    def claim_device(self) -> str:
        """Somebody's device under its own member key, with what that device signed for somebody else."""
        row = self.said_by(self.is_honest)
        if row is None or row.header.kind is not LaneKind.FEED:
            return ""
        certificate = certify(self.node.name, row.header.device)
        header = LaneHeader(LaneKind.FEED, self.council, b"", certificate, 0)
        stolen = craft.seal(
            header,
            row.envelope.seq,
            row.envelope.prev,
            row.envelope.payload,
            lambda _: row.envelope.signature,
        )
        self.gossip_group(header, stolen)
        return f"certifies the device of {self.member_name(row.header)} for itself"

    def respell_signature(self) -> str:
        """An honest envelope whose signature is spelled in another way."""
        row = self.said_by(self.is_honest)
        if row is None:
            return ""
        e = row.envelope
        twisted = Envelope(e.lane, e.seq, e.prev, e.payload, craft.other_spelling(e.signature), e.hash)
        self.gossip_group(row.header, twisted)
        return f"spells a signature of {self.member_name(row.header)} in another way"

    def forge_record(self) -> str:
        """A record that somebody is said to have signed, in an entry of its own."""
        tip = self.honest_tip()
        if tip is None:
            return ""
        who, device = tip.header.member, tip.header.device
        word, own = tip.header.certificate.signature, self.node.signer.device
        made: AnyEntry
        match self.rng.randrange(6):
            case 0:
                join = Join(self.council, self.rng.randbytes(32), device, word, bytes(32), "Nobody", b"")
                made = Vouch(0, craft.signed_record(join, join_message, self.sign))
            case 1:
                join = Join(self.council, who, device, word, bytes(32), "Twin", b"")
                made = Vouch(0, craft.signed_record(join, join_message, self._signature))
            case 2:
                duty = Duty(self.council, who, 1_000_000, own, self.rng.randbytes(64), (), (device,))
                made = StateDuty(0, craft.signed_record(duty, duty_message, self.sign))
            case 3:
                duty = Duty(self.council, who, 7, device, word, (), ())
                made = StateDuty(0, craft.signed_record(duty, duty_message, self._signature))
            case 4:
                made = AskToJoin(0, self.rng.randbytes(200))
            case _:
                founder = Founder(who, device, word, bytes(32), "Founder")
                genesis = Genesis(
                    *("Below", "workers", "workplace", "", self.council), Charter(), (founder,), bytes(16)
                )
                made = Announce(0, craft.signed_record(genesis, genesis_message, self.sign))
        told = f"embeds a record that {self.member_name(tip.header)} never signed"
        if self.is_member and self.write(made):
            return told
        header = self.header()
        self.gossip_group(header, craft.seal(header, 1, None, craft.payload_of(made), self.sign))
        return told

    def offer_forgeries(self) -> str:
        """Have somebody pull, and serve forgeries."""
        victim = self.victim()
        if victim is None:
            return ""
        self.lure(victim)
        return "offers forgeries to whoever pulls"

    def answer(self, asker: PeerKey, question: bytes) -> bytes | None:
        """Some of the envelopes that it serves are forged; the lanes go on where their authors stopped."""
        said = self.truth(asker, question)
        if said is None or question[:1] != bytes([Kind.SYNC]) or said[:1] != question[:1]:
            return said
        if self.rng.random() < 0.3:
            return said
        try:
            asked = decode_request(question[33:])
        except RemoteError:
            return said
        head, tail = decode_response(said[1:])
        longer = [
            type(found)(
                found.is_equal,
                found.splits,
                [type(s)(s.lane, s.count + 1, self.rng.randbytes(32), []) for s in found.lanes],
            )
            for found in head.ranges
        ]
        groups = []
        for want in asked.wants[:8]:
            tip = self.tips.get(LaneId(want.lane))
            if tip is not None and self.is_honest(tip):
                held = read_groups(self.node.conn, [Want(LaneId(want.lane), want.first, want.last)], 65_536)
                rows = [e for group in held for e in group.envelopes]
                top = rows[-1] if rows else tip.envelope
                rows.append(self._forge(tip.header, top.seq + 1, top.hash))
                groups.append(EnvelopeGroup(tip.header, tuple(e for e in rows if e.seq <= want.last)))
        self.counts["lied"] += 1
        withdrawn = [] if groups else head.withdrawn
        return (
            said[:1]
            + encode_response(Response(longer, head.probes, withdrawn))
            + (encode_groups(groups) if groups else tail)
        )

    def _forge(self, header: LaneHeader, seq: int, prev: ChangeHash | None) -> Envelope:
        lane = lane_id(header)
        if header.kind is LaneKind.FEED:
            return craft.seal(header, seq, prev, craft.payload_of(self.any_entry()), self._signature)
        ops = craft.insertions(lane, header.subject, "x", 9)  # type: ignore[arg-type]
        raw = craft.text_change(lane, header.subject, ops, seq, 9, [prev] if prev else [])  # type: ignore[arg-type]
        return craft.seal(header, seq, prev, raw, self._signature)

    def _signature(self, message: bytes) -> bytes:
        """Anything but the right one."""
        match self.rng.randrange(3):
            case 0:
                return self.sign(message)
            case 1:
                return self.rng.randbytes(64)
            case _:
                row = self.said_by(self.is_honest)
                return row.envelope.signature if row is not None else self.sign(message)
