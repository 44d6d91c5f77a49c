"""Which page a teller drafts, and what it thinks of one, part by part: both from what it holds."""

import msgspec
import pytest

from crdt.ids import ChangeHash, domain_hash
from p2pcouncil.domain.records import Charter, Duty, Signed, duty_message, encode_record
from p2pcouncil.domain.register.following import follow
from p2pcouncil.domain.register.pages import (
    Entered,
    Joined,
    Left,
    Page,
    Pledged,
    encode_page,
    page_hash,
    read_page,
)
from p2pcouncil.domain.register.sayings import NOTHING, Prevote, Said, Seal
from p2pcouncil.domain.register.sealing import pack_numbers
from p2pcouncil.domain.register.shot import Look
from p2pcouncil.peer.register.drafting import TIME_PAUSE_MS
from tests.sim.register.book import START_MS
from tests.sim.register.people import Person, person, signed_join
from tests.support.telling import Player, Session, hear

WEEK_MS = 7 * 86_400_000
NOW_MS = START_MS + TIME_PAUSE_MS // 2
ISSUE = domain_hash("test/issue", b"1")
ENTERED = Entered(ISSUE, domain_hash("test/proposal", b"1"), 3_600)
VOUCH, HIGHER = ChangeHash(b"v" * 32), ChangeHash(b"w" * 32)


@pytest.fixture
def session() -> Session:
    """One page stands, so that the next one has a time."""
    session = Session()
    session.write()
    return session


def ask(player: Player, newcomer: Person, *vouchers: Person, vouch: ChangeHash = VOUCH) -> None:
    join = signed_join(player.minutes.chain.council, newcomer)
    for voucher in vouchers:
        player.held.hold_vouch(newcomer.member, join, voucher.member, vouch)


def drafted(player: Player, now_ms: int = NOW_MS) -> Page:
    """What is drafted, which may stand."""
    draft = player.draft(now_ms)
    assert draft is not None
    data = encode_page(draft.page)
    follow(player.minutes.chain, read_page(data), page_hash(data))
    return draft.page


def looks(session: Session, player: Player, now_ms: int = NOW_MS, **parts: object) -> Look:
    data = encode_page(session.book.page(**parts))
    player.minutes.hold_page(data)
    return player.look(page_hash(data), now_ms)


def joined(session: Session, newcomer: Person, voucher: Person, vouch: ChangeHash = VOUCH) -> Joined:
    return Joined(signed_join(session.book.chain.council, newcomer), (voucher.member,), (vouch,))


# Who comes.


def test_a_newcomer_with_enough_vouches_is_drafted_and_found_good(session: Session) -> None:
    one, (ada, ben, *_) = session.player(), session.book.founders
    assert one.draft(NOW_MS) is None
    ask(one, person(20), ada, ben)
    page = drafted(one)
    assert page.joined == (joined(session, person(20), ada),), "one vouch is needed, and no more are used up"
    assert looks(session, one, joined=page.joined) is Look.GOOD
    assert looks(session, session.player(1), joined=page.joined) is Look.UNKNOWN


def test_only_those_vouch_who_may(session: Session) -> None:
    one = session.player()
    ask(one, person(20), person(21))
    assert one.draft(NOW_MS) is None


def test_no_more_come_at_a_time_than_may(session: Session) -> None:
    one = session.player()
    for number in (20, 21, 22):
        ask(one, person(number), session.book.founders[0])
    assert len(drafted(one).joined) == 1


def test_an_objection_of_a_member_holds_a_newcomer_up_and_a_strangers_does_not(session: Session) -> None:
    ada, ben, *_ = session.book.founders
    for objector, is_held_up in ((ben.member, True), (person(25).member, False)):
        one = session.player()
        ask(one, person(20), ada)
        newcomer = one.held.asking[person(20).member]
        one.held.asking[person(20).member] = newcomer._replace(objectors=frozenset({objector}))
        assert (one.draft(NOW_MS) is None) is is_held_up
        seen = looks(session, one, joined=(joined(session, person(20), ada),))
        assert seen is (Look.BAD if is_held_up else Look.GOOD)


