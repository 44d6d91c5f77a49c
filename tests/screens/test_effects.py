"""Setting what a decision does by itself, by keyboard, at 80 columns and 24 rows."""

from datetime import UTC, datetime

import pytest

from p2pcouncil.domain.effects import (
    AdmitMember,
    ChangeCharter,
    Effect,
    Elect,
    Promise,
    Recall,
    RecogniseCouncil,
    RemoveMember,
    SetParameter,
)
from p2pcouncil.domain.tally.method import YesNo
from p2pcouncil.peer.commands import MakeProposal
from tests.screens import past, people
from tests.screens.driver import Driver, driven
from tests.screens.past import afterwards

pytestmark = pytest.mark.asyncio
DUE_MS = int(datetime(2026, 3, 31, tzinfo=UTC).timestamp()) * 1_000
TO_EFFECT = ("tab",) * 7
"""From the summary to the picker: text, council, tags, method, threshold, quorum, effect."""


async def begin(driver: Driver, council: str = "") -> None:
    """Write a proposal before the bakery or the quarter, up to its effect."""
    await driver.press(*("3", "home", "down", "n") if council == "bakery" else ("n",))
    await driver.type("Title")
    await driver.press("enter")
    await driver.type("Summary.")
    await driver.press(*TO_EFFECT)
    assert driver.app.focused is not None
    assert driver.app.focused.id == "effect"


async def choose(driver: Driver, effect: type[Effect]) -> None:
    order = (Promise, ChangeCharter, RemoveMember, AdmitMember, RecogniseCouncil, Elect, Recall, SetParameter)
    await driver.press(*("right",) * (order.index(effect) + 1), "tab")


def effect_of(driver: Driver) -> Effect | None:
    command = driver.session.commands[-1]
    assert isinstance(command, MakeProposal)
    return command.effect


async def test_somebody_sees_to_it_by_a_day() -> None:
    async with driven() as driver:
        await begin(driver, "bakery")
        await choose(driver, Promise)
        await driver.press("right", "tab")
        await driver.type("2020-01-01")
        await driver.press("ctrl+s")
        assert "By when is no day to come. What to do: Write it like 2027-03-31." in driver.text
        await driver.press(*("backspace",) * 10)
        await driver.type("2026-03-31")
        await driver.press("ctrl+s")
        assert effect_of(driver) == Promise(people.BO.member, DUE_MS)


async def test_the_charter_keeps_its_limits() -> None:
    async with driven() as driver:
        await begin(driver)
        await choose(driver, ChangeCharter)
        await driver.press("tab")
        await driver.type("99")
        await driver.press("ctrl+s")
        assert "The charter's seconds_needed goes from 0 to 50." in driver.text
        await driver.press("tab", "tab", "9")
        await driver.press("ctrl+s")
        assert effect_of(driver) == ChangeCharter("seconds_needed", 9)


async def test_members_are_removed_and_newcomers_let_in() -> None:
    async with driven() as driver:
        await begin(driver, "bakery")
        await choose(driver, RemoveMember)
        await driver.press("right", "right", "ctrl+s")
        assert effect_of(driver) == RemoveMember(people.CHIDI.member)
        await driver.press("1")
        await begin(driver, "bakery")
        await choose(driver, AdmitMember)
        assert "Hana Novák" in driver.text
        await driver.press("ctrl+s")
        assert effect_of(driver) == AdmitMember(people.REQUEST.person.member)


async def test_nobody_asks_to_join_the_quarter() -> None:
    async with driven() as driver:
        await begin(driver)
        await choose(driver, AdmitMember)
        await driver.press("ctrl+s")
        assert "There is nobody to choose." in driver.text


async def test_a_council_below_is_recognised() -> None:
    async with driven() as driver:
        await begin(driver)
        await choose(driver, RecogniseCouncil)
        await driver.press("right", "ctrl+s")
        assert effect_of(driver) == RecogniseCouncil(people.EATERS)


async def test_an_election_names_members_as_its_options() -> None:
    async with driven() as driver:
        await driver.press("3", "down", "n")
        await driver.type("Title")
        await driver.press("enter")
        await driver.type("Summary.")
        await driver.press("tab", "tab", "tab", "tab", "right", "tab")
        await driver.type("Bo Lindqvist\nchidi okafor\nNobody")
        await driver.press("tab", "tab", "tab")
        await choose(driver, Elect)
        await driver.type("treasurer")
        await driver.press("ctrl+s")
        assert "The option “Nobody” is no member's name." in driver.text
        driver.app.screen.query_one("#options").focus()
        await driver.press("ctrl+end", *("backspace",) * 7, "ctrl+s")
        assert effect_of(driver) == Elect("treasurer", (people.BO.member, people.CHIDI.member))


async def test_what_the_method_can_t_decide_is_refused() -> None:
    async with driven() as driver:
        await begin(driver)
        await choose(driver, Elect)
        await driver.type("treasurer")
        await driver.press("ctrl+s")
        assert "An election needs a method with options" in driver.text


async def test_offices_are_recalled_and_figures_set() -> None:
    async with driven() as driver:
        await begin(driver, "bakery")
        await choose(driver, Recall)
        await driver.press("right", "right", "tab")
        await driver.press("ctrl+s")
        assert "The office" in driver.text
        await driver.type("treasurer")
        await driver.press("ctrl+s")
        assert effect_of(driver) == Recall("treasurer", people.CHIDI.member)
        await driver.press("1")
        await begin(driver)
        await choose(driver, SetParameter)
        await driver.type("repair fund")
        await driver.press("tab")
        await driver.type("1,900 euros")
        await driver.press("ctrl+s")
        assert effect_of(driver) == SetParameter("repair fund", "1,900 euros")


async def test_an_effect_that_was_begun_survives_leaving() -> None:
    async with driven() as driver:
        await begin(driver, "bakery")
        await choose(driver, RemoveMember)
        await driver.press("right", "escape", "n", "ctrl+s")
        assert effect_of(driver) == RemoveMember(people.BO.member)


async def test_a_decision_is_taken_up_again_with_a_link_to_its_vote() -> None:
    async with driven(afterwards()) as driver:
        await driver.press("2", "enter", "t")
        assert "This takes up “New windows for the shop” again" in driver.text
        await driver.type(", again")
        await driver.press("ctrl+s")
        assert past.WINDOWS.issue is not None
        assert driver.session.commands == [
            MakeProposal(
                people.BAKERY,
                "New windows for the shop, again",
                past.WINDOWS.summary,
                "The text.\n",
                YesNo(500),
                reopens=past.WINDOWS.issue.id,
            )
        ]
