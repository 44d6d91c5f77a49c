"""What decisions do: a page that closes a vote carries out its effect, if the vote came out for it.

Effects run in the order of the pages, and on one page by ascending issue: so of two decisions on one parameter, one
term of the charter or one office the later page has the last word, and on one page the higher issue. Nobody chooses
an issue's hash, and a council that decides twice at once says so itself.

An effect that can do nothing any more is void, not an error: the vote was held, and the world went on while it ran.
The chain says why.

Source: DESIGN section 5, "Issue"; docs/adr/0013-effects-run-on-pages.md.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar, assert_never

from crdt.ids import CouncilId, MemberId
from p2pcouncil.domain.effects import (
    AdmitMember,
    AdoptPlan,
    ChangeCharter,
    Effect,
    Elect,
    OpenPlan,
    Promise,
    Recall,
    RecogniseCouncil,
    RemoveMember,
    SetParameter,
    changed_charter,
    is_carried,
)
from p2pcouncil.domain.register.belonging import take_off
from p2pcouncil.domain.register.chain import Chain, Office, PlanPeriod
from p2pcouncil.domain.register.pages import Closed, Result
from p2pcouncil.domain.register.plan_rounds import end_round, result_digest

Key = TypeVar("Key", str, bytes, MemberId, CouncilId)
Value = TypeVar("Value")
Done = tuple[Chain, str]
"""The chain after an effect, and a sentence on what of it could not be done; empty if all was."""


def carry_out(chain: Chain, closed: Closed) -> Chain:
    """Note how a vote or a planning round came out, and do what was decided.

    Args:
        chain: with the vote still among its votes, and the page's own number.
        closed: what the page says; that it may say so was asked before.
    """
    effect, issue = chain.votes[closed.issue].effect, closed.issue
    chain = replace(chain, decided=_with(chain.decided, issue, (chain.number, closed.result)))
    if chain.votes[issue].round:
        return end_round(chain, chain.votes[issue], closed.result)
    if effect is None or not is_carried(effect, closed.result.outcome):
        return chain
    chain, undone = _do(chain, issue, effect, closed.result)
    return replace(chain, void_effects=_with(chain.void_effects, issue, undone)) if undone else chain


def _do(chain: Chain, issue: bytes, effect: Effect, result: Result) -> Done:
    match effect:
        case Promise(owner=owner):
            if MemberId(owner) not in chain.roll:
                return chain, "Whoever was to answer for it is not on the roll any more, so nobody does."
            return replace(chain, promises=_with(chain.promises, issue, effect)), ""
        case ChangeCharter():
            return replace(chain, charter=changed_charter(chain.charter, effect)), ""
        case RemoveMember(member=member):
            return _remove(chain, MemberId(member))
        case AdmitMember(member=member):
            if MemberId(member) in chain.roll:
                return chain, "They are on the roll already."
            return replace(chain, admitted=_with(chain.admitted, MemberId(member), chain.number)), ""
        case RecogniseCouncil(council=council):
            return _recognise(chain, issue, CouncilId(council))
        case Elect(office=office):
            return _elect(chain, issue, effect, office, result)
        case Recall(office=office, member=member):
            return _recall(chain, office, MemberId(member))
        case SetParameter(name=name, value=value):
            return replace(chain, parameters=_with(chain.parameters, name, (value, issue))), ""
        case OpenPlan():
            return replace(chain, plans=_with(chain.plans, issue, PlanPeriod(effect))), ""
        case AdoptPlan():
            return _adopt(chain, effect)
        case _:
            assert_never(effect)


def _remove(chain: Chain, member: MemberId) -> Done:
    """Whoever left before the page can't come again either: else leaving in time would undo the vote."""
    if chain.roll.keys() == {member}:
        return chain, "They are the last one on the roll, and a council without members could decide nothing."
    barred = replace(chain, removed=_with(chain.removed, member, chain.number))
    if member not in chain.roll:
        return barred, "They were not on the roll; they can't come onto it unless a later vote admits them."
    return take_off(barred, {member}), ""


def _recognise(chain: Chain, issue: bytes, council: CouncilId) -> Done:
    if council == chain.council:
        return chain, "A council is not a council below itself."
    if council in chain.recognised:
        return chain, "It was recognised before."
    return replace(chain, recognised=_with(chain.recognised, council, issue)), ""


def _elect(chain: Chain, issue: bytes, effect: Elect, office: str, result: Result) -> Done:
    """Whoever left while the vote ran can't serve; the others do, and without any of them nothing changes."""
    elected = [MemberId(effect.candidates[winner]) for winner in result.winners]
    serving = tuple(member for member in elected if member in chain.roll)
    if not serving:
        return chain, "Nobody who was elected is on the roll any more, so the office stays as it was."
    undone = ""
    if len(serving) < len(elected):
        undone = f"Only {len(serving)} of {len(elected)} elected took the office; the others left the roll."
    return replace(chain, offices=_with(chain.offices, office, Office(serving, issue))), undone


def _recall(chain: Chain, office: str, member: MemberId) -> Done:
    held = chain.offices.get(office)
    if held is None or member not in held.members:
        return chain, "They did not hold the office any more, or never did."
    rest = tuple(other for other in held.members if other != member)
    return replace(chain, offices=_with(chain.offices, office, replace(held, members=rest))), ""


def _adopt(chain: Chain, effect: AdoptPlan) -> Done:
    """The digest says what was voted on, to the last figure; which round it is follows from it."""
    period = chain.plans.get(effect.plan)
    if period is None or not period.best:
        return chain, "There is no planning period of that name whose rounds have ended."
    if effect.round > len(period.rounds):
        return chain, f"That planning period had only {len(period.rounds)} rounds."
    _, came_to = chain.decided.get(period.rounds[effect.round - 1], (0, None))
    if came_to is None or result_digest(came_to) != effect.digest:
        return chain, "That round came to something else than what was voted on."
    adopted = replace(period, best=effect.round, adopted_page=chain.number)
    return replace(chain, plans=_with(chain.plans, effect.plan, adopted)), ""


def _with(mapping: Mapping[Key, Value], key: Key, value: Value) -> Mapping[Key, Value]:
    """A mapping with one item more or another, ascending by key: equal chains are pickled and read alike."""
    return dict(sorted({**mapping, key: value}.items(), key=lambda item: item[0]))
