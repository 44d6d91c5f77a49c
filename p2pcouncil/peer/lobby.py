"""Getting in: the joins that we asked for, and the lobby where others' joins wait with us.

A newcomer's join is replicated by nobody. It waits in the lobby of each peer that the newcomer reached, until a
member's vouch embeds it and carries it into the council.
"""

from crdt.errors import RemoteError
from crdt.ids import CouncilId, DeviceId, MemberId
from p2pcouncil.domain.records import Join, read_genesis, read_join
from p2pcouncil.peer import shelf
from p2pcouncil.peer.events import Ask, Effect, Keep, Reply, Show
from p2pcouncil.peer.place import Place
from p2pcouncil.peer.wire import (
    GenesisQuestion,
    Kind,
    LobbyAnswer,
    LobbyQuestion,
    pack,
    read_body,
)
from p2pcouncil.peer.world import World

MAX_LOBBY = 64
"""Per council: a stranger with many keys can fill a lobby, and no more than that."""
MAX_PER_INVITATION = 8
"""An invitation is for one person; a few who got hold of it are shown with a warning, and no more than a few."""
ASK_TIMEOUT_MS = 10_000
ASK_AGAIN_MS = 5_000


class Lobby:
    """Both sides of the door."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._asks: dict[int, tuple[DeviceId, CouncilId, Kind]] = {}
        self._asked_ms: dict[tuple[DeviceId, CouncilId, Kind], int] = {}

    def tick(self, now_ms: int) -> list[Effect]:
        """Hand our pending joins to whoever is connected, and drop those that came true."""
        effects = self._forget_those_let_in()
        for key, value in list(self._world.items(shelf.JOIN).items()):
            council = CouncilId(key)
            place = self._world.places.get(council)
            if place is not None and self._world.me and place.state.is_admitted(self._world.me.member):
                effects += [Keep(shelf.JOIN, key, b""), Show()]
                continue
            pending = shelf.read(value, shelf.PendingJoin)
            for device in self._world.connected:
                effects += self._ask(device, council, pending, place is not None, now_ms)
        return effects

    def asked_of(self, ask: int) -> DeviceId | None:
        """Whom we asked this; None when the question was not ours."""
        return self._asks[ask][0] if ask in self._asks else None

    def answered(self, ask: int, data: bytes | None) -> list[Effect]:
        """Take an answer to one of our questions.

        Raises:
            RemoteError: it is malformed, or a genesis is not the one that was asked for.
        """
        device, council, kind = self._asks.pop(ask)
        if data is None or not data or data[0] != kind:
            return []
        if kind is Kind.GENESIS:
            found, _ = read_genesis(data[1:])
            if found != council:
                raise RemoteError("A peer answered with the founding of another council.")
            return [Keep(shelf.COUNCIL, council, data[1:]), Show()]
        value = self._world.item(shelf.JOIN, council)
        if value is None:
            return []
        pending = shelf.read(value, shelf.PendingJoin)
        refused = read_body(data[1:], LobbyAnswer).refused
        kept = set(pending.kept_by) - {device} if refused else {*pending.kept_by, device}
        changed = shelf.PendingJoin(
            pending.council,
            pending.join,
            pending.name,
            pending.sponsor,
            pending.addresses,
            tuple(sorted(kept)),
            refused,
        )
        return [] if changed == pending else [Keep(shelf.JOIN, council, shelf.write(changed)), Show()]

    def genesis_question(self, number: int, body: bytes) -> list[Effect]:
        """Give out a founding that we hold.

        Raises:
            RemoteError: the question is malformed.
        """
        question = read_body(body, GenesisQuestion)
        place = self._world.places.get(CouncilId(question.council))
        if place is None:
            return [Reply(number, pack(Kind.UNKNOWN_COUNCIL))]
        return [Reply(number, pack(Kind.GENESIS, place.genesis_bytes))]

    def lobby_question(self, number: int, body: bytes, now_ms: int) -> list[Effect]:
        """Keep somebody's join, or say why not.

        Raises:
            RemoteError: the question is malformed or the join does not verify.
        """
        question = read_body(body, LobbyQuestion)
        place = self._world.places.get(CouncilId(question.council))
        if place is None:
            return [Reply(number, pack(Kind.UNKNOWN_COUNCIL))]
        join = read_join(question.join)
        key = question.council + join.member
        held = self._world.item(shelf.LOBBY, key)
        is_known = place.state.is_admitted(MemberId(join.member)) or (
            held is not None and shelf.read(held, shelf.LobbyRecord).join == question.join
        )
        refused = "" if is_known else self.refusal(place, join)
        answer = Reply(number, pack(Kind.LOBBY, LobbyAnswer(refused)))
        if refused or is_known:
            return [answer]
        record = shelf.LobbyRecord(question.join, now_ms)
        return [Keep(shelf.LOBBY, key, shelf.write(record)), Show(), answer]

    def waiting(self, council: CouncilId) -> tuple[tuple[Join, bytes], ...]:
        """The joins that wait in our lobby for this council, with their signed bytes; those let in left out."""
        place = self._world.places[council]
        found = []
        for key, value in sorted(self._world.items(shelf.LOBBY).items()):
            if key[:32] == council:
                signed = shelf.read(value, shelf.LobbyRecord).join
                join = read_join(signed)
                if not place.state.is_admitted(MemberId(join.member)):
                    found.append((join, signed))
        return tuple(found)

    def _forget_those_let_in(self) -> list[Effect]:
        """Take joins off the shelf that came true."""
        return [
            Keep(shelf.LOBBY, key, b"")
            for key in list(self._world.items(shelf.LOBBY))
            if (place := self._world.places.get(CouncilId(key[:32]))) is not None
            and place.state.is_admitted(MemberId(key[32:]))
        ]

    def refusal(self, place: Place, join: Join) -> str:
        """Why a join is not kept at this door, as a sentence; empty when it is."""
        if join.council != place.council:
            return "This request is for another council."
        if not join.invite_key:
            parent = self._world.places.get(CouncilId(place.state.genesis.parent))
            if parent is None or not parent.state.is_admitted(MemberId(join.member)):
                return "Nobody invited you: ask a member for an invitation."
        elif join.invite_key not in {invite.invite_key for invite in place.state.invites()}:
            return "This invitation is not known here yet: its sponsor's peer has to be online once."
        elif (used_by := place.invite_used_by(join.invite_key)) is not None and used_by != join.member:
            return "This invitation was used already: ask for a new one."
        others = [other for other, _ in self.waiting(place.council) if other.member != join.member]
        if len(others) >= MAX_LOBBY:
            return "Too many people are waiting at this door; try again later."
        if join.invite_key and sum(o.invite_key == join.invite_key for o in others) >= MAX_PER_INVITATION:
            return "Too many people wait here with this invitation already: ask for a new one."
        return ""

    def _ask(
        self, device: DeviceId, council: CouncilId, pending: shelf.PendingJoin, held: bool, now_ms: int
    ) -> list[Effect]:
        kinds = [] if held or council in self._world.unreadable else [Kind.GENESIS]
        if device not in pending.kept_by:
            kinds.append(Kind.LOBBY)
        effects: list[Effect] = []
        for kind in kinds:
            key = (device, council, kind)
            if now_ms - self._asked_ms.get(key, -ASK_AGAIN_MS) < ASK_AGAIN_MS:
                continue
            self._asked_ms[key] = now_ms
            ask = self._world.next_number()
            self._asks[ask] = key
            body = GenesisQuestion(council) if kind is Kind.GENESIS else LobbyQuestion(council, pending.join)
            effects.append(Ask(ask, device, pack(kind, body), ASK_TIMEOUT_MS))
        return effects
