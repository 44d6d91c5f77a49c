"""What decisions do: each effect on the page that closes its vote, in one order, once, and what is void."""

import pickle
from collections.abc import Callable

import pytest

from crdt.errors import RemoteError
from crdt.ids import ChangeHash, MemberId
from p2pcouncil.domain.effects import (
    AdmitMember,
    ChangeCharter,
    Effect,
    Elect,
    Promise,
    Recall,
    RecogniseCouncil,
    RemoveMember,
    SetParameter,
)
from p2pcouncil.domain.register.belonging import is_barred
from p2pcouncil.domain.register.chain import DEVICES_KEPT, MS_PER_SECOND, Office
from p2pcouncil.domain.register.closing import sheet_of
from p2pcouncil.domain.register.pages import Convicted, Left, Page, Pledged, Result
from p2pcouncil.domain.register.sayings import Prevote
from p2pcouncil.domain.tally.choice import Choice
from p2pcouncil.domain.tally.count import tally
from p2pcouncil.domain.tally.method import Stv
from p2pcouncil.domain.tally.outcome import Outcome
from tests.sim.register.book import START_MS
from tests.sim.register.people import Person, person
from tests.support.written_register import PASSED, WINDOW_SECONDS, Register, closed, entered, members

ELSEWHERE = bytes([9]) * 32
DUE_MS = START_MS + 1
NOT_CARRIED = [outcome for outcome in Outcome if outcome is not Outcome.PASSED]


@pytest.fixture
def book() -> Register:
    return Register(5)


def refused(book: Register, page: Page, words: str) -> None:
    with pytest.raises(RemoteError, match=words):
        book.follows(page)


def elected(*winners: int) -> Result:
    return Result("elected", winners, 5)


def leave(book: Register, member: MemberId) -> None:
    book.write(left=(Left(member, bytes(32)),))


def test_a_decision_is_noted_with_its_page_and_its_result(book: Register) -> None:
    (issue,) = book.decide(None, result=Result("rejected", (), 5))
    assert book.chain.decided == {issue: (3, Result("rejected", (), 5))}
    assert book.chain.void_effects == {}


@pytest.mark.parametrize("outcome", NOT_CARRIED)
def test_a_vote_that_did_not_come_out_for_it_does_nothing(book: Register, outcome: Outcome) -> None:
    ada = book.founders[0].member
    before = book.chain
    winners = (0,) if outcome in (Outcome.ELECTED, Outcome.TIED) else ()
    book.decide(RemoveMember(ada), SetParameter("budget", "1"), result=Result(outcome, winners, 5))
    assert book.chain.roll == before.roll
    assert (book.chain.parameters, book.chain.removed, book.chain.void_effects) == ({}, {}, {})


def test_a_vote_that_lapses_does_nothing(book: Register) -> None:
    (issue,) = book.open(SetParameter("budget", "1"))
    book.write(clock_ms=START_MS + DUE_MS)
    book.write(lapsed=(issue,))
    assert (book.chain.parameters, book.chain.decided) == ({}, {})


def test_of_two_decisions_on_one_parameter_the_later_page_has_the_last_word(book: Register) -> None:
    low, high = book.open(SetParameter("budget", "low"), SetParameter("budget", "high"))
    book.close(high)
    assert book.chain.parameters == {"budget": ("high", high)}
    book.close(low)
    assert book.chain.parameters == {"budget": ("low", low)}


def test_of_two_decisions_on_one_page_the_higher_issue_has_the_last_word(book: Register) -> None:
    _, high = book.decide(SetParameter("budget", "low"), SetParameter("budget", "high"))
    assert book.chain.parameters == {"budget": ("high", high)}
    assert not book.chain.void_effects, "both were carried out, one after the other"


def test_decisions_on_different_parameters_stand_beside_each_other(book: Register) -> None:
    one, two = book.decide(SetParameter("tolerance", "5 %"), SetParameter("budget", "100 t"))
    assert book.chain.parameters == {"budget": ("100 t", two), "tolerance": ("5 %", one)}
    assert list(book.chain.parameters) == ["budget", "tolerance"]


def test_of_two_decisions_on_one_term_of_the_charter_the_last_one_holds(book: Register) -> None:
    book.decide(ChangeCharter("seconds_needed", 3), ChangeCharter("seconds_needed", 2))
    assert book.chain.charter.seconds_needed == 2
    low, high = book.open(ChangeCharter("seconds_needed", 4), ChangeCharter("seconds_needed", 5))
    book.close(high)
    book.close(low)
    assert book.chain.charter.seconds_needed == 4


