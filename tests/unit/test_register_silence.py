"""Tellers whose signatures no page has brought for weeks go off duty, a few at a time, and come back by a pledge."""

import msgspec
import pytest

from crdt.errors import RemoteError
from crdt.ids import MemberId, domain_hash
from p2pcouncil.domain.register.certificates import Certificate
from p2pcouncil.domain.register.pages import Pledged
from p2pcouncil.domain.register.silence import KEPT_ON_DUTY, SILENCE_MS, SILENT_PAGES
from tests.sim.register.book import START_MS
from tests.support.written_register import Register

DAY_MS = 86_400_000


class Village(Register):
    """A register of seven, of whom some are away."""

    def __init__(self, size: int = 7) -> None:
        super().__init__(size)
        self.away: set[MemberId] = set()
        self.clock_ms = START_MS
        self.write()

    def go_by(self, pages: int, days: int = 2) -> None:
        """Pages some days apart, certified by whoever is there."""
        for _ in range(pages):
            self.clock_ms += days * DAY_MS
            self.write(self.clock_ms)

    def certify(self, clocks: list[int], page: bytes | None = None) -> Certificate:
        whole = super().certify(clocks, page)
        there = tuple(signer for signer in whole.signers if signer.member not in self.away)
        return msgspec.structs.replace(whole, signers=there)

    def on_duty(self) -> set[MemberId]:
        return {member for member, seat in self.chain.roll.items() if seat.is_on_duty}

    def pledge(self, member: MemberId, entry: bytes = b"", is_on: bool = True) -> Pledged:
        key = self.people[member].device_key.vrf_public
        return Pledged(member, key, is_on, entry or domain_hash("test/pledge", member))

    def lose(self, count: int) -> list[MemberId]:
        gone = sorted(self.chain.roll)[:count]
        self.away |= set(gone)
        return gone


def test_who_is_silent_for_weeks_and_pages_goes_off_duty_and_stays_on_the_roll() -> None:
    village = Village()
    (gone,) = village.lose(1)
    village.go_by(SILENT_PAGES)
    assert gone in village.on_duty(), "the first certificate without them came a page later"
    village.go_by(2)
    assert village.on_duty() == village.chain.roll.keys() - {gone}
    assert village.chain.quieted == {gone: village.chain.number - 1}
    assert len(village.chain.next_committee().tellers) == 6
    assert village.chain.silent == {}


def test_neither_pages_nor_weeks_alone_are_enough() -> None:
    hasty, lazy = Village(), Village()
    for village in (hasty, lazy):
        village.lose(1)
    hasty.clock_ms += DAY_MS
    for _ in range(3 * SILENT_PAGES):
        hasty.write(hasty.clock_ms)
    lazy.go_by(SILENT_PAGES - 1, days=30)
    assert len(hasty.on_duty()) == len(lazy.on_duty()) == 7
    assert all(silence.pages > SILENT_PAGES for silence in hasty.chain.silent.values())
    assert all(lazy.chain.time_ms - silence.since_ms > SILENCE_MS for silence in lazy.chain.silent.values())


def test_one_signature_ends_a_silence() -> None:
    village = Village()
    (gone,) = village.lose(1)
    village.go_by(SILENT_PAGES - 1)
    village.away.clear()
    village.go_by(1)
    village.away.add(gone)
    village.go_by(SILENT_PAGES)
    assert gone in village.on_duty()


def test_a_page_takes_few_off_and_leaves_enough_on_duty() -> None:
    village = Village()
    first, second = village.lose(2)
    village.go_by(SILENT_PAGES + 1)
    assert len(village.on_duty()) == 6, (
        "one on a page, the lowest key of those who are silent for equally long"
    )
    assert village.on_duty().isdisjoint({first})
    village.go_by(1)
    assert village.on_duty().isdisjoint({first, second})
    small = Village(KEPT_ON_DUTY)
    small.lose(1)
    small.go_by(3 * SILENT_PAGES)
    assert len(small.on_duty()) == KEPT_ON_DUTY


def test_a_new_pledge_brings_back_and_an_old_one_does_not() -> None:
    village = Village()
    gone = sorted(village.chain.roll)[0]
    old, new = village.pledge(gone), village.pledge(gone, domain_hash("test/pledge", b"new"))
    village.write(pledged=(village.pledge(gone, domain_hash("test/pledge", b"off"), is_on=False),))
    village.write(pledged=(old,))
    village.away.add(gone)
    village.go_by(SILENT_PAGES + 2)
    assert gone not in village.on_duty()
    with pytest.raises(RemoteError, match="applied before"):
        village.follows(village.page(pledged=(old,)))
    village.away.clear()
    village.write(pledged=(new,))
    assert gone in village.on_duty()
    assert village.chain.roll[gone].key_page < 0, "the same key stays as old as it was"
    # Their silence begins anew.
    village.away.add(gone)
    village.go_by(SILENT_PAGES)
    assert gone in village.on_duty()


def test_who_goes_off_duty_by_themselves_is_silent_no_more() -> None:
    village = Village()
    (gone,) = village.lose(1)
    village.go_by(SILENT_PAGES - 1)
    village.write(
        village.clock_ms, pledged=(village.pledge(gone, domain_hash("test/pledge", b"off"), is_on=False),)
    )
    village.go_by(1)
    assert village.chain.silent == {}
    village.write(village.clock_ms, pledged=(village.pledge(gone, domain_hash("test/pledge", b"on")),))
    village.go_by(SILENT_PAGES)
    assert gone in village.on_duty()
