"""The lot: one chain of seeds, everybody up to 40, no order of members in it, and no more than one bit for anybody."""

import itertools

import pytest

from crdt.ids import ChangeHash, CouncilId, MemberId, domain_hash
from p2pcouncil.domain.sortition import lot

COUNCIL = CouncilId(bytes([9] * 32))
SEED = lot.first_seed(COUNCIL)
BETA = bytes(range(64))
ISSUE = ChangeHash(bytes([4] * 32))


def _members(count: int) -> list[MemberId]:
    return [
        MemberId(domain_hash("tests/member/1", bytes([number >> 8, number & 255]))) for number in range(count)
    ]


def test_seeds_follow_from_the_council_and_the_outputs_alone() -> None:
    assert domain_hash("p2pcouncil/first-seed/1", COUNCIL) == SEED
    assert lot.lot_input(COUNCIL, SEED, 3) == domain_hash(
        "p2pcouncil/lot/1", COUNCIL, SEED, (3).to_bytes(8, "big")
    )
    assert lot.next_seed(SEED, BETA) == domain_hash("p2pcouncil/seed/1", SEED, BETA)
    assert lot.next_seed(SEED, None) == domain_hash("p2pcouncil/seed/1", SEED, b"")


def test_no_two_places_of_a_chain_share_a_seed_or_an_input() -> None:
    councils = (COUNCIL, CouncilId(bytes([8] * 32)))
    made: list[bytes] = []
    for council in councils:
        seeds = [lot.first_seed(council)]
        for number in range(1, 6):
            made += seeds + [lot.lot_input(council, seed, number) for seed in seeds]
            seeds = [lot.next_seed(seed, beta) for seed in seeds for beta in (BETA, None)]
    assert len(set(made)) == len(made) == 2 * 2 * (1 + 2 + 4 + 8 + 16)


def test_an_input_is_of_one_page() -> None:
    assert len({lot.lot_input(COUNCIL, SEED, number) for number in range(300)}) == 300


@pytest.mark.parametrize("on_duty", [1, 2, 39, 40])
def test_everyone_on_duty_tells_up_to_40(on_duty: int) -> None:
    members = _members(on_duty)
    assert sorted(lot.committee(SEED, 1, members, 1)) == sorted(members)


def test_above_40_the_lowest_lots_tell() -> None:
    members = _members(41)
    drawn = lot.committee(SEED, 5, members, 28)
    assert len(drawn) == 28
    number = (5).to_bytes(8, "big")
    lots = {member: domain_hash("p2pcouncil/rank/1", SEED, number, member) for member in members}
    assert max(lots[member] for member in drawn) < min(lots[m] for m in members if m not in drawn)
    assert [lots[member] for member in drawn] == sorted(lots[member] for member in drawn)


def test_a_committee_is_everybody_if_it_should_be_larger_than_that() -> None:
    assert len(lot.committee(SEED, 1, _members(50), 94)) == 50


def test_who_is_named_twice_has_one_lot() -> None:
    members = _members(60)
    assert lot.ranking(SEED, 1, members * 2) == lot.ranking(SEED, 1, members)


def test_page_and_seed_change_the_ranking() -> None:
    members = _members(20)
    rankings = {
        lot.ranking(seed, number, members)
        for seed, number in itertools.product((SEED, lot.next_seed(SEED, None)), range(1, 6))
    }
    assert len(rankings) == 10


def test_proposers_take_turns_by_rank() -> None:
    tellers = lot.committee(SEED, 1, _members(5), 5)
    assert [lot.proposer(tellers, round_) for round_ in range(12)] == [*tellers, *tellers, *tellers[:2]]


def test_overseers_neither_opened_nor_seconded() -> None:
    roll = _members(10)
    excluded = set(lot.overseers(SEED, ISSUE, roll, frozenset(), 4))
    drawn = lot.overseers(SEED, ISSUE, roll, excluded, 3)
    assert len(drawn) == 3
    assert not excluded & set(drawn)
    assert drawn == lot.overseers(SEED, ISSUE, roll, frozenset(), 7)[4:], "the next ones by lot"


def test_overseers_are_three_or_all_who_are_left() -> None:
    roll = _members(6)
    assert len(lot.overseers(SEED, ISSUE, roll, frozenset())) == 3
    assert sorted(lot.overseers(SEED, ISSUE, roll, set(roll[:4]), 3)) == sorted(roll[4:])
    assert lot.overseers(SEED, ISSUE, roll, set(roll), 3) == ()


def test_overseers_are_drawn_apart_from_tellers_and_for_each_vote() -> None:
    roll = _members(30)
    lots = [domain_hash("p2pcouncil/overseer/1", SEED, ISSUE, member) for member in roll]
    assert lot.overseers(SEED, ISSUE, roll, frozenset(), 1) == (roll[lots.index(min(lots))],)
    ranked = lot.ranking(SEED, 1, roll)
    first, second = (lot.overseers(SEED, ChangeHash(bytes([n] * 32)), roll, frozenset(), 30) for n in (1, 2))
    assert len({ranked, first, second}) == 3