def test_a_charter_change_touches_no_vote_that_runs(book: Register) -> None:
    running, change = book.open(None, ChangeCharter("grace_seconds", 1))
    before = book.chain.votes[running]
    shorter = entered(9)
    book.close(change, entered=(shorter,))
    assert book.chain.votes[running] == before
    book.write(clock_ms=START_MS + (WINDOW_SECONDS + 1) * MS_PER_SECOND)
    book.write()
    refused(book, book.page(lapsed=(running,)), "still have time")
    book.write(lapsed=(shorter.issue,))
    assert list(book.chain.votes) == [running], "a vote that the same page opened goes by the new charter"


def test_a_charter_change_counts_for_newcomers_from_the_next_page_on(book: Register) -> None:
    one, two = book.open(ChangeCharter("vouches_needed", 2), ChangeCharter("probation_seconds", 0))
    eve, frank = person(20), person(21)
    book.close(one, joined=(book.join(eve, book.founders[:1]),))
    by_one = book.join(frank, book.founders[:1])
    del book.people[frank.member]
    refused(book, book.page(joined=(by_one,)), "too few members vouch")
    pledge = Pledged(eve.member, eve.device_key.vrf_public, True, bytes(32))
    refused(book, book.page(pledged=(pledge,)), "probation")
    book.close(two)
    book.write(pledged=(pledge,))
    assert book.chain.roll[eve.member].is_on_duty


def test_a_removed_member_loses_new_votes_and_duty_but_no_ballot(book: Register) -> None:
    ada = book.founders[0].member
    running, removal = book.open(None, RemoveMember(ada))
    later = entered(9)
    book.close(removal, entered=(later,))
    assert book.chain.removed == {ada: book.chain.number}
    assert ada not in book.chain.roll
    assert ada not in [teller.member for teller in book.chain.next_committee().tellers]
    vote = book.chain.votes[running]
    ballots = {member: {1: ChangeHash(member)} for member in vote.roll}
    seals = [(1,) * len(vote.roll)] * vote.committee.quorum
    sheet = sheet_of(vote, seals, lambda member: ballots[member])
    assert sheet is not None
    assert sheet[vote.roll.index(ada)] == ballots[ada][1], "they were on its roll, so their ballot counts"
    assert ada not in book.chain.votes[later.issue].roll
    book.close(running)


def test_a_removed_member_keeps_a_seat_of_a_committee_that_seals(book: Register) -> None:
    running, removal = book.open(None, RemoveMember(book.founders[0].member))
    committee = book.chain.votes[running].committee
    book.close(removal)
    assert book.chain.votes[running].committee == committee


def test_the_last_member_is_not_removed() -> None:
    book = Register(2)
    ada, ben = members(book.founders)
    first, second = book.decide(RemoveMember(ada), RemoveMember(ben))
    assert list(book.chain.roll) == [ben]
    assert list(book.chain.void_effects) == [second]
    assert "last one on the roll" in book.chain.void_effects[second]
    assert book.chain.removed == {ada: 3}
    assert first in book.chain.decided
    assert second in book.chain.decided


def test_who_was_removed_comes_again_only_after_a_later_vote(book: Register) -> None:
    ada, *others = book.founders
    book.write()
    removal, admission, later = book.open(
        RemoveMember(ada.member), AdmitMember(ada.member), AdmitMember(ada.member)
    )
    again = book.join(ada, others[:1])
    book.close(admission)
    book.close(removal)
    assert is_barred(book.chain, ada.member), "that admission was there before the removal"
    refused(book, book.page(joined=(again,)), "whom a vote removed")
    book.close(later)
    assert book.chain.admitted == {ada.member: book.chain.number}
    book.write(joined=(again,))
    assert ada.member in book.chain.roll
    book.decide(RemoveMember(ada.member))
    refused(book, book.page(joined=(again,)), "whom a vote removed")


def test_a_removal_and_an_admission_on_one_page_leave_them_out(book: Register) -> None:
    ada = book.founders[0].member
    book.decide(RemoveMember(ada), AdmitMember(ada))
    assert book.chain.removed == book.chain.admitted
    assert is_barred(book.chain, ada)


def test_leaving_in_time_does_not_undo_a_removal(book: Register) -> None:
    ada, *others = book.founders
    (removal,) = book.open(RemoveMember(ada.member))
    leave(book, ada.member)
    assert not is_barred(book.chain, ada.member)
    book.close(removal)
    assert "not on the roll" in book.chain.void_effects[removal]
    refused(book, book.page(joined=(book.join(ada, others[:1]),)), "whom a vote removed")


def test_whoever_leaves_by_themselves_comes_again_without_a_vote(book: Register) -> None:
    ada, *others = book.founders
    book.write()
    leave(book, ada.member)
    book.write(joined=(book.join(ada, others[:1]),))
    assert ada.member in book.chain.roll


