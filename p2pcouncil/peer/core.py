"""The peer: events in, effects out.

The same object runs in production and in the simulator. It owns no clock and no randomness; `now_ms` only steers when
something is asked again and what a person is shown, and no rule of the society reads it.
"""

from collections.abc import Iterable
from typing import assert_never

from crdt.envelope import EnvelopeGroup
from crdt.errors import LocalError, RemoteError
from crdt.ids import CouncilId, DeviceId, LaneId, MemberId
from crdt.keys import LaneHeader
from p2pcouncil.domain.entries import TextVersionRef
from p2pcouncil.domain.outcomes import ProposalState
from p2pcouncil.domain.records import Join
from p2pcouncil.peer import shelf
from p2pcouncil.peer.acquaintances import Acquaintances
from p2pcouncil.peer.duties import Duties
from p2pcouncil.peer.events import (
    AddressesKnown,
    AnswerHeard,
    BatchAccepted,
    Connect,
    Drop,
    Effect,
    Event,
    FiguresCame,
    GossipHeard,
    GossipShed,
    Keep,
    Listen,
    PeerConnected,
    PeerGone,
    QuestionHeard,
    ReadAgain,
    Reply,
    Row,
    RowsRead,
    Served,
    ShelfRead,
    Show,
    Tick,
)
from p2pcouncil.peer.going_on import take_up
from p2pcouncil.peer.hearsay import Hearsay
from p2pcouncil.peer.holdings import Holdings
from p2pcouncil.peer.lobby import Lobby
from p2pcouncil.peer.patience import Patience
from p2pcouncil.peer.place import Place
from p2pcouncil.peer.pulling import Pulling
from p2pcouncil.peer.rates import What
from p2pcouncil.peer.spreading import Spreading
from p2pcouncil.peer.wire import MAX_WAIT_MS, BusyAnswer, Kind, pack, topic_of, unpack
from p2pcouncil.peer.world import Me, World

NO_COUNCIL = CouncilId(b"")
STALLED_MS = 1_500
"""A tick comes twice a second: a peer whose clock moved on by so much between two events stood still meanwhile, and
what others said waits to be read."""
SUSPENDED_MS = 10_000
"""Who stood still for so long was asleep: what it compared before says nothing of what others wrote meanwhile."""


