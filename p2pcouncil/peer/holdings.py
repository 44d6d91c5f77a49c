"""Who else holds what we wrote: asked, never assumed.

“Your vote is held by 3 of 7 peers” and “2 of your entries are only here” rest on this. Each connected device is asked
how far it holds our own lanes, until it holds them all; what it said is kept on the shelf, so that a command that
runs beside a serving peer sees it too.
"""

from crdt.ids import ChangeHash, CouncilId, DeviceId, LaneId
from p2pcouncil.peer import shelf
from p2pcouncil.peer.events import Ask, Effect, Keep, Reply, Show
from p2pcouncil.peer.place import Place
from p2pcouncil.peer.wire import MAX_LANES_PER_QUESTION, Kind, TipsAnswer, TipsQuestion, pack, read_body
from p2pcouncil.peer.world import World

ASK_TIMEOUT_MS = 10_000
ASK_EVERY_MS = 1_000


class Holdings:
    """What each device said that it holds of ours."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._asks: dict[int, tuple[DeviceId, CouncilId, tuple[LaneId, ...]]] = {}
        self._asking: set[tuple[DeviceId, CouncilId]] = set()
        self._asked_ms: dict[tuple[DeviceId, CouncilId], int] = {}
        self._tips: dict[CouncilId, dict[LaneId, int]] = {}
        self._content: set[DeviceId] | None = None
        """Who was connected when all of them were known to hold everything of ours; None once that may have changed."""

    def changed(self) -> None:
        """Rows came or went, or councils: what was known of our own lanes is out of date."""
        self._tips.clear()
        self._content = None

    def tick(self, now_ms: int) -> list[Effect]:
        """Ask those who are not known to hold everything of ours."""
        effects: list[Effect] = []
        if self._content == self._world.connected.keys():
            return effects
        is_content = True
        for council, place in self._world.places.items():
            devices = place.member_devices() & self._world.connected.keys()
            mine = self._my_tips(council) if devices else {}
            for device in sorted(devices):
                key = (device, council)
                if key in self._asking or now_ms - self._asked_ms.get(key, -ASK_EVERY_MS) < ASK_EVERY_MS:
                    is_content = False
                    continue
                missing = tuple(lane for lane, count in mine.items() if self.held(device, lane) < count)
                if not missing:
                    continue
                is_content = False
                effects.append(self._ask(device, council, missing[:MAX_LANES_PER_QUESTION], now_ms))
        if is_content:
            self._content = set(self._world.connected)
        return effects

    def asked_of(self, ask: int) -> DeviceId | None:
        """Whom we asked this; None when the question was not ours."""
        return self._asks[ask][0] if ask in self._asks else None

    def answered(self, ask: int, data: bytes | None) -> list[Effect]:
        """Take an answer.

        Raises:
            RemoteError: it is malformed.
        """
        device, council, lanes = self._asks.pop(ask)
        self._content = None
        self._asking.discard((device, council))
        if data is None or not data or data[0] != Kind.TIPS:
            return []
        answer = read_body(data[1:], TipsAnswer)
        effects: list[Effect] = []
        for lane, count in zip(lanes, answer.counts, strict=False):
            if count != self.held(device, lane):
                effects.append(Keep(shelf.HOLDING, device + lane, count.to_bytes(4, "big")))
        return [*effects, Show()] if effects else []

    def gone(self, device: DeviceId) -> None:
        """A device went away: what was asked of it will not be answered."""
        self._asking = {key for key in self._asking if key[0] != device}
        self._asked_ms = {key: asked for key, asked in self._asked_ms.items() if key[0] != device}

    def question(self, number: int, body: bytes) -> list[Effect]:
        """Say how far we hold the lanes asked for.

        Raises:
            RemoteError: the question is malformed.
        """
        question = read_body(body, TipsQuestion)
        place = self._world.places.get(CouncilId(question.council))
        if place is None:
            return [Reply(number, pack(Kind.UNKNOWN_COUNCIL))]
        counts = tuple(place.index.count_of(LaneId(lane)) for lane in question.lanes)
        return [Reply(number, pack(Kind.TIPS, TipsAnswer(counts, place.index.total)))]

    def held(self, device: DeviceId, lane: LaneId) -> int:
        """How many envelopes of our lane a device said that it holds."""
        return int.from_bytes(self._world.item(shelf.HOLDING, device + lane) or b"", "big")

    def holders(self, place: Place, lane: LaneId, seq: int) -> tuple[int, int]:
        """How many members' devices say that they hold our entry at `seq` of `lane`, of how many that were asked.

        A stranger's word counts for nothing here: anybody can connect and claim to hold everything.
        """
        asked = {DeviceId(key[:32]) for key in self._world.items(shelf.HOLDING)} | set(self._world.connected)
        known = asked & place.member_devices()
        return sum(self.held(device, lane) >= seq for device in known), len(known)

    def lacks(self, device: DeviceId, council: CouncilId) -> int | None:
        """How many of our entries of a council a device is not known to hold; None if it never said anything."""
        mine = self._my_tips(council)
        said = [lane for lane in mine if self._world.item(shelf.HOLDING, device + lane) is not None]
        if mine and not said:
            return None
        return sum(max(0, count - self.held(device, lane)) for lane, count in mine.items())

    def only_here(self) -> int:
        """Entries of ours that no other member's device is known to hold."""
        total = 0
        for council, place in self._world.places.items():
            for lane, count in self._my_tips(council).items():
                held = max((self.held(device, lane) for device in place.member_devices()), default=0)
                total += max(0, count - held)
        return total

    def holders_of(self, entry: ChangeHash) -> tuple[int, int]:
        """How many devices hold an entry of ours, of how many; (0, 0) for one that is not ours or not held."""
        for place in self._world.places.values():
            found = place.stands.get(entry)
            if found is not None:
                return self.holders(place, found.lane, found.seq)
        return 0, 0

    def _my_tips(self, council: CouncilId) -> dict[LaneId, int]:
        me = self._world.me
        if me is None:
            return {}
        if council not in self._tips:
            lanes = self._world.places[council].index.lanes_of(me.device)
            mine = {
                lane: held.count for lane, held in lanes if held.header.member == me.member and held.count
            }
            self._tips[council] = dict(sorted(mine.items()))
        return self._tips[council]

    def _ask(self, device: DeviceId, council: CouncilId, lanes: tuple[LaneId, ...], now_ms: int) -> Ask:
        ask = self._world.next_number()
        self._asks[ask] = (device, council, lanes)
        self._asking.add((device, council))
        self._asked_ms[(device, council)] = now_ms
        return Ask(ask, device, pack(Kind.TIPS, TipsQuestion(council, lanes)), ASK_TIMEOUT_MS)