def test_a_page_names_the_vouch_that_counts(session: Session) -> None:
    ada = session.book.founders[0]
    for held, expected in ((HIGHER, Look.UNKNOWN), (ChangeHash(b"a" * 32), Look.BAD)):
        one = session.player()
        ask(one, person(20), ada, vouch=held)
        assert looks(session, one, joined=(joined(session, person(20), ada),)) is expected


def test_a_vouch_that_is_not_here_is_waited_for(session: Session) -> None:
    ada, ben, *_ = session.book.founders
    one = session.player()
    ask(one, person(20), ben)
    assert looks(session, one, joined=(joined(session, person(20), ada),)) is Look.UNKNOWN


def test_before_there_is_a_page_time_a_newcomer_makes_an_empty_page_due() -> None:
    session = Session()
    one = session.player()
    assert one.draft(NOW_MS) is None
    ask(one, person(20), session.book.founders[0])
    assert drafted(one).is_empty
    assert looks(session, one) is Look.GOOD
    assert looks(session, session.player(1)) is Look.UNKNOWN, (
        "who knows of nothing that waits waits to hear of it"
    )


# Who goes, moves, and tells.


def test_who_leaves_is_drafted_and_looked_up(session: Session) -> None:
    one, ben = session.player(), session.book.founders[1].member
    one.held.gone[ben] = VOUCH
    one.held.gone[person(20).member] = VOUCH
    assert drafted(one).left == (Left(ben, VOUCH),)
    assert looks(session, one, left=(Left(ben, VOUCH),)) is Look.GOOD
    assert looks(session, one, left=(Left(ben, HIGHER),)) is Look.BAD
    assert looks(session, session.player(), left=(Left(ben, VOUCH),)) is Look.UNKNOWN


def test_somebody_always_stays(session: Session) -> None:
    one = session.player()
    one.held.gone.update(dict.fromkeys(session.book.chain.roll, VOUCH))
    assert len(drafted(one).left) == 3


def statement(session: Session, member: Person, device: Person, number: int) -> bytes:
    certificate = member.member_key.certify(device.device_key.device).signature
    council = session.book.chain.council
    body = encode_record(Duty(council, member.member, number, device.device_key.device, certificate, (), ()))
    return encode_record(Signed(body, (member.member_key.sign(duty_message(body)),)))


def test_a_newer_statement_moves_a_member_and_an_older_one_is_bad(session: Session) -> None:
    one, ben = session.player(), session.book.founders[1]
    first, second = (statement(session, ben, person(20 + number), number) for number in (1, 2))
    one.held.moved[ben.member] = second
    assert drafted(one).moved == (second,)
    assert looks(session, one, moved=(second,)) is Look.GOOD
    assert looks(session, one, moved=(first,)) is Look.BAD
    assert looks(session, session.player(), moved=(first,)) is Look.GOOD, "it is the member key's own word"
    session.write(moved=(second,))
    after = session.player()
    after.held.moved[ben.member] = second
    assert after.draft(NOW_MS) is None


def pledge(member: Person, is_on: bool, entry: bytes = VOUCH) -> Pledged:
    return Pledged(member.member, member.device_key.vrf_public, is_on, entry)


def test_pledges_that_change_something_are_drafted_and_looked_up(session: Session) -> None:
    one, (ada, ben, *_) = session.player(), session.book.founders
    one.held.pledged = {ada.member: pledge(ada, True), ben.member: pledge(ben, False)}
    assert drafted(one).pledged == (pledge(ben, False),)
    assert looks(session, one, pledged=(pledge(ben, False),)) is Look.GOOD
    assert looks(session, one, pledged=(pledge(ben, False, HIGHER),)) is Look.BAD
    assert looks(session, session.player(), pledged=(pledge(ben, False),)) is Look.UNKNOWN


