"""Membership: who is admitted by a vouch, and who is grounded by enough of them.

One rule serves both: *somebody is inside when enough distinct insiders vouch for them*, starting from the
founders, and nobody else is (the least fixpoint). One vouch admits, `charter.vouches_needed` vouches ground.
A circle of newcomers who vouch for each other stays outside. Who votes is for the pages of the register to say;
who is grounded may expect to be on the next one.
"""

from collections.abc import Iterable, Mapping, Set

from crdt.ids import ChangeHash, MemberId

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

    def add_vouch(self, voucher: MemberId, newcomer: MemberId, entry: ChangeHash) -> None:
        """A vouch that breaks no rule by itself; it counts when its voucher is admitted."""
        self._vouchers.setdefault(newcomer, {}).setdefault(voucher, set()).add(entry)
        vouched = self._vouched.setdefault(voucher, {})
        vouched[newcomer] = vouched.get(newcomer, 0) + 1
        self._candidates.add(newcomer)

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

    def remove_leave(self, member: MemberId, entry: ChangeHash) -> None:
        """A leave counts no more."""
        entries = self.left[member]
        entries.discard(entry)
        if not entries:
            del self.left[member]

    def vouchers_of(self, newcomer: MemberId) -> tuple[MemberId, ...]:
        """Admitted members who vouch for somebody, ascending."""
        return tuple(sorted(v for v in self._vouchers.get(newcomer, ()) if v in self.admitted))

    def vouched_by(self, voucher: MemberId) -> tuple[MemberId, ...]:
        """Whom a member vouches for, ascending."""
        return tuple(sorted(self._vouched.get(voucher, ())))

    def vouches_for(self, newcomer: MemberId) -> dict[MemberId, ChangeHash]:
        """Per admitted member who vouches for somebody, their vouch of the lowest hash."""
        vouchers = self._vouchers.get(newcomer, {})
        return {voucher: min(vouchers[voucher]) for voucher in sorted(vouchers) if voucher in self.admitted}
