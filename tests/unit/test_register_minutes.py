"""Minutes in any order, and what a teller says and does not say."""

from collections.abc import Iterable
from itertools import permutations

import pytest

from crdt.ids import ChangeHash, DeviceId, domain_hash
from p2pcouncil.domain.register.minutes import Minutes
from p2pcouncil.domain.register.pages import Entered, Page, encode_page, page_hash
from p2pcouncil.domain.register.sayings import AnySaying, Precommit, Prevote, Said, Seal, saying_message
from p2pcouncil.domain.register.shot import Step, Wait
from p2pcouncil.peer.telling import Teller
from tests.sim.register.book import START_MS, Book
from tests.sim.register.holdings import Holdings
from tests.sim.register.people import founded, person

ISSUE = domain_hash("test/issue", b"1")
ENTERED = Entered(ISSUE, domain_hash("test/proposal", b"1"), 60)


@pytest.fixture
def book() -> Book:
    return Book()


def precommits(book: Book, page: Page) -> list[Said]:
    """Everybody's, for a page that follows the book."""
    value = page_hash(encode_page(page))
    sayings = [
        Precommit(book.chain.council, p.member, page.number, 0, value, START_MS) for p in book.founders
    ]
    return [p.sign(saying) for p, saying in zip(book.founders, sayings, strict=True)]


def hear(minutes: Minutes, items: Iterable[Said | bytes]) -> Minutes:
    for item in items:
        if isinstance(item, bytes):
            minutes.hold_page(item)
        else:
            minutes.hear(item)
    return minutes


def test_a_forged_copy_of_what_was_said_early_displaces_nothing(book: Book) -> None:
    first, page = book.chain, book.page()
    book.write()
    ada = book.founders[0]
    early = ada.sign(Prevote(first.council, ada.member, 2, 0, b""))
    forged = Said(early.body, bytes(64))
    for order in permutations([early, forged]):
        minutes = hear(Minutes(first), [*order, encode_page(page)])
        minutes = hear(minutes, certified(book))
        assert minutes.chain.number == 1
        assert [saying.member for saying in minutes.said_about(2)] == [ada.member]


def certified(book: Book) -> list[Said]:
    """The precommits for the book's last page."""
    council, number = book.chain.council, book.chain.number
    return [p.sign(Precommit(council, p.member, number, 0, book.chain.page, START_MS)) for p in book.founders]


def test_two_certified_pages_of_a_number_break_the_register_whatever_comes_last(book: Book) -> None:
    one, other = book.page(), book.page(entered=(ENTERED,))
    said = [*precommits(book, one), *precommits(book, other)]
    for pages in permutations([encode_page(one), encode_page(other)]):
        early = hear(Minutes(book.chain), [*pages, *said])
        late = hear(Minutes(book.chain), [pages[0], *said, pages[1]])
        assert (early.broken, early.chain) == (late.broken, late.chain) == (1, book.chain)


def test_a_seal_that_does_not_fit_its_roll_is_nothing(book: Book) -> None:
    page = book.page(entered=(ENTERED,))
    minutes = hear(Minutes(book.chain), [encode_page(page), *precommits(book, page)])
    ada = book.founders[0]
    seals = [
        Seal(book.chain.council, ada.member, ISSUE, numbers) for numbers in (bytes(5), bytes(6), bytes(4))
    ]
    hear(minutes, map(ada.sign, seals))
    assert list(minutes.seals(ISSUE)) == [ada.member]
    assert minutes.convictions() == ()
    minutes.hear(ada.sign(Seal(book.chain.council, ada.member, ISSUE, b"\x01" * 4)))
    assert [conviction.member for conviction in minutes.convictions()] == [ada.member]


def test_of_one_precommit_under_many_clocks_one_is_kept_whatever_came_first(book: Book) -> None:
    page = book.page()
    data, ada = encode_page(page), book.founders[0]
    said = [
        ada.sign(Precommit(book.chain.council, ada.member, 1, 0, page_hash(data), START_MS + at))
        for at in range(3)
    ]
    lowest = min(said, key=lambda one: saying_message(one.body))
    for order in permutations(said):
        assert [one for _, one in hear(Minutes(book.chain), order).originals(1)] == [lowest]
        minutes = hear(Minutes(book.chain), [data, *order, *precommits(book, page)])
        assert minutes.chain.number == 1
        certificate = minutes.certificate()
        assert certificate is not None
        assert len({signer.member for signer in certificate.signers}) == len(certificate.signers) == 4


class Player(Teller):
    """A teller whose holdings are the test's to fill."""

    held: Holdings


def teller(book: Book, at: int = 0, device: DeviceId | None = None) -> Player:
    """Somebody who has heard nothing yet."""
    me = book.founders[at]
    first, _ = founded(len(book.founders))
    return Player(me.member, device or me.device_key.device, Minutes(first), Holdings(me))


def test_a_laptop_that_the_roll_does_not_name_says_nothing(book: Book) -> None:
    first = book.chain.next_committee().proposer(0).member
    at = [p.member for p in book.founders].index(first)
    for device, speaks in ((None, True), (person(9).device_key.device, False)):
        one = teller(book, at, device)
        one.held.opened[ISSUE] = ENTERED
        assert (one.next_telling(START_MS) is not None) is speaks


def test_a_ballot_is_late_before_a_page_tells_the_end(book: Book) -> None:
    page = book.page(entered=(ENTERED,))
    said = precommits(book, page)
    voter = book.founders[1].member
    for clock_ms, is_receipted in ((START_MS + 59_000, True), (START_MS + 60_000, False)):
        one = teller(book)
        hear(one.minutes, [encode_page(page), *said])
        one.held.hold_ballot(ISSUE, voter, 1, ChangeHash(bytes(32)), START_MS)
        telling = one.next_telling(clock_ms)
        told: AnySaying | None = None if telling is None else telling.saying
        assert (getattr(told, "ballots", None) is not None) is is_receipted


def test_nobody_seals_before_a_page_tells_the_end(book: Book) -> None:
    page = book.page(entered=(ENTERED,))
    one = teller(book)
    hear(one.minutes, [encode_page(page), *precommits(book, page)])
    telling = one.next_telling(START_MS + 600 * 60_000)
    assert telling is None or not isinstance(telling.saying, Seal)


def test_a_proof_counts_as_soon_as_its_page_is_held(book: Book) -> None:
    page = book.page(entered=(ENTERED,))
    minutes = Minutes(book.chain)
    assert minutes.proof() == b""
    minutes.hold_page(encode_page(page))
    assert minutes.proof() == page.proof != b""


def test_a_time_out_of_the_page_before_is_over(book: Book) -> None:
    one = teller(book)
    one.held.opened[ISSUE] = ENTERED
    one.next_telling(START_MS)
    one.waits = frozenset({Wait(Step.PROPOSE, 0)})
    one.expire(2, Wait(Step.PROPOSE, 0))
    telling = one.next_telling(START_MS)
    assert telling is None or not isinstance(telling.saying, Prevote)
