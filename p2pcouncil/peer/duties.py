"""Duties: what this peer does by itself for the register, in every council where it is this member's to do.

It runs in the one process of a home that runs the network. Each saying is signed, written into our own feed, and has to
be read back before the next one is thought of; so what we said before, in this process or in another life, is always
among what is weighed.

After a start nothing is told before this peer compared with somebody: its store could be an old copy, and what it no
longer knows of it could contradict.
"""

from dataclasses import dataclass, field
from typing import Protocol

from crdt.ids import CouncilId, DeviceId
from p2pcouncil.domain.entries import AnyEntry, Pledge, Tell, ToldSheet
from p2pcouncil.domain.planning.round_figures import FiguresAwaited
from p2pcouncil.domain.register.belonging import has_served
from p2pcouncil.domain.register.closing import MEMBERS_PER_SHEET, Sheet
from p2pcouncil.domain.register.pages import page_hash
from p2pcouncil.domain.register.sayings import (
    AnySaying,
    PageProposal,
    Precommit,
    Prevote,
    Receipt,
    Seal,
    saying_message,
    sign_saying,
)
from p2pcouncil.domain.register.shot import Wait, wait_ms
from p2pcouncil.peer import shelf
from p2pcouncil.peer.events import Append, Effect
from p2pcouncil.peer.going_on import announcements, has_gone_on
from p2pcouncil.peer.place import Place
from p2pcouncil.peer.pulling import Pulling
from p2pcouncil.peer.teller_desk import TellerDesk
from p2pcouncil.peer.telling import Teller, Telling
from p2pcouncil.peer.world import Me, World

UNREAD_MS = 5_000
"""How long a saying that was written may take to be read back, before the teller thinks again."""


class TellerKeys(Protocol):
    """What a teller signs and proves with."""

    @property
    def device(self) -> DeviceId:
        """The device's public key."""
        ...

    def sign(self, message: bytes) -> bytes:
        """The 64-byte Ed25519 signature of a message."""
        ...

    def prove_lot(self, alpha: bytes) -> bytes:
        """The VRF proof over an input, 80 bytes."""
        ...


@dataclass(slots=True)
class _Post:
    """Our post as a teller of one council."""

    place: Place
    teller: Teller
    since_ms: dict[tuple[int, Wait], int] = field(default_factory=dict)
    unread: bytes = b""
    unread_since_ms: int = 0
    has_compared: bool = False
    expired: set[tuple[int, Wait]] = field(default_factory=set)
    done: tuple[object, ...] = ()


