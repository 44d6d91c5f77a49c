from dataclasses import replace

import pytest

from p2pcouncil.peer.commands import Dial, LeaveCouncil, MakeInvitation, ObjectTo, SetPriorities, VouchFor
from tests.screens import people
from tests.screens.driver import LARGE, SMALL, driven
from tests.screens.staged import LINE, StagedSession, coming, troubled
from tui.theme import DARK_NAME, LIGHT_NAME

pytestmark = pytest.mark.asyncio


async def test_vouching_shows_the_four_words_first() -> None:
    async with driven() as driver:
        await driver.press("down", "down", "enter")
        assert driver.place == "VouchScreen"
        for word in people.REQUEST.person.fingerprint.split("-"):
            assert word.upper() in driver.text
        assert "compare these four words by voice" in driver.text
        await driver.press("y")
        assert driver.session.commands == [VouchFor(people.BAKERY, people.REQUEST.join_id)]
        assert "You vouched for Hana Novák" in driver.text


async def test_words_that_differ_lead_back_without_a_vouch() -> None:
    async with driven() as driver:
        await driver.press("3", "down", "v", "escape")
        assert driver.place == "CouncilsScreen"
        assert driver.session.commands == []


async def test_who_is_on_the_next_page_is_told_apart_and_may_be_objected_to() -> None:
    async with driven(coming(), LARGE) as driver:
        await driver.press("3", "down")
        assert "On their way to the roll (1)" in driver.text
        assert "Roll (5 members)" in driver.text
        await driver.press("o", "enter")
        await driver.type("I don't know her.")
        await driver.press("enter")
        command = ObjectTo(people.BAKERY, people.GRETA.member, "I don't know her.")
        assert driver.session.commands == [command]
        assert "! Ada Marchetti objects: no page lets them in before a vote" in driver.text


async def test_a_request_may_be_objected_to_once_somebody_vouched() -> None:
    async with driven(coming()) as driver:
        await driver.press("3", "down", "v", "o", "enter")
        newcomer = people.REQUEST.person.member
        assert driver.session.commands == [ObjectTo(people.BAKERY, newcomer, "")]


async def test_a_newcomer_reads_from_when_they_can_vote() -> None:
    session = StagedSession()
    session.all_councils[1] = replace(session.all_councils[1], my_standing="on the next page")
    async with driven(session) as driver:
        await driver.press("3", "down")
        assert "You can vote from the next page." in driver.text


async def test_inviting_gives_a_line_and_a_code() -> None:
    async with driven() as driver:
        await driver.press("3", "i")
        await driver.type("Greta")
        await driver.press("enter")
        assert driver.session.commands == [MakeInvitation(people.QUARTER, "Greta")]
        assert LINE in "".join(driver.text.split())
        await driver.press("q")
        assert "make the window" in driver.text
        await driver.press("escape")
        assert driver.place == "InviteScreen"


async def test_a_large_window_shows_the_whole_code() -> None:
    async with driven(size=(120, 50)) as driver:
        await driver.press("3", "i", "enter", "q")
        assert "make the window" not in driver.text
        assert sum("▀" in row or "█" in row for row in driver.rows) >= 25


async def test_leaving_a_council_asks_first() -> None:
    async with driven() as driver:
        await driver.press("3", "down", "l", "escape")
        assert driver.session.commands == []
        await driver.press("l", "enter")
        assert driver.session.commands == [LeaveCouncil(people.BAKERY, "")]


async def test_the_network_says_what_is_missing_and_what_to_do() -> None:
    async with driven() as driver:
        await driver.press("4")
        assert "we lack 3 of its entries; it lacks 1 of ours" in driver.text
        assert "has not said yet what it holds" in driver.text
        assert "if your router forwards port 4001" in driver.text
        await driver.press("d")
        await driver.type("/ip4/1")
        await driver.press("enter")
        assert driver.session.commands == [Dial("/ip4/1")]
        await driver.press("m", "enter")
        assert "Not done: There is no file council.p2pc." in driver.text


async def test_the_network_says_who_is_throttled_and_who_was_dropped_and_why() -> None:
    session = StagedSession()
    session.peers = troubled()
    async with driven(session) as driver:
        await driver.press("4")
        assert "! throttled: asks too often (for 3 min)" in driver.text
        assert "✗ dropped: It asked 4,100 times in 10 s; 20 a second are answered." in driver.text
        assert "refused for 4 min more" in driver.text


async def test_priorities_are_kept() -> None:
    async with driven() as driver:
        await driver.press("5", "p")
        await driver.type("Energy, bread")
        await driver.press("enter")
        assert driver.session.commands == [SetPriorities(("energy", "bread"))]
        assert "Your priorities are kept" in driver.text


@pytest.mark.parametrize(
    ("keys", "advice"),
    [("1", "Press 3 for the councils"), ("2", "press 3"), ("3", "Press f"), ("4", "press d")],
)
async def test_empty_places_say_what_to_do(keys: str, advice: str) -> None:
    session = StagedSession(is_new=True)
    session.me = people.ADA
    async with driven(session) as driver:
        await driver.press("end", "enter", keys)
        assert advice in driver.text


async def test_quitting_with_entries_that_are_only_here_asks_first() -> None:
    session = StagedSession()
    session.only_here = 2
    async with driven(session) as driver:
        await driver.press("ctrl+q")
        assert "2 of your entries are only here" in driver.text
        await driver.press("enter")
        assert driver.place == "InboxScreen"
        assert driver.app.is_running
        await driver.press("ctrl+q", "n")
        assert not driver.app.is_running or driver.app._exit


async def test_quitting_with_everything_held_elsewhere_does_not_ask() -> None:
    async with driven() as driver:
        await driver.press("ctrl+q")
        assert driver.app._exit


async def test_the_palette_offers_what_the_screen_can_do() -> None:
    async with driven() as driver:
        await driver.press("ctrl+p")
        await driver.type("netw")
        await driver.press("enter")
        await driver.pilot.pause()
        assert driver.place == "NetworkScreen"


async def test_the_theme_changes_and_back() -> None:
    async with driven() as driver:
        await driver.press("ctrl+t")
        assert driver.app.theme == LIGHT_NAME
        await driver.press("ctrl+t")
        assert driver.app.theme == DARK_NAME


async def test_places_are_reached_from_anywhere_by_their_number() -> None:
    async with driven() as driver:
        await driver.press("enter", "right", "4")
        assert driver.place == "NetworkScreen"
        await driver.press("1")
        assert driver.place == "InboxScreen"
        assert len(driver.app.screen_stack) == 2


@pytest.mark.parametrize(
    "keys", [(), ("2",), ("3",), ("4",), ("5",), ("enter",), ("v",), ("n",), ("3", "b"), ("f1",)]
)
async def test_every_screen_shows_its_keys_in_the_smallest_terminal(keys: tuple[str, ...]) -> None:
    async with driven(size=SMALL) as driver:
        await driver.press(*keys)
        assert "^q Quit" in driver.rows[-1] or "^q Quit" in driver.rows[-2]
        shown = {
            binding.description
            for _, binding, enabled, _ in driver.app.screen.active_bindings.values()
            if binding.show and enabled
        }
        for description in shown:
            assert description in " ".join(driver.rows[-3:])


async def test_the_focus_is_always_somewhere() -> None:
    async with driven() as driver:
        for key in ("1", "2", "3", "4"):
            await driver.press(key)
            assert driver.app.screen.focused is not None


async def test_what_comes_while_the_program_ends_finds_no_screen_and_hurts_nobody() -> None:
    async with driven() as driver:
        await driver.press("2")
    driver.app._read_again()
