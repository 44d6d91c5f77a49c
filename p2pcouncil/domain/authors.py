"""Authors: who may say something at all, from which device, and how long.

These are the rules that look at the author and the lane and not at what is said.
"""

from p2pcouncil.domain.entries import (
    AnyEntry,
    Ballot,
    Invite,
    Leave,
    Object,
    Open,
    Pledge,
    Review,
    Second,
    StateDuty,
    Succeed,
    Tell,
    Vouch,
)
from p2pcouncil.domain.facts import Fact, Lane
from p2pcouncil.domain.membership import MAX_VOUCHES_PER_LANE
from p2pcouncil.domain.planning.said import ProposePlan
from p2pcouncil.domain.rejections import REFUSALS, Refused, Rule

TAKES_DUTY: tuple[type[AnyEntry], ...] = (
    Vouch,
    Second,
    Open,
    Ballot,
    Leave,
    Invite,
    Pledge,
    Object,
    Review,
    ProposePlan,
)
"""What only the device that votes for a member can do; any device may propose, comment and announce."""


def judge_author(fact: Fact, lane: Lane, is_admitted: bool) -> Refused | None:
    """Judge who speaks, and from which device.

    Args:
        fact: the entry.
        lane: where it stands.
        is_admitted: whether its author belongs to the council.

    Returns:
        The rule that it breaks; None if it may be judged by what it says.
    """
    if isinstance(fact.body, StateDuty | Tell | Succeed):
        return None  # What it carries proves itself, so nothing about its carrier matters.
    if fact.seq > lane.counts_until:
        return REFUSALS[Rule.DISOWNED]
    if not is_admitted:
        return REFUSALS[Rule.NOT_ADMITTED]
    if fact.seq > lane.duty_until and isinstance(fact.body, TAKES_DUTY):
        return REFUSALS[Rule.NOT_ON_DUTY]
    return None


def judge_vouch(fact: Fact, lane: Lane) -> Refused | None:
    """Judge a vouch by everything but its voucher's admission, which vouches themselves decide.

    The cap and the voucher's own leave are counted along the lane, so that nothing that arrives later and
    elsewhere can change them. Somebody who left and vouches from another device is not held up by this: an
    opening lists leaves, and vouches that a member made before leaving stay.

    Returns:
        The rule that it breaks; None if it counts as soon as its voucher is admitted.
    """
    if fact.fault is not None:
        return fact.fault
    if fact.seq > lane.counts_until:
        return REFUSALS[Rule.DISOWNED]
    if fact.seq > lane.duty_until:
        return REFUSALS[Rule.NOT_ON_DUTY]
    return judge_vouch_alone(fact, lane)


def judge_vouch_alone(fact: Fact, lane: Lane) -> Refused | None:
    """Judge a vouch by itself and its own lane so far: what no entry of another lane, held or not, can change.

    A join counts for its member's name and device while something that passes this carries it; see `duty`.

    Returns:
        The rule that it breaks; None if it breaks none by itself.
    """
    if fact.fault is not None:
        return fact.fault
    if fact.ordinal >= MAX_VOUCHES_PER_LANE:
        return REFUSALS[Rule.TOO_MANY_VOUCHES]
    if lane.left_at and fact.seq > lane.left_at:
        return REFUSALS[Rule.VOUCH_AFTER_LEAVING]
    return None
