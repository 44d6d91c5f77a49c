"""What a planning round comes to, by the proposals that its page names, or would count if it ended now."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from crdt.ids import ChangeHash, MemberId
from p2pcouncil.domain.books import Books
from p2pcouncil.domain.effects import OpenPlan
from p2pcouncil.domain.facts import Fact
from p2pcouncil.domain.planning.judging import is_sound
from p2pcouncil.domain.planning.round_figures import (
    FiguresAwaited,
    RoundFigures,
    RoundKey,
    RoundTask,
    round_task,
    work_out,
)
from p2pcouncil.domain.planning.said import ProposePlan
from p2pcouncil.domain.planning.so_far import prices_now
from p2pcouncil.domain.planning.standing import Entries, UnitStanding, standing_units
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
        goods: supply, demand, prices and labour values, as a page says it.
    """

    units: tuple[UnitStanding, ...]
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
    return RoundSum(units, goods_of_round(work_out(round_task(terms, units, entries)), prices_milli))


def goods_of_round(figures: RoundFigures, prices_milli: Sequence[int]) -> tuple[Figures, ...]:
    """What a page says of each good."""
    supply, demand = figures.totals.supply, figures.totals.demand
    lines = zip(supply, demand, prices_milli, figures.values, strict=True)
    return tuple(Figures(*line) for line in lines)


def named_proposals(
    books: Books, plan: ChangeHash, number: int, roll: tuple[MemberId, ...], sheet: Sheet
) -> Names:
    """The proposals that a sheet names, as far as they are held, by ascending member.

    A name that leads to anything but that member's proposal in that round counts as not held. So does one that is not
    sound: a technique that it rests on may be gone by now, with the feed that it stood in.

    Args:
        books: with what is held.
        plan: the vote that began the planning period.
        number: of the round.
        roll: of the round.
        sheet: which proposals count.
    """
    entries, terms = books.facts.held, books.register.chain.plans[plan].terms
    found: list[ChangeHash] = []
    for member, name in zip(roll, sheet, strict=False):
        said = entries.get(name) if name is not None else None
        if said is None or said.member != member or not isinstance(said.body, ProposePlan):
            continue
        if (said.body.plan, said.body.round) == (plan, number) and _is_sound(books, said, said.body, terms):
            found.append(said.hash)
    return tuple(found)


def _is_sound(books: Books, said: Fact, body: ProposePlan, terms: OpenPlan) -> bool:
    """Whether a proposal can be added up; those that can are remembered, for they are asked for again and again."""
    if books.sound.get(said.hash) is not terms and is_sound(said.member, body, terms, books.facts.held):
        books.sound[said.hash] = terms
    return books.sound.get(said.hash) is terms


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
        found.append(named_proposals(books, plan, earlier, roll, sheet))
    return found


def result_of_round(books: Books, vote: OpenVote, sheet: Sheet) -> Result | None:
    """What a page says of a round that it closes.

    Args:
        books: with the rounds before it.
        vote: the round.
        sheet: which proposals count in it; those that are not held count for nothing.

    Returns:
        None while something is not held that earlier rounds rest on.

    Raises:
        FiguresAwaited: they are worked out elsewhere, and not there yet.
    """
    plan = ChangeHash(vote.proposal)
    chain = books.register.chain
    before = proposals_before(books, plan, vote.round)
    if before is None:
        return None
    terms = chain.plans[plan].terms
    named = named_proposals(books, plan, vote.round, vote.roll, sheet)
    key: RoundKey = (terms, (*before, named))

    def task() -> RoundTask:
        return round_task(terms, standing_units(terms, key[1], books.facts.held), books.facts.held)

    figures = books.figuring.figures(vote.issue, key, task)
    if figures is None:
        raise FiguresAwaited
    goods = goods_of_round(figures, prices_now(terms, list(held_rounds(chain, plan).values())))
    outcome, taken = outcome_of(chain, vote, goods)
    return Result(outcome.value, taken, len(named), goods)
