"""Telling: what this member says as a teller, given what is held. Nothing is signed or sent here.

A teller does its part on its own while its peer runs: it receipts ballots, seals votes that are over, takes part in
writing pages, and carries on what others said and the register rests on. What it says follows from the minutes and
from the disk, which hold what it said before; so it may be asked again at any time, after a crash or a week asleep, and
never says two things. Each telling has to be on disk, and back in the minutes and in what is held, before the next one
is asked for.

Source: DESIGN section 6.
"""

from dataclasses import dataclass, field

import msgspec

from crdt.ids import DeviceId, MemberId
from p2pcouncil.domain.register.closing import Sheet
from p2pcouncil.domain.register.minutes import Minutes
from p2pcouncil.domain.register.pages import encode_page, page_hash, read_page
from p2pcouncil.domain.register.sayings import AnySaying, PageProposal, Precommit, Prevote, Said
from p2pcouncil.domain.register.shot import Look, Propose, Step, Vote, Wait
from p2pcouncil.domain.sortition import lot
from p2pcouncil.peer.register.alarm import Alarm
from p2pcouncil.peer.register.carrying import Carrier
from p2pcouncil.peer.register.drafting import Draft, Drafter
from p2pcouncil.peer.register.held import Held
from p2pcouncil.peer.register.looking import look_at_page
from p2pcouncil.peer.register.receiving import Receiver


@dataclass(frozen=True, slots=True)
class Telling:
    """What to put into the next entry.

    Attributes:
        saying: to be signed by this device; None if there is only something to carry.
        page: the bytes of a page, new or carried, to be stored beside it; empty for none.
        sheets: those that the page pins, by issue.
        carried: what others said, to be stored beside it as it is.
    """

    saying: AnySaying | None
    page: bytes = b""
    sheets: tuple[tuple[bytes, Sheet], ...] = ()
    carried: tuple[Said, ...] = ()


