"""Catching up from several peers: each envelope comes about once, all serve, and nobody can hold up the rest."""

from collections.abc import Sequence
from math import ceil

import pytest

from crdt import sync_claims
from crdt.sync import MAX_RESPONSE_BYTES
from p2pcouncil.peer.events import Accept, BatchAccepted, Reply, ReplyWithEnvelopes
from p2pcouncil.peer.pacing import PULL_EVERY_MS
from p2pcouncil.peer.pulling import CLAIM_MS, MAX_FETCHING, STUCK_MS
from tests.sim.simulation import TICK_MS
from tests.support.crowd import Crowd, Fetching, Serving, crowd

LANES, EACH = 100, 50
ALONE_MS = 3_000
"""One honest peer brings all of it in less."""
ENVELOPE_BYTES = 420
"""What one of theirs weighs in an answer."""
ANSWER = 2_048
"""Envelopes of an answer at most."""


class Withholding(Serving):
    """Says what it holds, and never hands over an envelope."""

    def _tell(self, effect: object) -> None:
        if not isinstance(effect, ReplyWithEnvelopes):
            super()._tell(effect)  # type: ignore[arg-type]


class Empty(Serving):
    """Answers every want with nothing."""

    def _tell(self, effect: object) -> None:
        if isinstance(effect, ReplyWithEnvelopes):
            effect = Reply(effect.question, effect.head)
        super()._tell(effect)  # type: ignore[arg-type]


class Slow(Serving):
    """Takes its time for whatever holds envelopes."""

    DELAY_MS = 10_000

    def _tell(self, effect: object) -> None:
        self.delay_ms = self.DELAY_MS if isinstance(effect, ReplyWithEnvelopes) else 0
        super()._tell(effect)  # type: ignore[arg-type]


class Trickling(Serving):
    """Hands over one envelope at a time, always just before its claim ends."""

    def _tell(self, effect: object) -> None:
        self.delay_ms = 0
        if isinstance(effect, ReplyWithEnvelopes):
            self.delay_ms = CLAIM_MS - TICK_MS
            effect = ReplyWithEnvelopes(effect.question, effect.head, effect.wanted, 1, effect.device)
        super()._tell(effect)  # type: ignore[arg-type]


def caught_up(made: Crowd, limit_ms: int) -> None:
    """Connect everybody and wait until the newcomer holds all; no honest peer is dropped."""
    made.connect(*made.holders)
    assert made.simulation.run_until(made.is_whole, limit_ms), "it did not catch up in time"
    assert not {made.device(h) for h in made.holders if type(h) is Serving} & {
        d for d, _ in made.newcomer.dropped
    }


def test_each_envelope_comes_once_and_all_serve_alike() -> None:
    made = crowd(LANES * 2, EACH, *[Serving] * 4)
    caught_up(made, 10_000)
    made.simulation.run(20_000)
    fetched = made.newcomer.fetched
    shares = [fetched.entries_from[made.device(holder)] for holder in made.holders]
    assert fetched.again == 0
    assert sum(shares) == LANES * 2 * EACH
    assert min(shares) >= LANES * 2 * EACH // 10
    assert max(shares) <= LANES * 2 * EACH * 4 // 10
    assert not made.newcomer.dropped


def test_peers_take_turns_in_one_long_lane() -> None:
    made = crowd(1, 8_000, *[Serving] * 4)
    caught_up(made, 10_000)
    fetched = made.newcomer.fetched
    assert fetched.again == 0
    assert all(fetched.entries_from[made.device(holder)] for holder in made.holders)


@pytest.mark.parametrize("liars", [1, 3])
@pytest.mark.parametrize("kind", [Withholding, Empty, Slow, Trickling])
def test_who_does_not_serve_delays_the_others_by_one_claim(kind: type[Serving], liars: int) -> None:
    made = crowd(LANES, EACH, *[Serving] * (4 - liars), *[kind] * liars)
    caught_up(made, ALONE_MS + CLAIM_MS + 2 * TICK_MS)
    made.simulation.run(30_000)
    # What a slow peer hands over after all has come from somebody else by then.
    assert made.newcomer.fetched.again <= liars * ANSWER


def test_who_serves_nothing_is_dropped_and_who_is_slow_is_not() -> None:
    made = crowd(LANES, 10, Empty, Slow)
    made.connect(*made.holders)
    made.simulation.run(60_000)
    assert {device for device, _ in made.newcomer.dropped} == {made.device(made.holders[0])}
    assert made.is_whole()


