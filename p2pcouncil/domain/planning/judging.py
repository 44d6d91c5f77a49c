"""Judging what councils say about plans: techniques, proposals in rounds, and reports of what became of them.

A proposal is held against the terms of its period alone: that the unit is the author's to speak for, and that what it
names is planned. Whether the sum makes sense is for the board to show and for members to decide.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache

from crdt.ids import ChangeHash, MemberId
from p2pcouncil.domain.effects import OpenPlan
from p2pcouncil.domain.entries import Open
from p2pcouncil.domain.facts import Fact, Facts
from p2pcouncil.domain.plain_text import clean_line
from p2pcouncil.domain.planning.said import (
    Named,
    ProposePlan,
    PublishTechnique,
    ReportResult,
    UnitPlan,
    Wanted,
)
from p2pcouncil.domain.planning.standing import Entries
from p2pcouncil.domain.planning.terms import GOOD_KINDS, HOUR
from p2pcouncil.domain.proposals import counted
from p2pcouncil.domain.register.chain import Chain
from p2pcouncil.domain.register.plan_rounds import round_id
from p2pcouncil.domain.register_book import RegisterBook
from p2pcouncil.domain.rejections import ACCEPTED, REFUSALS, WAITS, Refused, Rule, Verdict

NAME_CELLS = 40
"""Of a stranger's word inside a reason."""


def judge_technique(body: PublishTechnique) -> Verdict:
    """A technique counts if it is made of something, with each input and kind of work named once, and in one unit."""
    for what, named in (("input", body.inputs), ("kind of work", body.labour), ("thing", body.given_off)):
        names = [item.name for item in named]
        if len(set(names)) != len(names):
            twice = next(name for at, name in enumerate(names) if name in names[:at])
            return Refused(Rule.TECHNIQUE, f"It names the {what} {_named(twice)} twice.")
        none = next((item.name for item in named if item.amount == 0), None)
        if none is not None:
            return Refused(Rule.TECHNIQUE, f"It names the {what} {_named(none)} and none of it.")
    for hours in body.labour:
        if hours.unit != HOUR:
            told = f"{_named(hours.name)} is counted in {_named(hours.unit)}; work is counted in hours: “{HOUR}”."
            return Refused(Rule.TECHNIQUE, told)
    for item in body.inputs:
        if item.name == body.product and item.unit != body.unit:
            units = f"{_named(body.unit)} and {_named(item.unit)}"
            return Refused(Rule.TECHNIQUE, f"It counts {_named(body.product)} in two units, {units}.")
    if body.product in {item.name for item in (*body.labour, *body.given_off)}:
        return Refused(
            Rule.TECHNIQUE, f"It names what it makes, {_named(body.product)}, as something else as well."
        )
    if not body.inputs and not body.labour:
        return Refused(Rule.TECHNIQUE, f"It makes {_named(body.product)} out of nothing, with nobody's work.")
    return ACCEPTED


def judge_plan(fact: Fact, body: ProposePlan, facts: Facts, register: RegisterBook) -> Verdict:
    """A proposal counts in a round that a page began, by a member of its roll, for units that they speak for.

    Args:
        fact: the entry.
        body: what it says.
        facts: what is held, with verdicts on techniques and openings.
        register: says which rounds there are.
    """
    refused = _in_period(fact, body.plan, facts, register.chain)
    if refused is not None:
        return refused
    period = register.chain.plans[body.plan]
    if body.round > period.terms.rounds_most:
        return REFUSALS[Rule.NO_ROUND]
    entering = register.entering(ChangeHash(round_id(body.plan, body.round)))
    if entering is None:
        return WAITS
    if fact.member not in entering.vote.roll:
        return REFUSALS[Rule.NOT_ON_ROLL]
    places = [part.unit for part in body.units]
    if places != sorted(set(places)):
        return REFUSALS[Rule.LISTED_TWICE]
    rules = _rules_of(period.terms)
    for part in body.units:
        verdict = _judge_part(fact.member, part, lambda name: counted(name, PublishTechnique, facts), rules)
        if verdict is not ACCEPTED:
            return verdict
    return ACCEPTED


def judge_report(fact: Fact, body: ReportResult, facts: Facts, chain: Chain) -> Verdict:
    """A report counts for a plan of record, by whoever speaks for the unit."""
    refused = _in_period(fact, body.plan, facts, chain)
    if refused is not None:
        return refused
    period = chain.plans[body.plan]
    if not period.adopted_page:
        return WAITS
    if body.unit >= len(period.terms.units) or period.terms.units[body.unit].speaker != fact.member:
        return REFUSALS[Rule.NOT_THE_SPEAKER]
    return ACCEPTED if body.good < len(period.terms.goods) else REFUSALS[Rule.NOT_PLANNED]


def _in_period(fact: Fact, plan: bytes, facts: Facts, chain: Chain) -> Verdict | None:
    """What is wrong with the period that an entry names; None if it is one that a page began."""
    if fact.hash in facts.missing:
        return WAITS
    if plan in chain.plans:
        return None
    opening = facts.held[ChangeHash(plan)].body
    if not isinstance(opening, Open) or not isinstance(opening.effect, OpenPlan):
        return REFUSALS[Rule.OTHER_KIND]
    return WAITS


