"""The pictures in the README: the real terminal interface over real peers on this machine.

``make pictures`` draws them anew into docs/pictures. Three people run peers over libp2p on loopback; the pictures show
what one of them sees.
"""

import asyncio
import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from crdt.ids import ChangeHash
from p2pcouncil.domain.tally.choice import NO, YES
from p2pcouncil.domain.tally.method import Approval, YesNo
from p2pcouncil.peer import commands as c
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
            await _photograph(ada)


async def _see(session: PeerSession, *proposals: ChangeHash) -> None:
    for proposal in proposals:
        await until(session, lambda proposal=proposal: any(p.id == proposal for p in session.proposals()))


async def _photograph(session: PeerSession) -> None:
    app = CouncilApp(session)
    async with app.run_test(size=(110, 32)) as pilot:
        await pilot.pause(0.5)
        _save(app, "inbox")
        await pilot.press("enter")
        await pilot.pause(0.5)
        _save(app, "vote")
        await pilot.press("escape", "3")
        await pilot.pause(0.5)
        _save(app, "councils")
        await pilot.press("4")
        await pilot.pause(0.5)
        _save(app, "network")
        await pilot.press("6")
        await pilot.pause(0.5)
        _save(app, "register")


def _save(app: CouncilApp, name: str) -> None:
    picture = re.sub(r"@font-face \{.*?\}", "", app.export_screenshot(), flags=re.DOTALL)
    picture = picture.replace("<text ", '<text xml:space="preserve" ')
    (FOLDER / f"{name}.svg").write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
