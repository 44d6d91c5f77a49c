"""Who belongs after a page: who leaves, moves to another device, was caught lying, comes, and tells.

A crowd can't take a council over between two pages, nobody brings in many in a year, and whoever is new neither
brings in others nor tells for a while.

Source: DESIGN section 5, "Joining".
"""

from collections.abc import Iterable, Sequence, Set
from dataclasses import replace
from functools import lru_cache

from crdt.errors import RemoteError
from crdt.ids import DeviceId, MemberId
from p2pcouncil.domain.records import read_duty, read_join
from p2pcouncil.domain.register.chain import MS_PER_SECOND, Chain, Seat
from p2pcouncil.domain.register.pages import Convicted, Joined, Page
from p2pcouncil.domain.register.sayings import contradict, is_said_by, read_saying
from p2pcouncil.domain.sortition import ecvrf

JOINS_SHARE = 5
"""A page lets in at most a fifth of the roll, and always one: a crowd can't take a council over between two pages."""
VOUCHES_PER_YEAR = 12
YEAR_MS = 365 * 24 * 3_600 * MS_PER_SECOND


def change_roll(chain: Chain, page: Page) -> Chain:
    """Apply what a page says of members, in its order. Most pages say little of them, and cost little then.

    Raises:
        RemoteError: a part of it may not stand on this page.
    """
    if page.left:
        chain = _leave(chain, page)
    if page.moved:
        chain = _move(chain, page)
    if page.convicted:
        chain = _convict(chain, page.convicted)
    if page.joined:
        chain = _join(chain, page.joined)
    return _pledge(chain, page) if page.pledged else chain


def _leave(chain: Chain, page: Page) -> Chain:
    validate_order([left.member for left in page.left], "leaving members")
    gone = {MemberId(left.member) for left in page.left}
    if not gone <= chain.roll.keys():
        raise RemoteError("A page lets somebody leave who is not on the roll.")
    if gone == chain.roll.keys():
        raise RemoteError("A page would leave nobody on the roll.")
    return take_off(chain, gone)


def take_off(chain: Chain, gone: Set[MemberId]) -> Chain:
    """Take members off the roll, and out of the offices that they hold. Votes that run keep their roll."""
    if not gone:
        return chain
    roll = {member: seat for member, seat in chain.roll.items() if member not in gone}
    offices = {
        name: replace(office, members=tuple(member for member in office.members if member not in gone))
        for name, office in chain.offices.items()
    }
    return replace(chain, roll=roll, offices=offices)


def _move(chain: Chain, page: Page) -> Chain:
    statements = [read_duty(record) for record in page.moved]
    validate_order([statement.member for statement in statements], "statements on devices")
    roll = dict(chain.roll)
    for statement in statements:
        member = MemberId(statement.member)
        seat = roll.get(member)
        if statement.council != chain.council or seat is None:
            raise RemoteError("A page moves the duty of somebody who is not on the roll.")
        if statement.number <= seat.duty_number or statement.device in statement.disowned:
            raise RemoteError("A page moves a member's duty by a statement that counts no more.")
        device = DeviceId(statement.device)
        # Another device has another VRF key, so its member pledges anew before it tells.
        is_same = device == seat.device
        roll[member] = replace(
            seat,
            device=device,
            duty_number=statement.number,
            is_on_duty=seat.is_on_duty and is_same,
            key_page=seat.key_page if is_same else chain.number,
        )
    return replace(chain, roll=roll)


def _convict(chain: Chain, convicted: Sequence[Convicted]) -> Chain:
    validate_order([conviction.member for conviction in convicted], "convictions")
    roll, before = dict(chain.roll), chain.convicted
    for conviction in convicted:
        member = MemberId(conviction.member)
        if member in before:
            raise RemoteError("A page convicts somebody twice.")
        validate_conviction(chain, conviction)
        if member in roll:
            roll[member] = replace(roll[member], is_on_duty=False)
    named = {MemberId(conviction.member): chain.number for conviction in convicted}
    return replace(chain, roll=roll, convicted={**before, **named})


def is_convictable(chain: Chain, conviction: Convicted) -> bool:
    """Whether a page may convict somebody on this evidence, and none has yet."""
    if MemberId(conviction.member) in chain.convicted:
        return False
    try:
        validate_conviction(chain, conviction)
    except RemoteError:
        return False
    return True


def validate_conviction(chain: Chain, conviction: Convicted) -> None:
    """Refuse evidence that is none.

    When a device told for the member is not asked: both sayings name the council and the member, and a device that
    speaks for a member in two tongues was certified by nobody else. Nobody escapes by moving on, leaving or being
    removed.

    Raises:
        RemoteError: the sayings are not signed by the device, not the member's, or could both be honest.
    """
    one, other = read_saying(conviction.one), read_saying(conviction.other)
    if one.council != chain.council or one.member != conviction.member or not contradict(one, other):
        raise RemoteError("A page convicts somebody of two sayings that could both be honest.")
    seat = chain.roll.get(MemberId(conviction.member))
    devices = set(chain.devices.get(MemberId(conviction.member), ()))
    devices |= {seat.device} if seat is not None else set()
    devices |= {
        device
        for vote in chain.votes.values()
        if (device := vote.committee.device_of(MemberId(conviction.member))) is not None
    }
    device = DeviceId(conviction.device)
    if device not in devices:
        raise RemoteError("A page convicts somebody for what another's device said.")
    if not (is_said_by(conviction.one, device) and is_said_by(conviction.other, device)):
        raise RemoteError("A page convicts somebody on a signature that does not hold.")


