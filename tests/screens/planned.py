"""The bakery's spring, planned: a period in its third round, one whose rounds have ended, and a plan of record."""

from dataclasses import replace

from p2pcouncil.domain.effects import OpenPlan
from p2pcouncil.domain.planning.quantities import Micro
from p2pcouncil.domain.planning.said import Limit, Made, UnitPlan, Wanted
from p2pcouncil.domain.planning.table import make_table
from p2pcouncil.domain.planning.technique import Hours, Item, Technique
from p2pcouncil.domain.planning.terms import MICRO, PlanGood, PlanUnit
from p2pcouncil.peer.views.inbox import InboxItem
from p2pcouncil.peer.views.people import PersonView
from p2pcouncil.peer.views.plans import (
    FigureView,
    PlanGoodView,
    PlanReportView,
    PlanRoundView,
    PlanUnitView,
    PlanView,
    TechniqueView,
)
from tests.screens import people
from tests.screens.staged import StagedSession

SPRING, AUTUMN = people.change("plan Spring"), people.change("plan Autumn")
OVEN, STONES = people.change("technique oven"), people.change("technique stones")
BREAD, FLOUR, BAKING, MILLING, FIELD = range(5)
BAKERY, MILL, QUARTER, MARCHETTI, WEISS = range(5)
CLOSES_MS = people.NOW_MS + 5 * people.HOUR_MS
HOURS_STAY = "no suggestion changes the hours that people offer"
TERMS = OpenPlan(
    (
        PlanGood("bread", "loaf", "product"),
        PlanGood("flour", "kg", "product"),
        PlanGood("baking", "h", "labour"),
        PlanGood("milling", "h", "labour"),
        PlanGood("field", "ha", "resource", 12 * MICRO),
    ),
    (
        PlanUnit("Morgenbrot bakery", "workers", people.ADA.member),
        PlanUnit("Lindhof mill", "workers", people.BO.member),
        PlanUnit("Lindenhof quarter", "consumers", people.DORA.member),
        PlanUnit("Household Marchetti", "consumers", people.ADA.member, 3),
        PlanUnit("Household Weiss", "consumers", people.DORA.member, 3),
    ),
    172_800,
    12,
    500,
)


def micro(units: float) -> int:
    """An amount in millionths; halves and quarters only."""
    return int(units * MICRO)


def figure(kind: str, name: str, unit: str, units: float, how: str = "") -> FigureView:
    return FigureView(kind, name, unit, micro(units), how)


TECHNIQUES = (
    TechniqueView(
        OVEN,
        "deck oven",
        "bread",
        "loaf",
        micro(100),
        (figure("uses", "flour", "kg", 60),),
        (figure("needs", "baking", "h", 5),),
        (figure("gives off", "smoke", "kg", 2),),
        micro(600),
        "Measured in May.",
        people.ADA,
    ),
    TechniqueView(
        STONES,
        "stones",
        "flour",
        "kg",
        micro(1000),
        (figure("uses", "field", "ha", 0.5),),
        (figure("needs", "milling", "h", 10),),
        (),
        0,
        "",
        people.BO,
    ),
)
TABLE = make_table(
    [
        Technique(
            "bread",
            "loaf",
            Micro(micro(400)),
            (Item("flour", "kg", Micro(micro(240))),),
            (Hours("baking", Micro(micro(20))),),
        ),
        Technique("flour", "kg", Micro(micro(250)), (), (Hours("milling", Micro(micro(2.5))),)),
    ]
)


def good(
    place: int,
    supply: float,
    demand: float,
    gap: int,
    prices: tuple[int, ...],
    *,
    value: int | None = None,
    trend: str = "calm",
) -> PlanGoodView:
    terms = TERMS.goods[place]
    is_within = abs(gap) <= TERMS.tolerance_basis_points or (terms.kind == "resource" and gap > 0)
    return PlanGoodView(
        place,
        terms.name,
        terms.unit,
        terms.kind,
        micro(supply),
        micro(demand),
        gap,
        is_within,
        prices[-1],
        value,
        prices,
        (gap * 2, gap)[: len(prices) - 1],
        (),
        trend,
    )


GOODS = (
    good(BREAD, 400, 560, -3_334, (700_000, 770_000, 847_000), value=56_000),
    good(FLOUR, 250, 240, 409, (700_000, 651_000, 630_250), value=10_000),
    good(BAKING, 32, 20, 4_616, (700_000, 735_000, 661_500), trend="swinging"),
    good(MILLING, 2.5, 2.5, 0, (700_000, 700_000, 700_000)),
    good(FIELD, 12, 0.125, 19_588, (700_000, 350_000, 175_000)),
)


def unit(
    place: int,
    speaker: PersonView,
    figures: tuple[FigureView, ...],
    part: UnitPlan | None,
    standing: str,
    *,
    spoken: bool = False,
    suggestion: UnitPlan | None = None,
    suggested: tuple[FigureView, ...] = (),
    why: str = "",
) -> PlanUnitView:
    terms = TERMS.units[place]
    return PlanUnitView(
        place=place,
        name=terms.name,
        kind=terms.kind,
        depth=1 if terms.within else 0,
        speaker=speaker,
        figures=figures,
        standing=standing,
        has_spoken=spoken,
        note=part.note if part is not None else "",
        part=part,
        suggestion=suggestion,
        suggested=suggested,
        why=why,
    )


