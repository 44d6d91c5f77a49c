"""People: on a roll, at the door, and oneself."""

from dataclasses import dataclass

from crdt.ids import DeviceId, MemberId


@dataclass(frozen=True, slots=True)
class PersonView:
    """Somebody: a name told apart from equal names, and the four-word fingerprint that people compare."""

    member: MemberId
    name: str
    fingerprint: str
    is_me: bool = False


@dataclass(frozen=True, slots=True)
class MemberView:
    """A row of a council's roll.

    Attributes:
        standing: 'founder', 'on the roll', 'on the next page', 'admitted; not on the roll yet', 'left', 'removed'.
        vouched_by: who vouched, in name order.
        devices: devices heard of.
        objectors: who objects to their coming, in name order; no page lets them in before a vote says so.
    """

    person: PersonView
    standing: str
    vouched_by: tuple[str, ...]
    devices: int
    objectors: tuple[str, ...] = ()

    @property
    def is_coming(self) -> bool:
        """Whether they were let in and no page has put them on the roll yet."""
        return self.standing in ("on the next page", "admitted; not on the roll yet")


@dataclass(frozen=True, slots=True)
class JoinRequestView:
    """Somebody who asks to join.

    Attributes:
        join_id: names the request in `VouchFor`.
        how: 'invited by Ada', 'a member of the parent council', 'without an invitation'.
        vouches, needed: how far they are.
        mine: whether I vouched already.
        warning: a sentence when something is odd, else empty.
        objectors: who objects to their coming, in name order.
    """

    join_id: bytes
    person: PersonView
    how: str
    vouches: int
    needed: int
    mine: bool
    warning: str = ""
    objectors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IdentityView:
    """Who I am on this laptop."""

    person: PersonView
    device: DeviceId
    member_key_stored: bool
    devices: tuple[tuple[DeviceId, str], ...]
