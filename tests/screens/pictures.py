"""The pictures in the README: the real terminal interface over real peers on this machine.

``make pictures`` draws them anew into docs/pictures. Three people run peers over libp2p on loopback; the pictures show
what one of them sees. Then they plan: a vote begins a period, and its rounds go on until prices have moved.
"""

import asyncio
import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from crdt.ids import ChangeHash, CouncilId
from p2pcouncil.domain.planning.said import Limit, Made, UnitPlan, Wanted
from p2pcouncil.domain.planning.terms import MICRO
from p2pcouncil.domain.tally.choice import NO, YES
from p2pcouncil.domain.tally.method import Approval, YesNo
from p2pcouncil.peer import commands as c
from p2pcouncil.peer.plan_proposals import beginning
from p2pcouncil.plan_files.reading import read_table_file
from p2pcouncil.plan_files.technique_entries import entries_of
from p2pcouncil.plan_files.terms_file import read_terms
from p2pcouncil.runtime.session import PeerSession
from tests.support.society import society, until
from tui.app import CouncilApp

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
OVEN = """## What we want

Buy the used deck oven that Hartmann's sell, for 4,200 from the repair fund. It bakes 48 loaves at a time; the old one
bakes 24, and its thermostat fails twice a week.

## What it costs

4,200 for the oven and 350 for the move. 1,900 stay in the repair fund.
"""
VOTE_SECONDS, PLAN_MS = 6, 90_000
TECHNIQUES, ROUNDS_SHOWN, SPEAKERS = 3, 6, 5
BAKERY = b"""product,technique,unit,output,kind,item,quantity,item unit,capacity,note
bread,deck oven,loaf,100,input,flour,62,kg,2400,Measured in May.
,,,,input,energy,18,kWh,,
,,,,labour,baking,4.6,h,,
,,,,pollutant,smoke,1.5,kg,,
"""
MILL = b"""product,technique,unit,output,kind,item,quantity,item unit
flour,Lindhof,kg,1000,input,energy,80,kWh
,,,,labour,milling,12,h
energy,roofs,kWh,1000,labour,upkeep,25,h
"""
TERMS = """
title = "Spring"
summary = "What we bake, mill and eat from March to May."
round = "7s"
rounds = 12
good = [
  { name = "bread", unit = "loaf", kind = "product", start_price = "4.2" },
  { name = "flour", unit = "kg", kind = "product", start_price = "1.2" },
  { name = "energy", unit = "kWh", kind = "product", start_price = "0.3" },
  { name = "baking", kind = "labour", start_price = "18" },
  { name = "milling", kind = "labour", start_price = "18" },
  { name = "upkeep", kind = "labour", start_price = "18" },
]
council = [
  { name = "Bakery", kind = "workers", speaker = "Ada" },
  { name = "Lindhof mill", kind = "workers", speaker = "Tomás" },
  { name = "Roofs", kind = "workers", speaker = "Tomás" },
  { name = "Mill Lane", kind = "consumers", speaker = "Ada" },
  { name = "School kitchen", kind = "consumers", speaker = "Mei-Lin", within = "Mill Lane" },
  { name = "Number 14", kind = "consumers", speaker = "Mei-Lin", within = "Mill Lane" },
]
""".encode()
COMMENT = "Who carries it in? The door of the bakery is 92 cm wide, the oven 88."


