"""Membership: who is admitted by a vouch, who is grounded by enough of them, and whom an opening would list.

One rule serves all three: *somebody is inside when enough distinct insiders vouch for them*, starting from
    the
founders, and nothing else is (the least fixpoint). One vouch admits, `charter.vouches_needed` vouches ground.
A circle of newcomers who vouch for each other stays outside.
"""

from collections.abc import Iterable, Mapping, Set

from crdt.ids import ChangeHash, MemberId
from p2pcouncil.domain.outcomes import KnownRoll

MAX_VOUCHES_PER_LANE = 32

Vouchers = Mapping[MemberId, Mapping[MemberId, Set[ChangeHash]]]
"""Per member, who vouches for them, with which entries."""


def close_over(
    inside: set[MemberId],
    candidates: Iterable[MemberId],
    vouchers: Vouchers,
    vouched: Mapping[MemberId, Iterable[MemberId]],
    needed: int,
) -> set[MemberId]:
    """Let in everybody who has enough vouchers inside, until nobody more comes in.

    Args:
        inside: who is in already; grows.
        candidates: who might come in first.
        vouchers: who vouches for whom.
        vouched: the same the other way round: per voucher, whom they vouch for.
        needed: distinct vouchers inside that somebody needs.

    Returns:
        Who came in. Whatever the order of candidates, it is the same set.
    """
    added: set[MemberId] = set()
    queue = list(candidates)
    while queue:
        member = queue.pop()
        if member in inside:
            continue
        if sum(voucher in inside for voucher in vouchers.get(member, ())) >= needed:
            inside.add(member)
            added.add(member)
            queue.extend(vouched.get(member, ()))
    return added


def roll_of(
    founders: Iterable[MemberId],
    edges: Iterable[tuple[MemberId, MemberId]],
    needed: int,
    left: Iterable[MemberId],
) -> frozenset[MemberId]:
    """The roll that an opening makes: grounded in what it lists and in nothing else.

    Args:
        founders: the first roll.
        edges: (voucher, newcomer) of each listed vouch.
        needed: distinct vouchers needed.
        left: members whose leave is listed. Whom they vouched for stays.
    """
    vouchers: dict[MemberId, dict[MemberId, frozenset[ChangeHash]]] = {}
    vouched: dict[MemberId, list[MemberId]] = {}
    for voucher, newcomer in edges:
        vouchers.setdefault(newcomer, {})[voucher] = frozenset()
        vouched.setdefault(voucher, []).append(newcomer)
    inside = set(founders)
    close_over(inside, list(vouchers), vouchers, vouched, needed)
    return frozenset(inside.difference(left))


class Admission:
    """Whom the replica lets write: founders, and whoever a validly signed vouch by such a member embeds.

    It only ever grows, whatever forks, leaves or moves of duty come later. A replica that took an admission
    back would hold another set than one that never heard of it.
    """

    def __init__(self, founders: Iterable[MemberId]) -> None:
        """Begin with the founders."""
        self._admitted = set(founders)
        self._waiting: dict[MemberId, set[MemberId]] = {}

    def __contains__(self, member: MemberId) -> bool:
        return member in self._admitted

    def vouch(self, voucher: MemberId, newcomer: MemberId) -> None:
        """Take note of a vouch."""
        if voucher not in self._admitted:
            self._waiting.setdefault(voucher, set()).add(newcomer)
            return
        queue = [newcomer]
        while queue:
            member = queue.pop()
            if member not in self._admitted:
                self._admitted.add(member)
                queue.extend(self._waiting.pop(member, ()))


