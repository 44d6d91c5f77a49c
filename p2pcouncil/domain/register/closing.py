"""Closing: from seals and ballots to the sheet that a page pins, and what a teller thinks of such a claim.

A sheet says of each member of a vote's roll which of their ballots counts. It follows from the seals that a page names
and from the ballots: up to the number that the seals come to, whose ballot, or a later one, an honest teller holds. A
member's ballots stand in one feed in the order of their numbers, so whoever holds that one holds all before it, and
comes to the same sheet. It is pinned all the same, and travels beside the page: two ballots of one number in a feed
that is forked after the vote would otherwise change a result that stands.

A feed that is forked breaks that off: what stands above the fork is dropped, and nobody may ever hold the ballot that
seals speak of. Then what is held below the fork counts, or nothing. So whoever forks their feed harms their own ballot,
and holds up nobody's vote.
"""

from collections.abc import Callable, Mapping, Sequence

from crdt.ids import ChangeHash, MemberId, domain_hash
from p2pcouncil.domain.canonical import encode_canonical
from p2pcouncil.domain.register.chain import OpenVote
from p2pcouncil.domain.register.pages import Closed, Result
from p2pcouncil.domain.register.sealing import ballot_that_counts, counted_numbers
from p2pcouncil.domain.register.shot import Look

SHEET_DOMAIN = "p2pcouncil/sheet/1"
MEMBERS_PER_SHEET = 1_024

Sheet = tuple[ChangeHash | None, ...]
"""Per member of a vote's roll, ascending, the ballot that counts; None for none."""
Ballots = Callable[[MemberId], Mapping[int, ChangeHash]]
"""A member's ballots on one vote, by number."""
IsForked = Callable[[MemberId], bool]
"""Whether a feed of a member is known to be forked."""


def nobody_forks(member: MemberId) -> bool:
    """No feed is known to be forked."""
    return False


def sheet_of(
    vote: OpenVote, seals: Sequence[Sequence[int]], ballots: Ballots, is_forked: IsForked = nobody_forks
) -> Sheet | None:
    """Which ballots count, given the seals that a page names.

    Args:
        vote: which.
        seals: the numbers of each (`sealing.unpack_numbers`).
        ballots: what is held of each member's.
        is_forked: of whom no later ballot may ever come; what is held of theirs has to do.

    Returns:
        None if too little is held to say: of some member no ballot is here that is as late as the seals say.
    """
    picked: list[ChangeHash | None] = []
    for member, limit in zip(vote.roll, counted_numbers(seals, vote.committee.liars), strict=True):
        held = ballots(member) if limit else {}
        if limit > max(held, default=0) and not is_forked(member):
            return None
        picked.append(ballot_that_counts(held, limit))
    return tuple(picked)


def sheet_hashes(issue: bytes, sheet: Sheet) -> tuple[bytes, ...]:
    """The names of a sheet's parts, 32 bytes each, as a page pins them."""
    return tuple(
        sheet_part_hash(issue, start // MEMBERS_PER_SHEET, sheet[start : start + MEMBERS_PER_SHEET])
        for start in range(0, len(sheet), MEMBERS_PER_SHEET)
    )


def sheet_part_hash(issue: bytes, part: int, ballots: Sheet) -> bytes:
    """The name of one part of a sheet, 32 bytes."""
    named = encode_canonical(*(name or b"" for name in ballots))
    return domain_hash(SHEET_DOMAIN, issue, part.to_bytes(4, "big"), named)


def close(
    vote: OpenVote,
    seals: Mapping[MemberId, tuple[bytes, Sequence[int]]],
    ballots: Ballots,
    result_of: Callable[[Sheet], Result | None],
    is_forked: IsForked = nobody_forks,
) -> tuple[Closed, Sheet] | None:
    """What a proposer writes on a page to close a vote.

    Args:
        vote: whose time is over.
        seals: per teller, the message of their seal and its numbers; at least a quorum.
        ballots: what is held of each member's.
        result_of: counts the ballots of a sheet; None if too little is held.
        is_forked: of whom no later ballot may ever come.

    Returns:
        The part of the page, and the sheet that it pins; None while a ballot that the seals speak of is missing, or
        what the result rests on.
    """
    tellers = sorted(seals)
    sheet = sheet_of(vote, [seals[teller][1] for teller in tellers], ballots, is_forked)
    if sheet is None:
        return None
    result = result_of(sheet)
    if result is None:
        return None
    named = tuple(seals[teller][0] for teller in tellers)
    return Closed(vote.issue, tuple(tellers), named, sheet_hashes(vote.issue, sheet), result), sheet


def look_at_closing(
    vote: OpenVote,
    closed: Closed,
    seal: Callable[[bytes, MemberId, bytes], Sequence[int] | None],
    ballots: Ballots,
    result_of: Callable[[Sheet], Result | None],
    is_forked: IsForked = nobody_forks,
) -> Look:
    """What a teller thinks of a vote that a new page would close.

    While a fork spreads, two honest tellers hold different ballots of whoever made it. So a sheet that differs is no
    lie yet if any such member is on the roll: the teller waits, and looks again when it holds more.

    Args:
        vote: which.
        closed: what the page says.
        seal: the numbers of a seal, by vote, teller and name; None if it is not held.
        ballots: what is held of each member's.
        result_of: counts the ballots of a sheet; None if too little is held.
        is_forked: of whom no later ballot may ever come.
    """
    seals = [
        seal(vote.issue, MemberId(teller), name)
        for teller, name in zip(closed.tellers, closed.seals, strict=True)
    ]
    held = [numbers for numbers in seals if numbers is not None]
    if len(held) < len(seals):
        return Look.UNKNOWN
    sheet = sheet_of(vote, held, ballots, is_forked)
    if sheet is None:
        return Look.UNKNOWN
    if sheet_hashes(vote.issue, sheet) != closed.sheets:
        return Look.UNKNOWN if any(map(is_forked, vote.roll)) else Look.BAD
    result = result_of(sheet)
    if result is None:
        return Look.UNKNOWN
    if result == closed.result:
        return Look.GOOD
    # What a round comes to rests on earlier rounds' proposals too, and a fork may have taken one from somebody already.
    return Look.UNKNOWN if vote.round and any(map(is_forked, vote.roll)) else Look.BAD
