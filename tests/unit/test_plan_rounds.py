"""Planning rounds in the fold: begun, sealed and closed on pages by the product's own tellers, as votes are."""

import msgspec
import pytest

from crdt.errors import RemoteError
from p2pcouncil.domain.effects import AdoptPlan
from p2pcouncil.domain.entries import Propose
from p2pcouncil.domain.feed_entry import FeedEntry
from p2pcouncil.domain.planning import labour_values
from p2pcouncil.domain.planning.faults import FaultKind
from p2pcouncil.domain.planning.plan_values import valued_table
from p2pcouncil.domain.planning.quantities import ONE, Micro
from p2pcouncil.domain.planning.said import PublishTechnique, ReportResult, UnitPlan, Wanted
from p2pcouncil.domain.planning.technique import Hours, Item, Technique
from p2pcouncil.domain.planning.terms import Figures
from p2pcouncil.domain.register.chain import Chain
from p2pcouncil.domain.register.following import follow
from p2pcouncil.domain.register.pages import read_page
from p2pcouncil.domain.register.plan_rounds import RoundOutcome, result_digest, round_id
from p2pcouncil.domain.rejections import ACCEPTED, REFUSALS, WAITS, Rule
from p2pcouncil.domain.state import CouncilState
from tests.support.orders import same_in_any_order
from tests.support.planned_village import (
    ALL_HOUSES,
    BAKERY,
    BREAD,
    EAST,
    FIELD,
    FLOUR,
    MILL,
    ROUND_MS,
    VOTE_MS,
    WEST,
    WORK,
    baking,
    begun,
    makes,
    micro,
    milling,
    opening,
    propose,
    terms,
    wants,
)
from tests.support.tellers import Tellers
from tests.support.world import MAJORITY, World, digest_of


def closed(state: CouncilState, plan: FeedEntry, number: int) -> tuple[Figures, ...]:
    """What a page says of a round."""
    return state.register.chain.decided[round_id(plan.hash, number)][1].goods


def test_a_decision_begins_a_round_which_is_summed_and_followed_by_the_next() -> None:
    world, tellers, plan, bake, mill = begun()
    chain = tellers.state.register.chain
    assert chain.plans[plan.hash].rounds == (round_id(plan.hash, 1),)
    propose(world, "Ada", plan, 1, makes(BAKERY, bake, 100), wants(WEST, 50, 4))
    propose(world, "Ben", plan, 1, makes(MILL, mill, 80))
    propose(world, "Cem", plan, 1, wants(EAST, 60, 4))
    state = tellers.tell(ROUND_MS)
    chain = state.register.chain
    bread, flour, work, field = closed(state, plan, 1)
    assert (bread.supply, bread.demand) == (micro(100), micro(110)), "the households' sum, by nobody's word"
    assert (flour.supply, flour.demand) == (micro(80), micro(60))
    assert (work.supply, work.demand) == (micro(8), micro(5.8)), "5 hours of baking and 0.8 of milling"
    assert (field.supply, field.demand) == (micro(10), micro(0.04))
    assert {goods.price_milli for goods in (bread, flour, work, field)} == {700_000}
    assert flour.value_micro == 10_000, "10 hours for 1,000 kg"
    assert bread.value_micro == 56_000, "0.05 hours of baking, and 0.6 kg of flour at 0.01"
    assert (work.value_micro, field.value_micro) == (None, None)
    assert chain.decided[round_id(plan.hash, 1)][1].outcome == RoundOutcome.AGAIN
    assert chain.plans[plan.hash].rounds[-1] == round_id(plan.hash, 2)
    same_in_any_order(world)


