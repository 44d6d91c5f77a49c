"""One table of what many councils propose: what is taken from it for those that somebody speaks for, and refused."""

import pytest

from crdt.ids import ChangeHash, CouncilId, MemberId
from p2pcouncil.domain.effects import OpenPlan
from p2pcouncil.peer.plan_many import parts_of
from p2pcouncil.peer.views.people import PersonView
from p2pcouncil.peer.views.plans import SUM, FigureView, PlanGoodView, PlanUnitView, PlanView, TechniqueView
from p2pcouncil.plan_files.unit_file import read_units
from p2pcouncil.text_files.errors import TextFileError
from tests.support.planned_village import BAKERY, BREAD, EAST, micro

ADA = PersonView(MemberId(b"a" * 32), "Ada", "", True)
HEAD = "council,kind,good,amount,unit,how\n"


def unit(place: int, name: str, kind: str) -> PlanUnitView:
    return PlanUnitView(place, name, kind, 0, ADA, (), "nothing said yet", False, "", None)


def a_plan(mine: tuple[int, ...] = (0, 3)) -> PlanView:
    """Ada speaks for the bakery and the houses of the east; others for the mill and all houses."""
    names = (("bread", "loaf"), ("flour", "kg"))
    goods = tuple(
        PlanGoodView(at, name, of, "product", 0, 0, 0, True, 1, None, (1,), (), (), "calm", 0, 0)
        for at, (name, of) in enumerate(names)
    )
    units = (
        unit(0, "bakery", "workers"),
        unit(1, "mill", "workers"),
        unit(2, "houses", "consumers"),
        unit(3, "east", "consumers"),
    )
    return PlanView(
        id=ChangeHash(b"p" * 32),
        council=CouncilId(b"c" * 32),
        council_name="Village",
        title="Spring",
        stage="rounds",
        line="Round 1 takes proposals.",
        round=1,
        rounds_most=5,
        closes_ms=None,
        tolerance=500,
        is_provisional=True,
        goods=goods,
        units=units,
        rounds=(),
        silent=(),
        mine=mine,
        can_propose="",
        best=0,
        adopted_page=0,
        digest=b"",
        faults=(),
        given_off=(),
        reports=(),
        terms=OpenPlan((), (), 60),
        weights={},
    )


BAKING = TechniqueView(
    ChangeHash(b"t" * 32),
    "oven",
    "bread",
    "loaf",
    micro(100),
    (FigureView("uses", "flour", "kg", micro(60)),),
    (),
    (),
    0,
    "",
    ADA,
)


def test_of_a_table_of_many_only_what_i_speak_for_is_proposed() -> None:
    table = HEAD + "east,wants,bread,60,loaf,must\nmill,makes,flour,80,kg,\nbakery,makes,bread,100,,oven\n"
    bakery, east = parts_of(read_units(table.encode()), "why", a_plan(), (BAKING,))
    assert (bakery.unit, east.unit) == (BAKERY, 3)
    assert [(made.technique, made.amount) for made in bakery.made] == [(BAKING.hash, micro(100))]
    assert [(want.good, want.amount, want.priority) for want in east.wanted] == [(BREAD, micro(60), 1)]
    assert bakery.note == east.note == "why"
    with pytest.raises(TextFileError, match="nothing for councils that you speak for"):
        parts_of(read_units(table.encode()), "", a_plan(mine=(2,)), (BAKING,))


def test_what_was_a_sum_stays_one() -> None:
    head = "council,speaker,standing,kind,good,amount,unit,how\n"
    table = (
        head + f"houses,Ada,{SUM},wants,bread,60,loaf,\neast,Ada,said in this round,wants,bread,60,loaf,\n"
    )
    (east,) = parts_of(read_units(table.encode()), "", a_plan(mine=(2, 3)), ())
    assert east.unit == EAST


@pytest.mark.parametrize(
    ("table", "says", "line"),
    [
        ("kind,good,amount,unit\nwants,bread,1,\n", "columns", 1),
        (HEAD + "east,wants,bread,1,loaf,\n,wants,bread,1,loaf,\n", "council is missing", 3),
        (HEAD + "west,wants,bread,1,loaf,\n", "no council “west”", 2),
        (HEAD + "east,wants,bread,1,,\nmill,makes,flour,1,,\neast,wants,flour,1,,\n", "two places", 4),
        (HEAD + "east,makes,bread,1,loaf,\n", "council of consumers", 2),
        (HEAD + "bakery,wants,bread,1,loaf,\n", "council of workers", 2),
        (HEAD + "east,wants,cake,1,loaf,\n", "no good “cake”", 2),
        (HEAD + "east,wants,bread,one,loaf,\n", "amount", 2),
        (HEAD + "east,eats,bread,1,loaf,\n", "kind", 2),
        ("", "empty", 0),
    ],
)
def test_what_is_wrong_in_a_table_is_named_with_its_line(table: str, says: str, line: int) -> None:
    with pytest.raises(TextFileError) as caught:
        parts_of(read_units(table.encode()), "", a_plan(), (BAKING,))
    assert says in str(caught.value)
    assert caught.value.line == line
    assert caught.value.hint