def test_an_election_fills_an_office_until_the_next_one(book: Register) -> None:
    candidates = members(book.founders)
    first, second = book.open(Elect("delegate", candidates), Elect("delegate", candidates[:2]))
    book.close(first, result=elected(1, 3, 4))
    won = (candidates[1], candidates[3], candidates[4])
    assert book.chain.offices == {"delegate": Office(won, first)}
    book.close(second, result=elected(0))
    assert book.chain.offices == {"delegate": Office((candidates[0],), second)}


def test_winners_of_a_single_transferable_vote_hold_the_office_in_the_order_of_the_options(
    book: Register,
) -> None:
    candidates = tuple(reversed(members(book.founders)))
    choices: list[Choice] = [((4,), (0,)), ((4,), (0,)), ((4,), (2,)), ((2,), (0,)), ((0,), (2,))]
    count = tally(Stv(0, 2), ("a", "b", "c", "d", "e"), 5, dict(zip(candidates, choices, strict=True)))
    assert (count.outcome, count.winners) == (Outcome.ELECTED, (0, 4))
    (issue,) = book.decide(
        Elect("delegate", candidates), result=Result(count.outcome, count.winners, count.turnout)
    )
    assert book.chain.offices["delegate"] == Office((candidates[0], candidates[4]), issue)


def test_a_tied_election_leaves_an_office_as_it_was(book: Register) -> None:
    candidates = members(book.founders)
    (first,) = book.decide(Elect("speaker", candidates), result=elected(0))
    book.decide(Elect("speaker", candidates[1:]), result=Result("tied", (1,), 5))
    assert book.chain.offices == {"speaker": Office((candidates[0],), first)}


def test_elected_members_who_left_are_skipped_and_it_is_said(book: Register) -> None:
    candidates = members(book.founders)
    some, none = book.open(Elect("delegate", candidates), Elect("delegate", candidates))
    leave(book, candidates[0])
    book.close(some, result=elected(0, 2))
    assert book.chain.offices == {"delegate": Office((candidates[2],), some)}
    assert "Only 1 of 2 elected" in book.chain.void_effects[some]
    book.close(none, result=elected(0))
    assert book.chain.offices == {"delegate": Office((candidates[2],), some)}
    assert "stays as it was" in book.chain.void_effects[none]


def test_whoever_goes_holds_no_office(book: Register) -> None:
    candidates = members(book.founders)
    speaker, delegates = book.open(Elect("speaker", candidates), Elect("delegate", candidates))
    book.close(speaker, result=elected(0))
    book.close(delegates, result=elected(0, 1, 2))
    leave(book, candidates[0])
    assert book.chain.offices == {
        "delegate": Office((candidates[1], candidates[2]), delegates),
        "speaker": Office((), speaker),
    }
    book.decide(RemoveMember(candidates[1]))
    assert book.chain.offices["delegate"].members == (candidates[2],)


def test_a_removal_on_the_page_of_an_election_goes_by_the_order_of_issues(book: Register) -> None:
    candidates = members(book.founders)
    removal, election = book.open(RemoveMember(candidates[0]), Elect("speaker", candidates[:2]))
    votes = book.chain.votes
    book.write(closed=(closed(votes[removal]), closed(votes[election], elected(0))))
    assert book.chain.offices == {}
    assert election in book.chain.void_effects


def test_a_recall_ends_one_members_office(book: Register) -> None:
    candidates = members(book.founders)
    (election,) = book.open(Elect("delegate", candidates))
    book.close(election, result=elected(0, 1))
    recall, again, nobody = book.open(
        Recall("delegate", candidates[0]), Recall("delegate", candidates[0]), Recall("clerk", candidates[1])
    )
    book.close(recall, again, nobody)
    assert book.chain.offices == {"delegate": Office((candidates[1],), election)}
    assert list(book.chain.void_effects) == [again, nobody]
    assert candidates[0] in book.chain.roll


def test_a_council_below_is_recognised_once_and_no_council_recognises_itself(book: Register) -> None:
    first, second, itself = book.decide(
        RecogniseCouncil(ELSEWHERE), RecogniseCouncil(ELSEWHERE), RecogniseCouncil(book.chain.council)
    )
    assert book.chain.recognised == {ELSEWHERE: first}
    assert list(book.chain.void_effects) == [second, itself]


def test_a_promise_stands_if_somebody_is_there_to_keep_it(book: Register) -> None:
    ada, ben, *_ = members(book.founders)
    kept, empty, by_options = book.open(Promise(ada, DUE_MS), Promise(ben, DUE_MS), Promise(ada, DUE_MS))
    leave(book, ben)
    book.close(kept, empty)
    book.close(by_options, result=elected(1))
    assert book.chain.promises == {kept: Promise(ada, DUE_MS), by_options: Promise(ada, DUE_MS)}
    assert list(book.chain.void_effects) == [empty]


