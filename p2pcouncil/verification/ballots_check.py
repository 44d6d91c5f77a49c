"""Checking ballots: of each one, whether it counts and why, from the seals that a page names and nothing else."""

from collections.abc import Iterable
from typing import NamedTuple

from crdt.ids import ChangeHash, MemberId
from p2pcouncil.domain.rejections import Refused, Waits
from p2pcouncil.verification.ballots import Ballots
from p2pcouncil.verification.held import AnyBallot, Held, count
from p2pcouncil.verification.report import BallotReport, Finding, fails

ALTERED = ("altered", "does not count as it stands here: it was altered, its signature does not hold")
Fate = tuple[str, str]
"""What became of a ballot: a code, and why in words."""


def check_ballots(ballots: Ballots) -> list[Finding]:
    """What is wrong with the ballots of a vote or round: they are damaged or missing."""
    held, one = ballots.held, ballots.reading.ballot
    found: list[Finding] = []
    for read, envelope, body in held.lost_ballots(ballots.vote.issue):
        if envelope not in read.unkept:
            found.append(
                fails(
                    "altered-ballot",
                    f"The {one} of {held.name(read.header.member)} at place {envelope.seq} of their feed "
                    f"was altered: it says “{ballots.reading.words(body)}” under number {body.number}, and its "
                    "signature does not hold for that. It counts for nothing as it stands here.",
                )
            )
    for member, name in sorted(ballots.counted.lacking.items()) if ballots.counted is not None else ():
        known = f" ({name.hex()[:8]})" if name is not None else ""
        said = "the page names" if name is not None else "the seals speak of"
        found.append(
            fails(
                "missing-ballot",
                f"A {one} of {held.name(member)}{known} that {said} is not in here{why_missing(held, member)}.",
            )
        )
    return found


def why_missing(held: Held, member: MemberId) -> str:
    """Why something of a member may be missing, in words to go on with."""
    if held.forks(member):
        return "; their feed is forked, so it may be gone everywhere, and then nobody can count this again"
    places = [
        f"place {gap.first}" if gap.first == gap.last else f"places {gap.first} to {gap.last}"
        for read in held.lanes.values()
        for gap in read.gaps
        if read.header.member == member
    ]
    return f"; their feed lacks {' and '.join(places)}" if places else ""


def report_ballots(ballots: Ballots) -> tuple[BallotReport, ...]:
    """Every ballot on a vote or in a round, by member and number, and why it counts or does not."""
    issue, counted = ballots.vote.issue, ballots.counted
    made = [
        _report(ballots, _Found(entry.hash, entry.seq, entry.member, body), _fate(ballots, entry.hash))
        for entry, body in ballots.held.ballots(issue)
    ]
    made += [
        _report(
            ballots,
            _Found(envelope.hash, envelope.seq, read.header.member, body),
            _at_a_fork(ballots, envelope.hash) if envelope in read.unkept else ALTERED,
        )
        for read, envelope, body in ballots.held.lost_ballots(issue)
    ]
    told = {(report.member, report.hash) for report in made}
    if counted is not None:
        made += [
            _missing(ballots, member, name, len(counted.seals))
            for member, name in counted.lacking.items()
            if (member, name) not in told
        ]
    return tuple(sorted(made, key=lambda b: (b.member, b.number, b.place, b.hash)))


def silent(members: Iterable[MemberId], reports: Iterable[BallotReport]) -> list[MemberId]:
    """Members of whom no ballot is here."""
    spoke = {report.member for report in reports}
    return [member for member in members if member not in spoke]


class _Found(NamedTuple):
    """A ballot, and where it stands."""

    name: ChangeHash
    seq: int
    member: MemberId
    body: AnyBallot


def _report(ballots: Ballots, found: _Found, fate: Fate) -> BallotReport:
    name, seq, member, body = found
    code, why = fate
    seals, of_seals = ballots.naming(member, body.number)
    words, who = ballots.reading.words(body), ballots.held.name(member)
    sentence = f"{who}, {ballots.reading.ballot} number {body.number}, “{words}”: {why}."
    return BallotReport(member, who, body.number, words, name, seq, code, seals, of_seals, sentence)


def _missing(ballots: Ballots, member: MemberId, name: ChangeHash | None, of_seals: int) -> BallotReport:
    who = ballots.held.name(member)
    sentence = f"{who}: a {ballots.reading.ballot} that counts is not in here."
    return BallotReport(member, who, 0, "", name or b"", 0, "missing", 0, of_seals, sentence)


def _at_a_fork(ballots: Ballots, name: ChangeHash) -> Fate:
    sheet = ballots.counted.sheet if ballots.counted is not None else None
    if sheet is not None and name in sheet:
        return "counted", "counts: the page named it before its author's feed was forked"
    return (
        "forked",
        "does not count: its author's feed is forked at or below it, and what stands there is void",
    )


def _fate(ballots: Ballots, name: ChangeHash) -> Fate:
    """What became of a ballot that stands in a feed."""
    (member, body), counted = ballots.signed[name], ballots.counted
    reading = ballots.reading
    if member not in ballots.vote.roll:
        return "not-on-roll", f"does not count: not on the roll of this {reading.issue}"
    verdict = ballots.held.state.verdict(name)
    is_named = counted is not None and counted.sheet is not None and name in counted.sheet
    if isinstance(verdict, Refused) and not is_named:
        return "refused", f"does not count. {verdict.reason.rstrip('.')}"
    if isinstance(verdict, Waits) and not is_named:
        return "waits", "does not count yet: what it refers to is not in here"
    if counted is None:
        return (
            "provisional",
            f"held; which {reading.ballot}s came in time is for the page to say that closes the {reading.issue}",
        )
    seals, of_seals = ballots.naming(member, body.number)
    needed = ballots.vote.committee.liars + 1
    named = f"{seals} of {count(of_seals, 'seal')} name it or a later one, and {needed} are needed"
    if is_named:
        return "counted", f"counts: {named}"
    if not counted.limits:
        return "unknown", "nobody can say from this file whether it counts, for seals are missing"
    limit = counted.limits[ballots.vote.roll.index(member)]
    if body.number > limit:
        return "late", f"does not count: {named}, so it came late or was withheld"
    return _why_not_named(ballots, name, limit, named)


def _why_not_named(ballots: Ballots, name: ChangeHash, limit: int, named: str) -> Fate:
    """What became of a ballot that was in time and that the page does not count."""
    (member, body), one = ballots.signed[name], ballots.reading.ballot
    standing = ballots.standing(member)
    best = max((number for number in standing if number <= limit), default=None)
    if best is not None and best > body.number:
        return "replaced", f"does not count: a later {one}, number {best}, took its place"
    if standing.get(body.number) != name:
        return (
            "contradicted",
            f"does not count: another {one} of the same number, with a lower hash, does",
        )
    if ballots.is_out_of_order(member, name):
        return (
            "out-of-order",
            f"does not count: their {one} of this number or a higher one is before it, or elsewhere",
        )
    return "left-out", f"should count, for {named}, and the page does not count it"
