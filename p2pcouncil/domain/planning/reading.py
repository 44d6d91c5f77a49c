"""Readings of a planning period: how far it has come, what it comes to, and who said what, as plain data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from crdt.errors import LocalError
from crdt.ids import ChangeHash
from p2pcouncil.domain.books import Books
from p2pcouncil.domain.facts import Fact
from p2pcouncil.domain.planning.board import Period
from p2pcouncil.domain.planning.faults import Fault
from p2pcouncil.domain.planning.round_figures import RoundFigures, RoundTask, round_task
from p2pcouncil.domain.planning.round_result import (
    Names,
    goods_of_round,
    named_proposals,
    proposals_before,
)
from p2pcouncil.domain.planning.said import PublishTechnique, ReportResult
from p2pcouncil.domain.planning.so_far import period_so_far, prices_now
from p2pcouncil.domain.planning.standing import UnitStanding, standing_units
from p2pcouncil.domain.planning.terms import Figures
from p2pcouncil.domain.register.chain import OpenVote, PlanPeriod
from p2pcouncil.domain.register.plan_rounds import held_rounds

CATCH_UP = "Catch up with other peers, then look again."


@dataclass(frozen=True, slots=True)
class RoundState:
    """One round of a period.

    Attributes:
        number, name: which.
        begin_page: that began it; `end_page` closed or lapsed it, 0 while it runs.
        outcome: as its page says; empty while it runs, or if it lapsed.
        goods: what its page says of each good; empty likewise.
        proposals: how many count in it.
        running: the round as the register knows it, while it runs.
    """

    number: int
    name: ChangeHash
    begin_page: int
    end_page: int
    outcome: str
    goods: tuple[Figures, ...]
    proposals: int
    running: OpenVote | None


@dataclass(frozen=True, slots=True)
class PlanState:
    """A planning period as it stands.

    Attributes:
        hash: the vote that began it.
        period: its terms and rounds, as pages tell of them.
        rounds: in order.
        board: the board's reckoning by the pages, with trends of goods.
        prices_milli: at which councils propose now, or would.
        shown: the round that `units` and `goods` are of: the one that runs, the one that was taken, or the last that
            was closed.
        units: what each unit proposes in that round, by what is held; None while a sheet is missing.
        goods: what that comes to; None while that is not known.
        given_off: per pollutant and its unit how much; empty while that is not known.
        faults: why some goods have no value.
        awaits_figures: whether `goods` and what follows it are still being worked out: until then they are what the
            round's page says, or what was known before somebody said something new.
        spoken: places of units for which something was said in that very round.
        before: what units proposed in the round before; None for the first, or while one is missing.
        reports: of what became of the plan, by ascending hash.
    """

    hash: ChangeHash
    period: PlanPeriod
    rounds: tuple[RoundState, ...]
    board: Period
    prices_milli: tuple[int, ...]
    shown: int
    units: tuple[UnitStanding, ...] | None
    goods: tuple[Figures, ...] | None
    given_off: Mapping[tuple[str, str], int]
    faults: tuple[Fault, ...]
    awaits_figures: bool
    spoken: frozenset[int]
    before: tuple[UnitStanding, ...] | None
    reports: tuple[Fact, ...]

    @property
    def running(self) -> OpenVote | None:
        """The round that takes proposals now; None if none does."""
        return self.rounds[-1].running if self.rounds else None


def read_plan(books: Books, plan: ChangeHash) -> PlanState:
    """A planning period that a page began.

    Raises:
        LocalError: none of this name.
    """
    period = books.register.chain.plans.get(plan)
    if period is None:
        raise LocalError("There is no such planning period here.", CATCH_UP)
    held = held_rounds(books.register.chain, plan)
    rounds = tuple(_round(books, plan, number, name) for number, name in enumerate(period.rounds, start=1))
    shown = period.best or len(period.rounds)
    terms, entries = period.terms, books.facts.held
    named = _named(books, plan, rounds, shown)
    units = standing_units(terms, named, entries) if named else None
    figures = goods = None
    if named and units is not None:
        task = partial(round_task, terms, units, entries)
        figures = books.figuring.figures(plan, (terms, tuple(named)), task)
        goods = rounds[shown - 1].goods or None
    awaits_figures = units is not None and figures is None
    known = _known_figures(books, plan, shown, figures)
    if known is not None:
        before_it = [goods for number, goods in held.items() if number < shown]
        goods = goods_of_round(known, prices_now(terms, before_it))
    return PlanState(
        hash=plan,
        period=period,
        rounds=rounds,
        board=period_so_far(terms, list(held.values())),
        prices_milli=prices_now(terms, list(held.values())),
        shown=shown,
        units=units,
        goods=goods,
        given_off=known.totals.given_off if known is not None else {},
        faults=known.faults if known is not None else (),
        awaits_figures=awaits_figures,
        spoken=frozenset(
            place for place, unit in enumerate(units or ()) if unit.round == shown and unit.entry is not None
        ),
        before=standing_units(terms, named[:-1], entries) if named and shown > 1 else None,
        reports=tuple(_reports(books, plan)),
    )


def shown_task(books: Books, plan: ChangeHash) -> RoundTask | None:
    """What the figures follow from that are shown of a planning period; None while something of it is missing.

    Raises:
        LocalError: none of this name.
    """
    state = read_plan(books, plan)
    if state.units is None:
        return None
    return round_task(state.period.terms, state.units, books.facts.held)


def read_techniques(books: Books) -> tuple[Fact, ...]:
    """The techniques that count, of equal product and name by one member the last one, by product, name and hash."""
    latest: dict[tuple[str, str, bytes], tuple[int, int, ChangeHash]] = {}
    for name in books.listed[PublishTechnique]:
        fact = books.facts.held[name]
        assert isinstance(fact.body, PublishTechnique)
        key = (fact.body.product, fact.body.name, fact.member)
        place = (books.facts.lanes[fact.lane].generation, fact.seq, name)
        latest[key] = max(place, latest.get(key, place))
    return tuple(books.facts.held[latest[key][2]] for key in sorted(latest))


def _round(books: Books, plan: ChangeHash, number: int, name: bytes) -> RoundState:
    entering = books.register.entering(ChangeHash(name))
    assert entering is not None, "a page began the round"
    result = entering.closed.result if entering.closed is not None else None
    book = books.rounds.get(ChangeHash(name))
    return RoundState(
        number=number,
        name=ChangeHash(name),
        begin_page=entering.vote.page,
        end_page=entering.page,
        outcome=result.outcome if result is not None else "",
        goods=result.goods if result is not None else (),
        proposals=result.turnout if result is not None else len(book.voters) if book is not None else 0,
        running=None if entering.page else entering.vote,
    )


def _named(books: Books, plan: ChangeHash, rounds: Sequence[RoundState], shown: int) -> list[Names] | None:
    """Per round up to the one that is shown, the proposals that count in it; None while a sheet is missing."""
    if not shown:
        return []
    before = proposals_before(books, plan, shown)
    if before is None:
        return None
    last = rounds[shown - 1]
    if not last.end_page:
        book = books.rounds.get(last.name)
        return [*before, book.counted() if book is not None else ()]
    entering, sheet = books.register.entering(last.name), books.register.sheet(last.name)
    if entering is None or entering.closed is None:
        return [*before, ()]
    if sheet is None:
        return None
    return [*before, named_proposals(books, plan, shown, entering.vote.roll, sheet)]


def _known_figures(
    books: Books, plan: ChangeHash, shown: int, figures: RoundFigures | None
) -> RoundFigures | None:
    """Figures of the round that is shown: these, or the last ones while newer ones are being worked out."""
    if figures is not None:
        books.last_figures[plan] = (shown, figures)
    number, known = books.last_figures.get(plan, (0, None))
    return known if number == shown else None


def _reports(books: Books, plan: ChangeHash) -> list[Fact]:
    reports = (books.facts.held[name] for name in sorted(books.listed[ReportResult]))
    return [fact for fact in reports if isinstance(fact.body, ReportResult) and fact.body.plan == plan]
