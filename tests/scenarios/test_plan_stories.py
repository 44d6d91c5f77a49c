"""Planning periods in stories: read as a whole, played with fewer peers, and told so that somebody can follow."""

from pathlib import Path

import pytest

from crdt.errors import LocalError
from p2pcouncil.plan_files.reading import read_table_file
from p2pcouncil.scenario.fewer import with_fewer
from p2pcouncil.scenario.narrate import Narrator
from p2pcouncil.scenario.plan_checks import agreed_of, unmet_of_plan
from p2pcouncil.scenario.plan_steps import (
    BeginPlan,
    ExpectPlan,
    ProposeTable,
    PublishTechniques,
    Rounds,
    SolveTable,
)
from p2pcouncil.scenario.report import PeerReport, Report, differences, to_json, to_lines
from p2pcouncil.scenario.rounds_told import told_round
from p2pcouncil.scenario.speakers import speakers_of
from p2pcouncil.scenario.steps import AnyStep, Join, Together, Vote
from p2pcouncil.scenario.story import Story, read_story, shipped_story
from tests.scenarios.test_story_files import write

TERMS = """
[[steps]]
do = "begin-plan"
who = "ada"
council = "house"
proposal = "spring"
text = '''
title = "Spring"
summary = "We plan."
round = "3s"
good = [{ name = "bread", unit = "loaf", kind = "product" }]
[[council]]
name = "Bakery"
kind = "workers"
speaker = "ada"
[[council]]
name = "Street"
kind = "consumers"
speaker = "bo"
'''
"""


def parts(story: Story) -> list[AnyStep]:
    return [part for s in story.steps for part in (s.steps if isinstance(s, Together) else (s,))]


def test_the_valley_has_what_it_promises() -> None:
    story = read_story(shipped_story("valley"))
    steps = parts(story)
    (begin,) = (step for step in steps if isinstance(step, BeginPlan))
    assert begin.text.count("[[good]]") == begin.text.count("[[council]]") == 40
    assert begin.text.count('kind = "product"') == 30
    assert set(speakers_of(begin.text)) == {person.key for person in story.people}
    (national,) = (step for step in steps if isinstance(step, SolveTable))
    industries = read_table_file(national.text.encode()).table().products
    assert len(industries) >= 60
    assert set(national.products) <= set(industries)
    tables = [step for step in steps if isinstance(step, PublishTechniques)]
    made = {t.product for step in tables for t in read_table_file(step.text.encode()).techniques}
    assert len(made) == 30
    narrator = Narrator(story)
    assert all(narrator.tell(step) for step in story.steps)


def test_the_bakery_plans_by_suggestions_and_by_people() -> None:
    steps = parts(read_story(shipped_story()))
    assert sum(isinstance(step, Rounds) for step in steps) == 2
    assert any(isinstance(step, ProposeTable) and step.note for step in steps)
    assert any(isinstance(step, ExpectPlan) and step.stage == "adopted" for step in steps)


@pytest.mark.parametrize("peers", [1, 2, 5])
def test_those_who_are_left_say_what_all_would(peers: int) -> None:
    story = read_story(shipped_story("valley"))
    fewer = with_fewer(story, peers)
    left = {person.key for person in fewer.people}
    steps = parts(fewer)
    assert len(left) == peers
    assert {step.who for step in steps if isinstance(getattr(step, "who", None), str)} <= left
    assert sum(isinstance(step, Join) for step in steps) == peers - 1
    votes = [(step.who, step.proposal) for step in steps if isinstance(step, Vote)]
    assert len(votes) == len(set(votes)) == 2 * peers
    (begin,) = (step for step in steps if isinstance(step, BeginPlan))
    assert set(speakers_of(begin.text)) == left
    for step in fewer.steps:
        if isinstance(step, Together):
            who = [getattr(part, "who", None) for part in step.steps]
            assert len(who) == len(set(who)), "one person does one thing after the other"
    assert all(person.name in fewer.intro for person in story.people[peers:])
    narrator = Narrator(fewer)
    assert all(narrator.tell(step) for step in fewer.steps)


def test_all_of_the_people_play_the_story_as_it_is_written() -> None:
    story = read_story(shipped_story("valley"))
    assert with_fewer(story, len(story.people)).steps == story.steps


def test_a_story_that_turns_peers_off_needs_all_of_them() -> None:
    with pytest.raises(LocalError, match="needs all of its people"):
        with_fewer(read_story(shipped_story()), 2)
    for peers in (0, 7):
        with pytest.raises(LocalError, match="can't play"):
            with_fewer(read_story(shipped_story("valley")), peers)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ('[[steps]]\ndo = "rounds"\nplan = "autumn"\naccept = ["ada"]\n', "no plan “autumn”"),
        (TERMS.replace('"bo"', '"eve"'), "no person “eve”"),
        (TERMS.replace('kind = "workers"', 'kind = "bakers"'), "the terms can't be used, line"),
        (TERMS.replace("text = '''", "text = '''\n[["), "the terms can't be used, line"),
        (TERMS.replace("text =", 'file = "a.toml"\ntext ='), "needs a text or a file"),
        (
            '[[steps]]\ndo = "solve-table"\nwho = "ada"\nproducts = ["bread"]\nfile = "no.csv"\n',
            "can't be read",
        ),
        (
            '[[steps]]\ndo = "solve-table"\nwho = "ada"\nproducts = ["bread"]\nfile = "../secret.csv"\n',
            "lies elsewhere",
        ),
        (TERMS + '[[steps]]\ndo = "await-round"\nplan = "spring"\nround = 3\n', "step 3 (await-round)"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, more: str, says: str) -> None:
    with pytest.raises(LocalError) as caught:
        read_story(write(tmp_path, more))
    assert says in str(caught.value)
    assert caught.value.hint


