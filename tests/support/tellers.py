"""Tellers for tests of the fold: the product's own telling, over a world whose members hear each other at once."""

from collections.abc import Mapping, Sequence

from crdt.ids import ChangeHash, DeviceId, MemberId
from p2pcouncil.domain.agenda import Newcomer
from p2pcouncil.domain.entries import Tell
from p2pcouncil.domain.feed_entry import FeedEntry
from p2pcouncil.domain.register.chain import OpenVote
from p2pcouncil.domain.register.closing import Sheet
from p2pcouncil.domain.register.pages import Entered, Pledged, Result
from p2pcouncil.domain.register.sayings import AnySaying, Said, sign_saying
from p2pcouncil.domain.state import CouncilState
from p2pcouncil.peer.duties import told_sheets
from p2pcouncil.peer.telling import Teller, Telling
from tests.support.world import Person, World

START_MS = 1_800_000_000_000
STEPS_MAX = 400


class Desk:
    """What tellers look up in a state; whatever is held came in time."""

    def __init__(self, state: CouncilState) -> None:
        self._state = state

    def openings(self) -> Mapping[bytes, Entered]:
        return self._state.agenda.openings()

    def ballots(self, issue: bytes, member: MemberId) -> Mapping[int, ChangeHash]:
        return self._state.agenda.ballots(issue, member)

    def came_by(self, issue: bytes, until_ms: int) -> Mapping[MemberId, int]:
        agenda = self._state.agenda
        return {member: max(agenda.ballots(issue, member)) for member in agenda.voters(issue)}

    def is_forked(self, member: MemberId) -> bool:
        return False

    def result(self, vote: OpenVote, sheet: Sheet) -> Result | None:
        return self._state.agenda.result(vote, sheet)

    def newcomers(self) -> Mapping[MemberId, Newcomer]:
        return self._state.agenda.newcomers()

    def leaves(self) -> Mapping[MemberId, ChangeHash]:
        return self._state.agenda.leaves()

    def statements(self) -> Mapping[MemberId, bytes]:
        return self._state.agenda.statements()

    def pledges(self) -> Mapping[MemberId, Pledged]:
        return self._state.agenda.pledges()

    def carriers(self, name: bytes) -> frozenset[MemberId]:
        return self._state.register.carriers(name)

    def prove(self, alpha: bytes) -> bytes:
        return b""


class _Key:
    """A person's device as a signer."""

    def __init__(self, person: Person, device: int = 0) -> None:
        self._key = person.device_key(device)
        self.device = DeviceId(bytes(self._key.verify_key))

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message).signature


def say(world: World, name: str, saying: AnySaying, *carried: Said) -> FeedEntry:
    """Put a saying, and others', into somebody's feed."""
    said = sign_saying(saying, _Key(world.person(name)))
    return world.write(name, Tell(world.now_ms(), (said, *carried)))


class Tellers:
    """The tellers of a world, who say what there is to say whenever `tell` is called."""

    def __init__(self, world: World, names: Sequence[str] = ("Ada", "Ben", "Cem")) -> None:
        self.world = world
        self.names = names
        self.state = world.fold()
        self.clock_ms = START_MS
        self._heard = len(world.entries)
        self.forbid_seals = False

    def tell(self, later_ms: int = 0) -> CouncilState:
        """Let time go by, then let everybody say all that they have to say; returns the state after it."""
        self.clock_ms += later_ms
        self._catch_up()
        for _ in range(STEPS_MAX):
            if not any(self._step(name) for name in self.names):
                return self.state
        raise AssertionError("tellers never stop talking")

    def _step(self, name: str) -> bool:
        person = self.world.person(name)
        register = self.state.register
        teller = Teller(person.id, person.device(), register.minutes, Desk(self.state))
        teller.heard_all_ms = None if self.forbid_seals else self.clock_ms - 10_000
        telling = teller.next_telling(self.clock_ms)
        if telling is None:
            return False
        self.world.write(name, self._entry(person, telling))
        self._catch_up()
        return True

    def _entry(self, person: Person, telling: Telling) -> Tell:
        own = (sign_saying(telling.saying, _Key(person)),) if telling.saying is not None else ()
        pages = (telling.page,) if telling.page else ()
        sheets = tuple(told for issue, sheet in telling.sheets for told in told_sheets(issue, sheet))
        return Tell(self.world.now_ms(), (*own, *telling.carried), pages, sheets)

    def _catch_up(self) -> None:
        self.state.apply(self.world.entries[self._heard :])
        self._heard = len(self.world.entries)
