"""The ballots of one vote or planning round: what stands in feeds, and what the seals that a page names come to."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from crdt.ids import ChangeHash, LaneId, MemberId
from p2pcouncil.domain.register.chain import OpenVote
from p2pcouncil.domain.register.closing import Sheet, sheet_hashes
from p2pcouncil.domain.register.pages import Closed
from p2pcouncil.domain.register.sealing import ballot_that_counts, counted_numbers
from p2pcouncil.verification.held import AnyBallot, Held
from p2pcouncil.verification.readings import Reading

Numbers = Sequence[int]


@dataclass(slots=True)
class Counted:
    """What the seals and ballots of a closed vote or round come to.

    Attributes:
        seals: per teller whose seal the page names, its numbers; None if it is not held.
        limits: per member of the roll, the highest number that may count; empty if a seal is not held.
        sheet: which ballots count, as the page pins them; None if nothing that is held has the hashes that it names.
        worked_out: which ballots count, as worked out from seals and ballots; None if that can't be said.
        lacking: members of whom a ballot is missing that the seals or the page speak of, with its name if known.
        ballots: those that the sheet names, as far as they are held, by ascending member.
    """

    seals: dict[MemberId, Numbers | None]
    limits: tuple[int, ...] = ()
    sheet: Sheet | None = None
    worked_out: Sheet | None = None
    lacking: dict[MemberId, ChangeHash | None] = field(default_factory=dict)
    ballots: list[AnyBallot] = field(default_factory=list)


class _Cast(NamedTuple):
    """Where a ballot stands."""

    number: int
    lane: LaneId
    seq: int
    name: ChangeHash


class Ballots:
    """The ballots of one vote or round.

    Attributes:
        held: the council.
        vote: which.
        reading: how they are read.
        closed: what the page says that closed it; None while none did.
        signed: every ballot that its author's device signed, at a fork too, with its author.
        counted: what counts; None while no page closed it.
    """

    def __init__(self, held: Held, vote: OpenVote, reading: Reading, closed: Closed | None) -> None:
        """Look for them, and work out which of them count."""
        self.held = held
        self.vote = vote
        self.reading = reading
        self.closed = closed
        self.signed = self._signed_ballots()
        self._cast: dict[MemberId, list[_Cast]] = {}
        for entry, body in held.ballots(vote.issue):
            cast = _Cast(body.number, entry.lane, entry.seq, entry.hash)
            self._cast.setdefault(entry.member, []).append(cast)
        self.counted = None if closed is None else self._count(closed)

    def naming(self, member: MemberId, number: int) -> tuple[int, int]:
        """How many seals of those that the page rests on name that ballot or a later one, and of how many."""
        if self.counted is None or member not in self.vote.roll:
            return 0, 0 if self.counted is None else len(self.counted.seals)
        at = self.vote.roll.index(member)
        held = [numbers for numbers in self.counted.seals.values() if numbers is not None]
        return sum(numbers[at] >= number for numbers in held), len(self.counted.seals)

    def is_out_of_order(self, member: MemberId, name: ChangeHash) -> bool:
        """Whether a ballot may be later than one of the same number or a higher one: honest numbers only rise."""
        this = next((cast for cast in self._cast.get(member, ()) if cast.name == name), None)
        return this is not None and any(
            cast.number >= this.number and (cast.lane != this.lane or cast.seq < this.seq)
            for cast in self._cast[member]
            if cast.name != name
        )

    def standing(self, member: MemberId) -> dict[int, ChangeHash]:
        """A member's ballots that the fold does not refuse, by number."""
        return self.held.state.agenda.ballots(self.vote.issue, member)

    def _signed_ballots(self) -> dict[ChangeHash, tuple[MemberId, AnyBallot]]:
        signed = {entry.hash: (entry.member, body) for entry, body in self.held.ballots(self.vote.issue)}
        for read, envelope, body in self.held.lost_ballots(self.vote.issue):
            if envelope in read.unkept:
                signed.setdefault(envelope.hash, (read.header.member, body))
        return signed

    def _count(self, closed: Closed) -> Counted:
        minutes, vote = self.held.state.register.minutes, self.vote
        made = Counted(
            {
                MemberId(teller): minutes.seal(closed.issue, MemberId(teller), name)
                for teller, name in zip(closed.tellers, closed.seals, strict=True)
            }
        )
        named = [numbers for numbers in made.seals.values() if numbers is not None]
        told = minutes.sheet(closed.sheets)
        if len(named) == len(made.seals):
            made.limits = counted_numbers(named, vote.committee.liars)
            made.worked_out = self._work_out(made)
        if told is not None and len(told) == len(vote.roll):
            made.sheet = told
        elif made.worked_out is not None and sheet_hashes(vote.issue, made.worked_out) == closed.sheets:
            made.sheet = made.worked_out
        if made.sheet is not None:
            self._read_sheet(made, made.sheet)
        return made

    def _work_out(self, made: Counted) -> Sheet | None:
        """As `closing.sheet_of` does, noting of whom a ballot is missing.

        Whoever closed the vote held a ballot as late as the seals say; so it is somewhere, refused by now or not.
        """
        picked: list[ChangeHash | None] = []
        for member, limit in zip(self.vote.roll, made.limits, strict=True):
            latest = max((cast.number for cast in self._cast.get(member, ())), default=0)
            if limit > latest and not self.held.forks(member):
                made.lacking[member] = None
            picked.append(ballot_that_counts(self.standing(member) if limit else {}, limit))
        return None if made.lacking else tuple(picked)

    def _read_sheet(self, made: Counted, sheet: Sheet) -> None:
        for member, name in zip(self.vote.roll, sheet, strict=True):
            if name is None:
                continue
            found = self.signed.get(name)
            if found is None or found[0] != member or not self.reading.is_fitting(found[1]):
                made.lacking[member] = name
            else:
                made.ballots.append(found[1])
