"""Changes of the roll that wait for a page: who comes, leaves, moves to another device, lied, goes on or off duty.

Each is tried on the chain, one after the other in the order in which a page applies them, and left out if the rules
refuse it there. So what is drafted is valid, and one change that can't stand holds no other up.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import msgspec

from crdt.errors import RemoteError
from crdt.ids import ChangeHash, MemberId
from p2pcouncil.domain.agenda import Newcomer
from p2pcouncil.domain.records import Record, read_duty
from p2pcouncil.domain.register.belonging import change_roll, is_convictable, may_vouch, most_joins
from p2pcouncil.domain.register.chain import Chain
from p2pcouncil.domain.register.pages import (
    MAX_CHANGES,
    MAX_CONVICTIONS,
    Convicted,
    Joined,
    Left,
    Page,
    Pledged,
)
from p2pcouncil.peer.register.held import Held

CONVICTIONS_BYTES = 40_000
"""Room for evidence on a page that we propose: two seals of a large council would fill it up."""

ChangeT = TypeVar("ChangeT", Left, bytes, Convicted, Joined, Pledged)


@dataclass(slots=True)
class Room:
    """How much more goes onto a page; one that is too large would be proposed for ever.

    Attributes:
        left: bytes.
    """

    left: int

    def takes(self, item: Record | bytes) -> bool:
        """Whether there is room for this; if so it is taken."""
        size = len(item) if isinstance(item, bytes) else len(msgspec.msgpack.encode(item))
        if size > self.left:
            return False
        self.left -= size
        return True


@dataclass(slots=True)
class _Trial:
    """A chain on which changes are tried one by one.

    Attributes:
        chain: with those that it took.
        blank: the page that brings them, with nothing on it.
        room: how much goes onto it.
        missed: how many it did not take.
    """

    chain: Chain
    blank: Page
    room: Room
    missed: int = 0

    def takes(
        self, part: str, items: Iterable[ChangeT | None], most: int = MAX_CHANGES
    ) -> tuple[ChangeT, ...]:
        """Those of some items that may stand in a part of the page, after all before them; None is one that waits."""
        taken: list[ChangeT] = []
        for item in items:
            if item is not None and len(taken) < most and self._takes(part, item):
                taken.append(item)
            else:
                self.missed += 1
        return tuple(taken)

    def _takes(self, part: str, item: Record | bytes) -> bool:
        try:
            chain = change_roll(self.chain, msgspec.structs.replace(self.blank, **{part: (item,)}))
        except RemoteError:
            return False
        if not self.room.takes(item):
            return False
        self.chain = chain
        return True


def with_changes(
    chain: Chain, blank: Page, held: Held, evidence: Sequence[Convicted], room: Room
) -> tuple[Page, bool]:
    """Put the changes of the roll that are due on a page.

    Args:
        chain: up to the page before, with the number and the time of this one.
        blank: the page, with nothing on it.
        held: where the changes are looked up.
        evidence: against whom any is held.
        room: how much goes onto the page.

    Returns:
        The page, and whether something was left out that may stand on a later one.
    """
    trial = _Trial(chain, blank, room)
    evidence = _convicting(chain, evidence)
    # Who is caught stays where they are for this page: gone, or on another device, they would get away.
    caught = {MemberId(conviction.member) for conviction in evidence}
    left = trial.takes(
        "left", (Left(member, leave) for member, leave in _leaving(chain, held) if member not in caught)
    )
    moved = trial.takes("moved", (said for member, said in _moving(chain, held) if member not in caught))
    convicted = trial.takes("convicted", evidence, MAX_CONVICTIONS)
    joined = trial.takes("joined", _joining(trial, chain, held), most_joins(trial.chain))
    pledged = trial.takes("pledged", _pledging(trial, held))
    page = msgspec.structs.replace(
        blank, left=left, moved=moved, convicted=convicted, joined=joined, pledged=pledged
    )
    return page, trial.missed > 0


def _leaving(chain: Chain, held: Held) -> Iterator[tuple[MemberId, ChangeHash]]:
    return ((member, leave) for member, leave in sorted(held.leaves().items()) if member in chain.roll)


def _moving(chain: Chain, held: Held) -> Iterator[tuple[MemberId, bytes]]:
    for member, statement in sorted(held.statements().items()):
        seat = chain.roll.get(member)
        if seat is not None and statement_number(statement) > seat.duty_number:
            yield member, statement


def _joining(trial: _Trial, chain: Chain, held: Held) -> Iterator[Joined | None]:
    """Who waits to come, with as many vouches as are needed, and no more: each uses up one of its member's year."""
    before = trial.chain
    needed = before.charter.vouches_needed
    for member, newcomer in sorted(held.newcomers().items()):
        if member in before.roll or is_held_up(chain, member, newcomer):
            continue
        vouchers = [voucher for voucher in sorted(newcomer.vouches) if may_vouch(trial.chain, voucher)][
            :needed
        ]
        if len(vouchers) < needed or not before.time_ms:
            yield None
        else:
            vouches = tuple(newcomer.vouches[voucher] for voucher in vouchers)
            yield Joined(newcomer.join, tuple(vouchers), vouches)


def _pledging(trial: _Trial, held: Held) -> Iterator[Pledged]:
    """Pledges that change something. Who was caught in a lie has pledged for the last time."""
    before = trial.chain
    for member, pledge in sorted(held.pledges().items()):
        seat = before.roll.get(member)
        if seat is None or member in before.convicted or pledge.entry == seat.pledge:
            continue
        if (pledge.vrf, pledge.is_on) != (seat.vrf, seat.is_on_duty):
            yield pledge


def _convicting(chain: Chain, evidence: Sequence[Convicted]) -> Sequence[Convicted]:
    """Liars whose evidence stands on no page yet, as much of it as fits."""
    share = Room(CONVICTIONS_BYTES)
    fit = [one for one in evidence if is_convictable(chain, one) and share.takes(one)]
    return fit[:MAX_CONVICTIONS]


def is_held_up(chain: Chain, member: MemberId, newcomer: Newcomer) -> bool:
    """Whether somebody on the roll objects to a newcomer, and no vote let them in all the same."""
    admitted = getattr(chain, "admitted", {})
    return member not in admitted and not newcomer.objectors.isdisjoint(chain.roll)


@lru_cache(maxsize=4_096)
def statement_number(statement: bytes) -> int:
    """The number of a signed duty statement; 0 if it is none."""
    try:
        return read_duty(statement).number
    except RemoteError:
        return 0
