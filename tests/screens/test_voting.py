import pytest

from p2pcouncil.domain.tally.choice import NO, YES
from p2pcouncil.peer.commands import CastBallot
from tests.screens import people
from tests.screens.driver import driven

pytestmark = pytest.mark.asyncio


def ballot(view: object, choice: tuple[tuple[int, ...], ...]) -> CastBallot:
    issue = getattr(view, "issue")  # noqa: B009
    return CastBallot(issue.id, choice)


async def test_yes_or_no_and_voting_again() -> None:
    async with driven() as driver:
        await driver.press("enter", "v", "ctrl+s")
        assert "You have chosen nothing yet" in driver.text
        await driver.press("down", "enter")
        assert "You vote: no" in driver.text
        await driver.press("ctrl+s")
        assert driver.session.commands == [ballot(people.OVEN, NO)]
        assert "You voted: no" in driver.text
        assert "2 yes to 2 no" in driver.text
        await driver.press("v")
        assert "That is how you voted already" in driver.text
        await driver.press("1")
        assert "You vote: yes instead of: no" in driver.text
        await driver.press("tab", "enter")
        assert driver.session.commands[-1] == ballot(people.OVEN, YES)
        assert "Your new vote replaces the old one" in driver.text
        assert "3 yes to 1 no" in driver.text


async def test_approval_is_a_list_of_boxes() -> None:
    async with driven() as driver:
        await driver.press("end", "v")
        assert "[x] 24 December" in driver.text
        await driver.press("2", "1")
        assert "You vote: approve 31 December and Good Friday" in driver.text
        await driver.press("ctrl+s")
        assert driver.session.commands == [ballot(people.CLOSED, ((1, 2),))]


async def test_approving_of_nothing_is_a_choice() -> None:
    async with driven() as driver:
        await driver.press("end", "v", "0")
        assert "You vote: approve of none" in driver.text
        await driver.press("ctrl+s")
        assert driver.session.commands == [ballot(people.CLOSED, ())]


async def test_ranks_may_be_equal_and_gaps_close() -> None:
    async with driven() as driver:
        await driver.press("down", "v", "3", "down", "1", "down", "3")
        assert "1. Rye from the mill in Jork; 2. Spelt from the Wendland = Old wheat, Rotkorn" in driver.text
        await driver.press("0")
        assert "last: Old wheat, Rotkorn" in driver.text
        await driver.press("ctrl+s")
        assert driver.session.commands == [ballot(people.FLOURS, ((1,), (0,)))]


async def test_plus_and_minus_move_a_rank() -> None:
    async with driven() as driver:
        await driver.press("down", "v", "enter", "down", "enter", "plus")
        assert "[ 1] Spelt" in driver.text
        assert "[ 1] Rye" in driver.text
        await driver.press("minus")
        assert "[ 2] Rye" in driver.text


async def test_what_is_chosen_stays_while_others_vote() -> None:
    async with driven() as driver:
        await driver.press("enter", "v", "down", "enter")
        driver.session.touch()
        await driver.pilot.pause()
        assert "(•) no" in driver.text


async def test_the_screen_says_who_holds_my_vote_and_how_ties_end() -> None:
    async with driven() as driver:
        await driver.press("end", "enter")
        assert "Your vote is held by 3 of 7 peers" in driver.text
        await driver.press("left")
        assert "On a tie:" in driver.text
        await driver.press("end")
        assert "Ada Marchetti (you)" in driver.text
        assert "Not heard from: Bo Lindqvist, Emre Yıldız" in driver.text
