"""Our own address book, because libp2p's dials only the first address, caches failures and never redials.

Sans-I/O: it is told what was tried and how it went, and says whom to try next. Pauses between attempts double
up to a cap, with jitter so that a council coming back from a power cut does not dial in step. What never
worked is forgotten soon; what once worked stays for a month, because a friend on holiday comes back to the
same router. Of a few peers none is forgotten: the one friend whose address an invitation named may sleep for a
week, and whoever forgets them knows nobody but those who came by themselves.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from random import Random

from net.peer_id import format_peer_id, split_address
from net.transport import KnownAddress, PeerKey

MAX_PEERS = 512
FEW_PEERS = 16
"""Up to so many, no peer is forgotten."""
MAX_ADDRESSES_PER_PEER = 8
MAX_ADDRESS_CHARACTERS = 300
FORGET_AFTER_FAILURES = 8
FORGET_PROVEN_AFTER_MS = 30 * 24 * 3600 * 1000
FIRST_PAUSE_MS = 1_000
LONGEST_PAUSE_MS = 120_000


@dataclass(slots=True)
class _Place:
    """One address of a peer."""

    last_success_ms: int = 0
    failures: int = 0


@dataclass(slots=True)
class _Entry:
    """One peer: its addresses by text, and when to dial it again."""

    places: dict[str, _Place] = field(default_factory=dict)
    failures: int = 0
    next_dial_ms: int = 0

    def last_success_ms(self) -> int:
        return max((place.last_success_ms for place in self.places.values()), default=0)


class AddressBook:
    """Addresses per peer, with how they did and when to try them again. All times are Unix milliseconds."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._entries: dict[PeerKey, _Entry] = {}

    def __contains__(self, peer: object) -> bool:
        return peer in self._entries

    def restore(self, known: Iterable[KnownAddress]) -> None:
        """Take over what an earlier run remembered; call before anything else.

        Raises:
            TransportError: an address that is none.
        """
        for record in known:
            self.remember(record.address)
            place, peer = split_address(record.address)
            self._entries[peer].places[place] = _Place(record.last_success_ms, record.failures)

    def known(self) -> tuple[KnownAddress, ...]:
        """Return everything remembered, sorted, in a form that `restore` accepts."""
        return tuple(
            KnownAddress(address, place.last_success_ms, place.failures)
            for peer, entry in sorted(self._entries.items())
            for address, place in (
                (self._full(peer, text), place) for text, place in sorted(entry.places.items())
            )
        )

    def remember(self, address: str) -> PeerKey:
        """Add an address, to be dialled at once; the least useful one makes room when the book is full.

        Returns:
            The peer that it belongs to.

        Raises:
            TransportError: it names no peer.
        """
        place, peer = split_address(address[:MAX_ADDRESS_CHARACTERS])
        entry = self._entries.get(peer)
        if entry is None:
            if len(self._entries) >= MAX_PEERS:
                del self._entries[min(self._entries, key=lambda key: self._entries[key].last_success_ms())]
            entry = self._entries[peer] = _Entry()
        if place not in entry.places:
            if len(entry.places) >= MAX_ADDRESSES_PER_PEER:
                del entry.places[min(entry.places, key=lambda text: entry.places[text].last_success_ms)]
            entry.places[place] = _Place()
            entry.next_dial_ms, entry.failures = 0, 0
        return peer

    def places(self, peer: PeerKey) -> list[str]:
        """Return where to dial a peer, most recently successful first, without ``/p2p/…``."""
        entry = self._entries.get(peer)
        if entry is None:
            return []
        return sorted(entry.places, key=lambda text: (-entry.places[text].last_success_ms, text))

    def due(self, now_ms: int, connected: Collection[PeerKey]) -> list[PeerKey]:
        """Return the peers that are down and whose pause is over, in random order."""
        ready = [
            peer
            for peer, entry in sorted(self._entries.items())
            if peer not in connected and entry.next_dial_ms <= now_ms
        ]
        self._rng.shuffle(ready)
        return ready

    def next_dial_ms(self, connected: Collection[PeerKey]) -> int | None:
        """Return when the next peer that is down wants to be dialled, or None when none does."""
        return min(
            (entry.next_dial_ms for peer, entry in self._entries.items() if peer not in connected),
            default=None,
        )

    def note_success(self, peer: PeerKey, place: str, now_ms: int) -> None:
        """Record that a connection was made through a place."""
        self.remember(self._full(peer, place))
        self._entries[peer].places[place] = _Place(now_ms, 0)
        self.note_up(peer)

    def note_up(self, peer: PeerKey) -> None:
        """Record that a peer is connected, whoever dialled: the next pause starts small again."""
        if peer in self._entries:
            self._entries[peer].failures, self._entries[peer].next_dial_ms = 0, 0

    def note_down(self, peer: PeerKey, now_ms: int) -> None:
        """Record that the last connection to a peer is gone: it is dialled after the first short pause."""
        if peer in self._entries:
            self._entries[peer].next_dial_ms = now_ms + self._jitter(FIRST_PAUSE_MS)

    def note_failure(self, peer: PeerKey, places: Iterable[str], now_ms: int) -> None:
        """Record that none of these places answered; forget those that have had their chances."""
        entry = self._entries.get(peer)
        if entry is None:
            return
        for text in places:
            place = entry.places.get(text)
            if place is None:
                continue
            place.failures += 1
            is_proven = place.last_success_ms > 0 and now_ms - place.last_success_ms < FORGET_PROVEN_AFTER_MS
            is_last = len(entry.places) == 1 and len(self._entries) <= FEW_PEERS
            if place.failures >= FORGET_AFTER_FAILURES and not is_proven and not is_last:
                del entry.places[text]
        if not entry.places:
            del self._entries[peer]
            return
        pause_ms = min(FIRST_PAUSE_MS << min(entry.failures, 16), LONGEST_PAUSE_MS)
        entry.failures += 1
        entry.next_dial_ms = now_ms + self._jitter(pause_ms)

    def _jitter(self, pause_ms: int) -> int:
        """Return between a half and one and a half of a pause."""
        return self._rng.randint(pause_ms // 2, pause_ms * 3 // 2)

    @staticmethod
    def _full(peer: PeerKey, place: str) -> str:
        return f"{place}/p2p/{format_peer_id(peer)}"