def test_who_says_nothing_keeps_their_word_and_a_sum_follows_its_parts() -> None:
    world, tellers, plan, bake, mill = begun()
    propose(world, "Ada", plan, 1, makes(BAKERY, bake, 100), wants(WEST, 50))
    propose(world, "Ben", plan, 1, makes(MILL, mill, 80), wants(ALL_HOUSES, 70))
    propose(world, "Cem", plan, 1, wants(EAST, 60))
    state = tellers.tell(ROUND_MS)
    assert closed(state, plan, 1)[BREAD].demand == micro(70), "whoever speaks for both revised their sum"
    propose(world, "Cem", plan, 2, wants(EAST, 65))
    state = tellers.tell(ROUND_MS)
    bread, flour, *_ = closed(state, plan, 2)
    assert bread.demand == micro(115), "the revision was about the last round; now 50 and 65"
    assert (bread.supply, flour.supply) == (micro(100), micro(80))
    assert bread.price_milli < 700_000, "more was offered than asked for"
    assert flour.price_milli < 700_000
    same_in_any_order(world)


def test_a_round_is_revised_by_a_higher_number_and_what_comes_late_counts_in_none() -> None:
    world, tellers, plan, bake, _ = begun()
    propose(world, "Ada", plan, 1, makes(BAKERY, bake, 100))
    propose(world, "Ada", plan, 1, makes(BAKERY, bake, 40), again=2)
    state = tellers.tell(ROUND_MS)
    assert closed(state, plan, 1)[BREAD].supply == micro(40)
    propose(world, "Ada", plan, 1, makes(BAKERY, bake, 90), again=3)
    state = tellers.tell(ROUND_MS)
    assert closed(state, plan, 2)[BREAD].supply == micro(40), (
        "a late word for a closed round is no word for the next"
    )
    same_in_any_order(world)


def test_rounds_end_when_supply_meets_demand_and_a_vote_adopts_the_plan() -> None:
    world, tellers, plan, bake, mill = begun()
    propose(world, "Ada", plan, 1, makes(BAKERY, bake, 100), wants(WEST, 50, 5.6))
    propose(world, "Ben", plan, 1, makes(MILL, mill, 60))
    propose(world, "Cem", plan, 1, wants(EAST, 40))
    state = tellers.tell(ROUND_MS)
    assert state.register.chain.plans[plan.hash].best == 0, "ten loaves too many"
    propose(world, "Cem", plan, 2, wants(EAST, 50))
    state = tellers.tell(ROUND_MS)
    chain = state.register.chain
    period = chain.plans[plan.hash]
    assert (period.best, len(period.rounds)) == (2, 2)
    result = chain.decided[period.rounds[1]][1]
    assert result.outcome == RoundOutcome.BALANCED, "that most of the field lies fallow is no waste"
    report = world.write("Ada", ReportResult(world.now_ms(), plan.hash, BAKERY, BREAD, micro(10)))
    state = tellers.tell(1)
    assert state.verdict(report.hash) is WAITS
    for digest, page in ((digest_of("another"), 0), (result_digest(result), 1)):
        effect = AdoptPlan(plan.hash, 2, digest)
        nonce = digest_of(digest.hex())[:16]
        proposal = world.write(
            "Ada", Propose(world.now_ms(), nonce, "Adopt", "It is good.", (), "", MAJORITY, (), effect)
        )
        adopted = world.open("Ada", proposal, [world.second("Ben", proposal)])
        tellers.tell()
        world.ballot("Cem", adopted)
        state = tellers.tell(VOTE_MS)
        chain = state.register.chain
        assert bool(chain.plans[plan.hash].adopted_page) == bool(page)
        assert (adopted.hash in chain.void_effects) != bool(page)
    assert state.verdict(report.hash) is ACCEPTED
    same_in_any_order(world)


def test_the_best_round_is_taken_when_the_rounds_are_used_up() -> None:
    world, tellers, plan, bake, _ = begun(rounds=3)
    for number, loaves in ((1, 20), (2, 90), (3, 10)):
        propose(world, "Ada", plan, number, makes(BAKERY, bake, loaves), wants(WEST, 100, 4.5))
        state = tellers.tell(ROUND_MS)
    period = state.register.chain.plans[plan.hash]
    result = state.register.chain.decided[period.rounds[2]][1]
    assert result.outcome == RoundOutcome.BEST
    # Nobody makes flour, so the worst is 200 % in every round, and the sum decides.
    assert (period.best, result.winners) == (2, (1,))
    same_in_any_order(world)


