"""Which page may follow: certificates, page time, the roll by pages, votes that open, close and lapse."""

from collections.abc import Callable

import msgspec
import pytest

from crdt.errors import RemoteError
from crdt.ids import MemberId, domain_hash
from p2pcouncil.domain.records import Charter
from p2pcouncil.domain.register.belonging import VOUCHES_PER_YEAR, most_joins
from p2pcouncil.domain.register.certificates import Signer
from p2pcouncil.domain.register.chain import (
    KEY_PAGES,
    MS_PER_SECOND,
)
from p2pcouncil.domain.register.pages import (
    MAX_PAGE_BYTES,
    Closed,
    Convicted,
    Entered,
    Left,
    Page,
    Pledged,
    encode_page,
    read_page,
)
from p2pcouncil.domain.register.sayings import (
    PageProposal,
    Precommit,
    Prevote,
    Said,
    Seal,
    is_said_by,
    read_saying,
)
from p2pcouncil.domain.sortition import lot
from tests.sim.register.book import START_MS
from tests.sim.register.people import Person, person
from tests.support.written_register import PASSED, Register

DAY_MS = 86_400_000
ISSUE, PROPOSAL = domain_hash("test/issue", b"1"), domain_hash("test/proposal", b"1")
ENTERED = Entered(ISSUE, PROPOSAL, 3_600)


@pytest.fixture
def book() -> Register:
    return Register()


def refused(book: Register, page: Page, words: str) -> None:
    with pytest.raises(RemoteError, match=words):
        book.follows(page)


def test_page_time_is_the_median_of_the_certificate_before_and_never_runs_back(book: Register) -> None:
    book.write()
    assert book.chain.time_ms == 0
    book.certificate = book.certify([5, START_MS, START_MS + 9, 1 << 53])
    assert book.write(clock_ms=START_MS - DAY_MS).time_ms == START_MS, (
        "one liar moves it between honest clocks"
    )
    assert book.write().time_ms == START_MS, "clocks that ran back don't take page time with them"


def test_a_page_needs_the_certificate_of_the_page_before(book: Register) -> None:
    assert book.page().certificate is None
    book.write()
    good = book.page()
    refused(book, msgspec.structs.replace(good, certificate=None), "every other page has one")
    short = msgspec.structs.replace(book.certificate, signers=book.certificate.signers[:2])  # type: ignore[union-attr, type-var]
    refused(book, msgspec.structs.replace(good, certificate=short), "3 are needed")
    twice = msgspec.structs.replace(book.certificate, signers=book.certificate.signers[:1] * 3)  # type: ignore[union-attr, type-var]
    refused(book, msgspec.structs.replace(good, certificate=twice), "twice")
    of_another = book.certify([START_MS] * 4, page=bytes(32))
    refused(book, msgspec.structs.replace(good, certificate=of_another), "another page")
    signer = book.certificate.signers[0]  # type: ignore[union-attr]
    forged = msgspec.structs.replace(
        book.certificate,  # type: ignore[type-var]
        signers=(msgspec.structs.replace(signer, clock_ms=1), *book.certificate.signers[1:]),  # type: ignore[union-attr]
    )
    refused(book, msgspec.structs.replace(good, certificate=forged), "does not hold")


def test_a_stranger_certifies_nothing(book: Register) -> None:
    book.write()
    stranger = person(20)
    said = Precommit(book.chain.council, stranger.member, 1, 0, book.chain.page, START_MS)
    signed = Signer(stranger.member, START_MS, stranger.sign(said).signature)
    signers = (*book.certificate.signers[:2], signed)  # type: ignore[union-attr]
    made = msgspec.structs.replace(
        book.certificate,  # type: ignore[type-var]
        signers=tuple(sorted(signers, key=lambda s: s.member)),
    )
    refused(book, msgspec.structs.replace(book.page(), certificate=made), "not of the committee")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"council": bytes(32)}, "another council"),
        ({"number": 2}, "does not follow"),
        ({"previous": bytes(32)}, "does not follow"),
        ({"proof": bytes(80)}, "lot"),
        ({"rules_version": 1}, "rules 1"),
    ],
)
def test_a_page_out_of_place(book: Register, change: dict[str, object], words: str) -> None:
    refused(book, msgspec.structs.replace(book.page(), **change), words)


def test_a_silent_first_proposer_changes_the_seed_and_nobody_elses_proof_passes(book: Register) -> None:
    spoken = book.follows(book.page())
    silent = book.follows(msgspec.structs.replace(book.page(), proof=b""))
    assert spoken.seed != silent.seed
    second = book.chain.next_committee().proposer(1)
    alpha = lot.lot_input(book.chain.council, book.chain.seed, 1)
    other = book.people[second.member].prove(alpha)
    refused(book, msgspec.structs.replace(book.page(), proof=other), "lot")


