import pytest

from p2pcouncil.peer.commands import GiveFeedback, ReportProgress, ReviewVote
from tests.screens import past
from tests.screens.driver import LARGE, driven
from tests.screens.past import afterwards

pytestmark = pytest.mark.asyncio
ISSUE = past.WINDOWS.issue.id if past.WINDOWS.issue else past.WINDOWS.id


async def test_what_became_of_a_decision_is_reported() -> None:
    async with driven(afterwards(), LARGE) as driver:
        await driver.press("2", "enter", "p")
        await driver.type("Two are in.")
        await driver.press("enter")
        assert driver.session.commands == [ReportProgress(ISSUE, "Two are in.")]
        await driver.press("d")
        await driver.type("All three are in.")
        await driver.press("enter")
        assert driver.session.commands[-1] == ReportProgress(ISSUE, "All three are in.", is_done=True)
        await driver.press("l", "end")
        assert "✓ done Ada Marchetti (you) just now" in driver.text
        assert "All three are in." in driver.text


async def test_feedback_says_whether_it_works_out() -> None:
    async with driven(afterwards()) as driver:
        await driver.press("2", "enter", "f", "down", "enter")
        await driver.type("It is damp.")
        await driver.press("enter")
        assert driver.session.commands == [GiveFeedback(ISSUE, is_content=False, text="It is damp.")]
        await driver.press("f", "escape")
        assert len(driver.session.commands) == 1


async def test_only_what_applies_is_offered() -> None:
    async with driven(afterwards()) as driver:
        await driver.press("2", "down", "enter")
        assert "p Report" in driver.text
        assert "d It is done" not in driver.text
        assert "g Review" not in driver.text
        await driver.press("escape", "end", "enter")
        assert "p Report" not in driver.text


async def test_oversight_puts_first_what_i_was_drawn_for() -> None:
    async with driven(afterwards()) as driver:
        await driver.press("7")
        assert "You were drawn (1) ▸ REVIEW IT New windows for the shop" in driver.text
        assert "Disputed (1) ✗ DISPUTED Yesterday's bread at half price" in driver.text
        assert "A new name" not in driver.text
        await driver.press("enter")
        assert driver.place == "ReviewScreen"


async def test_a_review_shows_what_there_is_to_look_at_and_is_signed() -> None:
    async with driven(afterwards(), (120, 60)) as driver:
        await driver.press("7", "enter")
        for told in (
            "1. The roll: who could vote (5)",
            "open: until 2025-11-21 18:00:00 UTC",
            "· no seal Emre Yıldız",
            "Dora Weiss no",
            "Not counted (1)",
            "Ordered at Brandt's",
            "Ada Marchetti sees to it by 2025-12-05.",
        ):
            assert told in driver.text
        await driver.press("h")
        await driver.type("Counted by hand.")
        await driver.press("enter")
        assert driver.session.commands == [ReviewVote(ISSUE, holds=True, note="Counted by hand.")]
        assert driver.place == "OversightScreen"
        assert "You were drawn" not in driver.text


async def test_a_dispute_needs_a_note() -> None:
    async with driven(afterwards()) as driver:
        await driver.press("2", "enter", "g", "d", "enter")
        assert "A dispute needs a note." in driver.text
        assert driver.place == "ReviewScreen"
        await driver.press("d")
        await driver.type("Emre was there.")
        await driver.press("enter")
        assert driver.session.commands[-1] == ReviewVote(ISSUE, holds=False, note="Emre was there.")


async def test_who_was_not_drawn_reads_and_signs_nothing() -> None:
    async with driven(afterwards()) as driver:
        await driver.press("7", "down", "enter")
        assert driver.place == "ReviewScreen"
        assert "h It holds" not in driver.text
        await driver.press("h")
        assert driver.place == "ReviewScreen"
        assert driver.session.commands == []


async def test_the_inbox_asks_for_reviews_and_promises_and_tells_what_was_decided() -> None:
    async with driven(afterwards(), LARGE) as driver:
        assert "REVIEW New windows for the shop" in driver.text
        assert "PROMISE New windows for the shop" in driver.text
        assert "due in 11 days, 2025-12-05 · Final: passed" in driver.text
        assert "decided Music in the bakery" in driver.text
        assert "It came out against it, so nothing was done." in driver.text
        await driver.press("enter")
        assert driver.place == "ReviewScreen"
        await driver.press("escape", "down", "enter")
        assert driver.place == "ProposalScreen"
