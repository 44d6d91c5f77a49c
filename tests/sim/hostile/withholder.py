"""A member who takes part and leaves things out."""

from collections.abc import Sequence
from hashlib import sha256

from crdt.errors import RemoteError
from crdt.ids import ChangeHash, LaneId
from crdt.sync_wire import Response, decode_request, encode_response
from net.transport import PeerKey
from p2pcouncil.peer.wire import Kind, KnowsAnswer, TipsAnswer, TipsQuestion, pack, read_body
from tests.sim.hostile.hostile import Attack, Hostile
from tests.sim.hostile.wares import Wares

SILENT_PERMILLE = 150
WITHDRAWN_PERMILLE = 100
IGNORANT_PERMILLE = 60


class Withholder(Hostile):
    """Shows each peer some lanes whole, of some the beginning, and of some nothing; and at times is silent."""

    kind = "withholder"
    needs_member = True

    def __init__(self, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self._salt = self.rng.randbytes(8)
        self._wares: dict[PeerKey, tuple[int, Wares]] = {}

    def attacks(self) -> Sequence[Attack]:
        return self.change_mind, self.hold_back_own_words, self.have_somebody_pull

    def change_mind(self) -> str:
        """Withhold other things from now on."""
        self._salt = self.rng.randbytes(8)
        self._wares.clear()
        self.lure()
        return "withholds other lanes from now on"

    def hold_back_own_words(self) -> str:
        """Write something that nobody hears of before they pull."""
        return "writes something and tells nobody" if self.write(self.any_entry(), tell=False) else ""

    def have_somebody_pull(self) -> str:
        """News, of which little is shown."""
        victim = self.victim()
        if victim is None:
            return ""
        self.lure(victim)
        return "has somebody pull and leaves things out"

    def answer(self, asker: PeerKey, question: bytes) -> bytes | None:
        """Less than the truth."""
        luck = self.rng.randrange(1_000)
        if luck < SILENT_PERMILLE:
            self.counts["was silent"] += 1
            return None
        self.counts["lied"] += 1
        if luck < SILENT_PERMILLE + IGNORANT_PERMILLE:
            return pack(Kind.UNKNOWN_COUNCIL)
        try:
            match question[0]:
                case Kind.SYNC:
                    return self._some(asker, question)
                case Kind.TIPS:
                    lanes = read_body(question[1:], TipsQuestion).lanes
                    return pack(Kind.TIPS, TipsAnswer(tuple(0 for _ in lanes), 0))
                case Kind.KNOWS:
                    return pack(Kind.KNOWS, KnowsAnswer(()))
                case _:
                    return self.truth(asker, question)
        except RemoteError:
            return self.truth(asker, question)

    def _some(self, asker: PeerKey, question: bytes) -> bytes:
        if self.rng.randrange(1_000) < WITHDRAWN_PERMILLE:
            wants = decode_request(question[33:]).wants
            if wants:
                return pack(Kind.SYNC, encode_response(Response([], [], [want.lane for want in wants])))
        return pack(Kind.SYNC, self._wares_for(asker).answer(question[33:]))

    def _wares_for(self, asker: PeerKey) -> Wares:
        self.look_around()
        kept = self._wares.get(asker)
        if kept is None or kept[0] != len(self.loot):
            wares, seen = Wares(), set[ChangeHash]()
            for row in self.loot:
                if (
                    row.envelope.seq <= self._shown(asker, row.envelope.lane)
                    and row.envelope.hash not in seen
                ):
                    seen.add(row.envelope.hash)
                    wares.add(row.header, row.envelope)
            kept = self._wares[asker] = (len(self.loot), wares)
        return kept[1]

    def _shown(self, asker: PeerKey, lane: LaneId) -> int:
        """Up to which place a peer is shown a lane."""
        draw = sha256(self._salt + asker + lane).digest()
        return (0, draw[1] % 8, 10_000)[draw[0] % 3]
