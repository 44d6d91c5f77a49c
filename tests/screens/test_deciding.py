import pytest

from crdt.errors import LocalError
from p2pcouncil.domain.tally.method import Ranked, YesNo
from p2pcouncil.peer.commands import (
    AddComment,
    EditText,
    MakeProposal,
    OpenVote,
    SecondProposal,
    WithdrawProposal,
)
from tests.screens import people
from tests.screens.driver import LARGE, driven
from tests.screens.staged import StagedSession

pytestmark = pytest.mark.asyncio


async def test_a_proposal_is_written_with_the_keyboard_alone() -> None:
    async with driven() as driver:
        await driver.press("n")
        await driver.type("Benches")
        await driver.press("enter")
        await driver.type("Two benches.")
        await driver.press("tab")
        await driver.type("Oak.")
        await driver.press("ctrl+s")
        assert driver.place == "InboxScreen"
        assert "“Benches” is before Lindenhof quarter" in driver.text
        assert driver.session.commands == [
            MakeProposal(people.QUARTER, "Benches", "Two benches.", "Oak.", YesNo(500, 500))
        ]


async def test_a_ranked_vote_is_asked_for_with_options() -> None:
    async with driven() as driver:
        await driver.press("n")
        await driver.type("Tea")
        await driver.press("enter")
        await driver.type("Which?")
        await driver.press("tab", "tab", "right", "tab")
        await driver.type("food")
        await driver.press("tab", "right", "right", "tab")
        await driver.type("Green")
        await driver.press("ctrl+s")
        assert "there must be 2 to 64" in driver.text
        await driver.press("end", "enter")
        await driver.type("Black")
        await driver.press("ctrl+s")
        command = driver.session.commands[-1]
        assert isinstance(command, MakeProposal)
        assert command.options == ("Green", "Black")
        assert command.method == Ranked(500)
        assert command.tags == ("food",)
        assert command.council == people.BAKERY


async def test_a_summary_is_required_and_what_was_typed_survives_leaving() -> None:
    async with driven() as driver:
        await driver.press("n")
        await driver.type("Benches")
        await driver.press("ctrl+s")
        assert "The summary is empty" in driver.text
        assert driver.app.screen.focused is driver.app.screen.query_one("#summary")
        await driver.press("escape")
        assert "Your draft is kept" in driver.text
        await driver.press("n")
        assert "Benches" in driver.text


async def test_seconding_names_the_version_that_was_read() -> None:
    async with driven() as driver:
        await driver.press("2", "enter")
        assert "one more member must second" in driver.text
        await driver.press("s", "enter")
        assert driver.session.commands == [SecondProposal(people.CARGO.id, people.CARGO.version)]
        assert "Seconded by Ada Marchetti (you)" in driver.text


async def test_escape_seconds_nothing() -> None:
    async with driven() as driver:
        await driver.press("2", "enter", "s", "escape")
        assert driver.session.commands == []
        assert driver.place == "ProposalScreen"


async def test_editing_names_the_version_it_began_from() -> None:
    async with driven() as driver:
        await driver.press("2", "enter", "e")
        await driver.type("So: ")
        await driver.press("ctrl+s")
        base = tuple(people.CARGO.version.heads)
        assert driver.session.commands == [
            EditText(people.CARGO.id, f"So: {people.CARGO.text.rstrip()}", base)
        ]
        assert "Your edit is saved" in driver.text


async def test_an_editor_learns_that_others_wrote_meanwhile_and_keeps_typing() -> None:
    async with driven() as driver:
        await driver.press("2", "enter", "e")
        await driver.type("So: ")
        other = EditText(people.CARGO.id, "Something else.", tuple(people.CARGO.version.heads))
        await driver.session.submit(other)
        await driver.pilot.pause()
        assert "Somebody edited the text meanwhile" in driver.text
        assert "So: The van" in driver.text


async def test_opening_asks_for_how_long() -> None:
    async with driven(size=LARGE) as driver:
        await driver.press("2", "down", "down", "down", "enter", "o", "down", "down", "enter")
        assert driver.session.commands == [OpenVote(people.BREAKFAST.id, 24 * 3_600)]
        assert "asked for" in driver.text
        assert "ends in 24 h (by your clock)" in driver.text
        await driver.press("l")
        assert "▸ now: entered" in driver.text


async def test_withdrawing_takes_a_reason() -> None:
    async with driven() as driver:
        await driver.press("2", "down", "down", "down", "enter", "x")
        await driver.type("Later")
        await driver.press("enter")
        assert driver.session.commands == [WithdrawProposal(people.BREAKFAST.id, "Later")]
        assert "withdrawn" in driver.text


async def test_comments_and_answers() -> None:
    async with driven() as driver:
        await driver.press("enter", "c")
        await driver.press("ctrl+s")
        assert "There is nothing to send yet" in driver.text
        await driver.type("Agreed")
        await driver.press("ctrl+s")
        assert driver.session.commands == [AddComment(people.OVEN.id, "Agreed")]
        await driver.press("right", "right", "r")
        assert "You answer Dora Weiss" in driver.text
        await driver.type("He did")
        await driver.press("ctrl+s")
        assert driver.session.commands[-1] == AddComment(people.OVEN.id, "He did", people.OVEN_COMMENTS[0].id)


async def test_a_refused_comment_is_not_lost() -> None:
    session = StagedSession()
    async with driven(session) as driver:
        await driver.press("enter", "c")
        await driver.type("Agreed")
        session.refuse = LocalError("The comment is too long.", "Shorten it.")
        await driver.press("ctrl+s")
        assert "Not done: The comment is too long." in driver.text
        assert "Agreed" in driver.text
        await driver.press("escape", "c")
        assert "Agreed" in driver.text


async def test_who_wrote_what_is_shown_on_demand() -> None:
    async with driven() as driver:
        await driver.press("2", "enter", "right", "w")
        assert "Emre Yıldız:" in driver.text


async def test_the_cursor_stays_on_its_row_when_something_comes_in_above() -> None:
    async with driven() as driver:
        await driver.press("2", "down")
        command = MakeProposal(people.BAKERY, "Newer", "Something.", "", YesNo(0))
        await driver.session.submit(command)
        await driver.pilot.pause()
        assert "Newer" in driver.text
        await driver.press("enter")
        assert any(row.strip() == "Buy a second oven" for row in driver.rows)