def good(
    name: str, gaps: list[int], prices: list[int], kind: str = "product", made: int = 0
) -> dict[str, object]:
    figures = {"supply": 1, "demand": 1, "gap": gaps[-1], "price_milli": prices[-1], "value_micro": 60_552}
    return {
        **figures,
        "name": name,
        "unit": "kg",
        "kind": kind,
        "gaps": gaps,
        "prices_milli": prices,
        "made": made,
        "used": 0,
    }


def shown(outcome: str = "balanced", price: int = 1_200, made: int = 0) -> dict[str, object]:
    """A plan as `plan show --json` gives it, after an empty round, a lapsed one and one with figures."""
    first = {"number": 1, "page": 4, "worst": 0, "worst_good": "bread", "proposals": 0, "outcome": "again"}
    lapsed = {"number": 2, "page": 6, "worst": None, "worst_good": "", "proposals": 0, "outcome": "lapsed"}
    last = {"number": 3, "page": 8, "worst": 2_134, "worst_good": "flour", "proposals": 5, "outcome": outcome}
    goods = [
        good("bread", [0, 577], [4_200, 4_200, 4_160], made=made),
        good("flour", [0, -2_134], [1_180, 1_180, price]),
        good("oven", [0, 12_000], [6_000, 6_000, 5_000], "resource"),
        good("care", [0, -500], [26_000, 26_000, 26_010]),
    ]
    plan = {
        "id": "p1",
        "title": "Spring",
        "stage": "ended",
        "round": 3,
        "best": 3,
        "adopted_page": 0,
        "digest": "aa",
    }
    more = {"rounds": [first, lapsed, last], "goods": goods, "faults": [], "given_off": [], "units": []}
    mine = {"line": "The rounds have ended.", "tolerance": 500, "reports": [], "mine": [1], "closes_ms": None}
    return {**plan, **more, **mine}


def test_a_round_is_told_with_what_is_short_and_what_is_too_much() -> None:
    told, *lines = told_round(shown(), 3)
    assert told.startswith(
        "Round 3, closed on page 8, 5 proposals: 2 of 4 goods within 5 %; the worst is flour"
    )
    assert [line.split()[0] for line in lines] == ["flour", "bread"], (
        "the worst first; an idle oven is no matter"
    )
    assert "########|" in lines[0]
    assert "21.34 % short" in lines[0]
    assert "price 1.180 → 1.200" in lines[0]
    assert "|##" in lines[1]
    assert "5.77 % too much" in lines[1]
    assert told_round(shown(), 2) == ["Round 2 came to nothing: too few tellers sealed it."]
    assert "4 of 4 goods within 5 %." in told_round(shown(), 1)[0]


def test_peers_have_to_show_the_same_to_the_last_digit() -> None:
    step = ExpectPlan(plan="spring", stage="ended", balanced=True)
    assert unmet_of_plan(step, {"Ada": shown(), "Bo": {**shown(), "mine": [], "line": "…"}}) == []
    (found,) = unmet_of_plan(step, {"Ada": shown(), "Bo": shown(price=1_201)})
    assert found == "Ada and Bo show other goods."
    assert len(unmet_of_plan(step, {"Ada": shown("best")})) == 1
    reported = ExpectPlan(plan="spring", stage="adopted", made=("bread=2160",))
    assert len(unmet_of_plan(reported, {"Ada": shown(made=2_160_000_000)})) == 1, (
        "only the stage is otherwise"
    )
    assert len(unmet_of_plan(reported, {"Ada": shown(made=2_159_999_999)})) == 2


def test_the_report_holds_prices_side_by_side() -> None:
    def peer(name: str, price: int = 1_200) -> PeerReport:
        return PeerReport(name, 7, {}, {}, {"p1": agreed_of(shown(price=price))})

    same = Report("c1", (peer("Ada"), peer("Bo")), 1.0)
    assert to_json(same)["agree"] is True
    (plan,) = to_json(same)["plans"]
    assert plan["prices"]["Ada"] == plan["prices"]["Bo"]
    assert plan["prices"]["Ada"][1] == [1_200, 60_552]
    told = "\n".join(to_lines(same))
    assert "Spring: 3 rounds, round 3 taken" in told
    assert told.count("0.060552 h") == 8
    other = (peer("Ada"), peer("Bo", 1_201))
    assert differences(other) == ("The plan “Spring” has other figures with different peers.",)
    assert to_json(Report("c1", other, 1.0))["agree"] is False
