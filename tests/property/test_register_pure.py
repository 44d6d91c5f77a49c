"""`follow` is a function of a chain and a page: it changes neither, and comes to the same in every process."""

import copy
import os
import random
import subprocess
import sys
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crdt.errors import RemoteError
from crdt.ids import MemberId
from p2pcouncil.domain.effects import (
    CHARTER_TERMS,
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
from p2pcouncil.domain.records import Charter
from p2pcouncil.domain.register.chain import KEY_PAGES, Chain
from p2pcouncil.domain.register.following import follow
from p2pcouncil.domain.register.pages import (
    Closed,
    Convicted,
    Entered,
    Left,
    Page,
    Pledged,
    Result,
    encode_page,
    page_hash,
    read_page,
)
from p2pcouncil.domain.register.sayings import Prevote
from p2pcouncil.domain.tally.outcome import Outcome
from tests.sim.register.book import START_MS
from tests.sim.register.people import Person, founded, person
from tests.support.written_register import Register, closed, entered

SIZE = 6
PAGES = 14
DAY_MS = 86_400_000
OFFICES = ("clerk", "delegate")
COUNCILS = (b"1" * 32, b"2" * 32)


class Walk(Register):
    """A register whose pages say something of everything, by chance: mostly what may stand, and sometimes not.

    Attributes:
        tried: every page that was tried, with the chain that it was to follow and the one that came of it.
    """

    def __init__(self, seed: int) -> None:
        super().__init__(SIZE)
        self.rng = random.Random(seed)
        self.tried: list[tuple[Chain, Page, Chain | None]] = []
        self.clock_ms = START_MS
        for _ in range(PAGES):
            self._step()

    def _step(self) -> None:
        page = self._any_page()
        before = self.chain
        try:
            after = self.follows(page)
        except RemoteError:
            self.tried.append((before, page, None))
            return
        self.tried.append((before, page, after))
        self.clock_ms += self.rng.choice((1, DAY_MS, 20 * DAY_MS))
        self.chain = after
        self.certificate = self.certify([self.clock_ms] * SIZE * 2)

    def _any_page(self) -> Page:
        rng, chain = self.rng, self.chain
        closing = self._closed()
        parts: dict[str, tuple[object, ...]] = {"entered": self._entered(), "closed": closing}
        ended = {item.issue for item in closing}
        ripe = (v.issue for v in chain.votes.values() if v.lapses_ms and v.lapses_ms <= self.clock_ms)
        parts["lapsed"] = tuple(sorted(set(ripe) - ended)[:1])
        if rng.random() < 0.3:
            newcomer = rng.choice([*self._known(), person(SIZE + len(self.people))])
            vouchers = [self.people[member] for member in sorted(chain.roll)[:1]]
            parts["joined"] = (self.join(newcomer, vouchers),)
        if rng.random() < 0.15:
            parts["left"] = (Left(self._somebody(), bytes(32)),)
        if rng.random() < 0.2:
            one = self.people[self._somebody()]
            parts["pledged"] = (
                Pledged(one.member, one.device_key.vrf_public, rng.random() < 0.7, rng.randbytes(1) * 32),
            )
        if rng.random() < 0.2:
            parts["convicted"] = (self._conviction(),)
        return self.page(**parts)

    def _known(self) -> list[Person]:
        return [self.people[member] for member in sorted(self.people)]

    def _somebody(self) -> MemberId:
        return self.rng.choice(sorted(self.people))

    def _entered(self) -> tuple[Entered, ...]:
        known = len(self.tried) * 4
        return tuple(entered(known + at, self._effect(), 60) for at in range(self.rng.randrange(4)))

    def _effect(self) -> Effect | None:
        rng, member = self.rng, self._somebody()
        term = rng.choice(sorted(CHARTER_TERMS))
        return rng.choice(
            (
                None,
                Promise(member, self.clock_ms),
                ChangeCharter(term, CHARTER_TERMS[term][0] + rng.randrange(2)),
                RemoveMember(member),
                AdmitMember(member),
                RecogniseCouncil(rng.choice(COUNCILS)),
                Elect(rng.choice(OFFICES), tuple(rng.sample(sorted(self.people), 3))),
                Recall(rng.choice(OFFICES), member),
                SetParameter(rng.choice("ab"), str(rng.randrange(3))),
            )
        )

    def _closed(self) -> tuple[Closed, ...]:
        told = [vote for _, vote in sorted(self.chain.votes.items()) if vote.closes_ms is not None]
        some = [vote for vote in told if self.rng.random() < 0.7]
        return tuple(closed(vote, self._result(vote.effect)) for vote in some)

    def _result(self, effect: Effect | None) -> Result:
        if self.rng.random() < 0.15:
            return Result(self.rng.choice(list(Outcome)).value, (), 1)
        if isinstance(effect, Elect):
            return Result("elected", tuple(sorted(self.rng.sample(range(3), self.rng.randrange(1, 4)))), 3)
        return Result("passed", (), 3)

    def _conviction(self) -> Convicted:
        liar = self.people[self._somebody()]
        lies = [
            liar.sign(Prevote(self.chain.council, liar.member, 1, 0, value * 32)) for value in (b"b", b"c")
        ]
        return Convicted(liar.member, liar.device_key.device, *lies)


def tried_again(chain: Chain, page: Page) -> Chain | None:
    data = encode_page(page)
    try:
        return follow(chain, read_page(data), page_hash(data))
    except RemoteError:
        return None


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1 << 32))
def test_following_changes_nothing_and_comes_to_the_same_again(seed: int) -> None:
    for chain, page, after in Walk(seed).tried:
        copied, spelled, page_spelled = copy.deepcopy(chain), repr(chain), repr(page)
        again = tried_again(chain, page)
        assert again == after
        assert repr(again) == repr(after), "mappings are in the same order too"
        assert (chain, repr(chain), repr(page)) == (copied, spelled, page_spelled)
        assert tried_again(copied, page) == after


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1 << 32))
def test_what_decisions_leave_behind_fits_together(seed: int) -> None:
    chain = Walk(seed).chain
    assert chain.roll
    assert all(set(office.members) <= chain.roll.keys() for office in chain.offices.values())
    assert {issue: page for issue, (page, _) in chain.decided.items()} == chain.closed
    assert chain.void_effects.keys() | chain.promises.keys() <= chain.decided.keys()
    assert not chain.decided.keys() & (chain.votes.keys() | chain.lapsed.keys())
    for term, (least, most) in CHARTER_TERMS.items():
        assert least <= getattr(chain.charter, term) <= most


