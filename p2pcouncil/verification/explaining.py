"""Walking one member's ballot from its signature to the count, in steps that can be checked by hand."""

from crdt.ids import ChangeHash, MemberId
from crdt.keys import LaneKind, is_certified
from p2pcouncil.domain.entries import Ballot, Open
from p2pcouncil.domain.register.closing import MEMBERS_PER_SHEET
from p2pcouncil.domain.register.sealing import counted_number
from p2pcouncil.verification.ballots_check import BallotsCheck, choice_in_words
from p2pcouncil.verification.held import Held, count
from p2pcouncil.verification.lanes import LaneRead
from p2pcouncil.verification.report import Finding, fails, holds, noted


def explain_ballots(held: Held, issue: ChangeHash, member: MemberId) -> tuple[Finding, ...]:
    """Walk through all that a member cast in a vote, and to what of it counts.

    Args:
        held: the council.
        issue: the vote.
        member: whose ballots.

    Returns:
        Steps in reading order.
    """
    who = held.name(member)
    cast = sorted(
        (body.number, entry.hash, entry.lane) for entry, body in held.ballots(issue) if entry.member == member
    )
    steps: list[Finding] = []
    for number, name, lane in cast:
        steps += _envelope(held, held.lanes[lane], name, number, issue)
    for read, envelope, body in held.lost_ballots(issue):
        if read.header.member == member:
            is_forged = envelope not in read.unkept
            told = "its device did not sign this" if is_forged else "it stands at or above a fork"
            steps.append(
                (fails if is_forged else noted)(
                    "altered-ballot" if is_forged else "forked-ballot",
                    f"Ballot number {body.number} at place {envelope.seq} of {who}'s feed can't count as it "
                    f"stands: {told}.",
                )
            )
    if not steps:
        steps.append(noted("no-ballot", f"No ballot of {who} on this vote is in here."))
    return (*steps, *_register(held, issue, member))


def _envelope(held: Held, read: LaneRead, name: ChangeHash, number: int, issue: ChangeHash) -> list[Finding]:
    """The ballot as its author's device signed it."""
    header, who = read.header, held.name(read.header.member)
    envelope = next(e for e in (*read.kept, *read.beyond) if e.hash == name)
    body, terms = held.body(name), held.body(issue)
    assert isinstance(body, Ballot)
    words = choice_in_words(terms, body.choice) if isinstance(terms, Open) else "?"
    before = envelope.prev.hex() if envelope.prev else "nothing"
    assert header.kind is LaneKind.FEED
    certified = is_certified(header.certificate)
    return [
        holds("ballot", f"{who} cast ballot number {number}: “{words}”."),
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


def _register(held: Held, issue: ChangeHash, member: MemberId) -> list[Finding]:
    """What tellers said of it, and what the page made of that."""
    who = held.name(member)
    entering = held.state.register.entering(issue)
    terms = held.body(issue)
    if entering is None or not isinstance(terms, Open):
        return [
            noted("no-page", "No page that stands has entered this vote, so nobody receipts or counts yet.")
        ]
    vote = entering.vote
    if member not in vote.roll:
        return [noted("not-on-roll", f"{who} is not on the roll of this vote.")]
    steps = [_receipts(held, issue, member)]
    if entering.closed is None:
        return [*steps, noted("not-closed", "No page has closed the vote, so what counts is not settled.")]
    check = BallotsCheck(held, vote, terms, entering.closed)
    counted = check.counted
    assert counted is not None, "the vote is closed"
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
            f"at place {liars + 1} of {in_order}: {limit}. Of {who}'s ballots the highest one up to {limit} counts.",
        )
    )
    if counted.sheet is None:
        return [*steps, fails("sheet", "The page's list of ballots is not in here and can't be worked out.")]
    name = counted.sheet[at]
    if name is None:
        return [*steps, noted("sheet", f"So the page counts no ballot of {who}.")]
    steps.append(
        holds(
            "sheet",
            f"The page's list of ballots names {name.hex()} for {who}, at place {at + 1} of the roll; the "
            "hash of the list "
            f"stands on the page ({entering.closed.sheets[at // MEMBERS_PER_SHEET].hex()[:8]}…).",
        )
    )
    if member in counted.lacking:
        return [*steps, fails("missing-ballot", "That ballot is not in here.")]
    found = next((report for report in check.reports() if report.hash == name), None)
    words = found.choice if found is not None else "?"
    return [*steps, holds("counted", f"It is counted as “{words}”.")]


def _receipts(held: Held, issue: ChangeHash, member: MemberId) -> Finding:
    received: dict[bytes, int] = {}
    for receipt in held.state.register.minutes.receipts(issue):
        for item in receipt.ballots:
            if item.member == member:
                received[receipt.member] = max(item.number, received.get(receipt.member, 0))
    if not received:
        return noted("receipts", f"No receipt of a teller for a ballot of {held.name(member)} is in here.")
    told = ", ".join(f"{held.name(teller)} (number {number})" for teller, number in sorted(received.items()))
    return holds("receipts", f"These tellers receipted it while the vote was open by their clocks: {told}.")
