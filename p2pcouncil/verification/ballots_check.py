"""Checking ballots: of each one, whether it counts and why, from the seals that a page names and nothing else."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from crdt.ids import ChangeHash, LaneId, MemberId
from p2pcouncil.domain.entries import Ballot, Open
from p2pcouncil.domain.finals import is_fitting
from p2pcouncil.domain.register.chain import OpenVote
from p2pcouncil.domain.register.closing import Sheet, sheet_hashes
from p2pcouncil.domain.register.pages import Closed
from p2pcouncil.domain.register.sealing import ballot_that_counts, counted_numbers
from p2pcouncil.domain.rejections import Refused, Waits
from p2pcouncil.domain.tally.choice import Choice
from p2pcouncil.domain.tally.choice_words import show_choice
from p2pcouncil.verification.held import Held, count
from p2pcouncil.verification.report import BallotReport, Finding, fails, holds, noted

Numbers = Sequence[int]


@dataclass(slots=True)
class Counted:
    """What the seals and ballots of a closed vote come to.

    Attributes:
        seals: per teller whose seal the page names, its numbers; None if it is not held.
        limits: per member of the roll, the highest number that may count; empty if a seal is not held.
        sheet: which ballots count, as the page pins them; None if nothing that is held has the hashes that it names.
        worked_out: which ballots count, as worked out from seals and ballots; None if that can't be said.
        lacking: members of whom a ballot is missing that the seals or the page speak of, with its name if known.
        choices: what the ballots of the sheet say, as far as they are held.
    """

    seals: dict[MemberId, Numbers | None]
    limits: tuple[int, ...] = ()
    sheet: Sheet | None = None
    worked_out: Sheet | None = None
    lacking: dict[MemberId, ChangeHash | None] = field(default_factory=dict)
    choices: list[Choice] = field(default_factory=list)


class _Cast(NamedTuple):
    """Where a ballot stands."""

    number: int
    lane: LaneId
    seq: int
    name: ChangeHash


class BallotsCheck:
    """The ballots of one vote."""

    def __init__(self, held: Held, vote: OpenVote, terms: Open, closed: Closed | None) -> None:
        self._held = held
        self._vote = vote
        self._terms = terms
        self._closed = closed
        self._signed = self._signed_ballots()
        self._cast: dict[MemberId, list[_Cast]] = {}
        for entry, body in held.ballots(vote.issue):
            cast = _Cast(body.number, entry.lane, entry.seq, entry.hash)
            self._cast.setdefault(entry.member, []).append(cast)
        self.counted = None if closed is None else self._count(closed)

    def _signed_ballots(self) -> dict[ChangeHash, tuple[MemberId, Ballot]]:
        """Every ballot on this vote that its author's device signed, at a fork too."""
        signed = {entry.hash: (entry.member, body) for entry, body in self._held.ballots(self._vote.issue)}
        for read, envelope, body in self._held.lost_ballots(self._vote.issue):
            if envelope in read.unkept:
                signed.setdefault(envelope.hash, (read.header.member, body))
        return signed

    def _count(self, closed: Closed) -> Counted:
        minutes, vote = self._held.state.register.minutes, self._vote
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
        for member, limit in zip(self._vote.roll, made.limits, strict=True):
            latest = max((cast.number for cast in self._cast.get(member, ())), default=0)
            if limit > latest and not self._held.forks(member):
                made.lacking[member] = None
            ballots = self._held.state.agenda.ballots(self._vote.issue, member) if limit else {}
            picked.append(ballot_that_counts(ballots, limit))
        return None if made.lacking else tuple(picked)

    def _read_sheet(self, made: Counted, sheet: Sheet) -> None:
        for member, name in zip(self._vote.roll, sheet, strict=True):
            if name is None:
                continue
            found = self._signed.get(name)
            if found is None or found[0] != member or not is_fitting(self._terms, found[1].choice):
                made.lacking[member] = name
            else:
                made.choices.append(found[1].choice)

    def findings(self) -> list[Finding]:
        """What is wrong with the ballots of this vote: damaged, missing, or not counted as the seals say."""
        found: list[Finding] = []
        for read, envelope, body in self._held.lost_ballots(self._vote.issue):
            if envelope not in read.unkept:
                found.append(
                    fails(
                        "altered-ballot",
                        f"The ballot of {self._held.name(read.header.member)} at place {envelope.seq} of their feed "
                        f"was altered: it says “{self._words(body.choice)}” under number {body.number}, and its "
                        "signature does not hold for that. It counts for nothing as it stands here.",
                    )
                )
        if self.counted is None:
            return found
        for member, name in sorted(self.counted.lacking.items()):
            known = f" ({name.hex()[:8]})" if name is not None else ""
            said = "the page names" if name is not None else "the seals speak of"
            found.append(
                fails(
                    "missing-ballot",
                    f"A ballot of {self._held.name(member)}{known} that {said} is not in here{self._gap(member)}.",
                )
            )
        return found

    def _gap(self, member: MemberId) -> str:
        """Why a ballot of a member may be missing, in words to go on with."""
        if self._held.forks(member):
            return (
                "; their feed is forked, so it may be gone everywhere, and then nobody can count this again"
            )
        places = [
            f"place {gap.first}" if gap.first == gap.last else f"places {gap.first} to {gap.last}"
            for read in self._held.lanes.values()
            for gap in read.gaps
            if read.header.member == member
        ]
        return f"; their feed lacks {' and '.join(places)}" if places else ""

    def sheet_findings(self) -> list[Finding]:
        """Whether the sheet that the page pins follows from the seals that it names."""
        counted, closed = self.counted, self._closed
        if counted is None or closed is None:
            return []
        lacking = [teller for teller, numbers in counted.seals.items() if numbers is None]
        if lacking:
            return [
                fails(
                    "missing-seal",
                    f"The page rests on seals of {self._held.named(lacking)} that are not in here, so that "
                    "nobody can say "
                    "from this file which ballots count.",
                )
            ]
        if counted.worked_out is not None and sheet_hashes(closed.issue, counted.worked_out) == closed.sheets:
            return [
                holds(
                    "sheet",
                    "Which ballots count follows from those seals and from the ballots, member by member, "
                    "as the page "
                    "says.",
                )
            ]
        if counted.worked_out is None:
            return [
                fails(
                    "sheet-unknown",
                    "Which ballots count can't be worked out from this file, for some of them are missing.",
                )
            ]
        if counted.sheet is None:
            return [
                fails(
                    "wrong-sheet",
                    "The page names another list of ballots than the seals and ballots come to, and that list is not "
                    "in here.",
                )
            ]
        return [self._differs(counted.sheet, counted.worked_out, counted.limits)]

    def _differs(self, sheet: Sheet, worked_out: Sheet, limits: Sequence[int]) -> Finding:
        """Whether it can be by members' own doing that a sheet differs: then it stays, and harms nobody else."""
        differing = [
            (member, one, other, limit)
            for member, one, other, limit in zip(self._vote.roll, sheet, worked_out, limits, strict=True)
            if one != other
        ]
        wrong = [differs[0] for differs in differing if not self._is_explained(*differs)]
        if wrong:
            told = f"The page counts another ballot, or none, of {self._held.named(wrong)} than the seals come to."
            return fails("wrong-sheet", told)
        return noted(
            "differing-sheet",
            f"The page counts another ballot, or none, of {self._held.named([d[0] for d in differing])} "
            "than would count "
            "now: since then their feed was forked, they moved to another device, or they cast ballots out "
            "of order. What "
            "the page counts stays.",
        )

    def _is_explained(
        self, member: MemberId, one: ChangeHash | None, other: ChangeHash | None, limit: int
    ) -> bool:
        """Whether a member's own doing after the page can be why another ballot would count now.

        Args:
            member: whose.
            one: what the page counts.
            other: what would count now.
            limit: the highest number that may count.
        """
        counts = None if one is None else self._signed.get(one)
        if one is not None and (counts is None or counts[0] != member or counts[1].number > limit):
            return False
        if self._held.forks(member):
            return True
        would = None if other is None else self._signed[other][1]
        if counts is not None and (would is None or counts[1].number > would.number):
            return True  # It was in time and is theirs; the fold refuses it by now.
        return other is not None and self._is_out_of_order(member, other)

    def _is_out_of_order(self, member: MemberId, name: ChangeHash) -> bool:
        """Whether a ballot may be later than one of the same number or a higher one: honest numbers only rise."""
        this = next((cast for cast in self._cast.get(member, ()) if cast.name == name), None)
        return this is not None and any(
            cast.number >= this.number and (cast.lane != this.lane or cast.seq < this.seq)
            for cast in self._cast[member]
            if cast.name != name
        )

    def reports(self) -> tuple[BallotReport, ...]:
        """Every ballot on this vote, by member and number, and why it counts or does not."""
        made = [
            self._report_signed(entry.hash, entry.lane, entry.seq, entry.member, body)
            for entry, body in self._held.ballots(self._vote.issue)
        ]
        made += [
            self._report(
                read.header.member,
                body,
                envelope.hash,
                envelope.seq,
                *(
                    self._at_a_fork(envelope.hash)
                    if envelope in read.unkept
                    else (
                        "altered",
                        "does not count as it stands here: it was altered, its signature does not hold",
                    )
                ),
            )
            for read, envelope, body in self._held.lost_ballots(self._vote.issue)
        ]
        held = {(report.member, report.hash) for report in made}
        for member, name in (self.counted.lacking if self.counted is not None else {}).items():
            if (member, name) not in held:
                of_seals = len(self.counted.seals) if self.counted is not None else 0
                name_shown = self._held.name(member)
                made.append(
                    BallotReport(
                        member,
                        name_shown,
                        0,
                        "",
                        name or b"",
                        0,
                        "missing",
                        0,
                        of_seals,
                        f"{name_shown}: a ballot that counts is not in here.",
                    )
                )
        return tuple(sorted(made, key=lambda b: (b.member, b.number, b.place, b.hash)))

    def _at_a_fork(self, name: ChangeHash) -> tuple[str, str]:
        sheet = self.counted.sheet if self.counted is not None else None
        if sheet is not None and name in sheet:
            return "counted", "counts: the page named it before its author's feed was forked"
        return (
            "forked",
            "does not count: its author's feed is forked at or below it, and what stands there is void",
        )

    def _report_signed(
        self, name: ChangeHash, lane: LaneId, seq: int, member: MemberId, body: Ballot
    ) -> BallotReport:
        return self._report(member, body, name, seq, *self._fate(name, member, body))

    def _report(
        self, member: MemberId, body: Ballot, name: ChangeHash, seq: int, fate: str, why: str
    ) -> BallotReport:
        seals, of_seals = self.naming(member, body.number)
        words = self._words(body.choice)
        who = self._held.name(member)
        sentence = f"{who}, ballot number {body.number}, “{words}”: {why}."
        return BallotReport(member, who, body.number, words, name, seq, fate, seals, of_seals, sentence)

    def naming(self, member: MemberId, number: int) -> tuple[int, int]:
        """How many seals of those that the page rests on name that ballot or a later one, and of how many."""
        if self.counted is None or member not in self._vote.roll:
            return 0, 0 if self.counted is None else len(self.counted.seals)
        at = self._vote.roll.index(member)
        held = [numbers for numbers in self.counted.seals.values() if numbers is not None]
        return sum(numbers[at] >= number for numbers in held), len(self.counted.seals)

    def _fate(self, name: ChangeHash, member: MemberId, body: Ballot) -> tuple[str, str]:
        """What became of a ballot that stands in a feed, as a code and in words."""
        if member not in self._vote.roll:
            return "not-on-roll", "does not count: not on the roll of this vote"
        verdict = self._held.state.verdict(name)
        is_named = self.counted is not None and self.counted.sheet is not None and name in self.counted.sheet
        if isinstance(verdict, Refused) and not is_named:
            return "refused", f"does not count. {verdict.reason.rstrip('.')}"
        if isinstance(verdict, Waits):
            return "waits", "does not count yet: what it refers to is not in here"
        if self.counted is None:
            return (
                "provisional",
                "held; which ballots came in time is for the page to say that closes the vote",
            )
        seals, of_seals = self.naming(member, body.number)
        needed = self._vote.committee.liars + 1
        named = f"{seals} of {count(of_seals, 'seal')} name it or a later one, and {needed} are needed"
        if is_named:
            return "counted", f"counts: {named}"
        if not self.counted.limits:
            return "unknown", "nobody can say from this file whether it counts, for seals are missing"
        limit = self.counted.limits[self._vote.roll.index(member)]
        if body.number > limit:
            return "late", f"does not count: {named}, so it came late or was withheld"
        best = self._best(member, limit)
        if best is not None and best > body.number:
            return "replaced", f"does not count: a later ballot, number {best}, took its place"
        if self._held.state.agenda.ballots(self._vote.issue, member).get(body.number) != name:
            return (
                "contradicted",
                "does not count: another ballot of the same number, with a lower hash, does",
            )
        if self._is_out_of_order(member, name):
            return (
                "out-of-order",
                "does not count: their ballot of this number or a higher one is before it, or elsewhere",
            )
        return "left-out", f"should count, for {named}, and the page does not count it"

    def _best(self, member: MemberId, limit: int) -> int | None:
        ballots: Mapping[int, ChangeHash] = self._held.state.agenda.ballots(self._vote.issue, member)
        return max((number for number in ballots if number <= limit), default=None)

    def _words(self, choice: Choice) -> str:
        return choice_in_words(self._terms, choice)


def choice_in_words(terms: Open, choice: Choice) -> str:
    """A choice in words; of one that does not fit the vote, that it does not."""
    return (
        show_choice(terms.method, terms.options, choice)
        if is_fitting(terms, choice)
        else "not a choice of this vote"
    )


def silent(roll: Iterable[MemberId], reports: Iterable[BallotReport]) -> list[MemberId]:
    """Members of a roll of whom no ballot is here."""
    spoke = {report.member for report in reports}
    return [member for member in roll if member not in spoke]