def _join(chain: Chain, joined: Sequence[Joined]) -> Chain:
    if not chain.time_ms:
        raise RemoteError(
            "A page lets somebody in before there is a page time to count their probation from."
        )
    if len(joined) > most_joins(chain):
        raise RemoteError(f"A page lets {len(joined)} in, and {most_joins(chain)} may come at a time.")
    joins = [read_join(item.join) for item in joined]
    validate_order([join.member for join in joins], "newcomers")
    roll, vouched = dict(chain.roll), dict(chain.vouched)
    for item, join in zip(joined, joins, strict=True):
        member = MemberId(join.member)
        if join.council != chain.council or member in chain.roll:
            raise RemoteError("A page lets somebody in who is on the roll, or who asked another council.")
        if is_barred(chain, member):
            raise RemoteError("A page lets somebody in whom a vote removed, and none admitted again since.")
        _validate_vrf(join.vrf, join.device)
        validate_order(item.vouchers, "vouchers")
        if not len(item.vouchers) == len(item.vouches) >= chain.charter.vouches_needed:
            raise RemoteError("A page lets somebody in for whom too few members vouch.")
        for voucher in map(MemberId, item.vouchers):
            if not may_vouch(replace(chain, vouched=vouched), voucher):
                raise RemoteError("A page counts the vouch of somebody who may not vouch.")
            # Of a year's vouches only the last ones matter, so no more are kept.
            vouched[voucher] = (*vouched.get(voucher, ()), chain.time_ms)[-VOUCHES_PER_YEAR:]
        roll[member] = Seat(DeviceId(join.device), join.vrf, join.name, 0, False, chain.time_ms, chain.number)
    return replace(chain, roll=dict(sorted(roll.items())), vouched=vouched)


@lru_cache(maxsize=4_096)
def is_lot_key(key: bytes, device: bytes) -> bool:
    """Whether lots can be proved with a key without giving its secret away."""
    return key != device and ecvrf.is_vrf_key(key)


def is_barred(chain: Chain, member: MemberId) -> bool:
    """Whether a vote took a member off the roll, and none on a later page lets them come again."""
    return member in chain.removed and chain.admitted.get(member, 0) <= chain.removed[member]


def _validate_vrf(key: bytes, device: bytes) -> None:
    if not is_lot_key(key, device):
        raise RemoteError("A VRF key is none, or the key of a device: proofs would give its secret away.")


def most_joins(chain: Chain) -> int:
    """How many newcomers the page may let in."""
    return max(1, len(chain.roll) // JOINS_SHARE)


def may_vouch(chain: Chain, member: MemberId) -> bool:
    """Whether a member has served their probation and has vouches left this year, at the chain's time."""
    seat = chain.roll.get(member)
    if seat is None or not has_served(chain, seat):
        return False
    recent = [then for then in chain.vouched.get(member, ()) if then > chain.time_ms - YEAR_MS]
    return len(recent) < VOUCHES_PER_YEAR


def has_served(chain: Chain, seat: Seat) -> bool:
    """Whether a member's probation is over, at the chain's time."""
    return (
        not seat.since_ms or chain.time_ms - seat.since_ms >= chain.charter.probation_seconds * MS_PER_SECOND
    )


def _pledge(chain: Chain, page: Page) -> Chain:
    validate_order([pledge.member for pledge in page.pledged], "pledges")
    roll = dict(chain.roll)
    for pledge in page.pledged:
        member = MemberId(pledge.member)
        seat = roll.get(member)
        if seat is None or member in chain.convicted:
            raise RemoteError(
                "A page puts somebody on duty who is not on the roll, or who was caught in a lie."
            )
        if pledge.entry == seat.pledge:
            raise RemoteError("A page applies a pledge that was applied before.")
        _validate_vrf(pledge.vrf, seat.device)
        if pledge.is_on and not has_served(chain, seat):
            raise RemoteError("A page puts a newcomer on duty before their probation is over.")
        key_page = seat.key_page if pledge.vrf == seat.vrf else chain.number
        roll[member] = replace(
            seat, vrf=pledge.vrf, is_on_duty=pledge.is_on, key_page=key_page, pledge=pledge.entry
        )
    return replace(chain, roll=roll)


def validate_order(keys: Iterable[bytes], what: str) -> None:
    """Refuse a list in another order than its one: a page that says one thing has one hash.

    Raises:
        RemoteError: it does not ascend, or names something twice.
    """
    listed = list(keys)
    if any(listed[at] >= listed[at + 1] for at in range(len(listed) - 1)):
        raise RemoteError(f"A page lists {what} out of order, or twice.")
