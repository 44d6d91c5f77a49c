"""Sealing: which ballots came in time, though no two laptops' clocks agree and some tellers lie.

Each teller of a vote's committee seals, per member of the roll, the highest number of a ballot that it received in
time by its own clock, or that more tellers vouch for than may lie. A page closes the vote by naming a quorum of
seals. Of each member the (f + 1)-th highest number of those counts: f liars can't push it above what an honest
teller saw, and the honest ones whose receipts spread can't be pushed below it.

Source: DESIGN section 6.
"""

from collections.abc import Iterable, Mapping, Sequence

from crdt.errors import RemoteError
from crdt.ids import ChangeHash, MemberId
from crdt.leb128 import Reader, encode_unsigned
from p2pcouncil.domain.register.sayings import Receipt

MAX_BALLOT_NUMBER = 1_000_000
"""As `entries.Ballot.number` has it."""


def pack_numbers(numbers: Iterable[int]) -> bytes:
    """Pack the numbers of a seal: each as LEB128 in the shortest form, one after the other.

    Args:
        numbers: one per member of the vote's roll, in ascending order of members; 0 for no ballot.
    """
    return b"".join(map(encode_unsigned, numbers))


def unpack_numbers(packed: bytes, roll_size: int) -> tuple[int, ...]:
    """Read the numbers of a seal.

    Args:
        packed: from `Seal.numbers`.
        roll_size: members on the vote's roll.

    Raises:
        RemoteError: another number of numbers, one that no ballot can have, or another spelling.
    """
    reader = Reader(packed)
    numbers = []
    for _ in range(roll_size):
        number = reader.unsigned()
        if number > MAX_BALLOT_NUMBER:
            raise RemoteError("A seal names a ballot of a number that none can have.")
        numbers.append(number)
    if not reader.is_at_end or pack_numbers(numbers) != packed:
        raise RemoteError(
            "A seal is longer than its vote's roll, or spelled in another way than the one that counts."
        )
    return tuple(numbers)


def receipted(receipts: Iterable[Receipt], liars: int) -> dict[MemberId, int]:
    """What receipts prove: per member, the highest number that more tellers received in time than may lie.

    Args:
        receipts: for one vote, by tellers of its committee, any number of each.
        liars: how many of that committee may lie.

    Returns:
        Members of whom that is at least 1.
    """
    highest: dict[MemberId, dict[MemberId, int]] = {}
    for receipt in receipts:
        teller = MemberId(receipt.member)
        for received in receipt.ballots:
            by_teller = highest.setdefault(MemberId(received.member), {})
            by_teller[teller] = max(received.number, by_teller.get(teller, 0))
    proven = {member: counted_number(by_teller.values(), liars) for member, by_teller in highest.items()}
    return {member: number for member, number in proven.items() if number}


def numbers_to_seal(
    roll: Sequence[MemberId], own: Mapping[MemberId, int], receipts: Iterable[Receipt], liars: int
) -> tuple[int, ...]:
    """What an honest teller seals.

    Args:
        roll: of the vote, ascending.
        own: per member, the highest number that this teller received before the vote's end by its own clock.
        receipts: of the vote's committee, as far as they are held.
        liars: how many of that committee may lie.

    Returns:
        A number per member of the roll; 0 for no ballot.
    """
    proven = receipted(receipts, liars)
    return tuple(max(own.get(member, 0), proven.get(member, 0)) for member in roll)


def counted_number(named: Iterable[int], liars: int) -> int:
    """Of the numbers that seals name for a member, the one that counts: the (liars + 1)-th highest.

    Args:
        named: a number per seal; 0 for no ballot.
        liars: how many tellers of the committee may lie.

    Returns:
        0 if too few of them name a ballot.
    """
    ordered = sorted(named, reverse=True)
    return ordered[liars] if len(ordered) > liars else 0


def counted_numbers(seals: Sequence[Sequence[int]], liars: int) -> tuple[int, ...]:
    """Per member of the roll, the highest number that may count.

    Args:
        seals: the numbers of each seal that a page names, all of the length of the roll.
        liars: how many tellers of the committee may lie.
    """
    return tuple(counted_number(named, liars) for named in zip(*seals, strict=True))


def ballot_that_counts(ballots: Mapping[int, ChangeHash], limit: int) -> ChangeHash | None:
    """A member's ballot that counts: the highest number up to the limit.

    A member need not have cast a ballot of just that number: a liar may name 5 where the member cast 4 and 7, and
    honest tellers saw the latter. Then 4 counts, which the member replaced in time; so it hurts them in the one case
    that a liar tips anyway, a ballot that reached only some honest tellers.

    Args:
        ballots: the member's ballots by number.
        limit: from `counted_number`.
    """
    best = max((number for number in ballots if number <= limit), default=0)
    return ballots[best] if best else None
