"""Says again what others said, in another place and at another time."""

from collections.abc import Sequence
from dataclasses import replace

from crdt.change_codec import read_change_head
from crdt.envelope import Envelope
from crdt.errors import RemoteError
from crdt.ids import ChangeHash, CouncilId
from crdt.keys import LaneHeader, LaneKind, lane_id
from crdt.store.rows import StoredEnvelope
from net.memory_peers import Answered, Delivery
from net.transport import PeerKey, RequestReceived
from p2pcouncil.domain.entries import AnyEntry, Ballot, Vouch, decode_entry
from p2pcouncil.peer.wire import Kind, LobbyQuestion, pack, topic_of
from tests.sim.hostile import craft
from tests.sim.hostile.hostile import Attack, Hostile

MAX_RECORDED = 32
VOUCH, DUTY, BALLOT = b"vouch.1", b"duty.1", b"ballot.1"


class Replayer(Hostile):
    """Everything that it sends was once true somewhere."""

    kind = "replayer"

    def __init__(self, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self._questions: list[bytes] = []
        self._answers: list[bytes] = []

    def attacks(self) -> Sequence[Attack]:
        return (
            *(self.move_envelope, self.move_envelope, self.repeat_gossip, self.repeat_question),
            *(self.repeat_record, self.hand_over_old_join, self.move_ballot, self.misname_predecessor),
            self.bring_stale_news,
        )

    def heard(self, delivery: Delivery) -> None:
        match delivery.event:
            case RequestReceived(_, _, data):
                self._questions = [*self._questions[1 - MAX_RECORDED :], data]
            case Answered(_, data):
                self._answers = [*self._answers[1 - MAX_RECORDED :], data]
        super().heard(delivery)

    def answer(self, asker: PeerKey, question: bytes) -> bytes | None:
        """Answer at times what somebody else once answered to another question."""
        stale = [said for said in self._answers if said[:1] == question[:1]]
        if stale and self.rng.random() < 0.4:
            self.counts["lied"] += 1
            return self.rng.choice(stale)
        return self.truth(asker, question)

    def move_envelope(self) -> str:
        """An honest envelope under another header."""
        row = self.said_by(self.is_honest)
        if row is None:
            return ""
        header, where = self._elsewhere(row)
        envelope = row.envelope
        try:
            moved = craft.seal(
                header, envelope.seq, envelope.prev, envelope.payload, lambda _: envelope.signature
            )
        except RemoteError:
            moved = Envelope(lane_id(header), *self._rest(envelope))
        self.gossip_group(header, moved)
        return f"moves an entry of {self.member_name(row.header)} into {where}"

    def repeat_gossip(self) -> str:
        """Old frames, word for word, also on the topic of another council."""
        if not self.frames:
            return ""
        times = self.rng.randrange(1, 5)
        topic = topic_of(self.council)
        if self.rng.random() < 0.2:
            others = [c for c in sorted(self.node.peer.world.places) if c != self.council]
            topic = topic_of(self.rng.choice(others) if others else self.rng.randbytes(32))
            self.simulation.network.join_topic(self.key, topic)
        for _ in range(times):
            self.gossip(self.rng.choice(self.frames), topic)
        return f"repeats {times} old messages"

    def repeat_question(self) -> str:
        """What others once asked it."""
        victim = self.victim()
        if victim is None or not self._questions:
            return ""
        self.ask(victim, self.rng.choice(self._questions))
        return "repeats somebody's question"

    def repeat_record(self) -> str:
        """Joins and statements that others carried, in entries of its own."""
        again = self._entry_of(self.said_by(self._carries_record))
        if again is None:
            return ""
        if self.is_member and self.write(again):
            return "carries an old record again"
        header = self.header()
        self.gossip_group(header, craft.seal(header, 1, None, craft.payload_of(again), self.sign))
        return "carries an old record again, as a stranger"

    def hand_over_old_join(self) -> str:
        """A join that came true long ago, at the door once more, or at another council's door."""
        vouch = self._entry_of(self.said_by(lambda row: self._carries(row, VOUCH)))
        victim = self.victim()
        if victim is None or not isinstance(vouch, Vouch):
            return ""
        council = self.council if self.rng.random() < 0.7 else CouncilId(self.rng.randbytes(32))
        self.ask(victim, pack(Kind.LOBBY, LobbyQuestion(council, vouch.join)))
        return "hands over an old join"

    def move_ballot(self) -> str:
        """A ballot of somebody's, in another vote or once more in the same, under the signature that it had."""
        row, issue = self.said_by(lambda row: self._carries(row, BALLOT)), self.issue()
        if row is None or issue is None:
            return ""
        ballot = self._entry_of(row)
        if not isinstance(ballot, Ballot):
            return ""
        moved = Ballot(ballot.claimed_at_ms, issue, ballot.number, ballot.choice)
        tip = self.tips[row.envelope.lane].envelope
        again = craft.seal(
            *(row.header, tip.seq + 1, tip.hash, craft.payload_of(moved)), lambda _: row.envelope.signature
        )
        self.gossip_group(row.header, again)
        if self.is_member:
            self.write(moved)
        return f"casts a ballot of {self.member_name(row.header)} again"

    def misname_predecessor(self) -> str:
        """An honest edit that is said to follow another of the changes that it builds on: nobody signed which."""
        row = self.said_by(
            lambda row: (
                row.header.kind is LaneKind.TEXT and len(read_change_head(row.envelope.payload).deps) > 1
            )
        )
        row = row or self.said_by(lambda row: row.header.kind is LaneKind.TEXT and row.envelope.seq == 1)
        deps = read_change_head(row.envelope.payload).deps if row is not None else ()
        if row is None or not deps:
            return ""
        e = row.envelope
        prev = self.rng.choice(deps)
        self.gossip_group(row.header, Envelope(e.lane, e.seq, prev, e.payload, e.signature, e.hash))
        return f"says that an edit of {self.member_name(row.header)} follows another one"

    def bring_stale_news(self) -> str:
        """Have somebody pull, and answer what it heard long ago."""
        victim = self.victim()
        if victim is None:
            return ""
        self.lure(victim)
        return "has somebody pull old answers"

    def _elsewhere(self, row: StoredEnvelope) -> tuple[LaneHeader, str]:
        header = row.header
        match self.rng.randrange(6):
            case 0:
                return replace(header, council=CouncilId(self.rng.randbytes(32))), "another council"
            case 1:
                return replace(header, generation=(header.generation + 1) % 64), "another feed"
            case 2:
                return replace(header, kind=LaneKind.TEXT, subject=self.text_id()), "another text"
            case 3:
                return replace(header, kind=LaneKind.FEED, subject=b""), "a feed"
            case 4:
                return self.header(), "its own feed"
            case _:
                other = self.said_by(
                    lambda found: self.is_honest(found) and found.header.device != header.device
                )
                certificate = (other or row).header.certificate
                return replace(header, certificate=certificate), "somebody else's feed"

    def _rest(self, e: Envelope) -> tuple[int, ChangeHash | None, bytes, bytes, ChangeHash]:
        return e.seq, e.prev, e.payload, e.signature, e.hash

    def _entry_of(self, row: StoredEnvelope | None) -> AnyEntry | None:
        """What an envelope says; others of its kind may have said what nobody can read."""
        if row is None:
            return None
        try:
            return decode_entry(row.envelope.payload[1:])
        except RemoteError:
            return None

    def _carries_record(self, row: StoredEnvelope) -> bool:
        return self._carries(row, VOUCH) or self._carries(row, DUTY)

    def _carries(self, row: StoredEnvelope, tag: bytes) -> bool:
        return row.header.kind is LaneKind.FEED and tag in row.envelope.payload[:16]
