"""Seals: what tellers name, what counts of it, and what a page pins."""

from collections.abc import Callable, Mapping

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdt.errors import RemoteError
from crdt.ids import ChangeHash, CouncilId, DeviceId, MemberId
from p2pcouncil.domain.register.chain import OpenVote
from p2pcouncil.domain.register.closing import (
    MEMBERS_PER_SHEET,
    Ballots,
    Sheet,
    close,
    look_at_closing,
    sheet_hashes,
    sheet_of,
)
from p2pcouncil.domain.register.committees import Committee, Teller
from p2pcouncil.domain.register.pages import Closed, Result
from p2pcouncil.domain.register.sayings import Receipt, Received
from p2pcouncil.domain.register.sealing import (
    counted_number,
    numbers_to_seal,
    pack_numbers,
    unpack_numbers,
)
from p2pcouncil.domain.register.shot import Look

COUNCIL = CouncilId(bytes(32))
ADA, BEN, CAT, DAN = (MemberId(bytes([number]) * 32) for number in range(1, 5))
ROLL = (ADA, BEN, CAT, DAN)
ISSUE = b"i" * 32
VOTE = OpenVote(
    ISSUE,
    b"p" * 32,
    1,
    60,
    0,
    ROLL,
    Committee(tuple(Teller(member, DeviceId(member), b"") for member in ROLL)),
)


def ballot(number: int) -> ChangeHash:
    return ChangeHash(bytes([number]) * 32)


@given(st.lists(st.integers(0, 1_000_000), max_size=50))
def test_packed_numbers_come_back(numbers: list[int]) -> None:
    assert unpack_numbers(pack_numbers(numbers), len(numbers)) == tuple(numbers)


@pytest.mark.parametrize(
    "packed", [b"", b"\x01", b"\x01\x02\x03", b"\x81\x00\x01", b"\xff\xff\xff\xff\x7f\x01", b"\x01\x80"]
)
def test_a_seal_of_another_length_or_spelling_is_refused(packed: bytes) -> None:
    with pytest.raises(RemoteError):
        unpack_numbers(packed, 2)


def test_of_four_seals_the_second_highest_number_counts() -> None:
    assert counted_number([9, 2, 2, 1], 1) == 2, "one liar can't push it up"
    assert counted_number([0, 2, 2, 2], 1) == 2, "nor down"
    assert counted_number([9, 0, 0], 1) == 0
    assert counted_number([3], 1) == 0


def test_a_teller_that_slept_seals_what_the_others_receipted() -> None:
    receipts = [
        Receipt(COUNCIL, teller, ISSUE, (Received(DAN, number),)) for teller, number in ((ADA, 2), (BEN, 3))
    ]
    assert numbers_to_seal(ROLL, {}, receipts, 1) == (0, 0, 0, 2), "two tellers have number 2 or a later one"
    assert numbers_to_seal(ROLL, {DAN: 5}, receipts, 1) == (0, 0, 0, 5)
    assert numbers_to_seal(ROLL, {}, receipts[:1], 1) == (0, 0, 0, 0), "one teller may lie"


def test_a_teller_who_receipts_again_and_again_is_one_teller() -> None:
    receipts = [Receipt(COUNCIL, ADA, ISSUE, (Received(DAN, number),)) for number in (2, 3, 4)]
    assert numbers_to_seal(ROLL, {}, receipts, 1) == (0, 0, 0, 0)


SEALS = [(2, 0, 0, 1), (2, 1, 0, 1), (1, 1, 0, 9)]
HELD = {ADA: {1: ballot(1), 2: ballot(2)}, BEN: {1: ballot(3)}, DAN: {1: ballot(4), 3: ballot(5)}}


def test_a_sheet_names_the_ballots_that_count() -> None:
    assert sheet_of(VOTE, SEALS, lambda member: HELD.get(member, {})) == (
        ballot(2),
        ballot(3),
        None,
        ballot(4),
    )


def test_nobody_makes_a_sheet_without_the_ballots_that_seals_speak_of() -> None:
    held = {**HELD, ADA: {1: ballot(1)}}
    assert sheet_of(VOTE, SEALS, lambda member: held.get(member, {})) is None


def test_a_number_that_was_never_cast_counts_as_the_one_before_it() -> None:
    seals = [(0, 0, 0, 2), (0, 0, 0, 3), (0, 0, 0, 0)]
    assert sheet_of(VOTE, seals, lambda member: HELD.get(member, {})) == (None, None, None, ballot(4))


