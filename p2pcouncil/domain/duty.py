"""Duty: which of a member's devices votes, vouches, seconds and opens, and how far earlier devices count.

Joins and duty statements prove themselves, so they count whoever carries them, even an entry that is itself
rejected because of who wrote it. That keeps this layer below every other: who may speak rests on it, and it rests
on nobody's right to speak. Otherwise a statement that disowns the device that carries it would undo itself. A vouch
that is void by itself carries nothing, though: else nobody but its author would have to lend a hand.

A statement is the member key's word; a join is a device's. So statements are ordered, and joins are not: when joins
of one member name different devices, none of them votes, for whoever holds one device could make a join of any hash.
"""

from collections.abc import Iterable
from typing import Generic, TypeVar

import msgspec

from crdt.ids import ChangeHash, DeviceId, LaneId, MemberId
from p2pcouncil.domain.facts import Lane
from p2pcouncil.domain.outcomes import DutyState
from p2pcouncil.domain.records import Duty, Founder, Join

EVERYTHING = 1 << 31
"""Above every sequence number."""


def text_reach(duty: DutyState, device: DeviceId, lane: LaneId) -> int:
    """How far what a device wrote in a text is part of it.

    Args:
        duty: of the device's member.
        device: who wrote it.
        lane: the device's lane of the text.

    Returns:
        The last seq that counts; `EVERYTHING` unless the member key disowned the device.
    """
    statement = duty.statement
    if statement is None or device not in statement.disowned:
        return EVERYTHING
    return max((until.seq for until in statement.until if until.device == lane), default=0)


CarriedT = TypeVar("CarriedT")


class Carried(Generic[CarriedT]):
    """Records about members, each as long as some held entry carries it.

    A record is named by the message that its signatures sign: whoever signs one body twice has made one record.
    """

    def __init__(self) -> None:
        self._of: dict[MemberId, dict[bytes, tuple[CarriedT, set[ChangeHash]]]] = {}

    def add(self, member: MemberId, message: bytes, record: CarriedT, carrier: ChangeHash) -> bool:
        """Note one more carrier; returns whether the record is new."""
        records = self._of.setdefault(member, {})
        known = records.get(message)
        if known is not None:
            known[1].add(carrier)
            return False
        records[message] = (record, {carrier})
        return True

    def remove(self, member: MemberId, message: bytes, record: CarriedT, carrier: ChangeHash) -> bool:
        """Take a carrier of a record back; returns whether the record went with it."""
        records = self._of[member]
        carriers = records[message][1]
        carriers.discard(carrier)
        if carriers:
            return False
        del records[message]
        if not records:
            del self._of[member]
        return True

    def of(self, member: MemberId) -> list[CarriedT]:
        """All records about a member, the one with the lowest message first."""
        records = self._of.get(member)
        return [records[message][0] for message in sorted(records)] if records else []

    def carrier(self, member: MemberId, record: CarriedT) -> ChangeHash:
        """Of the entries that carry a record about a member, the one with the lowest hash; there are some."""
        return min(min(carriers) for held, carriers in self._of[member].values() if held == record)

    def members(self) -> Iterable[MemberId]:
        """Whom there are records about, in no particular order."""
        return self._of.keys()


class Origin(msgspec.Struct, frozen=True):
    """What a founding or the join that counts says about a member.

    Attributes:
        device: the device that votes before any statement; None while joins name different ones.
        vrf, name, invite_key: from the founding, or from the join with the lowest hash.
    """

    device: DeviceId | None
    vrf: bytes
    name: str
    invite_key: bytes


class DutyBook:
    """Everybody's devices, as far as their records are held."""

    def __init__(self, founders: Iterable[Founder]) -> None:
        self.joins: Carried[Join] = Carried()
        self.statements: Carried[Duty] = Carried()
        self._founders = {
            MemberId(f.member): Origin(DeviceId(f.device), f.vrf, f.name, b"") for f in founders
        }
        self._current: dict[MemberId, DutyState] = {}
        self._invited: dict[bytes, dict[MemberId, int]] = {}

    def origin(self, member: MemberId) -> Origin | None:
        """The founding's word on a member, else the join with the lowest hash; None for a stranger."""
        founder = self._founders.get(member)
        if founder is not None:
            return founder
        joins = self.joins.of(member)
        if not joins:
            return None
        first = joins[0]
        is_contested = any(join.device != first.device for join in joins)
        device = None if is_contested else DeviceId(first.device)
        return Origin(device, first.vrf, first.name, first.invite_key)

    def use_invite(self, join: Join, times: int) -> tuple[MemberId, ...]:
        """Note that a vouched join uses an invitation (or, with times = −1, uses it no more).

        Returns:
            Whoever shares that invitation.
        """
        if not join.invite_key:
            return ()
        users = self._invited.setdefault(join.invite_key, {})
        member = MemberId(join.member)
        sharers = (*users, member)
        users[member] = users.get(member, 0) + times
        if not users[member]:
            del users[member]
        return sharers

    def is_shared(self, invite_key: bytes) -> bool:
        """Whether joins of several members use one invitation.

        An invitation is meant for one person. Which of two newcomers it was meant for nobody can tell from
        the entries, and a rule that chose would let a latecomer displace somebody. So none is void: it is
        shown, and those who vouch decide.
        """
        return len(self._invited.get(invite_key, ())) > 1

    def of(self, member: MemberId) -> DutyState:
        """Who votes for a member now."""
        state = self._current.get(member)
        if state is None:
            state = self._current[member] = self._derive(member)
        return state

    def forget(self, member: MemberId) -> None:
        """A record about a member came or went: derive their duty anew when it is next asked for."""
        self._current.pop(member, None)

    def set_limits(self, lane: Lane) -> None:
        """Work out how far a lane counts."""
        state = self.of(lane.member)
        listed = 0
        disowned = False
        if state.statement is not None:
            disowned = lane.device in state.statement.disowned
            for until in state.statement.until:
                if until.device == lane.device and until.generation == lane.generation:
                    listed = max(listed, until.seq)
        lane.duty_until = EVERYTHING if state.device == lane.device else listed
        lane.counts_until = listed if disowned else EVERYTHING

    def _derive(self, member: MemberId) -> DutyState:
        statements = self.statements.of(member)
        if statements:
            number = max(statement.number for statement in statements)
            rivals = tuple(statement for statement in statements if statement.number == number)
            current = rivals[0]
            contested = rivals if len(rivals) > 1 else ()
            return DutyState(member, DeviceId(current.device), number, current, contested)
        origin = self.origin(member)
        return DutyState(member, origin.device if origin else None, 0, None, ())