def test_a_newcomers_pledge_waits_for_the_end_of_probation_and_moves_the_time_when_it_is_over(
    session: Session,
) -> None:
    newcomer = person(20)
    session.write(joined=(joined(session, newcomer, session.book.founders[0]),))
    session.book.people[newcomer.member] = newcomer
    one = session.player()
    one.held.pledged = {newcomer.member: pledge(newcomer, True)}
    assert one.draft(START_MS + WEEK_MS) is None
    one.next_telling(START_MS + WEEK_MS)
    assert one.ask_again_ms is not None
    page = drafted(one, START_MS + 2 * WEEK_MS)
    assert page.is_empty, "page time is that of the page before, two weeks ago"
    assert looks(session, one, START_MS + 2 * WEEK_MS) is Look.GOOD
    assert looks(session, one, START_MS + WEEK_MS) is Look.UNKNOWN


def liar_of(session: Session, player: Player) -> Person:
    """Somebody else, whose two prevotes this player heard."""
    liar = session.others(player.me)[0]
    chain = session.book.chain
    said = [Prevote(chain.council, liar.member, chain.number + 1, 0, value) for value in (NOTHING, b"x" * 32)]
    hear(player, [liar.sign(one) for one in said])
    return liar


def test_who_is_caught_does_not_slip_away_on_the_same_page(session: Session) -> None:
    one = session.player()
    liar = liar_of(session, one)
    one.held.gone[liar.member] = VOUCH
    one.held.moved[liar.member] = statement(session, liar, person(20), 1)
    one.held.pledged = {liar.member: pledge(liar, True)}
    page = drafted(one)
    assert [conviction.member for conviction in page.convicted] == [liar.member]
    assert (page.left, page.moved, page.pledged) == ((), (), ())


def test_one_change_that_may_not_stand_holds_no_other_up(session: Session) -> None:
    one, (ada, ben, *_) = session.player(), session.book.founders
    one.held.gone[ben.member] = VOUCH
    one.held.pledged = {
        ada.member: Pledged(ada.member, ada.device_key.device, True, VOUCH),
        ben.member: pledge(ben, False),
    }
    page = drafted(one)
    assert (page.left, page.pledged) == ((Left(ben.member, VOUCH),), ())


# Votes.


def test_an_opening_is_looked_up(session: Session) -> None:
    one = session.player()
    one.held.opened[ISSUE] = ENTERED
    assert drafted(one).entered == (ENTERED,)
    assert looks(session, one, entered=(ENTERED,)) is Look.GOOD
    assert looks(session, one, entered=(Entered(ISSUE, ENTERED.proposal, 60),)) is Look.BAD
    assert looks(session, session.player(), entered=(ENTERED,)) is Look.UNKNOWN


def seals(session: Session) -> list[Said]:
    council = session.book.chain.council
    return [
        p.sign(Seal(council, p.member, ISSUE, pack_numbers((0, 0, 0, 0)))) for p in session.book.founders[:3]
    ]


def test_a_vote_that_nobody_can_close_moves_the_time_and_lapses() -> None:
    session = Session()
    session.write(entered=(ENTERED,))
    session.write()
    one = session.player()
    grace_ms = Charter().grace_seconds * 1_000
    end_ms = START_MS + ENTERED.window_seconds * 1_000
    assert one.draft(end_ms + grace_ms - 1) is None
    one.next_telling(end_ms)
    assert one.ask_again_ms == end_ms + grace_ms
    assert drafted(one, end_ms + grace_ms).is_empty
    assert looks(session, one, end_ms + grace_ms) is Look.GOOD
    session.write()
    session.book.certificate = session.book.certify([end_ms + grace_ms] * 4)
    page = encode_page(session.book.page(lapsed=(ISSUE,)))
    after = session.player()
    after.minutes.hold_page(page)
    assert after.look(page_hash(page), end_ms + grace_ms) is Look.GOOD
    hear(after, seals(session))
    assert after.look(page_hash(page), end_ms + grace_ms) is Look.BAD, "it can be closed"


def test_a_page_that_leaves_the_proof_out_is_bad(session: Session) -> None:
    one = session.player()
    one.held.opened[ISSUE] = ENTERED
    page = session.book.page(entered=(ENTERED,))
    one.minutes.hold_page(encode_page(page))
    without = encode_page(msgspec.structs.replace(page, proof=b""))
    one.minutes.hold_page(without)
    assert one.look(page_hash(encode_page(page)), NOW_MS) is Look.GOOD
    assert one.look(page_hash(without), NOW_MS) is Look.BAD
