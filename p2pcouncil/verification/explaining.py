"""Walking one member's ballots from their signatures to the count, in steps that can be checked by hand.

Of a planning round those are proposals.
"""

from crdt.ids import ChangeHash, MemberId
from crdt.keys import LaneKind, is_certified
from p2pcouncil.domain.register.closing import MEMBERS_PER_SHEET
from p2pcouncil.domain.register.sealing import counted_number
from p2pcouncil.verification.ballots import Ballots
from p2pcouncil.verification.held import Held, count
from p2pcouncil.verification.lanes import LaneRead
from p2pcouncil.verification.readings import Reading, reading_of
from p2pcouncil.verification.report import Finding, fails, holds, noted


def explain_ballots(held: Held, issue: ChangeHash, member: MemberId) -> tuple[Finding, ...]:
    """Walk through all that a member cast in a vote or proposed in a round, and to what of it counts.

    Args:
        held: the council.
        issue: the vote, or the round.
        member: whose ballots.

    Returns:
        Steps in reading order.
    """
    who, reading = held.name(member), reading_of(held, issue)
    one = "ballot" if reading is None else reading.ballot
    cast = sorted(
        (
            (body.number, entry.hash, entry.lane, body)
            for entry, body in held.ballots(issue)
            if entry.member == member
        ),
        key=lambda found: found[:2],
    )
    steps: list[Finding] = []
    for _, name, lane, body in cast:
        words, did = ("?", "cast") if reading is None else (reading.words(body), reading.cast)
        steps += _envelope(held, held.lanes[lane], name, f"{did} {one} number {body.number}: “{words}”")
    for read, envelope, lost in held.lost_ballots(issue):
        if read.header.member == member:
            is_forged = envelope not in read.unkept
            told = "its device did not sign this" if is_forged else "it stands at or above a fork"
            steps.append(
                (fails if is_forged else noted)(
                    "altered-ballot" if is_forged else "forked-ballot",
                    f"{one.capitalize()} number {lost.number} at place {envelope.seq} of {who}'s feed can't count as "
                    f"it stands: {told}.",
                )
            )
    if not steps:
        what = "on this vote" if reading is None or reading.issue == "vote" else f"in this {reading.issue}"
        steps.append(noted("no-ballot", f"No {one} of {who} {what} is in here."))
    return (*steps, *_register(held, issue, member, reading))


def _envelope(held: Held, read: LaneRead, name: ChangeHash, what: str) -> list[Finding]:
    """The ballot as its author's device signed it."""
    header, who = read.header, held.name(read.header.member)
    envelope = next(e for e in (*read.kept, *read.beyond) if e.hash == name)
    before = envelope.prev.hex() if envelope.prev else "nothing"
    assert header.kind is LaneKind.FEED
    certified = is_certified(header.certificate)
    return [
        holds("ballot", f"{who} {what}."),
        holds(
            "place",
            f"It stands at place {envelope.seq} of their feed {read.lane.hex()[:8]}, behind {before}. Its "
            "hash, worked out "
            f"from place, predecessor and content, is {name.hex()}.",
        ),
        holds(
            "signature",
            f"Their device {header.device.hex()[:8]} signed that hash: {envelope.signature.hex()[:16]}… holds.",
        ),
        (holds if certified else fails)(
            "device",
            f"{who}'s member key {header.member.hex()[:8]} certified that device: the signature of the "
            "certificate holds.",
        ),
    ]


def _register(held: Held, issue: ChangeHash, member: MemberId, reading: Reading | None) -> list[Finding]:
    """What tellers said of it, and what the page made of that."""
    who = held.name(member)
    entering = held.state.register.entering(issue)
    if entering is None or reading is None:
        return [
            noted("no-page", "No page that stands has entered this vote, so nobody receipts or counts yet.")
        ]
    vote = entering.vote
    if member not in vote.roll:
        return [noted("not-on-roll", f"{who} is not on the roll of this {reading.issue}.")]
    steps = [_receipts(held, issue, member, reading)]
    if entering.closed is None:
        told = f"No page has closed the {reading.issue}, so what counts is not settled."
        return [*steps, noted("not-closed", told)]
    ballots = Ballots(held, vote, reading, entering.closed)
    counted = ballots.counted
    assert counted is not None, "it is closed"
    one = reading.ballot
    at = vote.roll.index(member)
    numbers = []
    for teller, seal in counted.seals.items():
        numbers.append(f"{held.name(teller)} {'(missing)' if seal is None else seal[at]}")
    steps.append(
        holds(
            "seals",
            f"The seals that page {entering.page} rests on name these numbers for {who}: {', '.join(numbers)}.",
        )
    )
    if not counted.limits:
        return [*steps, fails("missing-seal", "A seal is missing, so what counts can't be worked out.")]
    liars, limit = vote.committee.liars, counted.limits[at]
    named = [seal[at] for seal in counted.seals.values() if seal is not None]
    assert counted_number(named, liars) == limit
    in_order = ", ".join(str(n) for n in sorted(named, reverse=True))
    steps.append(
        holds(
            "limit",
            f"Up to {liars} of {count(len(vote.committee.tellers), 'teller')} may lie, so the number that "
            "counts is the one "
            f"at place {liars + 1} of {in_order}: {limit}. Of {who}'s {one}s the highest one up to {limit} counts.",
        )
    )
    if counted.sheet is None:
        return [*steps, fails("sheet", f"The page's list of {one}s is not in here and can't be worked out.")]
    name = counted.sheet[at]
    if name is None:
        return [*steps, noted("sheet", f"So the page counts no {one} of {who}.")]
    steps.append(
        holds(
            "sheet",
            f"The page's list of {one}s names {name.hex()} for {who}, at place {at + 1} of the roll; the "
            "hash of the list "
            f"stands on the page ({entering.closed.sheets[at // MEMBERS_PER_SHEET].hex()[:8]}…).",
        )
    )
    found = ballots.signed.get(name)
    if member in counted.lacking or found is None:
        return [*steps, fails("missing-ballot", f"That {one} is not in here.")]
    return [*steps, holds("counted", f"It is counted as “{reading.words(found[1])}”.")]


def _receipts(held: Held, issue: ChangeHash, member: MemberId, reading: Reading) -> Finding:
    one = reading.ballot
    received: dict[bytes, int] = {}
    for receipt in held.state.register.minutes.receipts(issue):
        for item in receipt.ballots:
            if item.member == member:
                received[receipt.member] = max(item.number, received.get(receipt.member, 0))
    if not received:
        return noted("receipts", f"No receipt of a teller for a {one} of {held.name(member)} is in here.")
    told = ", ".join(f"{held.name(teller)} (number {number})" for teller, number in sorted(received.items()))
    return holds(
        "receipts", f"These tellers receipted it while the {reading.issue} was open by their clocks: {told}."
    )
