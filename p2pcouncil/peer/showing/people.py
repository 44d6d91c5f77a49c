"""People as they are shown: cleaned names, told apart where they look alike, with fingerprints."""

from functools import lru_cache

from crdt.ids import MemberId
from p2pcouncil.domain.fingerprint import fingerprint, tell_apart
from p2pcouncil.domain.plain_text import clean_line
from p2pcouncil.peer.place import Place
from p2pcouncil.peer.views.people import PersonView
from p2pcouncil.peer.world import World

NAME_CELLS = 32


class People:
    """The people of one council, for one round of showing."""

    def __init__(self, world: World, place: Place) -> None:
        self._me = world.me.member if world.me else None
        self._given = tuple((m.member, m.name) for m in place.state.members())
        self._names = dict(_told_apart(self._given))
        self._shown: dict[MemberId, PersonView] = {}

    def person(self, member: MemberId) -> PersonView:
        """Somebody, known to this council or not."""
        shown = self._shown.get(member)
        if shown is None:
            words = fingerprint(member)
            shown = PersonView(member, self._names.get(member) or words, words, member == self._me)
            self._shown[member] = shown
        return shown

    def stranger(self, member: MemberId, name: str) -> PersonView:
        """Somebody who is not in this council yet, under the name that they give themselves."""
        others = tuple((known, given) for known, given in self._given if known != member)
        shown = dict(_told_apart((*others, (member, name))))
        return PersonView(member, shown[member], fingerprint(member), member == self._me)


@lru_cache(maxsize=64)
def _told_apart(names: tuple[tuple[MemberId, str], ...]) -> tuple[tuple[MemberId, str], ...]:
    cleaned = {member: clean_line(name, NAME_CELLS) or "somebody" for member, name in names}
    return tuple(tell_apart(cleaned).items())