def test_the_walks_come_to_everything() -> None:
    walks = [Walk(seed) for seed in range(30)]
    ends = [walk.chain for walk in walks]
    for name in (
        *("closed", "lapsed", "convicted", "decided", "parameters", "offices", "recognised", "removed"),
        *("admitted", "promises", "void_effects", "devices"),
    ):
        assert any(getattr(end, name) for end in ends), name
    assert any(end.charter != Charter() for end in ends)
    assert any(after is None for walk in walks for _, _, after in walk.tried), "some pages are refused"
    assert KEY_PAGES > PAGES, "keys that are pledged on the way draw no lots"


FOLLOW = """
import sys
from tests.property.test_register_pure import spelled
print(spelled([bytes.fromhex(line) for line in sys.stdin.read().split()]))
"""


def spelled(pages: list[bytes]) -> str:
    """The hash of the chain that pages come to, spelled out with the order of its mappings."""
    chain, _ = founded(SIZE)
    for data in pages:
        chain = follow(chain, read_page(data), page_hash(data))
    return sha256(repr(chain).encode()).hexdigest()


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_another_process_comes_to_the_same_chain(hash_seed: str) -> None:
    pages = [encode_page(page) for _, page, after in Walk(7).tried if after is not None]
    assert len(pages) > PAGES // 2
    done = subprocess.run(
        [sys.executable, "-c", FOLLOW],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        input="\n".join(page.hex() for page in pages),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.strip() == spelled(pages)