async def main() -> None:
    """Play a small story and photograph it."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder:
        async with society(Path(folder), over_libp2p=True) as people:
            ada, tomas, mei = [await people.join_in(name) for name in ("Ada", "Tomás", "Mei-Lin")]
            council = await people.found(ada, tomas, mei)
            oven = await ada.submit(
                c.MakeProposal(
                    council,
                    "Buy the deck oven from Hartmann's",
                    "A used deck oven for 4,200 from the repair fund, so that two batches become one.",
                    OVEN,
                    YesNo(500),
                    tags=("equipment", "repair fund"),
                )
            )
            flour = await tomas.submit(
                c.MakeProposal(
                    council,
                    "Flour for the winter",
                    "Which flours we order from November to March. Approve of as many as you like.",
                    "Prices per kilo, delivered.\n",
                    Approval(500, 2),
                    options=("Wheat from Lindhof, 1.18", "Half rye from Lindhof, 1.31", "Spelt, 2.05"),
                    tags=("purchases",),
                )
            )
            await _see(mei, ChangeHash(oven.id), ChangeHash(flour.id))
            text = mei.proposal(ChangeHash(oven.id))
            await mei.submit(
                c.EditText(text.id, text.text + "\n\nMei-Lin measures the door first.", text.version.heads)
            )
            await mei.submit(c.AddComment(text.id, COMMENT))
            await until(ada, lambda: bool(ada.proposal(text.id).comments))
            await until(ada, lambda: "measures" in ada.proposal(text.id).text)
            await _see(tomas, text.id)
            await until(tomas, lambda: "measures" in tomas.proposal(text.id).text)
            await tomas.submit(c.SecondProposal(text.id))
            await until(ada, lambda: "open" in ada.proposal(text.id).actions)
            await ada.submit(c.OpenVote(text.id))
            for voter, choice in ((tomas, YES), (mei, NO)):
                await until(voter, lambda voter=voter: voter.proposal(text.id).issue is not None)
                await voter.submit(c.CastBallot(text.id, choice))
            await until(ada, lambda: len(ada.proposal(text.id).issue.ballots) == 2)
            await _photograph(
                ada,
                ("", "inbox"),
                ("enter", "vote"),
                ("escape 3", "councils"),
                ("4", "network"),
                ("6", "register"),
            )
            await _plan(council, ada, tomas, mei)
            await _photograph(ada, ("8", "plan"), ("right", "prices"), ("left enter", "hours"))


async def _plan(council: CouncilId, ada: PeerSession, tomas: PeerSession, mei: PeerSession) -> None:
    """Decide on a planning period, and go through its first rounds."""
    made = {}
    for session, table in ((ada, BAKERY), (tomas, MILL)):
        await session.submit(c.PublishTechniques(council, entries_of(read_table_file(table), {}, "")))
        await until(ada, lambda: bool(ada.techniques(council)))
    await until(ada, lambda: len(ada.techniques(council)) == TECHNIQUES)
    for found in ada.techniques(council):
        made[found.product] = found.hash
    people = {session: session.identity().person.member for session in (ada, tomas, mei)}
    speakers = {"Ada": people[ada], "Tomás": people[tomas], "Mei-Lin": people[mei]}
    terms = read_terms(TERMS, speakers.__getitem__)
    spring = await ada.submit(beginning(council, terms.title, terms.summary, "", terms.terms))
    proposal = ChangeHash(spring.id)
    await _see(tomas, proposal)
    await tomas.submit(c.SecondProposal(proposal))
    await until(ada, lambda: "open" in ada.proposal(proposal).actions)
    await ada.submit(c.OpenVote(proposal, window_seconds=VOTE_SECONDS))
    for voter in (ada, tomas, mei):
        await until(voter, lambda voter=voter: voter.proposal(proposal).issue is not None)
        await voter.submit(c.CastBallot(proposal, YES))
    for session in (ada, tomas, mei):
        await until(session, lambda session=session: bool(session.plans()), PLAN_MS)
    plan = ada.plans()[0].id
    await _say(
        ada, plan, UnitPlan(0, (Made(made["bread"], 1_800 * MICRO),), note="The oven is down on Mondays.")
    )
    await _say(
        tomas,
        plan,
        UnitPlan(1, (Made(made["flour"], 1_200 * MICRO),)),
        UnitPlan(2, (Made(made["energy"], 640 * MICRO),)),
    )
    school = UnitPlan(4, wanted=(Wanted(0, 700 * MICRO, 1), Wanted(2, 60 * MICRO)))
    lane = UnitPlan(
        5,
        wanted=(Wanted(0, 1_500 * MICRO), Wanted(1, 60 * MICRO, 3), Wanted(2, 190 * MICRO)),
        offered=(Wanted(3, 88 * MICRO), Wanted(4, 15 * MICRO), Wanted(5, 18 * MICRO)),
        limits=(Limit("smoke", "kg", 30 * MICRO),),
    )
    await _say(mei, plan, school, lane)
    for number, session in enumerate((mei, ada), start=2):
        await _until_round(session, plan, number)
        units = session.plan(plan).units
        await _say(session, plan, *(unit.suggestion for unit in units if unit.suggestion is not None))
    await _until_round(ada, plan, ROUNDS_SHOWN)
    await _say(tomas, plan, UnitPlan(1, (Made(made["flour"], 1_320 * MICRO),)))
    await until(ada, lambda: len(ada.plan(plan).silent) < SPEAKERS)


async def _say(session: PeerSession, plan: ChangeHash, *parts: UnitPlan) -> None:
    await until(session, lambda: not session.plan(plan).can_propose)
    await session.submit(c.ProposeInRound(plan, parts))


async def _until_round(session: PeerSession, plan: ChangeHash, number: int) -> None:
    await until(session, lambda: session.plan(plan).round >= number, PLAN_MS)


async def _see(session: PeerSession, *proposals: ChangeHash) -> None:
    for proposal in proposals:
        await until(session, lambda proposal=proposal: any(p.id == proposal for p in session.proposals()))


async def _photograph(session: PeerSession, *pictures: tuple[str, str]) -> None:
    """Take pictures, each of what is there after some keys.

    Args:
        session: whose peer.
        pictures: the keys, apart by spaces, and the name of the picture.
    """
    app = CouncilApp(session)
    async with app.run_test(size=(110, 32)) as pilot:
        for keys, name in pictures:
            await pilot.press(*keys.split())
            await pilot.pause(0.5)
            _save(app, name)


def _save(app: CouncilApp, name: str) -> None:
    picture = re.sub(r"@font-face \{.*?\}", "", app.export_screenshot(), flags=re.DOTALL)
    picture = picture.replace("<text ", '<text xml:space="preserve" ')
    (FOLDER / f"{name}.svg").write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
