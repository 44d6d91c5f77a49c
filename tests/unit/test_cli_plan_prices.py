"""Prices of a plan on the command line: what they are, how they came about, and why."""

import dataclasses

from p2pcouncil.cli.show_plan_prices import json_of_history, json_of_list, show_history, show_list
from p2pcouncil.peer.views.plans import PlanGoodView, PlanRoundView, PlanView
from tests.unit.test_plan_tables import a_plan


def with_rounds(stage: str = "rounds") -> PlanView:
    """Two rounds that were closed, one between them that lapsed, and one that runs."""
    bread = PlanGoodView(
        place=0,
        name="bread",
        unit="loaf",
        kind="product",
        supply=0,
        demand=0,
        gap=0,
        is_within=True,
        price_milli=4_160,
        value_micro=60_552,
        prices_milli=(4_200, 4_284, 4_160),
        gaps=(-1_392, 1_000),
        values_micro=(None, 61_000),
        trend="calm",
        made=0,
        used=0,
    )
    rounds = (
        PlanRoundView(1, "again", 1_392, "bread", 3, 4),
        PlanRoundView(2, "lapsed", None, "", 0, 6),
        PlanRoundView(3, "again", 1_000, "bread", 4, 8),
        PlanRoundView(4, "runs", None, "", 1, 0),
    )
    return dataclasses.replace(a_plan(), goods=(bread,), rounds=rounds, round=4, stage=stage)


def test_prices_are_listed_with_hours_and_units() -> None:
    lines = show_list(with_rounds())
    assert any(line.split() == ["bread", "0.060552", "h", "4.160", "per", "loaf"] for line in lines)
    assert "Provisional" in lines[0]
    found = json_of_list(with_rounds())
    assert found["prices"] == [
        {"good": "bread", "unit": "loaf", "kind": "product", "hours": "0.060552", "price": "4.160"}
    ]
    assert (found["round"], found["title"], found["is_provisional"]) == (4, "Spring", True)


def test_a_history_names_the_page_and_the_cause_of_each_change() -> None:
    (plan,) = json_of_history([with_rounds()], "bread")["plans"]
    first, second = plan["goods"][0]["rounds"]
    assert (first["round"], first["page"], first["hours"], first["price"], first["why"]) == (
        1,
        4,
        None,
        "4.200",
        "",
    )
    assert (second["round"], second["page"], second["hours"], second["price"]) == (3, 8, "0.061000", "4.284")
    assert second["why"] == "price rose: 13.92 % short the round before; it is made now"
    told = show_history([with_rounds()], "")
    assert any("13.92 % short" in line and "4.200" in line for line in told)
    assert any("10 % too much" in line for line in told)
    assert any(line.split()[:1] == ["4"] and "4.160" in line for line in told), (
        "the present price, not closed yet"
    )


def test_a_history_of_another_good_is_empty_and_no_error() -> None:
    (plan,) = json_of_history([with_rounds("adopted")], "flour")["plans"]
    assert plan["goods"] == []
