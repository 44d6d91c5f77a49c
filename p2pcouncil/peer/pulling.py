"""Getting what others hold: pull sync with each connected device.

One pull at a time runs per device and council. It starts when a device appears, when gossip shows a gap (`hearsay`),
when the other side says that it has news, when a newcomer was just admitted (their lanes may be accepted now), and
every so often for good measure.

The pulls of one council share what is to be fetched (`crdt.sync_claims`). One that finds all of it asked of others
rests, and is looked at again whenever an answer came, was checked or was folded, and at each tick. Who is too slow
loses its claims, and the others go on; nothing here waits for one device alone.
"""

from dataclasses import dataclass

from crdt.errors import RemoteError
from crdt.ids import CouncilId, DeviceId, LaneId
from crdt.sync import MAX_RESPONSE_BYTES, Claims, Doorstep, Pull, answer, tops_of
from p2pcouncil.peer.events import (
    Accept,
    Ask,
    BatchAccepted,
    Drop,
    Effect,
    Reply,
    ReplyWithEnvelopes,
)
from p2pcouncil.peer.pacing import PULL_EVERY_MS, Pacing
from p2pcouncil.peer.wire import Kind, pack
from p2pcouncil.peer.world import World

RETRY_AFTER_MS = 2_000
LET_IN_PAUSE_MS = 500
"""After somebody was let in: what had come of theirs was set aside and is taken in first, not fetched again."""
ASK_TIMEOUT_MS = 20_000
CLAIM_MS = 3_000
"""A device that was asked for envelopes and does not answer within this time no longer keeps others from it."""
STUCK_MS = 60_000
"""The last resort: a pull of a council in which nothing came, and nothing was checked, for so long is begun anew."""
FOLD_MS = 5_000
"""What was taken in is seen in the index by then, or will not be: it was set aside, or stands above a fork."""
MAX_ACCEPTING = 2
"""Answers of one pull that wait to be checked; bounds the memory that a fast peer can take up here."""
MAX_FETCHING = 8
"""Answers with envelopes under way or being checked, of all pulls together: at most so many megabytes."""
MAX_LOOKED_AT = 8
"""Resting pulls that are looked at in one go; the others have their turn next time."""


@dataclass(slots=True)
class _Running:
    pull: Pull
    device: DeviceId
    council: CouncilId
    again: bool = False
    gained: bool = False
    asking: bool = False
    lapsed: bool = False
    accepting: int = 0
    asked_ms: int = 0
    turn: int = 0


@dataclass(frozen=True, slots=True)
class _Batch:
    """Envelopes of an answer, being checked; `tops` are the last ones of each lane."""

    running: _Running
    tops: dict[LaneId, int]


