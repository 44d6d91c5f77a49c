"""What a planning round comes to, by the proposals that its page names, or would count if it ended now."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from crdt.ids import ChangeHash, MemberId
from p2pcouncil.domain.books import Books
from p2pcouncil.domain.effects import OpenPlan
from p2pcouncil.domain.planning.judging import is_sound
from p2pcouncil.domain.planning.plan_values import (
    labour_weights,
    plan_techniques,
    valued_table,
    values_of_goods,
)
from p2pcouncil.domain.planning.said import ProposePlan
from p2pcouncil.domain.planning.so_far import prices_now
from p2pcouncil.domain.planning.standing import (
    Entries,
    Totals,
    UnitStanding,
    standing_units,
    totals_of,
)
from p2pcouncil.domain.planning.terms import Figures
from p2pcouncil.domain.register.chain import OpenVote
from p2pcouncil.domain.register.closing import Sheet
from p2pcouncil.domain.register.pages import Result
from p2pcouncil.domain.register.plan_rounds import held_rounds, outcome_of

Names = tuple[ChangeHash, ...]


@dataclass(frozen=True, slots=True)
class RoundSum:
    """What the proposals of a round add up to.

    Attributes:
        units: what each unit proposes, in the order of the plan's list.
        totals: supply and demand.
        goods: the same with prices and labour values, as a page says it.
    """

    units: tuple[UnitStanding, ...]
    totals: Totals
    goods: tuple[Figures, ...]


def sum_round(
    terms: OpenPlan,
    rounds: Sequence[Iterable[ChangeHash]],
    prices_milli: Sequence[int],
    entries: Entries,
) -> RoundSum:
    """Add up a round.

    Args:
        terms: of the planning period.
        rounds: per round from the first to this one, the proposals that count in it.
        prices_milli: the indicative prices of this round, in the order of the plan's goods.
        entries: has those proposals and their techniques.
    """
    units = standing_units(terms, rounds, entries)
    totals = totals_of(terms, units, entries)
    _, values, _ = valued_table(plan_techniques(terms, units, entries), labour_weights(terms))
    goods = tuple(
        Figures(supply, demand, price, value)
        for supply, demand, price, value in zip(
            totals.supply, totals.demand, prices_milli, values_of_goods(terms, values), strict=True
        )
    )
    return RoundSum(units, totals, goods)


def named_proposals(
    plan: ChangeHash,
    number: int,
    terms: OpenPlan,
    roll: tuple[MemberId, ...],
    sheet: Sheet,
    entries: Entries,
) -> tuple[Names, int]:
    """The proposals that a sheet names, as far as they are held, by ascending member; and how many are not.

    A name that leads to anything but that member's proposal in that round counts as not held. So does one that is not
    sound: a technique that it rests on may be gone by now, with the feed that it stood in.

    Args:
        plan: the vote that began the planning period.
        number: of the round.
        terms: of the period.
        roll: of the round.
        sheet: which proposals count.
        entries: what is held.
    """
    found: list[ChangeHash] = []
    named = 0
    for member, name in zip(roll, sheet, strict=False):
        if name is None:
            continue
        named += 1
        said = entries.get(name)
        if said is None or said.member != member or not isinstance(said.body, ProposePlan):
            continue
        if (said.body.plan, said.body.round) == (plan, number) and is_sound(
            member, said.body, terms, entries
        ):
            found.append(name)
    return tuple(found), named - len(found)


def proposals_before(books: Books, plan: ChangeHash, number: int) -> list[Names] | None:
    """Per round before one, the proposals that its page named, as far as they are held; none of a round that lapsed.

    Returns:
        None while the sheet of one of them is not held.
    """
    found: list[Names] = []
    register = books.register
    period = register.chain.plans[plan]
    for earlier, name in enumerate(period.rounds[: number - 1], start=1):
        entering = register.entering(ChangeHash(name))
        if entering is None or entering.closed is None:
            found.append(())
            continue
        sheet = register.sheet(ChangeHash(name))
        if sheet is None:
            return None
        roll = entering.vote.roll
        found.append(named_proposals(plan, earlier, period.terms, roll, sheet, books.facts.held)[0])
    return found


def result_of_round(books: Books, vote: OpenVote, sheet: Sheet) -> Result | None:
    """What a page says of a round that it closes.

    Args:
        books: with the rounds before it.
        vote: the round.
        sheet: which proposals count in it; those that are not held count for nothing.

    Returns:
        None while something is not held that earlier rounds rest on.
    """
    plan = ChangeHash(vote.proposal)
    chain = books.register.chain
    before = proposals_before(books, plan, vote.round)
    if before is None:
        return None
    terms = chain.plans[plan].terms
    named, _ = named_proposals(plan, vote.round, terms, vote.roll, sheet, books.facts.held)
    prices = prices_now(terms, list(held_rounds(chain, plan).values()))
    key = (vote.issue, tuple(before), named, prices)
    goods = books.round_sums.get(key)
    if goods is None:
        goods = sum_round(terms, [*before, named], prices, books.facts.held).goods
        books.round_sums.clear()  # Tellers ask again and again for the round that ends, and for no other.
        books.round_sums[key] = goods
    outcome, taken = outcome_of(chain, vote, goods)
    return Result(outcome.value, taken, len(named), goods)