def test_a_newcomer_comes_by_a_page_votes_from_it_on_and_serves_a_probation(book: Register) -> None:
    eve = person(20)
    refused(book, book.page(joined=(book.join(eve, book.founders[:1]),)), "page time")
    book.write()
    book.write(joined=(book.join(eve, book.founders[:1]),), entered=(ENTERED,))
    assert eve.member in book.chain.votes[ISSUE].roll
    assert eve.member not in [teller.member for teller in book.chain.next_committee().tellers]
    pledge = Pledged(eve.member, eve.device_key.vrf_public, True, bytes(32))
    refused(book, book.page(pledged=(pledge,)), "probation")
    frank = person(21)
    refused(book, book.page(joined=(book.join(frank, [eve]),)), "may not vouch")
    book.write(clock_ms=START_MS + Charter().probation_seconds * MS_PER_SECOND)
    book.write(pledged=(pledge,), joined=(book.join(frank, [eve]),))
    (teller,) = (t for t in book.chain.next_committee().tellers if t.member == eve.member)
    assert teller.vrf == b"", "her key is too young to draw lots with"


def test_a_young_key_draws_no_lots(book: Register) -> None:
    book.write()
    for one in book.founders:
        pledge = Pledged(one.member, person(30).device_key.vrf_public, True, bytes(32))
        book.write(pledged=(pledge,))
        book.provers[one.member] = person(30)
    assert {teller.vrf for teller in book.chain.next_committee().tellers} == {b""}
    alpha = lot.lot_input(book.chain.council, book.chain.seed, book.chain.number + 1)
    young = msgspec.structs.replace(book.page(), proof=person(30).prove(alpha))
    refused(book, young, "too young")
    for _ in range(KEY_PAGES):
        book.write()
    assert all(teller.vrf for teller in book.chain.next_committee().tellers)


def test_no_crowd_comes_at_a_time_and_a_year_has_so_many_vouches() -> None:
    book = Register(4)
    book.write()
    ada = book.founders[0]
    assert most_joins(book.chain) == 1
    crowd = sorted((book.join(person(40 + n), [ada]) for n in range(2)), key=lambda item: item.join)
    refused(book, book.page(joined=tuple(crowd)), "1 may come")
    for number in range(VOUCHES_PER_YEAR):
        book.write(joined=(book.join(person(50 + number), [ada]),))
    late = book.join(person(80), [ada])
    refused(book, book.page(joined=(late,)), "may not vouch")
    book.write(clock_ms=START_MS + 366 * DAY_MS)
    book.write(joined=(late,))
    assert person(80).member in book.chain.roll


def test_the_vouches_of_a_year_are_counted_within_a_page_too() -> None:
    book = Register(120)
    book.write()
    ada = book.founders[0]
    newcomers = sorted(
        (person(130 + number) for number in range(VOUCHES_PER_YEAR + 1)), key=lambda p: p.member
    )
    joined = tuple(book.join(newcomer, [ada]) for newcomer in newcomers)
    refused(book, book.page(joined=joined), "may not vouch")
    book.write(joined=joined[1:])


def test_a_member_leaves_and_the_last_one_stays() -> None:
    book = Register(2)
    first, last = book.founders
    book.write(left=(Left(first.member, bytes(32)),))
    assert list(book.chain.roll) == [last.member]
    refused(book, book.page(left=(Left(first.member, bytes(32)),)), "not on the roll")
    refused(book, book.page(left=(Left(last.member, bytes(32)),)), "nobody")


def test_duty_moves_to_another_device_which_pledges_before_it_tells(book: Register) -> None:
    book.write()
    ada, other = book.founders[0], person(60)
    statement = book.moved(ada, other)
    book.write(moved=(statement,))
    assert book.chain.roll[ada.member].device == other.device_key.device
    assert ada.member not in [teller.member for teller in book.chain.next_committee().tellers]
    refused(book, book.page(moved=(statement,)), "counts no more")


