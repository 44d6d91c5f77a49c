"""What a teller says: receipts, seals, and its part in pages, rule by rule."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from crdt.ids import ChangeHash, MemberId, domain_hash
from p2pcouncil.domain.register.pages import Closed, Entered, Result, encode_page, page_hash
from p2pcouncil.domain.register.sayings import (
    NOTHING,
    AnySaying,
    PageProposal,
    Precommit,
    Prevote,
    Receipt,
    Received,
    Said,
    Seal,
    saying_message,
)
from p2pcouncil.domain.register.sealing import pack_numbers, unpack_numbers
from p2pcouncil.domain.register.shot import Look
from p2pcouncil.peer.register.carrying import CARRY_PAUSE_MS
from p2pcouncil.peer.register.drafting import LEAST_GRACE_MS, MOST_GRACE_MS, grace_ms
from p2pcouncil.peer.register.receiving import RECEIPT_PAUSE_MS, SEAL_PAUSE_MS
from tests.sim.register.book import START_MS
from tests.sim.register.people import Person
from tests.support.telling import Session, hear, store

WINDOW_SECONDS = 3_600
END_MS = START_MS + WINDOW_SECONDS * 1_000
ISSUE, OTHER = domain_hash("test/issue", b"1"), domain_hash("test/issue", b"2")
ENTERED = Entered(ISSUE, domain_hash("test/proposal", b"1"), WINDOW_SECONDS)
BALLOT = ChangeHash(b"b" * 32)


@pytest.fixture
def session() -> Session:
    """A vote is open, and page 2 told its end."""
    session = Session()
    session.write(entered=(ENTERED,))
    session.write()
    return session


def seals(session: Session, people: Sequence[Person], numbers: Sequence[int]) -> list[Said]:
    council = session.book.chain.council
    return [p.sign(Seal(council, p.member, ISSUE, pack_numbers(numbers))) for p in people]


def numbers_of(saying: AnySaying | None, size: int = 4) -> tuple[int, ...]:
    assert isinstance(saying, Seal)
    return unpack_numbers(saying.numbers, size)


# Receipts.


def test_what_is_on_the_disk_is_receipted_once_however_often_the_teller_starts(session: Session) -> None:
    one = session.player()
    voter = session.book.founders[2].member
    one.held.hold_ballot(ISSUE, voter, 3, BALLOT, START_MS + 1)
    telling = one.next_telling(START_MS + 2)
    assert telling is not None
    assert isinstance(telling.saying, Receipt)
    assert telling.saying.ballots == (Received(voter, 3),)
    store(one, telling)
    again = session.player()
    again.held = one.held
    hear(again, [one.held.person.sign(telling.saying)])
    assert again.saying(START_MS + 9_000) is None


def test_receipts_come_in_batches(session: Session) -> None:
    one = session.player()
    ada, ben = session.book.founders[1].member, session.book.founders[2].member
    one.held.hold_ballot(ISSUE, ada, 1, BALLOT, START_MS)
    first = one.next_telling(START_MS)
    assert first is not None
    store(one, first)
    one.held.hold_ballot(ISSUE, ben, 1, BALLOT, START_MS + 1)
    assert one.saying(START_MS + 1) is None
    assert one.ask_again_ms == START_MS + RECEIPT_PAUSE_MS
    second = one.saying(one.ask_again_ms)
    assert isinstance(second, Receipt)
    assert second.ballots == (Received(ben, 1),)


def test_near_the_end_no_receipt_waits(session: Session) -> None:
    one = session.player()
    for at, member in enumerate(session.book.chain.roll):
        now_ms = END_MS - RECEIPT_PAUSE_MS + at
        one.held.hold_ballot(ISSUE, member, 1, BALLOT, now_ms)
        telling = one.next_telling(now_ms)
        assert telling is not None
        assert isinstance(telling.saying, Receipt)
        store(one, telling)


def test_nothing_is_receipted_after_the_end_nor_by_others_than_the_votes_tellers(session: Session) -> None:
    one = session.player()
    one.held.hold_ballot(ISSUE, one.me, 1, BALLOT, END_MS - 1)
    assert one.saying(END_MS) is None
    stranger = MemberId(bytes(32))
    one.held.cast.clear()
    one.held.came_ms.clear()
    one.held.hold_ballot(ISSUE, stranger, 1, BALLOT, START_MS)
    assert one.saying(START_MS) is None, "who is not on the vote's roll has no ballot"


# Seals.


def test_a_ballot_that_came_before_a_crash_and_its_receipt_is_sealed(session: Session) -> None:
    one = session.player()
    one.heard_all_ms = START_MS
    ada, ben = sorted(session.book.chain.roll)[:2]
    one.held.hold_ballot(ISSUE, ada, 2, BALLOT, END_MS - 1)
    one.held.hold_ballot(ISSUE, ben, 2, BALLOT, END_MS)
    assert numbers_of(one.saying(END_MS + SEAL_PAUSE_MS)) == (2, 0, 0, 0)


def test_nobody_seals_before_they_heard_from_somebody(session: Session) -> None:
    one = session.player()
    assert one.saying(END_MS + 86_400_000) is None
    one.heard_all_ms = END_MS + 86_400_000
    assert one.saying(END_MS + 86_400_000) is None
    assert one.ask_again_ms == END_MS + 86_400_000 + SEAL_PAUSE_MS
    assert isinstance(one.saying(one.ask_again_ms), Seal)


def test_receipts_have_a_moment_to_spread_after_the_end(session: Session) -> None:
    one = session.player()
    one.heard_all_ms = START_MS
    assert one.saying(END_MS) is None
    assert one.ask_again_ms == END_MS + SEAL_PAUSE_MS
    assert isinstance(one.saying(END_MS + SEAL_PAUSE_MS), Seal)


def test_a_clock_that_was_set_back_holds_no_seal_up(session: Session) -> None:
    one = session.player()
    one.heard_all_ms = END_MS + 86_400_000
    assert isinstance(one.saying(END_MS + SEAL_PAUSE_MS), Seal)


def test_a_teller_alone_waits_for_nobody() -> None:
    session = Session(1)
    session.write(entered=(ENTERED,))
    session.write()
    assert isinstance(session.player().saying(END_MS), Seal)


def test_what_others_receipted_is_sealed_by_who_slept(session: Session) -> None:
    one = session.player()
    one.heard_all_ms = START_MS
    voter = sorted(session.book.chain.roll)[3]
    council = session.book.chain.council
    for other in session.others(one.me)[:2]:
        hear(one, [other.sign(Receipt(council, other.member, ISSUE, (Received(voter, 1),)))])
    assert numbers_of(one.saying(END_MS + SEAL_PAUSE_MS)) == (0, 0, 0, 1)


# Patience with the seals of others.


def test_a_proposer_waits_for_more_than_a_quorum_of_seals_but_not_for_ever(session: Session) -> None:
    one = session.player()
    hear(one, seals(session, session.book.founders[:3], (0, 0, 0, 0)))
    (vote,) = session.book.chain.votes.values()
    now_ms = END_MS + 10_000
    assert one.draft(now_ms) is None
    one.saying(now_ms)
    assert one.draft(now_ms + grace_ms(vote) - 1) is None
    draft = one.draft(now_ms + grace_ms(vote))
    assert draft is not None
    assert [len(closed.seals) for closed in draft.page.closed] == [3]


def test_a_proposer_waits_no_more_when_all_sealed(session: Session) -> None:
    one = session.player()
    hear(one, seals(session, session.book.founders, (0, 0, 0, 0)))
    draft = one.draft(END_MS + 10_000)
    assert draft is not None
    assert [len(closed.seals) for closed in draft.page.closed] == [4]


@pytest.mark.parametrize(
    ("seconds", "expected"), [(1, LEAST_GRACE_MS), (3_600, 180_000), (86_400 * 30, MOST_GRACE_MS)]
)
def test_the_grace_is_a_twentieth_of_the_window_within_bounds(
    session: Session, seconds: int, expected: int
) -> None:
    (vote,) = session.book.chain.votes.values()
    assert grace_ms(replace(vote, window_seconds=seconds)) == expected


def test_whoever_looks_does_not_ask_whether_the_proposer_waited(session: Session) -> None:
    one = session.player(session.place(0))
    hear(one, seals(session, session.book.founders[:3], (0, 0, 0, 0)))
    now_ms = END_MS + 10_000_000
    one.draft(END_MS)
    draft = one.draft(now_ms)
    assert draft is not None
    other = session.player(session.place(1))
    hear(other, seals(session, session.book.founders[:3], (0, 0, 0, 0)))
    data = encode_page(draft.page)
    other.minutes.hold_page(data)
    for issue, sheet in draft.sheets:
        other.minutes.hold_sheet(issue, sheet)
    assert other.look(page_hash(data), END_MS) is Look.GOOD


# Idle rounds.


def prevote(session: Session, person: Person, value: bytes = NOTHING) -> Said:
    chain = session.book.chain
    return person.sign(Prevote(chain.council, person.member, chain.number + 1, 0, value))


def test_one_stray_vote_starts_no_time_out(session: Session) -> None:
    one = session.player()
    others = session.others(one.me)
    hear(one, [prevote(session, others[0])])
    assert one.saying(START_MS) is None
    assert one.waits == frozenset()
    hear(one, [prevote(session, others[1])])
    one.next_telling(START_MS)
    assert one.waits, "more than f speak, so an honest teller has something that waits"


def test_something_that_waits_starts_a_time_out(session: Session) -> None:
    one = session.player(session.place(1))
    one.held.opened[OTHER] = Entered(OTHER, domain_hash("test/proposal", b"2"), WINDOW_SECONDS)
    assert one.saying(START_MS) is None
    assert one.waits


# Carrying.


def test_a_decided_page_is_carried_by_more_tellers_than_may_lie(session: Session) -> None:
    data, said = session.told[-5], session.told[-4:]
    assert isinstance(data, bytes)
    chain = session.book.chain
    committee = chain.next_committee()
    for rank in range(4):
        one = session.player(session.place(rank))
        liar = committee.tellers[3 if rank < 3 else 0].member
        for item in (data, *said):
            name = page_hash(item) if isinstance(item, bytes) else saying_message(item.body)
            one.held.feeds[name] = {liar}
        telling = one.next_telling(START_MS)
        if rank > committee.liars:
            assert telling is None, "the first f + 1 of the committee come first"
            assert one.ask_again_ms == START_MS + CARRY_PAUSE_MS
            telling = one.next_telling(one.ask_again_ms)
        assert telling is not None
        assert (telling.saying, telling.page, len(telling.carried)) == (None, data, committee.quorum)
        store(one, telling)
        assert one.next_telling(START_MS + CARRY_PAUSE_MS) is None, "once is enough"


def test_who_builds_on_a_page_carries_it_first(session: Session) -> None:
    committee = session.book.chain.next_committee()
    one = session.player(session.place(3))
    name = page_hash(next(told for told in session.told[::-1] if isinstance(told, bytes)))
    one.held.feeds[name] = {committee.proposer(0).member}
    page = encode_page(session.book.page(entered=(Entered(OTHER, bytes(32), 60),)))
    one.held.opened[OTHER] = Entered(OTHER, bytes(32), 60)
    proposer = next(p for p in session.book.founders if p.member == committee.proposer(0).member)
    said = PageProposal(session.book.chain.council, proposer.member, 3, 0, page_hash(page), -1)
    hear(one, [page, proposer.sign(said)])
    telling = one.next_telling(START_MS)
    assert telling is not None
    assert (telling.saying, page_hash(telling.page)) == (None, name)
    store(one, telling)
    assert isinstance(one.saying(START_MS), Prevote)


def test_evidence_is_carried(session: Session) -> None:
    one = session.player(session.place(1))
    liar = session.others(one.me)[0]
    lies = [prevote(session, liar), prevote(session, liar, b"x" * 32)]
    hear(one, lies)
    one.held.feeds.update({saying_message(lie.body): {liar.member} for lie in lies})
    telling = one.next_telling(START_MS)
    assert telling is not None
    assert (telling.saying, set(telling.carried)) == (None, set(lies))


def test_a_proposer_carries_the_seals_that_its_page_names(session: Session) -> None:
    one = session.player(session.place(0))
    said = seals(session, session.book.founders, (0, 0, 0, 0))
    hear(one, said)
    telling = one.next_telling(END_MS + 10_000)
    assert telling is not None
    assert isinstance(telling.saying, PageProposal)
    assert set(telling.carried) == set(said)


def test_who_is_locked_says_again_what_a_fork_took_away(session: Session) -> None:
    one = session.player()
    page = encode_page(session.book.page(entered=(Entered(OTHER, bytes(32), 60),)))
    value, chain = page_hash(page), session.book.chain
    votes = [prevote(session, p, value) for p in session.book.founders[:3]]
    lock = one.held.person.sign(Precommit(chain.council, one.me, 3, 0, value, START_MS))
    hear(one, [page, *votes, lock])
    held = {saying_message(said.body): {session.book.founders[1].member} for said in votes}
    one.held.feeds.update({**held, value: {session.book.founders[1].member}})
    assert one.saying(START_MS) is None
    one.held.forked.add(session.book.founders[1].member)
    telling = one.next_telling(START_MS)
    assert telling is not None
    assert (telling.saying, telling.page, set(telling.carried)) == (None, page, set(votes))


def test_closed_names_are_what_the_result_says(session: Session) -> None:
    one = session.player()
    hear(one, seals(session, session.book.founders, (0, 0, 0, 0)))
    draft = one.draft(END_MS)
    assert draft is not None
    (closed,) = draft.page.closed
    assert closed.result == Result("passed", (), 0)
    wrong = Closed(closed.issue, closed.tellers, closed.seals, closed.sheets, Result("failed", (), 0))
    page = encode_page(session.book.page(closed=(wrong,)))
    one.minutes.hold_page(page)
    assert one.look(page_hash(page), END_MS) is Look.BAD
