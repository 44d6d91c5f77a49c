"""The lot draws sets: no order of members matters, nobody shifts anybody else, and everybody's chance is the same."""

import math
from collections import Counter
from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crdt.errors import RemoteError
from crdt.ids import ChangeHash, CouncilId, MemberId, domain_hash
from p2pcouncil.domain.sortition import lot
from p2pcouncil.domain.sortition.ecvrf import VrfSeed, proof_to_hash, prove, verify, vrf_public

SEEDS = st.binary(min_size=32, max_size=32)
NUMBERS = st.integers(1, 2**40)
MEMBERS = st.lists(SEEDS.map(MemberId), min_size=1, max_size=60, unique=True)
PAGES = 2_000
ON_DUTY = [MemberId(domain_hash("tests/member/1", bytes([number]))) for number in range(61)]


@given(SEEDS, NUMBERS, MEMBERS, st.integers(1, 60), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_a_draw_does_not_depend_on_the_order_of_members(
    seed: bytes, number: int, members: list[MemberId], size: int, chance: Random
) -> None:
    shuffled = list(members)
    chance.shuffle(shuffled)
    issue = ChangeHash(seed)
    assert lot.committee(seed, number, members, size) == lot.committee(
        seed, number, frozenset(shuffled), size
    )
    assert lot.overseers(seed, issue, members, frozenset(), size) == lot.overseers(
        seed, issue, shuffled, frozenset(), size
    )


@given(SEEDS, NUMBERS, MEMBERS, SEEDS.map(MemberId))
@settings(max_examples=60, deadline=None)
def test_a_newcomer_shifts_nobody_against_anybody_else(
    seed: bytes, number: int, members: list[MemberId], newcomer: MemberId
) -> None:
    others = [member for member in members if member != newcomer]
    with_them = lot.ranking(seed, number, [*others, newcomer])
    assert tuple(member for member in with_them if member != newcomer) == lot.ranking(seed, number, others)


@given(SEEDS, NUMBERS, MEMBERS, st.data())
@settings(max_examples=60, deadline=None)
def test_who_goes_off_duty_makes_room_for_the_next_by_lot(
    seed: bytes, number: int, members: list[MemberId], data: st.DataObject
) -> None:
    many = [*ON_DUTY, *members]
    before = lot.committee(seed, number, many, 28)
    gone = data.draw(st.sampled_from(before))
    after = lot.committee(seed, number, [member for member in many if member != gone], 28)
    stayed = tuple(member for member in before if member != gone)
    assert after[:27] == stayed
    assert after[27] == lot.ranking(seed, number, many)[28]


def _tail(value: float, freedom: int) -> float:
    """The chance that chi-square is above a value; a finite sum for even degrees of freedom."""
    half = value / 2
    return math.exp(-half) * sum(half**n / math.factorial(n) for n in range(freedom // 2))


def _is_fair(counts: Sequence[int], drawn: int, pages: int) -> bool:
    """Whether members were drawn about equally often: neither too unevenly for chance, nor too evenly.

    Draws of one page are without return, so counts vary by p(1 - p) and sum up to the same.
    """
    members = len(counts)
    share = drawn / members
    squares = sum((count - pages * share) ** 2 for count in counts)
    value = squares / (pages * share * (1 - share)) * (members - 1) / members
    return 1e-4 < _tail(value, members - 1) < 1 - 1e-4


def _chain() -> list[bytes]:
    seeds = [lot.first_seed(CouncilId(bytes(32)))]
    for number in range(1, PAGES):
        beta = domain_hash("tests/output/1", seeds[-1]) * 2
        seeds.append(lot.next_seed(seeds[-1], None if number % 3 == 0 else beta))
    return seeds


CHAIN = _chain()


def test_every_member_tells_and_proposes_about_equally_often() -> None:
    told: Counter[MemberId] = Counter()
    first: Counter[MemberId] = Counter()
    for number, seed in enumerate(CHAIN, 1):
        tellers = lot.committee(seed, number, ON_DUTY, 28)
        told.update(tellers)
        first[lot.proposer(tellers, 0)] += 1
    assert _is_fair([told[member] for member in ON_DUTY], 28, PAGES)
    assert _is_fair([first[member] for member in ON_DUTY], 1, PAGES)


def test_every_member_oversees_about_equally_often() -> None:
    counts = Counter(
        member
        for seed in CHAIN
        for member in lot.overseers(seed, ChangeHash(bytes(32)), ON_DUTY, frozenset())
    )
    assert _is_fair([counts[member] for member in ON_DUTY], 3, PAGES)


def test_the_measure_of_fairness_notices_one_member_with_three_tickets() -> None:
    """The test of the test: one of 61 is drawn as often again as two others are."""
    counts = Counter(
        member for seed in CHAIN for member in lot.overseers(seed, ChangeHash(bytes(32)), ON_DUTY, set())
    )
    counts[ON_DUTY[0]] += 2 * PAGES * 3 // 61
    assert not _is_fair([counts[member] for member in ON_DUTY], 3, PAGES)
    assert not _is_fair([PAGES * 3 // 61] * 61, 3, PAGES), "too even for chance"


@given(SEEDS.map(VrfSeed), st.binary(max_size=100))
@settings(max_examples=40, deadline=None)
def test_every_proof_holds_for_its_key_and_input(seed: VrfSeed, alpha: bytes) -> None:
    proof = prove(seed, alpha)
    assert proof == prove(seed, alpha)
    assert verify(vrf_public(seed), alpha, proof) == proof_to_hash(proof)


@given(SEEDS, st.binary(max_size=40), st.binary(min_size=80, max_size=80))
@settings(max_examples=150, deadline=None)
def test_junk_is_refused_and_never_crashes(public: bytes, alpha: bytes, proof: bytes) -> None:
    with pytest.raises(RemoteError):
        verify(public, alpha, proof)
    with pytest.raises(RemoteError):
        verify(vrf_public(VrfSeed(bytes(32))), alpha, proof)