class Peer:
    """One member's peer, without I/O."""

    def __init__(self, me: Me | None = None) -> None:
        self.world = World(me)
        self.spreading = Spreading()
        self.pulling = Pulling(self.world)
        self.hearsay = Hearsay(self.world, self.pulling)
        self.lobby = Lobby(self.world)
        self.holdings = Holdings(self.world)
        self.acquaintances = Acquaintances(self.world)
        self.duties = Duties(self.world, self.pulling)
        self._orphan_rows: dict[CouncilId, list[Row]] = {}
        self._council_of: dict[LaneId, CouncilId] = {}
        self._listening: set[CouncilId] = set()
        self._has_read_shelf = False
        self._patience = Patience()

    def handle(self, event: Event, now_ms: int) -> list[Effect]:
        """Take in what happened.

        A peer's bad data never raises: the device is dropped with a reason that the Network screen shows.

        Args:
            event: what happened.
            now_ms: this laptop's clock, milliseconds since 1970.

        Returns:
            What the runtime is to do, in order.
        """
        before_ms = self.world.now_ms
        now_ms = self.world.pass_time(now_ms)
        if before_ms and now_ms - before_ms >= STALLED_MS:
            has_slept = now_ms - before_ms >= SUSPENDED_MS
            if has_slept:
                self.pulling.reset()
                self.hearsay.reset()
            self.duties.stood_still(has_slept=has_slept)
        effects = self._handle(event, now_ms)
        for device, reason in self.world.courtesy.offences(now_ms):
            self.world.blame(device, reason)
            effects.append(Drop(device, reason))
        conduct = self.world.courtesy.take_change(now_ms)
        if conduct is not None:
            effects += [Keep(shelf.SETTING, shelf.CONDUCT, conduct), Show()]
        return self._patience.pace(effects, now_ms)

    def _handle(self, event: Event, now_ms: int) -> list[Effect]:
        match event:
            case RowsRead():
                return self._rows(event, now_ms)
            case ShelfRead():
                return self._shelf(event, now_ms)
            case BatchAccepted():
                told = self.hearsay.accepted(event, now_ms)
                return self.pulling.accepted(event, now_ms) if told is None else told
            case PeerConnected(device):
                return self._connected(device, now_ms)
            case PeerGone(device, reason):
                return self._gone(device, reason, now_ms)
            case AddressesKnown(addresses):
                self.world.addresses = addresses
                return [Keep(shelf.SETTING, b"addresses", "\n".join(addresses).encode()), Show()]
            case Tick():
                self.world.courtesy.tick(now_ms)
                spread = self.spreading.tick(now_ms)
                told = [*self.pulling.tick(now_ms), *self.holdings.tick(now_ms), *self.lobby.tick(now_ms)]
                return [*self._patience.tick(now_ms), *spread, *told, *self.duties.tick(now_ms)]
            case FiguresCame():
                return [Show(), *self.duties.tick(now_ms)]
            case Served(device, size_bytes):
                self.world.courtesy.charge(device, What.SERVED_BYTES, size_bytes, now_ms)
                return []
            case GossipShed():
                self.hearsay.shed(event, now_ms)
                return []
            case GossipHeard() | QuestionHeard() | AnswerHeard():
                return self._heard(event, now_ms)
            case _:
                assert_never(event)

    def requests(self, council: CouncilId) -> tuple[tuple[Join, bytes], ...]:
        """Who waits to be let into a council, with their signed joins: in our lobby, or asking in the parent."""
        place = self.world.places[council]
        found = {join.member: (join, signed) for join, signed in self.lobby.waiting(council)}
        parent = self.world.places.get(CouncilId(place.state.genesis.parent))
        for ask in parent.state.asks() if parent is not None else ():
            if ask.join.council == council and not place.state.is_admitted(MemberId(ask.join.member)):
                found.setdefault(ask.join.member, (ask.join, ask.record))
        for vouch in place.state.vouches():
            member = place.state.member(MemberId(vouch.join.member))
            if member.is_admitted and not member.is_grounded and not member.has_left:
                found.setdefault(vouch.join.member, (vouch.join, vouch.record))
        return tuple(found[member] for member in sorted(found))

    def version_of(self, place: Place, found: ProposalState) -> TextVersionRef:
        """The exact version of a proposal's text as it stands here."""
        version = place.text(found.text_id).version()
        return TextVersionRef(version.heads, version.sha256)

    def _heard(self, event: GossipHeard | QuestionHeard | AnswerHeard, now_ms: int) -> list[Effect]:
        device = self._sender(event)
        if device is None:
            if isinstance(event, AnswerHeard):
                self._patience.forget(event.ask)
            return []
        try:
            if isinstance(event, AnswerHeard):
                answer = self._patience.answered(event, now_ms)
                return [] if answer is None else self._answer(answer, now_ms)
            if self.world.courtesy.is_refused(device, now_ms):
                return []
            self.world.saw(device)
            if isinstance(event, GossipHeard):
                return self.hearsay.heard(event, now_ms)
            return self._question(event, now_ms)
        except RemoteError as error:
            self.world.blame(device, str(error))
            return [Drop(device, str(error)), Show()]

    def _sender(self, event: GossipHeard | QuestionHeard | AnswerHeard) -> DeviceId | None:
        """Who sent it; None for an answer that nobody waits for any more."""
        if not isinstance(event, AnswerHeard):
            return event.device
        parts = (self.pulling, self.holdings, self.lobby, self.acquaintances)
        asked = (part.asked_of(event.ask) for part in parts)
        return next((device for device in asked if device is not None), None)

    def _answer(self, event: AnswerHeard, now_ms: int) -> list[Effect]:
        if self.pulling.asked_of(event.ask) is not None:
            return self.pulling.answered(event.ask, event.data, now_ms)
        if self.holdings.asked_of(event.ask) is not None:
            return self.holdings.answered(event.ask, event.data)
        if self.lobby.asked_of(event.ask) is not None:
            return self.lobby.answered(event.ask, event.data)
        return self.acquaintances.answered(event.ask, event.data)

    def _question(self, event: QuestionHeard, now_ms: int) -> list[Effect]:
        kind, body = unpack(event.data)
        wait_ms = self._wait_to_ask(event.device, kind, len(event.data), now_ms)
        if wait_ms:
            busy = BusyAnswer(min(wait_ms, MAX_WAIT_MS))
            return [Reply(event.question, pack(Kind.BUSY, busy))]
        effects = self._reply(event, kind, body, now_ms)
        size_bytes = sum(len(effect.data) for effect in effects if isinstance(effect, Reply))
        self.world.courtesy.charge(event.device, What.SERVED_BYTES, size_bytes, now_ms)
        return effects

    def _wait_to_ask(self, device: DeviceId, kind: Kind, size_bytes: int, now_ms: int) -> int:
        """For how many milliseconds a question comes too early; 0 when it is answered now."""
        if kind in (Kind.BUSY, Kind.UNKNOWN_COUNCIL):
            raise RemoteError("A peer asked with an answer.")
        measures = (
            (What[kind.name], 1),
            (What.QUESTIONS, 1),
            (What.QUESTION_BYTES, size_bytes),
            (What.SERVED_BYTES, 0),
        )
        return max(self.world.courtesy.take(device, what, cost, now_ms) for what, cost in measures)

    def _reply(self, event: QuestionHeard, kind: Kind, body: bytes, now_ms: int) -> list[Effect]:
        match kind:
            case Kind.SYNC:
                return self.pulling.question(event.device, event.question, body, now_ms)
            case Kind.GENESIS:
                return self.lobby.genesis_question(event.question, body)
            case Kind.LOBBY:
                return self.lobby.lobby_question(event.question, body, now_ms)
            case Kind.TIPS:
                return self.holdings.question(event.question, body)
            case Kind.KNOWS:
                return self.acquaintances.question(event.question)
            case Kind.NEWS:
                told = self.pulling.hint(event.device, CouncilId(body), now_ms)
                return [Reply(event.question, pack(Kind.NEWS)), *told]
            case Kind.BUSY | Kind.UNKNOWN_COUNCIL:
                raise AssertionError("answers were sorted out before")
            case _:
                assert_never(kind)

    def _connected(self, device: DeviceId, now_ms: int) -> list[Effect]:
        if self.world.courtesy.is_refused(device, now_ms):
            return [Drop(device, self.world.courtesy.reason(device)), Show()]
        self.world.connected[device] = self.world.clock_ms
        self.world.saw(device)
        self.world.problems.pop(device, None)
        effects: list[Effect] = [Show(), self._tell_home(), *self.acquaintances.connected(device)]
        for council in self.world.places:
            effects += self.pulling.start(device, council, now_ms)
        return [*effects, *self.lobby.tick(now_ms)]

    def _gone(self, device: DeviceId, reason: str, now_ms: int) -> list[Effect]:
        self.world.connected.pop(device, None)
        if reason:
            self.world.problems.setdefault(device, reason)
        effects: list[Effect] = []
        for unanswered in self._patience.gone(device):
            if self._sender(unanswered) is not None:
                effects += self._answer(unanswered, now_ms)
        self.pulling.gone(device)
        self.hearsay.gone(device)
        self.holdings.gone(device)
        return [*effects, Show(), self._tell_home()]

    def _tell_home(self) -> Effect:
        """Leave a line for the other processes of this home: the network's state as this one sees it."""
        count = len(self.world.connected)
        line = f"{self.world.clock_ms}\n" + ("1 peer" if count == 1 else f"{count} peers")
        return Keep(shelf.SETTING, shelf.SEEN_BY_NETWORK, line.encode())

    def _shelf(self, event: ShelfRead, now_ms: int) -> list[Effect]:
        """Take in the shelf: a council that is new there is held from now on."""
        fresh: dict[str, dict[bytes, bytes]] = {}
        for kind, key, value in event.items:
            fresh.setdefault(kind, {})[key] = value
        dialled = self.addresses_of_joins()
        self.world.shelf = fresh
        self.holdings.changed()
        if not self._has_read_shelf:
            self._has_read_shelf = True
            self.world.courtesy.restore(self.world.item(shelf.SETTING, shelf.CONDUCT) or b"")
        effects: list[Effect] = [Show()]
        for key, genesis in fresh.get(shelf.COUNCIL, {}).items():
            council = CouncilId(key)
            if council not in self.world.places:
                try:
                    self.world.places[council] = Place(genesis, self.world.figuring)
                except (LocalError, RemoteError) as error:
                    # One council that this version can't read must not shut the door to all the others.
                    self.world.unreadable[council] = str(error)
                    continue
                self._council_rows(council)
            if council not in self._listening:
                self._listening.add(council)
                effects.append(Listen(topic_of(council)))
                effects += self.pulling.start_all(now_ms, council)
        effects += [Connect(address) for address in sorted(self.addresses_of_joins() - dialled)]
        return [*effects, *self.lobby.tick(now_ms)]

    def addresses_of_joins(self) -> set[str]:
        """Where the members of the councils that we asked to join can be found."""
        values = self.world.items(shelf.JOIN).values()
        return {a for value in values for a in shelf.read(value, shelf.PendingJoin).addresses}

    def _begin_again(self) -> list[Effect]:
        """Make every council anew from its rows; forks that take back a vouch are rare, and this is the simple way."""
        self.pulling.reset()
        self.hearsay.reset()
        self._orphan_rows.clear()
        for council, place in self.world.places.items():
            self.world.places[council] = Place(place.genesis_bytes, self.world.figuring)
        return [ReadAgain(), Show()]

    def _council_rows(self, council: CouncilId) -> None:
        rows = self._orphan_rows.pop(council, [])
        self.world.places[council].load(rows, self.world.forks)

    def _rows(self, event: RowsRead, now_ms: int) -> list[Effect]:
        if not event.rows and not event.forks:
            return [] if event.more else self.pulling.folded(now_ms)
        self.holdings.changed()
        for lane, seq in event.forks:
            self.world.forks[lane] = min(seq, self.world.forks.get(lane, seq))
            place = self.world.places.get(self._council_of.get(lane, NO_COUNCIL))
            if place is not None and place.fork(lane, seq):
                return self._begin_again()
        by_council: dict[CouncilId, list[Row]] = {}
        for row in event.rows:
            council = row.header.council
            self._council_of[row.envelope.lane] = council
            by_council.setdefault(council, []).append(row)
        effects: list[Effect] = [Show()]
        for council, rows in by_council.items():
            place = self.world.places.get(council)
            if place is None:
                self._orphan_rows.setdefault(council, []).extend(rows)
                continue
            if place.load(rows, self.world.forks):
                self.pulling.let_in(council, now_ms)
        mine = [row for row in event.rows if self.world.is_mine(row.header)] if self.world.connected else []
        effects += self.spreading.spread(_grouped(mine), now_ms)
        if not event.more:
            for place in self.world.places.values():
                effects += take_up(self.world, place)
            effects += [
                *self.pulling.folded(now_ms),
                *self.holdings.tick(now_ms),
                *self.duties.tick(now_ms),
            ]
        return effects


def _grouped(rows: Iterable[Row]) -> list[EnvelopeGroup]:
    """Group rows by lane, in order, as they travel."""
    lanes: dict[LaneId, tuple[LaneHeader, list[Row]]] = {}
    for row in rows:
        lanes.setdefault(row.envelope.lane, (row.header, []))[1].append(row)
    return [EnvelopeGroup(header, tuple(r.envelope for r in some)) for header, some in lanes.values()]
