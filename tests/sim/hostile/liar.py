"""Lies in sync: about what it holds, how much of it, and what was asked.

To get deep into a pull a liar has to stay with its lie for as long as the pull runs, so it has a style for each peer:
mixed lies are found out at once, the others only after many rounds. It tells the truth until it has somebody pull, or
nobody would stay with it.
"""

from collections.abc import Callable, Sequence

from crdt.envelope import EnvelopeGroup, encode_groups
from crdt.errors import RemoteError
from crdt.ids import LaneId
from crdt.sync_wire import (
    Probe,
    Range,
    RangeAnswer,
    Request,
    Response,
    Split,
    Summary,
    WireWant,
    decode_request,
    encode_request,
    encode_response,
)
from net.transport import PeerKey
from p2pcouncil.peer.wire import Kind, TipsQuestion, pack, read_body
from tests.sim.hostile import craft
from tests.sim.hostile.hostile import Attack, Hostile

TRUE_PERMILLE = 150
SILENT_PERMILLE = 30
MAX_ENDLESS = 3
"""Dividing ranges without end costs both sides a thousand ranges until it is found out."""
TRUE, MIXED = "true", "mixed"


class Liar(Hostile):
    """Answers well-formed questions with well-formed lies, another one each time."""

    kind = "liar"

    def __init__(self, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self._styles: dict[PeerKey, str] = {}
        self._endless = 0
        self._lies: dict[str, Callable[[Range], RangeAnswer]] = {
            "equal": self._all_equal,
            "splits": self._endless_splits,
            "lanes": self._endless_lanes,
            "tips": self._false_tips,
            "forks": self._false_forks,
        }

    def attacks(self) -> Sequence[Attack]:
        return self.have_somebody_pull, self.have_everybody_pull, self.ask_nonsense, self.ask_nonsense

    def have_somebody_pull(self) -> str:
        """News, of which every word is a lie."""
        victim = self.victim()
        if victim is None:
            return ""
        self._styles = {victim: self._draw_style()}
        self.lure(victim)
        return "has somebody pull lies"

    def have_everybody_pull(self) -> str:
        """News for all."""
        self._styles = dict.fromkeys(self.neighbours(), self._draw_style())
        return "has everybody pull lies" if self.lure() else ""

    def ask_nonsense(self) -> str:
        """Questions about ranges, places and lanes that cannot be."""
        victim = self.victim()
        if victim is None:
            return ""
        lane = self.rng.choice(sorted(self.tips)) if self.tips else self.rng.randbytes(32)
        low, high = sorted((self.rng.randbytes(2), self.rng.randbytes(3)))
        questions = (
            Request([Range(high, low, b"")], [], []),
            Request([Range(low, high, bytes(16)), Range(low, high, b"x")], [], []),
            Request([Range(lane, lane + b"", bytes(16))], [], []),
            Request([], [Probe(lane, [10_000, 1, 5_000, 1])], []),
            Request([], [Probe(self.rng.randbytes(32), [1])], []),
            Request([], [], [WireWant(lane, 9, 3)]),
            Request(
                [], [], [WireWant(lane, 1, 10_000), WireWant(lane, 1, 10_000), WireWant(lane, 10_000, 10_000)]
            ),
        )
        council = self.council if self.rng.random() < 0.8 else self.rng.randbytes(32)
        self.ask(victim, pack(Kind.SYNC, council + encode_request(self.rng.choice(questions))))
        return "asks nonsense"

    def answer(self, asker: PeerKey, question: bytes) -> bytes | None:
        """Lie, mostly."""
        kind, style = question[:1], self._styles.get(asker, TRUE)
        if style == TRUE and kind == bytes([Kind.SYNC]):
            return self.truth(asker, question)
        try:
            if kind == bytes([Kind.SYNC]) and style != MIXED:
                self.counts["lied"] += 1
                self.counts[f"style: {style}"] += 1
                return self._lie_well(decode_request(question[33:]), style)
            luck = self.rng.randrange(1_000)
            if luck < TRUE_PERMILLE:
                return self.truth(asker, question)
            if luck < TRUE_PERMILLE + SILENT_PERMILLE:
                return None
            self.counts["lied"] += 1
            match question[0]:
                case Kind.SYNC:
                    return self._lie(decode_request(question[33:]))
                case Kind.TIPS:
                    asked = read_body(question[1:], TipsQuestion)
                    counts = [self.rng.choice((100_000, 1, 0))] * (len(asked.lanes) + self.rng.randrange(3))
                    return kind + craft.pack_shapes([counts[:256], self.rng.randrange(1 << 40)])
                case Kind.GENESIS:
                    return kind + self.rng.choice((b"", b"\x92", self.place.genesis_bytes))
                case Kind.LOBBY:
                    return kind + craft.pack_shapes([self.rng.choice(("", "Never heard of you."))])
                case _:
                    return self.rng.choice((b"", bytes([Kind.TIPS]), bytes([Kind.UNKNOWN_COUNCIL])))
        except RemoteError:
            return self.truth(asker, question)

    def _draw_style(self) -> str:
        style = self.rng.choice((*self._lies, MIXED))
        if style == "splits":
            self._endless += 1
        return MIXED if style == "splits" and self._endless > MAX_ENDLESS else style

    def _lie_well(self, asked: Request, style: str) -> bytes:
        """An answer that breaks no bound and belongs to the question: of what it claims, nothing is served."""
        ranges = [self._lies[style](asked_range) for asked_range in asked.ranges]
        probes = [[self.rng.randbytes(32) for _ in probe.seqs] for probe in asked.probes]
        return pack(Kind.SYNC, encode_response(Response(ranges, probes, [])))

    def _lie(self, asked: Request) -> bytes:
        """An answer that fits the question and is not true."""
        lies = (
            self._all_equal,
            self._endless_splits,
            self._endless_lanes,
            self._false_tips,
            self._false_forks,
        )
        ranges = [self.rng.choice(lies)(asked_range) for asked_range in asked.ranges]
        probes = [[self.rng.randbytes(32) for _ in probe.seqs] for probe in asked.probes]
        if self.rng.random() < 0.1:
            probes = [hashes[:-1] for hashes in probes]
        withdrawn: list[bytes] = []
        tail = b""
        match self.rng.randrange(6):
            case 0:
                withdrawn = [want.lane for want in asked.wants]
            case 1:
                withdrawn = [self.rng.randbytes(32)]
            case 2:
                tail = self._unasked()
            case 3:
                tail = self._other_places(asked)
            case _:
                pass
        match self.rng.randrange(12):
            case 0:
                return bytes([Kind.UNKNOWN_COUNCIL])
            case 1:
                return b""
            case 2:
                return pack(Kind.TIPS)
            case 3:
                ranges = [*ranges, RangeAnswer(True, [], [])][:64]
        return pack(Kind.SYNC, encode_response(Response(ranges, probes, withdrawn)) + tail)

    def _all_equal(self, asked: Range) -> RangeAnswer:
        return RangeAnswer(True, [], [])

    def _endless_splits(self, asked: Range) -> RangeAnswer:
        begin = int.from_bytes(asked.low.ljust(32, b"\0"), "big")
        end = int.from_bytes(asked.high.ljust(32, b"\0"), "big") if asked.high else 1 << 256
        bounds = [(begin + (end - begin) * part // 16).to_bytes(32, "big") for part in range(1, 16)]
        mark = self.rng.randbytes(16)
        splits = [Split(bound, mark, 1 << 40) for bound in (*bounds, asked.high)]
        return RangeAnswer(False, splits, [])

    def _endless_lanes(self, asked: Range) -> RangeAnswer:
        lanes = sorted(asked.low.ljust(28, b"\0")[:28] + self.rng.randbytes(4) for _ in range(16))
        return RangeAnswer(False, [], [Summary(lane, 9_999, self.rng.randbytes(32), []) for lane in lanes])

    def _held(self, asked: Range) -> list[tuple[bytes, int]]:
        lanes = self.place.index.lanes_between(asked.low, asked.high)[:16]
        return [(lane, self.place.index.count_of(lane)) for lane in lanes]

    def _false_tips(self, asked: Range) -> RangeAnswer:
        """Real lanes that go on, or end otherwise, or differ somewhere."""
        longer = self.rng.choice((0, 0, 1, 5_000))
        lanes = [
            Summary(lane, count + longer, self.rng.randbytes(32), [])
            for lane, count in self._held(asked)
            if count
        ]
        return RangeAnswer(False, [], lanes)

    def _false_forks(self, asked: Range) -> RangeAnswer:
        """Real lanes that are said to be forked, so low that it would take back nearly all of them."""
        lanes = []
        for lane, count in self._held(asked):
            at = self.rng.randrange(count + 1)
            held = self.place.index.lane(LaneId(lane))
            tip = held.hash_at(at) if held is not None and at else b""
            branches = sorted(self.rng.randbytes(32) for _ in range(2))
            lanes.append(Summary(lane, at, tip, [(at + 1, branch) for branch in branches]))
        return RangeAnswer(False, [], lanes)

    def _unasked(self) -> bytes:
        """Envelopes of any lane."""
        row = self.said_by(lambda row: True)
        return encode_groups([EnvelopeGroup(row.header, (row.envelope,))]) if row is not None else b"\x90"

    def _other_places(self, asked: Request) -> bytes:
        """Of the lanes that were asked for, what is held already."""
        groups = []
        for want in asked.wants[:4]:
            row = self.said_by(lambda row, lane=want.lane: row.envelope.lane == lane)  # type: ignore[misc]
            if row is not None:
                groups.append(EnvelopeGroup(row.header, (row.envelope,)))
        return encode_groups(groups)
