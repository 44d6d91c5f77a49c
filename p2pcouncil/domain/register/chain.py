"""The chain: what the pages so far come to. Who is on the roll, who tells, what time it is, which votes are open.

`following.follow` is a pure function of a chain and a page: nothing in it depends on when or by whom the page is read,
on a clock, or on what else is held. Otherwise a page could become invalid between two looks of tellers, and a lock on
it would hold the council up for ever. What a page *claims* about things outside it (that an opening was seconded,
that a sheet follows from its seals) is asked by tellers before they prevote for a fresh page, and by whoever audits.

Source: DESIGN sections 5 and 6.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from crdt.ids import CouncilId, DeviceId, MemberId
from p2pcouncil.domain.effects import Effect, OpenPlan, Promise
from p2pcouncil.domain.records import Charter, Genesis, SuccessorGenesis
from p2pcouncil.domain.register.committees import Committee, Teller
from p2pcouncil.domain.register.pages import Result
from p2pcouncil.domain.sortition import lot
from p2pcouncil.domain.sortition.sizes import committee_size

MS_PER_SECOND = 1_000
KEY_PAGES = 20
"""How many pages old a VRF key has to be before its proofs make seeds. Whoever could name a key for a page that they
see coming would try keys until the lot suited them."""
DEVICES_KEPT = 8
"""Of how many devices that told for a member the lies can still be held against them: the last ones of which a page
drew any as a teller. To be forgotten, a device has to be followed by so many others that were pledged and drawn."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A member's place on the roll.

    Attributes:
        device: the device that votes and tells for them.
        vrf: their VRF key, 32 bytes.
        name: from the founding or the join. Text of strangers: clean it before it is shown.
        duty_number: of the duty statement that named the device; 0 for the founding or the join.
        is_on_duty: whether they tell.
        since_ms: page time when they came; 0 for founders.
        key_page: number of the page that brought the VRF key; for founders so low that it is old at once.
        pledge: hash of the pledge that a page applied last; empty if none did. It counts once.
    """

    device: DeviceId
    vrf: bytes
    name: str
    duty_number: int
    is_on_duty: bool
    since_ms: int
    key_page: int = -KEY_PAGES
    pledge: bytes = b""


class Silence(NamedTuple):
    """How long a teller has not been heard.

    Attributes:
        since_ms: page time of the first page whose certificate they are missing in.
        pages: of how many pages in a row.
    """

    since_ms: int
    pages: int


@dataclass(frozen=True, slots=True)
class OpenVote:
    """A vote that runs, or waits to be closed.

    Attributes:
        issue, proposal: which.
        page: that entered it.
        window_seconds: how long it runs.
        effect: what it does if it comes out for it; None for nothing.
        closes_ms: page time at which it ends; None until the page after its own tells the time.
        roll: who may vote, ascending: the roll after its page.
        committee: who seals it: the tellers of its page.
        grace_seconds: how long it waits for seals once it is over, as the charter had it when it was entered.
        round: of a planning period, which round this is, and then `proposal` is the vote that began the period; 0 for
            a vote.
    """

    issue: bytes
    proposal: bytes
    page: int
    window_seconds: int
    closes_ms: int | None
    roll: tuple[MemberId, ...]
    committee: Committee
    effect: Effect | None = None
    grace_seconds: int = Charter().grace_seconds
    round: int = 0

    @property
    def lapses_ms(self) -> int | None:
        """Page time from which a page may lapse it; None until a page told its end."""
        return None if self.closes_ms is None else self.closes_ms + self.grace_seconds * MS_PER_SECOND


@dataclass(frozen=True, slots=True)
class Office:
    """Who holds an office.

    Attributes:
        members: in the order of the options of the vote; empty once all are gone.
        issue: the vote that elected them.
    """

    members: tuple[MemberId, ...]
    issue: bytes


@dataclass(frozen=True, slots=True)
class PlanPeriod:
    """A planning period as far as pages tell of it.

    Attributes:
        terms: as they were decided.
        rounds: the names of its rounds so far, in order; the last one may be running.
        best: the number of the round that was taken when the rounds ended; 0 while they go on.
        adopted_page: number of the page that made it the plan of record; 0 while it is none.
    """

    terms: OpenPlan
    rounds: tuple[bytes, ...] = ()
    best: int = 0
    adopted_page: int = 0


@dataclass(frozen=True, slots=True)
class Chain:
    """A council's register up to a page. Treat its mappings as frozen; `following.follow` makes new ones.

    Attributes:
        council: whose.
        charter: its charter as decisions left it.
        number: of the last page; 0 for the founding.
        page: its hash; the council's id for page 0.
        time_ms: page time, milliseconds since 1970; 0 until page 2.
        seed: of the last page, 32 bytes; draws what comes next.
        roll: who belongs.
        committee: who told the last page; None for page 0.
        votes: by issue, votes that are not closed.
        proposals: every proposal that was ever entered, with its issue.
        closed: every vote that was closed, with the number of the page that did.
        lapsed: every vote that lapsed, with the number of the page that says so. Its proposal may be opened anew.
        convicted: members who were caught in a lie, with the number of the page that says so. They tell no more.
        vouched: per member, page times of joins that they vouched for.
        decided: every vote that was closed, with the number of the page that did, and how it came out.
        parameters: figures that the council named, each with its value and the vote that set it.
        offices: who holds which.
        recognised: councils below that are this society's, with the vote that recognised them first.
        removed: whom a vote took off the roll, or keeps off it, with the number of the last page that did.
        admitted: newcomers whom a vote let in whoever objects, with the number of the last page that did.
        promises: what members answer for, by the vote that took them at their word.
        void_effects: votes that came out for an effect which could not, or not wholly, be carried out, and why: a
            sentence for people. It follows from the rest, and no hash should cover its words.
        devices: per member, the last devices that told for them, of which lies are still theirs.
        silent: tellers on duty who are missing in the last certificates.
        quieted: members who were silent for too long, with the number of the last page that took them off duty.
        plans: planning periods, by the votes that began them.
    """

    council: CouncilId
    charter: Charter
    number: int
    page: bytes
    time_ms: int
    seed: bytes
    roll: Mapping[MemberId, Seat]
    committee: Committee | None = None
    votes: Mapping[bytes, OpenVote] = field(default_factory=dict)
    proposals: Mapping[bytes, bytes] = field(default_factory=dict)
    closed: Mapping[bytes, int] = field(default_factory=dict)
    lapsed: Mapping[bytes, int] = field(default_factory=dict)
    convicted: Mapping[MemberId, int] = field(default_factory=dict)
    vouched: Mapping[MemberId, tuple[int, ...]] = field(default_factory=dict)
    decided: Mapping[bytes, tuple[int, Result]] = field(default_factory=dict)
    parameters: Mapping[str, tuple[str, bytes]] = field(default_factory=dict)
    offices: Mapping[str, Office] = field(default_factory=dict)
    recognised: Mapping[CouncilId, bytes] = field(default_factory=dict)
    removed: Mapping[MemberId, int] = field(default_factory=dict)
    admitted: Mapping[MemberId, int] = field(default_factory=dict)
    promises: Mapping[bytes, Promise] = field(default_factory=dict)
    void_effects: Mapping[bytes, str] = field(default_factory=dict)
    devices: Mapping[MemberId, tuple[DeviceId, ...]] = field(default_factory=dict)
    silent: Mapping[MemberId, Silence] = field(default_factory=dict)
    quieted: Mapping[MemberId, int] = field(default_factory=dict)
    plans: Mapping[bytes, PlanPeriod] = field(default_factory=dict)

    def next_committee(self) -> Committee:
        """Who tells the next page, by rank: fixed by this page alone."""
        on_duty = [member for member, seat in self.roll.items() if seat.is_on_duty]
        if not on_duty:
            on_duty = list(self.roll)  # A register that nobody tells would be closed for ever.
        size = committee_size(len(on_duty))
        drawn = lot.committee(self.seed, self.number + 1, on_duty, size)
        return Committee(tuple(self._teller(member) for member in drawn))

    def _teller(self, member: MemberId) -> Teller:
        seat = self.roll[member]
        is_old = self.number - seat.key_page >= KEY_PAGES
        return Teller(member, seat.device, seat.vrf if is_old else b"")


def first_chain(council: CouncilId, genesis: Genesis) -> Chain:
    """The register with its founding alone. All founders are on duty, or of a successor those whom it names."""
    tellers = set(genesis.succeeds.tellers) if isinstance(genesis, SuccessorGenesis) else None
    roll = {
        MemberId(f.member): Seat(
            DeviceId(f.device), f.vrf, f.name, 0, tellers is None or f.member in tellers, 0
        )
        for f in sorted(genesis.roll, key=lambda founder: founder.member)
    }
    return Chain(council, genesis.charter, 0, council, 0, lot.first_seed(council), roll)