def test_slow_peers_share_the_work_all_the_same() -> None:
    made = crowd(LANES * 2, EACH, *[Slow] * 4)
    answers = ceil(made.entries * ENVELOPE_BYTES / MAX_RESPONSE_BYTES)
    # As many rounds as it takes if all four share evenly; one more, as the last ones don't; and some time to compare.
    caught_up(made, (ceil(answers / 4) + 2) * Slow.DELAY_MS)
    assert made.newcomer.fetched.again <= LANES * EACH
    assert made.newcomer.fetched.entries_from[made.device(made.holders[0])] <= LANES * EACH


@pytest.mark.parametrize("how", ["in good order", "without a word"])
def test_a_peer_that_dies_in_the_middle_leaves_its_part_to_the_others(how: str) -> None:
    made = crowd(LANES, EACH, *[Serving] * 4)
    made.connect(*made.holders)
    simulation, (dying, *_) = made.simulation, made.holders
    fetched = made.newcomer.fetched
    assert simulation.run_until(lambda: made.device(dying) in fetched.entries_from, 5_000)
    assert not made.is_whole()
    if how == "in good order":
        dying.go_offline()
    else:
        simulation.network.cut(dying.key, made.newcomer.key)
        simulation.network.cut(made.newcomer.key, dying.key)
    assert simulation.run_until(made.is_whole, ALONE_MS + CLAIM_MS + 2 * TICK_MS)
    assert fetched.again == 0


def test_after_a_cut_nothing_that_came_is_fetched_again() -> None:
    made = crowd(LANES, EACH, Serving)
    (holder,), newcomer, simulation = made.holders, made.newcomer, made.simulation
    made.connect(holder)
    half = made.entries // 2
    assert simulation.run_until(lambda: newcomer.place(made.council).index.total >= half, 5_000)
    simulation.network.disconnect(holder.key, newcomer.key, "cut")
    assert not made.is_whole()
    assert simulation.run_until(made.is_whole, 20_000)
    assert newcomer.fetched.again == 0


def test_what_is_being_checked_when_the_connection_is_cut_is_not_fetched_again() -> None:
    made = crowd(LANES, EACH, Serving)
    (holder,), newcomer, simulation = made.holders, made.newcomer, made.simulation
    newcomer.checked_per_ms = 1
    made.connect(holder)
    assert simulation.run_until(lambda: len(newcomer.fetched.times) >= ANSWER, 5_000)
    before = newcomer.place(made.council).index.total
    assert before < len(newcomer.fetched.times)
    simulation.network.disconnect(holder.key, newcomer.key, "cut")
    asked_bytes = newcomer.fetched.asked_bytes
    assert simulation.run_until(lambda: newcomer.fetched.asked_bytes > asked_bytes, 5_000)
    assert newcomer.place(made.council).index.total < len(newcomer.fetched.times)
    assert simulation.run_until(made.is_whole, 20_000)
    assert newcomer.fetched.again == 0


def test_answers_that_wait_to_be_checked_are_few_however_many_serve(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sync_claims, "MAX_CLAIM_ENTRIES", 64)
    made = crowd(LANES, 20, *[Serving] * 12)
    newcomer, most = made.newcomer, 0
    newcomer.checked_per_ms = 1
    made.connect(*made.holders)
    for _ in range(3_000):
        made.simulation.run(10)
        most = max(most, newcomer.waiting)
        if made.is_whole():
            break
    assert made.is_whole()
    assert most == MAX_FETCHING
    assert newcomer.fetched.again == 0


class Forgetful(Fetching):
    """Loses the first answers that it should check: it says so, or never comes back to them."""

    to_lose = 3
    says_so = True

    def _take_in(self, batch: Sequence[Accept]) -> None:
        (effect,) = batch
        if effect.device is not None and self.to_lose and len(effect.groups) > 1:
            self.to_lose -= 1
            if self.says_so:
                self.handle(BatchAccepted(effect.batch, 0, 1, (), lost=True))
            return
        super()._take_in(batch)


@pytest.mark.parametrize("says_so", [True, False])
def test_answers_that_could_not_be_kept_are_fetched_again(says_so: bool) -> None:
    made = crowd(LANES, EACH, *[Serving] * 2, newcomer=Forgetful)
    assert isinstance(made.newcomer, Forgetful)
    made.newcomer.says_so = says_so
    caught_up(made, 2 * PULL_EVERY_MS if says_so else STUCK_MS + 2 * PULL_EVERY_MS)
    assert not made.newcomer.to_lose