class Membership:
    """The vouches that could count, and whom they let in."""

    def __init__(self, founders: Iterable[MemberId], vouches_needed: int) -> None:
        """Begin with the founders alone."""
        self.founders = frozenset(founders)
        self.vouches_needed = vouches_needed
        self.admitted = set(self.founders)
        self.grounded = set(self.founders)
        self.left: dict[MemberId, set[ChangeHash]] = {}
        self._vouchers: dict[MemberId, dict[MemberId, set[ChangeHash]]] = {}
        self._vouched: dict[MemberId, dict[MemberId, int]] = {}
        self._candidates: set[MemberId] = set()
        self._shrunk = False
        self._roll: KnownRoll | None = None

    def add_vouch(self, voucher: MemberId, newcomer: MemberId, entry: ChangeHash) -> None:
        """A vouch that breaks no rule by itself; it counts when its voucher is admitted."""
        self._vouchers.setdefault(newcomer, {}).setdefault(voucher, set()).add(entry)
        vouched = self._vouched.setdefault(voucher, {})
        vouched[newcomer] = vouched.get(newcomer, 0) + 1
        self._candidates.add(newcomer)
        self._roll = None

    def remove_vouch(self, voucher: MemberId, newcomer: MemberId, entry: ChangeHash) -> None:
        """Such a vouch was taken back."""
        entries = self._vouchers[newcomer][voucher]
        entries.discard(entry)
        if not entries:
            del self._vouchers[newcomer][voucher]
        vouched = self._vouched[voucher]
        vouched[newcomer] -= 1
        if not vouched[newcomer]:
            del vouched[newcomer]
        self._shrunk = True
        self._roll = None

    def settle(self) -> tuple[set[MemberId], set[MemberId]]:
        """Work out who is inside after vouches came or went.

        New vouches cost what they let in. After one was taken back everything is worked out anew, for members
        may hold each other up and nobody else.

        Returns:
            The members who are now admitted or not otherwise than before, and the same for grounded.
        """
        if self._shrunk:
            admitted, grounded = self.admitted, self.grounded
            self.admitted, self.grounded = set(self.founders), set(self.founders)
            close_over(self.admitted, list(self._vouchers), self._vouchers, self._vouched, 1)
            close_over(
                self.grounded, list(self._vouchers), self._vouchers, self._vouched, self.vouches_needed
            )
            changed = admitted ^ self.admitted, grounded ^ self.grounded
        elif self._candidates:
            changed = (
                close_over(self.admitted, self._candidates, self._vouchers, self._vouched, 1),
                close_over(
                    self.grounded, self._candidates, self._vouchers, self._vouched, self.vouches_needed
                ),
            )
        else:
            return set(), set()
        self._shrunk = False
        self._candidates = set()
        return changed

    def add_leave(self, member: MemberId, entry: ChangeHash) -> None:
        """A member's own leave counts."""
        self.left.setdefault(member, set()).add(entry)
        self._roll = None

    def remove_leave(self, member: MemberId, entry: ChangeHash) -> None:
        """A leave counts no more."""
        entries = self.left[member]
        entries.discard(entry)
        if not entries:
            del self.left[member]
        self._roll = None

    def vouchers_of(self, newcomer: MemberId) -> tuple[MemberId, ...]:
        """Admitted members who vouch for somebody, ascending."""
        return tuple(sorted(v for v in self._vouchers.get(newcomer, ()) if v in self.admitted))

    def vouched_by(self, voucher: MemberId) -> tuple[MemberId, ...]:
        """Whom a member vouches for, ascending."""
        return tuple(sorted(self._vouched.get(voucher, ())))

    def is_on_roll(self, member: MemberId) -> bool:
        """Whether an honest opening made now would list a member."""
        return member in self.grounded and member not in self.left

    def known_roll(self) -> KnownRoll:
        """Who an honest opening made now would list, with the entries that prove it."""
        if self._roll is None:
            members = tuple(sorted(member for member in self.grounded if member not in self.left))
            leaves = sorted(min(self.left[member]) for member in self.left if member in self.grounded)
            self._roll = KnownRoll(members, tuple(sorted(self._proof())), tuple(leaves))
        return self._roll

    def _proof(self) -> list[ChangeHash]:
        """Enough vouches to ground everyone who is grounded, wave by wave from the founders.

        Within a wave nobody rests on anybody of the same wave, so the order of members cannot matter.
        """
        chosen: list[ChangeHash] = []
        inside = set(self.founders)
        last = self.founders
        while last:
            reached = {newcomer for member in last for newcomer in self._vouched.get(member, ())}
            wave = set()
            for newcomer in reached:
                if newcomer in inside:
                    continue
                vouches = self._vouchers[newcomer]
                able = sorted(min(vouches[voucher]) for voucher in vouches if voucher in inside)
                if len(able) >= self.vouches_needed:
                    chosen.extend(able[: self.vouches_needed])
                    wave.add(newcomer)
            inside |= wave
            last = frozenset(wave)
        return chosen
