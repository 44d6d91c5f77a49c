"""Tendermint's single shot, rule by rule: what one teller says, given what it heard."""

from collections.abc import Iterable

import pytest

from crdt.ids import CouncilId, DeviceId, MemberId
from p2pcouncil.domain.register.committees import Committee, Teller
from p2pcouncil.domain.register.quorum import liars_tolerated, quorum_of
from p2pcouncil.domain.register.sayings import NOTHING, PageProposal, Precommit, Prevote
from p2pcouncil.domain.register.shot import (
    LONGEST_WAIT_MS,
    Decision,
    Look,
    Propose,
    Shot,
    Step,
    Vote,
    Wait,
    wait_ms,
)

COUNCIL = CouncilId(bytes(32))
A, B, C, D = (MemberId(bytes([number]) * 32) for number in range(1, 5))
BREAD, CAKE = b"b" * 32, b"c" * 32
NEVER: frozenset[Wait] = frozenset()


def committee(members: Iterable[MemberId] = (A, B, C, D)) -> Committee:
    return Committee(tuple(Teller(member, DeviceId(member), b"") for member in members))


class Table:
    """A shot at which any page is valid and looks good, unless said otherwise."""

    def __init__(self, *sayings: PageProposal | Prevote | Precommit) -> None:
        self.held = {BREAD, CAKE}
        self.look = Look.GOOD
        self.shot = Shot(committee(), lambda value: True if value in self.held else None)
        for saying in sayings:
            self.shot.hear(saying)

    def says(self, me: MemberId = D, expired: frozenset[Wait] = NEVER) -> object:
        return self.shot.next_move(me, expired, lambda value: self.look).say


def proposal(member: MemberId, round_: int, value: bytes, valid_round: int = -1) -> PageProposal:
    return PageProposal(COUNCIL, member, 1, round_, value, valid_round)


def prevotes(members: Iterable[MemberId], round_: int, value: bytes) -> list[Prevote]:
    return [Prevote(COUNCIL, member, 1, round_, value) for member in members]


def precommits(members: Iterable[MemberId], round_: int, value: bytes) -> list[Precommit]:
    return [Precommit(COUNCIL, member, 1, round_, value, 7) for member in members]


def test_quorums() -> None:
    assert [quorum_of(n) for n in range(1, 11)] == [1, 2, 3, 3, 4, 4, 5, 6, 6, 7]
    for n in range(4, 200):
        # Any two quorums share an honest teller, and the honest ones alone are a quorum.
        assert 2 * quorum_of(n) - n > liars_tolerated(n)
        assert n - liars_tolerated(n) >= quorum_of(n)


def test_the_proposer_proposes_and_the_others_wait() -> None:
    table = Table()
    assert table.says(A) == Propose(0, None, -1)
    assert table.says(B) is None
    assert table.shot.next_move(B, NEVER, lambda value: Look.GOOD).waits == {Wait(Step.PROPOSE, 0)}


def test_a_page_is_prevoted_for_and_nobody_elses_proposal_counts() -> None:
    assert Table(proposal(A, 0, BREAD)).says() == Vote(Step.PREVOTE, 0, BREAD)
    assert Table(proposal(B, 0, BREAD)).says() is None


@pytest.mark.parametrize(("look", "expected"), [(Look.BAD, NOTHING), (Look.UNKNOWN, None)])
def test_a_page_that_does_not_look_good(look: Look, expected: bytes | None) -> None:
    table = Table(proposal(A, 0, BREAD))
    table.look = look
    assert table.says() == (None if expected is None else Vote(Step.PREVOTE, 0, expected))


def test_a_page_whose_bytes_are_missing_is_waited_for() -> None:
    table = Table(proposal(A, 0, BREAD))
    table.held.clear()
    assert table.says() is None
    assert table.says(expired=frozenset({Wait(Step.PROPOSE, 0)})) == Vote(Step.PREVOTE, 0, NOTHING)


def test_three_of_four_prevotes_make_a_precommit_and_two_do_not() -> None:
    said = [proposal(A, 0, BREAD), *prevotes((A, D), 0, BREAD)]
    assert Table(*said).says() is None
    assert Table(*said, *prevotes((B,), 0, BREAD)).says() == Vote(Step.PRECOMMIT, 0, BREAD)


def test_a_liar_who_prevotes_twice_is_counted_once() -> None:
    said = [proposal(A, 0, BREAD), *prevotes((A, D), 0, BREAD), *prevotes((A,), 0, CAKE)]
    assert Table(*said).says() is None


def test_a_precommit_for_nothing_needs_a_quorum_or_a_time_out() -> None:
    mixed = [proposal(A, 0, BREAD), *prevotes((A, D), 0, BREAD), *prevotes((B,), 0, NOTHING)]
    assert Table(*mixed).says() is None
    assert Table(*mixed).says(expired=frozenset({Wait(Step.PREVOTE, 0)})) == Vote(Step.PRECOMMIT, 0, NOTHING)
    none = prevotes((A, B, D), 0, NOTHING)
    assert Table(*none).says() == Vote(Step.PRECOMMIT, 0, NOTHING)