def test_a_round_in_which_nobody_spoke_is_not_the_best_one() -> None:
    world, tellers, plan, bake, _ = begun(rounds=3)
    tellers.tell(ROUND_MS)
    propose(world, "Ada", plan, 2, makes(BAKERY, bake, 60), wants(WEST, 100, 4.5))
    tellers.tell(ROUND_MS)
    state = tellers.tell(ROUND_MS)
    assert all(figures.demand == 0 for figures in closed(state, plan, 1)), (
        "supply and demand of nothing are equal"
    )
    assert state.register.chain.plans[plan.hash].best == 2, (
        "of the second and the third, which are equal, the first"
    )
    same_in_any_order(world)


@pytest.mark.parametrize(
    ("part", "rule"),
    [
        (wants(EAST, 1), Rule.NOT_THE_SPEAKER),
        (UnitPlan(99, wanted=(Wanted(0, 1),)), Rule.NOT_THE_SPEAKER),
        (wants(BAKERY, 1), Rule.NOT_PLANNED),
        (UnitPlan(WEST, wanted=(Wanted(4, 1),)), Rule.NOT_PLANNED),
        (UnitPlan(WEST, wanted=(Wanted(0, 1), Wanted(0, 2))), Rule.LISTED_TWICE),
        (UnitPlan(WEST, offered=(Wanted(FLOUR, 1),)), Rule.NOT_PLANNED),
    ],
)
def test_what_nobody_may_propose_is_refused_and_moves_nothing(part: UnitPlan, rule: Rule) -> None:
    world, tellers, plan, *_ = begun()
    refused = propose(world, "Ada", plan, 1, part)
    state = tellers.tell(ROUND_MS)
    verdict = state.verdict(refused.hash)
    assert getattr(verdict, "rule", None) is rule
    assert all(figures.demand == 0 for figures in closed(state, plan, 1))
    same_in_any_order(world)


def test_what_names_no_round_waits_or_is_refused() -> None:
    world, tellers, plan, *_ = begun(rounds=2)
    early = propose(world, "Ada", plan, 2, wants(WEST, 1))
    never = propose(world, "Ada", plan, 3, wants(WEST, 1))
    state = tellers.tell(1)
    assert state.verdict(early.hash) is WAITS
    assert state.verdict(never.hash) == REFUSALS[Rule.NO_ROUND]
    state = tellers.tell(ROUND_MS)
    assert state.verdict(early.hash) is ACCEPTED
    same_in_any_order(world)


def test_a_technique_that_is_gone_takes_with_it_what_rests_on_it_and_holds_up_nobody() -> None:
    world, tellers, plan, bake, _ = begun()
    propose(world, "Ada", plan, 1, makes(BAKERY, bake, 100), wants(WEST, 50))
    tellers.tell(ROUND_MS)
    other = world.write("Cem", msgspec.msgpack.decode(bake.data or b"", type=PublishTechnique), device=1)
    propose(world, "Ada", plan, 2, makes(BAKERY, other, 70))
    state = tellers.tell(ROUND_MS)
    assert closed(state, plan, 2)[BREAD].supply == micro(70)
    state.void(other.lane, other.seq)
    assert other.hash in state.named_ballots(), "a bundle carries it on, for whoever adds the round up again"
    state = tellers.tell(ROUND_MS)
    assert closed(state, plan, 2)[BREAD].supply == micro(70), "what a page says stays"
    assert closed(state, plan, 3)[BREAD].supply == micro(100), (
        "Ada's word before that is the last that is whole"
    )


