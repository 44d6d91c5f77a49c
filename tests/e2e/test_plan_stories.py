"""A planning period as a real process plays it, by the verbs that members type; the demo goes on to a plan."""

from pathlib import Path

import pytest

from p2pcouncil.scenario.play import playing
from p2pcouncil.scenario.report import to_json
from p2pcouncil.scenario.story import read_story

VILLAGE = """
title = "A village"
intro = "Ada bakes and eats."
[[people]]
key = "ada"
name = "Ada"
[[steps]]
do = "found"
who = "ada"
council = "village"
name = "Village"
purpose = "Bread"
seconds = 0
probation = "0"
[[steps]]
do = "publish-techniques"
who = "ada"
council = "village"
text = '''
product,unit,output,kind,item,quantity,item unit
bread,loaf,100,input,flour,60,kg
,,,labour,baking,5,h
flour,kg,1000,labour,baking,10,h
'''
[[steps]]
do = "begin-plan"
who = "ada"
council = "village"
proposal = "spring"
text = '''
title = "Spring"
summary = "What we bake and eat."
round = "3s"
tolerance = "8 %"
good = [
  { name = "bread", unit = "loaf", kind = "product" },
  { name = "flour", unit = "kg", kind = "product" },
  { name = "baking", kind = "labour" },
]
[[council]]
name = "Bakery"
kind = "workers"
speaker = "ada"
[[council]]
name = "Street"
kind = "consumers"
speaker = "ada"
'''
[[steps]]
do = "open"
who = "ada"
proposal = "spring"
window = "8s"
[[steps]]
do = "vote"
who = "ada"
proposal = "spring"
choice = ["yes"]
[[steps]]
do = "propose-table"
who = "ada"
plan = "spring"
text = '''
council,kind,good,amount,unit
Bakery,makes,bread,90,
Bakery,makes,flour,60,
Street,wants,bread,100,
Street,offers,baking,5.5,
'''
[[steps]]
do = "await-round"
plan = "spring"
[[steps]]
do = "rounds"
plan = "spring"
accept = ["ada"]
[[steps]]
do = "expect-plan"
plan = "spring"
stage = "ended"
balanced = true
[[steps]]
do = "explain-price"
who = "ada"
plan = "spring"
product = "bread"
"""


@pytest.mark.e2e
@pytest.mark.timeout(180)
@pytest.mark.xdist_group("demo")
@pytest.mark.asyncio
async def test_a_village_plans_until_supply_meets_demand(tmp_path: Path) -> None:
    path = tmp_path / "village.toml"
    path.write_text(VILLAGE, encoding="utf-8")
    lines: list[str] = []
    async with playing(read_story(path), tmp_path, lines.append) as player:
        report, told = await player.play(), "\n".join(lines)
    assert report.agree, report.failures
    (plan,) = to_json(report)["plans"]
    assert plan["stage"] == "ended"
    values = {good["name"]: good["value_micro"] for good in plan["goods"]}
    assert values == {"bread": 56_000, "flour": 10_000, "baking": None}, (
        "0.05 h of baking, 0.6 kg of flour at 0.01 h"
    )
    assert "1 loaf of bread takes 0.056000 h: 0.050000 h of direct work" in told
    assert "for bread: 0.6 kg of flour, 0.006000 h, 10.7 %" in told
    assert "short" in told
