"""The valley converges: its tables through the product's own fold, tellers, board and suggestions, without processes.

`p2pcouncil scenario run scenarios/valley.toml` plays the same with real peers, which takes more than a minute.
"""

from crdt.ids import ChangeHash
from p2pcouncil.domain.feed_entry import FeedEntry
from p2pcouncil.domain.planning.reading import PlanState
from p2pcouncil.domain.planning.said import Made, UnitPlan, Wanted
from p2pcouncil.domain.register.plan_rounds import RoundOutcome
from p2pcouncil.domain.state import CouncilState
from p2pcouncil.peer.showing.suggesting import suggest
from p2pcouncil.plan_files.reading import read_table_file
from p2pcouncil.plan_files.technique_entries import entries_of
from p2pcouncil.plan_files.terms_file import read_terms
from p2pcouncil.plan_files.unit_file import CouncilLine, read_units
from p2pcouncil.scenario.story import shipped_story
from tests.support.planned_village import opening, propose
from tests.support.tellers import Tellers
from tests.support.world import World

FOLDER = shipped_story("valley").parent / "valley"
ROUNDS_MAX = 12
ROUND_MS, VOTE_MS = 10_000, 65_000
PRIORITIES = {"must": 1, "": 2, "nice": 3}


def parts_of(
    lines: tuple[CouncilLine, ...], state: PlanState, techniques: dict[str, ChangeHash]
) -> list[UnitPlan]:
    """What a table proposes, as entries say it."""
    terms = state.period.terms
    goods = {good.name: at for at, good in enumerate(terms.goods)}
    found = []
    for place, unit in enumerate(terms.units):
        rows = [row.line for row in lines if row.council == unit.name]
        made = sorted((techniques[row.how], row.amount) for row in rows if row.kind == "makes")
        wanted = sorted(
            (goods[row.good], row.amount, PRIORITIES[row.how]) for row in rows if row.kind == "wants"
        )
        offered = sorted((goods[row.good], row.amount) for row in rows if row.kind == "offers")
        if rows:
            found.append(
                UnitPlan(
                    place,
                    tuple(Made(*item) for item in made),
                    tuple(Wanted(*item) for item in wanted),
                    tuple(Wanted(*item) for item in offered),
                )
            )
    return found


def suggested(state: PlanState, council: CouncilState) -> list[UnitPlan]:
    """What everybody is suggested."""
    found = (suggest(state, place, council.facts.held) for place in range(len(state.period.terms.units)))
    return [suggestion.part for suggestion in found if suggestion is not None]


def test_forty_councils_come_to_a_plan_by_suggestions_and_one_word_of_three_streets() -> None:
    world = World()
    techniques: dict[str, ChangeHash] = {}
    for name, capacities in (("upper", {}), ("lower", {"furniture": 560_000_000})):
        table = read_table_file((FOLDER / f"techniques-{name}.csv").read_bytes())
        for technique, entry in zip(table.names, entries_of(table, capacities, ""), strict=True):
            techniques[technique] = world.write("Ada", entry).hash
    terms = read_terms((FOLDER / "terms.toml").read_bytes(), lambda _: world.id("Ada")).terms
    plan: FeedEntry = opening(world, terms)
    tellers = Tellers(world)
    tellers.tell()
    world.ballot("Ada", plan)
    world.ballot("Ben", plan)
    council = tellers.tell(VOTE_MS)
    worst = []
    for number in range(1, ROUNDS_MAX + 1):
        state = council.plan(plan.hash)
        if number == 1:
            parts = parts_of(read_units((FOLDER / "proposals.csv").read_bytes()), state, techniques)
        elif number == 4:
            parts = parts_of(read_units((FOLDER / "more-care.csv").read_bytes()), state, techniques)
        else:
            parts = suggested(state, council)
        propose(world, "Ada", plan, number, *parts)
        council = tellers.tell(ROUND_MS)
        last = council.plan(plan.hash).rounds[number - 1]
        gaps = {
            good.name: abs(figures.supply - figures.demand) * 200 / (figures.supply + figures.demand)
            for good, figures in zip(terms.goods, last.goods, strict=True)
            if good.kind != "resource"
        }
        worst.append(max(gaps, key=lambda name: gaps[name]))
        if last.outcome == RoundOutcome.BALANCED:
            break
    assert last.outcome == RoundOutcome.BALANCED
    assert worst[2] == "care work", "what no suggestion can offer stays short until people offer it"
    assert worst[4] == "furniture", "what capacity keeps short is short until its price has risen"
    prices = council.plan(plan.hash).board.prices_milli()
    begun = {good.name: good.start_price_milli for good in terms.goods}
    assert prices["furniture"] > begun["furniture"] * 105 // 100
    assert sum(figures.value_micro is not None for figures in last.goods) == 30
    assert council.register.chain.plans[plan.hash].best == number
