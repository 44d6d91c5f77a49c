from dataclasses import replace

import pytest

from crdt.ids import CouncilId
from p2pcouncil.peer.commands import GoOn, PledgeDuty
from p2pcouncil.peer.views.inbox import InboxItem
from p2pcouncil.peer.views.register import SuccessorView
from tests.screens import people
from tests.screens.driver import LARGE, SMALL, driven
from tests.screens.staged import StagedSession

pytestmark = pytest.mark.asyncio


async def test_the_register_says_what_the_next_page_waits_for_and_who_told_what() -> None:
    async with driven(size=LARGE) as driver:
        await driver.press("6", "right")
        assert driver.place == "RegisterScreen"
        assert "Page 7 waits for 1 of Dora Weiss and Emre Yıldız." in driver.text
        assert "The vote on “Breakfast for the school” is asked" in driver.text
        assert "Dora Weiss not heard yet" in driver.text
        assert "signed in round 2 by 4 of 5 (4 needed)" in driver.text
        assert "✗ Greta Sommer" in driver.text
        assert "repair fund 1,900 euros" in driver.text


async def test_councils_follow_each_other_round_the_end() -> None:
    async with driven() as driver:
        await driver.press("6")
        assert "Lindenhof quarter" in driver.text
        await driver.press("left")
        assert "Lindenhof eaters ▸ 3 of 3" in driver.text
        await driver.press("right")
        assert "Lindenhof quarter ▸ 1 of 3" in driver.text


async def test_in_a_small_terminal_the_pages_come_below() -> None:
    async with driven(size=SMALL) as driver:
        await driver.press("6", "right", "end")
        assert "Page 1" in driver.text
        assert "Entered “A new name for the shop”." in driver.text


async def test_going_off_duty_asks_first_and_going_on_does_not() -> None:
    async with driven() as driver:
        await driver.press("6", "right", "x", "escape")
        assert driver.session.commands == []
        await driver.press("x", "enter")
        assert driver.session.commands == [PledgeDuty(people.BAKERY, is_on=False)]
        assert "You are off duty, as you wished." in driver.text
        await driver.press("o")
        assert driver.session.commands[-1] == PledgeDuty(people.BAKERY, is_on=True)
        assert "You are a teller." in driver.text


async def test_going_on_elsewhere_asks_for_the_passphrase_and_says_what_it_means() -> None:
    session = StagedSession()
    line = "The successor 5f0c11d2 is signed by 2 members, 3 needed, and by 2 of the next page's tellers, 2 needed."
    successor = SuccessorView(CouncilId(bytes(32)), 6, people.BAKERS[:2], people.BAKERS[:2], False, line)
    session.registers[people.BAKERY] = replace(people.REGISTER, successors=(successor,), can_go_on=True)
    async with driven(session, size=SMALL) as driver:
        await driver.press("6", "right")
        assert "The successor 5f0c11d2 is signed by 2 members" in driver.text
        await driver.press("g")
        assert "You tell here no more from then on" in driver.text
        await driver.press("escape")
        assert driver.session.commands == []
        await driver.press("g")
        await driver.type("four blue stones")
        await driver.press("enter")
        assert driver.session.commands == [GoOn(people.BAKERY, "four blue stones")]
        assert "You signed the successor" in driver.text


async def test_the_inbox_asks_for_a_signature_and_leads_to_the_register() -> None:
    session = StagedSession()
    item = InboxItem(
        "go on",
        True,
        people.BAKERY,
        "Morgenbrot bakery",
        "A successor",
        "You are on its roll.",
        "Signed by 2 so far.",
        bytes(32),
    )
    session.more_items = (item,)
    async with driven(session) as driver:
        assert "GO ON" in driver.text
        await driver.press("home", "enter")
        assert driver.place == "RegisterScreen"
        assert "Morgenbrot bakery" in driver.text
        await driver.press("escape")
        assert driver.place == "InboxScreen"


async def test_nobody_leaves_a_register_that_goes_on() -> None:
    async with driven() as driver:
        await driver.press("6", "right", "g")
        assert driver.place == "RegisterScreen"
        assert "Go on elsewhere" not in driver.text


async def test_without_a_council_there_is_no_register() -> None:
    session = StagedSession(is_new=True)
    session.me = people.ADA
    async with driven(session) as driver:
        await driver.press("end", "enter", "6")
        assert "There is no register here yet." in driver.text


async def test_the_palette_goes_to_the_register() -> None:
    async with driven() as driver:
        await driver.press("ctrl+p")
        await driver.type("regis")
        await driver.press("enter")
        await driver.pilot.pause()
        assert driver.place == "RegisterScreen"
