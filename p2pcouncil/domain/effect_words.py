"""What a decision does by itself, in a sentence: on screens, and in what a verification reports."""

from collections.abc import Callable
from typing import assert_never

from crdt.ids import MemberId
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
)
from p2pcouncil.domain.moments import day
from p2pcouncil.domain.plain_text import clean_line


def effect_in_words(effect: Effect | None, name: Callable[[MemberId], str]) -> str:
    """What a decision does by itself, in a sentence; empty for nothing.

    Args:
        effect: of the vote.
        name: what a member is called, safe for a terminal.
    """
    match effect:
        case None:
            return ""
        case Promise(owner=owner, due_ms=due_ms):
            return f"{name(MemberId(owner))} sees to it by {day(due_ms)}."
        case ChangeCharter(term=term, value=value):
            return f"The charter's {term.replace('_', ' ')} becomes {value:,}."
        case RemoveMember(member=member):
            return f"{name(MemberId(member))} is taken off the roll."
        case AdmitMember(member=member):
            return f"{name(MemberId(member))} may come onto the roll, although somebody objects."
        case RecogniseCouncil(council=council):
            return f"The council {council.hex()[:8]} is recognised as one of ours."
        case Elect(office=office):
            return f"Who wins holds the office “{clean_line(office, 64)}”; a tie fills no seat."
        case Recall(office=office, member=member):
            return f"{name(MemberId(member))} holds the office “{clean_line(office, 64)}” no longer."
        case SetParameter(name=parameter, value=value):
            return f"“{clean_line(parameter, 64)}” becomes “{clean_line(value, 120)}”."
        case OpenPlan(goods=goods, units=units, rounds_most=rounds):
            return f"{len(units)} councils plan {len(goods)} goods, in {rounds} rounds at most."
        case AdoptPlan(plan=plan, round=number):
            return (
                f"What round {number} of the planning period {plan.hex()[:8]} came to is the plan of record."
            )
        case _:
            assert_never(effect)