def test_admitting_somebody_who_came_meanwhile_is_void(book: Register) -> None:
    (issue,) = book.decide(AdmitMember(book.founders[0].member))
    assert book.chain.admitted == {}
    assert "already" in book.chain.void_effects[issue]


def test_two_votes_on_one_page_are_both_carried_out(book: Register) -> None:
    ada, ben, *_ = members(book.founders)
    one, two = book.decide(RemoveMember(ada), RemoveMember(ben))
    assert book.chain.removed == {ada: 3, ben: 3}
    assert [book.chain.decided[issue] for issue in (one, two)] == [(3, PASSED)] * 2


@pytest.mark.parametrize(
    ("effect", "words"),
    [
        (ChangeCharter("rules_version", 3), "has no term"),
        (ChangeCharter("grace_seconds", 0), "from 1 to"),
        (Elect("speaker", (ELSEWHERE, ELSEWHERE)), "twice"),
    ],
)
def test_a_page_enters_no_vote_on_what_nobody_could_carry_out(
    book: Register, effect: Effect, words: str
) -> None:
    refused(book, book.page(entered=(entered(1, effect),)), words)


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (Result("", (), 5), "no vote can have"),
        (Result("Passed", (), 5), "no vote can have"),
        (Result("ELECTED", (), 5), "no vote can have"),
        (Result("elected", (2, 1), 5), "winners out of order"),
        (Result("elected", (1, 1), 5), "winners out of order"),
        (Result("elected", (0, 5), 5), "no candidate"),
        (Result("tied", (5,), 5), "no candidate"),
    ],
)
def test_a_page_closes_no_vote_with_a_result_that_none_can_have(
    book: Register, result: Result, words: str
) -> None:
    (issue,) = book.open(Elect("delegate", members(book.founders)))
    refused(book, book.page(closed=(closed(book.chain.votes[issue], result),)), words)


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_of_a_count_may_stand_on_a_page(book: Register, outcome: Outcome) -> None:
    (issue,) = book.decide(None, result=Result(outcome.value, (), 0))
    assert book.chain.decided[issue][1].outcome == outcome


def _moves_on(book: Register) -> None:
    book.write(moved=(book.moved(book.founders[0], person(60)),))


def _leaves(book: Register) -> None:
    leave(book, book.founders[0].member)


def _is_removed(book: Register) -> None:
    book.decide(RemoveMember(book.founders[0].member))


@pytest.mark.parametrize("escape", [_moves_on, _leaves, _is_removed])
def test_a_liar_escapes_by_no_way_out(book: Register, escape: Callable[[Register], None]) -> None:
    book.write()
    liar = book.founders[0]
    council = book.chain.council
    lies = [liar.sign(Prevote(council, liar.member, 1, 0, value * 32)) for value in (b"b", b"c")]
    escape(book)
    book.write()
    stranger = Convicted(liar.member, person(61).device_key.device, *lies)
    refused(book, book.page(convicted=(stranger,)), "another's device")
    book.write(convicted=(Convicted(liar.member, liar.device_key.device, *lies),))
    assert liar.member in book.chain.convicted


def test_the_last_devices_that_told_are_known_and_no_others(book: Register) -> None:
    book.write()
    ada = book.founders[0]
    told = [ada.device_key.device]

    def tells_from(owner: Person, number: int) -> None:
        book.write(moved=(book.moved(ada, person(90), 2 * number - 1),))
        book.write(moved=(book.moved(ada, owner, 2 * number),))
        assert book.chain.devices[ada.member] == tuple(told), "a device that was off duty told nothing"
        book.write(pledged=(Pledged(ada.member, owner.device_key.vrf_public, True, owner.member),))
        book.people[ada.member] = Person(ada.member_key, owner.device_key)
        book.write()

    tells_from(person(61), 1)
    told.append(person(61).device_key.device)
    tells_from(ada, 2)
    told.reverse()
    assert book.chain.devices[ada.member] == tuple(told), "a device that comes back is one device"
    for number in range(3, DEVICES_KEPT + 2):
        tells_from(person(60 + number), number)
        told.append(person(60 + number).device_key.device)
    assert book.chain.devices[ada.member] == tuple(told[-DEVICES_KEPT:])
    assert len(told) == DEVICES_KEPT + 1


def test_a_chain_comes_back_from_a_pickle_and_its_new_mappings_ascend(book: Register) -> None:
    candidates = members(book.founders)
    book.decide(
        SetParameter("z", "1"),
        SetParameter("a", "1"),
        RemoveMember(candidates[2]),
        RemoveMember(candidates[1]),
    )
    chain = book.chain
    assert pickle.loads(pickle.dumps(chain)) == chain
    assert list(chain.parameters) == ["a", "z"]
    for mapping in (chain.decided, chain.removed, chain.devices, chain.roll):
        assert list(mapping) == sorted(mapping)