def test_a_vote_opens_runs_from_the_next_pages_time_and_closes_on_a_quorum_of_seals(book: Register) -> None:
    book.write(entered=(ENTERED,))
    vote = book.chain.votes[ISSUE]
    assert (vote.closes_ms, vote.roll) == (None, tuple(sorted(book.people)))
    tellers = tuple(sorted(teller.member for teller in vote.committee.tellers))

    def closed(count: int, who: tuple[MemberId, ...] = tellers) -> Closed:
        return Closed(ISSUE, who[:count], (bytes(32),) * count, (bytes(32),), PASSED)

    refused(book, book.page(entered=(ENTERED,)), "opened before")
    elsewhere = Entered(ISSUE, domain_hash("test/proposal", b"2"), 3_600)
    refused(book, book.page(entered=(elsewhere,)), "opened before")
    book.chain = book.follows(book.page())
    assert book.chain.votes[ISSUE].closes_ms == START_MS + 3_600 * MS_PER_SECOND
    book.certificate = book.certify([START_MS] * 4)
    refused(book, book.page(closed=(closed(2),)), "3 are needed")
    refused(
        book, book.page(closed=(closed(3, (MemberId(bytes(32)), *tellers)),)), "not of the vote's committee"
    )
    book.write(closed=(closed(3),))
    assert book.chain.closed == {ISSUE: 3}
    assert not book.chain.votes
    refused(book, book.page(closed=(closed(3),)), "not open")
    again = Entered(domain_hash("test/issue", b"2"), PROPOSAL, 3_600)
    refused(book, book.page(entered=(again,)), "opened before")


def test_a_vote_that_nobody_seals_lapses_after_a_grace_and_may_open_again(book: Register) -> None:
    book.write(entered=(ENTERED,))
    refused(book, book.page(lapsed=(ISSUE,)), "still have time")
    book.write(clock_ms=START_MS + (3_600 + Charter().grace_seconds) * MS_PER_SECOND - 1)
    refused(book, book.page(lapsed=(ISSUE,)), "still have time")
    book.write(clock_ms=START_MS + (3_600 + Charter().grace_seconds) * MS_PER_SECOND)
    book.write(lapsed=(ISSUE,))
    assert not book.chain.votes
    again = Entered(domain_hash("test/issue", b"2"), PROPOSAL, 3_600)
    book.write(entered=(again,))
    assert again.issue in book.chain.votes


def test_a_liar_is_convicted_once_and_tells_no_more(book: Register) -> None:
    book.write()
    liar, other = book.founders[:2]
    council = book.chain.council

    def conviction(one: Said, two: Said, whom: Person = liar) -> Convicted:
        return Convicted(whom.member, whom.device_key.device, one, two)

    bread, cake = (liar.sign(Prevote(council, liar.member, 1, 0, value * 32)) for value in (b"b", b"c"))
    nothing = liar.sign(Prevote(council, liar.member, 1, 1, b""))
    refused(book, book.page(convicted=(conviction(bread, nothing),)), "both be honest")
    refused(book, book.page(convicted=(conviction(bread, bread),)), "both be honest")
    refused(book, book.page(convicted=(conviction(bread, cake, other),)), "both be honest")
    forged = other.sign(Prevote(council, liar.member, 1, 0, b"c" * 32))
    refused(book, book.page(convicted=(conviction(bread, forged),)), "does not hold")
    book.write(convicted=(conviction(bread, cake),))
    assert liar.member not in [teller.member for teller in book.chain.next_committee().tellers]
    assert liar.member in book.chain.roll, "a liar may still vote"
    refused(book, book.page(convicted=(conviction(bread, cake),)), "twice")
    pledge = Pledged(liar.member, liar.device_key.vrf_public, True, bytes(32))
    refused(book, book.page(pledged=(pledge,)), "caught in a lie")


@pytest.mark.parametrize(
    "make",
    [
        lambda council, member: PageProposal(council, member, 1, 0, b"b" * 32, 0),
        lambda council, member: Prevote(council, member, 1, 0, b"short"),
        lambda council, member: Precommit(council, member, 1, 0, b"short", 0),
    ],
)
def test_sayings_that_say_nothing_sensible(make: Callable[[bytes, bytes], PageProposal]) -> None:
    someone = person(1)
    with pytest.raises(RemoteError):
        read_saying(someone.sign(make(bytes(32), someone.member)))


def test_a_saying_has_one_spelling_and_one_author() -> None:
    someone, other = person(1), person(2)
    seal = someone.sign(Seal(bytes(32), someone.member, ISSUE, b"\x01"))
    assert is_said_by(seal, someone.device_key.device)
    assert not is_said_by(seal, other.device_key.device)
    for at in range(len(seal.body)):
        changed = Said(seal.body[:at] + bytes([seal.body[at] ^ 1]) + seal.body[at + 1 :], seal.signature)
        assert not is_said_by(changed, someone.device_key.device)
    longer = Said(seal.body.replace(b"\xc4\x01\x01", b"\xc5\x00\x01\x01"), seal.signature)
    assert longer.body != seal.body
    with pytest.raises(RemoteError, match="spelled"):
        read_saying(longer)


def test_pages_are_read_in_one_spelling_and_size(book: Register) -> None:
    data = encode_page(book.page())
    assert read_page(data) == book.page()
    for wrong in (b"", data[:-1], data + b"\0", bytes(MAX_PAGE_BYTES + 1)):
        with pytest.raises(RemoteError):
            read_page(wrong)
