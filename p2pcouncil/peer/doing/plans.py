"""What is said about a plan: techniques, proposals in its rounds, and what became of it.

What is written is judged once more by every peer (`domain.planning.judging`); here the same rules speak to whoever
types, before anything is signed.
"""

import msgspec

from crdt.errors import LocalError
from crdt.ids import ChangeHash, MemberId
from p2pcouncil.domain.moments import moment
from p2pcouncil.domain.planning.judging import judge_part, judge_technique
from p2pcouncil.domain.planning.said import ProposePlan, ReportResult, UnitPlan
from p2pcouncil.domain.planning.terms import PlanUnit
from p2pcouncil.domain.register.chain import OpenVote, PlanPeriod
from p2pcouncil.domain.rejections import Refused, Verdict
from p2pcouncil.peer import commands as c
from p2pcouncil.peer.doing.desk import Deed, Desk, shown
from p2pcouncil.peer.events import Append
from p2pcouncil.peer.place import Place


def to_publish_techniques(desk: Desk, command: c.PublishTechniques) -> Deed:
    """Publish ways of making things.

    Raises:
        LocalError: one of them can't be; the words say which.
    """
    place = desk.place(command.council)
    if not command.techniques:
        raise LocalError("There is no technique in it.", "Give at least one product with what it takes.")
    for technique in command.techniques:
        _check(
            judge_technique(technique), f"“{shown(technique.name)}”, which makes {shown(technique.product)}"
        )
    entries = tuple(
        msgspec.structs.replace(technique, claimed_at_ms=desk.now_ms) for technique in command.techniques
    )
    told = "1 technique" if len(entries) == 1 else f"{len(entries)} techniques"
    return Deed((Append(place.council, entries),), f"You published {told}.", None)


def to_propose_in_round(desk: Desk, command: c.ProposeInRound) -> Deed:
    """Propose in the round that runs.

    Raises:
        LocalError: none runs, or the proposal does not fit; the hint says what to do instead.
    """
    place, plan, period = _period(desk, command.plan)
    desk.check_duty(place)
    vote = _running(place, period)
    if vote.closes_ms is not None and desk.now_ms >= vote.closes_ms:
        raise LocalError(
            f"Round {vote.round} was over at {moment(vote.closes_ms)}, by this laptop's clock.",
            "The page that closes it begins the next one; propose then.",
        )
    if desk.me.member not in vote.roll:
        raise LocalError("You are not on the roll of this round.", "Propose in the next one.")
    facts = place.state.facts
    for part in command.units:
        unit = _own_unit(desk, place, period, part.unit)
        _check(
            judge_part(desk.me.member, part, facts, period.terms), f"What you propose for {shown(unit.name)}"
        )
    mine = place.state.planned(ChangeHash(vote.issue), desk.me.member)
    units: dict[int, UnitPlan] = {part.unit: part for part in mine.units} if mine is not None else {}
    units.update({part.unit: part for part in command.units})
    entry = ProposePlan(
        desk.now_ms,
        plan,
        vote.round,
        mine.number + 1 if mine is not None else 1,
        tuple(units[place] for place in sorted(units)),
    )
    names = ", ".join(shown(period.terms.units[part.unit].name) for part in command.units)
    is_again = mine is not None and any(
        part.unit in {old.unit for old in mine.units} for part in command.units
    )
    again = "; this takes the place of what you proposed before" if is_again else ""
    return Deed(
        (Append(place.council, (entry,)),), f"You proposed for {names} in round {vote.round}{again}.", None
    )


def to_report_result(desk: Desk, command: c.ReportOnPlan) -> Deed:
    """Report what became of a unit's part in the plan of record.

    Raises:
        LocalError: there is no such plan, unit or good; the hint says what to do instead.
    """
    place, plan, period = _period(desk, command.plan)
    if not period.adopted_page:
        raise LocalError(
            "This plan is not the plan of record yet.", "Reports begin when a vote has adopted it."
        )
    unit = _own_unit(desk, place, period, command.unit)
    if command.good >= len(period.terms.goods):
        raise LocalError("The plan has no such good.", "See `p2pcouncil plan`.")
    good = shown(period.terms.goods[command.good].name)
    entry = ReportResult(desk.now_ms, plan, command.unit, command.good, command.amount, command.text.strip())
    return Deed((Append(place.council, (entry,)),), f"You reported on {good} for {shown(unit.name)}.", None)


def _period(desk: Desk, name: ChangeHash) -> tuple[Place, ChangeHash, PlanPeriod]:
    place = desk.peer.world.place_of_entry(name)
    if place is None:
        raise LocalError("There is no planning period of that name here.", "See `p2pcouncil plan`.")
    desk.place(place.council)
    issue = place.issue(name)
    plan = issue.hash if issue is not None else name
    period = place.state.register.chain.plans.get(plan)
    if period is None:
        raise LocalError(
            "This is no planning period that a page began.",
            "It begins when the vote on it has come out for it.",
        )
    return place, plan, period


def _running(place: Place, period: PlanPeriod) -> OpenVote:
    """The round that runs."""
    vote = place.state.register.chain.votes.get(period.rounds[-1]) if period.rounds else None
    if vote is None:
        raise LocalError(
            "The rounds of this plan are over.", "Propose its adoption, or a new planning period."
        )
    return vote


def _own_unit(desk: Desk, place: Place, period: PlanPeriod, unit: int) -> PlanUnit:
    if unit >= len(period.terms.units):
        raise LocalError("The plan has no such council.", "See `p2pcouncil plan`.")
    found = period.terms.units[unit]
    if found.speaker != desk.me.member:
        name = shown(place.state.member(MemberId(found.speaker)).name)
        raise LocalError(f"{name} speaks for {shown(found.name)}.", f"Ask {name} to propose it.")
    return found


def _check(verdict: Verdict, what: str) -> None:
    if isinstance(verdict, Refused):
        raise LocalError(f"{what}: {verdict.reason}", "Change it, and try again.")