def is_sound(author: MemberId, body: ProposePlan, terms: OpenPlan, entries: Entries) -> bool:
    """Whether a proposal can be added up by what it says: its figures fit the terms, and its techniques are held.

    Whether it counts is another question, which the page of its round has answered; see `judge_plan` for how.

    Args:
        author: who said it.
        body: what it says.
        terms: of the planning period.
        entries: what is held; verdicts on it don't matter.
    """
    rules = _rules_of(terms)

    def find(name: bytes) -> PublishTechnique | Verdict:
        held = entries.get(ChangeHash(name))
        if held is None or not isinstance(held.body, PublishTechnique):
            return WAITS
        return held.body if rules.is_sound(name, held.body) else REFUSALS[Rule.TECHNIQUE]

    return all(_judge_part(author, part, find, rules) is ACCEPTED for part in body.units)


def judge_part(author: MemberId, part: UnitPlan, facts: Facts, terms: OpenPlan) -> Verdict:
    """Judge what one unit proposes by itself."""
    return _judge_part(author, part, lambda name: counted(name, PublishTechnique, facts), _rules_of(terms))


class _Rules:
    """What techniques have to fit in one planning period; each is held against it once, for many make things by it."""

    def __init__(self, terms: OpenPlan) -> None:
        self.terms = terms
        made, worked, found = (
            {(good.name, good.unit) for good in terms.goods if good.kind == kind} for kind in GOOD_KINDS
        )
        self._made, self._worked, self._used = made, worked, made | found
        self._fits: dict[bytes, Verdict] = {}
        self._sound: dict[bytes, bool] = {}

    def is_sound(self, name: bytes, technique: PublishTechnique) -> bool:
        """Whether a technique counts by what it says."""
        if name not in self._sound:
            self._sound[name] = judge_technique(technique) is ACCEPTED
        return self._sound[name]

    def fits(self, name: bytes, technique: PublishTechnique) -> Verdict:
        """Whether what a technique makes and takes is planned; it counts by what it says."""
        if name not in self._fits:
            self._fits[name] = self._judge(technique)
            self._sound[name] = True
        return self._fits[name]

    def _judge(self, technique: PublishTechnique) -> Verdict:
        made = (Named(technique.product, technique.unit, technique.output),)
        for items, verb, planned in (
            (made, "makes", self._made),
            (technique.inputs, "uses up", self._used),
            (technique.labour, "needs", self._worked),
        ):
            if not planned.issuperset([(item.name, item.unit) for item in items]):
                item = next(item for item in items if (item.name, item.unit) not in planned)
                told = f"{_named(item.name)}, counted in {_named(item.unit)}, which is not planned so."
                return Refused(Rule.NOT_PLANNED, f"{_named(technique.name)} {verb} {told}")
        return ACCEPTED


@lru_cache(maxsize=16)
def _rules_of(terms: OpenPlan) -> _Rules:
    return _Rules(terms)


def _judge_part(
    author: MemberId, part: UnitPlan, find: Callable[[bytes], PublishTechnique | Verdict], rules: _Rules
) -> Verdict:
    terms = rules.terms
    if part.unit >= len(terms.units) or terms.units[part.unit].speaker != author:
        return REFUSALS[Rule.NOT_THE_SPEAKER]
    is_of_workers = terms.units[part.unit].kind == "workers"
    if part.made and not is_of_workers:
        return Refused(Rule.NOT_PLANNED, "A consumers' council makes nothing.")
    if (part.wanted or part.limits) and is_of_workers:
        return Refused(
            Rule.NOT_PLANNED, "A workers' council uses up what its techniques say, and nothing else."
        )
    if _repeats([item.good for item in part.wanted]) or _repeats([item.good for item in part.offered]):
        return REFUSALS[Rule.LISTED_TWICE]
    if _repeats([limit.name for limit in part.limits]) or _repeats([made.technique for made in part.made]):
        return REFUSALS[Rule.LISTED_TWICE]
    refused = _judge_goods(part.wanted, part.offered, terms)
    if refused is not None:
        return refused
    for made in part.made:
        technique = find(made.technique)
        if not isinstance(technique, PublishTechnique):
            return technique
        verdict = rules.fits(made.technique, technique)
        if verdict is not ACCEPTED:
            return verdict
    return ACCEPTED


def _judge_goods(wanted: Sequence[Wanted], offered: Sequence[Wanted], terms: OpenPlan) -> Refused | None:
    if any(item.good >= len(terms.goods) for item in (*wanted, *offered)):
        return REFUSALS[Rule.NOT_PLANNED]
    if any(terms.goods[item.good].kind == "product" for item in offered):
        return Refused(Rule.NOT_PLANNED, "What is made is proposed by a technique, and not as an offer.")
    return None


def _named(text: str) -> str:
    """A stranger's word inside a reason, harmless for a terminal."""
    return f"“{clean_line(text, NAME_CELLS)}”"


def _repeats(names: Sequence[object]) -> bool:
    return len(set(names)) != len(names)
