"""What a verification reports: findings in plain sentences, by council, by page and by vote.

A finding has a code as well, which never changes its meaning: scripts and test vectors go by codes, people by
sentences. Strangers' text in sentences has been cleaned.
"""

from enum import StrEnum, unique

import msgspec


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
    """One ballot, and why it counts or does not.

    Attributes:
        member: who cast it.
        name: what they are called.
        number: of the ballot; 0 if it can't be read, or is not here.
        choice: in words; empty if it can't be read, or does not fit the vote.
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


class VoteReport(msgspec.Struct, frozen=True):
    """One vote.

    Attributes:
        issue, proposal: which.
        title: of the proposal.
        status: waiting, running, closed or lapsed.
        outcome: of a closed vote, as the page says it.
        chapters: what was checked, in reading order.
        ballots: by member and number.
        counting: how the count goes, step by step, as recomputed; empty if ballots are missing.
    """

    issue: bytes
    proposal: bytes
    title: str
    status: str
    outcome: str
    chapters: tuple[Chapter, ...]
    ballots: tuple[BallotReport, ...]
    counting: tuple[str, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All of it."""
        return tuple(finding for chapter in self.chapters for finding in chapter.findings)

    @property
    def holds(self) -> bool:
        """Whether nothing about this vote fails."""
        return not any(finding.grade is Grade.FAILS for finding in self.findings)


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
    """

    council: bytes
    name: str
    state_hash: bytes
    is_whole: bool
    entries: int
    chapters: tuple[Chapter, ...]
    pages: tuple[PageReport, ...]
    votes: tuple[VoteReport, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All of it, but the votes."""
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
            for vote in council.votes:
                found += vote.findings
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
