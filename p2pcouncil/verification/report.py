"""What a verification reports: findings in plain sentences, by council, by page, by vote and by planning round.

A finding has a code as well, which never changes its meaning: scripts and test vectors go by codes, people by
sentences. Strangers' text in sentences has been cleaned.
"""

from enum import StrEnum, unique

import msgspec

from p2pcouncil.domain.planning.terms import Figures


@unique
class Grade(StrEnum):
    """What a finding means for whoever relies on the result."""

    HOLDS = "holds"
    NOTED = "noted"
    """Something to know, or something that is unfinished."""
    BREACH = "breach"
    """Somebody did what nobody honest does. The rules deal with it, and all holds."""
    FAILS = "fails"


class Finding(msgspec.Struct, frozen=True):
    """One thing that was checked.

    Attributes:
        grade: whether it holds.
        code: what kind of finding it is.
        sentence: the same in words.
    """

    grade: Grade
    code: str
    sentence: str


class Chapter(msgspec.Struct, frozen=True):
    """Findings on one subject, in reading order."""

    title: str
    findings: tuple[Finding, ...]


class BallotReport(msgspec.Struct, frozen=True):
    """One ballot, or one proposal in a planning round, and why it counts or does not.

    Attributes:
        member: who cast it.
        name: what they are called.
        number: of the ballot; 0 if it can't be read, or is not here.
        choice: what it says, in words; empty if it is not here.
        hash: its name; of one that is not here, the name that others give it.
        place: where it stands in its feed; 0 if that is not known.
        fate: what became of it, as a code.
        seals: how many of the seals that the page rests on name it or a later one.
        of_seals: how many seals the page rests on; 0 while no page closed the vote.
        sentence: the same in words.
    """

    member: bytes
    name: str
    number: int
    choice: str
    hash: bytes
    place: int
    fate: str
    seals: int
    of_seals: int
    sentence: str


class PageReport(msgspec.Struct, frozen=True):
    """One page that stands.

    Attributes:
        number: of the page.
        hash: its name.
        time_ms: page time.
        signers: who signed it, as far as the bundle holds.
        quorum: how many had to, of `tellers`.
        findings: about it.
    """

    number: int
    hash: bytes
    time_ms: int
    signers: tuple[str, ...]
    quorum: int
    tellers: int
    findings: tuple[Finding, ...]


class Checked(msgspec.Struct, frozen=True):
    """What was checked of a vote or a round.

    Attributes:
        chapters: in reading order.
    """

    chapters: tuple[Chapter, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All of it."""
        return tuple(finding for chapter in self.chapters for finding in chapter.findings)

    @property
    def holds(self) -> bool:
        """Whether nothing about it fails."""
        return not any(finding.grade is Grade.FAILS for finding in self.findings)


class VoteReport(Checked, frozen=True):
    """One vote.

    Attributes:
        issue, proposal: which.
        title: of the proposal.
        status: waiting, running, closed or lapsed.
        outcome: of a closed vote, as the page says it.
        ballots: by member and number.
        counting: how the count goes, step by step, as recomputed; empty if ballots are missing.
    """

    issue: bytes
    proposal: bytes
    title: str
    status: str
    outcome: str
    ballots: tuple[BallotReport, ...]
    counting: tuple[str, ...]


class GoodReport(msgspec.Struct, frozen=True):
    """What a planning round came to for one good.

    Attributes:
        name, unit: of the good.
        page: what the page says.
        again: what the proposals come to; None if that can't be said from this bundle.
    """

    name: str
    unit: str
    page: Figures
    again: Figures | None


class RoundReport(Checked, frozen=True):
    """One planning round.

    Attributes:
        round, plan: its name, and the opening of the vote that began the period.
        number: of the round, from 1.
        title: of the plan.
        status: running, closed or lapsed.
        outcome: of a closed round, as the page says it.
        ballots: the proposals, by member and number.
        goods: what the page says for each good of the plan, and what the proposals come to; empty until it is closed.
        counting: how they are added up, step by step, as recomputed; empty if proposals are missing.
    """

    round: bytes
    plan: bytes
    number: int
    title: str
    status: str
    outcome: str
    ballots: tuple[BallotReport, ...]
    goods: tuple[GoodReport, ...]
    counting: tuple[str, ...]


class CouncilReport(msgspec.Struct, frozen=True):
    """One council.

    Attributes:
        council: its id.
        name: what it is called.
        state_hash: as recomputed. Peers that hold the same show the same, if `is_whole`.
        is_whole: whether nothing in its feeds is damaged or left out.
        entries: envelopes whose signatures hold.
        chapters: what was checked of it as a whole.
        pages: the pages that stand.
        votes: every vote that was asked for.
        rounds: every planning round that a page began, by plan and number.
    """

    council: bytes
    name: str
    state_hash: bytes
    is_whole: bool
    entries: int
    chapters: tuple[Chapter, ...]
    pages: tuple[PageReport, ...]
    votes: tuple[VoteReport, ...]
    rounds: tuple[RoundReport, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All of it, but the votes and the rounds."""
        of_pages = (finding for page in self.pages for finding in page.findings)
        return (*(finding for chapter in self.chapters for finding in chapter.findings), *of_pages)


class Report(msgspec.Struct, frozen=True):
    """What a verification found.

    Attributes:
        findings: about the file as a whole.
        councils: by name and id.
    """

    findings: tuple[Finding, ...]
    councils: tuple[CouncilReport, ...]

    @property
    def all_findings(self) -> tuple[Finding, ...]:
        """Everything that was found, in reading order."""
        found = list(self.findings)
        for council in self.councils:
            found += council.findings
            for checked in (*council.votes, *council.rounds):
                found += checked.findings
        return tuple(found)

    @property
    def failures(self) -> tuple[Finding, ...]:
        """What does not hold."""
        return tuple(finding for finding in self.all_findings if finding.grade is Grade.FAILS)

    @property
    def holds(self) -> bool:
        """Whether everything does."""
        return not self.failures


def holds(code: str, sentence: str) -> Finding:
    """Something that holds."""
    return Finding(Grade.HOLDS, code, sentence)


def noted(code: str, sentence: str) -> Finding:
    """Something to know; all holds."""
    return Finding(Grade.NOTED, code, sentence)


def breach(code: str, sentence: str) -> Finding:
    """What nobody honest does; all holds."""
    return Finding(Grade.BREACH, code, sentence)


def fails(code: str, sentence: str) -> Finding:
    """Something that does not hold."""
    return Finding(Grade.FAILS, code, sentence)