UNITS = (
    unit(
        BAKERY,
        people.ADA,
        (figure("makes", "bread", "loaf", 400, "deck oven"),),
        UnitPlan(BAKERY, (Made(OVEN, micro(400)),), note="The oven is down on Mondays."),
        "kept from round 2",
        suggestion=UnitPlan(BAKERY, (Made(OVEN, micro(560)),)),
        suggested=(figure("makes", "bread", "loaf", 560, "deck oven"),),
        why=f"what was asked for last, up to your capacity; {HOURS_STAY}",
    ),
    unit(
        MILL,
        people.BO,
        (figure("makes", "flour", "kg", 250, "stones"),),
        UnitPlan(MILL, (Made(STONES, micro(250)),)),
        "said in this round",
        spoken=True,
    ),
    unit(
        QUARTER,
        people.DORA,
        (figure("wants", "bread", "loaf", 560), figure("offers", "baking", "h", 32)),
        None,
        "the sum of what it is made of",
    ),
    unit(
        MARCHETTI,
        people.ADA,
        (
            figure("wants", "bread", "loaf", 80, "can't be missed"),
            figure("offers", "baking", "h", 12),
            figure("limits", "smoke", "kg", 6),
        ),
        UnitPlan(
            MARCHETTI,
            wanted=(Wanted(BREAD, micro(80), 1),),
            offered=(Wanted(BAKING, micro(12)),),
            limits=(Limit("smoke", "kg", micro(6)),),
        ),
        "kept from round 1",
        suggestion=UnitPlan(
            MARCHETTI,
            wanted=(Wanted(BREAD, micro(66.5), 1),),
            offered=(Wanted(BAKING, micro(12)),),
            limits=(Limit("smoke", "kg", micro(6)),),
        ),
        suggested=(
            figure("wants", "bread", "loaf", 66.5, "can't be missed"),
            figure("offers", "baking", "h", 12),
            figure("limits", "smoke", "kg", 6),
        ),
        why=f"what you spent last, in the same shares, at the new prices; {HOURS_STAY}",
    ),
    unit(
        WEISS,
        people.DORA,
        (figure("wants", "bread", "loaf", 480), figure("offers", "baking", "h", 20)),
        UnitPlan(WEISS, wanted=(Wanted(BREAD, micro(480)),), offered=(Wanted(BAKING, micro(20)),)),
        "said in this round",
        spoken=True,
    ),
)
ROUNDS = (
    PlanRoundView(1, "again", 6_667, "bread", 3, 12),
    PlanRoundView(2, "again", 4_000, "bread", 3, 13),
    PlanRoundView(3, "runs", None, "", 2, 0),
)


def plan() -> PlanView:
    """The third round runs, and the bakery has not spoken in it."""
    return PlanView(
        id=SPRING,
        council=people.QUARTER,
        council_name="Lindenhof quarter",
        title="Spring",
        stage="rounds",
        line="Round 3 takes proposals until 2025-11-24 21:00 UTC. 2 of its councils have said nothing in it.",
        round=3,
        rounds_most=12,
        closes_ms=CLOSES_MS,
        tolerance=500,
        is_provisional=True,
        goods=GOODS,
        units=UNITS,
        rounds=ROUNDS,
        silent=("Morgenbrot bakery", "Household Marchetti"),
        mine=(BAKERY, MARCHETTI),
        can_propose="",
        best=0,
        adopted_page=0,
        digest=b"",
        faults=(),
        given_off=((figure("gives off", "smoke", "kg", 8), micro(6)),),
        reports=(),
        terms=TERMS,
        weights={},
    )


def ended() -> PlanView:
    """The rounds have ended; a vote may adopt the second."""
    return replace(
        plan(),
        stage="ended",
        line="The rounds have ended: supply meets demand. Round 2 is taken; a vote can make it the plan of record.",
        round=2,
        closes_ms=None,
        is_provisional=False,
        rounds=(ROUNDS[0], PlanRoundView(2, "balanced", 420, "flour", 3, 13)),
        silent=(),
        can_propose="No round takes proposals now.",
        best=2,
        digest=people.digest("round 2"),
    )


def adopted() -> PlanView:
    """The plan of record, with what was reported so far."""
    found = ended()
    goods = tuple(
        replace(g, made=micro(120), used=micro(600)) if g.place == BREAD else g for g in found.goods
    )
    report = PlanReportView(
        people.ADA, "Morgenbrot bakery", "bread", "loaf", micro(120), "The first week; the oven held."
    )
    return replace(
        found,
        stage="adopted",
        line="The plan of record since page 15: what round 2 came to.",
        goods=goods,
        adopted_page=15,
        reports=(report,),
    )


def planning(*views: PlanView) -> StagedSession:
    """A peer that holds planning periods; one in its third round, if none are given."""
    session = StagedSession()
    session.all_plans = list(views or (plan(),))
    session.all_techniques = list(TECHNIQUES)
    session.table = TABLE
    session.more_items = (
        InboxItem(
            "plan",
            True,
            people.QUARTER,
            "Lindenhof quarter",
            "Spring, round 3",
            "You speak for Morgenbrot bakery and Household Marchetti.",
            "New prices, and a suggestion for you. Whoever says nothing keeps what they said last.",
            SPRING,
            CLOSES_MS,
            ("plan",),
        ),
    )
    return session
