"""The steps of a planning period as sentences."""

import tomllib
from collections.abc import Callable, Mapping
from typing import assert_never

from p2pcouncil.scenario.plan_steps import (
    AdoptPlan,
    AwaitRound,
    BeginPlan,
    ExpectPlan,
    ExplainPrice,
    PlanStep,
    ProposeConsumption,
    ProposeProduction,
    ProposeTable,
    PublishTechniques,
    ReportResult,
    Rounds,
    ShowPrices,
    SolveTable,
    TakeSuggestion,
)


def plan_title(step: BeginPlan | AdoptPlan, titles: Mapping[str, str]) -> str:
    """What the proposal of a step will be called; the story was checked, so terms can be read."""
    if isinstance(step, AdoptPlan):
        return f"Adopt “{titles[step.plan]}”"
    return str(tomllib.loads(step.text)["title"])


def tell_plan(
    step: PlanStep, name: Callable[[str], str], councils: Mapping[str, str], titles: Mapping[str, str]
) -> str:
    """The sentence for a step; empty if there is nothing to say.

    Args:
        step: what happens.
        name: what somebody is called, by their key.
        councils: names of councils, by key.
        titles: of proposals, by key.
    """
    match step:
        case PublishTechniques(who=who, council=council, text=text):
            lines = sum(bool(line.strip()) and not line.startswith("#") for line in text.splitlines()) - 1
            return f"{name(who)} publishes in “{councils[council]}” how things are made: a table of {lines} lines."
        case BeginPlan(who=who, text=text):
            terms = tomllib.loads(text)
            size = f"{len(terms['good'])} goods and {len(terms['council'])} councils"
            return f"{name(who)} proposes a planning period, “{terms['title']}”: {size}, rounds of {terms['round']}."
        case ProposeProduction(who=who, council=council, makes=makes, note=note):
            said = f" “{note}”" if note else ""
            return f"{name(who)} proposes for {council}: it would make {_listed(makes)}.{said}"
        case ProposeConsumption(who=who, council=council, wants=wants, offers=offers, note=note):
            said = f" “{note}”" if note else ""
            gives = f", and offers {_listed(offers)}" if offers else ""
            return f"{name(who)} proposes for {council}: it would use {_listed(wants)}{gives}.{said}"
        case ProposeTable(who=who):
            return f"{name(who)} proposes for the councils that they speak for, from a table."
        case TakeSuggestion(who=who):
            return f"{name(who)} takes what is suggested at the new prices."
        case AwaitRound():
            return "The round ends; a page closes it, and every peer computes the same supply, demand and prices."
        case Rounds(accept=accept, most=most):
            until = (
                ("once" if most == 1 else f"{most} times") if most else "round by round, until the rounds end"
            )
            who = "Everybody" if len(accept) > 2 else " and ".join(name(key) for key in accept)
            return f"{who} looks at what is suggested at the new prices, and takes it, {until}."
        case AdoptPlan(who=who, plan=plan):
            return f"{name(who)} proposes that what the rounds of “{titles[plan]}” came to is the plan of record."
        case ReportResult(who=who, council=council, made=made, words=words):
            said = f" “{words}”" if words else ""
            return f"{name(who)} reports for {council}: {_listed((made,))}.{said}"
        case ShowPrices(who=who):
            return f"{name(who)} asks what goods cost:"
        case ExplainPrice(who=who, product=product):
            return f"{name(who)} asks why {product} costs that:"
        case SolveTable(who=who, file=file):
            return f"{name(who)} solves a table of industries, {file or 'written here'}:"
        case ExpectPlan(plan=plan, stage=stage):
            how = {"rounds": "in its rounds", "ended": "balanced", "adopted": "the plan of record"}.get(
                stage, stage
            )
            return f"Checked with every peer, “{titles[plan]}”: it is {how}, and every figure is the same."
        case _:
            assert_never(step)


def _listed(words: tuple[str, ...]) -> str:
    """Words like “bread=400” as people say them."""
    return (
        ", ".join(f"{amount} {good}" for good, _, amount in (word.rpartition("=") for word in words))
        or "nothing"
    )
