"""Telling what a planning round adds up to: good by good against what its page says, and step by step."""

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from p2pcouncil.domain.effects import OpenPlan
from p2pcouncil.domain.planning.quantities import Micro, show_quantity, show_scaled
from p2pcouncil.domain.planning.said import ProposePlan
from p2pcouncil.domain.planning.so_far import prices_now
from p2pcouncil.domain.planning.standing import UnitStanding
from p2pcouncil.domain.planning.terms import HOUR, Figures
from p2pcouncil.domain.register.chain import Chain, OpenVote
from p2pcouncil.domain.register.pages import Page, Result
from p2pcouncil.domain.register.plan_rounds import RoundOutcome, held_rounds
from p2pcouncil.verification.held import Held, count, listed
from p2pcouncil.verification.proposal_words import amount_in_words, good_name, standing_in_words, unit_name
from p2pcouncil.verification.report import Finding, GoodReport, fails, holds, noted
from p2pcouncil.verification.round_sum import Added, Named

PRICE_DIGITS = 3


def check_sum(
    held: Held, terms: OpenPlan, round_: OpenVote, said: Result, added: Added, gone: Sequence[Named]
) -> list[Finding]:
    """Whether the proposals come to what the page says, to the last digit.

    Args:
        held: the council.
        terms: of the planning period.
        round_: which round.
        said: what the page says.
        added: what the proposals come to.
        gone: of the proposals that the page and those before it name, those that are not in the bundle.
    """
    if added.result != said:
        return list(_wrong(terms, said, added.result))
    found = [
        holds(
            "figures",
            f"Supply, demand and labour value of {count(len(said.goods), 'good')} are what the page says, to the last "
            f"digit: {count(said.turnout, 'proposal')} counted, and what stands from earlier rounds.",
        ),
        holds(
            "prices",
            "Its prices are those that the plan begins with."
            if round_.round == 1
            else "Its prices are those to which the rounds before come, by what their pages say.",
        ),
        holds("outcome", f"What follows from that is what the page says: {outcome_in_words(said)}."),
    ]
    if added.without:
        found.append(
            noted(
                "differing-sum",
                f"It comes to that without what {held.named(added.without)} proposed: a feed was forked, and tellers "
                "did not hold that, or a technique that it rests on, any more when they closed the round. It stays.",
            )
        )
    if gone:
        whose = held.named({item.member for item in gone})
        found.append(
            noted(
                "not-needed",
                f"Something that {whose} proposed, or a technique of it, is not in here; it comes to that without it.",
            )
        )
    return found


def wrong_prices(before: Chain, page: Page) -> str:
    """In words, the first price that does not follow on a page that may not stand; empty if that is not what is wrong.

    Args:
        before: the chain that the page was to follow.
        page: which.
    """
    for closed in page.closed:
        round_ = before.votes.get(closed.issue)
        period = before.plans.get(round_.proposal) if round_ is not None and round_.round else None
        if round_ is None or period is None:
            continue
        prices = prices_now(period.terms, list(held_rounds(before, round_.proposal).values()))
        for place, (figures, price) in enumerate(zip(closed.result.goods, prices, strict=False)):
            if figures.price_milli != price:
                return (
                    f"It says that in round {round_.round} the price of {good_name(period.terms, place)} is "
                    f"{_price(figures.price_milli)}, and the rounds before come to {_price(price)}."
                )
    return ""


def goods_of(terms: OpenPlan, said: Result, again: Result | None) -> tuple[GoodReport, ...]:
    """What the page says for each good, and what the proposals come to."""
    figures = zip_longest(said.goods, () if again is None else again.goods)
    return tuple(
        GoodReport(good_name(terms, place), terms.goods[place].unit, page, other)
        for place, (page, other) in enumerate(figures)
    )


