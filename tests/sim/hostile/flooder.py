"""Sends too much of everything: garbage, news, questions, joins, addresses, and entries of its own."""

from collections.abc import Sequence

from nacl.signing import SigningKey

from crdt.ids import DeviceId, MemberId
from crdt.keys import certificate_message
from crdt.sync_wire import Probe, Range, Request, WireWant, encode_request
from net.peer_id import format_peer_id
from net.transport import PeerKey
from p2pcouncil.domain.entries import Invite
from p2pcouncil.domain.records import Join, join_message
from p2pcouncil.peer.wire import (
    GenesisQuestion,
    GossipKind,
    Kind,
    KnowsAnswer,
    LobbyQuestion,
    TipsQuestion,
    pack,
)
from tests.sim.hostile import craft
from tests.sim.hostile.hostile import Attack, Hostile

FRAMES_PER_ACT = 6
ENTRIES_PER_ACT = 3
JOINS_PER_ACT = 2
MAX_ENTRIES = 120
"""Each is kept by everybody for good, so a run could not bear them without end."""


class Flooder(Hostile):
    """Each single thing that it sends is cheap, and there is no end to them."""

    kind = "flooder"

    def __init__(self, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self._entries = 0
        self._joins = 0
        self._invitation = SigningKey(self.rng.randbytes(32))
        self._invites = False

    def attacks(self) -> Sequence[Attack]:
        return (
            *(self.gossip_garbage, self.gossip_news, self.ask_without_end, self.ask_for_everything),
            *(self.queue_at_the_door, self.name_endless_addresses, self.write_without_end),
        )

    def gossip_garbage(self) -> str:
        """Bytes that mean nothing, some behind a kind that means something."""
        kinds = (b"", b"\x00", bytes([GossipKind.ENVELOPES]), bytes([GossipKind.NEWS]), b"\xff")
        for _ in range(FRAMES_PER_ACT):
            self.gossip(self.rng.choice(kinds) + self.rng.randbytes(self.rng.randrange(200)))
        return "gossips garbage"

    def gossip_news(self) -> str:
        """News, again and again, of nothing."""
        for _ in range(FRAMES_PER_ACT):
            self.lure(self.victim() if self.rng.random() < 0.5 else None)
        return "says again and again that there is news"

    def ask_without_end(self) -> str:
        """Questions that cost little to ask."""
        victim = self.victim()
        if victim is None:
            return ""
        for _ in range(FRAMES_PER_ACT):
            self.ask(victim, self._question())
        return "asks without end"

    def ask_for_everything(self) -> str:
        """All that a question may ask for, of one peer."""
        victim = self.victim()
        if victim is None:
            return ""
        tips = sorted(self.tips)
        if not tips:
            return ""
        lanes = [self.rng.choice(tips) for _ in range(64)]
        wants = [WireWant(lane, 1, 10_000) for lane in lanes]
        probes = [Probe(lane, list(range(1, 17))) for lane in lanes]
        ranges = [Range(b"", b"", b"") for _ in range(16)]
        question = encode_request(Request(ranges, probes, wants))
        for _ in range(2):
            self.ask(victim, pack(Kind.SYNC, self.council + question))
        return "asks for everything at once"

    def queue_at_the_door(self) -> str:
        """Joins of people who don't exist, with an invitation that may be good."""
        victim = self.victim()
        if victim is None:
            return ""
        if self.is_member and not self._invites:
            self._invites = self.write(Invite(0, bytes(self._invitation.verify_key), "for everybody"))
        for _ in range(JOINS_PER_ACT):
            self._joins += 1
            self.ask(victim, pack(Kind.LOBBY, LobbyQuestion(self.council, self._join())))
        return "has made-up people ask to join"

    def name_endless_addresses(self) -> str:
        """Come back to somebody, who will ask whom it knows."""
        victim = self.victim()
        network = self.simulation.network
        if victim is None or not network.is_attached(victim):
            return ""
        network.disconnect(self.key, victim, "The connection ended.")
        network.dial(self.key, network.address(victim))
        return "comes back to name more addresses"

    def write_without_end(self) -> str:
        """Entries that keep to the rules; a stranger's are kept by nobody."""
        if self._entries >= MAX_ENTRIES:
            return ""
        self._entries += ENTRIES_PER_ACT
        entries = [self.any_entry() for _ in range(ENTRIES_PER_ACT)]
        if self.is_member:
            return f"writes {ENTRIES_PER_ACT} more entries" if self.write(*entries) else ""
        header = self.header(self.rng.randrange(64))
        self.gossip_group(
            header, *craft.follow(header, None, [craft.payload_of(entry) for entry in entries], self.sign)
        )
        return f"writes {ENTRIES_PER_ACT} entries that nobody let it write"

    def answer(self, asker: PeerKey, question: bytes) -> bytes | None:
        """Addresses without end; everything else as it is."""
        if question[:1] != bytes([Kind.KNOWS]):
            return self.truth(asker, question)
        self.counts["lied"] += 1
        return pack(Kind.KNOWS, KnowsAnswer(tuple(self._address() for _ in range(32))))

    def _address(self) -> str:
        if self.rng.random() < 0.1:
            return self.rng.choice(("nowhere", "/memory/1", "/memory/x/p2p/y", "", "/ip4/0.0.0.0/tcp/0"))
        key = (
            PeerKey(bytes(SigningKey(self.rng.randbytes(32)).verify_key)) if self.rng.random() < 0.1 else None
        )
        key = key or PeerKey(self.rng.randbytes(32))
        return f"/memory/{self.rng.randrange(1, 65_536)}/p2p/{format_peer_id(key)}"

    def _question(self) -> bytes:
        lanes = tuple(self.rng.randbytes(32) for _ in range(8))
        match self.rng.randrange(6):
            case 0:
                return pack(Kind.TIPS, TipsQuestion(self.council, lanes))
            case 1:
                return pack(Kind.GENESIS, GenesisQuestion(self.rng.randbytes(32)))
            case 2:
                return pack(Kind.KNOWS)
            case 3:
                return pack(Kind.NEWS, self.rng.choice((self.council, self.rng.randbytes(32), b"")))
            case 4:
                wants = [WireWant(lane, 1, 9_999) for lane in lanes]
                return pack(Kind.SYNC, self.council + encode_request(Request([], [], wants)))
            case _:
                return pack(Kind.GENESIS, GenesisQuestion(self.council))

    def _join(self) -> bytes:
        """A join of somebody who never was, signed as it should be."""
        member, device = SigningKey(self.rng.randbytes(32)), SigningKey(self.rng.randbytes(32))
        who, their = MemberId(bytes(member.verify_key)), DeviceId(bytes(device.verify_key))
        certificate = member.sign(certificate_message(who, their)).signature
        signs: list[craft.Sign] = [lambda message: device.sign(message).signature]
        invite = b""
        if self.rng.random() < 0.8:
            invite = bytes(self._invitation.verify_key)
            signs.append(lambda message: self._invitation.sign(message).signature)
        name = f"Nobody {self._joins}"
        join = Join(self.council, who, their, certificate, bytes(32), name, invite)
        return craft.signed_record(join, join_message, *signs)
