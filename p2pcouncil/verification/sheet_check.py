"""Checking sheets: whether the list of ballots that a page pins follows from the seals that it names."""

from collections.abc import Sequence

from crdt.ids import ChangeHash, MemberId
from p2pcouncil.domain.register.closing import Sheet, sheet_hashes
from p2pcouncil.domain.rejections import Waits
from p2pcouncil.verification.ballots import Ballots
from p2pcouncil.verification.report import Finding, fails, holds, noted


def check_sheet(ballots: Ballots) -> list[Finding]:
    """Whether the sheet that the closing page pins follows from the seals that it names; empty while there is none."""
    counted, closed, one = ballots.counted, ballots.closed, ballots.reading.ballot
    if counted is None or closed is None:
        return []
    lacking = [teller for teller, numbers in counted.seals.items() if numbers is None]
    if lacking:
        return [
            fails(
                "missing-seal",
                f"The page rests on seals of {ballots.held.named(lacking)} that are not in here, so that nobody can "
                f"say from this file which {one}s count.",
            )
        ]
    if counted.worked_out is not None and sheet_hashes(closed.issue, counted.worked_out) == closed.sheets:
        return [
            holds(
                "sheet",
                f"Which {one}s count follows from those seals and from the {one}s, member by member, as the page says.",
            )
        ]
    if counted.worked_out is None:
        return [
            fails(
                "sheet-unknown",
                f"Which {one}s count can't be worked out from this file, for some of them are missing.",
            )
        ]
    if counted.sheet is None:
        return [
            fails(
                "wrong-sheet",
                f"The page names another list of {one}s than the seals and {one}s come to, and that list is not "
                "in here.",
            )
        ]
    return [_differs(ballots, counted.sheet, counted.worked_out, counted.limits)]


def _differs(ballots: Ballots, sheet: Sheet, worked_out: Sheet, limits: Sequence[int]) -> Finding:
    """Whether it can be by members' own doing that a sheet differs: then it stays, and harms nobody else."""
    held, one = ballots.held, ballots.reading.ballot
    differing = [
        (member, counts, would, limit)
        for member, counts, would, limit in zip(ballots.vote.roll, sheet, worked_out, limits, strict=True)
        if counts != would
    ]
    wrong = [differs[0] for differs in differing if not _is_explained(ballots, *differs)]
    if wrong:
        told = f"The page counts another {one}, or none, of {held.named(wrong)} than the seals come to."
        return fails("wrong-sheet", told)
    waits = (
        isinstance(held.state.verdict(counts), Waits) for _, counts, _, _ in differing if counts is not None
    )
    gone = "; or what theirs rests on is not in here" if any(waits) else ""
    return noted(
        "differing-sheet",
        f"The page counts another {one}, or none, of {held.named([d[0] for d in differing])} "
        "than would count now: since then their feed was forked, they moved to another device, or they "
        f"{ballots.reading.cast} {one}s out of order{gone}. What the page counts stays.",
    )


def _is_explained(
    ballots: Ballots, member: MemberId, counts: ChangeHash | None, would: ChangeHash | None, limit: int
) -> bool:
    """Whether a member's own doing after the page can be why another ballot would count now.

    Args:
        ballots: of the vote or round.
        member: whose.
        counts: what the page counts.
        would: what would count now.
        limit: the highest number that may count.
    """
    counted = None if counts is None else ballots.signed.get(counts)
    if counts is not None and (counted is None or counted[0] != member or counted[1].number > limit):
        return False
    if ballots.held.forks(member):
        return True
    other = None if would is None else ballots.signed[would][1]
    if counted is not None and (other is None or counted[1].number > other.number):
        return True  # It was in time and is theirs; the fold refuses it by now.
    return would is not None and ballots.is_out_of_order(member, would)
