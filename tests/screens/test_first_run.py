import pytest

from crdt.errors import LocalError
from p2pcouncil.domain.records import Charter
from p2pcouncil.peer.commands import FoundCouncil, JoinByInvitation
from tests.screens import people
from tests.screens.driver import LARGE, Driver, driven
from tests.screens.staged import GOOD_INVITATION, StagedSession
from tui.screens.phrase import places_to_check

pytestmark = pytest.mark.asyncio


async def come_to_start(driver: Driver, name: str = "Ada") -> None:
    """From the welcome to the last step, as somebody new."""
    await driver.press("enter")
    await driver.type(name)
    await driver.press("ctrl+s")
    assert driver.place == "PhraseScreen"
    await driver.press("enter")
    for place in places_to_check(people.WORDS):
        await driver.type(people.WORDS[place])
        await driver.press("enter")
    assert driver.place == "StartScreen"


async def test_somebody_new_founds_a_community_and_lands_on_the_inbox() -> None:
    async with driven(StagedSession(is_new=True)) as driver:
        assert "I am new" in driver.text
        assert "I have a recovery phrase" in driver.text
        await come_to_start(driver)
        assert "Found a community" in driver.text
        await driver.press("enter")
        await driver.type("Linde")
        await driver.press("enter")
        await driver.type("Bread.")
        await driver.press("ctrl+s")
        assert driver.place == "InboxScreen"
        assert "You founded Linde" in driver.text
        assert "Invite the others" in driver.text
        command = driver.session.commands[-1]
        assert isinstance(command, FoundCouncil)
        assert (command.name, command.kind, command.purpose, command.parent) == (
            "Linde",
            "society",
            "Bread.",
            None,
        )
        assert command.charter == Charter()


async def test_newcomers_may_tell_at_once_where_everybody_knows_each_other() -> None:
    async with driven(StagedSession(is_new=True), size=LARGE) as driver:
        await come_to_start(driver)
        await driver.press("enter")
        await driver.type("Linde")
        await driver.press("enter")
        await driver.type("Bread.")
        await driver.press("tab", "tab", "tab", "left", "left", "left", "ctrl+s")
        command = driver.session.commands[-1]
        assert isinstance(command, FoundCouncil)
        assert command.charter == Charter(probation_seconds=0)


async def test_somebody_invited_lands_on_the_inbox_and_learns_what_it_waits_for() -> None:
    async with driven(StagedSession(is_new=True)) as driver:
        await come_to_start(driver, "Hana")
        await driver.press("down", "enter")
        await driver.type("p2pc1:torn")
        await driver.press("ctrl+s")
        assert "Not done: This invitation is torn" in driver.text
        assert "What to do: Copy all of it" in driver.text
        assert "p2pc1:torn" in driver.text, "what was typed must stay"
        await driver.press(*["backspace"] * len("torn"))
        await driver.type(GOOD_INVITATION.removeprefix("p2pc1:"))
        await driver.press("ctrl+s")
        assert driver.place == "InboxScreen"
        assert "somebody must vouch for you" in driver.text
        for word in people.person("Hana").fingerprint.split("-"):
            assert word in driver.text
        assert driver.session.commands[-1] == JoinByInvitation(GOOD_INVITATION)


async def test_the_phrase_fits_the_smallest_terminal_and_is_checked() -> None:
    async with driven(StagedSession(is_new=True)) as driver:
        await driver.press("enter")
        await driver.type("Ada")
        await driver.press("ctrl+s")
        for number, word in enumerate(people.WORDS, start=1):
            assert f"{number} {word}" in driver.text
        await driver.press("enter")
        await driver.type("nonsense")
        await driver.press("ctrl+s")
        assert "is another one" in driver.text
        await driver.press("escape")
        assert driver.place == "PhraseScreen"
        await driver.press("escape")
        assert driver.place == "PhraseScreen", "the key is made; there is no way back"


async def test_passphrases_that_differ_are_named_and_the_name_stays() -> None:
    async with driven(StagedSession(is_new=True)) as driver:
        await driver.press("enter")
        await driver.type("Ada")
        await driver.press("enter")
        await driver.type("one")
        await driver.press("enter")
        await driver.type("two")
        await driver.press("enter")
        assert "The two passphrases differ" in driver.text
        assert "Ada" in driver.text
        assert driver.session.me is None


async def test_a_name_that_others_would_not_see_as_typed_is_refused() -> None:
    async with driven(StagedSession(is_new=True)) as driver:
        await driver.press("enter", "ctrl+s")
        assert "Your name is empty" in driver.text


async def test_a_refusal_of_the_peer_keeps_the_form() -> None:
    session = StagedSession(is_new=True)
    session.refuse = LocalError("The disk is full.", "Free some space, then press Ctrl+S again.")
    async with driven(session) as driver:
        await driver.press("enter")
        await driver.type("Ada")
        await driver.press("ctrl+s")
        assert "Not done: The disk is full." in driver.text
        await driver.press("ctrl+s")
        assert driver.place == "PhraseScreen"


async def test_somebody_known_comes_back_with_their_phrase() -> None:
    async with driven(StagedSession(is_new=True)) as driver:
        await driver.press("down", "enter")
        await driver.type("apple river ")
        await driver.press("enter")
        await driver.type("Ada")
        await driver.press("ctrl+s")
        assert "There are 2 words; a recovery phrase has 24" in driver.text
        await driver.press("shift+tab", "end")
        await driver.type(" ".join(people.WORDS[2:]))
        await driver.press("ctrl+s")
        assert driver.place == "StartScreen"
        assert "You are back as Ada" in driver.text


async def test_quitting_before_the_phrase_is_checked_asks_first() -> None:
    async with driven(StagedSession(is_new=True)) as driver:
        await driver.press("enter")
        await driver.type("Ada")
        await driver.press("ctrl+s", "ctrl+q")
        assert "Without it nobody can bring you back" in driver.text
        await driver.press("escape")
        assert driver.place == "PhraseScreen"