class Duties:
    """This peer's part in the registers of its councils."""

    def __init__(self, world: World, pulling: Pulling) -> None:
        self._world = world
        self._pulling = pulling
        self._keys: TellerKeys | None = None
        self._posts: dict[CouncilId, _Post] = {}

    def begin(self, keys: TellerKeys) -> None:
        """From now on this process does the duties of this home."""
        self._keys = keys

    def stood_still(self, *, has_slept: bool) -> None:
        """Seal nothing before what came meanwhile is read: it was not here when we last heard everything.

        Args:
            has_slept: for so long that everything is to be compared anew.
        """
        for post in self._posts.values():
            if post.teller.heard_all_ms is not None:
                post.teller.heard_all_ms = None if has_slept else self._world.clock_ms

    def teller(self, council: CouncilId) -> Teller | None:
        """Our teller in a council, if this process does duties there; for people who watch."""
        post = self._posts.get(council)
        return None if post is None else post.teller

    def tick(self, now_ms: int) -> list[Effect]:
        """Do what is to be done now.

        Args:
            now_ms: a time that only ever goes on; it times time-outs. Sayings carry the laptop's own clock.
        """
        me, keys = self._world.me, self._keys
        if me is None or keys is None or keys.device != me.device:
            return []
        effects: list[Effect] = list(announcements(self._world))
        for council, place in self._world.places.items():
            entries, once = self._do(council, place, me, keys, now_ms)
            if entries:
                effects.append(Append(council, entries, once))
        return effects

    def _do(
        self, council: CouncilId, place: Place, me: Me, keys: TellerKeys, now_ms: int
    ) -> tuple[tuple[AnyEntry, ...], str | None]:
        chain = place.state.register.chain
        is_known = me.member in chain.roll or any(
            vote.committee.teller(me.member) is not None for vote in chain.votes.values()
        )
        post = self._posts.get(council)
        if not is_known and post is None:
            return (), None
        minutes = place.state.register.minutes
        if post is None or post.place is not place or post.teller.minutes is not minutes:
            desk = TellerDesk(place, self._world.forks, keys.prove_lot)
            teller = Teller(me.member, me.device, minutes, desk)
            post = self._posts[council] = _Post(
                place, teller, has_compared=post.has_compared if post is not None else False
            )
        if (has_gone_on(place, me.member) and not minutes.broken) or not self._may_tell(post, place):
            return (), None
        pledge = self._pledge(place, me)
        if pledge is not None:
            return (pledge,), self._once_of_pledge(place, me)
        self._expire(post, now_ms)
        if not self._is_anything_new(post, place):
            return (), None
        is_unread = post.unread and not place.state.register.carriers(post.unread)
        if is_unread and now_ms - post.unread_since_ms < UNREAD_MS:
            return (), None
        post.unread = b""
        try:
            telling = post.teller.next_telling(self._world.clock_ms)
        except FiguresAwaited:
            # What a planning round comes to is not worked out yet. It is thought about anew when it is; until then no
            # time-out begins, and nothing is said that would be said otherwise with those figures.
            post.done = ()
            return (), None
        self._start_clocks(post, now_ms)
        if telling is None:
            post.done = self._seen(post, place)
            return (), None
        return self._say(post, telling, keys, now_ms)

    def _is_anything_new(self, post: _Post, place: Place) -> bool:
        """Whether something came, or a moment that the teller waits for, since it had nothing more to say."""
        again_ms = post.teller.ask_again_ms
        is_due = again_ms is not None and self._world.clock_ms >= again_ms
        return is_due or post.done != self._seen(post, place)

    def _seen(self, post: _Post, place: Place) -> tuple[object, ...]:
        """What a teller's next saying depends on, but for the clock."""
        return (
            place.index.total,
            place.state.register.chain.page,
            post.teller.heard_all_ms,
            frozenset(post.expired),
        )

    def _may_tell(self, post: _Post, place: Place) -> bool:
        """Whether we know what we said before, as far as others can know; and note since when we hear everything."""
        council = place.council
        if place.state.member_count == 1:
            post.teller.heard_all_ms = post.teller.heard_all_ms or self._world.clock_ms
            return True
        compared = [d for d in self._world.connected if self._pulling.is_compared(d, council)]
        post.has_compared = post.has_compared or bool(compared)
        is_current = any(self._pulling.behind(device, council) == 0 for device in compared)
        if not is_current:
            post.teller.heard_all_ms = None
        elif post.teller.heard_all_ms is None:
            post.teller.heard_all_ms = self._world.clock_ms
        return post.has_compared

    def _pledge(self, place: Place, me: Me) -> Pledge | None:
        """A pledge, when we may tell and did not say that we don't want to."""
        chain = place.state.register.chain
        seat = chain.roll.get(me.member)
        if seat is None or seat.device != me.device or seat.is_on_duty or me.member in chain.convicted:
            return None
        if not has_served(chain, seat) or self._world.item(shelf.SETTING, shelf.off_duty(place.council)):
            return None
        pledged = place.state.agenda.pledges().get(me.member)
        if pledged is not None and pledged.is_on and pledged.vrf == me.vrf and pledged.entry != seat.pledge:
            return None  # It waits for a page. One that a page applied already counts no more.
        return Pledge(self._world.clock_ms, me.vrf, True)

    def _once_of_pledge(self, place: Place, me: Me) -> str:
        seat = place.state.register.chain.roll[me.member]
        return f"pledge:{seat.key_page}:{seat.duty_number}:{seat.pledge.hex()}"

    def _expire(self, post: _Post, now_ms: int) -> None:
        for (number, wait), since_ms in list(post.since_ms.items()):
            if number != post.teller.minutes.number or wait not in post.teller.waits:
                del post.since_ms[number, wait]
                post.expired.discard((number, wait))
            elif now_ms - since_ms >= wait_ms(wait):
                post.teller.expire(number, wait)
                post.expired.add((number, wait))

    def _start_clocks(self, post: _Post, now_ms: int) -> None:
        for wait in post.teller.waits:
            post.since_ms.setdefault((post.teller.minutes.number, wait), now_ms)

    def _say(
        self, post: _Post, telling: Telling, keys: TellerKeys, now_ms: int
    ) -> tuple[tuple[AnyEntry, ...], str | None]:
        said = telling.carried
        once = None
        if telling.saying is not None:
            own = sign_saying(telling.saying, keys)
            said = (own, *said)
            once = once_of(telling.saying)
        post.unread = saying_message(said[0].body) if said else page_hash(telling.page)
        post.unread_since_ms = now_ms
        pages = (telling.page,) if telling.page else ()
        sheets = tuple(told for issue, sheet in telling.sheets for told in told_sheets(issue, sheet))
        return (Tell(self._world.clock_ms, said, pages, sheets),), once


def told_sheets(issue: bytes, sheet: Sheet) -> tuple[ToldSheet, ...]:
    """A sheet in the parts in which it travels."""
    return tuple(
        ToldSheet(
            issue,
            start // MEMBERS_PER_SHEET,
            tuple(name or b"" for name in sheet[start : start + MEMBERS_PER_SHEET]),
        )
        for start in range(0, len(sheet), MEMBERS_PER_SHEET)
    )


def once_of(saying: AnySaying) -> str | None:
    """What makes a saying unique on this device; receipts may be repeated."""
    match saying:
        case PageProposal():
            return f"page:{saying.number}:{saying.round}"
        case Prevote():
            return f"prevote:{saying.number}:{saying.round}"
        case Precommit():
            return f"precommit:{saying.number}:{saying.round}"
        case Seal():
            return f"seal:{saying.issue.hex()}"
        case Receipt():
            return None