@dataclass(slots=True)
class Teller:
    """One member's part in a register.

    Attributes:
        me: the member.
        device: this laptop's. While it is not the one that the roll names, it says nothing.
        minutes: what was said; grows as entries come.
        held: what else is held.
        heard_all_ms: since when, by this laptop's clock, it holds what at least one other teller holds, or has nobody
            to ask; None while neither is so, and after the laptop was suspended until it has heard from them anew. The
            peer sets it. While it is None nothing is sealed.
        waits: the time-outs that run. The peer starts their clocks, and tells by `expire` that one is over.
        ask_again_ms: when to ask again by this laptop's clock, though nothing new came; None for not before.
    """

    me: MemberId
    device: DeviceId
    minutes: Minutes
    held: Held
    heard_all_ms: int | None = None
    waits: frozenset[Wait] = frozenset()
    ask_again_ms: int | None = None
    _receiver: Receiver = field(init=False)
    _drafter: Drafter = field(init=False)
    _carrier: Carrier = field(init=False)
    _expired: set[Wait] = field(default_factory=set)
    _expired_of: int = 0
    _proven: tuple[bytes, bytes] = (b"", b"")

    def __post_init__(self) -> None:
        """Put the parts together."""
        self._receiver = Receiver(self.me, self.device, self.minutes, self.held)
        self._drafter = Drafter(self.minutes, self.held)
        self._carrier = Carrier(self.me, self.minutes, self.held)

    def expire(self, number: int, wait: Wait) -> None:
        """A time-out is over, which began while the page of this number was the next one."""
        if number == self.minutes.number and wait in self.waits:
            self._expired_now().add(wait)

    def next_telling(self, clock_ms: int) -> Telling | None:
        """What to say next; None if there is nothing now. Then `waits` and `ask_again_ms` say for what to wait.

        Args:
            clock_ms: this laptop's clock, milliseconds since 1970.
        """
        self.ask_again_ms = None
        if self.minutes.broken:
            self.waits = frozenset()
            return self._tell_break()
        alarm = Alarm(clock_ms)
        saying = self._receiver.receipt(clock_ms, alarm) or self._receiver.seal(
            clock_ms, self.heard_all_ms, alarm
        )
        telling = Telling(saying) if saying is not None else self._tell_page(clock_ms, alarm)
        self.ask_again_ms = alarm.at_ms
        return telling

    def round(self) -> int:
        """Which round of the next page this teller is in; for people who watch."""
        return self.minutes.shot.round_of(self.me, self._expired_now())

    def draft(self, clock_ms: int) -> Draft | None:
        """The page that is due by what is held; None if nothing waits for one."""
        draft = self._drafter.draft(clock_ms, Alarm(clock_ms))
        return None if draft is None else self._with_proof(draft)

    def look(self, value: bytes, clock_ms: int) -> Look:
        """What this teller thinks of a new page: whether what it claims agrees with what is held.

        Args:
            value: hash of a page that is held and valid.
            clock_ms: this laptop's clock; it says whether a page is due that only moves the time.
        """
        data = self.minutes.page(value)
        assert data is not None, "only pages that are held are looked at"
        page = read_page(data)
        if not page.proof and self._proof():
            return Look.BAD  # The first proposer spoke; leaving that out would be a choice of seeds.
        if page.is_empty and not self._drafter.is_time_due(clock_ms):
            return Look.UNKNOWN
        return look_at_page(self.minutes, self.held, page)

    def _expired_now(self) -> set[Wait]:
        if self._expired_of != self.minutes.number:
            self._expired, self._expired_of = set(), self.minutes.number
        return self._expired

    def _proof(self) -> bytes:
        """The first proposer's proof, ours or one that a page brought; empty if there is none."""
        chain, first = self.minutes.chain, self.minutes.shot.committee.proposer(0)
        if first.member != self.me or not first.vrf:
            return self.minutes.proof()
        alpha = lot.lot_input(chain.council, chain.seed, self.minutes.number)
        if self._proven[0] != alpha:
            self._proven = alpha, self.held.prove(alpha)
        return self._proven[1]

    def _with_proof(self, draft: Draft) -> Draft:
        return Draft(msgspec.structs.replace(draft.page, proof=self._proof()), draft.sheets)

    def _tell_break(self) -> Telling | None:
        """Nothing is told any more but why."""
        if self.minutes.shot.committee.device_of(self.me) != self.device:
            return None
        load = self._carrier.load_of_break()
        return None if load is None else Telling(None, load.page, load.sheets, load.said)

    def _tell_page(self, clock_ms: int, alarm: Alarm) -> Telling | None:
        """Our part in deciding the next page, after what keeps the last one."""
        if self.minutes.shot.committee.device_of(self.me) != self.device:
            self.waits = frozenset()
            return None
        load = self._carrier.load(clock_ms, alarm)
        if load is None:
            telling = self._move(clock_ms, alarm)
            if telling is None:
                return None
            load = self._carrier.load(clock_ms, alarm, is_pressing=True)
            if load is None:
                return telling
        self.waits = frozenset()
        return Telling(None, load.page, load.sheets, load.said)

    def _move(self, clock_ms: int, alarm: Alarm) -> Telling | None:
        """What we say of the next page. While nothing waits for one, nobody waits for a proposal."""
        minutes = self.minutes
        draft = self._drafter.draft(clock_ms, alarm)
        is_idle = draft is None and not self._do_others_speak()
        expired = frozenset[Wait]() if is_idle else self._expired_now()
        move = minutes.shot.next_move(
            self.me, expired, lambda value: self.look(value, clock_ms), draft is not None
        )
        self.waits = frozenset() if is_idle else move.waits
        place = (minutes.chain.council, self.me, minutes.number)
        match move.say:
            case Propose(round=round_, value=None):
                assert draft is not None, "a new page is asked for only if there is one"
                return self._propose(place, round_, self._with_proof(draft))
            case Propose(round=round_, value=bytes(value), valid_round=valid_round):
                carried = self._carrier.prevotes_for(value, valid_round)
                return Telling(PageProposal(*place, round_, value, valid_round), carried=carried)
            case Vote(step=Step.PREVOTE, round=round_, value=value):
                return Telling(Prevote(*place, round_, value))
            case Vote(round=round_, value=value):
                return Telling(Precommit(*place, round_, value, clock_ms))
            case _:
                return None

    def _propose(self, place: tuple[bytes, bytes, int], round_: int, draft: Draft) -> Telling:
        data = encode_page(draft.page)
        proposal = PageProposal(*place, round_, page_hash(data), -1)
        return Telling(proposal, data, draft.sheets, self._carrier.seals_of(draft.page))

    def _do_others_speak(self) -> bool:
        """Whether more tellers than may lie spoke of the next page: then something waits for one, though not here."""
        speakers = {saying.member for saying in self.minutes.said_about(self.minutes.number)}
        return len(speakers) > self.minutes.shot.committee.liars