class Pulling:
    """All pulls of this peer, and the answers that it gives to those of others."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._running: dict[tuple[DeviceId, CouncilId], _Running] = {}
        self._claims: dict[CouncilId, Claims] = {}
        self._doorsteps: dict[CouncilId, Doorstep] = {}
        self._pacing = Pacing()
        self._asks: dict[int, _Running] = {}
        self._batches: dict[int, _Batch] = {}
        self._let_in_ms: dict[CouncilId, int] = {}
        self._progress_ms: dict[CouncilId, int] = {}
        self._last: dict[tuple[DeviceId, CouncilId], Pull] = {}
        self._after_fold: set[tuple[DeviceId, CouncilId]] = set()
        self._lacks_council: set[tuple[DeviceId, CouncilId]] = set()
        self._checked_ms = 0
        self._turn = 0

    def behind(self, device: DeviceId, council: CouncilId) -> int | None:
        """What a device was seen to hold and we still lack; None when nothing was compared yet."""
        running = self._running.get((device, council))
        if running is not None and (known := running.pull.behind):
            return known
        last = self._last.get((device, council))
        return None if last is None else last.behind

    def lacks_council(self, device: DeviceId, council: CouncilId) -> bool:
        """Whether a device said that it holds nothing of a council: nothing of it can be missing here."""
        return (device, council) in self._lacks_council

    def is_compared(self, device: DeviceId, council: CouncilId) -> bool:
        """Whether a pull ran to its end since this device connected, or there is nothing to pull."""
        return (device, council) in self._last or self.lacks_council(device, council)

    def start(self, device: DeviceId, council: CouncilId, now_ms: int) -> list[Effect]:
        """Begin a pull, or note that another is due when one runs already."""
        key = (device, council)
        if device not in self._world.connected or council not in self._world.places:
            return []
        running = self._running.get(key)
        if running is not None:
            running.again = True
            return []
        claims = self._claims.setdefault(council, Claims())
        pull = Pull(council, self._world.places[council].index, claims, device, self._doorstep(council))
        self._running[key] = running = _Running(pull, device, council)
        self._progress_ms[council] = now_ms
        return self._continue(running, now_ms)

    def hint(self, device: DeviceId, council: CouncilId, now_ms: int) -> list[Effect]:
        """Begin a pull because a device says, or shows, that it has news; later when such hints led nowhere."""
        key = (device, council)
        if not self._pacing.heeds(key, now_ms, is_running=key in self._running):
            return []
        return self.start(device, council, now_ms)

    def start_all(self, now_ms: int, council: CouncilId | None = None) -> list[Effect]:
        """Begin pulls with everybody who is connected."""
        councils = [council] if council is not None else list(self._world.places)
        return [
            effect
            for device in self._world.connected
            for wanted in councils
            for effect in self.start(device, wanted, now_ms)
        ]

    def let_in(self, council: CouncilId, now_ms: int) -> None:
        """Somebody was let in, whose lanes may be accepted from now on: pull again when it has calmed down."""
        self._let_in_ms[council] = now_ms

    def gone(self, device: DeviceId) -> None:
        """Forget what ran with a device that is no longer connected; what came of it is being checked all the same."""
        for key in [k for k in self._running if k[0] == device]:
            del self._running[key]
        for claims in self._claims.values():
            claims.forget(device)
        self._asks = {n: r for n, r in self._asks.items() if r.device != device}
        self._pacing.forget(device)
        for key in [k for k in self._last if k[0] == device]:
            del self._last[key]
        self._lacks_council = {key for key in self._lacks_council if key[0] != device}

    def reset(self) -> None:
        """Forget every pull, and what they came to: the indexes are made anew, or much may have happened since."""
        self._running.clear()
        self._claims.clear()
        self._doorsteps.clear()
        self._asks.clear()
        self._batches.clear()
        self._pacing.reset()
        self._last.clear()
        self._after_fold.clear()

    def tick(self, now_ms: int) -> list[Effect]:
        """Begin the pulls that are due, let others do what somebody is too slow for, and give up what hangs."""
        effects: list[Effect] = []
        for running in self._running.values():
            is_slow = running.pull.is_fetching and now_ms - running.asked_ms >= CLAIM_MS
            if running.asking and is_slow and not running.lapsed:
                running.lapsed = True
                self._claims[running.council].lapse(running.device)
        if now_ms - self._checked_ms >= FOLD_MS:
            effects += self.folded(now_ms)
        stuck = [c for c, at_ms in self._progress_ms.items() if now_ms - at_ms >= STUCK_MS]
        for council in stuck:
            effects += self._begin_anew(council, now_ms)
        for council in list(self._progress_ms):
            effects += self._continue_all(council, now_ms)
        for council in [c for c, at_ms in self._let_in_ms.items() if now_ms - at_ms >= LET_IN_PAUSE_MS]:
            del self._let_in_ms[council]
            effects += self.start_all(now_ms, council)
        for device in self._world.connected:
            for council in self._world.places:
                key = (device, council)
                if key not in self._running and self._pacing.is_due(key, now_ms):
                    effects += self.start(device, council, now_ms)
        return effects

    def asked_of(self, ask: int) -> DeviceId | None:
        """Whom a pull asked this; None when no pull did."""
        running = self._asks.get(ask)
        return None if running is None else running.device

    def answered(self, ask: int, data: bytes | None, now_ms: int) -> list[Effect]:
        """Take the answer to one of our questions."""
        running = self._asks.pop(ask)
        key = (running.device, running.council)
        if self._running.get(key) is not running:
            return []
        running.asking = False
        self._looked_at(running)
        if data is None:
            self._claims[running.council].failed(running.device)
            return [
                *self._end(running, now_ms, RETRY_AFTER_MS),
                *self._continue_all(running.council, now_ms),
            ]
        if data[:1] == bytes([Kind.UNKNOWN_COUNCIL]):
            self._lacks_council.add(key)
            return self._end(running, now_ms, PULL_EVERY_MS)
        self._lacks_council.discard(key)
        try:
            if not data or data[0] != Kind.SYNC:
                raise RemoteError("A peer answered a question that was not asked.")
            groups = running.pull.receive(data[1:])
        except RemoteError as error:
            return self._drop(running, str(error), now_ms)
        self._progress_ms[running.council] = now_ms
        effects: list[Effect] = []
        if groups:
            batch = self._world.next_number()
            self._batches[batch] = _Batch(running, tops_of(groups))
            running.accepting += 1
            effects.append(Accept(batch, running.device, tuple(groups)))
        return effects + self._continue_all(running.council, now_ms)

    def accepted(self, event: BatchAccepted, now_ms: int) -> list[Effect]:
        """Go on with the pull whose envelopes were just taken in."""
        batch = self._batches.pop(event.batch, None)
        if batch is None:
            return []
        running, council = batch.running, batch.running.council
        is_running = self._running.get((running.device, council)) is running
        running.accepting -= 1
        running.gained = running.gained or event.accepted > 0
        if event.refused or event.lost:
            self._claims[council].lost(batch.tops)
        else:
            self._claims[council].checked(batch.tops)
            self._progress_ms[council] = self._checked_ms = now_ms
        effects: list[Effect] = []
        if event.refused and is_running:
            # Who answers a pull vouches for what it holds: an honest peer checked it before it kept it.
            effects = self._drop(running, event.refused[0], now_ms)
        elif event.lost and is_running:
            # This laptop can't keep what comes: to fetch more of it now helps nobody.
            effects = self._end(running, now_ms, PULL_EVERY_MS)
        elif event.accepted and not is_running:
            effects = self._pass_on(running)
        return effects + self._continue_all(council, now_ms)

    def question(self, device: DeviceId, number: int, body: bytes, now_ms: int) -> list[Effect]:
        """Answer another peer's pull; who asks about a council holds it by now, so that we can ask back.

        Raises:
            RemoteError: the question is malformed.
        """
        council = CouncilId(body[:32])
        place = self._world.places.get(council)
        if place is None:
            return [Reply(number, pack(Kind.UNKNOWN_COUNCIL))]
        head, wanted = answer(place.index, body[32:])
        ours: list[Effect] = []
        if (device, council) in self._lacks_council:
            self._lacks_council.discard((device, council))
            ours = self.start(device, council, now_ms)
        if not wanted:
            return [Reply(number, pack(Kind.SYNC, head)), *ours]
        told = ReplyWithEnvelopes(number, pack(Kind.SYNC, head), tuple(wanted), MAX_RESPONSE_BYTES, device)
        return [told, *ours]

    def folded(self, now_ms: int) -> list[Effect]:
        """All that was kept is folded: begin the pulls that waited for it, lest they fetch the same again."""
        waiting, self._after_fold = self._after_fold, set()
        effects = [effect for key in sorted(waiting) for effect in self.start(*key, now_ms)]
        for council, claims in list(self._claims.items()):
            if claims.folded():
                effects += self._continue_all(council, now_ms)
        return effects

    def _continue_all(self, council: CouncilId, now_ms: int) -> list[Effect]:
        """Go on with the pulls of a council: from who serves best, and was not looked at for longest, first."""
        some = [r for r in self._running.values() if r.council == council and not r.asking]
        if some:
            claims = self._claims[council]
            some.sort(key=lambda running: (-claims.allowed(running.device), running.turn))
        return [
            effect
            for running in some[:MAX_LOOKED_AT]
            if self._running.get((running.device, council)) is running
            for effect in self._continue(running, now_ms)
        ]

    def _continue(self, running: _Running, now_ms: int) -> list[Effect]:
        """Ask on while what came is being checked, for the one is the network's time and the other the processor's."""
        self._looked_at(running)
        if running.asking or running.accepting >= MAX_ACCEPTING:
            return []
        question = running.pull.next_request(fetch=self._fetching() < MAX_FETCHING)
        if question is None:
            if running.accepting or not running.pull.is_done:
                return []
            return self._end_whole(running, now_ms)
        ask = self._world.next_number()
        self._asks[ask] = running
        running.asking = True
        running.lapsed = False
        running.asked_ms = now_ms
        return [Ask(ask, running.device, pack(Kind.SYNC, running.council + question), ASK_TIMEOUT_MS)]

    def _doorstep(self, council: CouncilId) -> Doorstep:
        """Whose lanes are not kept here at the moment, as pulls found out."""
        found = self._doorsteps.get(council)
        if found is None:
            place = self._world.places[council]
            found = self._doorsteps[council] = Doorstep(place.index, place.state.is_admitted)
        return found

    def _looked_at(self, running: _Running) -> None:
        """Put a pull behind all others: what it did not get when it was asked, somebody else may try first."""
        self._turn += 1
        running.turn = self._turn

    def _fetching(self) -> int:
        """How many answers with envelopes are on their way or being checked; who is too slow takes nobody's place."""
        asked = sum(
            running.asking and running.pull.is_fetching and not running.lapsed
            for running in self._running.values()
        )
        return asked + len(self._batches)

    def _begin_anew(self, council: CouncilId, now_ms: int) -> list[Effect]:
        """Nothing moves in a council: give up every pull of it, and what is being checked; it is compared again."""
        self._progress_ms.pop(council, None)
        self._claims.pop(council, None)
        self._batches = {n: b for n, b in self._batches.items() if b.running.council != council}
        effects: list[Effect] = []
        for running in [r for r in self._running.values() if r.council == council]:
            effects += self._end(running, now_ms, RETRY_AFTER_MS)
        return effects

    def _end(self, running: _Running, now_ms: int, due_in_ms: int) -> list[Effect]:
        """Give up a pull for now."""
        self._pacing.ended((running.device, running.council), now_ms, due_in_ms)
        return self._ended(running, now_ms)

    def _end_whole(self, running: _Running, now_ms: int) -> list[Effect]:
        """End a pull that came to its end."""
        key, strangers = (running.device, running.council), running.pull.stranger_bytes > 0
        self._last[key] = running.pull
        self._pacing.ended_whole(key, now_ms, gained=running.gained, has_strangers=strangers)
        return self._ended(running, now_ms)

    def _ended(self, running: _Running, now_ms: int) -> list[Effect]:
        key = (running.device, running.council)
        self._running.pop(key, None)
        if running.council in self._claims:
            self._claims[running.council].end(running.device)
        effects = self._pass_on(running) if running.gained else []
        if running.again and running.gained:
            self._after_fold.add(key)
        elif running.again:
            effects += self.hint(running.device, running.council, now_ms)
        return effects

    def _drop(self, running: _Running, reason: str, now_ms: int) -> list[Effect]:
        running.again = False
        told = self._end(running, now_ms, PULL_EVERY_MS)
        self._world.blame(running.device, reason)
        others = self._continue_all(running.council, now_ms)
        return [*told, Drop(running.device, reason), *others]

    def _pass_on(self, running: _Running) -> list[Effect]:
        """Tell the others who are connected that there is news; what came by a pull was gossiped before their time."""
        news = pack(Kind.NEWS, running.council)
        others = [device for device in self._world.connected if device != running.device]
        return [Ask(self._world.next_number(), device, news, ASK_TIMEOUT_MS) for device in others]