def test_an_hour_counts_as_much_as_the_members_voted() -> None:
    world = World()
    bake, mill = baking(world), milling(world)
    effect = terms(world)
    work = msgspec.structs.replace(effect.goods[WORK], weight_micro=1_500_000)
    plan = opening(
        world, msgspec.structs.replace(effect, goods=(*effect.goods[:WORK], work, effect.goods[FIELD]))
    )
    tellers = Tellers(world)
    tellers.tell()
    world.ballot("Ada", plan)
    tellers.tell(VOTE_MS)
    propose(world, "Ada", plan, 1, makes(BAKERY, bake, 100), wants(WEST, 100))
    propose(world, "Ben", plan, 1, makes(MILL, mill, 60))
    bread, flour, *_ = closed(tellers.tell(ROUND_MS), plan, 1)
    assert (bread.value_micro, flour.value_micro) == (84_000, 15_000), (
        "half as much again as without the weight"
    )


def test_no_page_may_name_figures_that_do_not_follow_from_it() -> None:
    world, tellers, plan, bake, _ = begun()
    propose(world, "Ada", plan, 1, makes(BAKERY, bake, 100), wants(WEST, 50))
    state = tellers.tell(ROUND_MS)
    minutes = state.register.minutes
    number = state.register.chain.decided[round_id(plan.hash, 1)][0]
    before: Chain = minutes.chains[number - 1]
    data = minutes.page(minutes.chains[number].page)
    assert data is not None
    page = read_page(data)
    (end,) = page.closed
    follow(before, page, bytes(32))

    def with_result(**changes: object) -> None:
        result = msgspec.structs.replace(end.result, **changes)
        changed = msgspec.structs.replace(end, result=result)
        follow(before, msgspec.structs.replace(page, closed=(changed,)), bytes(32))

    goods = end.result.goods
    dearer = msgspec.structs.replace(goods[0], price_milli=700_001)
    for changes in (
        {"outcome": "balanced", "winners": (0,)},
        {"outcome": "best", "winners": (0,)},
        {"outcome": "passed"},
        {"winners": (0,)},
        {"goods": goods[1:]},
        {"goods": (dearer, *goods[1:])},
    ):
        with pytest.raises(RemoteError):
            with_result(**changes)


def test_equal_tables_are_solved_once(monkeypatch: pytest.MonkeyPatch) -> None:
    solved = []
    quick_values = labour_values.quick_values
    monkeypatch.setattr(
        labour_values, "quick_values", lambda *asked: solved.append(asked) or quick_values(*asked)
    )
    hay = Technique("hay", "t", Micro(7_000_001), (), (Hours("mowing", ONE), Hours("raking", ONE)))
    assert valued_table([hay])[1] == {"hay": 285_714}
    assert valued_table((hay,), {})[1] == {"hay": 285_714}
    assert len(solved) == 1
    assert valued_table([hay], {"mowing": Micro(2_000_000)})[1] == {"hay": 428_571}
    assert len(solved) == 2, "weights matter"


def test_what_is_made_from_nothing_has_no_value_however_long_the_chain_is() -> None:
    chain = [
        Technique(
            f"p{at}",
            "kg",
            Micro(1_000_000),
            (Item(f"p{at + 1}", "kg", Micro(500_000)),),
            (Hours("work", ONE),),
        )
        for at in range(390)
    ]
    table, values, faults = valued_table(chain)
    assert (table, values) == (None, {})
    assert [fault.products for fault in faults] == [("p389",)], "the last one uses what nobody makes"
    circle = [
        Technique("ox", "ox", Micro(1_000_000), (Item("hay", "t", Micro(2_000_000)),), (Hours("work", ONE),)),
        Technique("hay", "t", Micro(1_000_000), (Item("ox", "ox", Micro(1_000_000)),), (Hours("work", ONE),)),
        Technique(
            "cart", "cart", Micro(1_000_000), (Item("ox", "ox", Micro(1_000_000)),), (Hours("work", ONE),)
        ),
        Technique("stone", "t", Micro(1_000_000), (), (Hours("work", ONE),)),
    ]
    table, values, faults = valued_table(circle)
    assert values == {"stone": 1_000_000}
    assert [fault.kind for fault in faults] == [FaultKind.NOT_PRODUCTIVE]