def test_each_place_on_a_sheet_is_pinned() -> None:
    sheet = tuple(ballot(number % 250) for number in range(MEMBERS_PER_SHEET + 3))
    names = sheet_hashes(ISSUE, sheet)
    assert len(names) == 2
    for at in (0, MEMBERS_PER_SHEET - 1, MEMBERS_PER_SHEET, MEMBERS_PER_SHEET + 2):
        other = (*sheet[:at], None, *sheet[at + 1 :])
        assert sheet_hashes(ISSUE, other) != names
    assert sheet_hashes(b"j" * 32, sheet) != names


def forked(*who: MemberId) -> Callable[[MemberId], bool]:
    return lambda member: member in who


def test_a_forked_feed_keeps_only_its_own_ballot_from_counting() -> None:
    below = {**HELD, ADA: {1: ballot(1)}}
    assert sheet_of(VOTE, SEALS, lambda member: below.get(member, {}), forked(ADA)) == (
        ballot(1),
        ballot(3),
        None,
        ballot(4),
    ), "what stands below the fork counts"
    nothing = {**HELD, ADA: {}}
    assert sheet_of(VOTE, SEALS, lambda member: nothing.get(member, {}), forked(ADA)) == (
        None,
        ballot(3),
        None,
        ballot(4),
    )


def test_somebody_elses_fork_excuses_no_missing_ballot() -> None:
    below = {**HELD, ADA: {1: ballot(1)}}
    assert sheet_of(VOTE, SEALS, lambda member: below.get(member, {}), forked(BEN, DAN)) is None


def test_a_fork_changes_nothing_about_a_ballot_that_is_held() -> None:
    held = sheet_of(VOTE, SEALS, lambda member: HELD.get(member, {}))
    assert sheet_of(VOTE, SEALS, lambda member: HELD.get(member, {}), forked(*ROLL)) == held


def test_no_later_ballot_of_a_forked_feed_counts_than_the_seals_say() -> None:
    late = {**HELD, DAN: {2: ballot(6), 3: ballot(5)}}
    sheet = sheet_of(VOTE, SEALS, lambda member: late.get(member, {}), forked(DAN))
    assert sheet == (ballot(2), ballot(3), None, None)


NAMED = {teller: (bytes([n]) * 32, SEALS[n]) for n, teller in enumerate((ADA, BEN, CAT))}


def seal(issue: bytes, teller: MemberId, name: bytes) -> tuple[int, ...] | None:
    return NAMED[teller][1] if NAMED[teller][0] == name else None


def result_of(sheet: Sheet) -> Result:
    return Result("passed", (), sum(one is not None for one in sheet))


def held_by(held: Mapping[MemberId, Mapping[int, ChangeHash]]) -> Ballots:
    return lambda member: held.get(member, {})


def closing(held: Mapping[MemberId, Mapping[int, ChangeHash]], *forks: MemberId) -> Closed:
    made = close(VOTE, NAMED, held_by(held), result_of, forked(*forks))
    assert made is not None
    return made[0]


def test_what_a_proposer_closes_looks_good_to_whoever_holds_the_same() -> None:
    closed = closing(HELD)
    assert closed.result == Result("passed", (), 3)
    assert look_at_closing(VOTE, closed, seal, held_by(HELD), result_of) is Look.GOOD
    unheard = look_at_closing(VOTE, closed, lambda issue, teller, name: None, held_by({}), result_of)
    assert unheard is Look.UNKNOWN
    assert look_at_closing(VOTE, closed, seal, held_by({}), result_of) is Look.UNKNOWN
    late = {**HELD, ADA: {1: ballot(1), 2: ballot(9)}}
    assert look_at_closing(VOTE, closed, seal, held_by(late), result_of) is Look.BAD


def test_a_result_that_the_ballots_do_not_come_to_looks_bad() -> None:
    closed = closing(HELD)
    for wrong in (Result("rejected", (), 3), Result("passed", (0,), 3), Result("passed", (), 2)):
        claimed = msgspec.structs.replace(closed, result=wrong)
        assert look_at_closing(VOTE, claimed, seal, held_by(HELD), result_of) is Look.BAD


def test_a_vote_is_closed_though_somebody_forked_and_whoever_knows_it_agrees() -> None:
    below = {**HELD, ADA: {1: ballot(1)}}
    assert close(VOTE, NAMED, held_by(below), result_of) is None
    closed = closing(below, ADA)
    assert look_at_closing(VOTE, closed, seal, held_by(below), result_of, forked(ADA)) is Look.GOOD
    assert look_at_closing(VOTE, closed, seal, held_by(below), result_of) is Look.UNKNOWN, "the fork is news"


def test_while_a_fork_spreads_another_sheet_is_no_lie_yet() -> None:
    below = {**HELD, ADA: {}}
    closed = closing(below, ADA)
    assert look_at_closing(VOTE, closed, seal, held_by(HELD), result_of, forked(ADA)) is Look.UNKNOWN
    assert look_at_closing(VOTE, closed, seal, held_by(HELD), result_of) is Look.BAD