def steps_of(held: Held, terms: OpenPlan, round_: OpenVote, added: Added) -> tuple[str, ...]:
    """How the sum goes: what each council stands with, then what that comes to for each good."""
    units = added.total.units
    steps = [_unit_in_words(held, terms, round_, units, place) for place in range(len(units))]
    for place, (good, figures) in enumerate(zip(terms.goods, added.result.goods, strict=True)):
        stock = f", {show_quantity(Micro(good.stock))} of it in stock" if good.stock else ""
        value = f", labour value {_value(figures)}" if figures.value_micro is not None else ""
        steps.append(
            f"{good_name(terms, place)}: supply {amount_in_words(figures.supply, good.unit)}{stock}, demand "
            f"{amount_in_words(figures.demand, good.unit)}; price {_price(figures.price_milli)}{value}."
        )
    return (*steps, f"{outcome_in_words(added.result).capitalize()}.")


def outcome_in_words(result: Result) -> str:
    """What follows on a round, in a clause."""
    taken = f"round {result.winners[0] + 1} is taken" if result.winners else "none is taken"
    match result.outcome:
        case RoundOutcome.BALANCED:
            return f"supply and demand of every good are close enough, and {taken}"
        case RoundOutcome.BEST:
            return f"the rounds are used up, and {taken} as the best"
        case _:
            return "another round follows"


def _wrong(terms: OpenPlan, said: Result, again: Result) -> Iterator[Finding]:
    differing = [
        (place, *differs)
        for place, (page, other) in enumerate(zip(said.goods, again.goods, strict=True))
        for differs in _differences(terms, place, page, other)
    ]
    if differing:
        place, what, one, other = differing[0]
        rest = len(differing) - 1
        more = f" {count(rest, 'figure')} more {'differs' if rest == 1 else 'differ'}." if rest else ""
        yield fails(
            "wrong-figures",
            f"The page says that the {what} of {good_name(terms, place)} is {one}, and the proposals come to "
            f"{other}.{more}",
        )
    if said.turnout != again.turnout:
        yield fails(
            "wrong-turnout",
            f"The page says that {count(said.turnout, 'proposal')} counted, and its list has {again.turnout:,}.",
        )
    if (said.outcome, said.winners) != (again.outcome, again.winners):
        yield fails(
            "wrong-outcome",
            f"The page says that {outcome_in_words(said)}; by what the proposals come to, {outcome_in_words(again)}.",
        )


def _differences(
    terms: OpenPlan, place: int, page: Figures, again: Figures
) -> Iterator[tuple[str, str, str]]:
    """What differs of a good: what it is, what the page says, and what the proposals come to."""
    unit = terms.goods[place].unit
    if page.supply != again.supply:
        yield "supply", amount_in_words(page.supply, unit), amount_in_words(again.supply, unit)
    if page.demand != again.demand:
        yield "demand", amount_in_words(page.demand, unit), amount_in_words(again.demand, unit)
    if page.value_micro != again.value_micro:
        yield "labour value", _value(page), _value(again)


def _value(figures: Figures) -> str:
    return "none" if figures.value_micro is None else amount_in_words(figures.value_micro, HOUR)


def _price(price_milli: int) -> str:
    return show_scaled(price_milli, PRICE_DIGITS)


def _unit_in_words(
    held: Held, terms: OpenPlan, round_: OpenVote, units: Sequence[UnitStanding], place: int
) -> str:
    name, standing = unit_name(terms, place), units[place]
    words = standing_in_words(standing, terms, held.signed)
    if standing.is_sum:
        below = [unit_name(terms, at) for at, unit in enumerate(terms.units) if unit.within == place + 1]
        return f"{name} {words}: the sum of {listed(below)}."
    if standing.entry is None:
        return f"{name} {words}: nothing was ever said for it."
    said = held.signed[standing.entry]
    assert isinstance(said.body, ProposePlan), "a council stands with a proposal"
    when = "" if standing.round == round_.round else f" in round {standing.round}"
    return f"{name} {words}: {held.name(said.member)}'s proposal number {said.body.number}{when}."
