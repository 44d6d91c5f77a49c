import pytest

from tests.screens.driver import LARGE, driven
from tests.screens.past import afterwards

pytestmark = pytest.mark.asyncio


async def test_a_running_vote_says_what_is_behind_it_and_who_has_my_ballot() -> None:
    async with driven() as driver:
        await driver.press("2", "end", "enter")
        assert "3 of 5 tellers have your ballot" in driver.text
        await driver.press("l")
        assert "✓ entered on page 3, for 5 members to vote" in driver.text
        assert "▸ now: open until 2025-11-24" in driver.text
        assert "· then: closed by the page that counts the seals" in driver.text
        assert "4 seals that agree close it" in driver.text


async def test_a_closed_vote_is_final_and_says_what_became_of_it() -> None:
    async with driven(afterwards(), LARGE) as driver:
        await driver.press("2", "enter", "l")
        assert "Final: passed, 3 yes to 1 no." in driver.text
        assert "✓ Chidi Okafor" not in driver.text
        assert "Chidi Okafor ✓ has yours ✓ sealed, counted" in driver.text
        assert "▸ now: reviewed 1 of 3 overseers signed" in driver.text
        assert "· not yet Ada Marchetti (you)" in driver.text
        await driver.press("end")
        assert "Ordered at Brandt's" in driver.text
        assert "✓ works out Dora Weiss" in driver.text
        await driver.press("right", "end")
        assert "Not counted (1)" in driver.text
        assert "Too few tellers had it when they sealed." in driver.text


async def test_a_dispute_stands_out_in_words() -> None:
    async with driven(afterwards()) as driver:
        await driver.press("2", "down", "enter", "l")
        assert "✗ reviewed 2 of 2 overseers signed; disputed by Chidi Okafor" in driver.text
        await driver.press("end")
        assert "✗ DISPUTED Chidi Okafor" in driver.text
        assert "names a ballot of mine that I never cast" in driver.text


async def test_a_lapsed_vote_says_why() -> None:
    async with driven(afterwards(), LARGE) as driver:
        await driver.press("2", "end", "enter", "l")
        assert "! lapsed on page 4: too few seals came" in driver.text
        assert "Dora Weiss · not yours ✓ sealed, not counted" in driver.text