def test_three_of_four_precommits_decide_whatever_the_round() -> None:
    table = Table(proposal(A, 0, BREAD), *precommits((A, B), 0, BREAD), *precommits((C,), 1, BREAD))
    assert table.shot.decision() is None, "precommits of two rounds are not added up"
    table.shot.hear(precommits((C,), 0, BREAD)[0])
    assert table.shot.decision() == Decision(BREAD, 0)


def test_nothing_is_never_decided() -> None:
    assert Table(*precommits((A, B, C, D), 0, NOTHING)).shot.decision() is None


LOCKED = (
    proposal(A, 0, BREAD),
    *prevotes((A, B, D), 0, BREAD),
    *precommits((D,), 0, BREAD),
    *precommits((A, B), 0, NOTHING),
)
"""D precommitted to bread in round 0, and others did not."""
OVER = frozenset({Wait(Step.PRECOMMIT, 0)})


def test_a_lock_holds_against_a_new_page() -> None:
    assert Table(*LOCKED, proposal(B, 1, CAKE)).says(expired=OVER) == Vote(Step.PREVOTE, 1, NOTHING)


def test_a_lock_lets_its_own_page_pass() -> None:
    assert Table(*LOCKED, proposal(B, 1, BREAD)).says(expired=OVER) == Vote(Step.PREVOTE, 1, BREAD)


def test_a_later_quorum_of_prevotes_frees_a_lock() -> None:
    later = (
        proposal(B, 1, CAKE),
        *prevotes((A, B, C), 1, CAKE),
        *prevotes((D,), 1, NOTHING),
        *precommits((A, B, D), 1, NOTHING),
        proposal(C, 2, CAKE, 1),
    )
    over = OVER | {Wait(Step.PRECOMMIT, 1)}
    assert Table(*LOCKED, *later).says(expired=over) == Vote(Step.PREVOTE, 2, CAKE)


def test_an_earlier_quorum_of_prevotes_does_not_free_a_lock() -> None:
    said = (
        proposal(A, 0, CAKE),
        *prevotes((A, B, C), 0, CAKE),
        *prevotes((D,), 0, NOTHING),
        *precommits((A, B, D), 0, NOTHING),
        proposal(B, 1, BREAD),
        *prevotes((A, B, D), 1, BREAD),
        *precommits((D,), 1, BREAD),
        *precommits((A, B), 1, NOTHING),
        proposal(C, 2, CAKE, 0),
    )
    over = OVER | {Wait(Step.PRECOMMIT, 1)}
    assert Table(*said).says(expired=over) == Vote(Step.PREVOTE, 2, NOTHING)


def test_a_re_proposal_counts_only_with_the_prevotes_that_justify_it() -> None:
    assert Table(*LOCKED, proposal(B, 1, CAKE, 0)).says(expired=OVER) is None


def test_a_page_that_a_quorum_prevoted_for_is_proposed_again() -> None:
    table = Table(*LOCKED)
    assert table.says(B, OVER | {Wait(Step.PREVOTE, 0)}) == Propose(1, BREAD, 0)


def test_more_than_f_others_in_a_later_round_take_a_teller_along() -> None:
    assert Table(*prevotes((A,), 5, NOTHING)).shot.round_of(D, NEVER) == 0
    assert Table(*prevotes((A, B), 5, NOTHING)).shot.round_of(D, NEVER) == 5


def test_a_time_out_that_nothing_started_moves_nobody() -> None:
    assert Table().shot.round_of(D, OVER) == 0


def test_whoever_starts_anew_from_what_it_said_says_nothing_else() -> None:
    table = Table(proposal(A, 0, BREAD), *prevotes((D,), 0, NOTHING))
    assert table.says() is None, "it prevoted for nothing before it was killed"


def test_rounds_wait_longer_and_longer_up_to_a_day() -> None:
    waits = [wait_ms(Wait(Step.PREVOTE, round_)) for round_ in (0, 1, 2, 30, 10_000)]
    assert waits == [3_000, 6_000, 12_000, LONGEST_WAIT_MS, LONGEST_WAIT_MS]


def test_a_round_that_was_left_on_a_liars_word_is_closed_for_those_who_are_still_in_it() -> None:
    over = frozenset({Wait(Step.PRECOMMIT, 0)})
    table = Table(*precommits((A, B, C), 0, NOTHING))
    # D never spoke in round 0, and leaves it; A may be a liar who takes back what it said.
    assert table.says(D, over) == Vote(Step.PRECOMMIT, 0, NOTHING)
    for saying in precommits((D,), 0, NOTHING):
        table.shot.hear(saying)
    assert table.shot.round_of(D, over) == 1
    assert table.says(D, over | {Wait(Step.PROPOSE, 1)}) == Vote(Step.PREVOTE, 1, NOTHING)


def test_a_round_in_which_nobody_is_any_more_is_left_alone() -> None:
    table = Table(*prevotes((A, B, C), 2, NOTHING))
    assert table.shot.round_of(D, NEVER) == 2
    assert table.says(D, frozenset({Wait(Step.PROPOSE, 2)})) == Vote(Step.PREVOTE, 2, NOTHING)
