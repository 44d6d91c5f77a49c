"""The register's rules broken on purpose; `python -m tests.sim.register.mutants` has to notice each."""

# ruff: noqa: ANN401 - what stands in for a function takes whatever that takes.

import sys
from typing import Any
from unittest.mock import patch

from p2pcouncil.domain.register import sealing
from p2pcouncil.domain.register.sayings import NOTHING
from p2pcouncil.domain.register.shot import Look, Shot
from p2pcouncil.peer.register.carrying import Carrier
from p2pcouncil.peer.register.receiving import Receiver
from p2pcouncil.peer.telling import Teller
from tests.sim.hunting import Mutant, hunt_all, replaced
from tests.sim.register.days import night
from tests.sim.register.play import play
from tests.sim.register.teller import Laptop, Told

SIZES = (4, 5, 7)


def shown(seed: int) -> str:
    """Play a register of one of a few sizes, and a night; which checkers fired."""
    _, violations = play(seed, SIZES[seed % len(SIZES)])
    return ", ".join((*violations, *night(seed)))


def _forgets_what_it_said(self: Any) -> None:
    """A teller that starts anew has lost what it said itself, as if that had been sent before it was stored."""
    for item in list(self.disk):
        if isinstance(item, Told) and item.carrier == self.me.member:
            del self.disk[item]
    _wake(self)


_wake = Laptop.wake


def _on_fewer_seals(named: Any, liars: int) -> int:
    return _counted(named, max(0, liars - 1))


_counted = sealing.counted_number


_seal = Receiver.seal


def _prevotes_with(lock_of: Any) -> Any:
    """A teller is locked on another page, or in another round, when it prevotes, and only then."""

    def prevote(self: Any, *arguments: Any) -> Any:
        with patch.object(Shot, "lock_of", lock_of):
            return _prevote(self, *arguments)

    return lambda: patch.object(Shot, "_prevote", prevote)


_prevote = Shot._prevote
_lock_of = Shot.lock_of


def _whatever_is_held(vote: Any, seals: Any, ballots: Any, is_forked: Any = None) -> Any:
    limits = sealing.counted_numbers(seals, vote.committee.liars)
    return tuple(
        sealing.ballot_that_counts(ballots(member), limit) if limit else None
        for member, limit in zip(vote.roll, limits, strict=True)
    )


MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "quorum one lower",
        "one teller fewer makes a quorum",
        200,
        replaced("p2pcouncil.domain.register.committees.quorum_of", lambda n: (n + (n - 1) // 3) // 2),
    ),
    Mutant(
        "counted on f seals",
        "a ballot counts that only liars need to name",
        100,
        replaced("p2pcouncil.domain.register.sealing.counted_number", _on_fewer_seals),
    ),
    Mutant(
        "no lock",
        "a teller forgets the page that it is locked on",
        200,
        _prevotes_with(lambda self, me: (NOTHING, -1)),
    ),
    Mutant(
        "freed by an older quorum",
        "prevotes of any round before free a lock",
        200,
        _prevotes_with(lambda self, me: (_lock_of(self, me)[0], -1)),
    ),
    Mutant(
        "nothing is carried",
        "a fork takes back what a page rests on",
        100,
        lambda: patch.object(Carrier, "load", lambda self, clock_ms, alarm, is_pressing=False: None),
    ),
    Mutant(
        "seals at once",
        "a teller that slept seals before it hears what the others receipted",
        20,
        lambda: patch.object(
            Receiver, "seal", lambda self, clock_ms, _, alarm: _seal(self, clock_ms, 0, alarm)
        ),
    ),
    Mutant(
        "votes from memory",
        "a teller sends what it says before it is on its disk, and forgets it in a crash",
        50,
        lambda: patch.object(Laptop, "wake", _forgets_what_it_said),
    ),
    Mutant(
        "prevotes unseen",
        "a teller prevotes for a page without looking at what it claims",
        100,
        lambda: patch.object(Teller, "look", lambda self, value, clock_ms: Look.GOOD),
    ),
    Mutant(
        "sheets without ballots",
        "a vote is closed before the ballots that its seals speak of are held",
        1_000,
        replaced("p2pcouncil.domain.register.closing.sheet_of", _whatever_is_held),
    ),
    Mutant(
        "any signature",
        "a saying is anybody's who says so",
        100,
        replaced("tests.sim.register.teller.is_said", lambda said, device: True),
    ),
)


if __name__ == "__main__":
    sys.exit(hunt_all(MUTANTS, shown, "sim-register-mutants", sys.argv[1:]))
